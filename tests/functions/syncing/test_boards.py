"""What the Summary tells, and when it is written."""

from datetime import timedelta

import pytest

from console.schema import quoted
from console.tabs import boards_of
from partnerdesk.domain.doorbell import NOWHERE, REPAIR_TAB, Ring
from partnerdesk.domain.record import Workbook
from partnerdesk.domain.screening import Outcome
from tests.builders import NOON
from tests.workbooks import UNTIL


def lines(console, workbook=Workbook.DESK, name="summary") -> list[list]:
    """Return the rows of a board, the heading first."""
    (board,) = [it for it in boards_of(workbook) if it.name == name]
    title = console.services.memory.places[workbook][board.key].title
    (block,) = console.client.read(workbook, [quoted(title)], until=UNTIL)
    return [[*row, "", "", ""][:3] for row in block]


def section(console, title, workbook=Workbook.DESK) -> dict:
    """Return the lines below a title as words -> number."""
    rows = lines(console, workbook)
    start = [row[0] for row in rows].index(title) + 1
    told = {}
    for what, number, _ in rows[start:]:
        if not what:
            break
        told[what] = number
    return told


def health(console, workbook=Workbook.DESK) -> str:
    return lines(console, workbook)[1][0]


@pytest.fixture
def issued(console):
    trial = console.desk.ask()
    console.settle()
    return console.desk.trial(trial.ref)


@pytest.mark.usefixtures("issued")
def test_the_summary_counts_what_the_tabs_show(console):
    console.desk.ask(organisation="Acme again", company="Acme again")
    console.settle()

    assert section(console, "Trials by status") == {
        "Received": 0,
        "Prepared": 0,
        "Issued": 1,
        "Held by Compliance": 0,
        "Refused": 1,
    }
    assert section(console, "Licences by status")["Active"] == 1
    assert section(console, "Trial clock of 5 minutes") == {
        "Answered in time": 2,
        "Answered late": 0,
        "Hit rate in percent": 100,
    }
    weeks = section(console, "Trials by week, from Monday")
    assert list(weeks.items())[-2:] == [("16 Nov", 0), ("23 Nov", 2)]


def test_a_request_that_waits_is_counted_as_overdue(console):
    """Rule SLA-4: hit rates are published per clock."""
    console.desk.ask()
    console.visit()
    clock = "Open trials and licences by their clock"
    assert section(console, clock)["Open, in time"] == 1
    console.desk.clock.advance(minutes=66)
    console.visit()

    assert section(console, clock)["Open, in time"] == 0
    assert section(console, clock)["Overdue by less than a day"] == 1

    console.settle()

    assert section(console, clock)["Overdue by less than a day"] == 0
    assert section(console, "Trial clock of 5 minutes") == {
        "Answered in time": 0,
        "Answered late": 1,
        "Hit rate in percent": 0,
    }


def test_compliance_sees_its_oldest_case(console):
    console.desk.judged(Outcome.REVIEW, reasons=("Resembles a listed name.",))
    console.desk.ask()
    console.settle()
    console.desk.clock.advance(days=3)
    console.settle()

    rows = lines(console, Workbook.COMPLIANCE)

    assert ["Days open", 3, "Acme Ltd, since 25 Nov 2026"] in rows
    assert section(console, "Screening cases by status", Workbook.COMPLIANCE)["Open"] == 1


def test_the_age_of_the_lists_is_told_where_it_is_known(console):
    console.with_services(lists=lambda: {"SDN": NOON - timedelta(days=3)})
    console.desk.ask()
    console.settle()

    assert health(console).endswith("list age 3 days")


def test_the_health_line_says_what_is_known(console):
    """sheets.md C4."""
    console.desk.clock.advance(minutes=10)
    console.visit()

    assert health(console) == (
        "Last sync 12:10:00 UTC, live edits not set up, picked up every minute, "
        "waiting rows 0, parked 0, Google calls 4 of 50, list age unknown"
    )
    assert lines(console)[1][2].startswith("Is the last sync older than 10 minutes?")


@pytest.mark.usefixtures("issued")
def test_a_quiet_summary_is_written_every_five_minutes_and_no_more_often(console):
    console.sheets.calls.clear()
    for _ in range(11):
        console.desk.clock.advance(minutes=1)
        console.visit()

    assert console.sheets.calls.count("write") == 2


@pytest.mark.usefixtures("issued")
def test_counting_reads_nothing_more(console):
    """robustness.md C2.9: no scan, and sheets.md C5: one read a visit."""
    console.desk.ask(domain="beech.example", email="b@beech.example")
    console.sheets.calls.clear()
    console.visit()

    assert console.sheets.calls == ["read", "write"]
    assert section(console, "Trials by status")["Received"] == 1


def test_what_another_process_wrote_is_counted(console, issued):
    """A visit trusts what it remembers of a row only as long as `_rev` says the same."""
    console.desk.ask(organisation="Acme again", company="Acme again")
    remembered = console.services.memory
    console.forget()
    console.settle()
    console.with_services(memory=remembered)
    console.desk.clock.advance(minutes=6)
    console.visit()

    assert section(console, "Trials by status")["Refused"] == 1
    assert section(console, "Trials by status")["Issued"] == 1
    assert issued.licence


def test_a_copied_row_counts_once(console, issued):
    console.copy_row("Trials", issued.ref, 5)
    console.visit()
    console.desk.clock.advance(minutes=6)
    console.visit()

    assert section(console, "Trials by status")["Issued"] == 1


def test_a_summary_that_somebody_wrecked_is_whole_again(console, issued):
    place = console.services.memory.places[Workbook.DESK]["board.summary"]
    before = lines(console)
    span = {"sheetId": place.sheet_id, "dimension": "ROWS", "startIndex": 2, "endIndex": 9}
    console.do("Trials", {"deleteDimension": {"range": span}})
    console.type("Trials", issued.ref, Notes="x")
    console.desk.clock.advance(minutes=11)
    console.visit()
    console.visit()

    assert lines(console)[2:] == before[2:]


def test_a_heading_of_the_summary_that_was_typed_over_is_put_back(console):
    place = console.services.memory.places[Workbook.DESK]["board.summary"]
    start = {"sheetId": place.sheet_id, "rowIndex": 0, "columnIndex": 1}
    typed = [{"values": [{"userEnteredValue": {"stringValue": "Figures"}}]}]
    change = {"start": start, "rows": typed, "fields": "userEnteredValue"}
    console.do("Trials", {"updateCells": change})
    console.visit()

    assert lines(console)[0] == ["Summary", "Number", "More"]


def test_sending_a_licence_again_changes_no_clock(console, issued):
    """The first mail stops the clock of a request (rules.md 16)."""
    console.desk.clock.advance(days=1)
    console.type("Licences", issued.licence, Action="Resend")
    console.settle()

    assert console.desk.trial(issued.ref).mailed_at == NOON + timedelta(days=1)
    assert section(console, "Trial clock of 5 minutes")["Answered in time"] == 1


def test_help_is_put_right_where_staff_ask_for_it(console):
    place = console.services.memory.places[Workbook.DESK]["board.help"]
    start = {"sheetId": place.sheet_id, "rowIndex": 2, "columnIndex": 1}
    typed = [{"values": [{"userEnteredValue": {"stringValue": "Do as you please"}}]}]
    change = {"start": start, "rows": typed, "fields": "userEnteredValue"}
    console.do("Trials", {"updateCells": change})
    ring = Ring(REPAIR_TAB, place.sheet_id, NOWHERE, "ana@vendor.example", console.desk.now())
    console.desk.ledger.add([ring.mark(Workbook.DESK, "1")])
    console.visit()

    assert lines(console, name="help")[2][1].startswith("Action lists what is possible")


# The log


def test_activity_keeps_the_last_five_thousand_events(console):
    """sheets.md C2."""
    place = console.place("Activity")
    old = [{"values": [{"userEnteredValue": {"stringValue": f"OLD-{n}@1"}}]} for n in range(4_998)]
    fill = {"sheetId": place.sheet_id, "rows": old, "fields": "userEnteredValue"}
    console.do("Activity", {"appendCells": fill})
    trial = console.desk.ask()
    console.settle()

    ids = [row[0] for row in console.grid("Activity")[1:]]
    assert len(ids) == 5_000
    assert "OLD-0@1" not in ids
    assert ids[-1].startswith(trial.ref)
    console.desk.ask(domain="beech.example", email="b@beech.example")
    console.settle()
    assert len(console.grid("Activity")) == 1 + 5_000


# The switch


@pytest.fixture
def careful(console, issued):
    """A desk whose staff want to see a preview of every step."""
    switch(console, on=True)
    return issued


def switch(console, *, on, row=1):
    place = console.services.memory.places[Workbook.DESK]["board.summary"]
    start = {
        "sheetId": place.sheet_id,
        "rowIndex": row,
        "columnIndex": place.columns["preview_all"],
    }
    ticked = [{"values": [{"userEnteredValue": {"boolValue": on}}]}]
    change = {"start": start, "rows": ticked, "fields": "userEnteredValue"}
    console.do("Trials", {"updateCells": change})


def test_with_the_switch_on_an_ordinary_step_is_previewed_first(console, careful):
    """sheets.md C4.4."""
    console.type("Licences", careful.licence, Action="Resend")
    console.settle()

    row = console.row("Licences", careful.licence)
    assert row["Preview"] == "Would resend: mail to ada@acme.example."
    assert row["Result"] == "? Read Preview, then tick Confirm."
    assert len(console.desk.sent(careful.ref)) == 1

    console.type("Licences", careful.licence, Confirm=True)
    console.settle()

    assert len(console.desk.sent(careful.ref)) == 2
    assert console.row("Licences", careful.licence)["Result"].startswith("✓ 12:00 Sent again")


def test_with_the_switch_off_again_it_is_done_at_once(console, careful):
    switch(console, on=False)
    console.type("Licences", careful.licence, Action="Resend")
    console.settle()

    assert len(console.desk.sent(careful.ref)) == 2


def test_the_switch_is_read_by_a_process_that_knows_nothing(console, careful):
    console.type("Licences", careful.licence, Action="Resend")
    console.forget()
    console.settle()

    assert len(console.desk.sent(careful.ref)) == 1


def test_the_switch_stays_on_when_its_row_moves_and_when_the_summary_is_written(console, careful):
    place = console.services.memory.places[Workbook.DESK]["board.summary"]
    span = {"sheetId": place.sheet_id, "dimension": "ROWS", "startIndex": 1, "endIndex": 2}
    console.do("Trials", {"insertDimension": {"range": span}})
    console.desk.clock.advance(minutes=6)
    console.visit()
    console.type("Licences", careful.licence, Action="Resend")
    console.settle()

    assert len(console.desk.sent(careful.ref)) == 1


def test_the_other_workbook_has_a_switch_of_its_own(console, careful):
    assert careful.licence
    place = console.services.memory.places[Workbook.COMPLIANCE]["board.summary"]
    column = chr(ord("A") + place.columns["preview_all"])
    (block,) = console.client.read(
        Workbook.COMPLIANCE, [f"Summary!{column}2:{column}2"], until=UNTIL
    )

    assert not block


def test_reading_the_switch_costs_no_call(console, careful):
    assert careful.licence
    console.visit()
    console.sheets.calls.clear()
    console.visit()

    assert console.sheets.calls == ["read"]
