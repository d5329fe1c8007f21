"""What a visit makes of what the doorbell told: who edited, and what was asked for in the menu."""

from datetime import timedelta

import pytest

from partnerdesk.domain.doorbell import (
    EXPLAIN_ROW,
    FORGOTTEN_AFTER,
    HEARD,
    HEARTBEAT,
    REPAIR_TAB,
    RING,
    Hearing,
    Span,
)
from partnerdesk.domain.record import Workbook
from tests.builders import NOON

ANA = "ana@vendor.example"
DESK = Workbook.DESK


@pytest.fixture
def issued(console):
    trial = console.desk.ask()
    console.settle()
    console.who = ANA
    return console.desk.trial(trial.ref)


def hearing(console):
    return Hearing.of(console.desk.ledger.snapshots(DESK))


def row_of(console, title, ref):
    at = console.index(title, ref)
    return Span(at, 0, at + 1, 3)


def test_who_edited_is_told_even_to_a_process_that_knows_nothing(console, issued):
    console.type("Licences", issued.licence, Action="Resend")
    console.forget()
    console.visit()

    assert console.row("Licences", issued.licence)["Result"] == f"✓ 12:00 Sent again ({ANA})"


def test_a_report_that_waited_too_long_names_nobody(console, issued):
    console.type("Licences", issued.licence, Action="Resend")
    console.desk.clock.at += FORGOTTEN_AFTER
    console.visit()

    result = console.row("Licences", issued.licence)["Result"]
    assert result == "✓ 12:02 Sent again (person not reported)"


def test_what_was_told_is_gone_after_the_visit_and_only_when_stays(console, issued):
    console.type("Licences", issued.licence, Action="Resend")
    assert RING in {mark.kind for mark in console.desk.ledger.take(DESK)}
    console.settle()
    console.desk.clock.advance(minutes=10)
    console.ring("Licences", HEARTBEAT)
    console.settle()

    assert console.desk.ledger.stale() == ()
    assert hearing(console).edited_at == NOON
    assert hearing(console).heard_at == NOON + timedelta(minutes=10)
    heard = console.desk.ledger.snapshots(DESK)[RING, HEARD]
    assert ANA not in str(heard)


def test_a_visit_that_fails_leaves_what_was_told_for_the_next(console, issued):
    console.type("Licences", issued.licence, Action="Resend")
    console.sheets.fail_at = {len(console.sheets.calls) + 1: "before"}
    console.sheets.failure = RuntimeError()
    with pytest.raises(RuntimeError):
        console.visit()
    console.sheets.fail_at = {}
    console.visit()

    assert console.row("Licences", issued.licence)["Result"] == f"✓ 12:00 Sent again ({ANA})"


@pytest.mark.usefixtures("issued")
def test_a_heartbeat_is_one_idle_visit(console):
    console.ring("Licences", HEARTBEAT)
    before = len(console.sheets.calls)
    console.visit()

    assert console.sheets.calls[before:] == ["read"]


def test_repair_compares_that_tab_at_once(console, issued):
    for title, ref in (("Licences", issued.licence), ("Trials", issued.ref)):
        at = console.grid(title)[0].index("Status")
        console.put(title, console.index(title, ref), at, "Gone")
    console.visit()
    assert console.row("Licences", issued.licence)["Status"] == "Gone"

    console.ring("Licences", REPAIR_TAB)
    console.visit()

    assert console.row("Licences", issued.licence)["Status"] == "Active"
    assert console.row("Licences", issued.licence)["Result"] == "Service columns were restored"
    assert console.row("Trials", issued.ref)["Status"] == "Gone"


@pytest.mark.usefixtures("issued")
def test_repair_puts_a_heading_back(console):
    at = console.place("Licences").columns["seats"]
    heading = console.grid("Licences")[0][at]
    console.put("Licences", 0, at, "Chairs")
    console.ring("Licences", REPAIR_TAB)
    console.visit()

    assert console.grid("Licences")[0][at] == heading


def test_a_row_explains_itself_to_whoever_asks(console, issued):
    console.ring("Licences", EXPLAIN_ROW, row_of(console, "Licences", issued.licence))
    console.visit()

    assert console.row("Licences", issued.licence)["Result"] == (
        "» 12:00 Active. Waiting for Nobody; next reminder on 18 Dec 2026. "
        "Possible now: Resend. "
        "Last: Mail trial.licence handed over, 25 Nov 2026 12:00 UTC (The desk)."
    )


def test_only_the_row_that_was_asked_about_explains_itself(console, issued):
    console.ring("Trials", EXPLAIN_ROW, Span(40, 0, 41, 1))
    console.visit()

    assert console.row("Trials", issued.ref)["Result"] == ""
    assert console.desk.ledger.stale() == ()


def test_an_explanation_never_hides_what_a_step_came_to(console, issued):
    console.ring("Licences", EXPLAIN_ROW, row_of(console, "Licences", issued.licence))
    console.type("Licences", issued.licence, Action="Resend")
    console.visit()

    assert console.row("Licences", issued.licence)["Result"] == f"✓ 12:00 Sent again ({ANA})"


@pytest.mark.usefixtures("issued")
def test_a_step_that_waits_for_confirm_still_does_after_it_was_explained(console):
    repeat = console.desk.ask(key="again")
    console.settle()
    console.type("Trials", repeat.ref, Action="Allow another trial", Reason="They grew.")
    console.visit()
    console.ring("Trials", EXPLAIN_ROW, row_of(console, "Trials", repeat.ref))
    console.visit()
    told = console.row("Trials", repeat.ref)
    assert told["Result"].endswith("Read Preview, then tick Confirm.")
    assert told["Preview"].startswith("Would allow another trial")

    console.type("Trials", repeat.ref, Confirm=True)
    console.visit()
    result = console.row("Trials", repeat.ref)["Result"]
    assert result == f"✓ 12:00 Another trial allowed ({ANA})"
