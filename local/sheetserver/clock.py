"""The server's sense of time: the real clock, or one that tests may move."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

Clock = Callable[[], datetime]

EPOCH = datetime(1899, 12, 30, tzinfo=UTC)  # day 0 of every spreadsheet


def system_clock() -> datetime:
    """Return this moment, in UTC."""
    return datetime.now(UTC)


class MovableClock:
    """A clock that follows another one until it is fixed, shifted or made to run faster."""

    def __init__(self, base: Clock) -> None:
        self._base = base
        self.reset()

    def __call__(self) -> datetime:
        """Return the moment this clock shows."""
        elapsed = self._base() - self._since
        return self._shown + timedelta(seconds=elapsed.total_seconds() * self._speed)

    def reset(self) -> None:
        """Follow the base clock again."""
        self._since = self._shown = self._base()
        self._speed = 1.0

    def set(self, shown: datetime, speed: float) -> None:
        """
        Show a moment from now on.

        :param speed: seconds shown for each real second; 0 stands still
        """
        self._since = self._base()
        self._shown = shown
        self._speed = speed


def serial_of(moment: datetime) -> float:
    """Return a moment as spreadsheets count it: days since 1899-12-30."""
    return (moment - EPOCH) / timedelta(days=1)


def moment_of(serial: float) -> datetime:
    """
    Return the moment of a serial number, to the millisecond.

    :raises OverflowError: if the number lies beyond the calendar
    """
    return EPOCH + timedelta(milliseconds=round(serial * 86_400_000))


def local_serial(moment: datetime, zone: str) -> float:
    """
    Return what a clock on the wall of a time zone shows, as spreadsheets count it.

    :raises ValueError: if there is no such zone
    """
    try:
        there = moment.astimezone(ZoneInfo(zone))
    except (OSError, ZoneInfoNotFoundError) as unknown:
        raise ValueError(zone) from unknown
    return serial_of(there.replace(tzinfo=UTC))


def rfc3339(moment: datetime) -> str:
    """Return a moment as Drive writes it, with milliseconds."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
