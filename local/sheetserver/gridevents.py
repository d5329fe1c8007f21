"""The live events of the browser grid: what others change, as it happens."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from starlette.concurrency import run_in_threadpool

from sheetserver import errors
from sheetserver.draft import Caller
from sheetserver.gridcells import Sight, Viewer, packed, shown_tabs

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from sheetserver.book import Book
    from sheetserver.engine import Change, Engine
    from sheetserver.messages import Message

_PAUSE = 1.0  # seconds of silence after which a stream looks whether it should end
_HEARTBEAT = 15  # pauses after which a line is sent to keep the connection


class Stream:
    """The changes of one workbook on their way to one browser."""

    def __init__(self, engine: Engine, book_id: str, viewer: Viewer, seen: int) -> None:
        self._engine = engine
        self._book = book_id
        self._viewer = viewer
        self._seen = self._after = seen
        self._told_of: dict[int, int] = {}
        self._pauses = 0
        self._waiting: asyncio.Queue[Change] = asyncio.Queue()

    async def lines(self, is_closing: Callable[[], bool]) -> AsyncIterator[str]:
        """Yield the lines of the stream until the browser, the right or the server goes."""
        loop = asyncio.get_running_loop()

        def hear(change: Change) -> None:
            loop.call_soon_threadsafe(self._waiting.put_nowait, change)

        leave = self._engine.subscribe(self._book, hear)
        try:
            yield "retry: 1000\n\n"
            for event in await run_in_threadpool(self._missed):
                yield event
            while not is_closing():
                event = await self._next()
                if not self._may_look():
                    yield _event("gone", self._seen, {})
                    return
                yield event
        finally:
            leave()

    def _may_look(self) -> bool:
        role = self._engine.role(self._book, Caller(self._viewer.email))
        return role == self._viewer.role

    def _missed(self) -> list[str]:
        changes = self._engine.changes_since(self._book, self._seen)
        if changes is None:
            return [_event("reload", self._engine.read(self._book).revision, {})]
        return self._told(changes)

    async def _next(self) -> str:
        try:
            first = await asyncio.wait_for(self._waiting.get(), _PAUSE)
        except TimeoutError:
            return self._beat()
        changes = [first]
        while not self._waiting.empty():
            changes.append(self._waiting.get_nowait())
        return "".join(await run_in_threadpool(self._told, changes))

    def _beat(self) -> str:
        """Return a line that keeps the connection, when one is due."""
        self._pauses = (self._pauses + 1) % _HEARTBEAT
        return "" if self._pauses else ": still here\n\n"

    def _told(self, changes: list[Change]) -> list[str]:
        """Return the events of some changes: each tab is told of once, as it is now."""
        fresh = [change for change in changes if self._is_news(change)]
        if not fresh:
            return []
        # One commit tells of its tabs one after the other, and a browser may hear of
        # the first before the last: what was told is remembered for each tab.
        self._told_of |= {change.sheet_id: change.revision for change in fresh}
        self._seen = max(self._seen, *(change.revision for change in fresh))
        tabs: dict[int, list[Change]] = {}
        for change in fresh:
            tabs.setdefault(change.sheet_id, []).append(change)
        try:
            book = self._engine.read(self._book)
        except errors.ApiError:
            return []  # deleted, and the right to look with it
        return [self._event(book, sheet_id, each) for sheet_id, each in tabs.items()]

    def _is_news(self, change: Change) -> bool:
        return change.revision > self._told_of.get(change.sheet_id, self._after)

    def _event(self, book: Book, sheet_id: int, changes: list[Change]) -> str:
        tab = next((each for each in shown_tabs(book) if each.sheet_id == sheet_id), None)
        # Rows may have moved again since: then these addresses mean nothing.
        if tab is None or tab.structure > self._seen or any(each.reload for each in changes):
            return _event("reload", self._seen, {"sheetId": sheet_id})
        touched = sorted({row for change in changes for row, _ in change.cells})
        sight = Sight(book, tab, self._viewer)
        rows = {index: sight.row(index) for index in touched}
        told = {"sheetId": sheet_id, "rows": rows, "looks": sight.looks}
        return _event("rows", self._seen, {**told, "revision": book.revision})


def _event(kind: str, revision: int, told: Message) -> str:
    # Other tabs of the same commit may still be untold: whoever reconnects hears it all again.
    body = packed({"revision": revision, **told}).decode()
    return f"id: {revision - 1}\nevent: {kind}\ndata: {body}\n\n"
