"""One running stack for all faults; each test finds a phone without faults."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from nexapp.local.stack import Stack
from tests.blackbox import Phone, running_stack


@pytest.fixture(scope="package")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    # Few texts in flight: a fan-out then takes long enough for what is done to it.
    folder = tmp_path_factory.mktemp("faults")
    with running_stack(
        folder, web_processes=2, durable=True, SMS_IN_FLIGHT="8", FEED_PRIVATE_HOSTS="127.0.0.1"
    ) as running:
        yield running


@pytest.fixture
def phone(stack: Stack) -> Iterator[Phone]:
    phone = Phone(stack)
    phone.mend()
    yield phone
    phone.mend()
