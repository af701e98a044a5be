"""The django-notifications contestant. Told a number by a line on its input, it notifies so many users of one event by
`notify.send` and answers with the seconds.
"""

from __future__ import annotations

import os
import sys
import time
from typing import Any
from urllib.parse import urlsplit

import django  # type: ignore[import-not-found,import-untyped,unused-ignore]
from django.conf import settings  # type: ignore[import-not-found,import-untyped,unused-ignore]

MOST = 1_000


def configure() -> None:
    found = urlsplit(os.environ["DATABASE_URL"])
    settings.configure(
        INSTALLED_APPS=["django.contrib.auth", "django.contrib.contenttypes", "notifications"],
        DATABASES={
            "default": {
                "ENGINE": "django.db.backends.postgresql", "NAME": found.path.lstrip("/"), "USER": found.username,
                "PASSWORD": found.password, "HOST": found.hostname, "PORT": found.port,
                "OPTIONS": {"options": "-c search_path=django_peer"},
            }
        },
        DEFAULT_AUTO_FIELD="django.db.models.BigAutoField", USE_TZ=True,
    )  # fmt: skip
    django.setup()


def prepare() -> Any:
    """The tables and a crowd of users; gives the crowd."""
    from django.contrib.auth.models import User
    from django.core.management import call_command
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("CREATE SCHEMA IF NOT EXISTS django_peer")
    call_command("migrate", verbosity=0)
    User.objects.bulk_create([User(username=f"user-{number}") for number in range(MOST)])
    return User.objects


def main() -> None:
    configure()
    users = prepare()
    from notifications.signals import notify

    actor = users.first()
    print("ready", flush=True)
    for line in sys.stdin:
        crowd = users.all()[: int(line)]
        began = time.perf_counter()
        notify.send(actor, recipient=crowd, verb="opened a slot")
        print(time.perf_counter() - began, flush=True)


if __name__ == "__main__":
    main()
