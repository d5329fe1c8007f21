"""Rectangles of cells, and what becomes of them when rows or columns come, go and move."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable

    from sheetserver.messages import Message

ROWS = "ROWS"
COLUMNS = "COLUMNS"

_KEYS = {
    ROWS: ("startRowIndex", "endRowIndex"),
    COLUMNS: ("startColumnIndex", "endColumnIndex"),
}


class Rect(NamedTuple):
    """A half-open rectangle on a grid, counted from 0."""

    top: int
    left: int
    bottom: int
    right: int

    @property
    def height(self) -> int:
        """Return the number of rows."""
        return self.bottom - self.top

    @property
    def width(self) -> int:
        """Return the number of columns."""
        return self.right - self.left

    @property
    def is_empty(self) -> bool:
        """Test whether the rectangle holds no cell."""
        return self.bottom <= self.top or self.right <= self.left

    def meets(self, other: Rect) -> bool:
        """Test whether two rectangles share a cell."""
        return (
            self.top < other.bottom
            and other.top < self.bottom
            and self.left < other.right
            and other.left < self.right
        )

    def covers(self, other: Rect) -> bool:
        """Test whether the other rectangle lies wholly inside."""
        return (
            self.top <= other.top
            and other.bottom <= self.bottom
            and self.left <= other.left
            and other.right <= self.right
        )

    def has(self, row: int, column: int) -> bool:
        """Test whether a cell lies inside."""
        return self.top <= row < self.bottom and self.left <= column < self.right

    def within(self, other: Rect) -> Rect:
        """Return the part that lies inside another rectangle; it may be empty."""
        return Rect(
            max(self.top, other.top),
            max(self.left, other.left),
            min(self.bottom, other.bottom),
            min(self.right, other.right),
        )

    def moved(self, rows: int, columns: int) -> Rect:
        """Return the rectangle somewhere else."""
        return Rect(self.top + rows, self.left + columns, self.bottom + rows, self.right + columns)


def grid_range(sheet_id: int, rect: Rect) -> Message:
    """Return a rectangle as a GridRange of the wire; `sheetId` 0 is left out."""
    message: Message = {"sheetId": sheet_id} if sheet_id else {}
    message["startRowIndex"], message["endRowIndex"] = rect.top, rect.bottom
    message["startColumnIndex"], message["endColumnIndex"] = rect.left, rect.right
    return message


@dataclass(frozen=True, slots=True)
class Insert:
    """New rows or columns appear before an index."""

    at: int
    count: int

    def point(self, index: int) -> int:
        """Return where a single row or column is afterwards."""
        return index + self.count if index >= self.at else index

    def span(self, start: int, end: int) -> tuple[int, int] | None:
        """Return where a stretch is afterwards: it grows only if its inside was hit."""
        return self.point(start), end + self.count if end > self.at else end


@dataclass(frozen=True, slots=True)
class Delete:
    """Rows or columns from one index up to another disappear."""

    start: int
    end: int

    def point(self, index: int) -> int | None:
        """Return where a single row or column is afterwards, None if it is gone."""
        if self.start <= index < self.end:
            return None
        return index if index < self.start else index - (self.end - self.start)

    def span(self, start: int, end: int) -> tuple[int, int] | None:
        """Return what is left of a stretch, None if nothing."""
        first, last = self._edge(start), self._edge(end)
        return (first, last) if first < last else None

    def _edge(self, index: int) -> int:
        return index - (min(index, self.end) - self.start) if index > self.start else index


@dataclass(frozen=True, slots=True)
class Move:
    """
    Rows or columns from one index up to another go before a third.

    The target is counted before anything moves, as in the request.
    """

    start: int
    end: int
    target: int

    def point(self, index: int) -> int:
        """Return where a single row or column is afterwards."""
        count = self.end - self.start
        landing = self.target if self.target <= self.start else self.target - count
        if self.start <= index < self.end:
            return landing + index - self.start
        if index >= self.end:
            index -= count
        return index + count if index >= landing else index

    def span(self, start: int, end: int) -> tuple[int, int] | None:
        """
        Return where a stretch is afterwards.

        One that moves along goes whole; one that loses rows shrinks; one whose
        inside receives them grows.
        """
        if self.start <= start and end <= self.end:
            return self.point(start), self.point(end - 1) + 1
        if start <= self.start and self.end <= end and start < self.target < end:
            return start, end
        count = self.end - self.start
        left = Delete(self.start, self.end).span(start, end)
        landing = self.target if self.target <= self.start else self.target - count
        return Insert(landing, count).span(*left) if left else None


Shift = Insert | Delete | Move


def shifted(message: Message, dimension: str, shift: Shift) -> Message | None:
    """Return a GridRange after a structural change of its tab, None if nothing is left of it."""
    first, last = _KEYS[dimension]
    start, end = message.get(first), message.get(last)
    if start is None and end is None:
        return message
    far = 2**40  # an open end stays open wherever it is
    span = shift.span(start or 0, far if end is None else end)
    if span is None:
        return None
    result = dict(message)
    if start is not None:
        result[first] = span[0]
    if end is not None:
        result[last] = span[1]
    return result


def retargeted(sheet_id: int) -> Callable[[Message], Message]:
    """Return a function that lets a range point at another tab."""

    def change(message: Message) -> Message:
        result = {name: value for name, value in message.items() if name != "sheetId"}
        return {"sheetId": sheet_id, **result} if sheet_id else result

    return change
