"""The django-notifications contestant of the bell, asked through its own queries.

Told a number by a line on its input, it counts the unread and reads the first page of so many users, and answers with
the seconds.
"""

from __future__ import annotations

import sys
import time

PAGE = 25


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
            list(user.notifications.all()[:PAGE])
        print(time.perf_counter() - began, flush=True)


if __name__ == "__main__":
    main()
