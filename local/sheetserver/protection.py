"""Who may edit which cells."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, TypeAlias

from sheetserver import errors
from sheetserver.messages import Message

if TYPE_CHECKING:
    from sheetserver.book import Book, Tab
    from sheetserver.ranges import Rect

RangeChange: TypeAlias = Callable[[Message], Message | None]


def may_edit(protected: Message, email: str) -> bool:
    """
    Test whether somebody who does not own the spreadsheet may edit a protected range.

    A protection that only warns keeps nobody out of the API.
    """
    if protected.get("warningOnly"):
        return True
    users = protected.get("editors", {}).get("users", ())
    return email.casefold() in {user.casefold() for user in users}


def cells(book: Book, tab: Tab, protected: Message) -> Rect | None:
    """Return the cells a protection of this tab covers, None if what it names is gone."""
    place = protected.get("range")
    if "namedRangeId" in protected:
        named = (each for each in book.names if each["namedRangeId"] == protected["namedRangeId"])
        place = next((each["range"] for each in named), None)
    if "tableId" in protected:
        tables = (
            each for each in tab.features["tables"] if each["tableId"] == protected["tableId"]
        )
        place = next((each["range"] for each in tables), None)
    if place is None or _outside(place, tab):
        return None
    return tab.rect(place)


def _outside(place: Message, tab: Tab) -> bool:
    return bool(
        place.get("sheetId", 0) != tab.sheet_id
        or place.get("startRowIndex", 0) >= tab.row_count
        or place.get("startColumnIndex", 0) >= tab.column_count
    )


def is_free(book: Book, tab: Tab, rect: Rect, email: str) -> bool:
    """Test whether somebody may edit all cells of a rectangle."""
    return not any(
        _bars(book, tab, protected, rect)
        for protected in tab.features["protectedRanges"]
        if not may_edit(protected, email)
    )


def check(book: Book, tab: Tab, rect: Rect, email: str) -> None:
    """
    Let an edit pass.

    :raises ApiError: if one of its cells is protected from the caller
    """
    if not is_free(book, tab, rect, email):
        raise errors.protected()


def check_inside(book: Book, tab: Tab, strips: tuple[Rect, Rect], email: str) -> None:
    """
    Let an insertion between two rows or columns pass.

    Widening a range from inside is an edit of it. [assumed]

    :param strips: the row or column before the gap, and the one after it
    :raises ApiError: if a range protected from the caller reaches across the gap
    """
    for protected in tab.features["protectedRanges"]:
        covered = None if may_edit(protected, email) else cells(book, tab, protected)
        if covered and all(covered.meets(strip) for strip in strips):
            raise errors.protected()


def check_tab(book: Book, tab: Tab, email: str, *, as_whole: bool) -> None:
    """
    Let an edit of a whole tab pass.

    :param as_whole: whether only a protection of the tab as a whole bars it, as it does a
        new title; a deletion is barred by the least protected cell
    :raises ApiError: if it is protected from the caller
    """
    for protected in tab.features["protectedRanges"]:
        covered = None if may_edit(protected, email) else cells(book, tab, protected)
        if covered and (covered == tab.extent or not as_whole):
            raise errors.protected()


def _bars(book: Book, tab: Tab, protected: Message, rect: Rect) -> bool:
    """Test whether a protection covers a cell of a rectangle that is not left open in it."""
    covered = cells(book, tab, protected)
    if covered is None or not covered.meets(rect):
        return False
    touched = rect.within(covered)
    open_parts = [
        tab.rect(place)
        for place in protected.get("unprotectedRanges", ())
        if not _outside(place, tab)
    ]
    if any(part.covers(touched) for part in open_parts):
        return False
    return not all(
        any(part.has(row, column) for part in open_parts)
        for row in range(touched.top, touched.bottom)
        for column in range(touched.left, touched.right)
    )


def shown(protected: Message, *, email: str, is_owner: bool) -> Message:
    """Return a protection as its reader sees it: the editors are for those who may edit."""
    allowed = is_owner or may_edit(protected, email)
    message = {name: value for name, value in protected.items() if allowed or name != "editors"}
    if allowed:
        message["requestingUserCanEdit"] = True
    return message
