"""What rows are to say, as requests."""

from datetime import timedelta

from console import plan
from console.schema import Happening, Kept, Place, Row, Seen
from console.tabs import ACTIVITY, DECISIONS, LICENCES, TRIALS
from partnerdesk.domain.change import Change, Message, Queue
from partnerdesk.domain.licence import LicenceState, Standing
from partnerdesk.domain.trial import REPEAT_RULE, TrialState
from tests.builders import NOON, a_licence, a_mailing, a_person, a_trial, write

EVENT = Happening("trial", "TRL-1", 2, "trial requested", "web form", NOON, {}, "received")


def place_of(tab):
    return Place(7, tab.title, {column.field: at for at, column in enumerate(tab.every_column)})


def seen(record, kept=None, **parts):
    return Seen(record, {"contact": a_person()}, EVENT, kept or Kept(), NOON, **parts)


def cells(request):
    update = request["updateCells"]
    at = update["start"]["columnIndex"]
    return {at + n: cell for n, cell in enumerate(update["rows"][0]["values"])}


REPEAT = a_trial("TRL-1", version=2, state=TrialState.REFUSED, refusal_rule=REPEAT_RULE)
ROW = Row(4, "TRL-1", "TRL-1@1.0", {"action": "", "notes": "hello"})


def test_a_row_is_rewritten_without_column_a_and_without_staff_cells():
    """sheets.md C7.4 and C7.5."""
    place = place_of(TRIALS)
    requests = plan.rewritten(TRIALS, place, ROW, plan.line_of(TRIALS, seen(REPEAT)))

    valued = [it for it in requests if "userEnteredValue" in it["updateCells"]["fields"]]
    touched = {at for request in valued for at in cells(request)}
    service = {place.columns[it.field] for it in TRIALS.every_column if not it.is_staff}
    assert touched == service - {0}
    assert all("background" not in it["updateCells"]["fields"] for it in requests)
    assert all(it["updateCells"]["start"]["rowIndex"] == 4 for it in requests)


def test_column_a_is_written_where_the_id_was_lost():
    lost = Row(4, "", "TRL-1@1.0", {})
    requests = plan.rewritten(TRIALS, place_of(TRIALS), lost, plan.line_of(TRIALS, seen(REPEAT)))

    assert {"stringValue": "TRL-1"} in [
        cells(it).get(0, {}).get("userEnteredValue") for it in requests
    ]


def test_the_dropdown_holds_the_legal_steps_alone():
    line = plan.line_of(TRIALS, seen(REPEAT))
    requests = plan.rewritten(TRIALS, place_of(TRIALS), ROW, line)

    (choice,) = [
        cells(it)[6]
        for it in requests
        if it["updateCells"]["fields"] == "dataValidation,note" and 6 in cells(it)
    ]
    rule = choice["dataValidation"]
    assert rule["condition"]["type"] == "ONE_OF_LIST"
    assert rule["condition"]["values"] == [{"userEnteredValue": "Allow another trial"}]
    assert rule["strict"]
    assert rule["showCustomUi"]


def test_without_a_step_there_is_no_dropdown():
    line = plan.line_of(TRIALS, seen(a_trial("TRL-1", version=2)))

    assert line.choices == ()


def test_a_row_comes_back_with_the_staffs_cells():
    kept = Kept(
        staff={"action": "Allow another trial", "confirm": "TRUE", "notes": "=1+1"},
        handled=frozenset({"action"}),
    )
    (request,) = plan.appended(
        TRIALS, place_of(TRIALS), [(plan.line_of(TRIALS, seen(REPEAT, kept)), kept)]
    )

    row = request["appendCells"]["rows"][0]["values"]
    at = place_of(TRIALS).columns
    assert row[0]["userEnteredValue"] == {"stringValue": "TRL-1"}
    assert row[at["notes"]]["userEnteredValue"] == {"stringValue": "=1+1"}
    assert row[at["notes"]]["userEnteredFormat"]["numberFormat"]["type"] == "TEXT"
    assert row[at["action"]]["userEnteredValue"] == {}
    assert row[at["confirm"]]["userEnteredValue"] == {"boolValue": True}


def test_nothing_new_is_no_request():
    assert plan.appended(TRIALS, place_of(TRIALS), []) == ()


def test_an_event_says_who_how_and_what():
    line = plan.line_of_event(ACTIVITY, EVENT)

    assert line.id == "TRL-1@2"
    assert line.values | {"link": ""} == {
        "id": "TRL-1@2",
        "time": NOON,
        "who": "Web form",
        "how": "Web form",
        "record": "TRL-1",
        "what": "Trial requested",
        "outcome": "Received",
        "link": "",
        "_rev": "TRL-1@2@2.0",
    }


def test_decisions_tell_their_evidence_and_activity_does_not():
    facts = {"decision": "SCD-1", "rules": "SCR-4", "engine": ""}
    judged = Happening(
        "screening-case", "SCR-1", 1, "screened: REVIEW", "desk", NOON, facts, "open"
    )

    assert plan.line_of_event(DECISIONS, judged).values["evidence"] == (
        "Decision: SCD-1\nRules: SCR-4"
    )
    assert plan.line_of_event(DECISIONS, judged).values["what"] == "Screened: REVIEW"
    assert plan.line_of_event(ACTIVITY, judged).values["what"] == "Held by Compliance"


def test_old_events_make_room_for_new_ones():
    place = place_of(ACTIVITY)

    assert plan.trimmed(ACTIVITY, place, rows=4_990, new=10) == ()
    (request,) = plan.trimmed(ACTIVITY, place, rows=4_990, new=25)
    span = request["deleteDimension"]["range"]
    assert (span["startIndex"], span["endIndex"]) == (1, 16)


def test_a_preview_tells_every_effect():
    trial = a_trial("TRL-1", version=2, state=TrialState.HELD)
    prepared = a_trial("TRL-1", version=2, state=TrialState.PREPARED)
    change = Change(
        at=NOON,
        writes=(
            write(prepared),
            write(a_licence(seats=125_000, ends_at=NOON + timedelta(days=30))),
            write(a_mailing()),
            write(a_person()),
        ),
        outbox=(Message(Queue.LICENSING, "sign-licence", about="LIC-1"),),
    )

    told = plan.preview(
        "Clear", [change], before=lambda _: trial, address=lambda _: "ada@acme.example"
    )

    assert told == (
        "Would clear: TRL-1 becomes Prepared; a new licence for 125,000 users until 25 Dec 2026; "
        "mail to ada@acme.example; then the licence is signed and mailed."
    )


def test_a_licence_shows_what_time_made_of_it():
    issued = a_licence(
        version=3, state=LicenceState.ISSUED, standing=Standing.IN_GRACE, mailed_at=NOON
    )

    line = plan.line_of(LICENCES, seen(issued))

    assert line.values["status"] == "In grace"
    assert line.values["grace_ends_at"] == issued.ends_at + timedelta(days=10)
    assert line.values["contact.email"] == "ada@acme.example"
    assert line.choices == ("Resend",)
