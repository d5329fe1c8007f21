"""What the relay hands out, from the stream's word and at a tick."""

from datetime import timedelta

import pytest

from licensing import work as licensing_work
from onebox.ledger import SqliteLedger
from partnerdesk.adapters.deliveries import Told
from partnerdesk.domain.change import Message, Queue
from partnerdesk.domain.record import Workbook
from partnerdesk.ports import QueueUnavailableError
from relay import work as relay_work
from relay.services import Services
from relay.work import QUEUES, hand_on, schedules
from screening import work as screening_work
from tests.builders import NOON, a_trial, writing
from tests.desk import StandingClock

SILENT = QueueUnavailableError("A queue does not answer.", why="test")


class Street:
    """Queues and bells in memory, of which a test breaks some."""

    def __init__(self):
        self.queues = {queue: [] for queue in Queue}
        self.rung = []
        self.closed = set()
        self.refused = set()

    def carry(self, queue, messages):
        if queue in self.closed:
            raise SILENT
        left = [it for it in messages if it in self.refused]
        self.queues[queue] += [it for it in messages if it not in left]
        return left

    def wake(self, workbook, *, at):
        if workbook in self.closed:
            raise SILENT
        self.rung.append((workbook, at))


@pytest.fixture
def street():
    return Street()


@pytest.fixture
def ledger(tmp_path):
    kept = SqliteLedger(tmp_path / "desk.db")
    yield kept
    kept.close()


@pytest.fixture
def clock():
    return StandingClock()


@pytest.fixture
def services(ledger, street, clock):
    return Services(ledger, ledger, street, street, clock, polled=())


def told(*keys, at=NOON):
    return [Told(str(n), key, at + timedelta(seconds=n)) for n, key in enumerate(keys)]


def seconds(n):
    return NOON + timedelta(seconds=n)


def test_a_new_message_goes_to_the_queue_of_its_work(services, street):
    stream = told(
        "OUTBOX#screen-trial/TRL-1@1.1",
        "OUTBOX#sign-licence/LIC-1@1.1",
        "OUTBOX#send-mail/trial.licence/TRL-1/PER-1@1.1",
    )

    assert hand_on(stream, services) == []
    assert street.queues == {
        Queue.SCREENING: ["screen-trial/TRL-1@1.1"],
        Queue.LICENSING: ["sign-licence/LIC-1@1.1"],
        Queue.MAIL: ["send-mail/trial.licence/TRL-1/PER-1@1.1"],
    }


def test_many_marks_of_a_workbook_wake_one_visit_for_the_latest(services, street):
    stream = told("DIRTY#desk", "DIRTY#compliance", "DIRTY#desk")

    assert hand_on(stream, services) == []
    assert street.rung == [(Workbook.DESK, seconds(2)), (Workbook.COMPLIANCE, seconds(1))]


def test_a_queue_that_does_not_answer_holds_up_no_other(services, street):
    street.closed = {Queue.SCREENING, Workbook.DESK}
    stream = told(
        "OUTBOX#screen-trial/TRL-1@1.1",
        "OUTBOX#sign-licence/LIC-1@1.1",
        "DIRTY#desk",
        "DIRTY#compliance",
    )

    assert hand_on(stream, services) == ["0", "2"]
    assert street.queues[Queue.LICENSING] == ["sign-licence/LIC-1@1.1"]
    assert street.rung == [(Workbook.COMPLIANCE, seconds(3))]


def test_a_single_message_that_its_queue_refuses_comes_again(services, street):
    street.refused = {"screen-trial/TRL-2@1.1"}
    stream = told("OUTBOX#screen-trial/TRL-1@1.1", "OUTBOX#screen-trial/TRL-2@1.1")

    assert hand_on(stream, services) == ["1"]
    assert street.queues[Queue.SCREENING] == ["screen-trial/TRL-1@1.1"]


def test_a_workbook_nobody_knows_is_reported_and_stops_nothing(services, street):
    assert hand_on(told("DIRTY#attic", "DIRTY#desk"), services) == ["0"]
    assert [workbook for workbook, _ in street.rung] == [Workbook.DESK]


def test_other_items_of_the_table_are_none_of_the_relays_business(services, street):
    assert hand_on(told("trial#TRL-1", "CLAIM#form:OUTBOX#x"), services) == []
    assert street.rung == []


def test_work_that_this_version_does_not_know_goes_where_it_is_set_aside(services, street):
    """robustness.md SYS-06: understood, or parked; never lost."""
    assert hand_on(told("OUTBOX#finalise-invoice/ORD-1@1.1"), services) == []
    assert street.queues[Queue.MAIL] == ["finalise-invoice/ORD-1@1.1"]


def test_the_sweep_alone_would_be_enough(services, street, ledger, clock):
    """robustness.md SYS-01: whatever the stream forgot is handed out, every workbook woken."""
    message = Message(Queue.SCREENING, "screen-trial", about="TRL-2026-000001")
    ledger.commit(writing(a_trial(), outbox=(message,)))
    clock.advance(hours=26)

    assert schedules(services)["sweep"]() == 2
    assert street.queues[Queue.SCREENING] == ["screen-trial/TRL-2026-000001@1.1"]
    assert street.rung == [(Workbook.DESK, clock.now())]


def test_workbooks_are_looked_at_each_minute_even_without_marks(street, ledger, clock):
    polling = Services(ledger, ledger, street, street, clock, polled=(Workbook.COMPLIANCE,))

    assert schedules(polling)["sweep"]() == 1
    assert street.rung == [(Workbook.COMPLIANCE, clock.now())]


def test_a_sweep_counts_only_what_it_got_rid_of(services, street, ledger):
    message = Message(Queue.SCREENING, "screen-trial", about="TRL-2026-000001")
    ledger.commit(writing(a_trial(), outbox=(message,)))
    street.closed = {Queue.SCREENING, Workbook.DESK}

    assert schedules(services)["sweep"]() == 0


def test_every_queue_gets_some_work():
    assert set(QUEUES.values()) == set(Queue)
    assert all(name == name.lower() and "/" not in name for name in QUEUES)


@pytest.mark.parametrize(
    ("queue", "works"),
    [
        (Queue.SCREENING, screening_work.works),
        (Queue.LICENSING, licensing_work.works),
        (Queue.MAIL, relay_work.works),
    ],
)
def test_a_function_works_on_all_that_lies_on_its_queue_and_nothing_else(queue, works):
    assert set(works(None)) == {name for name, it in QUEUES.items() if it is queue}
