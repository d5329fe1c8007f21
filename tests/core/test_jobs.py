"""What becomes of a message: the table of architecture.md 3, row by row."""

import logging
from datetime import timedelta

import pytest

from onebox.ledger import SqliteLedger
from partnerdesk.domain.change import Change, Message, Queue
from partnerdesk.domain.errors import ConflictError, MissingError, RefusedError, UnavailableError
from partnerdesk.jobs import MOST_BUGS, Jobs
from partnerdesk.ports import SettledError
from tests.builders import NOON, a_trial, write
from tests.desk import StandingClock

MESSAGE = "screen-trial/TRL-2026-000001@1.1"


class Office:
    """One message in a real outbox, and work that ends as a test wants."""

    def __init__(self, folder):
        self.ledger = SqliteLedger(folder / "desk.db")
        self.clock = StandingClock()
        self.ends = []
        self.runs = 0
        self.parked = []
        self.jobs = Jobs({"screen-trial": self.work}, self.ledger, self.clock, self.park)
        message = Message(Queue.SCREENING, "screen-trial", about="TRL-2026-000001")
        self.ledger.commit(Change(at=NOON, writes=(write(a_trial()),), outbox=(message,)))

    def work(self, letter):
        self.runs += 1
        end = self.ends.pop(0) if self.ends else None
        if end:
            raise end
        self.ledger.commit(Change(at=self.clock.now(), settles=letter.id))

    def park(self, letter, why):
        self.parked.append(why)
        self.ledger.park(letter.id, why=why)

    def due_in(self):
        """How long until the message is due again."""
        wait = timedelta(0)
        while not self.ledger.due(at=self.clock.at + wait):
            wait += timedelta(seconds=1)
        return wait.total_seconds()


@pytest.fixture
def office(tmp_path):
    made = Office(tmp_path)
    yield made
    made.ledger.close()


def test_done_work_is_settled(office):
    office.jobs.run(MESSAGE)

    assert office.ledger.waiting() == 0


def test_settled_work_is_no_failure(office):
    office.ends = [SettledError(MESSAGE)]
    office.jobs.run(MESSAGE)
    assert office.parked == []

    office.ledger.commit(Change(at=NOON, settles=MESSAGE))
    office.jobs.run(MESSAGE)
    assert office.runs == 1


@pytest.mark.parametrize("kind", [RefusedError, MissingError])
def test_what_is_refused_is_parked_at_once(office, kind):
    office.ends = [kind("This cannot be done.")]
    office.jobs.run(MESSAGE)

    assert office.parked == ["This cannot be done."]
    assert office.ledger.waiting() == 0


def test_a_conflict_is_met_with_five_fresh_readings_then_waits(office):
    office.ends = [ConflictError("changed meanwhile")] * 5
    office.jobs.run(MESSAGE)
    assert office.runs == 5
    assert office.due_in() == 5

    office.clock.advance(seconds=5)
    office.jobs.run(MESSAGE)
    assert office.ledger.waiting() == 0


def test_work_that_settles_during_the_fresh_readings_is_done(office):
    office.ends = [ConflictError("changed meanwhile"), SettledError(MESSAGE)]
    office.jobs.run(MESSAGE)

    assert office.runs == 2


def test_a_silent_supplier_uses_up_no_tries_and_is_asked_hourly_at_last(office):
    office.ends = [UnavailableError("no answer")] * 100
    waits = []
    for _ in range(13):
        office.jobs.run(MESSAGE)
        waits.append(office.due_in())
        office.clock.advance(seconds=waits[-1])

    assert waits[0] == 5
    assert waits[-1] == 3600
    assert office.parked == []


def test_after_a_day_without_its_supplier_a_person_looks(office):
    office.clock.advance(hours=24)
    office.ends = [UnavailableError("The signer does not answer.")]
    office.jobs.run(MESSAGE)

    assert office.parked == ["The signer does not answer."]


def test_a_bug_is_logged_and_parked_after_five(office, caplog):
    office.ends = [ZeroDivisionError("our fault")] * MOST_BUGS
    with caplog.at_level(logging.ERROR):
        for _ in range(MOST_BUGS):
            assert office.parked == []
            office.jobs.run(MESSAGE)
            office.clock.advance(hours=2)

    assert len(office.parked) == 1
    assert len([it for it in caplog.records if it.exc_info]) == MOST_BUGS


def test_work_that_nobody_knows_is_parked(office):
    jobs = Jobs({}, office.ledger, office.clock, office.park)
    jobs.run(MESSAGE)

    assert office.parked == ["There is no work called screen-trial."]


def test_logs_hold_codes_and_references_and_no_people(office, caplog):
    """robustness.md SEC-21."""
    office.ends = [RefusedError("ada@acme.example is refused")]
    with caplog.at_level(logging.INFO):
        office.jobs.run(MESSAGE)

    assert "TRL-2026-000001" in str([it.__dict__ for it in caplog.records])
    assert "ada@acme.example" not in str([it.__dict__ for it in caplog.records])
