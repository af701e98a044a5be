"""The same pages by Django, as they are usually written: models, the ORM, templates, sessions in the database.

They show the very rows that the product shows, and about as much text. There is no row-level security and nothing is
live. Run by itself, it makes the table of the sessions and prints the cookie of one for the given user.
"""

# ruff: noqa: E402 - models need settings
from __future__ import annotations

import os
import sys
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import django  # type: ignore[import-not-found,import-untyped,unused-ignore]
from django.conf import settings  # type: ignore[import-not-found,import-untyped,unused-ignore]

FOLDER = Path(__file__).with_name("pages")
BUILT = Path(__file__).resolve().parents[2] / "static" / "vendor"
database = urlsplit(os.environ["DATABASE_URL"])
settings.configure(
    SECRET_KEY="x" * 50,
    ALLOWED_HOSTS=["*"],
    ROOT_URLCONF=__name__,
    STATIC_URL="/static/",
    USE_TZ=True,
    INSTALLED_APPS=["django.contrib.sessions", "django.contrib.humanize", "django.contrib.staticfiles", "bench.peers"],
    MIDDLEWARE=[
        "django.middleware.security.SecurityMiddleware",
        "django.contrib.sessions.middleware.SessionMiddleware",
        "django.middleware.common.CommonMiddleware",
        "django.middleware.csrf.CsrfViewMiddleware",
        "django.middleware.clickjacking.XFrameOptionsMiddleware",
    ],
    TEMPLATES=[
        {
            "BACKEND": "django.template.backends.django.DjangoTemplates",
            "DIRS": [FOLDER, BUILT],
            "APP_DIRS": True,
            "OPTIONS": {"context_processors": ["django.template.context_processors.request"]},
        }
    ],
    DATABASES={
        "default": {
            "ENGINE": "django.db.backends.postgresql",
            "NAME": database.path.lstrip("/"),
            "USER": database.username,
            "PASSWORD": database.password,
            "HOST": database.hostname,
            "PORT": database.port,
            "CONN_MAX_AGE": None,
            "ATOMIC_REQUESTS": True,
        }
    },
)
django.setup()

from django.contrib.sessions.backends.db import SessionStore  # type: ignore[import-not-found,import-untyped,unused-ignore]
from django.core.management import call_command  # type: ignore[import-not-found,import-untyped,unused-ignore]
from django.core.wsgi import get_wsgi_application  # type: ignore[import-not-found,import-untyped,unused-ignore]
from django.db import models  # type: ignore[import-not-found,import-untyped,unused-ignore]
from django.db.models import Count, F, OuterRef, Q, Subquery, Sum  # type: ignore[import-not-found,import-untyped,unused-ignore]
from django.db.models.functions import Coalesce  # type: ignore[import-not-found,import-untyped,unused-ignore]
from django.http import HttpResponse  # type: ignore[import-not-found,import-untyped,unused-ignore]
from django.shortcuts import render  # type: ignore[import-not-found,import-untyped,unused-ignore]
from django.urls import path  # type: ignore[import-not-found,import-untyped,unused-ignore]
from django.utils import timezone  # type: ignore[import-not-found,import-untyped,unused-ignore]

NOTICES, SLOTS = 25, 40
TABS = (("inbox", "Inbox"), ("unread", "Unread"), ("snoozed", "Snoozed"), ("archived", "Archived"))
TYPES = [f"type {number}" for number in range(20)]
STATES = ("draft", "open", "held", "pending", "booked", "completed", "no_show", "expired", "cancelled")
MENU = [
    {"label": label, "href": f"/{name}", "icon": f"icons/{icon}.svg"}
    for name, label, icon in (
        ("home", "Today", "home"), ("calendar", "Calendar", "calendar"), ("waiting-list", "Waiting list", "users"),
        ("inbox", "Messages", "message"), ("figures", "Figures", "chart-bar"), ("settings", "Settings", "settings"),
    )
]  # fmt: skip


def to(other: str, **more: Any) -> Any:
    return models.ForeignKey(other, models.DO_NOTHING, **more)


class Row(models.Model):  # type: ignore[misc]
    id = models.UUIDField(primary_key=True)

    class Meta:
        abstract = True
        app_label = "peers"
        managed = False


class Org(Row):
    name = models.TextField()
    time_zone = models.TextField()
    tier = models.TextField()

    class Meta(Row.Meta):
        db_table = "organizations"


class Person(Row):
    name = models.TextField()

    class Meta(Row.Meta):
        db_table = "users"


class Membership(Row):
    org = to("Org")
    user = to("Person")
    role = models.TextField()
    deactivated_at = models.DateTimeField()

    class Meta(Row.Meta):
        db_table = "memberships"


class Notice(Row):
    user = to("Person")
    org = to("Org")
    type = models.TextField()
    title = models.TextField()
    message = models.TextField()
    icon = models.TextField()
    action_url = models.TextField()
    priority = models.TextField()
    created_at = models.DateTimeField()
    read_at = models.DateTimeField()
    archived_at = models.DateTimeField()
    deleted_at = models.DateTimeField()
    snoozed_until = models.DateTimeField()
    folded_into = models.UUIDField()

    class Meta(Row.Meta):
        db_table = "notifications"


class Staff(Row):
    org = to("Org")
    display_name = models.TextField()
    color = models.TextField()
    is_active = models.BooleanField()

    class Meta(Row.Meta):
        db_table = "staff_members"


class Service(Row):
    org = to("Org")
    name = models.TextField()

    class Meta(Row.Meta):
        db_table = "services"


class Profile(Row):
    org = to("Org")
    consumer_id = models.UUIDField()
    name = models.TextField()

    class Meta(Row.Meta):
        db_table = "consumer_profiles"


class Slot(Row):
    org = to("Org")
    staff_member = to("Staff")
    service = to("Service")
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    opened_at = models.DateTimeField()
    status = models.TextField()
    round = models.IntegerField()
    booked_name = models.TextField()
    booked_consumer_id = models.UUIDField()

    class Meta(Row.Meta):
        db_table = "slots"


class Offer(Row):
    slot = to("Slot", related_name="offers")
    round = models.IntegerField()
    opened_at = models.DateTimeField()

    class Meta(Row.Meta):
        db_table = "slot_offers"


class Waiting(Row):
    org = to("Org")
    status = models.TextField()

    class Meta(Row.Meta):
        db_table = "notify_requests"


class Figures(models.Model):  # type: ignore[misc]
    slot = models.OneToOneField("Slot", models.DO_NOTHING, primary_key=True)
    org = to("Org")
    starts_at = models.DateTimeField()
    outcome = models.TextField()
    cents = models.IntegerField()

    class Meta(Row.Meta):
        abstract = False
        db_table = "slot_figures"


def answer(request: Any, template: str, org: Any, **shown: Any) -> Any:
    """The page within its frame: who looks, where they belong, what they have not read."""
    places = Membership.objects.filter(user_id=request.session["user"], deactivated_at=None)
    return render(request, template, {
        "person": Person.objects.get(pk=request.session["user"]), "org": org, "menu": MENU, "now": timezone.now(),
        "unread": inbox(request).filter(read_at=None).count(), "places": places.select_related("org"), **shown,
    })  # fmt: skip


def inbox(request: Any) -> Any:
    own = Notice.objects.filter(user_id=request.session["user"])
    return own.filter(archived_at=None, deleted_at=None, snoozed_until=None, folded_into=None)


def org_of(request: Any) -> Any:
    org = Org.objects.get(pk=request.session["org"])
    timezone.activate(org.time_zone)
    return org


def centre(request: Any) -> Any:
    org = org_of(request)
    found = list(inbox(request).select_related("org").order_by("-id")[: NOTICES + 1])
    more = found[NOTICES - 1].id if len(found) > NOTICES else None
    urgent = inbox(request).filter(read_at=None, priority="high", org__tier="elite").order_by("-id")[:3]
    notices = [*urgent, *found[:NOTICES]]
    return answer(request, "centre.html", org, notices=notices, more=more, types=TYPES, tabs=TABS)


def slot_rows(request: Any) -> Any:
    guest = Profile.objects.filter(org_id=OuterRef("org_id"), consumer_id=OuterRef("booked_consumer_id"))
    this_round = Q(offers__round=F("round"))
    found = Slot.objects.filter(org_id=request.session["org"]).select_related("staff_member", "service")
    return found.annotate(
        client=Coalesce("booked_name", Subquery(guest.values("name")[:1])), texted=Count("offers", filter=this_round),
        looked=Count("offers__opened_at", filter=this_round),
    ).order_by("starts_at", "id")  # fmt: skip


def count_waiting(request: Any) -> int:
    return Waiting.objects.filter(org_id=request.session["org"], status="active").count()


def slots(request: Any) -> Any:
    org = org_of(request)
    first = midnight()
    last = first + timedelta(days=14)
    found = list(slot_rows(request).filter(starts_at__gte=first, starts_at__lt=last)[: SLOTS + 1])
    team = Staff.objects.filter(org_id=org.id, is_active=True).order_by("display_name")
    more = found[SLOTS - 1].starts_at if len(found) > SLOTS else None
    return answer(
        request, "slots.html", org, slots=found[:SLOTS], more=more, staff=team, states=STATES,
        first=first, last=last, waiting=count_waiting(request),
    )  # fmt: skip


def home(request: Any) -> Any:
    org, today, rows = org_of(request), midnight(), slot_rows(request)
    ahead = rows.filter(status="booked", starts_at__gt=timezone.now(), starts_at__lt=today + timedelta(days=2))[:40]
    day = rows.filter(starts_at__gte=today, starts_at__lt=today + timedelta(days=1))
    live = rows.filter(status__in=("open", "held", "pending")).order_by("-opened_at")[:6]
    return answer(
        request, "home.html", org, day=sorted(day, key=lambda slot: slot.staff_member.display_name), live=live,
        ahead=ahead, week=week_of(org, today), waiting=count_waiting(request),
    )  # fmt: skip


def week_of(org: Any, today: Any) -> dict[str, Any]:
    found: dict[str, Any] = Figures.objects.filter(
        org=org, starts_at__gte=today - timedelta(days=today.weekday()), starts_at__lt=today + timedelta(days=7)
    ).aggregate(slots=Count("pk"), booked=Count("pk", filter=Q(outcome="booked")), cents=Sum("cents"))
    rate = 100 * found["booked"] // (found["slots"] or 1)
    return {**found, "rate": rate, "dollars": (found["cents"] or 0) / 100}


def midnight() -> Any:
    return timezone.localtime().replace(hour=0, minute=0, second=0, microsecond=0)


def nothing(request: Any, *_: Any, **__: Any) -> Any:
    return HttpResponse("ok")


urlpatterns = [
    path("health/live", nothing),
    path("centre", centre, name="centre"),
    path("slots", slots, name="slots"),
    path("home", home, name="home"),
    path("notifications/<uuid:notice_id>", nothing, name="notice"),
    path("slots/<uuid:slot_id>", nothing, name="slot"),
]
application = get_wsgi_application()


def main(user_id: str, org_id: str) -> None:
    call_command("migrate", verbosity=0)
    session = SessionStore()
    session["user"], session["org"] = user_id, org_id
    session.create()
    print(f"sessionid={session.session_key}")


if __name__ == "__main__":
    main(*sys.argv[1:])
