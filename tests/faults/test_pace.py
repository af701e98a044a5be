"""Twenty businesses open three slots each for ten people: every text leaves once, at the sender's pace."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from nexapp.local.stack import Stack
from tests.blackbox import Merchant, Phone, eventually, running_stack, sql
from tests.crowd import join_list

pytestmark = pytest.mark.slow

MERCHANTS, SLOTS, PEOPLE = 20, 3, 10
PER_SECOND = 100
TEXTS = MERCHANTS * SLOTS * PEOPLE
"""At the default of 10 a second this takes a minute: a line of the bench. The pace is what is held here."""


@pytest.fixture(scope="module")
def paced(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    with running_stack(tmp_path_factory.mktemp("pace"), web_processes=1, SMS_PER_SECOND=str(PER_SECOND)) as running:
        yield running


def test_six_hundred_texts_leave_once_each_and_no_faster_than_the_pace(paced: Stack) -> None:
    merchants = [Merchant(paced).sign_up(f"Pace {number}") for number in range(MERCHANTS)]
    slots = [(merchant, slot_id) for merchant in merchants for slot_id in _slots(merchant)]
    phones = {row.phone for row in sql(paced, "SELECT phone FROM consumers")}
    with ThreadPoolExecutor(8) as crowd:
        list(crowd.map(lambda found: _open(*found), slots))
    phone = Phone(paced)

    def accepted() -> list[dict[str, str]]:
        return [text for text in phone.texts() if text["to"] in phones]

    eventually(lambda: len(accepted()) >= TEXTS, 60, f"{TEXTS} texts")
    texts = accepted()
    assert Counter(text["to"] for text in texts) == Counter(phones)
    assert len({text["body"] for text in texts}) == TEXTS
    moments = sorted(
        row.attempted_at.timestamp()
        for row in sql(paced, "SELECT attempted_at FROM messages WHERE purpose = 'slot_available'")
    )
    assert moments[-1] - moments[0] >= (TEXTS - 1) / PER_SECOND - 1


def _slots(merchant: Merchant) -> list[object]:
    """A slot of each staff member, with people on the list who want nobody else."""
    found: list[object] = []
    for number in range(SLOTS):
        staff = merchant.add_staff(f"Staff {number}")
        people = [person.consumer_id for person in join_list(merchant, PEOPLE)]
        wish = "UPDATE notify_requests SET staff_member_id = %s WHERE consumer_id = ANY(%s)"
        sql(merchant.stack, wish, staff, people)
        found.append(merchant.add_slot(staff=staff))
    return found


def _open(merchant: Merchant, slot_id: object) -> None:
    page = merchant.get(f"/slots/{slot_id}")
    merchant.submit(page, f"/slots/{slot_id}/rounds").expect(200)
