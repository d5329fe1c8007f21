"""One writer's working copy of a spreadsheet: either all of it comes true, or nothing."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from sheetserver import errors, formulas, protection
from sheetserver.book import FEATURES, Book, Tab
from sheetserver.clock import local_serial, rfc3339
from sheetserver.ranges import Rect, Shift, shifted
from sheetserver.schema import sheets

if TYPE_CHECKING:
    from datetime import datetime

    from sheetserver.ids import Ids
    from sheetserver.messages import Message


@dataclass(frozen=True, slots=True)
class Caller:
    """
    Who asks.

    `name` is how a person is shown. `everything` is the right to every
    spreadsheet, as an owner has it: the server's own commands and, when
    allowed, calls without a token.
    """

    email: str
    name: str = ""
    everything: bool = False


@dataclass(slots=True)
class Draft:
    """
    A fork of a spreadsheet, with what a writer needs to know.

    Requests look at `book`, and write to what `tab()` returns. `settle()`
    brings the formulas up to date before anything is read back.
    """

    book: Book
    caller: Caller
    is_owner: bool
    ids: Ids
    now: datetime
    changed: bool = False
    _forked: set[int] = field(default_factory=set)
    _cells: int = 0

    def tab(self, sheet_id: int) -> Tab:
        """
        Return a tab to write to.

        :raises ApiError: if there is none
        """
        self.changed = True
        tab = self.book.tab(sheet_id)
        if sheet_id not in self._forked:
            place = next(at for at, each in enumerate(self.book.tabs) if each is tab)
            tab = self.book.tabs[place] = tab.fork()
            self._forked.add(sheet_id)
        return tab

    def add_tab(self, tab: Tab, place: int) -> None:
        """Add a new tab, which is writable from the start."""
        self.changed = True
        tab.structure = self.book.revision + 1
        self.book.tabs.insert(place, tab)
        self._forked.add(tab.sheet_id)

    def target(self, message: Message) -> tuple[Tab, Rect]:
        """
        Return the tab and the cells of a GridRange to write to.

        :raises ApiError: if they do not exist
        """
        tab = self.tab(message.get("sheetId", 0))
        return tab, tab.rect(message)

    def guard(self, tab: Tab, rect: Rect) -> None:
        """
        Let an edit of some cells pass.

        :raises ApiError: if the caller may not edit one of them
        """
        if not self.is_owner:
            protection.check(self.book, tab, rect, self.caller.email)

    def guard_inside(self, tab: Tab, strips: tuple[Rect, Rect]) -> None:
        """
        Let an insertion between two rows or columns pass.

        :raises ApiError: if both belong to one range that is protected from the caller
        """
        if not self.is_owner:
            protection.check_inside(self.book, tab, strips, self.caller.email)

    def guard_tab(self, tab: Tab, *, as_whole: bool = False) -> None:
        """
        Let an edit of a tab pass: its deletion, or as a whole a new title.

        :raises ApiError: if any of it, or it as a whole, is protected from the caller
        """
        if not self.is_owner:
            protection.check_tab(self.book, tab, self.caller.email, as_whole=as_whole)

    def grow(self, tab: Tab, *, rows: int = 0, columns: int = 0) -> None:
        """
        Make a grid larger at its end.

        :raises ApiError: if the spreadsheet would have too many cells
        """
        tab.resize(rows=tab.row_count + rows, columns=tab.column_count + columns)
        self.check_size()

    def check_size(self) -> None:
        """
        Let a new size of the grids pass.

        :raises ApiError: if the spreadsheet has too many cells or a tab too many columns
        """
        if self.book.cells() > errors.GRID_LIMIT:
            raise errors.too_many_cells()
        if any(tab.column_count > errors.COLUMN_LIMIT for tab in self.book.tabs):
            raise errors.too_many_columns()

    def restructure(self, tab: Tab, dimension: str, shift: Shift) -> None:
        """
        Move everything that points at rows or columns of a tab as they move.

        The cells themselves are the caller's business.
        """
        tab.structure = self.book.revision + 1
        tab.restyled = True

        def change(message: Message) -> Message | None:
            if message.get("sheetId", 0) != tab.sheet_id:
                return message
            return shifted(message, dimension, shift)

        self._shift_features(dimension, tab, change, shift)
        self._shift_metadata(tab, dimension, shift)
        self._shift_sides(tab, dimension, shift)
        formulas.shift_references(self, tab, dimension, shift)

    def _shift_features(
        self, dimension: str, tab: Tab, change: protection.RangeChange, shift: Shift
    ) -> None:
        for other in self.book.tabs:
            names = FEATURES if other is tab else ("charts",)
            for name in names:
                if other.features[name]:
                    self._shift_feature(other, name, change)
        for groups in ("rowGroups", "columnGroups"):
            tab.features[groups] = [
                moved
                for group in tab.features[groups]
                if (moved := _shifted_group(group, dimension, shift))
            ]
        kept = (
            _with_range(sheets().map_type("NamedRange", name, "GridRange", change))
            for name in self.book.names
        )
        self.book.names = [name for name in kept if name]

    def _shift_feature(self, tab: Tab, name: str, change: protection.RangeChange) -> None:
        kind = FEATURES[name]
        if kind == "GridRange":
            moved = [change(member) for member in tab.features[name]]
        else:
            moved = [
                _with_range(sheets().map_type(kind, member, "GridRange", change), kind)
                for member in tab.features[name]
            ]
        kept = [member for member in moved if member is not None]
        if kept != tab.features[name]:
            self.tab(tab.sheet_id).features[name] = kept
            self.tab(tab.sheet_id).restyled = True

    def _shift_metadata(self, tab: Tab, dimension: str, shift: Shift) -> None:
        kept = []
        for entry in self.book.metadata:
            place = entry["location"].get("dimensionRange")
            ours = place and place.get("sheetId", 0) == tab.sheet_id
            if not ours or place["dimension"] != dimension:
                kept.append(entry)
                continue
            span = shift.span(place["startIndex"], place["endIndex"])
            if span:
                moved = {**place, "startIndex": span[0], "endIndex": span[1]}
                kept.append({**entry, "location": {**entry["location"], "dimensionRange": moved}})
        self.book.metadata = kept

    def _shift_sides(self, tab: Tab, dimension: str, shift: Shift) -> None:
        sides = tab.sides(dimension)
        moved = {
            place: each
            for index, each in sides.items()
            if (place := shift.point(index)) is not None
        }
        sides.clear()
        sides.update(moved)

    def settle(self) -> None:
        """Bring the formulas up to date."""
        if self.changed:
            self.book.calculated = local_serial(self.now, self.book.properties["timeZone"])
            formulas.recalculate(self)

    def seal(self) -> Book:
        """Return the spreadsheet as it is to be kept, one revision later."""
        self.settle()
        for tab in self.book.tabs:
            if tab.sheet_id in self._forked:
                for row in tab.rows:
                    if row.key in tab.owned:
                        row.trim()
        self.book.revision += 1
        self.book.modified = rfc3339(self.now)
        return self.book


def _with_range(message: Message, kind: str = "NamedRange") -> Message | None:
    """Return a thing that has kept its cells, None if it lost them all."""
    needed = _CELLS_OF.get(kind)
    points = needed is None or any(message.get(name, []) != [] for name in needed)
    return message if points else None


# By any of which a thing still points at cells; a range of the first tab as a whole is empty.
_CELLS_OF = {
    "ConditionalFormatRule": ("ranges",),
    "NamedRange": ("range",),
    "ProtectedRange": ("range", "namedRangeId", "tableId"),
    "FilterView": ("range",),
    "BasicFilter": ("range",),
    "BandedRange": ("range",),
    "Table": ("range",),
}


def _shifted_group(group: Message, dimension: str, shift: Shift) -> Message | None:
    place = group["range"]
    if place["dimension"] != dimension:
        return group
    span = shift.span(place["startIndex"], place["endIndex"])
    if not span:
        return None
    return {**group, "range": {**place, "startIndex": span[0], "endIndex": span[1]}}
