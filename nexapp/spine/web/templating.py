"""What every template may use: assets, icons, times in a zone, money, phone numbers."""

from __future__ import annotations

import json
from datetime import date, datetime
from functools import cache, lru_cache
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import phonenumbers
from babel import Locale
from babel.dates import format_date, format_datetime, get_timezone_name
from babel.numbers import NumberPattern, format_currency, get_currency_symbol, parse_pattern
from flask import Flask, g, has_request_context, request, url_for
from flask_babel import get_locale, ngettext
from flask_babel import gettext as _
from markupsafe import Markup

from nexapp.settings import Environment
from nexapp.spine.clock import now
from nexapp.spine.config import settings
from nexapp.spine.web import pieces, wording
from nexapp.spine.web.navigation import shown_items

ROOT = Path(__file__).resolve().parents[3]
VENDOR = ROOT / "static" / "vendor"
LONG_AGO_SECONDS = 7 * 86400


def configure(app: Flask) -> None:
    app.jinja_env.globals.update(asset=asset, icon_svg=icon_svg, now=now)
    app.jinja_env.filters.update(
        relative=relative, local=local_time, local_day=local_day, zone_name=zone_name,
        money=money, currency_sign=currency_sign, national=national,
    )  # fmt: skip
    wording.configure(app)
    pieces.configure(app)
    app.context_processor(common)


def common() -> dict[str, Any]:
    theme = request.cookies.get("theme", "auto") if has_request_context() else "auto"
    return {
        "nav": shown_items(),
        "settings_env": settings().environment.value,
        "theme": theme if theme in {"light", "dark"} else "auto",
        "request_id": g.get("request_id"),
        "lang": str(get_locale() or "en"),
        "worker_url": None if settings().environment is Environment.TEST else "/service-worker.js",
    }


@cache
def _manifest() -> dict[str, str]:
    found = VENDOR / "manifest.json"
    return json.loads(found.read_text()) if found.exists() else {}


def asset(path: str) -> str:
    """The address of a built file under its hashed name, which browsers may keep for a year."""
    return _address(path, request.script_root)


@cache
def _address(path: str, _root: str) -> str:
    return url_for("static", filename=f"vendor/{_manifest().get(path, path)}")


@cache
def icon_svg(name: str) -> Markup:
    """One icon's own drawing, to stand in the page; raises `FileNotFoundError` for an unknown one."""
    return Markup((VENDOR / "icons" / f"{name}.svg").read_text())  # noqa: S704 - our own built file


def local_time(instant: datetime, zone: str, form: str = "EEE d MMM, h:mm a") -> str:
    return _written(instant, zone, form, get_locale())


def local_day(on: date, form: str = "EEE d MMM") -> str:
    return _written_day(on, form, get_locale())


# The same few instants stand on one page several times, and on the next page again.
@lru_cache(maxsize=4096)
def _written(instant: datetime, zone: str, form: str, locale: Locale | None) -> str:
    return format_datetime(instant, form, tzinfo=ZoneInfo(zone), locale=locale)


@lru_cache(maxsize=1024)
def _written_day(on: date, form: str, locale: Locale | None) -> str:
    return format_date(on, form, locale=locale)


def zone_name(zone: str, instant: datetime | None = None) -> str:
    """`America/New_York` → "Eastern Time": the name people use, the same in winter and summer."""
    if zone in {"UTC", "Etc/UTC"}:  # belongs to no region, which the names of zones are made from
        return "UTC"
    return _zone_name(zone, get_locale())


@lru_cache(maxsize=1024)
def _zone_name(zone: str, locale: Locale | None) -> str:
    return get_timezone_name(ZoneInfo(zone), width="long", zone_variant="generic", locale=locale)


def relative(instant: datetime) -> str:
    """`2 h ago`, `in 5 min`; a date where it is more than a week away. The page's script keeps it fresh."""
    seconds = (now() - instant).total_seconds()
    if abs(seconds) > LONG_AGO_SECONDS:
        return str(format_datetime(instant, "d MMM yyyy", locale=get_locale()))
    if abs(seconds) < 60:
        return str(_("just now"))
    span = _span(abs(seconds))
    return str(_("%(span)s ago", span=span) if seconds > 0 else _("in %(span)s", span=span))


def _span(seconds: float) -> str:
    if seconds < 3600:
        return str(_("%(count)s min", count=int(seconds // 60)))
    if seconds < 86400:
        return str(_("%(count)s h", count=int(seconds // 3600)))
    return str(ngettext("%(num)s day", "%(num)s days", int(seconds // 86400)))


def money(cents: int | None, currency: str = "USD", whole: bool = False) -> str:
    """An amount as people write it; with `whole` a round one goes without its cents, for large figures."""
    if cents is None:
        return ""
    if whole and cents % 100 == 0:
        return format_currency(cents // 100, currency, _without_cents(), locale=get_locale(), currency_digits=False)
    return format_currency(cents / 100, currency, locale=get_locale())


def _without_cents() -> NumberPattern:
    locale = get_locale() or Locale("en")
    pattern = parse_pattern(locale.currency_formats["standard"].pattern)
    pattern.frac_prec = (0, 0)
    return pattern


def currency_sign(currency: str) -> str:
    return get_currency_symbol(currency, locale=get_locale())


def national(phone: str | None) -> str:
    """A stored number as its country writes it; abroad with its country code."""
    return _national(phone) if phone else ""


@lru_cache(maxsize=4096)
def _national(phone: str) -> str:
    try:
        parsed = phonenumbers.parse(phone)
    except phonenumbers.NumberParseException:
        return phone
    form = phonenumbers.PhoneNumberFormat
    home = parsed.country_code == 1
    return phonenumbers.format_number(parsed, form.NATIONAL if home else form.INTERNATIONAL)
