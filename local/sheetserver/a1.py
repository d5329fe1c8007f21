"""Cell addresses as people write them: `Deals!A1:C`, `'Old deals'!2:2`, `A1`."""

from __future__ import annotations

import re
from dataclasses import dataclass

from sheetserver.errors import unparsable

MAX_COLUMNS = 18_278  # ZZZ

_ADDRESS = re.compile(
    r"\$?(?P<left>[A-Za-z]{1,3})?\$?(?P<top>[1-9]\d{0,8})?"
    r"(?P<colon>:)?\$?(?P<right>[A-Za-z]{1,3})?\$?(?P<bottom>[1-9]\d{0,8})?\Z"
)
_PLAIN_TITLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*\Z")
_LIKE_A_CELL = re.compile(r"([A-Za-z]{1,3}\d+|[Rr]\d*[Cc]\d*)\Z")


@dataclass(frozen=True, slots=True)
class Corners:
    """
    A rectangle as it was written, half open and counted from 0.

    An end of None is open: it reaches as far as the grid does.
    """

    top: int
    left: int
    bottom: int | None
    right: int | None

    @property
    def is_single(self) -> bool:
        """Test whether one cell was named."""
        return self.bottom == self.top + 1 and self.right == self.left + 1


def column_number(letters: str) -> int:
    """Return the column of its letters, counted from 0."""
    number = 0
    for letter in letters.upper():
        number = number * 26 + ord(letter) - 64
    return number - 1


def column_letters(number: int) -> str:
    """Return the letters of a column counted from 0."""
    letters = ""
    number += 1
    while number:
        number, rest = divmod(number - 1, 26)
        letters = chr(65 + rest) + letters
    return letters


def split_title(text: str) -> tuple[str | None, str]:
    """
    Return the tab's title and the rest of a reference; either may be missing.

    A quoted title alone comes back with an empty rest; a word alone has no title.

    :raises ApiError: if a quote is left open
    """
    if not text.startswith("'"):
        title, mark, rest = text.rpartition("!")
        return (title, rest) if mark else (None, text)
    at, title = 1, ""
    while True:
        end = text.find("'", at)
        if end < 0:
            raise unparsable(text)
        title += text[at:end]
        if text[end + 1 : end + 2] != "'":
            break
        title, at = title + "'", end + 2
    rest = text[end + 1 :]
    if rest and not rest.startswith("!"):
        raise unparsable(text)
    return title, rest[1:]


def corners(text: str) -> Corners | None:
    """Return the rectangle a reference without title names, or None if it is none."""
    found = _ADDRESS.match(text)
    if not found:
        return None
    left, right = _columns(found["left"], found["right"])
    top, bottom = _rows(found["top"], found["bottom"])
    if max(left or 0, right or 0) >= MAX_COLUMNS:
        return None
    if not found["colon"]:
        if left is None or top is None or found["right"] or found["bottom"]:
            return None
        return Corners(top, left, top + 1, left + 1)
    if (found["left"] or found["top"]) and (found["right"] or found["bottom"]):
        return Corners(*_ordered(top, left, bottom, right))
    return None


def _columns(left: str | None, right: str | None) -> tuple[int | None, int | None]:
    return (
        None if left is None else column_number(left),
        None if right is None else column_number(right),
    )


def _rows(top: str | None, bottom: str | None) -> tuple[int | None, int | None]:
    return (None if top is None else int(top) - 1, None if bottom is None else int(bottom) - 1)


def _ordered(
    top: int | None, left: int | None, bottom: int | None, right: int | None
) -> tuple[int, int, int | None, int | None]:
    """Return start and end of both dimensions; a side that is missing leaves its end open."""
    first_row, last_row = _span(top, bottom)
    first_column, last_column = _span(left, right)
    return first_row, first_column, last_row, last_column


def _span(one: int | None, other: int | None) -> tuple[int, int | None]:
    if one is None or other is None:
        return (one if one is not None else other or 0), None
    return min(one, other), max(one, other) + 1


def quoted(title: str) -> str:
    """Return a title as it stands before the `!` of a range we answer with."""
    if _PLAIN_TITLE.match(title) and not _LIKE_A_CELL.match(title):
        return title
    return always_quoted(title)


def always_quoted(title: str) -> str:
    """Return a title in quotes, as some messages show it in any case."""
    return "'" + title.replace("'", "''") + "'"


def cell_name(row: int, column: int) -> str:
    """Return the address of one cell counted from 0."""
    return f"{column_letters(column)}{row + 1}"


def range_name(title: str, top: int, left: int, bottom: int, right: int) -> str:
    """Return the full address of a half-open rectangle; a single cell has no colon."""
    first, last = (
        cell_name(top, left),
        cell_name(max(bottom, top + 1) - 1, max(right, left + 1) - 1),
    )
    return f"{quoted(title)}!{first}" if first == last else f"{quoted(title)}!{first}:{last}"
