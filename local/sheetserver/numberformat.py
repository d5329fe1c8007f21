"""How numbers and dates look: the patterns of Google Sheets in the locale en_US."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Context, Decimal
from functools import lru_cache
from typing import TYPE_CHECKING

from sheetserver.book import CellError, Result
from sheetserver.clock import moment_of

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from sheetserver.messages import Message

DEFAULTS = {
    "NUMBER": "#,##0.00",
    "PERCENT": "0.00%",
    "CURRENCY": '"$"#,##0.00',
    "DATE": "m/d/yyyy",
    "TIME": "h:mm:ss am/pm",
    "DATE_TIME": "m/d/yyyy h:mm:ss",
    "SCIENTIFIC": "0.00E+00",
    "TEXT": "@",
}
DATES = frozenset({"DATE", "TIME", "DATE_TIME"})

_SECTION = re.compile(r'((?:"[^"]*"|\\.|\[[^\]]*\]|[^;"\\\[])*)(?:;|\Z)')
_DATE_PART = re.compile(
    r'"[^"]*"|\\.|\[h+\]|\[m+\]|\[s+\]|am/pm|a/p|\.0+|y+|m+|d+|h+|s+|.', re.IGNORECASE | re.DOTALL
)
_NUMBER_PART = re.compile(r'"[^"]*"|\\.|\[[^\]]*\]|E[+-]0+|[#0?.,]+|[*_].?|[%@]|.', re.DOTALL)
_EXACT = Context(prec=1_000)  # more digits than any number and pattern have together
_LARGE, _SMALL = 1e15, 1e-5
_NAMES = {3: "%b", 4: "%B"}
_HALVES = frozenset({"am/pm", "a/p"})
_NOON, _SHORT_YEAR = 12, 2
_DAYS = {1: "", 2: "%d", 3: "%a", 4: "%A"}


@dataclass(frozen=True, slots=True)
class _Instant:
    """What a date pattern writes out."""

    moment: datetime
    value: float
    half_day: bool  # whether hours are counted twice to twelve


def shown(value: Result, number_format: Message) -> str:
    """
    Return a value as its cell shows it.

    :param number_format: `type` and `pattern`, either may be missing
    """
    if value is None:
        return ""
    if isinstance(value, CellError):
        return value.code
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    kind = number_format.get("type", "")
    pattern = number_format.get("pattern") or DEFAULTS.get(kind, "")
    if isinstance(value, str):
        return _text(value, pattern)
    if not pattern or pattern == "@" or pattern.casefold() == "general":
        return general(value)
    return _formatted(value, pattern, is_date=kind in DATES)


def general(value: float) -> str:
    """Return a number that has no format: as short as it can be said."""
    if float(value).is_integer() and abs(value) < _LARGE:
        return str(int(value))
    size = abs(value)
    if size >= _LARGE or size < _SMALL:
        mantissa, _, exponent = f"{value:.5E}".partition("E")
        digits = mantissa.rstrip("0").rstrip(".")
        return f"{digits}E{exponent[0]}{exponent[1:].zfill(2)}"
    # Ten decimals and fifteen digits are what a cell shows. [assumed]
    decimals = min(10, max(0, 14 - math.floor(math.log10(size))))
    return f"{value:.{decimals}f}".rstrip("0").rstrip(".")


def _text(value: str, pattern: str) -> str:
    sections = _sections(pattern)
    section = next((each for each in sections if "@" in _bare(each)), "")
    if not section or section == "@":
        return value
    return "".join(
        value if part == "@" else _literal(part) for part in _NUMBER_PART.findall(section)
    )


@lru_cache(maxsize=512)
def _sections(pattern: str) -> tuple[str, ...]:
    found = [match.group(1) for match in _SECTION.finditer(pattern)]
    return tuple(found[:-1] if len(found) > 1 and not found[-1] else found)


@lru_cache(maxsize=512)
def _bare(section: str) -> str:
    """Return a pattern without its literal texts."""
    return re.sub(r'"[^"]*"|\\.|\[[$][^\]]*\]', "", section)


def _formatted(value: float, pattern: str, *, is_date: bool) -> str:
    sections = _sections(pattern)
    if is_date or _looks_like_date(sections[0]):
        return _date(value, sections[0])
    negative = value < 0
    if negative and len(sections) > 1:
        return _number(-value, sections[1])
    if value == 0 and sections[2:]:
        return _number(0, sections[2])
    text = _number(abs(value), sections[0])
    return f"-{text}" if negative and re.search("[1-9]", text) else text


@lru_cache(maxsize=512)
def _looks_like_date(section: str) -> bool:
    bare = _bare(section)
    return bool(re.search(r"[ymdhs]", bare, re.IGNORECASE)) and not re.search(r"[#0?](?!0*s)", bare)


def _literal(part: str) -> str:
    if part[:1] == '"':
        return part[1:-1]
    if part[:1] == "\\":
        return part[1:]
    if part[:2] == "[$":
        return part[2:-1].partition("-")[0]
    if part[:1] == "[":
        return ""  # a colour or a condition
    if part[:1] == "_":
        return " "
    return "" if part[:1] == "*" else part


def _number(value: float, section: str) -> str:
    """Return a number that is not negative in one section of a pattern."""
    parts = _NUMBER_PART.findall(section)
    places = [part for part in parts if re.fullmatch(r"[#0?.,]+", part)]
    exponent = next((part for part in parts if re.fullmatch(r"E[+-]0+", part)), "")
    digits = "".join(places)
    percents = sum(part[:1] == "%" for part in parts)
    scaled = Decimal(repr(value)) * 100**percents
    text, power = _scientific(scaled, digits) if exponent else (_plain(scaled, digits), "")
    done = False
    shown_parts = []
    for part in parts:
        if part in places:
            shown_parts.append("" if done else text)
            done = True
        elif part == exponent:
            shown_parts.append(_exponent(power, exponent))
        elif part[:1] == "@":
            shown_parts.append(general(value))
        else:
            shown_parts.append(_literal(part))
    return "".join(shown_parts)


def _plain(value: Decimal, digits: str) -> str:
    whole, point, fraction = digits.rstrip(",").partition(".")
    # Each comma after the last digit divides by a thousand.
    thousands = len(digits) - len(digits.rstrip(",")) + len(whole) - len(whole.rstrip(","))
    value = value.scaleb(-3 * thousands)
    grouped = "," in whole.strip(",")
    rounded = value.quantize(Decimal(1).scaleb(-len(fraction)), ROUND_HALF_UP, _EXACT)
    text = f"{rounded:,f}" if grouped else f"{rounded:f}"
    front, _, back = text.partition(".")
    least = sum(mark == "0" for mark in whole)
    front = "" if front == "0" and not least else front.zfill(least)
    optional = len(fraction) - len(fraction.rstrip("#?"))
    while optional and back.endswith("0"):
        back, optional = back[:-1], optional - 1
    return front + (point + back if back else "")


def _scientific(value: Decimal, digits: str) -> tuple[str, str]:
    if value == 0:
        return _plain(value, digits), "0"
    power = value.adjusted()
    text = _plain(value.scaleb(-power), digits)
    if text.startswith("10"):
        power += 1
        text = _plain(value.scaleb(-power), digits)
    return text, str(power)


def _exponent(power: str, pattern: str) -> str:
    sign = "-" if power.startswith("-") else "+" if pattern[1] == "+" else ""
    return f"E{sign}{power.lstrip('-').zfill(len(pattern) - 2)}"


def _date(value: float, section: str) -> str:
    try:
        moment = moment_of(value)
    except OverflowError:
        return general(value)
    parts = _DATE_PART.findall(section)
    it = _Instant(moment, value, half_day=any(part.lower() in _HALVES for part in parts))
    written, previous = [], ""
    for at, part in enumerate(parts):
        kind = _date_kind(parts, at, previous)
        writer = _DATE_WRITERS.get(kind)
        written.append(writer(it, part) if writer else _literal(part))
        if writer:
            previous = part[1:2].lower() if kind == "elapsed" else kind
    return "".join(written)


def _date_kind(parts: list[str], at: int, previous: str) -> str:
    """Return what a part of a date pattern stands for; an `m` beside hours is minutes."""
    part = parts[at].lower()
    if part in _HALVES:
        return part
    if part[:1] == "[" and part[1:2] in "hms":
        return "elapsed"
    if part[:2] == ".0":
        return "fraction"
    is_minute = part[:1] == "m" and (previous == "h" or _next_kind(parts, at) == "s")
    return "minute" if is_minute else part[:1]


def _next_kind(parts: list[str], at: int) -> str:
    following = (part[:1].lower() for part in parts[at + 1 :] if part[:1].isalpha())
    return next(following, "")


def _year(it: _Instant, part: str) -> str:
    return f"{it.moment.year:04d}" if len(part) > _SHORT_YEAR else f"{it.moment.year % 100:02d}"


def _month(it: _Instant, part: str) -> str:
    if len(part) in _NAMES:
        return it.moment.strftime(_NAMES[len(part)])
    if len(part) > max(_NAMES):
        return it.moment.strftime("%b")[:1]
    return str(it.moment.month).zfill(len(part))


def _day(it: _Instant, part: str) -> str:
    return it.moment.strftime(_DAYS.get(len(part), "%A")) or str(it.moment.day)


def _hour(it: _Instant, part: str) -> str:
    hour = (it.moment.hour - 1) % _NOON + 1 if it.half_day else it.moment.hour
    return str(hour).zfill(len(part))


def _fraction(it: _Instant, part: str) -> str:
    return f".{it.moment.microsecond:06d}".ljust(len(part), "0")[: len(part)]


def _half(it: _Instant, part: str) -> str:
    half = "AM" if it.moment.hour < _NOON else "PM"
    return half if len(part) > len("a/p") else half[0]


def _elapsed(it: _Instant, part: str) -> str:
    units = {"h": 24, "m": 1440, "s": 86_400}[part[1].lower()]
    return str(math.floor(it.value * units + 1e-9)).zfill(len(part) - 2)


_DATE_WRITERS: dict[str, Callable[[_Instant, str], str]] = {
    "y": _year,
    "m": _month,
    "d": _day,
    "h": _hour,
    "minute": lambda it, part: str(it.moment.minute).zfill(len(part)),
    "s": lambda it, part: str(it.moment.second).zfill(len(part)),
    "fraction": _fraction,
    "am/pm": _half,
    "a/p": _half,
    "elapsed": _elapsed,
}
