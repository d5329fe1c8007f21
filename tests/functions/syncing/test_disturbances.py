"""Whatever people do to the rows: each record keeps one row, its staff cells, and one effect."""

from dataclasses import replace
from datetime import timedelta

import pytest

from partnerdesk.domain.licence import Licence
from partnerdesk.domain.person import Person
from partnerdesk.domain.record import Workbook
from partnerdesk.domain.trial import TrialState
from tests.builders import kept
from tests.workbooks import BY_TITLE, TABS

NAME = 1


@pytest.fixture
def three(console):
    """Three trials of three organisations, each with a note of the staff's."""
    refs = []
    for name in ("Alder", "Beech", "Cedar"):
        domain = f"{name.lower()}.example"
        trial = console.desk.ask(
            organisation=name, company=name, domain=domain, email=f"a@{domain}"
        )
        refs.append(trial.ref)
    console.settle()
    for ref, name in zip(refs, ("Alder", "Beech", "Cedar"), strict=True):
        console.type("Trials", ref, Notes=f"about {name}", Owner=name)
    console.visit()
    return refs


def move_on(console, ref, **parts):
    """Let a record change, so that its row must be written anew."""
    return kept(console.desk.ledger, replace(console.desk.trial(ref), **parts))


def is_true_to_the_ledger(console, refs) -> bool:
    names = {ref: console.desk.trial(ref).organisation for ref in refs}
    rows = [row for row in console.rows("Trials") if row["ID"] in refs]
    assert len(rows) == len(refs)
    for row in rows:
        assert row["Name"] == names[row["ID"]]
        assert row["City"] == console.desk.trial(row["ID"]).city
        assert row["_rev"].startswith(f"{row['ID']}@{console.desk.trial(row['ID']).version}.")
    return True


def has_its_notes(console, refs) -> bool:
    told = {row["ID"]: row["Notes"] for row in console.rows("Trials")}
    return [told[ref] for ref in refs] == ["about Alder", "about Beech", "about Cedar"]


def sort_by_name(console, _refs):
    console.sort("Trials", NAME)


def insert_above(console, _refs):
    console.insert_rows("Trials", 1, 3)


def insert_between(console, _refs):
    console.insert_rows("Trials", 2, 2)


def delete_one(console, refs):
    console.delete_row("Trials", refs[1])


def empty_an_id(console, refs):
    console.put("Trials", console.index("Trials", refs[0]), 0, "")


def change_an_id(console, refs):
    console.put("Trials", console.index("Trials", refs[0]), 0, "TRL-1999-000001")


def paste_over_a_rev(console, refs):
    at = console.index("Trials", refs[0])
    console.put("Trials", at, console.place("Trials").columns["_rev"], "pasted")


def exchange_two_revs(console, refs):
    """Make column A and `_rev` disagree, both known."""
    rev = console.place("Trials").columns["_rev"]
    first, second = (console.row("Trials", ref)["_rev"] for ref in refs[:2])
    console.put("Trials", console.index("Trials", refs[0]), rev, second)
    console.put("Trials", console.index("Trials", refs[1]), rev, first)


def move_a_column(console, _refs):
    """Put the staff's Notes before Contact."""
    at = console.place("Trials").columns
    span = {
        "sheetId": console.place("Trials").sheet_id,
        "dimension": "COLUMNS",
        "startIndex": at["notes"],
        "endIndex": at["notes"] + 1,
    }
    target = at["contact.name"]
    console.do("Trials", {"moveDimension": {"source": span, "destinationIndex": target}})


def insert_a_column(console, _refs):
    span = {
        "sheetId": console.place("Trials").sheet_id,
        "dimension": "COLUMNS",
        "startIndex": 3,
        "endIndex": 4,
    }
    console.do("Trials", {"insertDimension": {"range": span}})


def rename_the_tab(console, _refs):
    properties = {"sheetId": console.place("Trials").sheet_id, "title": "Ana's / list: 100%?"}
    console.do("Trials", {"updateSheetProperties": {"properties": properties, "fields": "title"}})


def rename_a_heading(console, _refs=()):
    console.put("Trials", 0, 2, "State of affairs")


EDITS = (
    sort_by_name,
    insert_above,
    insert_between,
    delete_one,
    empty_an_id,
    change_an_id,
    paste_over_a_rev,
    exchange_two_revs,
    move_a_column,
    insert_a_column,
    rename_the_tab,
    rename_a_heading,
)


@pytest.mark.parametrize("edit", EDITS)
def test_after_any_disturbance_the_sheet_heals(console, three, edit):
    """sheets.md C8."""
    edit(console, three)
    for ref in three:
        move_on(console, ref, city="Hamburg")
    console.settle()

    assert is_true_to_the_ledger(console, three)
    assert has_its_notes(console, three)


@pytest.mark.parametrize("edit", EDITS)
@pytest.mark.parametrize("call", [1, 2])
def test_a_disturbance_between_our_calls_heals_too(console, three, edit, call):
    """sheets.md A2: nothing guards the gap between a read and a write."""
    for ref in three:
        move_on(console, ref, city="Hamburg")
    console.sheets.calls.clear()
    console.sheets.between = {call: lambda: edit(console, three)}
    console.settle()
    console.forget()
    console.settle()

    assert is_true_to_the_ledger(console, three)
    assert has_its_notes(console, three)


def test_a_chosen_step_travels_with_its_row(console, three):
    licence = console.desk.trial(three[2]).licence
    console.type("Licences", licence, Action="Resend")
    console.sort("Licences", NAME)
    console.settle()

    assert [len(console.desk.sent(ref)) for ref in three] == [1, 1, 2]
    assert console.row("Licences", licence)["Result"].startswith("✓ 12:00 Sent again")


def test_a_sort_between_look_and_write_never_answers_in_another_row(console, three):
    licence = console.desk.trial(three[0]).licence
    console.type("Licences", licence, Action="Resend")
    console.sheets.calls.clear()
    console.sheets.between = {3: lambda: console.sort("Licences", NAME)}
    console.settle()

    told = {row["ID"]: row["Result"] for row in console.rows("Licences")}
    assert told.pop(licence).startswith("✓")
    assert set(told.values()) == {""}
    assert [len(console.desk.sent(ref)) for ref in three] == [2, 1, 1]


def test_a_deleted_row_of_an_open_record_comes_back_with_its_staff_cells(console, three):
    console.delete_row("Trials", three[0])
    console.settle()

    row = console.row("Trials", three[0])
    assert row["Result"] == "Restored: records are closed, not deleted"
    assert (row["Notes"], row["Owner"]) == ("about Alder", "Alder")
    assert console.rows("Trials")[-1]["ID"] == three[0]


def test_a_deleted_row_of_a_record_closed_long_ago_stays_away(console, three):
    console.desk.clock.at += timedelta(days=31)
    console.delete_row("Trials", three[0])
    console.settle()

    assert three[0] not in [row["ID"] for row in console.rows("Trials")]
    assert console.rows("Activity")[-1]["What"] == "Row removed from the sheet"


def test_a_row_that_stays_away_comes_back_when_its_record_opens_again(console):
    first = console.desk.ask()
    console.settle()
    second = console.desk.ask(organisation="Acme again")
    console.settle()
    console.desk.clock.at += timedelta(days=31)
    console.delete_row("Trials", second.ref)
    console.settle()
    assert [row["ID"] for row in console.rows("Trials")] == [first.ref]

    move_on(console, second.ref, state=TrialState.RECEIVED, refusal_rule="")
    console.settle()
    console.delete_row("Trials", second.ref)
    console.settle()

    assert console.row("Trials", second.ref)["Result"].startswith("Restored")


def test_of_a_copied_row_neither_is_processed(console, three):
    licence = console.desk.trial(three[0]).licence
    console.copy_row("Licences", licence, to=6)
    console.put("Licences", 6, console.place("Licences").columns["action"], "Resend")
    console.settle()

    twins = [row for row in console.rows("Licences") if row["ID"] == licence]
    assert [row["Result"] for row in twins] == [f"Two rows carry {licence}: delete one"] * 2
    assert len(console.desk.sent(three[0])) == 1

    console.rows_request("Licences", "deleteDimension", 6, 7)
    console.settle()

    assert console.row("Licences", licence)["Result"] == ""
    assert console.row("Licences", licence)["_rev"].startswith(f"{licence}@")


@pytest.mark.usefixtures("three")
def test_a_row_that_staff_typed_is_explained_and_left(console):
    console.put("Trials", 8, 1, "Our new customer")
    console.put("Trials", 8, console.place("Trials").columns["notes"], "please add")
    console.settle()
    before = len(console.sheets.calls)
    console.visit()

    typed = console.grid("Trials")[8]
    assert typed[1] == "Our new customer"
    assert "This tab takes no new rows; use the trial form." in typed
    assert console.sheets.calls[before:] == ["read"]


def test_a_stray_row_is_emptied(console, three):
    """A `_rev` without ID whose record is shown elsewhere, and nothing of the staff's."""
    place = console.place("Trials")
    console.put("Trials", 8, place.columns["_rev"], console.row("Trials", three[0])["_rev"])
    console.put("Trials", 8, place.columns["status"], "Issued")
    console.settle()

    assert not any(console.grid("Trials")[8:])


def test_pasted_service_cells_are_put_right_and_said_so(console, three):
    status = console.place("Trials").columns["status"]
    console.put("Trials", console.index("Trials", three[1]), status, "Gone")
    console.desk.clock.advance(hours=1)
    console.settle()

    row = console.row("Trials", three[1])
    assert row["Status"] == "Issued"
    assert row["Result"] == "Service columns were restored"
    assert console.row("Trials", three[0])["Result"] == ""


def test_a_row_that_was_undone_whole_is_written_anew(console, three):
    """An undo that brings every cell back, `_rev` too, leaves nothing that contradicts itself."""
    at, columns = console.index("Trials", three[0]), console.place("Trials").columns
    before = console.grid("Trials")[at]
    move_on(console, three[0], city="Hamburg")
    console.settle()
    for name in ("city", "updated_by", "_rev"):
        console.put("Trials", at, columns[name], before[columns[name]])
    console.desk.clock.advance(hours=1)
    console.settle()

    assert is_true_to_the_ledger(console, three)


@pytest.mark.usefixtures("three")
def test_pasted_events_are_put_right(console):
    console.put("Activity", 1, 5, "Nothing happened")
    console.desk.clock.advance(hours=1)
    console.settle()

    assert "Nothing happened" not in str(console.grid("Activity"))


def test_the_word_typed_over_a_heading_is_kept_in_its_note(console):
    rename_a_heading(console)
    console.settle()

    assert console.grid("Trials")[0][2] == "Status"
    book = console.client.describe(Workbook.DESK, until=console.desk.now() + timedelta(days=1))
    (trials,) = [it for it in book["sheets"] if it["properties"]["title"] == "Trials"]
    assert "State of affairs" in trials["data"][0]["rowData"][0]["values"][2]["note"]


def test_columns_of_the_staff_are_never_touched(console, three):
    place = console.place("Trials")
    own = max(place.columns.values()) + 1
    console.put("Trials", 0, own, "My sum")
    at = console.index("Trials", three[0])
    console.put("Trials", at, own, "=1+1")
    insert_a_column(console, three)
    console.put("Trials", at, 3, "between")
    move_on(console, three[0], city="Hamburg")
    console.settle()

    row = console.grid("Trials")[console.index("Trials", three[0])]
    assert row[3] == "between"
    assert row[own + 1] == "=1+1"


def test_a_deleted_tab_is_built_again_from_ledger_and_snapshots(console, three):
    sheet = console.place("Trials").sheet_id
    console.do("Trials", {"deleteSheet": {"sheetId": sheet}})
    console.settle()

    assert is_true_to_the_ledger(console, three)
    assert has_its_notes(console, three)


def test_an_erased_person_leaves_the_row_and_empty_cells(console, three):
    """robustness.md B4: erasing a person breaks nothing."""
    licence = console.desk.ledger.get(Licence, console.desk.trial(three[0]).licence)
    who = console.desk.ledger.get(Person, licence.contact)
    kept(console.desk.ledger, replace(who, name="", email=""))
    move_on(console, three[0], city="Hamburg")
    console.settle()

    row = console.row("Trials", three[0])
    assert (row["Contact"], row["E-mail"], row["City"]) == ("", "", "Hamburg")


@pytest.mark.usefixtures("three")
def test_every_tab_of_a_settled_desk_needs_no_request(console):
    console.forget()
    console.sheets.calls.clear()
    console.visit()
    console.visit(Workbook.COMPLIANCE)

    # The one write is the Summary's, which a process that knows nothing tells anew.
    assert console.sheets.calls == ["describe", "read", "write"] * 2
    assert {tab.title for tab in TABS} == set(BY_TITLE)
