"""The django-notifications contestant of the bell, asked through its own queries.

Told a number and a kind of users by a line on its input, it counts the unread and reads the first page of so many of
them, and answers with the seconds.
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
        number, kind = line.split()
        asked = list(users.filter(username__startswith=f"{kind}-").order_by("?")[: int(number)])
        began = time.perf_counter()
        for user in asked:
            user.notifications.unread().count()
            list(user.notifications.all()[:PAGE])
        print(time.perf_counter() - began, flush=True)


if __name__ == "__main__":
    main()
