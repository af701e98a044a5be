"""People at a browser, and the codes that would be texted to them."""

from __future__ import annotations

import re
from typing import Any

from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from nexapp.identity.events import SignInCodeRequested
from nexapp.spine import events

ANA = "+15551230001"
BEN = "+15551230002"

TEXTED: list[SignInCodeRequested] = []


@events.on(SignInCodeRequested, inline=True)
def remember(event: SignInCodeRequested) -> None:
    TEXTED.append(event)


class Person:
    """A person at a browser: follows nothing by itself, sends the token of the page it looks at."""

    def __init__(self, client: FlaskClient) -> None:
        self.client = client

    def get(self, address: str, **kwargs: Any) -> TestResponse:
        return self.client.get(address, **kwargs)

    def post(
        self, address: str, data: dict[str, Any] | None = None, page: str = "/sign-in", **kwargs: Any
    ) -> TestResponse:
        return self.client.post(address, data={"csrf_token": self.token(page)} | (data or {}), **kwargs)

    def token(self, page: str) -> str:
        found = None
        for address in (page, "/onboarding"):
            found = re.search(r'name="csrf_token" value="([^"]+)"', self.get(address).text)
            if found:
                return found.group(1)
        raise AssertionError(f"no form on {page}")

    def sign_in(self, phone: str, code: str | None = None) -> TestResponse:
        assert self.post("/sign-in", {"phone": phone}).status_code == 303
        return self.post("/sign-in/code", {"code": code or TEXTED[-1].code}, page="/sign-in/code")

    def found(self, name: str = "Downtown Dental", **changes: Any) -> TestResponse:
        return self.post("/onboarding", onboarding(business_name=name, **changes), page="/onboarding")


def onboarding(**changes: Any) -> dict[str, Any]:
    form = {
        "business_name": "Downtown Dental", "owner_name": "Dr. Smith", "time_zone": "America/New_York",
        "phone": "(305) 555-0123", "address": "1 Main Street", "average_value": "70.00", "booking_url": "",
    }  # fmt: skip
    return {name: value for name, value in (form | changes).items() if value is not None}
