"""Somebody's notices as rows, and the browser that looks at them."""

from __future__ import annotations

import html
import json
import re
from datetime import datetime
from typing import Any
from uuid import UUID

from werkzeug.test import TestResponse

from nexapp.spine.ids import new_id
from tests.people import Browser
from tests.slots.merchant_world import Shop


def given(shop: Shop, browser: Browser, title: str = "Ana booked", **columns: Any) -> UUID:
    """One notice of the person behind the browser."""
    notice_id = columns.pop("id", None) or new_id()
    details = columns.pop("details", None)
    row = {
        "id": notice_id, "user_id": browser.actor.user_id, "org_id": shop.org_id, "type": "slot_booked", "title": title,
        "message": "Tomorrow at 9:30 with Dr. Smith", "action_url": "/slots", **columns,
    }  # fmt: skip
    if details is not None:
        row["metadata"] = json.dumps(details)
    shop.insert("notifications", **row)
    return notice_id


def given_at(shop: Shop, browser: Browser, at: datetime, title: str, **columns: Any) -> UUID:
    """One that was made then, by its time and by its id."""
    made = new_id().int & ~(((1 << 48) - 1) << 80) | int(at.timestamp() * 1000) << 80
    return given(shop, browser, title, id=UUID(int=made), created_at=at, **columns)


def column(shop: Shop, notice_id: UUID, name: str) -> Any:
    return shop.value(f"SELECT {name} FROM notifications WHERE id = %s", notice_id)


def words(answer: TestResponse) -> str:
    bare = re.sub(r"(?s)<(template|dialog)\b.*?</\1>|<[^>]+>", " ", answer.get_data(as_text=True))
    return " ".join(html.unescape(bare).split())


def titles(answer: TestResponse) -> list[str]:
    """The notices of a list, in its order."""
    found = re.findall(r'class="notice-title"[^>]*>([^<]+)<', answer.get_data(as_text=True))
    return [html.unescape(each) for each in found]


def days(answer: TestResponse) -> list[str]:
    return re.findall(r'class="notice-day"><h2>([^<]+)<', answer.get_data(as_text=True))


def next_address(answer: TestResponse) -> str:
    found = re.search(r'rel="next"[^>]*href="([^"]+)"', answer.get_data(as_text=True))
    return html.unescape(found[1]) if found else ""


def change(browser: Browser, verb: str, *ids: UUID, fragment: bool = True, **fields: Any) -> TestResponse:
    return browser.post(
        "/notifications/changes", fragment=fragment, verb=verb, ids=[str(each) for each in ids], **fields
    )


def toast(answer: TestResponse) -> dict[str, Any]:
    """What the page says after a change; empty where it says nothing."""
    found: dict[str, Any] = json.loads(answer.headers["HX-Trigger"]).get("toast", {})
    return found


def undo(browser: Browser, answer: TestResponse) -> TestResponse:
    return browser.post(toast(answer)["undo"], fragment=True)


def unread(browser: Browser) -> int:
    """The number on the bell."""
    found = re.search(r'data-unread="(\d+)"', browser.get("/notifications/count", fragment=True).text)
    return int(found[1]) if found else 0


def news(browser: Browser, since: datetime) -> list[str]:
    """The titles of what a page hears that last asked then."""
    answer = browser.get("/notifications/count", fragment=True, since=since.isoformat())
    return [html.unescape(each) for each in re.findall(r'data-title="([^"]*)"', answer.text)]
