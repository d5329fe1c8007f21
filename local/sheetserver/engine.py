"""
The server's core: spreadsheets that are read by many and written by one at a time.

`Engine.read` returns a state that never changes. `Engine.write` lets a
function work on a draft; when it returns, the draft is committed, everybody
who subscribed is told what changed, and only then does the answer leave.

Everything here may be called from any thread.
"""

from __future__ import annotations

import threading
from collections import OrderedDict, deque
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from itertools import zip_longest
from typing import TYPE_CHECKING, TypeAlias, TypeVar

from sheetserver import errors, formulas
from sheetserver.book import EMPTY_ROW, Book, Row, Tab
from sheetserver.draft import Caller, Draft
from sheetserver.storage import Account, Permission, Storage, Token

if TYPE_CHECKING:
    from pathlib import Path

    from sheetserver.clock import Clock
    from sheetserver.ids import Ids
    from sheetserver.messages import Message

Answer = TypeVar("Answer")

_REMEMBERED = 512  # changes of a spreadsheet kept for those who reconnect
_MANY_CELLS = 2_000  # above it a change says "read the tab again"
_CELL_BUDGET = 20_000_000  # cells, empty ones too, of spreadsheets kept in memory

ROLES = {"reader": 1, "commenter": 1, "writer": 2, "owner": 3}


@dataclass(frozen=True, slots=True)
class Change:
    """
    What one commit changed in one tab.

    `reload` says that the tab must be read again: rows or columns moved, or
    rules, sizes, titles changed; `structural` that an address from before no
    longer means the same cell. Otherwise `cells` lists (row, column) of every
    cell whose value, format, note or validation differs; a colour rule may
    recolour others of the same row. A tab that was deleted, and a
    spreadsheet that was (`sheet_id` -1), reload too.
    """

    revision: int
    sheet_id: int
    reload: bool
    structural: bool
    cells: tuple[tuple[int, int], ...]


Listener: TypeAlias = Callable[[Change], None]


class Engine:
    """All spreadsheets of one data folder."""

    def __init__(self, folder: Path, *, clock: Clock, ids: Ids) -> None:
        self.clock = clock
        self.ids = ids
        self._lock = threading.RLock()
        self._storage = Storage(folder / "sheets.db")
        self._books: OrderedDict[str, Book] = OrderedDict()
        self._headings = {
            key: {**body, "revision": revision} for key, revision, body in self._storage.headings()
        }
        self._accounts = {each.email: each for each in self._storage.accounts()}
        self._rights = {(each.book, each.email): each for each in self._storage.permissions()}
        self._tokens = {each.digest: each for each in self._storage.tokens()}
        self._changes: dict[str, deque[Change]] = {}
        self._listeners: dict[str, list[Listener]] = {}
        self._creation: list[Callable[[str], None]] = []

    def close(self) -> None:
        """Let go of the data folder."""
        with self._lock:
            self._storage.close()

    # Spreadsheets

    def read(self, book_id: str) -> Book:
        """
        Return a spreadsheet as it was last committed, TODAY and NOW up to date.

        :raises ApiError: if there is none
        """
        book = self._books.get(book_id)
        if book is None or formulas.is_stale(book, self.clock()):
            with self._lock:
                book = self._current(book_id)
        return book

    def _current(self, book_id: str) -> Book:
        book = self._books.get(book_id) or self._storage.load(book_id)
        if book is None:
            raise errors.not_found()
        if formulas.is_stale(book, self.clock()):
            draft = Draft(book.fork(), NOBODY, is_owner=True, ids=self.ids, now=self.clock())
            draft.changed = True
            draft.settle()
            book = draft.book
        self._remember(book)
        return book

    def _remember(self, book: Book) -> None:
        self._books[book.id] = book
        self._books.move_to_end(book.id)
        while len(self._books) > 1 and _weight(self._books) > _CELL_BUDGET:
            self._books.popitem(last=False)

    def write(self, book_id: str, caller: Caller, work: Callable[[Draft], Answer]) -> Answer:
        """
        Let a function change a spreadsheet, and commit what it did.

        If it raises, nothing has happened. If it changes nothing, nothing is
        committed and the revision stays.

        :raises ApiError: if there is no such spreadsheet, or the caller may not write it
        """
        with self._lock:
            return self._write(book_id, caller, work)

    def _write(self, book_id: str, caller: Caller, work: Callable[[Draft], Answer]) -> Answer:
        old = self._current(book_id)
        self.require(book_id, caller, "writer")
        draft = self._draft(old.fork(), caller)
        answer = work(draft)
        if draft.changed:
            new = draft.seal()
            with self._storage.transaction():
                self._storage.save(old, new)
            self._publish(old, new)
        return answer

    def _draft(self, book: Book, caller: Caller) -> Draft:
        owner = self.role(book.id, caller) == "owner"
        return Draft(book, caller, is_owner=owner, ids=self.ids, now=self.clock())

    def create(self, caller: Caller, book: Book, fill: Callable[[Draft], Answer]) -> Answer:
        """Add a spreadsheet that a function has filled; its caller becomes the owner."""
        with self._lock:
            draft = Draft(book, caller, is_owner=True, ids=self.ids, now=self.clock())
            answer = fill(draft)
            new = draft.seal()
            right = Permission(book.id, caller.email, "owner", self.permission_id(caller.email))
            with self._storage.transaction():
                self._storage.save(None, new)
                self._storage.keep_permission(right)
            self._rights[book.id, caller.email] = right
            self._publish(None, new)
            for listener in self._creation:
                listener(book.id)
            return answer

    def on_create(self, listener: Callable[[str], None]) -> None:
        """Call a function with the id of each spreadsheet that is made from now on."""
        self._creation.append(listener)

    def _publish(self, old: Book | None, new: Book) -> None:
        for tab in new.tabs:
            tab.owned.clear()
        self._headings[new.id] = {
            "properties": new.properties,
            "created": new.created,
            "modified": new.modified,
            "revision": new.revision,
        }
        self._remember(new)
        if old is not None:
            self._tell(new.id, _changes(old, new))

    def delete(self, book_id: str, caller: Caller) -> None:
        """
        Delete a spreadsheet for good.

        :raises ApiError: if there is none, or the caller does not own it
        """
        with self._lock:
            book = self._current(book_id)
            self.require(book_id, caller, "owner")
            with self._storage.transaction():
                self._storage.drop(book)
            del self._books[book_id], self._headings[book_id]
            for key in [key for key in self._rights if key[0] == book_id]:
                del self._rights[key]
            gone = Change(book.revision + 1, -1, reload=True, structural=True, cells=())
            self._tell(book_id, [gone])

    def listing(self, caller: Caller) -> list[tuple[str, Message]]:
        """Return id and heading (properties, created, modified) of what a caller may read."""
        return [
            (book_id, heading)
            for book_id, heading in sorted(self._headings.items())
            if self.role(book_id, caller)
        ]

    def heading(self, book_id: str) -> Message:
        """
        Return properties, created, modified and revision of a spreadsheet.

        :raises ApiError: if there is none
        """
        heading = self._headings.get(book_id)
        if heading is None:
            raise errors.not_found()
        return heading

    def title(self, book_id: str) -> str:
        """
        Return the title of a spreadsheet.

        :raises ApiError: if there is none
        """
        return str(self.heading(book_id)["properties"]["title"])

    def replace_all(self, books: list[Book], rights: list[Permission]) -> None:
        """Put other spreadsheets in the place of all there are, for tests."""
        with self._lock:
            old = [self._current(book_id) for book_id in self._headings]
            with self._storage.transaction():
                for book in old:
                    self._storage.drop(book)
                for book in books:
                    self._storage.save(None, book)
                for right in rights:
                    self._storage.keep_permission(right)
            self._books.clear()
            self._headings.clear()
            self._rights = {(right.book, right.email): right for right in rights}
            for book in books:
                self._publish(None, book)

    def every_book(self) -> list[str]:
        """Return the ids of all spreadsheets."""
        return sorted(self._headings)

    # Changes

    def subscribe(self, book_id: str, listener: Listener) -> Callable[[], None]:
        """
        Call a function after each commit, once for each tab changed.

        It runs in the writer's thread and must return at once: put the change
        into a queue of your own (`loop.call_soon_threadsafe`). What is
        returned ends the subscription.
        """
        with self._lock:
            self._listeners.setdefault(book_id, []).append(listener)

        def end() -> None:
            with self._lock, suppress(ValueError):
                self._listeners[book_id].remove(listener)

        return end

    def changes_since(self, book_id: str, revision: int) -> list[Change] | None:
        """Return what was committed after a revision, None if that is no longer known."""
        with self._lock:
            current = self.read(book_id).revision
            kept = list(self._changes.get(book_id, ()))
            found = [change for change in kept if change.revision > revision]
            known = revision == current or (found and kept[0].revision <= revision + 1)
            return found if known else None

    def _tell(self, book_id: str, changes: list[Change]) -> None:
        self._changes.setdefault(book_id, deque(maxlen=_REMEMBERED)).extend(changes)
        for listener in tuple(self._listeners.get(book_id, ())):
            for change in changes:
                listener(change)

    # People and rights

    def role(self, book_id: str, caller: Caller) -> str:
        """Return what a caller may do with a spreadsheet: owner, writer, reader or nothing."""
        if caller.everything:
            return "owner"
        found = [self._rights.get((book_id, email)) for email in (caller.email, "*")]
        roles = [right.role for right in found if right]
        return max(roles, key=ROLES.__getitem__, default="")

    def require(self, book_id: str, caller: Caller, role: str) -> None:
        """
        Let a caller pass.

        :raises ApiError: if the right to the spreadsheet is less than the role
        """
        held = self.role(book_id, caller)
        if not held or ROLES[held] < ROLES[role]:
            raise errors.forbidden()

    def permissions(self, book_id: str) -> list[Permission]:
        """Return the rights to a spreadsheet, its owner first."""
        found = [right for (book, _), right in self._rights.items() if book == book_id]
        return sorted(found, key=lambda right: (-ROLES[right.role], right.email))

    def permit(self, book_id: str, email: str, role: str, kind: str = "user") -> Permission:
        """Give a right to a spreadsheet, or change it; the e-mail of everybody is `*`."""
        right = Permission(book_id, email, role, self.permission_id(email), kind)
        with self._lock, self._storage.transaction():
            self._storage.keep_permission(right)
            self._rights[book_id, email] = right
        return right

    def forbid(self, right: Permission) -> None:
        """Take a right away."""
        with self._lock, self._storage.transaction():
            self._storage.drop_permission(right.book, right.email)
            self._rights.pop((right.book, right.email), None)

    def permission_id(self, email: str) -> str:
        """Return the id that one e-mail has in every list of permissions."""
        return permission_id(email)

    def accounts(self) -> list[Account]:
        """Return everybody who is registered."""
        return sorted(self._accounts.values(), key=lambda account: account.email)

    def account(self, email: str) -> Account | None:
        """Return somebody who is registered."""
        return self._accounts.get(email)

    def register(self, account: Account) -> None:
        """Register somebody, or register them anew."""
        with self._lock, self._storage.transaction():
            self._storage.keep_account(account)
            self._accounts[account.email] = account

    # Tokens

    def keep_token(self, token: Token) -> None:
        """Remember a token that is about to be handed out."""
        now = self.clock().timestamp()
        with self._lock, self._storage.transaction():
            self._storage.keep_token(token, now=now)
            self._tokens[token.digest] = token

    def token(self, digest: str) -> Token | None:
        """Return a token by its digest, unless it has expired."""
        token = self._tokens.get(digest)
        return token if token and token.expires > self.clock().timestamp() else None


NOBODY = Caller("", everything=True)


def permission_id(email: str) -> str:
    """Return the id that one e-mail has in every list of permissions."""
    if email == "*":
        return "anyoneWithLink"
    return str(int.from_bytes(email.encode(), "big") % 10**20).zfill(20)


def _weight(books: OrderedDict[str, Book]) -> int:
    return sum(book.cells() for book in books.values())


def _changes(old: Book, new: Book) -> list[Change]:
    before = {tab.sheet_id: tab for tab in old.tabs}
    after = {tab.sheet_id for tab in new.tabs}
    moved = [tab.sheet_id for tab in old.tabs] != [tab.sheet_id for tab in new.tabs]
    changes = [
        Change(new.revision, sheet_id, reload=True, structural=True, cells=())
        for sheet_id in before
        if sheet_id not in after
    ]
    for tab in new.tabs:
        known = before.get(tab.sheet_id)
        if known is not tab or moved:
            changes.append(_change(known, tab, new.revision, whole=moved))
    return changes


def _change(known: Tab | None, tab: Tab, revision: int, *, whole: bool) -> Change:
    structural = known is None or tab.structure == revision
    if whole or structural or tab.restyled or known is None:
        return Change(revision, tab.sheet_id, reload=True, structural=structural, cells=())
    cells: list[tuple[int, int]] = []
    for index, (one, other) in enumerate(zip_longest(known.rows, tab.rows, fillvalue=EMPTY_ROW)):
        if one is not other:
            cells += [(index, column) for column in _differing(one, other)]
        if len(cells) > _MANY_CELLS:
            return Change(revision, tab.sheet_id, reload=True, structural=False, cells=())
    return Change(revision, tab.sheet_id, reload=False, structural=False, cells=tuple(cells))


def _differing(one: Row, other: Row) -> list[int]:
    return [
        column
        for column in range(max(one.width, other.width))
        if one.value(column) != other.value(column)
        or type(one.value(column)) is not type(other.value(column))
        or one.style(column) != other.style(column)
        or one.rule(column) != other.rule(column)
        or one.more.get(column) != other.more.get(column)
    ]
