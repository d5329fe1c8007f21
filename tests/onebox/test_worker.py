"""Loops: they look at once, when woken, and at the latest after a pause."""

from threading import Event

import pytest

from onebox.scheduler import Scheduler
from onebox.worker import Loop
from partnerdesk.domain.errors import UnavailableError
from tests.desk import StandingClock

LONG = 60.0


def started(act, **pauses):
    loop = Loop("test", act, **({"at_least_every": LONG} | pauses))
    loop.start()
    return loop


def test_a_loop_looks_at_once_and_when_woken():
    rounds = []
    looked = Event()

    def act():
        rounds.append(1)
        looked.set()

    loop = started(act)
    assert looked.wait(LONG)
    looked.clear()
    loop.wake()
    assert looked.wait(LONG)
    loop.stop()
    assert len(rounds) >= 2


@pytest.mark.parametrize("failure", [UnavailableError("no answer"), ZeroDivisionError("a bug")])
def test_a_round_that_fails_does_not_end_the_loop(failure):
    failures = [failure]
    done = Event()

    def act():
        if failures:
            raise failures.pop()
        done.set()

    loop = started(act)
    loop.wake()
    while failures:
        loop.wake()
    loop.wake()
    assert done.wait(LONG)
    loop.stop()


def test_a_loop_that_was_never_started_can_be_stopped():
    Loop("test", act=list, at_least_every=LONG).stop()


def test_schedules_run_once_a_minute_of_the_desks_clock():
    """robustness.md SCH: a clock that was moved on is one late tick."""
    clock, runs = StandingClock(), []
    scheduler = Scheduler({"count": lambda: runs.append(1) or 1}, clock)
    for seconds in (0, 10, 49, 1, 86_400):
        clock.advance(seconds=seconds)
        scheduler.look()

    assert len(runs) == 3
