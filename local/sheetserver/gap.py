"""A person acting between a program's read and its write: once, as one commit."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sheetserver import a1, errors, grids, values
from sheetserver.batch import KINDS
from sheetserver.draft import Caller
from sheetserver.faults import Match
from sheetserver.ranges import Insert, Rect

if TYPE_CHECKING:
    from collections.abc import Callable

    from sheetserver.book import Book, Tab
    from sheetserver.draft import Draft
    from sheetserver.engine import Engine
    from sheetserver.messages import Json, Message
    from sheetserver.webhook import Reporter

SOMEBODY = Caller("somebody@sheetserver.local", "Somebody", everything=True)
MOMENTS = ("after_read", "before_write")


@dataclass(slots=True)
class Between:
    """
    Edits that wait for a matching call.

    `after_read` strikes when a read has been answered, before its answer
    leaves; `before_write` before a write begins.
    """

    when: str
    match: Match
    edits: list[Message]
    email: str = ""
    is_done: bool = False
    refusal: str = ""  # why the person could not do it

    @classmethod
    def of(cls, given: Json) -> Between:
        """
        Return what a control asks for.

        :raises ApiError: if it is none of ours
        """
        known = {"when", "match", "as", "edits"}
        if not isinstance(given, dict) or given.keys() - known:
            msg = f"between has of these parts: {', '.join(sorted(known))}."
            raise errors.invalid(msg)
        if given.get("when") not in MOMENTS:
            msg = f"when is one of: {', '.join(MOMENTS)}."
            raise errors.invalid(msg)
        edits = given.get("edits", [])
        for each in edits:
            _action(each)
        return cls(given["when"], Match.of(given.get("match", {})), edits, given.get("as", ""))

    def strikes(self, when: str, method: str, path: str, body: bytes) -> bool:
        """Test whether the moment has come, and let it come only once."""
        if self.is_done or self.when != when or not self.match.fits(method, path, body):
            return False
        self.is_done = True
        return True


class Hands:
    """The person who acts."""

    def __init__(self, engine: Engine, reporter: Reporter) -> None:
        self._engine = engine
        self._reporter = reporter
        self._before: dict[str, Book] = {}

    def act(self, book_id: str, edits: list[Message], email: str) -> None:
        """
        Carry out edits as one commit.

        :raises ApiError: if the person may not, or an edit cannot be
        """
        who = Caller(email) if email else SOMEBODY
        before = self._engine.read(book_id)

        def work(draft: Draft) -> None:
            for each in edits:
                name, body = _action(each)
                if name == "undo":
                    self._undo(draft)
                else:
                    _ACTIONS[name](draft, body)

        self._engine.write(book_id, who, work)
        self._before[book_id] = before
        known = {tab.sheet_id for tab in self._engine.read(book_id).tabs}
        for each in edits:
            _, body = _action(each)
            sheet_id = body.get("sheetId", body.get("range", {}).get("sheetId", 0))
            if sheet_id in known:
                self._reporter.edited(book_id, sheet_id, str(body.get("a1", "")), email)

    def _undo(self, draft: Draft) -> None:
        """Put back every cell as it was before the last edits; rows stay where they are."""
        before = self._before.get(draft.book.id)
        if before is None:
            msg = "There is nothing to undo."
            raise errors.invalid(msg)
        for known in before.tabs:
            tab = draft.tab(known.sheet_id)
            for index in range(max(len(known.rows), len(tab.rows))):
                if known.row(index) is not tab.row(index):
                    row = tab.own(index)
                    for column in range(max(row.width, known.row(index).width)):
                        row.take(column, known.row(index), column)


def _action(edit: Json) -> tuple[str, Message]:
    """
    Return the name and the body of an edit such as `{"rename": {"sheetId": 0, "title": "T"}}`.

    :raises ApiError: if there is no such edit
    """
    if isinstance(edit, dict) and len(edit) == 1:
        ((name, body),) = edit.items()
        if name == "undo" or (name in _ACTIONS and isinstance(body, dict)):
            return name, body if isinstance(body, dict) else {}
    msg = f"An edit is one of: {', '.join([*_ACTIONS, 'undo'])}."
    raise errors.invalid(msg)


def _typed(draft: Draft, tab: Tab, rect: Rect, rows: list[list[Json]]) -> None:
    draft.guard(tab, rect)
    for index, given in enumerate(rows):
        for column, value in enumerate(given):
            if value is not None:
                row = tab.own(rect.top + index)
                values.type_in(draft, tab, row, rect.left + column, str(value))


def _edit(draft: Draft, body: Message) -> None:
    _paste(draft, {**body, "rows": [[body.get("value", "")]]})


def _paste(draft: Draft, body: Message) -> None:
    tab = draft.tab(body.get("sheetId", 0))
    corners = a1.corners(str(body.get("a1", "")))
    rows = body.get("rows", [])
    if corners is None or not rows:
        msg = "An edit names a cell by a1 and has a value or rows."
        raise errors.invalid(msg)
    width = max(len(row) for row in rows)
    rect = Rect(corners.top, corners.left, corners.top + len(rows), corners.left + width)
    if not tab.extent.covers(rect):
        msg = f"{body['a1']} is outside the grid."
        raise errors.invalid(msg)
    _typed(draft, tab, rect, rows)


def _row_copy(draft: Draft, body: Message) -> None:
    """Insert a copy of a row before another one; both are counted from 0."""
    tab = draft.tab(body.get("sheetId", 0))
    source, target = body.get("from", 0), body.get("to", 0)
    grids.insert(draft, tab, "ROWS", Insert(target, 1), inherits_before=False)
    model = tab.row(source + 1 if source >= target else source)
    row = tab.own(target)
    for column in range(model.width):
        row.take(column, model, column)


def _rename(draft: Draft, body: Message) -> None:
    properties = {"sheetId": body.get("sheetId", 0), "title": body.get("title", "")}
    KINDS["updateSheetProperties"](draft, {"properties": properties, "fields": "title"})


def _request(kind: str) -> Callable[[Draft, Message], None]:
    """Return an edit that is a request of the API of the same meaning."""

    def act(draft: Draft, body: Message) -> None:
        KINDS[kind](draft, body)

    return act


_ACTIONS: dict[str, Callable[[Draft, Message], None]] = {
    "edit": _edit,
    "heading": _edit,
    "paste": _paste,
    "sort": _request("sortRange"),
    "insert": _request("insertDimension"),
    "delete": _request("deleteDimension"),
    "move": _request("moveDimension"),
    "deleteTab": _request("deleteSheet"),
    "rename": _rename,
    "rowCopy": _row_copy,
}
