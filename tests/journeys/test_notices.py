"""The bell and the centre in real browsers: live in every one, by thumb, by keys alone, and without scripts."""

from __future__ import annotations

import itertools
import re
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from uuid import UUID

import pytest
from flask import Flask
from playwright.sync_api import Locator, Page, Route, expect

from nexapp.factory import build
from nexapp.local.stack import Stack
from nexapp.notifications.service import notify
from nexapp.settings import load_settings
from nexapp.spine.tenancy import SYSTEM
from nexapp.spine.unit import unit_of_work
from tests.blackbox import Merchant, eventually, sql
from tests.journeys.test_keyboard import HAS_FOCUS, SHOWS_FOCUS, button, tab_to
from tests.journeys.windows import DESKTOP, PHONE, Windows, toasts

pytestmark = pytest.mark.browser

_names = itertools.count(1)


@dataclass
class Reader:
    """Somebody who gets notices, and the way to tell them something as the product's own parts do."""

    merchant: Merchant
    user_id: UUID
    app: Flask

    def hear(self, *titles: str) -> None:
        with self.app.app_context(), unit_of_work(SYSTEM):
            for title in titles:
                values = {"title": title, "message": f"All about {title.lower()}."}
                notify(
                    [self.user_id], "scan_complete", values=values, action_url="/slots",
                    org_id=self.merchant.org_id,
                )  # fmt: skip

    def rows(self, where: str = "true") -> list[str]:
        found = sql(
            self.merchant.stack,
            f"SELECT title FROM notifications WHERE user_id = %s AND {where} ORDER BY id DESC",
            self.user_id,
        )
        return [row.title.removeprefix("✅ ") for row in found]


@pytest.fixture(scope="module")
def app(stack: Stack) -> Flask:
    return build(load_settings(stack.environment))


@pytest.fixture
def reader(stack: Stack, app: Flask) -> Reader:
    merchant = Merchant(stack).sign_up(f"Notice Dental {next(_names)}")
    (row,) = sql(stack, "SELECT id FROM users WHERE phone = %s", merchant.phone)
    return Reader(merchant, row.id, app)


class Cable:
    """A connection to the product that can be cut: what is open breaks, and nothing new comes through."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._is_cut = False
        self._ends: list[socket.socket] = []
        self._door = socket.create_server(("127.0.0.1", 0))
        self.address = f"http://127.0.0.1:{self._door.getsockname()[1]}"
        threading.Thread(target=self._listen, daemon=True).start()

    def cut(self) -> None:
        self._is_cut = True
        for end in self._ends:
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
        self._ends.clear()

    def mend(self) -> None:
        self._is_cut = False

    def close(self) -> None:
        self.cut()
        self._door.close()

    def _listen(self) -> None:
        with suppress(OSError):
            while True:
                near, _who = self._door.accept()
                if self._is_cut:
                    near.close()
                    continue
                far = socket.create_connection(("127.0.0.1", self._port))
                self._ends += [near, far]
                for one, other in ((near, far), (far, near)):
                    threading.Thread(target=self._carry, args=(one, other), daemon=True).start()

    def _carry(self, one: socket.socket, other: socket.socket) -> None:
        with suppress(OSError):
            while heard := one.recv(65536):
                other.sendall(heard)
        for end in (one, other):
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)


@pytest.fixture
def cable(stack: Stack) -> Iterator[Cable]:
    cable = Cable(int(stack.url.rpartition(":")[2]))
    yield cable
    cable.close()


def badge(page: Page) -> Locator:
    return page.locator("#bell-count [data-unread]")


def listed(page: Page) -> list[str]:
    return page.locator("#notice-list .notice-title").all_inner_texts()


def toasted(page: Page) -> list[str]:
    return page.locator(".notice-toast .notice-title").all_inner_texts()


def joined(page: Page) -> None:
    """The page hears signals: its own question after joining was answered."""
    expect(page.locator("#connection")).to_be_hidden()
    page.wait_for_function("() => document.getElementById('bell-since').value !== document.body.dataset.now")


def say_when_asked(page: Page) -> None:
    page.wait_for_function("() => !document.querySelector('.htmx-request')")


@pytest.mark.parametrize("seconds", [2, pytest.param(30, marks=pytest.mark.slow)])
def test_two_browsers_agree_and_catch_up_after_a_cut(
    windows: Windows, reader: Reader, cable: Cable, seconds: int
) -> None:
    windows.allow("WebSocket connection|Failed to load resource|htmx:(sendError|afterRequest)")
    phone, desk = windows.open(visitor=reader.merchant), windows.open(DESKTOP, visitor=reader.merchant)
    phone.goto(f"{cable.address}/slots")
    desk.goto("/notifications")
    for page in (phone, desk):
        joined(page)
    reader.hear("First import")
    # Without a connection a page asks every thirty seconds; what is there sooner came through the socket.
    for page in (phone, desk):
        expect(badge(page)).to_have_text("1")
    expect(phone.locator(".notice-toast .notice-title")).to_have_text("First import")
    expect(desk.locator("#notice-list .notice-title")).to_have_text(["First import"])
    cable.cut()
    expect(phone.locator("#connection")).to_be_visible()
    reader.hear("Second import", "Third import")
    expect(badge(desk)).to_have_text("3")
    expect(desk.locator("#notice-list .notice-title")).to_have_count(3)
    desk.locator(".notice-line").last.hover()
    desk.locator(".notice-link").last.click()
    expect(badge(desk)).to_have_text("2")
    reader.hear("Fourth import")
    expect(badge(phone)).to_have_text("1")
    phone.wait_for_timeout(seconds * 1000)
    cable.mend()
    for page in (phone, desk):
        expect(badge(page)).to_have_text("3")
    expect(phone.locator(".notice-toast .notice-title").filter(has_text="Fourth import")).to_have_count(1)
    assert [title for title in toasted(phone) if title != "First import"] == [
        "Second import", "Third import", "Fourth import",
    ]  # fmt: skip
    phone.goto(f"{cable.address}/notifications")
    assert listed(phone) == listed(desk) == reader.rows("archived_at IS NULL")
    assert len(listed(phone)) == 4


def test_a_day_with_notices_on_a_phone(windows: Windows, reader: Reader) -> None:
    page = windows.open(visitor=reader.merchant)
    page.goto("/slots")
    joined(page)
    expect(page.get_by_role("link", name="Notifications")).to_be_visible()
    reader.hear("Spring list")
    expect(badge(page)).to_have_text("1")
    expect(page).to_have_title("(1) Slots · NexApp")
    page.locator("#bell-button").click()
    panel = page.get_by_role("dialog", name="Notifications")
    expect(panel.get_by_role("link", name="Spring list")).to_be_visible()
    assert panel.bounding_box()["height"] <= 600
    reader.hear("Summer list")
    expect(panel.locator(".notice-title")).to_have_text(["Summer list", "Spring list"])
    eventually(lambda: not reader.rows("seen_at IS NULL"), 10, "both are seen")
    panel.get_by_role("button", name="Delete: Summer list").click()
    expect(panel.locator(".notice-title")).to_have_text(["Spring list"])
    page.locator(".toast").filter(has_text="Deleted.").get_by_role("button", name="Undo").click()
    expect(panel.locator(".notice-title")).to_have_text(["Summer list", "Spring list"])
    panel.get_by_role("button", name="Snooze: Summer list").click()
    panel.get_by_role("button", name="Tomorrow").first.click()
    expect(panel.locator(".notice-title")).to_have_text(["Spring list"])
    panel.get_by_role("link", name="All notifications").click()
    page.get_by_role("link", name="Spring list").click()
    expect(page.get_by_text("All about spring list.").last).to_be_visible()
    expect(page.locator("#notice-filter")).to_be_hidden()
    eventually(lambda: reader.rows("read_at IS NOT NULL") == ["Spring list"], 10, "it was read")
    expect(badge(page)).to_have_count(0)
    page.get_by_role("link", name="Back to the list").click()
    expect(page.get_by_role("link", name="Spring list")).to_be_visible()
    page.get_by_role("link", name="Spring list").click()
    button(page, "Open").click()
    page.wait_for_url("**/slots")


WATCH_TOASTS = """() => {
    const titles = () => [...document.querySelectorAll(".notice-toast .notice-title")].map((each) => each.textContent);
    window.toastsSeen = [];
    new MutationObserver(() => window.toastsSeen.push(titles()))
        .observe(document.getElementById("toasts"), { childList: true, subtree: true, characterData: true });
}"""


def test_what_is_alike_is_one_toast_with_its_newest_words(windows: Windows, reader: Reader) -> None:
    page = windows.open(visitor=reader.merchant)
    page.goto("/slots")
    joined(page)
    page.evaluate(WATCH_TOASTS)
    for title in ("Ana wrote", "Ana wrote 2 times", "Ana wrote 3 times"):
        with reader.app.app_context(), unit_of_work(SYSTEM):
            values = {"client": "Ana", "body": "Hello"}
            notify([reader.user_id], "text_waiting", values=values, group_key="ana", org_id=reader.merchant.org_id)
        page.wait_for_function("title => window.toastsSeen.some((titles) => titles.includes(title))", arg=title)
    seen = [titles for titles, _same in itertools.groupby(page.evaluate("window.toastsSeen")) if titles]
    assert seen == [["Ana wrote"], ["Ana wrote 2 times"], ["Ana wrote 3 times"]], "one after the other, never two"
    expect(badge(page)).to_have_text("1")


def test_swiping_archives_and_snoozes(windows: Windows, reader: Reader) -> None:
    page = windows.open(visitor=reader.merchant, has_touch=True, is_mobile=True)
    reader.hear("One", "Two", "Three")
    page.goto("/notifications")
    joined(page)
    swipe(page, "Two", -150)
    expect(page.locator("#notice-list .notice-title")).to_have_text(["Three", "One"])
    swipe(page, "Three", 150)
    expect(page.locator("#notice-list .notice-title")).to_have_text(["One"])
    swipe(page, "One", -20)
    eventually(lambda: reader.rows("archived_at IS NOT NULL") == ["Two"], 10, "one is archived")
    eventually(lambda: reader.rows("snoozed_until IS NOT NULL") == ["Three"], 10, "one is snoozed")
    assert listed(page) == ["One"]


def swipe(page: Page, title: str, by: int) -> None:
    box = page.locator(".notice-line").filter(has_text=title).bounding_box()
    assert box
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    touch = page.context.new_cdp_session(page)
    send: Callable[..., object] = lambda kind, at: touch.send(  # noqa: E731
        "Input.dispatchTouchEvent", {"type": kind, "touchPoints": at}
    )
    send("touchStart", [{"x": x, "y": y}])
    for step in range(1, 6):
        send("touchMove", [{"x": x + by * step / 5, "y": y}])
    send("touchEnd", [])


def focused(page: Page) -> str:
    return page.evaluate("document.activeElement.innerText || document.activeElement.id").strip().split("\n")[0]


def test_the_bell_by_keyboard_alone(windows: Windows, reader: Reader) -> None:
    page = windows.open(DESKTOP, visitor=reader.merchant)
    reader.hear("One", "Two", "Three")
    page.goto("/slots")
    joined(page)
    bell = page.locator("#bell-button")
    tab_to(bell)
    page.keyboard.press("Enter")
    expect(bell).to_have_attribute("aria-expanded", "true")
    expect(page.locator("#bell-panel .notice-title")).to_have_count(3)
    page.keyboard.press("ArrowDown")
    assert focused(page) == "Three"
    assert page.evaluate(SHOWS_FOCUS)
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowUp")
    page.keyboard.press("End")
    assert focused(page) == "One"
    tab_to(page.get_by_role("button", name="Delete: One"))
    page.keyboard.press("Enter")
    expect(page.locator("#bell-panel .notice-title")).to_have_text(["Three", "Two"])
    assert focused(page) == "Two", "who takes the place takes the focus"
    page.keyboard.press("Escape")
    expect(page.locator("#bell-panel")).to_be_hidden()
    assert bell.evaluate(HAS_FOCUS)
    page.keyboard.press("Enter")
    page.get_by_role("heading", name="Slots", exact=True).click()
    expect(page.locator("#bell-panel")).to_be_hidden()


def test_the_centre_by_keyboard_alone(windows: Windows, reader: Reader) -> None:
    page = windows.open(DESKTOP, visitor=reader.merchant)
    reader.hear("One", "Two", "Three", "Four")
    page.goto("/notifications")
    joined(page)
    shown = page.locator("#notice-detail h2")
    page.keyboard.press("j")
    expect(shown).to_have_text("Four")
    expect(badge(page)).to_have_text("3")
    page.keyboard.press("j")
    expect(shown).to_have_text("Three")
    page.keyboard.press("e")
    expect(shown).to_have_text("Two")
    expect(page.locator("#notice-list .notice-title")).to_have_text(["Four", "Two", "One"])
    page.keyboard.press("u")
    expect(page.locator("#notice-list .notice-title")).to_have_text(["Four", "Three", "Two", "One"])
    page.keyboard.press("k")
    expect(shown).to_have_text("Three")
    page.keyboard.press("s")
    expect(page.locator("#snooze .dropdown-item").first).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("#notice-list .notice-title")).to_have_text(["Four", "Two", "One"])
    page.keyboard.press("x")
    expect(page.get_by_text("1 chosen")).to_be_visible()
    page.keyboard.press("x")
    page.keyboard.press("?")
    keys = page.get_by_role("dialog", name="Keys")
    expect(keys).to_be_visible()
    page.keyboard.press("j")
    keys.get_by_label("Use these keys on this device").uncheck()
    page.keyboard.press("Escape")
    page.keyboard.press("#")
    say_when_asked(page)
    assert reader.rows("deleted_at IS NOT NULL") == [], "who switched the keys off is not surprised by them"


def test_several_at_once(windows: Windows, reader: Reader) -> None:
    page = windows.open(DESKTOP, visitor=reader.merchant)
    reader.hear("One", "Two", "Three")
    page.goto("/notifications")
    joined(page)
    for title in ("One", "Three"):
        page.get_by_label(f"Choose: {title}").check(force=True)
    expect(page.get_by_text("2 chosen")).to_be_visible()
    button(page, "Archive").last.click()
    expect(page.locator("#notice-list .notice-title")).to_have_text(["Two"])
    page.locator(".toast").filter(has_text="2 archived.").get_by_role("button", name="Undo").click()
    expect(page.locator("#notice-list .notice-title")).to_have_text(["Three", "Two", "One"])
    page.get_by_role("searchbox", name="Search").fill("tw")
    expect(page.locator("#notice-list .notice-title")).to_have_text(["Two"])
    expect(page).to_have_url(re.compile("q=tw"))


def test_choosing_a_time_goes_on_while_more_comes(windows: Windows, reader: Reader) -> None:
    page = windows.open(visitor=reader.merchant)
    reader.hear("One")
    page.goto("/slots")
    joined(page)
    page.locator("#bell-button").click()
    page.get_by_role("button", name="Snooze: One").click()
    first = page.get_by_role("button", name="In 3 hours").first
    expect(first).to_be_focused()
    reader.hear("Two")
    expect(page.locator("#bell-panel .notice-title")).to_have_text(["Two", "One"])
    expect(page.locator(".snooze-choices:visible button").first).to_be_focused()


def test_all_of_the_type_that_is_shown_are_read(windows: Windows, reader: Reader) -> None:
    page = windows.open(DESKTOP, visitor=reader.merchant)
    reader.hear("One", "Two")
    page.goto("/notifications")
    joined(page)
    page.locator("#type").select_option("slot_booked")
    expect(page.get_by_text("Nothing found")).to_be_visible()
    button(page, "Mark all as read").click()
    expect(page.locator(".toast").filter(has_text="Nothing was unread.")).to_be_visible()
    page.locator("#type").select_option("")
    expect(page.locator("#notice-list .notice-title")).to_have_count(2)
    button(page, "Mark all as read").click()
    expect(page.locator(".toast").filter(has_text="2 marked as read.")).to_be_visible()
    assert reader.rows("read_at IS NULL") == []
    expect(button(page, "Mark all as read")).to_be_hidden()


COME_ANEW = """() => new Promise((done) => {
    const list = document.querySelector('#notice-list');
    document.body.addEventListener('htmx:afterSettle', () => list.isConnected || done());
    document.body.dispatchEvent(new CustomEvent('reconnected'));
})"""


def test_an_answer_finds_its_place_where_the_list_came_anew_meanwhile(windows: Windows, reader: Reader) -> None:
    page = windows.open(DESKTOP, visitor=reader.merchant)
    reader.hear("One")
    page.goto("/notifications")
    joined(page)

    def answer_late(route: Route) -> None:
        answer = route.fetch()
        page.evaluate(COME_ANEW)
        route.fulfill(response=answer)

    page.route("**/notifications?*type=slot_booked*", answer_late)
    page.locator("#type").select_option("slot_booked")
    expect(page.get_by_text("Nothing found")).to_be_visible()
    assert page.url.endswith("type=slot_booked")


def test_the_browsers_own_notifications_are_asked_for_by_a_click_only(windows: Windows, reader: Reader) -> None:
    page = windows.open(DESKTOP, visitor=reader.merchant)
    page.add_init_script(
        """window.asked = 0; window.told = []; Object.defineProperty(document, 'hidden', { get: () => window.away });
        window.Notification = class extends EventTarget {
          static permission = 'default';
          static async requestPermission() { window.asked += 1; this.permission = 'granted'; return 'granted'; }
          constructor(title, options) { super(); window.told.push([title, options.tag]); }
        };"""
    )
    page.goto("/slots")
    joined(page)
    page.evaluate("window.away = true")
    reader.hear("Before")
    expect(badge(page)).to_have_text("1")
    page.evaluate("window.away = false")
    page.locator("#bell-button").click()
    assert page.evaluate("[window.asked, window.told.length]") == [0, 0]
    button(page, "Show them while NexApp is in the background").click()
    expect(button(page, "Show them while NexApp is in the background")).to_be_hidden()
    page.keyboard.press("Escape")
    page.evaluate("window.away = true")
    reader.hear("After")
    page.wait_for_function("() => window.told.length === 1")
    (told,) = page.evaluate("window.told")
    (row,) = sql(reader.merchant.stack, "SELECT id FROM notifications WHERE title LIKE '%%After' AND user_id = %s",
                 reader.user_id)  # fmt: skip
    assert told == ["After", str(row.id)]
    assert page.evaluate("window.asked") == 1


def test_without_scripts(windows: Windows, reader: Reader) -> None:
    page = windows.open(PHONE, visitor=reader.merchant, java_script_enabled=False)
    reader.hear("Plain list", "Other list")
    page.goto("/slots")
    page.get_by_role("link", name="Notifications").click()
    page.get_by_role("link", name="Plain list").click()
    button(page, "Mark as read").click()
    expect(badge(page)).to_have_text("1")
    page.get_by_label("Choose: Plain list").check()
    page.get_by_label("Choose: Other list").check()
    button(page, "Archive").click()
    expect(toasts(page).get_by_text("2 archived.")).to_be_visible()
    assert reader.rows("archived_at IS NULL") == []
    button(page, "Undo").click()
    expect(toasts(page).get_by_text("Taken back.")).to_be_visible()
    assert listed(page) == ["Other list", "Plain list"]
    page.get_by_role("link", name="Other list").click()
    page.locator("#snooze > summary").click()
    page.get_by_role("button", name="Tomorrow").click()
    assert reader.rows("snoozed_until IS NOT NULL") == ["Other list"]
    page.get_by_role("link", name="Plain list").click()
    button(page, "Open").click()
    page.wait_for_url("**/slots")
