"""A visit may end at any call; afterwards nothing is lost, doubled or written into another row."""

from traceback import extract_stack

import pytest

from partnerdesk.domain.licence import Licence
from partnerdesk.domain.record import Workbook
from partnerdesk.ports import LedgerBusyError, SheetUnavailableError, StaleRecordError
from partnerdesk.usecases.alongside import Reading


class Crash(BaseException):
    """The process died here: no `except Exception` may catch it."""


class FragileLedger(Reading):
    """The desk's ledger, which dies before or after a commit."""

    def __init__(self, ledger, crash_at, when):
        super().__init__(ledger)
        object.__setattr__(self, "plan", {"at": crash_at, "when": when, "commits": 0})

    def commit(self, change):
        self.plan["commits"] += 1
        is_now = self.plan["commits"] == self.plan["at"]
        if is_now and self.plan["when"] == "before":
            raise Crash
        self.ledger.commit(change)
        if is_now:
            raise Crash


@pytest.fixture
def chosen(console):
    """A mailed licence whose row asks for it to be sent again, and a new trial without a row."""
    first = console.desk.ask()
    console.settle()
    licence = console.desk.trial(first.ref).licence
    second = console.desk.ask(domain="beech.example", email="b@beech.example")
    console.desk.work()
    console.type("Licences", licence, Action="Resend", Reason="Lost it", Notes="called")
    console.sheets.calls.clear()
    return first.ref, second.ref


def everything_is_right(console, first, second):
    console.settle()
    trials = [row["ID"] for row in console.rows("Trials")]
    assert sorted(trials) == sorted({first, second})
    licences = console.rows("Licences")
    assert len({row["ID"] for row in licences}) == len(licences) == 2
    row = console.row("Licences", console.desk.trial(first).licence)
    assert (row["Action"], row["Reason"], row["Notes"]) == ("", "", "called")
    assert row["Result"].startswith("✓ 12:00 Sent again")
    assert row["Times sent"] == 2
    assert len(console.desk.sent(first)) == 2
    events = [row["ID"] for row in console.rows("Activity")]
    assert len(events) == len(set(events))
    assert not console.desk.ledger.stale()


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("call", [1, 2, 3])
def test_a_crash_at_any_call_of_the_service_costs_nothing(console, chosen, call, when):
    console.sheets.fail_at, console.sheets.failure = {call: when}, Crash()
    with pytest.raises(Crash):
        console.visit()
    console.sheets.fail_at = {}
    console.forget()

    everything_is_right(console, *chosen)


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("commit", [1, 2])
def test_a_crash_at_any_commit_costs_nothing(console, chosen, commit, when):
    sound = console.services.ledger
    console.with_services(ledger=FragileLedger(sound, commit, when))
    with pytest.raises(Crash):
        console.visit()
    console.with_services(ledger=sound)
    console.forget()

    everything_is_right(console, *chosen)


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("call", [1, 2, 3])
def test_a_silent_service_costs_nothing(console, chosen, call, when):
    """sheets.md A2: after a lost answer the write may have happened."""
    silence = SheetUnavailableError("The spreadsheet service does not answer.", why="silent")
    console.sheets.fail_at, console.sheets.failure = {call: when}, silence
    with pytest.raises(SheetUnavailableError):
        console.visit()
    console.sheets.fail_at = {}

    everything_is_right(console, *chosen)


def test_a_crash_before_marks_are_cleared_doubles_no_row(console, chosen):
    class Careless:
        def __init__(self, marks):
            self.take, self.lease, self.release = marks.take, marks.lease, marks.release

        def clear(self, _marks):
            raise Crash

    sound = console.services.marks
    console.with_services(marks=Careless(sound))
    with pytest.raises(Crash):
        console.visit()
    console.with_services(marks=sound)

    everything_is_right(console, *chosen)


def test_a_workbook_has_one_writer(console, chosen):
    """sheets.md C5: a lease in the ledger backs the queue."""
    now = console.desk.now()
    marks = console.desk.ledger
    assert marks.lease(Workbook.DESK, holder="another", at=now, until=now.replace(hour=13))

    assert console.visit() is False
    assert console.sheets.calls == []

    marks.release(Workbook.DESK, holder="another")
    everything_is_right(console, *chosen)


def test_two_visits_that_saw_the_same_step_do_it_once(console, chosen):
    """The claim on the edit stops a second effect, whoever comes second."""
    first, second = chosen
    seen = console.desk.ledger.snapshots(Workbook.DESK)

    class Late(Reading):
        """A ledger that still shows the snapshots of before."""

        def snapshots(self, _workbook):
            return seen

        def commit(self, change):
            self.ledger.commit(change)

    console.sheets.fail_at, console.sheets.failure = {2: "before"}, Crash()
    with pytest.raises(Crash):
        console.visit()
    console.sheets.fail_at = {}
    sound = console.services.ledger
    console.with_services(ledger=Late(sound))
    console.visit()
    console.with_services(ledger=sound)

    everything_is_right(console, first, second)


def test_a_bug_in_one_step_leaves_the_other_rows_their_answers(console, chosen):
    first, second = chosen
    console.visit()
    licences = [console.desk.trial(ref).licence for ref in chosen]
    for licence in licences:
        console.type("Licences", licence, Action="Resend")

    class Broken(Reading):
        """A ledger in which one licence cannot be read while a step is at work."""

        def get(self, kind, ref):
            callers = {frame.name for frame in extract_stack()}
            if ref == licences[0] and "resend_licence" in callers:
                raise ZeroDivisionError
            return self.ledger.get(kind, ref)

        def commit(self, change):
            self.ledger.commit(change)

    console.with_services(ledger=Broken(console.desk.ledger))
    console.visit()
    console.with_services(ledger=console.desk.ledger)
    console.settle()

    assert console.row("Licences", licences[0])["Result"] == (
        "✗ 12:00 Not done: our fault, we are told."
    )
    assert [len(console.desk.sent(ref)) for ref in (first, second)] == [2, 2]


class Contested(Reading):
    """A ledger in which somebody is always a little faster, some times."""

    def __init__(self, ledger, times):
        super().__init__(ledger)
        object.__setattr__(self, "left", [None] * times)
        object.__setattr__(self, "ref", "LIC-1")

    def commit(self, change):
        if self.left and any(write.record.KIND == Licence.KIND for write in change.writes):
            self.left.pop()
            raise StaleRecordError(kind=Licence.KIND, ref=self.ref)
        self.ledger.commit(change)


def test_a_step_that_met_a_conflict_starts_from_a_fresh_reading(console, chosen):
    sound = console.services.ledger
    console.with_services(ledger=Contested(sound, 4))
    console.visit()
    console.with_services(ledger=sound)

    everything_is_right(console, *chosen)


def test_after_five_conflicts_staff_choose_again(console, chosen):
    first, _ = chosen
    sound = console.services.ledger
    console.with_services(ledger=Contested(sound, 5))
    console.visit()
    console.with_services(ledger=sound)
    licence = console.desk.trial(first).licence

    assert console.row("Licences", licence)["Result"] == (
        "✗ 12:00 Not done: changed meanwhile, choose again."
    )
    console.type("Licences", licence, Action="Resend", Reason="Lost it")
    everything_is_right(console, *chosen)


class Silent(Reading):
    """A ledger that does not answer when something is to be kept."""

    def commit(self, _change):
        raise LedgerBusyError


def test_a_busy_ledger_leaves_the_step_for_the_next_visit(console, chosen):
    sound = console.services.ledger
    console.with_services(ledger=Silent(sound))
    with pytest.raises(LedgerBusyError):
        console.visit()
    console.with_services(ledger=sound)

    everything_is_right(console, *chosen)


def test_a_stale_plan_is_made_again(console, chosen):
    """sheets.md A8: on 400 re-read and re-plan once."""
    console.sheets.between = {
        3: lambda: console.do(
            "Trials", {"deleteSheet": {"sheetId": console.place("Trials").sheet_id}}
        )
    }
    console.visit()

    everything_is_right(console, *chosen)


def test_a_row_that_cannot_be_written_keeps_no_other_from_arriving(console, chosen, caplog):
    """sheets.md A8: bisect, and send the rest."""
    first, second = chosen
    console.sheets.refuses = "b@beech.example"
    console.visit()

    licences = [console.desk.trial(ref).licence for ref in chosen]
    assert console.row("Licences", licences[0])["Result"].startswith("✓")
    assert [row["ID"] for row in console.rows("Trials")] == [first]
    assert len(console.rows("Activity")) > 8
    assert "cannot be written" in caplog.text

    console.sheets.refuses = ""
    everything_is_right(console, first, second)


def test_a_tab_that_keeps_moving_ends_the_visit(console, chosen):
    def rename(title):
        return lambda: console.do(
            "Trials",
            {
                "updateSheetProperties": {
                    "properties": {"sheetId": console.place("Trials").sheet_id, "title": title},
                    "fields": "title",
                }
            },
        )

    # Before the first look, and again after the survey that followed it.
    console.sheets.between = {1: rename("One"), 5: rename("Two")}
    with pytest.raises(SheetUnavailableError, match="changing the tabs"):
        console.visit()

    everything_is_right(console, *chosen)


def test_a_row_whose_write_nobody_could_remember_comes_back_when_deleted(console):
    """The ledger was busy after the write, so that only the sheet told of the new row."""
    trial = console.desk.ask()
    console.desk.work()

    class Forgetful(Reading):
        def commit(self, change):
            if change.snapshots and not change.writes:
                raise LedgerBusyError
            self.ledger.commit(change)

    sound = console.services.ledger
    console.with_services(ledger=Forgetful(sound))
    with pytest.raises(LedgerBusyError):
        console.visit()
    console.with_services(ledger=sound)
    console.settle()
    console.delete_row("Trials", trial.ref)
    console.settle()

    assert console.row("Trials", trial.ref)["Status"] == "Issued"
