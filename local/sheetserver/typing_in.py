"""What a person means by what they type into a cell: a number, a date, a formula or plain text."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, NamedTuple

from sheetserver.book import Formula, Value
from sheetserver.clock import serial_of
from sheetserver.schema import tidy

if TYPE_CHECKING:
    from collections.abc import Callable

    from sheetserver.messages import Message

_NUMBER = re.compile(
    r"(?P<sign>[+-])?(?P<currency>\$)?"
    r"(?P<digits>(?:\d{1,3}(?:,\d{3})+|\d+)(?:\.\d*)?|\.\d+)"
    r"(?P<exponent>[eE][+-]?\d{1,3})?(?P<percent>\s?%)?\Z"
)
_CLOCK = r"(?P<hour>\d{1,2}):(?P<minute>\d{2})(?::(?P<second>\d{2})(?P<fraction>\.\d{1,3})?)?"
_HALF = r"(?:\s?(?P<half>[AaPp][Mm]))?"
_DATES = (
    re.compile(
        rf"(?P<year>\d{{4}})-(?P<month>\d{{1,2}})-(?P<day>\d{{1,2}})(?:[ T]{_CLOCK}{_HALF})?\Z"
    ),
    re.compile(
        rf"(?P<month>\d{{1,2}})/(?P<day>\d{{1,2}})(?:/(?P<year>\d{{2}}|\d{{4}}))?(?:\s{_CLOCK}{_HALF})?\Z"
    ),
)
_TIME = re.compile(rf"{_CLOCK}{_HALF}\Z")
_CENTURY, _PIVOT = 100, 50  # two digits of a year mean 1950 to 2049
_NOON, _DAY, _HOUR, _SHORT_YEAR = 12, 24, 60, 2


class Typed(NamedTuple):
    """A value, and the number format that typing it gives to a cell without one."""

    value: Value
    number_format: Message | None = None


@dataclass(frozen=True, slots=True)
class _Pattern:
    type: str
    pattern: str

    def message(self) -> Message:
        return {"type": self.type, "pattern": self.pattern}


def read(text: str, *, year: int, is_text: bool = False) -> Typed:
    """
    Return what typing a text into a cell puts there.

    :param year: the year that a date without one means
    :param is_text: whether the cell's format is TEXT, which keeps what was typed
    """
    if text == "":
        return Typed(None)
    if is_text:
        return Typed(text)
    if text.startswith("'"):
        return Typed(text[1:])
    if text.startswith("=") and len(text) > 1:
        return Typed(Formula(text))
    bare = text.strip()
    for reader in _READERS:
        found = reader(bare, year)
        if found is not None:
            return found
    return Typed(text)


def _truth(text: str, _year: int) -> Typed | None:
    known = {"TRUE": True, "FALSE": False}.get(text.upper())
    return None if known is None else Typed(known)


def _number(text: str, _year: int) -> Typed | None:
    found = _NUMBER.match(text)
    if not found or not text.isascii():
        return None
    number = float(found["digits"].replace(",", "") + (found["exponent"] or ""))
    if number == float("inf"):
        return None
    if found["percent"]:
        number = float(repr(number / 100))
    signed = -number if found["sign"] == "-" else number
    shape = _number_shape(found)
    return Typed(tidy(signed), shape.message() if shape else None)


def _number_shape(found: re.Match[str]) -> _Pattern | None:
    _, point, decimals = found["digits"].partition(".")
    places = "0.00" if point and decimals else "0"
    if found["exponent"]:
        return _Pattern("SCIENTIFIC", "0.00E+00")
    if found["percent"]:
        return _Pattern("PERCENT", f"{places}%")
    if found["currency"]:
        return _Pattern("CURRENCY", f'"$"#,##{places}')
    if "," in found["digits"]:
        return _Pattern("NUMBER", f"#,##{places}")
    return None


def _date(text: str, year: int) -> Typed | None:
    for shape, pattern in zip(_DATES, ("yyyy-mm-dd", "m/d/yyyy"), strict=True):
        found = shape.match(text)
        if found and text.isascii():
            return _dated(found, pattern, year)
    return None


def _dated(found: re.Match[str], pattern: str, this_year: int) -> Typed | None:
    year = int(found["year"] or this_year)
    if found["year"] and len(found["year"]) == _SHORT_YEAR:
        year += 1900 if year >= _PIVOT else 2000
    clock = _clock(found) if found["hour"] else (0, 0, 0, 0)
    if clock is None:
        return None
    try:
        moment = datetime(year, int(found["month"]), int(found["day"]), *clock, tzinfo=UTC)
    except ValueError:
        return None
    if found["hour"]:
        return Typed(
            tidy(serial_of(moment)), {"type": "DATE_TIME", "pattern": f"{pattern} h:mm:ss"}
        )
    short = pattern if found["year"] else "m/d"
    return Typed(tidy(serial_of(moment)), {"type": "DATE", "pattern": short})


def _time(text: str, _year: int) -> Typed | None:
    found = _TIME.match(text)
    clock = _clock(found) if found and text.isascii() else None
    if found is None or clock is None:
        return None
    moment = datetime(1899, 12, 30, *clock, tzinfo=UTC)
    pattern = "h:mm:ss" if found["second"] else "h:mm"
    if found["half"]:
        pattern += " am/pm"
    return Typed(tidy(serial_of(moment)), {"type": "TIME", "pattern": pattern})


def _clock(found: re.Match[str]) -> tuple[int, int, int, int] | None:
    """Return hour, minute, second and microsecond, None if there is no such time."""
    hour, minute = int(found["hour"]), int(found["minute"])
    second = int(found["second"] or 0)
    half = (found["half"] or "").upper()
    if minute >= _HOUR or second >= _HOUR or hour >= _DAY:
        return None
    if half and not 1 <= hour <= _NOON:
        return None
    if half:
        hour = hour % _NOON + (_NOON if half == "PM" else 0)
    return hour, minute, second, round(float(found["fraction"] or 0) * 1_000_000)


_READERS: tuple[Callable[[str, int], Typed | None], ...] = (_truth, _number, _date, _time)
