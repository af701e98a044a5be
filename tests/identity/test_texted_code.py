from __future__ import annotations

import re
from collections.abc import Callable

import httpx

from tests.identity.people import ANA, Person


def test_the_code_arrives_on_the_phone_and_signs_in(
    person: Person, phone: httpx.Client, send_texts: Callable[[], None]
) -> None:
    person.post("/sign-in", {"phone": "(555) 123-0001"})
    send_texts()
    [text] = phone.get("/dev/phone/messages.json", params={"to": ANA}).json()
    found = re.search(r"\b\d{6}\b", text["body"])
    assert found
    done = person.post("/sign-in/code", {"code": found.group()}, page="/sign-in/code")
    assert (done.status_code, done.location) == (303, "/onboarding")
