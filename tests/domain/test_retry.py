"""How long failed work waits."""

from datetime import timedelta

from partnerdesk.domain.retry import due_again, outage_step, step
from tests.builders import NOON


def test_the_steps_are_those_of_the_plan_and_the_last_one_stays():
    """robustness.md A2: 5 s, 30 s, 2 min, 10 min, 1 h."""
    seconds = [step(tries).total_seconds() for tries in range(8)]

    assert seconds == [5, 5, 30, 120, 600, 3600, 3600, 3600]


def test_a_message_that_was_handed_out_comes_back_after_its_loan():
    assert due_again(1, at=NOON) == NOON + timedelta(minutes=2, seconds=5)


def test_an_outage_is_waited_out_in_growing_steps_up_to_an_hour():
    for waited, wait in ((0, 5), (5, 5), (60, 60), (7200, 3600)):
        since = NOON - timedelta(seconds=waited)
        assert outage_step(since, at=NOON) == timedelta(seconds=wait)
