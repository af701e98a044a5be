"""Files of prospects: checked before anything happens, run, told, and taken back."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask

from nexapp.sales import prospects as cases
from nexapp.sales.importing.jobs import check_prospects_part, run_prospects_part, undo_prospects_part
from nexapp.spine.db import db
from nexapp.spine.jobs.runner import drain_ledger
from nexapp.spine.tenancy import Role
from tests.blackbox import eventually
from tests.importing.importer import Importer
from tests.people import words
from tests.sales.prospects_team import Team

HEADERS = "Name,Company,Email,Phone,Value\n"
ANA = 'Ana Ruiz,Ruiz Ltd,ana@example.com,(312) 555-0123,"$1,200.50"\n'


class ProspectImporter(Importer):
    address = "/prospects/imports"

    def fields(self, address: str, chosen: dict[str, str]) -> dict[str, str]:
        """The guessed columns, and what was chosen."""
        return self.guessed(address) | chosen

    def guessed(self, address: str) -> dict[str, str]:
        page = self.browser.page(address)
        fields = {"on_known": "update", "owner_id": "", "stage_id": _chosen(page, "stage_id")}
        for name in set(re.findall(r'name="(columns-\d+)"', page)):
            fields[name] = _chosen(page, name)
        return fields


def _chosen(page: str, name: str) -> str:
    select = re.search(rf'<select[^>]*name="{name}"[^>]*>(.*?)</select>', page, re.S)
    assert select, name
    options = re.findall(r"<option( selected)? value=\"([^\"]*)\"", select[1])
    return next((value for selected, value in options if selected), options[0][1])


@pytest.fixture
def team(app: Flask, owner_sql: Any) -> Team:
    return Team(app, owner_sql)


@pytest.fixture
def importer(team: Team, run_jobs: Callable[[], None]) -> ProspectImporter:
    return ProspectImporter(team.browser(Role.MANAGER), run_jobs)


def prospects(team: Team) -> list[Any]:
    return team.sql("SELECT name, company, email, phone, value_cents FROM prospects ORDER BY name, email")


def test_columns_are_guessed_and_a_check_changes_nothing(team: Team, importer: Importer) -> None:
    address = importer.upload(HEADERS + ANA).location
    guessed = importer.guessed(address)
    assert [guessed[f"columns-{n}"] for n in range(5)] == ["name", "company", "email", "phone", "value"]
    importer.browser.post(f"{address}/mapping", **guessed)
    importer.run_jobs()
    assert importer.counts(address) == {"Added": 1, "Updated": 0, "There already": 0, "Skipped": 0}
    assert prospects(team) == []
    assert "Import 1 prospect" in importer.browser.page(address)


def test_a_run_adds_what_the_check_said(team: Team, importer: Importer) -> None:
    address = importer.run(HEADERS + ANA)
    assert prospects(team) == [("Ana Ruiz", "Ruiz Ltd", "ana@example.com", "+13125550123", 120050)]
    assert importer.counts(address)["Added"] == 1
    prospect_id = team.value("SELECT id FROM prospects")
    page = importer.browser.page(f"/prospects/{prospect_id}")
    assert "Added by a file" in page
    assert "people.csv" in page
    assert "Ana Ruiz" in importer.browser.page("/prospects", **{"import": address.rpartition("/")[2]})
    assert importer.browser.post(f"{address}/run").status_code == 409


def test_the_author_is_told_once_when_it_ends(team: Team, importer: Importer) -> None:
    address = importer.run(HEADERS + ANA)
    rows = team.sql("SELECT user_id, type, message, action_url FROM notifications")
    assert [(row[0], row[1], row[3]) for row in rows] == [(importer.browser.user_id, "scan_complete", address)]
    assert "1 prospect was added" in rows[0][2]


def test_what_others_make_of_new_prospects_holds_no_file_up(team: Team, importer: Importer, app: Flask) -> None:
    importer.run(HEADERS + ANA)
    assert team.value("SELECT scored_at FROM prospects") is None
    for _turn in range(2):
        with app.app_context():
            drain_ledger("slow", lambda: False)
    assert team.value("SELECT scored_at FROM prospects") is not None
    jobs = team.sql("SELECT status FROM background_jobs WHERE name = 'prospects_added_by_file'")
    assert jobs == [("succeeded",)]


def test_a_chosen_mapping_is_remembered(team: Team, importer: Importer) -> None:
    odd = "Wer,Wohin\nAna,ana@example.com\n"
    importer.check(odd, **{"columns-0": "name", "columns-1": "email"})
    guessed = importer.guessed(importer.upload(odd).location)
    assert (guessed["columns-0"], guessed["columns-1"]) == ("name", "email")


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        (",,,,", None),
        (",,,(312) 555-0123,", "Neither a name nor a company"),
        ("Ana,,ana@,,", "no e-mail address"),
        ("Ana,,,12,", "no phone number"),
        ("Ana,,,,lots", "no amount"),
        ("Ana,,,,-5", "no amount"),
        (f"{'x' * 121},,,,", "more than 120 characters"),
        (f"Ana,{'x' * 121},,,", "more characters than"),
    ],
)
def test_rows_that_cannot_be_used_are_said_and_given_back(
    team: Team, importer: Importer, row: str, reason: str | None
) -> None:
    address = importer.check(HEADERS + f"{row}\n" + ANA)
    counts = importer.counts(address)
    assert (counts["Added"], counts["Skipped"]) == (1, 1 if reason else 0)
    if reason:
        assert reason in importer.browser.page(address)
        file = importer.browser.get(f"{address}/skipped.csv").get_data(as_text=True)
        lines = file.lstrip("\ufeff").splitlines()
        assert lines[0] == "Name,Company,Email,Phone,Value,Reason"
        assert len(lines) == 2
        assert reason in lines[1]


def test_a_file_repeats_nobody_whichever_part_they_stand_in(team: Team, importer: Importer) -> None:
    rows = [f"Person {n},,p{n}@example.com,,\n" for n in range(1200)]
    rows[1100] = "Again,,P7@Example.com,,\n"
    rows[3] = "Also again,,p7@example.com,,\n"
    address = importer.check(HEADERS + "".join(rows))
    assert importer.counts(address) == {"Added": 1198, "Updated": 0, "There already": 0, "Skipped": 2}


def test_two_rows_about_one_prospect_are_one(team: Team, importer: Importer) -> None:
    team.prospect("Ana", email="ana@example.com", phone="+13125550123")
    rows = "A,,ana@example.com,,\nB,,,(312) 555-0123,\n"
    address = importer.check(HEADERS + rows)
    assert importer.counts(address) == {"Added": 0, "Updated": 1, "There already": 0, "Skipped": 1}


@pytest.mark.parametrize(
    ("on_known", "counts", "names"),
    [
        ("update", (0, 1, 0), {"Ana Ruiz"}),
        ("keep", (0, 0, 1), {"Old name"}),
        ("add", (1, 0, 0), {"Ana Ruiz", "Old name"}),
    ],
)
@pytest.mark.parametrize("known_by", [{"email": "ANA@example.com"}, {"phone": "+13125550123"}])
def test_who_is_known_already_is_treated_as_chosen(
    team: Team,
    importer: Importer,
    on_known: str,
    counts: tuple[int, ...],
    names: set[str],
    known_by: dict[str, str],
) -> None:
    team.prospect("Old name", stage="Proposal", **known_by)
    team.sql("INSERT INTO prospects (id, org_id, name, stage_id, email, deleted_at) SELECT gen_random_uuid(), org_id,"
             " 'In the trash', stage_id, 'ana@example.com', now() FROM prospects")  # fmt: skip
    address = importer.run(HEADERS + ANA, on_known=on_known)
    said = importer.counts(address)
    assert (said["Added"], said["Updated"], said["There already"]) == counts
    found = team.sql("SELECT name FROM prospects WHERE deleted_at IS NULL")
    assert {name for (name,) in found} == names


def test_stages_and_owners_are_found_by_name(team: Team, importer: Importer) -> None:
    rep = team.member(Role.STAFF, "Ray Cole")
    gone = team.member(Role.STAFF, "Gone")
    team.leave(gone)
    rows = "Name,Stage,Owner\nAna,proposal,ray cole\nBen,,\nEve,Elsewhere,\nIda,,Gone\n"
    default = {"owner_id": str(importer.browser.user_id), "stage_id": str(team.stages["Qualified"])}
    address = importer.run(rows, **default)
    found = team.sql(
        "SELECT p.name, s.name, p.owner_id FROM prospects p JOIN prospect_stages s ON s.id = p.stage_id ORDER BY p.name"
    )
    assert found == [("Ana", "Proposal", rep), ("Ben", "Qualified", importer.browser.user_id)]
    page = importer.browser.page(address)
    assert "No stage has that name" in page
    assert "Nobody on the team has that name" in page


def test_an_undo_removes_and_restores_field_by_field(team: Team, importer: Importer) -> None:
    known = team.prospect("Old name", company="Old Ltd", email="ana@example.com", value_cents=500)
    address = importer.run(HEADERS + ANA + "Ben,,ben@example.com,,\nEve,,eve@example.com,,\n")
    assert team.row(known, "name", "company", "value_cents") == ("Ana Ruiz", "Ruiz Ltd", 120050)
    worked_on = team.value("SELECT id FROM prospects WHERE email = 'eve@example.com'")
    importer.browser.post(f"/prospects/{worked_on}/notes", body="Called her")
    importer.browser.post(f"/prospects/{known}", name="Ana Ruiz", company="Newest Ltd", email="ana@example.com",
                          phone="(312) 555-0123", value="1200.50")  # fmt: skip
    page = importer.undo(address)
    assert "1 prospect was removed." in page
    assert "1 prospect stays: somebody has worked on it since." in page
    assert "1 prospect was changed since" in page
    assert team.row(known, "name", "company", "phone", "value_cents") == ("Old name", "Newest Ltd", None, 500)
    assert {row[0] for row in prospects(team)} == {"Old name", "Eve"}
    assert importer.browser.post(f"{address}/undo").status_code == 409


def test_scores_follow_a_file_and_its_undo(team: Team, importer: Importer, app: Flask) -> None:
    known = team.prospect("Ana", email="ana@example.com")
    address = importer.run(HEADERS + ANA)
    with app.app_context():
        drain_ledger("slow", lambda: False)
    parts = team.row(known, "score_parts")
    assert parts["fit"] > 0
    importer.undo(address)
    assert team.row(known, "score_parts")["fit"] < parts["fit"]
    story = importer.browser.page(f"/prospects/{known}")
    assert "Changed by a file" in story
    assert "The file's changes taken back" in story


def test_an_undo_gives_back_what_stood_there_when_it_was_overwritten(
    team: Team, importer: Importer, acting: Any
) -> None:
    """Somebody changes a prospect while a part is being written: the part waits, and knows of it."""
    known = team.prospect("Old name", email="ana@example.com")
    address = importer.check(HEADERS + ANA)
    importer.browser.post(f"{address}/run")
    run = team.value("SELECT run FROM prospect_imports")
    actor = importer.browser.actor

    def write() -> None:
        with acting(actor):
            run_prospects_part(address.rpartition("/")[2], run, 0)

    worker = threading.Thread(target=write)
    with acting(actor):
        cases.lock_prospect(known).name = "Newer name"
        db.session.flush()
        worker.start()
        eventually(lambda: team.sql("SELECT 1 FROM pg_locks WHERE NOT granted"), 60, "the part waits")
    worker.join(60)
    assert team.row(known, "name") == "Ana Ruiz"
    importer.undo(address)
    assert team.row(known, "name") == "Newer name"


def test_a_stage_that_was_taken_away_meanwhile_gets_nobody(team: Team, importer: Importer) -> None:
    address = importer.check("Name,Stage\nAna,Proposal\nBen,Qualified\n")
    gone = team.stages["Proposal"]
    team.sql("UPDATE prospect_stages SET archived_at = now() WHERE id = %s", gone)
    importer.browser.post(f"{address}/run")
    importer.run_jobs()
    found = team.sql("SELECT s.name FROM prospects p JOIN prospect_stages s ON s.id = p.stage_id ORDER BY p.name")
    assert found == [("New",), ("Qualified",)]


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        ("ANA@Example.com", "ana@example.com"), ("ana+x@gro\u00df.example", "ana+x@gross.example"),
        ("first.o'neil@sub-domain.example.co.uk", "first.o'neil@sub-domain.example.co.uk"),
        ("gro\u00df@example.com", None), ("mailto:ana@example.com", None), ("a..b@example.com", None),
        ("ana@-example.com", None), ("ana@example", None), (f"{'a' * 65}@example.com", None),
    ],
)  # fmt: skip
def test_addresses_are_read_as_the_forms_read_them(
    team: Team, importer: Importer, written: str, kept: str | None
) -> None:
    importer.run(f"Name,Email\nAna,{written}\nBen,\n")
    found = team.sql("SELECT email FROM prospects WHERE name = 'Ana'")
    assert found == ([(kept,)] if kept else [])


def test_a_name_that_nobody_sees_is_none(team: Team, importer: Importer) -> None:
    address = importer.run("Name,Phone\n\u200b,(312) 555-0123\nBen,\n")
    assert [row[0] for row in prospects(team)] == ["Ben"]
    assert "Neither a name nor a company" in importer.browser.page(address)


def test_what_changes_nothing_is_told_in_words(team: Team, importer: Importer) -> None:
    team.prospect("Ana Ruiz", email="ana@example.com")
    importer.run(HEADERS + ANA, on_known="keep")
    assert team.value("SELECT message FROM notifications") == "Nothing was changed."


def test_formulas_stay_text(team: Team, importer: Importer) -> None:
    address = importer.run('Name,Email\n"=HYPERLINK(""http://x"")",ana@example.com\n"\'=1+1",ben@\n')
    assert prospects(team)[0][0] == '=HYPERLINK("http://x")'
    file = importer.browser.get(f"{address}/skipped.csv").get_data(as_text=True)
    assert "'=1+1" in file


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_encodings_and_delimiters(team: Team, importer: Importer, encoding: str, delimiter: str) -> None:
    content = f"Name{delimiter}Company\nZoë Müller{delimiter}Bücher\nBen{delimiter}Böll\n"
    importer.run(content.encode(encoding))
    assert {row[0] for row in prospects(team)} == {"Zoë Müller", "Ben"}


@pytest.mark.parametrize(
    "content", [b"", b"\n\n", b"Name,Email\n", b"PK\x03\x04zip", b"%PDF-1.7", b'Name\n"never closed']
)
def test_what_is_no_list_is_refused_in_words(team: Team, importer: Importer, content: bytes) -> None:
    answer = importer.upload(content)
    if answer.status_code == 303:  # one row whose quotation mark is the file's end
        assert b"never" in content
        return
    assert answer.status_code == 422
    assert "Error:" in words(answer)
    assert team.value("SELECT count(*) FROM prospect_imports") == 0


def test_a_mapping_without_names_or_with_one_twice_is_refused(team: Team, importer: Importer) -> None:
    address = importer.upload(HEADERS + ANA).location
    for columns, sentence in (
        ({"columns-3": "phone"}, "Say which column has the name"),
        ({"columns-0": "name", "columns-1": "name"}, "Two columns mean"),
        ({"columns-0": "nonsense"}, "Say which column has the name"),
    ):
        chosen = {f"columns-{n}": "" for n in range(5)} | {"on_known": "update", "owner_id": ""} | columns
        answer = importer.browser.post(f"{address}/mapping", stage_id=str(team.stages["New"]), **chosen)
        assert answer.status_code == 422
        assert sentence in words(answer)


def test_a_job_that_runs_twice_works_once(team: Team, importer: Importer, acting: Any) -> None:
    rows = "".join(f"Person {n},,p{n}@example.com,,\n" for n in range(1500))
    address = importer.check(HEADERS + rows)
    import_id = address.rpartition("/")[2]
    importer.browser.post(f"{address}/run")
    run = team.value("SELECT run FROM prospect_imports")
    actor = importer.browser.actor
    for _turn in range(2):
        with acting(actor):
            run_prospects_part(import_id, run, 0)
    assert team.value("SELECT count(*) FROM prospects") == 1000
    with acting(actor):
        check_prospects_part(import_id, run, 1)
        undo_prospects_part(import_id, run, 1)
        run_prospects_part(import_id, run - 1, 1)
    importer.run_jobs()
    assert team.value("SELECT count(*) FROM prospects") == 1500
    assert importer.counts(address)["Added"] == 1500
    assert team.value("SELECT count(*) FROM notifications") == 1


class Killed(BaseException):
    """As a worker ends that is killed: nothing it did stands."""


def run_and_die(acting: Any, actor: Any, import_id: str, run: int) -> None:
    with acting(actor):
        run_prospects_part(import_id, run, 0)
        raise Killed


def test_a_killed_worker_leaves_whole_parts(team: Team, importer: Importer, acting: Any) -> None:
    rows = "".join(f"Person {n},,p{n}@example.com,,\n" for n in range(1500))
    address = importer.check(HEADERS + rows)
    import_id = address.rpartition("/")[2]
    importer.browser.post(f"{address}/run")
    run = team.value("SELECT run FROM prospect_imports")
    with pytest.raises(Killed):
        run_and_die(acting, importer.browser.actor, import_id, run)
    assert team.value("SELECT count(*) FROM prospects") == 0
    importer.run_jobs()
    assert team.value("SELECT count(*) FROM prospects") == 1500


def test_a_part_costs_the_same_statements_however_many_rows(
    team: Team, importer: Importer, acting: Any, statements: list[str]
) -> None:
    counts = []
    for people in (10, 900):
        rows = "".join(f"Person {n},,p{people}-{n}@example.com,,\n" for n in range(people))
        address = importer.check(HEADERS + rows)
        importer.browser.post(f"{address}/run")
        import_id = address.rpartition("/")[2]
        run = team.value("SELECT run FROM prospect_imports WHERE id = %s", import_id)
        with acting(importer.browser.actor):
            statements.clear()
            run_prospects_part(import_id, run, 0)
            counts.append(len(statements))
    assert counts[0] == counts[1]


@pytest.mark.parametrize(("role", "status"), [(Role.VIEWER, 403), (Role.STAFF, 403), (Role.MANAGER, 200)])
def test_managers_import(team: Team, role: Role, status: int) -> None:
    browser = team.browser(role)
    assert browser.get("/prospects/imports").status_code == status
    assert ("/prospects/imports" in browser.page("/prospects")) == (status == 200)


def test_another_teams_file_is_not_found(team: Team, importer: Importer, app: Flask, owner_sql: Any) -> None:
    address = importer.check(HEADERS + ANA)
    stranger = Team(app, owner_sql, name="Elsewhere").browser()
    assert stranger.get(address).status_code == 404
    for step in ("mapping", "run", "undo", "removal"):
        assert stranger.post(f"{address}/{step}").status_code == 404
    assert stranger.get(f"{address}/skipped.csv").status_code == 404


def test_a_file_that_never_ran_is_forgotten(team: Team, importer: Importer) -> None:
    address = importer.check(HEADERS + ANA)
    assert importer.browser.post(f"{address}/removal").status_code == 303
    assert importer.browser.get(address).status_code == 404
    assert team.value("SELECT count(*) FROM prospect_import_parts") == 0
