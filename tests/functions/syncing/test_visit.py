"""What staff see, and what comes of what they do."""

from dataclasses import replace
from datetime import timedelta

import pytest

from console.schema import QueueTab, cell_value
from partnerdesk.domain.licence import Licence
from partnerdesk.domain.record import Workbook
from partnerdesk.domain.screening import Outcome
from partnerdesk.domain.screening_case import CaseState, ScreeningCase
from partnerdesk.domain.trial import TrialRequest, TrialState
from partnerdesk.usecases.park_message import park_message
from partnerdesk.usecases.turn_licences import turn_licences
from syncing.work import steps
from tests.builders import NOON, kept
from tests.workbooks import BY_TITLE, TABS

REASON = "They asked us on the phone."


@pytest.fixture
def issued(console):
    """A trial whose licence was mailed, and its rows."""
    trial = console.desk.ask()
    console.settle()
    return console.desk.trial(trial.ref)


@pytest.fixture
def repeat(console, issued):
    """A second request of the same organisation: refused as a repeat."""
    assert issued.licence
    trial = console.desk.ask(organisation="Acme again", company="Acme again")
    console.settle()
    return console.desk.trial(trial.ref)


@pytest.fixture
def held(console):
    """A trial that screening holds, and its case."""
    console.desk.judged(Outcome.REVIEW, reasons=("Resembles a listed name.",))
    trial = console.desk.ask()
    console.settle()
    return console.desk.trial(trial.ref)


def mailed(console, ref) -> int:
    return len(console.desk.sent(ref))


def test_every_declared_action_does_something_and_nothing_else_is_done(console):
    """Architecture law 3: dropdown, dispatch and guide read one table."""
    declared = {
        (tab.key, action.label)
        for tab in TABS
        if isinstance(tab, QueueTab)
        for action in tab.actions
    }

    assert steps(console.services).keys() == declared


# What is shown


def test_a_trial_and_its_licence_appear_as_rows(console, issued):
    row = console.row("Trials", issued.ref)

    assert row["Name"] == "Acme Ltd"
    assert row["Status"] == "Issued"
    assert row["Waiting for"] == "Nobody"
    assert row["Region/Country"] == "Germany"
    assert row["E-mail"] == "ada@acme.example"
    assert row["Users"] == 60
    assert row["Updated by"] == "The desk"
    licence = console.row("Licences", issued.licence)
    assert licence["Status"] == "Active"
    assert licence["Users"] == 125_000
    assert licence["Waiting for"] == "Nobody; next reminder on 18 Dec 2026"


def test_numbers_and_instants_arrive_typed(console, issued):
    """sheets.md A3: dates are days since 30 December 1899."""
    row = console.row("Trials", issued.ref)

    assert row["Received"] == 46351.5
    assert row["Received"] == cell_value(NOON)


def test_what_looks_like_a_formula_arrives_as_text(console):
    """sheets.md A3: partner text is never parsed."""
    trial = console.desk.ask(organisation='=IMPORTXML("http://evil.example","//a")', city="+1-2")
    console.settle()

    row = console.row("Trials", trial.ref)

    assert row["Name"] == '=IMPORTXML("http://evil.example","//a")'
    assert row["City"] == "+1-2"


def test_every_event_is_one_row_of_activity(console, issued):
    rows = [row for row in console.rows("Activity") if row["Record"] == issued.ref]

    assert [row["What"] for row in rows] == [
        "Trial requested",
        "Screened",
        "Licence issued",
        "Mail trial licence handed over",
    ]
    assert [row["How"] for row in rows] == ["Web form", "By itself", "By itself", "By itself"]


def test_partner_managers_see_only_that_compliance_holds_a_request(console, held):
    """Rule SCR-7 and sheets.md C2: no list, name, score or outcome outside Compliance."""
    row = console.row("Trials", held.ref)

    assert row["Status"] == "Held by Compliance"
    assert row["Waiting for"] == "Compliance: their decision, since 25 Nov 2026"
    seen = str([console.rows("Trials"), console.rows("Activity"), console.rows("Licences")])
    for secret in ("Resembles", "REVIEW", "Review", "SCR-2", "OFAC", held.case):
        assert secret not in seen


def test_compliance_sees_why(console, held):
    row = console.row("Screening cases", held.case)

    assert row["Status"] == "Open"
    assert row["Outcome"] == "Review"
    assert row["Why"] == "Resembles a listed name."
    assert row["Record"] == held.ref
    assert row["Waiting for"] == "Compliance: clear or confirm, since 25 Nov 2026"
    assert row["Flag"] == ""
    assert row["Due"] == cell_value(console.desk.ledger.get(ScreeningCase, held.case).due_at)


def test_no_licence_file_and_no_secret_is_in_any_cell(console, issued):
    text = str([console.grid(tab.title) for tab in TABS])

    assert console.desk.links.status_url(issued.ref, issued.contact) not in text
    assert issued.status_token not in text
    assert console.desk.ledger.get(Licence, issued.licence).file_sha256 not in text


@pytest.mark.usefixtures("issued")
def test_a_quiet_visit_is_one_read_and_no_write(console):
    before = len(console.sheets.calls)

    console.visit()

    assert console.sheets.calls[before:] == ["read"]


# Ordinary steps


def test_an_action_is_done_cleared_and_answered_in_the_row(console, issued):
    console.who = "ana@vendor.example"
    console.type("Licences", issued.licence, Action="Resend", Reason="Lost it")
    console.settle()

    row = console.row("Licences", issued.licence)

    assert mailed(console, issued.ref) == 2
    assert (row["Action"], row["Reason"]) == ("", "")
    assert row["Result"] == "✓ 12:00 Sent again (ana@vendor.example)"
    assert row["Updated by"] == "The desk"
    told = [row for row in console.rows("Activity") if row["What"] == "Licence sent again"]
    assert [row["Who"] for row in told] == ["ana@vendor.example"]


def test_who_acted_is_never_guessed(console, issued):
    console.type("Licences", issued.licence, Action="Resend")
    console.visit()

    row = console.row("Licences", issued.licence)

    assert row["Result"] == "✓ 12:00 Sent again (person not reported)"
    assert row["Updated by"] == "edited in sheet (person not reported)"


def test_the_same_step_can_be_chosen_again(console, issued):
    for _ in range(3):
        console.type("Licences", issued.licence, Action="Resend")
        console.settle()

    assert mailed(console, issued.ref) == 4


def test_an_action_is_done_once_however_often_it_is_seen(console, issued):
    console.type("Licences", issued.licence, Action="Resend")
    console.settle()
    for _ in range(3):
        console.visit()

    assert mailed(console, issued.ref) == 2


def test_what_is_no_step_is_put_back_with_a_note(console, issued):
    console.type("Licences", issued.licence, Action="Delete everything")
    console.visit()

    row = console.row("Licences", issued.licence)
    assert row["Action"] == ""
    assert row["Result"] == (
        "✗ 12:00 Not done: Delete everything is not a step. Possible now: Resend."
    )
    assert note_of(console, "Licences", issued.licence).startswith("Delete everything is not a")

    console.type("Licences", issued.licence, Action="Resend")
    console.settle()

    assert note_of(console, "Licences", issued.licence) == ""
    assert mailed(console, issued.ref) == 2


def note_of(console, title, ref) -> str:
    tab, at = BY_TITLE[title], console.index(title, ref)
    cell = f"{console.column_letter(title, 'action')}{at + 1}"
    book = console.books[tab.workbook]
    answer = console.client.http.request(
        "get",
        f"https://sheets.googleapis.com/v4/spreadsheets/{book}",
        params={
            "ranges": f"{title}!{cell}",
            "fields": "sheets.data.rowData.values.note",
            "includeGridData": "true",
        },
    ).json()
    data = answer["sheets"][0]["data"][0]
    return data["rowData"][0]["values"][0].get("note", "") if data.get("rowData") else ""


def test_a_step_that_is_not_possible_now_says_so(console, issued):
    console.type("Trials", issued.ref, Action="Allow another trial")
    console.visit()

    assert console.row("Trials", issued.ref)["Result"] == (
        "✗ 12:00 Not done: Allow another trial is not possible now. No step is possible now."
    )
    assert console.desk.trial(issued.ref).state is TrialState.ISSUED


def test_notes_and_owner_are_remembered_and_left_alone(console, issued):
    console.type("Trials", issued.ref, Owner="Ana", Notes="Called them, =SUM(A1) is no formula.")
    console.visit()
    before = len(console.sheets.calls)
    console.visit()

    row = console.row("Trials", issued.ref)
    assert (row["Owner"], row["Notes"]) == ("Ana", "Called them, =SUM(A1) is no formula.")
    assert console.sheets.calls[before:] == ["read"]


# Dangerous steps


def test_a_dangerous_step_shows_a_preview_and_waits(console, repeat):
    console.type("Trials", repeat.ref, Action="Allow another trial", Reason=REASON)
    console.visit()

    row = console.row("Trials", repeat.ref)
    assert row["Action"] == "Allow another trial"
    assert row["Preview"] == (
        f"Would allow another trial: {repeat.ref} becomes Received; then it is screened again."
    )
    assert row["Result"] == "? Read Preview, then tick Confirm."
    assert console.desk.trial(repeat.ref).state is TrialState.REFUSED


def test_it_is_done_when_confirm_is_ticked_after_the_preview(console, repeat):
    console.who = "ana@vendor.example"
    console.type("Trials", repeat.ref, Action="Allow another trial", Reason=REASON)
    console.visit()
    console.type("Trials", repeat.ref, Confirm=True)
    console.visit()

    row = console.row("Trials", repeat.ref)
    assert (row["Action"], row["Confirm"], row["Reason"]) == ("", False, "")
    assert row["Preview"] == ""
    assert row["Result"] == "✓ 12:00 Another trial allowed (ana@vendor.example)"
    console.settle()
    assert console.row("Trials", repeat.ref)["Status"] == "Issued"


def test_action_and_confirm_pasted_together_never_run(console, repeat):
    console.type("Trials", repeat.ref, Action="Allow another trial", Confirm=True, Reason=REASON)
    for _ in range(3):
        console.visit()

    row = console.row("Trials", repeat.ref)
    assert console.desk.trial(repeat.ref).state is TrialState.REFUSED
    assert row["Confirm"] is False
    assert row["Result"].startswith("? Read Preview")


def test_a_tick_set_before_the_preview_is_written_does_not_count(console, repeat):
    """sheets.md C4.3: the tick must follow what the person could read."""
    console.type("Trials", repeat.ref, Action="Allow another trial", Reason=REASON)
    console.sheets.calls.clear()
    # The tick comes between our second look and the write of the preview.
    console.sheets.between = {3: lambda: console.type("Trials", repeat.ref, Confirm=True)}
    console.visit()
    console.visit()

    assert console.desk.trial(repeat.ref).state is TrialState.REFUSED
    assert console.row("Trials", repeat.ref)["Confirm"] is False


def test_a_record_that_changed_since_the_preview_is_previewed_again(console, repeat):
    console.type("Trials", repeat.ref, Action="Allow another trial", Reason=REASON)
    console.visit()
    kept(console.desk.ledger, replace(console.desk.trial(repeat.ref), city="Hamburg"))
    console.type("Trials", repeat.ref, Confirm=True)
    console.visit()

    row = console.row("Trials", repeat.ref)
    assert console.desk.trial(repeat.ref).state is TrialState.REFUSED
    assert (row["Confirm"], row["Result"]) == (False, "? Read Preview, then tick Confirm.")

    console.type("Trials", repeat.ref, Confirm=True)
    console.settle()

    assert console.desk.trial(repeat.ref).state is TrialState.ISSUED


def test_a_dangerous_step_needs_a_reason(console, repeat):
    console.type("Trials", repeat.ref, Action="Allow another trial")
    console.visit()
    assert console.row("Trials", repeat.ref)["Result"] == (
        "? Read Preview, write a Reason, then tick Confirm."
    )
    console.type("Trials", repeat.ref, Confirm=True)
    console.visit()

    row = console.row("Trials", repeat.ref)
    assert row["Result"] == "? Write a Reason, then tick Confirm again."
    assert row["Confirm"] is False
    assert console.desk.trial(repeat.ref).state is TrialState.REFUSED

    console.type("Trials", repeat.ref, Confirm=True, Reason=REASON)
    console.settle()

    assert console.desk.trial(repeat.ref).state is TrialState.ISSUED


def test_a_step_can_be_taken_back_before_confirm(console, repeat):
    console.type("Trials", repeat.ref, Action="Allow another trial", Reason=REASON)
    console.visit()
    console.type("Trials", repeat.ref, Action="")
    console.visit()

    row = console.row("Trials", repeat.ref)
    assert (row["Preview"], row["Result"], row["Action"]) == ("", "", "")


def test_confirm_without_a_step_is_taken_off(console, issued):
    console.type("Trials", issued.ref, Confirm=True)
    console.visit()

    row = console.row("Trials", issued.ref)
    assert row["Confirm"] is False
    assert row["Result"] == ("✗ 12:00 Not done: Confirm belongs to a step: choose an Action first.")


# Compliance


def decide(console, held, action, **cells):
    console.type("Screening cases", held.case, Action=action, Reason="Another person.", **cells)
    console.visit(Workbook.COMPLIANCE)
    console.type("Screening cases", held.case, Confirm=True)
    console.settle()
    return console.row("Screening cases", held.case)


def test_compliance_clears_a_case_and_the_trial_goes_on(console, held):
    console.type("Screening cases", held.case, Action="Clear", Reason="Another person.")
    console.visit(Workbook.COMPLIANCE)
    preview = console.row("Screening cases", held.case)["Preview"]
    assert preview == (
        f"Would clear: {held.ref} becomes Prepared; "
        "a new licence for 125,000 users until 25 Dec 2026; "
        f"{held.case} becomes Cleared; then the licence is signed and mailed."
    )

    row = decide(console, held, "Clear")

    assert row["Status"] == "Cleared"
    assert row["Result"] == "✓ 12:00 Cleared (person not reported)"
    assert console.row("Trials", held.ref)["Status"] == "Issued"
    told = [it["What"] for it in console.rows("Activity") if it["Record"] == held.ref]
    assert "Released by Compliance" in told


def test_compliance_confirms_a_case_and_the_trial_is_refused(console, held):
    row = decide(console, held, "Confirm", Decided_by="olu@vendor.example")

    assert row["Status"] == "Confirmed"
    assert row["Recorded: reason"] == "Another person."
    assert row["Recorded: by"] == "olu@vendor.example (named in the sheet, not reported)"
    assert console.row("Trials", held.ref)["Status"] == "Refused"


def test_who_decides_must_be_who_edits(console, held):
    """sheets.md C3: if the persona reports somebody else, the step is refused."""
    console.who = "ida@vendor.example"
    console.type(
        "Screening cases",
        held.case,
        Action="Clear",
        Reason="Another person.",
        Decided_by="olu@vendor.example",
    )
    console.visit(Workbook.COMPLIANCE)

    assert console.row("Screening cases", held.case)["Result"] == (
        "✗ 12:00 Not done: Decided by says olu@vendor.example, "
        "but ida@vendor.example edited the row."
    )


def test_an_embargo_offers_no_clearing(console):
    console.desk.judged(Outcome.BLOCK, reasons=("The place is embargoed.",))
    trial = console.desk.ask()
    console.settle()
    case = console.desk.trial(trial.ref).case
    console.type("Screening cases", case, Action="Clear", Reason=REASON)
    console.visit(Workbook.COMPLIANCE)

    assert console.row("Screening cases", case)["Result"] == (
        "✗ 12:00 Not done: Clear is not possible now. Possible now: Confirm."
    )


@pytest.mark.parametrize("label", ["Clear", "Confirm"])
def test_what_compliance_decides_cannot_be_chosen_at_the_partner_desk(console, held, label):
    console.type("Trials", held.ref, Action=label, Reason=REASON)
    console.visit()
    console.type("Trials", held.ref, Confirm=True)
    console.visit()

    assert console.desk.trial(held.ref).state is TrialState.HELD
    case = console.desk.ledger.get(ScreeningCase, held.case)
    assert case.state is CaseState.OPEN


def test_a_case_row_typed_into_the_partner_desk_decides_nothing(console, held):
    """Protection is not access control: another workbook's rows are not ours (GEN-8)."""
    at = len(console.rows("Trials")) + 1
    rev = f"{held.case}@2.0"
    for column, value in ((0, held.case), (console.place("Trials").columns["_rev"], rev)):
        console.put("Trials", at, column, value)
    console.put("Trials", at, console.place("Trials").columns["action"], "Clear")
    console.settle()

    assert console.desk.ledger.get(ScreeningCase, held.case).state is CaseState.OPEN
    assert "This tab takes no new rows" in str(console.grid("Trials")[at])


# Many at once


def test_more_steps_than_the_limit_are_held(console):
    """Rule GEN-9: whoever fills a column by mistake is asked first."""
    console.with_services(settings=replace(console.desk.settings, bulk_limit=2))
    refs = [console.desk.ask(domain=f"org{n}.example", email=f"a@o{n}.example").ref for n in "123"]
    console.settle()
    licences = [console.desk.trial(ref).licence for ref in refs]
    for licence in licences:
        console.type("Licences", licence, Action="Resend")
    console.visit()

    assert [console.row("Licences", it)["Result"] for it in licences] == [
        "? Held: 3 at once (limit 2). Tick Confirm on the rows you mean."
    ] * 3
    assert [mailed(console, ref) for ref in refs] == [1, 1, 1]

    console.type("Licences", licences[1], Confirm=True)
    console.settle()

    assert [mailed(console, ref) for ref in refs] == [1, 2, 1]


# Time


def test_a_licence_is_shown_in_grace_and_then_expired(console, issued):
    for later, status in ((timedelta(days=31), "In grace"), (timedelta(days=10), "Expired")):
        console.desk.clock.at += later
        turn_licences(at=console.desk.now(), ledger=console.desk.ledger)
        console.settle()

        assert console.row("Licences", issued.licence)["Status"] == status


def test_a_clock_that_runs_out_is_flagged_by_the_next_full_comparison(console, held):
    console.desk.clock.advance(days=2)
    console.visit(Workbook.COMPLIANCE)

    row = console.row("Screening cases", held.case)
    assert row["Flag"] == "Overdue"
    assert row["Result"] == ""


def test_work_that_was_set_aside_is_flagged(console):
    trial = console.desk.ask()
    (message,) = console.desk.ledger.due(at=console.desk.now())
    letter = console.desk.ledger.lend(message, at=console.desk.now())
    park_message(
        letter,
        why="No screening.",
        at=console.desk.now(),
        ledger=console.desk.ledger,
        outbox=console.desk.ledger,
    )
    console.visit()

    assert console.row("Trials", trial.ref)["Flag"] == "Needs a person"
    assert console.desk.ledger.get(TrialRequest, trial.ref).state is TrialState.RECEIVED
