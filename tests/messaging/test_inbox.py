"""The inbox: what people wrote, who answers, and what an opt-out allows."""

from __future__ import annotations

import html
import re
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import pytest
from werkzeug.test import TestResponse

from nexapp.spine.ids import new_id
from nexapp.spine.tenancy import Role
from tests.messaging.conftest import Provider
from tests.people import Browser
from tests.slots.merchant_world import Shop

Sql = Callable[..., list[Any]]
ANA = "+16465550101"


@dataclass
class Ana:
    """Somebody on the list whom the business has texted."""

    shop: Shop
    provider: Provider
    consumer_id: UUID
    phone: str = ANA

    @property
    def path(self) -> str:
        return f"/inbox/{self.consumer_id}"

    def says(self, words: str, **more: str) -> None:
        assert self.provider.reply(words, person=self.phone, **more) == 200

    @property
    def conversation(self) -> dict[str, Any]:
        columns = "unread, needs_review, rank, assigned_to, done_at IS NOT NULL, last_body, last_by"
        row = self.shop.sql(f"SELECT {columns} FROM conversations WHERE consumer_id = %s", self.consumer_id)[0]
        names = ("unread", "needs_review", "rank", "assigned_to", "is_done", "last_body", "last_by")
        return dict(zip(names, row, strict=True))

    @property
    def opted_out(self) -> bool:
        found: bool = self.shop.value("SELECT opted_out_at IS NOT NULL FROM consumers WHERE id = %s", self.consumer_id)
        return found


def texted(shop: Shop, consumer_id: UUID, phone: str) -> None:
    shop.insert(
        "messages", id=new_id(), org_id=shop.org_id, consumer_id=consumer_id, lane=3, purpose="slot_available",
        to_phone=phone, body="A time is open.", segments=1, status="delivered", attempts=1, subject_id=new_id(),
        provider_sid=f"SM{new_id().hex}",
    )  # fmt: skip
    shop.sql("UPDATE messages SET attempted_at = now() - interval '1 minute' WHERE attempted_at IS NULL")


@pytest.fixture
def ana(shop: Shop, provider: Provider) -> Ana:
    consumer_id = shop.consumer_of(shop.person("Ana Ruiz", phone=ANA))
    texted(shop, consumer_id, ANA)
    return Ana(shop, provider, consumer_id)


@pytest.fixture
def staff(shop: Shop) -> Browser:
    return shop.browser(Role.STAFF)


def words(answer: TestResponse) -> str:
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", answer.get_data(as_text=True))).split())


def answer(browser: Browser, ana: Ana, body: str, *, fragment: bool = True, **fields: Any) -> TestResponse:
    return browser.post(f"{ana.path}/replies", fragment=fragment, body=body, **{"key": str(new_id()), **fields})


def test_what_needs_a_person_shows_until_it_is_read(ana: Ana, staff: Browser) -> None:
    assert "Nothing waits for you" in words(staff.get("/inbox"))
    ana.says("Is parking free?")
    ana.says("Is parking free?!")
    assert (ana.conversation["unread"], ana.conversation["rank"]) == (2, 1)
    assert "Ana Ruiz" in words(staff.get("/inbox"))
    assert "1 to read" in words(staff.get("/inbox/count", fragment=True))
    shown = words(staff.get(ana.path))
    assert "A time is open." in shown
    assert "Is parking free?!" in shown
    assert "Their place on the list" in shown
    assert ana.conversation["unread"] == 2, "a GET changes nothing"
    assert staff.post(f"{ana.path}/reading", fragment=True).status_code == 200
    assert (ana.conversation["unread"], ana.conversation["rank"]) == (0, 0)
    assert "to read" not in words(staff.get("/inbox/count", fragment=True))


def test_the_same_webhook_twice_is_one_text(ana: Ana) -> None:
    ana.says("Hello?", sid="SM1")
    ana.says("Hello?", sid="SM1")
    assert ana.conversation["unread"] == 1


def test_plain_keywords_wait_for_nobody(ana: Ana, staff: Browser) -> None:
    for word in ("HELP", "STOP", "START"):
        ana.says(word)
    assert (ana.conversation["unread"], ana.conversation["rank"]) == (0, 0)
    assert words(staff.get("/inbox/count", fragment=True)) == ""
    assert "START" in words(staff.get(ana.path))


def test_an_answer_is_a_text_and_reads_what_came(ana: Ana, staff: Browser) -> None:
    ana.says("Is parking free?")
    done = answer(staff, ana, "Hi {{first_name}}, yes!\nSee you.", seen="0")
    assert done.status_code == 200
    assert "Hi Ana, yes!" in words(done)
    [(to, body, status)] = ana.shop.texts("reply")
    assert (to, body, status) == (ANA, "Hi Ana, yes!\nSee you.", "queued")
    assert ana.shop.value("SELECT lane FROM messages WHERE purpose = 'reply'") == 1
    row = ana.conversation
    assert (row["unread"], row["last_by"], row["assigned_to"]) == (0, "business", staff.actor.user_id)


def test_a_form_sent_twice_is_one_text(ana: Ana, staff: Browser) -> None:
    key = str(new_id())
    for _time in range(2):
        assert answer(staff, ana, "Yes!", key=key).status_code == 200
    assert len(ana.shop.texts("reply")) == 1


def test_two_taps_at_once_are_one_text(ana: Ana, staff: Browser) -> None:
    token, key = staff.token(), str(new_id())
    fields = {"csrf_token": token, "body": "Yes!", "key": key}
    taps = [threading.Thread(target=staff.client.post, args=(f"{ana.path}/replies",), kwargs={"data": fields})
            for _ in range(4)]  # fmt: skip
    for tap in taps:
        tap.start()
    for tap in taps:
        tap.join()
    assert len(ana.shop.texts("reply")) == 1


def test_two_who_answer_at_once_are_shown_to_each_other(ana: Ana, staff: Browser, shop: Shop) -> None:
    ana.says("Is parking free?")
    other = shop.browser(Role.MANAGER)
    assert answer(staff, ana, "Yes, in the yard.", seen="0").status_code == 200
    late = answer(other, ana, "No.", seen="0")
    assert late.status_code == 409
    assert "The staff answered meanwhile" in words(late)
    page = late.get_data(as_text=True)
    assert ">No.</textarea>" in page
    assert "Yes, in the yard." in page
    assert 'name="seen" value="1"' in page, "sent again, it goes"
    assert answer(other, ana, "No.", seen="1").status_code == 200
    assert len(shop.texts("reply")) == 2


def test_nobody_texts_who_opted_out(ana: Ana, staff: Browser) -> None:
    ana.says("STOP")
    shown = words(staff.get(ana.path))
    assert "This person gets no texts." in shown
    refused = answer(staff, ana, "But why?")
    assert refused.status_code == 409
    assert "This person opted out of texts." in words(refused)
    assert ana.shop.texts("reply") == []


def test_an_opt_out_at_that_moment_holds_the_answer_back(
    ana: Ana, staff: Browser, send_texts: Callable[[], None]
) -> None:
    """It was written before the STOP was known, and would leave after it."""
    assert answer(staff, ana, "See you!").status_code == 200
    ana.shop.sql("UPDATE consumers SET opted_out_at = now(), opt_out_source = 'reply STOP'")
    send_texts()
    assert [status for _to, _body, status in ana.shop.texts("reply")] == ["suppressed"]


def test_an_unclear_stop_comes_first_and_is_settled(ana: Ana, staff: Browser, shop: Shop, provider: Provider) -> None:
    other = Ana(shop, provider, shop.consumer_of(shop.person("Ben Bo", phone="+16465550102")), "+16465550102")
    texted(shop, other.consumer_id, other.phone)
    ana.says("please stop texting me")
    other.says("Which floor?")
    assert ana.opted_out
    listed = words(staff.get("/inbox"))
    assert listed.index("Ana Ruiz") < listed.index("Ben Bo")
    assert "Wants no more texts?" in listed
    staff.post(f"{ana.path}/reading", fragment=True)
    assert ana.conversation["rank"] == 2, "reading settles nothing"
    [(inbound,)] = shop.sql("SELECT id FROM inbound_messages WHERE handled_as = 'stop'")
    assert staff.post(f"{ana.path}/reviews/{inbound}", meant="stop").status_code == 303
    assert (ana.opted_out, ana.conversation["rank"]) == (True, 0)
    assert staff.post(f"{ana.path}/reviews/{inbound}", meant="other").status_code == 409
    assert ana.opted_out


def test_a_misread_stop_is_lifted(ana: Ana, staff: Browser, shop: Shop) -> None:
    ana.says("Leave me alone with that drill, haha. Tuesday is fine")
    assert ana.opted_out
    [(inbound,)] = shop.sql("SELECT id FROM inbound_messages")
    assert staff.post(f"{ana.path}/reviews/{inbound}", meant="other").status_code == 303
    assert not ana.opted_out
    assert shop.sql("SELECT review, reviewed_by FROM inbound_messages") == [("misread", staff.actor.user_id)]
    assert shop.sql("SELECT changes FROM audit_entries WHERE action = 'stop.misread'") == [({"lifted": True},)]


def test_a_real_stop_outlives_a_misread_one(ana: Ana, staff: Browser, shop: Shop) -> None:
    ana.says("please stop texting me")
    [(inbound,)] = shop.sql("SELECT id FROM inbound_messages")
    ana.says("STOP")
    staff.post(f"{ana.path}/reviews/{inbound}", meant="other")
    assert ana.opted_out
    ana.says("START")
    ana.says("STOP")
    assert ana.opted_out
    assert staff.post(f"{ana.path}/reviews/{inbound}", meant="other").status_code == 409


def test_an_earlier_keyword_stop_cant_be_lifted_by_later_words(ana: Ana, staff: Browser, shop: Shop) -> None:
    ana.says("STOP")
    ana.says("I said no more texts")
    [(inbound,)] = shop.sql("SELECT id FROM inbound_messages WHERE needs_review")
    staff.post(f"{ana.path}/reviews/{inbound}", meant="other")
    assert ana.opted_out


def test_conversations_are_given_finished_and_come_back(ana: Ana, staff: Browser, shop: Shop) -> None:
    ana.says("Is parking free?")
    viewer, manager = shop.browser(Role.VIEWER), shop.browser(Role.MANAGER)
    assert staff.post(f"{ana.path}/assignment", user_id=str(manager.actor.user_id)).status_code == 303
    assert "Ana Ruiz" in words(manager.get("/inbox", view="mine"))
    assert "Nothing is yours" in words(staff.get("/inbox", view="mine"))
    assert staff.post(f"{ana.path}/assignment", user_id=str(new_id())).status_code == 404
    assert staff.post(f"{ana.path}/done").status_code == 303
    assert "Nothing waits for you" in words(staff.get("/inbox"))
    assert "Ana Ruiz" in words(staff.get("/inbox", view="done"))
    ana.says("Hello?")
    assert not ana.conversation["is_done"]
    assert viewer.get(ana.path).status_code == 200
    for step in ("replies", "reading", "assignment", "done", "reopening"):
        assert viewer.post(f"{ana.path}/{step}", body="x").status_code == 403


def test_the_business_may_write_first(ana: Ana, staff: Browser) -> None:
    """Somebody without a conversation yet; the trigger and the answer keep it in one row."""
    assert "A time is open." in words(staff.get(ana.path))
    assert answer(staff, ana, "Can you come at 3?").status_code == 200
    ana.says("Yes I can")
    assert ana.shop.value("SELECT count(*) FROM conversations") == 1


def test_a_text_that_may_be_for_another_business_says_so(
    ana: Ana, staff: Browser, shop: Shop, app: Any, owner_sql: Sql
) -> None:
    ana.says("Thanks")
    assert "may not be an answer to you" not in words(staff.get(ana.path))
    elsewhere = Shop(app, owner_sql, name="Elsewhere")
    elsewhere.insert("consumer_profiles", org_id=elsewhere.org_id, consumer_id=ana.consumer_id, name="Anna at E.")
    texted(elsewhere, ana.consumer_id, ANA)
    texted(shop, ana.consumer_id, ANA)
    ana.says("Which of you?")
    shown = words(staff.get(ana.path))
    assert "may not be an answer to you" in shown
    assert "Elsewhere" not in shown
    stranger = elsewhere.browser(Role.OWNER)
    assert "Which of you?" not in words(stranger.get(ana.path))


def test_a_text_that_was_another_business_s_leaves_nothing_behind(
    ana: Ana, shop: Shop, staff: Browser, app: Any, owner_sql: Sql
) -> None:
    elsewhere = Shop(app, owner_sql, name="Elsewhere")
    ana.says("First")
    ana.says("Yes to the other one")
    moved = "UPDATE inbound_messages SET org_id = %s, handled_as = 'claimed', needs_review = false WHERE body = %s"
    shop.sql(moved, elsewhere.org_id, "Yes to the other one")
    assert (ana.shop.value("SELECT last_body FROM conversations WHERE org_id = %s", shop.org_id)) == "First"
    assert shop.sql("SELECT unread, last_body FROM conversations WHERE org_id = %s", elsewhere.org_id) == [
        (0, "Yes to the other one")
    ]
    shop.sql(moved, elsewhere.org_id, "First")
    assert shop.sql("SELECT 1 FROM conversations WHERE org_id = %s", shop.org_id) == []
    assert "Nothing waits for you" in words(staff.get("/inbox"))


def test_search_and_strangers(ana: Ana, staff: Browser, shop: Shop, app: Any, owner_sql: Sql) -> None:
    ana.says("Is parking free?")
    assert "Ana Ruiz" in words(staff.get("/inbox", q="ruiz"))
    assert "Ana Ruiz" in words(staff.get("/inbox", q="(646) 555-0101"))
    assert "Nobody found" in words(staff.get("/inbox", q="100%"))
    stranger = Shop(app, owner_sql, name="Elsewhere").browser(Role.OWNER)
    assert stranger.get(ana.path).status_code == 404
    assert answer(stranger, ana, "Hi").status_code == 404
    assert staff.get(f"/inbox/{new_id()}").status_code == 404


@pytest.mark.parametrize(
    ("body", "why"),
    [("", "Write between 1"), ("  ", "Write between 1"), ("x" * 1401, "Write between 1"), ("{{nope}}", "{{nope}}")],
)
def test_an_answer_that_cant_go_is_kept(ana: Ana, staff: Browser, body: str, why: str) -> None:
    refused = answer(staff, ana, body)
    assert refused.status_code == 422
    assert why in words(refused)
    assert ana.shop.texts("reply") == []


def test_the_facts_of_what_is_being_typed(ana: Ana, staff: Browser) -> None:
    shown = words(staff.post(f"{ana.path}/preview", fragment=True, body="ą" * 71))
    assert "2 segments, 71 of 134 characters." in shown


def test_ready_answers(ana: Ana, shop: Shop, staff: Browser) -> None:
    manager = shop.browser(Role.MANAGER)
    made = {"title": "Parking", "body": "Hi {{first_name}}, parking is free."}
    assert manager.post("/settings/replies", **made).status_code == 303
    assert "called “parking” already" in words(manager.post("/settings/replies", title="parking", body="x"))
    assert "There is no {{staff}}" in words(manager.post("/settings/replies", title="Who", body="{{staff}}"))
    [(reply_id,)] = shop.sql("SELECT id FROM canned_replies")
    shown = staff.get(ana.path, canned=reply_id).get_data(as_text=True)
    assert ">Hi Ana, parking is free.</textarea>" in shown
    prefix = f"r{reply_id.hex[-8:]}-"
    changed = {f"{prefix}title": "Parking", f"{prefix}body": "No parking."}
    assert manager.post(f"/settings/replies/{reply_id}", **changed).status_code == 303
    assert "No parking." in words(manager.get("/settings/replies"))
    assert staff.get("/settings/replies").status_code == 403
    assert manager.post(f"/settings/replies/{reply_id}/removal").status_code == 303
    assert shop.sql("SELECT 1 FROM canned_replies") == []


def fill(shop: Shop, count: int) -> None:
    """Many conversations, some unread, some done, several of the same moment."""
    shop.sql(
        "WITH made AS (INSERT INTO consumers (id, phone, time_zone, region)"
        " SELECT gen_random_uuid(), '+1917' || lpad(n::text, 7, '0'), 'America/New_York', 'US-NY'"
        " FROM generate_series(1, %s) n RETURNING id, phone),"
        " named AS (INSERT INTO consumer_profiles (org_id, consumer_id, name)"
        " SELECT %s, id, 'Person ' || right(phone, 5) FROM made RETURNING consumer_id)"
        " INSERT INTO conversations (org_id, consumer_id, phone, unread, rank, last_at, done_at)"
        " SELECT %s, id, phone, u, u, date_trunc('hour', now()) - (right(phone, 3)::int %% 50) * interval '1 hour',"
        " CASE WHEN right(phone, 1) = '7' THEN now() END"
        " FROM made m CROSS JOIN LATERAL (SELECT (right(m.phone, 1) = '3')::int AS u) x",
        count, shop.org_id, shop.org_id,
    )  # fmt: skip


def names_on(page: str) -> list[str]:
    return re.findall(r'class="conversation-name"[^>]*>([^<]+)<', page)


@pytest.mark.parametrize("view", ["open", "all", "done"])
def test_pages_follow_each_other_without_gap_or_double(shop: Shop, view: str) -> None:
    fill(shop, 130)
    browser = shop.browser(Role.VIEWER)
    seen: list[str] = []
    address = f"/inbox?view={view}"
    while address:
        page = browser.get(address).get_data(as_text=True)
        seen += names_on(page)
        found = re.search(r'rel="next" href="([^"]+)"', page)
        address = html.unescape(found[1]) if found else ""
    assert len(seen) == len(set(seen)) == {"open": 117, "all": 130, "done": 13}[view]
    if view == "open":
        assert {name[-1] for name in seen[:13]} == {"3"}, "what is unread comes first"


def test_a_long_inbox_costs_no_more_statements(shop: Shop, ana: Ana, staff: Browser, statements: list[str]) -> None:
    ana.says("Hello?")

    def count(path: str) -> int:
        staff.get(path)
        statements.clear()
        staff.get(path)
        return len(statements)

    before = [count(path) for path in ("/inbox", "/inbox?q=ruiz", "/inbox/count", ana.path)]
    fill(shop, 1000)
    for number in range(60):
        shop.insert(
            "inbound_messages", id=new_id(), org_id=shop.org_id, consumer_id=ana.consumer_id, from_phone=ANA,
            to_phone="+15005550006", body=f"Line {number}", handled_as="other", provider_sid=f"IN{number}",
        )  # fmt: skip
    assert [count(path) for path in ("/inbox", "/inbox?q=ruiz", "/inbox/count", ana.path)] == before
    assert max(before) <= 15
    assert "99+ to read" in words(staff.get("/inbox/count"))
    shown = staff.get(ana.path).get_data(as_text=True)
    assert "Line 59" in shown
    assert "Line 9<" not in shown
    earlier = re.search(r'href="([^"]+before=[^"]+)">Show earlier', shown)
    assert earlier
    assert "Line 9<" in staff.get(html.unescape(earlier[1])).get_data(as_text=True)


@pytest.mark.parametrize("after", ["", "x", "9_x_y", "1_2026-01-01_z", "1_2026-01-01T00:00:00_" + "0" * 32, "²_a_b"])
def test_a_place_that_cant_be_read_is_the_beginning(ana: Ana, staff: Browser, after: str) -> None:
    ana.says("Hello?")
    assert "Ana Ruiz" in words(staff.get("/inbox", after=after))


def test_a_sales_team_has_no_inbox(shop: Shop, staff: Browser) -> None:
    shop.sql("UPDATE organizations SET kind = 'sales' WHERE id = %s", shop.org_id)
    for path in ("/inbox", "/inbox/count", "/settings/texts"):
        assert staff.get(path).status_code == 404


def test_two_misread_wishes_are_lifted_with_the_second(ana: Ana, staff: Browser, shop: Shop) -> None:
    ana.says("Leave me alone with that drill, haha")
    ana.says("wrong number of teeth, haha")
    first, second = (row[0] for row in shop.sql("SELECT id FROM inbound_messages ORDER BY created_at"))
    staff.post(f"{ana.path}/reviews/{first}", meant="other")
    assert ana.opted_out, "the other may be meant"
    staff.post(f"{ana.path}/reviews/{second}", meant="other")
    assert not ana.opted_out


def test_a_review_takes_its_locks_as_the_next_text_does(
    ana: Ana, staff: Browser, shop: Shop, statements: list[str]
) -> None:
    ana.says("please stop texting me")
    [(inbound,)] = shop.sql("SELECT id FROM inbound_messages")
    statements.clear()
    staff.post(f"{ana.path}/reviews/{inbound}", meant="other")
    conversation = next(n for n, asked in enumerate(statements) if "conversations" in asked and "FOR UPDATE" in asked)
    number = next(n for n, asked in enumerate(statements) if "nexapp_lift_misread_stop" in asked)
    assert conversation < number


def test_what_the_business_wrote_outlives_a_text_that_was_not_for_it(
    ana: Ana, shop: Shop, staff: Browser, app: Any, owner_sql: Sql
) -> None:
    elsewhere = Shop(app, owner_sql, name="Elsewhere")
    answer(staff, ana, "See you on Monday.")
    ana.says("Yes to the other one")
    shop.sql("UPDATE inbound_messages SET org_id = %s", elsewhere.org_id)
    assert shop.sql("SELECT last_body, last_by FROM conversations WHERE org_id = %s", shop.org_id) == [
        ("See you on Monday.", "business")
    ]


def test_an_older_text_that_comes_over_is_not_the_latest(
    ana: Ana, shop: Shop, staff: Browser, app: Any, owner_sql: Sql
) -> None:
    elsewhere = Shop(app, owner_sql, name="Elsewhere")
    ana.says("First")
    ana.says("Second")
    for body in ("Second", "First"):
        shop.sql("UPDATE inbound_messages SET org_id = %s WHERE body = %s", elsewhere.org_id, body)
    assert shop.sql("SELECT last_body, unread FROM conversations") == [("Second", 2)]


def test_a_ready_answer_that_says_nothing_to_somebody_is_left_out(ana: Ana, shop: Shop, staff: Browser) -> None:
    manager = shop.browser(Role.MANAGER)
    manager.post("/settings/replies", title="Name", body="{{first_name}}")
    assert ">Name</a>" in staff.get(ana.path).get_data(as_text=True)
    shop.sql("UPDATE consumer_profiles SET name = ''")
    assert ">Name</a>" not in staff.get(ana.path).get_data(as_text=True)
    assert manager.post("/settings/replies", title="Long", body="{{business}}" * 40).status_code == 422


@pytest.mark.parametrize("made_of", ["claimed", "declined", "joined", "asked_which", "too_late"])
def test_what_was_made_of_a_text_is_said(ana: Ana, shop: Shop, staff: Browser, made_of: str) -> None:
    ana.says("Well")
    shop.sql("UPDATE inbound_messages SET handled_as = %s, needs_review = false", made_of)
    said = {
        "claimed": "yes, I take it", "declined": "Read as: no", "joined": "yes to the waiting list",
        "asked_which": "we asked which", "too_late": "they were told so",
    }  # fmt: skip
    assert said[made_of] in words(staff.get(ana.path))


def test_a_count_that_is_none_is_no_count(ana: Ana, staff: Browser, shop: Shop) -> None:
    assert answer(staff, ana, "Yes!", seen="9" * 5000).status_code == 200
    saved = shop.browser(Role.MANAGER).post("/settings/texts/reminder", body="{{time}}", seen="9" * 5000, then="save")
    assert saved.status_code == 409
