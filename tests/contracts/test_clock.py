import json
from datetime import UTC, timedelta

import pytest

from onebox.clock import BackwardsError, DeskClock, UnreadableClockError
from partnerdesk.adapters.system import SystemClock
from tests.builders import NOON

HOUR = timedelta(hours=1)


@pytest.fixture(params=["desk", "system"])
def clock(request, tmp_path):
    return SystemClock() if request.param == "system" else DeskClock(tmp_path / "clock.json")


def test_the_time_is_utc_in_whole_milliseconds(clock):
    before = SystemClock().now()
    now = clock.now()

    assert now.tzinfo is UTC
    assert now.microsecond % 1000 == 0
    assert before <= now <= SystemClock().now()


def test_time_never_runs_backwards(clock):
    instants = [clock.now() for _ in range(1000)]

    assert instants == sorted(instants)


def test_a_standing_clock_moves_only_when_advanced():
    clock = DeskClock.standing(NOON)

    assert clock.now() == clock.now() == NOON
    assert clock.advance(HOUR) == NOON + HOUR == clock.now()


def test_a_clock_runs_as_far_ahead_as_it_was_advanced():
    clock = DeskClock()
    before = clock.now()

    clock.advance(timedelta(days=31))

    assert timedelta(days=31) <= clock.now() - before < timedelta(days=31, minutes=1)


def test_a_restart_goes_on_in_the_same_time(tmp_path):
    DeskClock(tmp_path / "clock.json").advance(timedelta(days=31))

    ahead = DeskClock(tmp_path / "clock.json").now() - SystemClock().now()

    assert timedelta(days=30, hours=23) < ahead <= timedelta(days=31)


def test_a_running_desk_sees_what_another_process_sets(tmp_path):
    running = DeskClock(tmp_path / "clock.json")
    other = DeskClock(tmp_path / "clock.json")
    later = running.now() + HOUR

    other.stand_at(later)
    assert running.now() == later

    running.advance(HOUR)
    assert other.now() == later + HOUR


def test_a_clock_that_stood_goes_on_from_there(tmp_path):
    clock = DeskClock(tmp_path / "clock.json")
    stood_at = clock.now() + HOUR
    clock.stand_at(stood_at)

    clock.go_on()

    assert stood_at <= clock.now() < stood_at + timedelta(minutes=1)
    assert stood_at <= DeskClock(tmp_path / "clock.json").now()


def test_nobody_turns_the_clock_back():
    clock = DeskClock.standing(NOON)

    with pytest.raises(BackwardsError):
        clock.advance(-HOUR)
    with pytest.raises(BackwardsError):
        clock.stand_at(NOON - HOUR)
    assert clock.now() == NOON


def test_a_file_that_sets_the_clock_back_stops_it_instead(tmp_path):
    clock = DeskClock(tmp_path / "clock.json")
    clock.advance(timedelta(days=1))
    before = clock.now()

    (tmp_path / "clock.json").unlink()

    assert clock.now() == before


@pytest.mark.parametrize(
    "words",
    ["", "[]", "{}", '{"ahead_ms": "1", "stands_at": ""}', '{"ahead_ms": 0, "stands_at": "noon"}'],
)
def test_a_file_that_is_no_clock_is_refused(tmp_path, words):
    (tmp_path / "clock.json").write_text(words)

    with pytest.raises(UnreadableClockError, match="delete it"):
        DeskClock(tmp_path / "clock.json")


def test_the_file_says_how_far_ahead_the_desk_is(tmp_path):
    DeskClock(tmp_path / "clock.json").advance(HOUR)

    assert json.loads((tmp_path / "clock.json").read_text()) == {
        "ahead_ms": 3_600_000,
        "stands_at": "",
    }
