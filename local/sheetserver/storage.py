"""
Everything the server keeps, in one SQLite file that survives a `kill -9`.

A row of a tab is one record under a lasting key; the order of rows is one
record per tab. Inserting, moving and sorting rows rewrites the order alone.
"""

from __future__ import annotations

import fcntl
import json
import sqlite3
from array import array
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sheetserver.book import (
    EMPTY_ROW,
    FEATURES,
    Book,
    CellError,
    Formula,
    Pool,
    Result,
    Row,
    Tab,
    Value,
)

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path
    from typing import IO

    from sheetserver.messages import Json, Message

_TABLES = """
CREATE TABLE IF NOT EXISTS book (
  id TEXT PRIMARY KEY, revision INTEGER NOT NULL, body TEXT NOT NULL) STRICT;
CREATE TABLE IF NOT EXISTS tab (
  nr INTEGER PRIMARY KEY, book TEXT NOT NULL, sheet INTEGER NOT NULL, place INTEGER NOT NULL,
  structure INTEGER NOT NULL, next_key INTEGER NOT NULL, ordering BLOB NOT NULL,
  body TEXT NOT NULL, UNIQUE (book, sheet)) STRICT;
CREATE TABLE IF NOT EXISTS line (
  tab INTEGER NOT NULL, key INTEGER NOT NULL, body TEXT NOT NULL,
  PRIMARY KEY (tab, key)) STRICT, WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS pool (
  book TEXT NOT NULL, number INTEGER NOT NULL, body TEXT NOT NULL,
  PRIMARY KEY (book, number)) STRICT, WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS account (
  email TEXT PRIMARY KEY, kind TEXT NOT NULL, name TEXT NOT NULL, key_id TEXT NOT NULL,
  public_key TEXT NOT NULL) STRICT;
CREATE TABLE IF NOT EXISTS permission (
  book TEXT NOT NULL, email TEXT NOT NULL, role TEXT NOT NULL, id TEXT NOT NULL,
  kind TEXT NOT NULL, PRIMARY KEY (book, email)) STRICT, WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS token (
  digest TEXT PRIMARY KEY, email TEXT NOT NULL, expires REAL NOT NULL) STRICT;
"""


@dataclass(frozen=True, slots=True)
class Account:
    """Somebody who may call: a service account with a key, or a persona of the grid."""

    email: str
    kind: str  # "service" or "persona"
    name: str
    key_id: str = ""
    public_key: str = ""  # PEM


@dataclass(frozen=True, slots=True)
class Permission:
    """One right to one spreadsheet. The e-mail of a link for everybody is `*`."""

    book: str
    email: str
    role: str  # owner, writer or reader
    id: str
    kind: str = "user"  # user, group, domain or anyone


@dataclass(frozen=True, slots=True)
class Token:
    """An access token, of which only the digest is known."""

    digest: str
    email: str
    expires: float  # Unix seconds


class FolderInUseError(Exception):
    """Another server works on this data folder."""


def _locked(path: Path) -> IO[str]:
    """Return a file that is locked until it is closed, or until the process ends in any way."""
    file = path.open("w", encoding="utf-8")
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as taken:
        file.close()
        why = f"Another server is using {path.parent}."
        raise FolderInUseError(why) from taken
    return file


class Storage:
    """The file. One writer at a time; the caller holds the lock."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._lock = _locked(path.with_suffix(".lock"))
        self._db = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        self._db.execute("PRAGMA journal_mode=WAL")
        self._db.execute("PRAGMA synchronous=FULL")
        self._db.execute("PRAGMA busy_timeout=5000")
        self._db.executescript(_TABLES)

    def close(self) -> None:
        """Let go of the file."""
        self._db.close()
        self._lock.close()

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Make everything inside true at once, or nothing of it."""
        self._db.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            self._db.execute("ROLLBACK")
            raise
        self._db.execute("COMMIT")

    # Spreadsheets

    def headings(self) -> list[tuple[str, int, Message]]:
        """Return id, revision and body of every spreadsheet, without its tabs."""
        found = self._db.execute("SELECT id, revision, body FROM book ORDER BY id")
        return [(key, revision, json.loads(body)) for key, revision, body in found]

    def load(self, book_id: str) -> Book | None:
        """Return a spreadsheet with all its cells, None if there is none."""
        found = self._db.execute(
            "SELECT revision, body FROM book WHERE id = ?", (book_id,)
        ).fetchone()
        if found is None:
            return None
        kept = self._db.execute("SELECT body FROM pool WHERE book = ? ORDER BY number", (book_id,))
        tabs = self._db.execute(
            "SELECT nr, sheet, structure, next_key, ordering, body FROM tab WHERE book = ?"
            " ORDER BY place",
            (book_id,),
        ).fetchall()
        return Book(
            id=book_id,
            revision=found[0],
            **json.loads(found[1]),
            pool=Pool([json.loads(body) for (body,) in kept]),
            tabs=[self._load_tab(*columns) for columns in tabs],
        )

    def _load_tab(
        self, nr: int, sheet: int, structure: int, next_key: int, *rest: bytes | str
    ) -> Tab:
        ordering, body = rest
        lines = self._db.execute("SELECT key, body FROM line WHERE tab = ?", (nr,))
        rows = {key: _row(key, json.loads(text)) for key, text in lines}
        order = array("Q", ordering if isinstance(ordering, bytes) else b"")
        placed = [rows[key] if key else EMPTY_ROW for key in order]
        tab = Tab(sheet, {}, placed, structure=structure, next_key=next_key)
        return _tab(tab, json.loads(body))

    def save(self, old: Book | None, new: Book) -> None:
        """Write what has changed from one state of a spreadsheet to the next."""
        self._db.execute(
            "INSERT OR REPLACE INTO book VALUES (?, ?, ?)",
            (new.id, new.revision, _json(_book_body(new))),
        )
        self._save_pool(new)
        before = {tab.sheet_id: tab for tab in old.tabs} if old else {}
        places = {tab.sheet_id: place for place, tab in enumerate(old.tabs)} if old else {}
        for gone in before.keys() - {tab.sheet_id for tab in new.tabs}:
            self._drop_tab(new.id, gone)
        for place, tab in enumerate(new.tabs):
            known = before.get(tab.sheet_id)
            if known is not tab or places.get(tab.sheet_id) != place:
                self._save_tab(new.id, place, known, tab)

    def _save_pool(self, book: Book) -> None:
        (kept,) = self._db.execute(
            "SELECT count(*) FROM pool WHERE book = ?", (book.id,)
        ).fetchone()
        self._db.executemany(
            "INSERT INTO pool VALUES (?, ?, ?)",
            [(book.id, at, _json(book.pool.get(at))) for at in range(kept + 1, len(book.pool))],
        )

    def _save_tab(self, book_id: str, place: int, known: Tab | None, tab: Tab) -> None:
        if known is None or tab.restyled:
            self._db.execute(
                "INSERT INTO tab (book, sheet, place, structure, next_key, ordering, body)"
                " VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (book, sheet) DO UPDATE SET"
                " body = excluded.body",
                (book_id, tab.sheet_id, place, 0, 1, b"", _json(_tab_body(tab))),
            )
        key = (book_id, tab.sheet_id)
        (nr,) = self._db.execute("SELECT nr FROM tab WHERE book = ? AND sheet = ?", key).fetchone()
        self._db.execute(
            "UPDATE tab SET place = ?, structure = ?, next_key = ? WHERE nr = ?",
            (place, tab.structure, tab.next_key, nr),
        )
        if known is None or tab.reordered:
            ordering = array("Q", [row.key for row in tab.rows]).tobytes()
            self._db.execute("UPDATE tab SET ordering = ? WHERE nr = ?", (ordering, nr))
        self._save_rows(nr, known, tab)

    def _save_rows(self, nr: int, known: Tab | None, tab: Tab) -> None:
        written = (
            [row for row in tab.rows if row.key in tab.owned]
            if known
            else [row for row in tab.rows if row.key]
        )
        self._db.executemany(
            "INSERT OR REPLACE INTO line VALUES (?, ?, ?)",
            ((nr, row.key, _json(_row_body(row))) for row in written),
        )
        if known and tab.reordered:
            gone = {row.key for row in known.rows} - {row.key for row in tab.rows}
            self._db.executemany(
                "DELETE FROM line WHERE tab = ? AND key = ?", [(nr, key) for key in gone]
            )

    def _drop_tab(self, book_id: str, sheet_id: int) -> None:
        key = (book_id, sheet_id)
        self._db.execute(
            "DELETE FROM line WHERE tab = (SELECT nr FROM tab WHERE book = ? AND sheet = ?)", key
        )
        self._db.execute("DELETE FROM tab WHERE book = ? AND sheet = ?", key)

    def drop(self, book: Book) -> None:
        """Forget a spreadsheet and every right to it."""
        for tab in book.tabs:
            self._drop_tab(book.id, tab.sheet_id)
        self._db.execute("DELETE FROM pool WHERE book = ?", (book.id,))
        self._db.execute("DELETE FROM permission WHERE book = ?", (book.id,))
        self._db.execute("DELETE FROM book WHERE id = ?", (book.id,))

    # People, rights, tokens

    def accounts(self) -> list[Account]:
        """Return everybody who is registered."""
        found = self._db.execute("SELECT email, kind, name, key_id, public_key FROM account")
        return [Account(*columns) for columns in found]

    def keep_account(self, account: Account) -> None:
        """Register somebody, or register them anew."""
        self._db.execute(
            "INSERT OR REPLACE INTO account VALUES (?, ?, ?, ?, ?)",
            (account.email, account.kind, account.name, account.key_id, account.public_key),
        )

    def permissions(self) -> list[Permission]:
        """Return every right of everybody."""
        found = self._db.execute("SELECT book, email, role, id, kind FROM permission")
        return [Permission(*columns) for columns in found]

    def keep_permission(self, right: Permission) -> None:
        """Give a right, or change it."""
        self._db.execute(
            "INSERT OR REPLACE INTO permission VALUES (?, ?, ?, ?, ?)",
            (right.book, right.email, right.role, right.id, right.kind),
        )

    def drop_permission(self, book_id: str, email: str) -> None:
        """Take a right away."""
        self._db.execute("DELETE FROM permission WHERE book = ? AND email = ?", (book_id, email))

    def tokens(self) -> list[Token]:
        """Return every token that was given out and not yet forgotten."""
        found = self._db.execute("SELECT digest, email, expires FROM token")
        return [Token(*columns) for columns in found]

    def keep_token(self, token: Token, *, now: float) -> None:
        """Keep a token and forget the expired ones."""
        self._db.execute("DELETE FROM token WHERE expires < ?", (now,))
        self._db.execute(
            "INSERT OR REPLACE INTO token VALUES (?, ?, ?)",
            (token.digest, token.email, token.expires),
        )


def state_of(book: Book) -> Message:
    """Return a spreadsheet as one JSON object, from which `from_state` makes it again."""
    return {
        "id": book.id,
        "revision": book.revision,
        **_book_body(book),
        "pool": [book.pool.get(at) for at in range(1, len(book.pool))],
        "tabs": [
            {
                "sheetId": tab.sheet_id,
                "structure": tab.structure,
                **_tab_body(tab),
                "cells": [_row_body(row) if row.key else None for row in tab.rows],
            }
            for tab in book.tabs
        ],
    }


def from_state(state: Message) -> Book:
    """Return the spreadsheet that `state_of` described."""
    names = ("id", "revision", "properties", "created", "modified", "names", "metadata")
    kept = {name: state[name] for name in (*names, "calculated")}
    return Book(**kept, pool=Pool(state["pool"]), tabs=[_tab_from(each) for each in state["tabs"]])


def _tab_from(state: Message) -> Tab:
    rows = [
        _row(key, json.loads(json.dumps(body))) if body else EMPTY_ROW
        for key, body in enumerate(state["cells"], start=1)
    ]
    return _tab(
        Tab(state["sheetId"], {}, rows, structure=state["structure"], next_key=len(rows) + 1),
        state,
    )


def _tab(tab: Tab, kept: Message) -> Tab:
    """Return a tab completed with what its kept body says."""
    tab.properties = kept["properties"]
    tab.features = {name: kept["features"].get(name, []) for name in FEATURES}
    tab.row_properties = {int(at): each for at, each in kept["rows"].items()}
    tab.column_properties = {int(at): each for at, each in kept["columns"].items()}
    tab.formula_rows = {row.key for row in tab.rows if _has_formula(row)}
    return tab


def _json(value: Json) -> str:
    return json.dumps(value, ensure_ascii=True, separators=(",", ":"))


def _book_body(book: Book) -> Message:
    return {
        "properties": book.properties,
        "created": book.created,
        "modified": book.modified,
        "names": book.names,
        "metadata": book.metadata,
        "calculated": book.calculated,
    }


def _tab_body(tab: Tab) -> Message:
    return {
        "properties": tab.properties,
        "features": tab.features,
        "rows": tab.row_properties,
        "columns": tab.column_properties,
    }


def _row_body(row: Row) -> list[Json]:
    values = [_packed(value) if isinstance(value, Formula) else value for value in row.values]
    return [values, row.styles, row.rules, row.more]


def _row(key: int, body: list[Json]) -> Row:
    values, styles, rules, more = body
    for at, value in enumerate(values):
        if isinstance(value, dict):
            values[at] = _unpacked(value)
    return Row(key, values, styles, rules, {int(column): each for column, each in more.items()})


def _packed(formula: Formula) -> Message:
    result = formula.result
    if isinstance(result, CellError):
        return {"f": formula.source, "e": [result.code, result.message]}
    return {"f": formula.source, "r": result}


def _unpacked(kept: Message) -> Value:
    result: Result = CellError(*kept["e"]) if "e" in kept else kept["r"]
    return Formula(kept["f"], result)


def _has_formula(row: Row) -> bool:
    return any(isinstance(value, Formula) for value in row.values)
