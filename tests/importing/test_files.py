"""Whole files of people: exact counts, nothing half-done, and back again."""

from __future__ import annotations

import csv
import io
import re
from typing import Any

from nexapp.spine.clock import now
from nexapp.spine.ids import new_id
from tests.importing.importer import Importer
from tests.slots.merchant_world import Shop

HEAD = "Name,Phone\n"
MIXED = HEAD + "".join(
    [
        "Ana Ruiz,(212) 555-0123\n",
        "Ben,+1 646 555 0101\n",
        "\n",
        "Cy,12\n",
        "Ana again,212-555-0123\n",
        ",,\n",
        "Dee,\n",
        f"{'n' * 81},(212) 555-0124\n",
        "Known,(212) 555-0130\n",
        "New Name,(212) 555-0131\n",
        "Silent,(212) 555-0132\n",
        "Gone,(212) 555-0133\n",
    ]
)
COUNTS = {"Added": 2, "Updated": 1, "There already": 1, "Skipped": 6}


def arrange(shop: Shop) -> None:
    shop.person("Known", phone="+12125550130")
    shop.person("Old Name", phone="+12125550131")
    shop.person("Silent", phone="+12125550132", opted_out_at="2026-01-01Z")
    shop.person("Gone", phone="+12125550133", status="left")


def people(shop: Shop) -> dict[str, tuple[str, str]]:
    rows = shop.sql(
        "SELECT c.phone, p.name, r.status FROM notify_requests r JOIN consumers c ON c.id = r.consumer_id"
        " JOIN consumer_profiles p ON p.org_id = r.org_id AND p.consumer_id = r.consumer_id WHERE r.org_id = %s",
        shop.org_id,
    )
    return {phone: (name, status) for phone, name, status in rows}


def test_the_preview_is_exact_and_changes_nothing(shop: Shop, importer: Importer) -> None:
    arrange(shop)
    before = people(shop)
    address = importer.check(MIXED)
    assert importer.counts(address) == COUNTS
    assert people(shop) == before
    page = importer.browser.page(address)
    for words in ("The number can't be texted: 1", "stands further up in the file: 1", "No number: 1", "Row 3:"):
        assert words in page


def test_the_run_does_what_the_preview_said(shop: Shop, importer: Importer) -> None:
    arrange(shop)
    address = importer.run(MIXED)
    assert importer.counts(address) == COUNTS
    found = people(shop)
    assert found["+12125550123"] == ("Ana Ruiz", "invited")
    assert found["+12125550131"] == ("New Name", "active")
    assert (found["+12125550132"][1], found["+12125550133"][1]) == ("active", "left")
    assert len(found) == 6
    importer.run_jobs()
    assert {phone for phone, _body, _status in shop.texts("invitation")} == {"+12125550123", "+16465550101"}
    assert shop.sql("SELECT count(*) FROM consents WHERE source <> 'public_page'") == [(0,)]


def test_a_file_that_comes_twice_adds_nobody_twice(shop: Shop, importer: Importer) -> None:
    first = importer.run(HEAD + "Ana,(212) 555-0123\nBen,(646) 555-0101\n")
    again = importer.run(HEAD + "Ana,(212) 555-0123\nBen,(646) 555-0101\n")
    assert importer.counts(first)["Added"] == 2
    assert importer.counts(again) == {"Added": 0, "Updated": 0, "There already": 2, "Skipped": 0}
    importer.run_jobs()
    assert len(shop.texts("invitation")) == 2


def test_the_list_as_it_is_counts_when_the_file_runs(shop: Shop, importer: Importer) -> None:
    address = importer.check(HEAD + "Ana,(212) 555-0123\nBen,(646) 555-0101\n")
    shop.person("Ana herself", phone="+12125550123")
    importer.browser.post(f"{address}/run")
    importer.browser.post(f"{address}/run")
    importer.run_jobs()
    assert importer.counts(address) == {"Added": 1, "Updated": 1, "There already": 0, "Skipped": 0}


def test_skipped_rows_come_back_in_the_files_columns(shop: Shop, importer: Importer) -> None:
    content = 'Name;Phone;Notes\nAna;12;"=HYPERLINK(""http://x"")"\nBen;(646) 555-0101;+fine\n'
    address = importer.run(content, **{"columns-0": "name", "columns-1": "phone", "columns-2": "", "source": "s"})
    answer = importer.browser.get(f"{address}/skipped.csv")
    assert answer.headers["Content-Disposition"] == 'attachment; filename="skipped-rows.csv"'
    rows = list(csv.reader(io.StringIO(answer.get_data().decode("utf-8-sig")), delimiter=";"))
    assert rows == [
        ["Name", "Phone", "Notes", "Reason"],
        ["Ana", "12", '\'=HYPERLINK("http://x")', "The number can't be texted"],
    ]
    mended = answer.get_data().replace(b"12", b"(212) 555-0123")
    again = importer.run(mended, **{"columns-0": "name", "columns-1": "phone", "source": "s"})
    assert importer.counts(again)["Added"] == 1


def test_undo_takes_back_what_nobody_answered(shop: Shop, importer: Importer) -> None:
    shop.person("Old Name", phone="+12125550131")
    before = people(shop)
    address = importer.run(HEAD + "Ana,(212) 555-0123\nBen,(646) 555-0101\nNew Name,(212) 555-0131\n")
    shop.sql("UPDATE messages SET status = 'sent', attempts = 1 WHERE to_phone = '+16465550101'")
    assert importer.browser.post(f"{address}/undo").status_code == 303
    importer.run_jobs()
    page = importer.browser.page(address)
    for words in ("1 person was removed", "1 person was taken off", "1 person is as before"):
        assert words in page
    assert people(shop) == {**before, "+16465550101": ("Ben", "left")}
    assert importer.browser.post(f"{address}/undo").status_code == 409


def test_undo_leaves_those_who_answered_and_those_changed_since(shop: Shop, importer: Importer) -> None:
    shop.person("Old Name", phone="+12125550131")
    address = importer.run(HEAD + "Ana,(212) 555-0123\nNew Name,(212) 555-0131\n")
    shop.sql("UPDATE notify_requests SET status = 'active' WHERE status = 'invited'")
    shop.sql("UPDATE notify_requests SET updated_at = updated_at + interval '1 second' WHERE source <> 'import'")
    importer.browser.post(f"{address}/undo")
    importer.run_jobs()
    page = importer.browser.page(address)
    assert "1 person stays as they are" in page
    assert "1 person was changed since" in page
    assert people(shop) == {"+12125550123": ("Ana", "active"), "+12125550131": ("New Name", "active")}


def test_the_mapping_is_guessed_and_remembered(shop: Shop, importer: Importer) -> None:
    def chosen(content: str) -> list[str]:
        page = importer.browser.page(importer.upload(content).location)
        return re.findall(r'<option selected value="([^"]*)"', page)

    assert chosen("Full Name,Cell Phone #,Shoe size\nAna,(212) 555-0123,7\n") == ["name", "phone", ""]
    odd = {"columns-0": "phone", "columns-1": "name", "source": "s"}
    importer.check("Ring,Wer\n(212) 555-0123,Ana\n", **odd)
    assert chosen("Wer,Ring,E-Mail\nBen,(646) 555-0101,b@example.com\n") == ["name", "phone", "email"]


def test_a_mapping_that_cannot_be_is_refused(shop: Shop, importer: Importer) -> None:
    address = importer.upload(HEAD + "Ana,(212) 555-0123\n").location
    for mapping, sentence in (
        ({"columns-0": "name", "columns-1": "", "source": "s"}, "Say which column has the mobile number."),
        ({"columns-0": "phone", "columns-1": "phone", "source": "s"}, "Two columns mean"),
        ({"columns-0": "name", "columns-1": "phone"}, "Say how they asked for it"),
        ({"columns-0": "name", "columns-²": "phone", "source": "s"}, "Say which column has the mobile number."),
    ):
        answer = importer.browser.post(f"{address}/mapping", **mapping)
        assert answer.status_code == 422
        assert sentence in answer.get_data(as_text=True)
    assert shop.value("SELECT status FROM list_imports") == "uploaded"
    # What a file doesn't have can't be named, or the next file of the same business would look for it.
    stray = {"columns-0": "name", "columns-1": "", "columns-2": "phone", "source": "s"}
    assert importer.browser.post(f"{address}/mapping", **stray).status_code == 422
    assert importer.browser.post(f"{address}/run").status_code == 409
    assert importer.browser.post(f"{address}/removal").status_code == 303
    assert shop.value("SELECT count(*) FROM list_import_parts") == 0


def test_values_beside_the_number_are_read_or_refused(shop: Shop, importer: Importer) -> None:
    content = (
        "Phone,First,Last,Mail,With,Minutes,Until,Since\n"
        "(212) 555-0123,Ana,Ruiz,ANA@example.com,dr. smith,45,12/31/2026,2026-01-15\n"
        "(212) 555-0124,B,,not mail,,,,\n"
        "(212) 555-0125,C,,,Nobody,,,\n"
        "(212) 555-0126,D,,,,4,,\n"
        "(212) 555-0127,E,,,,,01/31/2020,\n"
        "(212) 555-0128,F,,,,,31/31/2026,\n"
        "(212) 555-0129,G,,,,,,2099-01-01\n"
    )
    fields = ("phone", "first_name", "last_name", "email", "staff", "minutes", "until", "since")
    address = importer.run(content, **{f"columns-{n}": name for n, name in enumerate(fields)}, source="s")
    assert importer.counts(address) == {"Added": 1, "Updated": 0, "There already": 0, "Skipped": 6}
    [row] = shop.sql(
        "SELECT p.name, p.email, r.minutes_needed, r.ends_on::text, r.staff_member_id, r.created_at::date::text,"
        " r.time_range FROM notify_requests r JOIN consumer_profiles p USING (org_id, consumer_id)"
    )
    assert row == ("Ana Ruiz", "ana@example.com", 45, "2026-12-31", shop.staff_id, "2026-01-15", "dates")


def test_the_export_comes_back_as_it_left(shop: Shop, importer: Importer) -> None:
    shop.person("=cmd|' /C calc'!A0", phone="+12125550123")
    shop.person('Zoë, the "2nd"', phone="+442071838750")
    content = importer.browser.get("/waiting-list/export.csv").get_data()
    rows = list(csv.reader(io.StringIO(content.decode("utf-8-sig"))))
    assert rows[1][:3] == ["'=cmd|' /C calc'!A0", "(212) 555-0123", "active"]
    assert rows[2][1].startswith("'+44")
    assert importer.counts(importer.run(content)) == {"Added": 0, "Updated": 0, "There already": 2, "Skipped": 0}


def test_other_businesses_and_lesser_roles_see_nothing(
    shop: Shop, other_shop: Shop, importer: Importer, run_jobs: Any
) -> None:
    from nexapp.spine.tenancy import Role

    address = importer.check(HEAD + "Ana,(212) 555-0123\n")
    stranger, staff = other_shop.browser(), shop.browser(Role.STAFF)
    for path in ("", "/skipped.csv"):
        assert stranger.get(address + path).status_code == 404
        assert staff.get(address + path).status_code == 403
    for path in ("/mapping", "/run", "/undo", "/removal"):
        assert stranger.post(address + path, **{"columns-0": "phone", "source": "s"}).status_code == 404
    assert staff.get("/waiting-list/export.csv").status_code == 403
    assert shop.value("SELECT status FROM list_imports") == "checked"


def test_what_would_be_skipped_can_be_read_before_the_run(shop: Shop, importer: Importer) -> None:
    arrange(shop)
    address = importer.check(MIXED)
    skipped = importer.browser.get(f"{address}/skipped.csv").get_data().decode("utf-8-sig")
    assert len(skipped.splitlines()) - 1 == importer.counts(address)["Skipped"]
    for reason in ("The number takes no texts", "They left the list by themselves", "stands further up"):
        assert reason in skipped


def test_numbers_are_forgotten_once_the_file_is_checked(shop: Shop, importer: Importer) -> None:
    address = importer.check(HEAD + "Ana,(212) 555-0123\nAna,(212) 555-0123\n")
    assert importer.counts(address)["Skipped"] == 1
    assert shop.value("SELECT count(*) FROM list_import_numbers") == 0


def test_a_file_whose_rows_are_gone_cannot_be_run(shop: Shop, importer: Importer) -> None:
    address = importer.check(HEAD + "Ana,(212) 555-0123\n")
    shop.sql("DELETE FROM list_import_parts")
    for step in ("run", "mapping"):
        answer = importer.browser.post(
            f"{address}/{step}", **{"columns-0": "name", "columns-1": "phone", "source": "s"}
        )
        assert answer.status_code == 409
        assert "no longer kept" in answer.get_data(as_text=True)
    assert shop.value("SELECT status FROM list_imports") == "checked"


def test_undo_leaves_whom_somebody_changed_wrote_to_us_or_was_booked(shop: Shop, importer: Importer) -> None:
    phones = [f"+1212555014{number}" for number in range(4)]
    address = importer.run(HEAD + "".join(f"Person,{phone}\n" for phone in phones))
    changed, wrote, booked, talked = (
        shop.sql("SELECT r.id, c.id FROM notify_requests r JOIN consumers c ON c.id = r.consumer_id"
                 " WHERE c.phone = %s", phone)[0]
        for phone in phones
    )  # fmt: skip
    fields = {"name": "Ana Ruiz", "time_range": "any", "minutes_needed": "45"}
    assert importer.browser.post(f"/waiting-list/{changed[0]}/preferences", **fields).status_code == 303
    shop.insert(
        "inbound_messages", id=new_id(), org_id=shop.org_id, consumer_id=wrote[1], provider_sid="SM1",
        from_phone=phones[1], to_phone="+15005550006", body="Who is this?", handled_as="other",
    )  # fmt: skip
    shop.slot(status="booked", booked_consumer_id=booked[1], booked_name="Ben", booked_at=now())
    # Somebody takes care of a conversation that nobody has begun.
    owner = str(importer.browser.actor.user_id)
    assert importer.browser.post(f"/inbox/{talked[1]}/assignment", user_id=owner).status_code == 303
    importer.browser.post(f"{address}/undo")
    importer.run_jobs()
    page = importer.browser.page(address)
    assert "3 people stay as they are" in page
    assert "1 person was removed" in page
    assert {phone for phone, (_name, status) in people(shop).items() if status == "invited"} == set(phones[:3])


def test_undo_takes_texts_back_that_wait_to_be_sent_again(shop: Shop, importer: Importer) -> None:
    address = importer.run(HEAD + "Ana,(212) 555-0123\n")
    shop.sql("UPDATE messages SET status = 'sending', attempts = 1, lease_until = now() + interval '1 hour'")
    importer.browser.post(f"{address}/undo")
    importer.run_jobs()
    assert shop.value("SELECT expires_at <= now() FROM messages"), "an attempt under way is the last"
    assert "1 person was taken off" in importer.browser.page(address)
