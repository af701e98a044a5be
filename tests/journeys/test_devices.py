"""A browser that gets pushes: let in by a tap, tried, shown by the service worker, and let go.

Chromium's own push service is not in reach of tests. The browser's end is therefore the stand-in's: the page is given
one of its devices in place of a subscription, and the worker a push by the browser's own developer protocol.
"""

from __future__ import annotations

import json

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from nexapp.gateways.push.practice import practice_device
from nexapp.local.stack import Stack
from tests.blackbox import Merchant, Phone, eventually
from tests.journeys.windows import Windows, toasts

pytestmark = pytest.mark.browser
PAGE = "/notification-settings/devices"

SUBSCRIBED = """
    let kept = null;
    const made = (device) => ({ ...device, toJSON: () => device, unsubscribe: async () => ((kept = null), true) });
    PushManager.prototype.getSubscription = async () => kept;
    PushManager.prototype.subscribe = async (options) => {
        window.subscribedWith = options;
        return (kept = made(DEVICE));
    };
    Notification.requestPermission = async () => "granted";
    Object.defineProperty(Notification, "permission", { get: () => "granted" });
"""


def give_device(page: Page, stack: Stack, token: str) -> None:
    environment = stack.environment
    device = practice_device(environment["PUSH_LOCAL_URL"], environment["TWILIO_AUTH_TOKEN"], token)
    told = {"endpoint": device.endpoint, "keys": {"p256dh": device.p256dh, "auth": device.auth}}
    page.add_init_script(SUBSCRIBED.replace("DEVICE", json.dumps(told)))


def test_a_tap_lets_this_browser_in_and_another_lets_it_go(windows: Windows, stack: Stack) -> None:
    merchant = Merchant(stack).sign_up("Pushing Peonies")
    page = windows.open(visitor=merchant)
    give_device(page, stack, "journey-1")
    page.goto(PAGE)
    expect(page.get_by_text("It gets no pushes.")).to_be_visible()
    expect(page.get_by_text("No devices yet")).to_be_visible()

    page.get_by_role("button", name="Turn on pushes here").click()
    expect(page.get_by_text("It gets your pushes.")).to_be_visible()
    devices = page.get_by_role("region", name="Your devices")
    expect(devices.get_by_text("This device")).to_be_visible()
    assert page.evaluate("window.subscribedWith.applicationServerKey.length") == 65
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")

    devices.get_by_role("button", name="Send a test").click()
    expect(toasts(page).get_by_text("A test is on its way to that device.")).to_be_visible()
    eventually(lambda: Phone(stack).pushes("journey-1"), 30, "a push at the device")

    page.get_by_role("button", name="Remove").first.click()
    page.get_by_role("dialog").get_by_role("button", name="Remove").click()
    expect(page.get_by_text("No devices yet")).to_be_visible()


def test_a_push_service_out_of_reach_is_told(windows: Windows, stack: Stack) -> None:
    merchant = Merchant(stack).sign_up("Pushing Primroses")
    page = windows.open(visitor=merchant, permissions=["notifications"])
    page.goto(PAGE)
    page.evaluate("() => { PushManager.prototype.subscribe = () => Promise.reject(new Error('no service')); }")
    page.get_by_role("button", name="Turn on pushes here").click()
    expect(page.get_by_text("Its push service did not answer.")).to_be_visible()
    expect(page.get_by_role("button", name="Turn on pushes here")).to_be_enabled()


def deliver(context: BrowserContext, page: Page, address: str, data: str) -> None:
    """As the browser does when its push service brings something."""
    protocol = context.new_cdp_session(page)
    found: list[str] = []
    protocol.on(
        "ServiceWorker.workerRegistrationUpdated",
        lambda news: found.extend(entry["registrationId"] for entry in news["registrations"]),
    )
    protocol.send("ServiceWorker.enable")
    page.wait_for_function("() => navigator.serviceWorker.controller || navigator.serviceWorker.ready")
    eventually(lambda: page.wait_for_timeout(50) or found, 20, "the worker's registration")
    protocol.send("ServiceWorker.deliverPushMessage", {"origin": address, "registrationId": found[-1], "data": data})


def shown(page: Page) -> list[dict[str, str]]:
    found: list[dict[str, str]] = page.evaluate(
        "navigator.serviceWorker.ready.then(async (r) => (await r.getNotifications())"
        ".map(({ title, body, tag, data }) => ({ title, body, tag, url: data.url })))"
    )
    return found


def test_the_worker_shows_what_is_pushed(windows: Windows, stack: Stack) -> None:
    merchant = Merchant(stack).sign_up("Pushing Poppies")
    page = windows.open(visitor=merchant, permissions=["notifications"])
    page.goto(PAGE)
    page.evaluate("navigator.serviceWorker.register('/service-worker.js').then(() => navigator.serviceWorker.ready)")
    told = {"title": "🔥 Hot", "body": "Ana is at 92", "url": "/notifications/1/open", "tag": "t-1"}
    deliver(page.context, page, stack.url, json.dumps(told))
    eventually(lambda: page.wait_for_timeout(50) or shown(page), 20, "a notification")
    assert shown(page) == [told]
    # The same again replaces it; what can't be read still shows something, as browsers demand.
    deliver(page.context, page, stack.url, json.dumps(told | {"body": "Ana is at 95"}))
    deliver(page.context, page, stack.url, "{broken")
    eventually(lambda: page.wait_for_timeout(50) or len(shown(page)) == 2, 20, "two notifications")
    assert sorted((push["title"], push["body"]) for push in shown(page)) == [("NexApp", ""), ("🔥 Hot", "Ana is at 95")]


@pytest.mark.parametrize(
    ("given", "opened"),
    [
        ("/notifications/7/open", "/notifications/7/open"), ("https://elsewhere.example/x", "/notifications"),
        ("//elsewhere.example/x", "/notifications"), ("javascript:alert(1)", "/notifications"),
        ("http://[", "/notifications"),
    ],
)  # fmt: skip
def test_a_push_opens_addresses_of_ours_alone(windows: Windows, stack: Stack, given: str, opened: str) -> None:
    page = windows.open()
    page.goto("/sign-in")
    with page.context.expect_event("serviceworker") as worker:
        page.evaluate(
            "navigator.serviceWorker.register('/service-worker.js').then(() => navigator.serviceWorker.ready)"
        )
    address = worker.value.evaluate("(given) => addressOf(given).href", given)
    assert address == f"{stack.url}{opened}"


def test_without_scripts_the_list_still_works(windows: Windows, stack: Stack) -> None:
    merchant = Merchant(stack).sign_up("Pushing Pansies")
    page = windows.open(visitor=merchant, java_script_enabled=False)
    page.goto(PAGE)
    expect(page.get_by_role("button", name="Turn on pushes here")).to_be_hidden()
    page.get_by_role("button", name="Add a practice device").click()
    expect(page.get_by_text("Practice device", exact=True)).to_be_visible()
