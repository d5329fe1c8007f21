from datetime import timedelta

import pytest

from partnerdesk.domain.change import Message, Queue
from partnerdesk.domain.retry import LOAN, STEPS
from partnerdesk.ports import SettledError
from tests.builders import NOON, a_licence, writing

SIGN = Message(Queue.LICENSING, "sign", about="LIC-1")
MAIL = Message(Queue.MAIL, "mail", about="LIC-1")
FIRST = "sign/LIC-1@1.1"
SECOND = "mail/LIC-1@1.2"
MS = timedelta(milliseconds=1)
LATER = NOON + timedelta(hours=2)


@pytest.fixture
def posted(engine):
    engine.ledger.commit(writing(a_licence(), outbox=(SIGN, MAIL)))
    return engine.outbox


def test_a_new_message_is_due_when_nobody_else_takes_it(engine, posted):
    """On AWS the stream takes it first; on one machine the worker does at once."""
    due_at = NOON + engine.first_due_after

    assert list(posted.due(at=due_at - MS)) == []
    assert list(posted.due(at=due_at)) == [SECOND, FIRST]
    assert posted.waiting() == 2


def test_a_letter_says_what_to_do(posted):
    letter = posted.lend(FIRST, at=NOON)

    assert (letter.id, letter.queue, letter.work, letter.about) == (
        FIRST,
        "licensing",
        "sign",
        "LIC-1",
    )
    assert (letter.since, letter.tries, letter.parked, letter.why) == (NOON, 1, False, "")


def test_a_message_lent_comes_back_after_the_loan_and_a_longer_step_each_time(posted):
    at = NOON
    for tries, step in enumerate((*STEPS, STEPS[-1]), start=1):
        assert posted.lend(FIRST, at=at).tries == tries
        assert FIRST not in posted.due(at=at + LOAN + step - MS)
        at += LOAN + step
        assert FIRST in posted.due(at=at)


def test_the_longest_due_comes_first(posted):
    posted.put_back(FIRST, due_at=NOON - LOAN, tries=0)

    assert list(posted.due(at=LATER)) == [FIRST, SECOND]
    assert list(posted.due(at=LATER, limit=1)) == [FIRST]


def test_settled_work_is_not_lent(engine, posted):
    engine.ledger.commit(writing(settles=FIRST))

    with pytest.raises(SettledError):
        posted.lend(FIRST, at=NOON)
    assert list(posted.due(at=LATER)) == [SECOND]
    assert posted.waiting() == 1


def test_a_message_put_back_waits_with_the_tries_it_is_given(posted):
    posted.lend(FIRST, at=NOON)

    posted.put_back(FIRST, due_at=NOON + LOAN, tries=0)

    assert FIRST not in posted.due(at=NOON + LOAN - MS)
    assert FIRST in posted.due(at=NOON + LOAN)
    assert posted.lend(FIRST, at=NOON + LOAN).tries == 1


def test_a_parked_message_waits_for_a_person_alone(posted):
    posted.lend(FIRST, at=NOON)
    posted.park(FIRST, why="the key is disabled")
    posted.put_back(FIRST, due_at=NOON, tries=0)

    (letter,) = posted.parked()

    assert (letter.id, letter.parked, letter.why) == (FIRST, True, "the key is disabled")
    assert letter.tries == 1
    assert list(posted.due(at=LATER)) == [SECOND]
    assert posted.waiting() == 1
    with pytest.raises(SettledError):
        posted.lend(FIRST, at=LATER)


def test_a_person_lets_a_parked_message_try_again(posted):
    posted.lend(FIRST, at=NOON)
    posted.park(FIRST, why="the key is disabled")

    posted.try_again(FIRST, at=NOON + LOAN)

    assert list(posted.parked()) == []
    assert FIRST in posted.due(at=NOON + LOAN)
    letter = posted.lend(FIRST, at=NOON + LOAN)
    assert (letter.tries, letter.parked, letter.why) == (1, False, "")


def test_a_message_at_work_is_not_tried_again_beside_it(posted):
    posted.lend(FIRST, at=NOON)

    posted.try_again(FIRST, at=NOON)

    assert FIRST not in posted.due(at=NOON + LOAN)


def test_a_parked_message_can_still_be_settled(engine, posted):
    posted.park(FIRST, why="late")
    engine.ledger.commit(writing(settles=FIRST))

    assert list(posted.parked()) == []


def test_nothing_brings_a_settled_message_back(engine, posted):
    engine.ledger.commit(writing(settles=FIRST))

    posted.put_back(FIRST, due_at=NOON, tries=0)
    posted.park(FIRST, why="late")
    posted.try_again(FIRST, at=NOON)

    assert list(posted.due(at=LATER)) == [SECOND]
    assert list(posted.parked()) == []


def test_parked_messages_come_oldest_first(engine, posted):
    sooner = writing(
        a_licence("LIC-0"), at=NOON - LOAN, outbox=(Message(Queue.MAIL, "mail", "LIC-0"),)
    )
    engine.ledger.commit(sooner)
    for message in (FIRST, SECOND, "mail/LIC-0@1.1"):
        posted.park(message, why="late")

    assert [letter.id for letter in posted.parked()] == ["mail/LIC-0@1.1", SECOND, FIRST]
