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
    SELECT 'person-' || n, '', false, false, true, '', '', '', now() FROM generate_series(1, %s) n
"""
# In the order of ours: a day after the other, nobody's side by side.
NOTICES = """
    INSERT INTO django_peer.notifications_notification (level, unread, actor_object_id, verb, description, timestamp,
        public, actor_content_type_id, recipient_id, deleted, emailed)
    SELECT 'info', d.n > {each} - 5, '1', 'Add 5 prospects', 'Two to go', now() + (d.n - {each}) * interval '1 day',
        true, (SELECT min(id) FROM django_peer.django_content_type), p.id, false, false
    FROM generate_series(1, {each}) d(n) CROSS JOIN LATERAL (
        SELECT id FROM django_peer.auth_user
        WHERE id > {first} AND id <= {last} AND username LIKE 'person-%' AND d.n > 0 OFFSET 0
    ) p
"""


class DjangoBell:
    def __init__(self, answers: Pipe) -> None:
        self._answers = answers

    def ask(self, people: int) -> float:
        return float(self._answers.ask(str(people)))


@contextmanager
def django_bell(ours: Product, people: int, each: int) -> Iterator[DjangoBell]:
    surroundings = {**ours.stack.environment, "PYTHONPATH": str(ROOT)}
    with pipe([environment.python(), "-m", "bench.peers.django_bell"], surroundings) as answers:
        answers.hear()
        _fill(ours, people, each)
        yield DjangoBell(answers)


def _fill(ours: Product, people: int, each: int) -> None:
    ours.sql(USERS, people)
    first, last = ours.sql("SELECT min(id) - 1, max(id) FROM django_peer.auth_user WHERE username LIKE 'person-%%'")[0]
    with set_aside(ours, TABLE):
        at_once(ours, [NOTICES.format(each=each, first=low, last=high) for low, high in in_halves(first, last)])
    ours.sql(f"VACUUM ANALYZE {TABLE}")
