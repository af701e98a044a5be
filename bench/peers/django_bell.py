"""The django-notifications contestant of the bell: as many notices in its own table, asked through its own queries.

Told a number by a line on its input, it counts the unread and reads the first page of so many users, and answers with
the seconds.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

from bench.peers import environment
from bench.pipe import Pipe, pipe
from bench.product import Product
from nexapp.local.processes import ROOT

PAGE = 25
FILL = """
    INSERT INTO django_peer.auth_user (username, password, is_superuser, is_staff, is_active, first_name, last_name,
        email, date_joined)
    SELECT 'person-' || n, '', false, false, true, '', '', '', now() FROM generate_series(1, {people}) n;
    INSERT INTO django_peer.notifications_notification (level, unread, actor_object_id, verb, description, timestamp,
        public, actor_content_type_id, recipient_id, deleted, emailed)
    SELECT 'info', n > {each} - 5, '1', 'Add 5 prospects', 'Two to go',
        now() - interval '100 days' + n * interval '1 day', true,
        (SELECT min(id) FROM django_peer.django_content_type), u.id, false, false
    FROM generate_series(1, {each}) n CROSS JOIN django_peer.auth_user u WHERE u.username LIKE 'person-%%';
    ANALYZE django_peer.notifications_notification
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
        for statement in FILL.format(people=people, each=each).split(";"):
            ours.sql(statement)
        yield DjangoBell(answers)


def main() -> None:
    from bench.peers.django_notifications import configure, prepare

    configure()
    users = prepare()
    print("ready", flush=True)
    for line in sys.stdin:
        asked = list(users.filter(username__startswith="person-").order_by("?")[: int(line)])
        began = time.perf_counter()
        for user in asked:
            user.notifications.unread().count()
            list(user.notifications.active()[:PAGE])
        print(time.perf_counter() - began, flush=True)


if __name__ == "__main__":
    main()
