"""The clock of a desk on one machine: it runs ahead when told to, and never backwards."""

import json
import os
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Lock

from partnerdesk.domain.chain import instant
from partnerdesk.domain.errors import RefusedError

MILLISECOND = timedelta(milliseconds=1)


class BackwardsError(RefusedError):
    """Time only moves forward: numbers and dates that were given out stay true."""

    code = "backwards"

    def __init__(self) -> None:
        super().__init__("The desk's clock only moves forward; name a later time.")


class UnreadableClockError(RefusedError):
    """The clock's file was not written by a desk."""

    code = "unreadable-clock"

    def __init__(self, file: Path) -> None:
        super().__init__(f"{file} does not say what time it is: delete it to use the real time.")


@dataclass(frozen=True, slots=True)
class _Dial:
    """How the desk's time follows from the real one: so far ahead, or standing at an instant."""

    ahead: timedelta = timedelta(0)
    stands_at: datetime | None = None

    def at(self, real: datetime) -> datetime:
        """Return the desk's time at a real instant."""
        return self.stands_at or real + self.ahead


class DeskClock:
    """
    Real time plus an offset that `desk clock advance` adds to, or an instant at which it stands.

    Kept in a small file, so that a restart goes on in the same time and a
    running desk sees what a second process sets. Without a file nothing is
    kept: that is for rehearsals and tests.
    """

    def __init__(self, file: Path | None = None) -> None:
        """
        Go on in the time that the file says, or in the real one.

        :raises UnreadableClockError: when the file was not written by a desk
        """
        self._file = file
        self._gate = Lock()
        self._latest = datetime.min.replace(tzinfo=UTC)
        self._stamp: tuple[int, ...] = ()
        self._dial = _Dial()
        self._look()

    @classmethod
    def standing(cls, at: datetime) -> "DeskClock":
        """Return a clock that stands still until it is advanced, and keeps nothing."""
        clock = cls()
        clock._turn(_Dial(stands_at=_whole(at)))
        return clock

    def now(self) -> datetime:
        """Return the present instant in UTC, in whole milliseconds, never before an earlier one."""
        with self._gate:
            self._look()
            return self._present()

    def advance(self, by: timedelta) -> datetime:
        """
        Move the clock on, whether it runs or stands, and return the new time.

        :raises BackwardsError: when that is not forward
        """
        if by < timedelta(0):
            raise BackwardsError
        with self._gate:
            self._look()
            dial = self._dial
            stands_at = dial.stands_at and _whole(dial.stands_at + by)
            self._turn(_Dial(dial.ahead + by, stands_at))
            return self._present()

    def stand_at(self, at: datetime) -> None:
        """
        Stop the clock at an instant, now or later.

        :raises BackwardsError: when that is in the past
        """
        with self._gate:
            self._look()
            if _whole(at) < self._present():
                raise BackwardsError
            self._turn(_Dial(stands_at=_whole(at)))

    def go_on(self) -> None:
        """Let a clock that stands run again, from where it stands."""
        with self._gate:
            self._look()
            self._turn(_Dial(ahead=self._present() - _whole(datetime.now(UTC))))

    def _present(self) -> datetime:
        self._latest = max(self._latest, _whole(self._dial.at(datetime.now(UTC))))
        return self._latest

    def _turn(self, dial: _Dial) -> None:
        self._dial = dial
        if self._file:
            _keep(self._file, dial)
            self._stamp = _stamp(self._file)

    def _look(self) -> None:
        """Read the file again if another process changed it."""
        if self._file and (stamp := _stamp(self._file)) != self._stamp:
            self._dial = _read(self._file)
            self._stamp = stamp


def _whole(at: datetime) -> datetime:
    at = at.astimezone(UTC)
    return at.replace(microsecond=at.microsecond // 1000 * 1000)


def _stamp(file: Path) -> tuple[int, ...]:
    try:
        found = file.stat()
    except FileNotFoundError:
        return ()
    return found.st_ino, found.st_mtime_ns, found.st_size


def _keep(file: Path, dial: _Dial) -> None:
    """Write the file whole, or not at all."""
    words = {
        "ahead_ms": dial.ahead // MILLISECOND,
        "stands_at": instant(dial.stands_at) if dial.stands_at else "",
    }
    file.parent.mkdir(parents=True, exist_ok=True)
    new = file.with_name(f".{file.name}.{os.getpid()}")
    with new.open("w", encoding="utf-8") as out:
        json.dump(words, out)
        out.flush()
        os.fsync(out.fileno())
    new.replace(file)


def _read(file: Path) -> _Dial:
    try:
        words: dict[str, object] = json.loads(file.read_text(encoding="utf-8"))
        ahead, stands_at = words["ahead_ms"], words["stands_at"]
        if not (isinstance(ahead, int) and isinstance(stands_at, str)):
            raise UnreadableClockError(file)
        standing = datetime.fromisoformat(stands_at).astimezone(UTC) if stands_at else None
    except FileNotFoundError:
        return _Dial()
    except (ValueError, KeyError, TypeError) as error:
        raise UnreadableClockError(file) from error
    return _Dial(timedelta(milliseconds=ahead), standing)
