"""Which cells of a spreadsheet a written range means."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sheetserver import a1, errors
from sheetserver.ranges import Rect

if TYPE_CHECKING:
    from sheetserver.book import Book, Tab
    from sheetserver.messages import Message


@dataclass(frozen=True, slots=True)
class Area:
    """
    Cells of one tab, cut to its grid.

    `is_single` remembers that one cell was named, which writers take as an
    origin. `written` is the range as it was asked for, title quoted.
    """

    tab: Tab
    rect: Rect
    is_single: bool
    written: str

    @property
    def name(self) -> str:
        """Return the address as answers give it."""
        return a1.range_name(self.tab.title, *self.rect)


def area(book: Book, text: str) -> Area:
    """
    Return the cells of a range: A1, a tab's title, a named range, or both with a title.

    A bare word is tried as exact title, then as named range, then as A1 on
    the first tab [assumed].

    :raises ApiError: if it names nothing, or starts outside the grid
    """
    title, rest = a1.split_title(text)
    if title is None:
        whole = next((tab for tab in book.tabs if tab.title == rest), None)
        if whole:
            return _whole(whole)
        return _named(book, rest) or _on_tab(_first(book, text), rest, text)
    tab = book.titled(title)
    if tab is None:
        raise errors.unparsable(text)
    if not rest:
        return _whole(tab)
    return _named(book, rest) or _on_tab(tab, rest, text)


def grid_area(book: Book, message: Message) -> Area:
    """
    Return the cells of a GridRange.

    :raises ApiError: if its tab does not exist or it starts outside the grid
    """
    tab = book.tab(message.get("sheetId", 0))
    rect = tab.rect(message)
    return _area(tab, rect, is_single=rect.height == 1 and rect.width == 1)


def _first(book: Book, text: str) -> Tab:
    if not book.tabs:
        raise errors.unparsable(text)
    return book.tabs[0]


def _whole(tab: Tab) -> Area:
    return _area(tab, tab.extent, is_single=False)


def _named(book: Book, name: str) -> Area | None:
    wanted = name.casefold()
    found = next((each for each in book.names if each["name"].casefold() == wanted), None)
    return grid_area(book, found["range"]) if found else None


def _on_tab(tab: Tab, rest: str, text: str) -> Area:
    corners = a1.corners(rest)
    if corners is None:
        raise errors.unparsable(text)
    if corners.top >= tab.row_count or corners.left >= tab.column_count:
        shown = f"{a1.quoted(tab.title)}!{rest.upper()}"
        raise errors.off_grid(shown, tab.row_count, tab.column_count)
    bottom = tab.row_count if corners.bottom is None else min(corners.bottom, tab.row_count)
    right = tab.column_count if corners.right is None else min(corners.right, tab.column_count)
    rect = Rect(corners.top, corners.left, bottom, right)
    return _area(tab, rect, is_single=corners.is_single)


def _area(tab: Tab, rect: Rect, *, is_single: bool) -> Area:
    first, last = a1.cell_name(rect.top, rect.left), a1.cell_name(rect.bottom - 1, rect.right - 1)
    cells = first if is_single else f"{first}:{last}"
    return Area(tab, rect, is_single, f"{a1.always_quoted(tab.title)}!{cells}")
