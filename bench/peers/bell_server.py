"""django-notifications with as many notices in its own table, in the same server; see `django_bell`."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from bench.bulk import at_once, in_halves, set_aside
from bench.peers import environment
from bench.pipe import Pipe, pipe
from bench.product import Product
from nexapp.local.processes import ROOT

TABLE = "django_peer.notifications_notification"
USERS = """
    INSERT INTO django_peer.auth_user (username, password, is_superuser, is_staff, is_active, first_name, last_name,
        email, date_joined)
    SELECT CASE WHEN n %% %s = 0 THEN 'busy-' ELSE 'person-' END || n, '', false, false, true, '', '', '', now()
    FROM generate_series(1, %s) n
"""
SOME = "SELECT id FROM django_peer.auth_user WHERE username ~ '{}'"
# In the order of ours: one time after the other, nobody's side by side.
NOTICES = """
    INSERT INTO django_peer.notifications_notification (level, unread, actor_object_id, verb, description, timestamp,
        public, actor_content_type_id, recipient_id, deleted, emailed)
    SELECT 'info', d.at > now() - interval '5 days', '1', 'Add 5 prospects', 'Two to go', d.at,
        true, (SELECT min(id) FROM django_peer.django_content_type), p.id, false, false
    FROM (
        SELECT now() - n * interval '1 day' / {a_day} AS at FROM generate_series({times} - 1, 0, -1) n OFFSET 0
    ) d CROSS JOIN LATERAL (
        SELECT id FROM bench.peers_{whom}
        WHERE id > {first} AND id <= {last} AND d.at < now() + interval '1 day' OFFSET 0
    ) p
"""


class DjangoBell:
    def __init__(self, answers: Pipe) -> None:
        self._answers = answers

    def ask(self, people: int, *, busy: bool = False) -> float:
        return float(self._answers.ask(f"{people} {'busy' if busy else 'person'}"))


@contextmanager
def django_bell(ours: Product, people: int, each: int, busy_ones: int, a_busy_day: int) -> Iterator[DjangoBell]:
    """So many people with so many notices each; one in `busy_ones` has `a_busy_day` times as many."""
    surroundings = {**ours.stack.environment, "PYTHONPATH": str(ROOT)}
    with pipe([environment.python(), "-m", "bench.peers.django_bell"], surroundings) as answers:
        answers.hear()
        ours.sql(USERS, busy_ones, people)
        ours.sql("ANALYZE django_peer.auth_user")
        _fill(ours, each, a_busy_day)
        yield DjangoBell(answers)


def _fill(ours: Product, each: int, a_busy_day: int) -> None:
    for whom, names in (("people", "^(busy|person)-"), ("busy", "^busy-")):
        ours.sql(f"CREATE TABLE bench.peers_{whom} AS {SOME.format(names)}")
    first, last = ours.sql("SELECT min(id) - 1, max(id) FROM bench.peers_people")[0]
    usual = [{"first": low, "last": high, "whom": "people", "a_day": 1} for low, high in in_halves(first, last)]
    busy = {"first": first, "last": last, "whom": "busy", "a_day": a_busy_day - 1}
    with set_aside(ours, TABLE):
        at_once(ours, [NOTICES.format(times=each * some["a_day"], **some) for some in (*usual, busy)])
    ours.sql(f"VACUUM ANALYZE {TABLE}")
