"""The doorbell: how a workbook tells that somebody edited it, and by no means what they typed."""

import hmac
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Final

from partnerdesk.domain.chain import canonical, instant
from partnerdesk.domain.change import Limit, Mark, Snapshot
from partnerdesk.domain.errors import RefusedError
from partnerdesk.domain.record import Workbook
from partnerdesk.domain.submission import UnreadableError, read_json

MOST_BYTES: Final = 16 * 1024
TIMELY_WITHIN: Final = timedelta(seconds=300)
NONCE_KEPT_FOR: Final = timedelta(minutes=15)
"""Longer than a message is timely, before and after its instant together."""

FORGOTTEN_AFTER: Final = timedelta(minutes=2)
"""Rows move, so a report tells nothing of an edit that is read much later."""

SILENT_AFTER: Final = timedelta(minutes=25)
"""Two heartbeats missed, and half of a third."""

EDIT, CHANGE, HEARTBEAT = "edit", "change", "heartbeat"
EXPLAIN_ROW, REPAIR_TAB = "menu:explain-row", "menu:repair-tab"
"""The items of the menu that ask for more than a look at the workbook."""

RING: Final = "ring"
"""The kind of a mark that stands for one ring of the doorbell."""

HEARD: Final = "heard"
EVERYTHING: Final = 1 << 31
"""The end of a range that has none."""

_STAMP = re.compile(r"[0-9]{1,12}")
_NONCE = re.compile(r"[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}")
_SIGNATURE = re.compile(r"v1=[0-9a-f]{64}")
_WHAT = re.compile(r"edit|change|heartbeat|menu:[a-z][a-z-]{0,39}")
_USER = re.compile(r"[\x21-\x7e]{1,180}@[\x21-\x7e]{1,180}")
_RANGE = re.compile(r"([A-Z]{1,3})?([0-9]{1,8})?(?::([A-Z]{1,3})?([0-9]{1,8})?)?")

_NAMES = ("v", "type", "event", "at", "workbook", "sheetId", "sheet", "range", "user")
"""The members of a message in their order; there is no place for what a cell holds."""


class UnheardError(RefusedError):
    """A message that is not from our doorbell, came late or came before; nobody is told which."""

    code = "unheard"

    def __init__(self) -> None:
        super().__init__("This was not accepted.")


@dataclass(frozen=True, slots=True)
class Call:
    """A request at the doorbell as it was sent: headers as text, the body in its raw bytes."""

    method: str
    path: str
    """As requested: with a stage, without a query."""

    stamp: str
    """Seconds since 1970."""

    nonce: str
    signature: str
    body: bytes

    @property
    def is_well_formed(self) -> bool:
        """Test whether the headers are what a doorbell sends, each exactly."""
        return all(
            pattern.fullmatch(text)
            for pattern, text in (
                (_STAMP, self.stamp),
                (_NONCE, self.nonce),
                (_SIGNATURE, self.signature),
            )
        )

    @property
    def signed_text(self) -> str:
        """Return what the signature is over."""
        told = sha256(self.body).hexdigest()
        return f"v1.{self.stamp}.{self.nonce}.{self.method}.{self.path}.{told}"

    def is_timely(self, at: datetime) -> bool:
        """Test whether it was sent within five minutes of an instant, before or after."""
        return abs(int(self.stamp) - at.timestamp()) <= TIMELY_WITHIN.total_seconds()

    def is_signed_with(self, secrets: Iterable[str]) -> bool:
        """
        Test whether one of the secrets made the signature.

        Every secret is tried, and bytes are compared in a time that tells nothing
        of them; an empty secret opens nothing.
        """
        given = self.signature.encode()
        right = [signature(secret, self.signed_text).encode() for secret in secrets if secret]
        return True in [hmac.compare_digest(given, each) for each in right]

    def limit(self, at: datetime) -> Limit:
        """Return the one use of its nonce."""
        return Limit(f"doorbell:{self.nonce}", at_most=1, until=at + NONCE_KEPT_FOR)


def signature(secret: str, text: str) -> str:
    """Return the value of the header X-Desk-Signature for a text."""
    return f"v1={hmac.digest(secret.encode(), text.encode(), 'sha256').hex()}"


@dataclass(frozen=True, slots=True)
class Span:
    """Cells of a sheet, counted from 0, with ends that are not included."""

    top: int
    left: int
    bottom: int
    right: int

    def has(self, row: int, column: int) -> bool:
        """Test whether a cell is among them."""
        return self.top <= row < self.bottom and self.left <= column < self.right


NOWHERE: Final = Span(0, 0, 0, 0)


def span_of(a1: str) -> Span:
    """Return the cells of a range such as `B2:C4`, `B:B` or `3:3`; none for anything else."""
    found = _RANGE.fullmatch(a1)
    if not found or not any(found.groups()):
        return NOWHERE
    left, top, right, bottom = found.groups()
    if ":" not in a1:
        if not (left and top):
            return NOWHERE
        right, bottom = left, top
    columns = sorted((_column(left, 0), _column(right, EVERYTHING - 1)))
    rows = sorted((_row(top, 0), _row(bottom, EVERYTHING - 1)))
    return Span(rows[0], columns[0], rows[1] + 1, columns[1] + 1)


def _column(letters: str | None, otherwise: int) -> int:
    number = 0
    for letter in letters or "":
        number = number * 26 + ord(letter) - ord("A") + 1
    return number - 1 if letters else otherwise


def _row(digits: str | None, otherwise: int) -> int:
    return max(int(digits) - 1, 0) if digits else otherwise


@dataclass(frozen=True, slots=True)
class Ring:
    """
    What one message told: what was done, where, by whom; and when we heard it.

    It is kept as a mark of its workbook, so that whoever visits it next knows,
    and is gone when that visit is over.
    """

    what: str
    sheet_id: int
    """-1 where the message was about no sheet."""

    span: Span
    user: str
    """An e-mail address as the sheet reported it, empty if it did not."""

    at: datetime

    def mark(self, workbook: Workbook, nonce: str) -> Mark:
        """Return the mark that stands for it."""
        span = self.span
        cells = [span.top, span.left, span.bottom, span.right]
        told = [instant(self.at), self.what, self.sheet_id, cells, self.user, nonce]
        return Mark(workbook, RING, canonical(told), version=0)

    @classmethod
    def of(cls, mark: Mark) -> "Ring":
        """Return what a mark stands for."""
        at, what, sheet_id, cells, user, _ = json.loads(mark.ref)
        return cls(what, sheet_id, Span(*cells), user, datetime.fromisoformat(at).astimezone(UTC))


def read_message(body: bytes, *, at: datetime) -> tuple[str, Ring]:
    """
    Return the spreadsheet that a message is about, and what it told.

    Exactly the nine members: whoever sends more might send what cells hold.

    :raises UnheardError: when it is no message of a doorbell
    """
    try:
        fields = read_json(body.decode()).fields
    except (UnicodeDecodeError, UnreadableError):
        raise UnheardError from None
    what, book = fields.get("type"), fields.get("workbook")
    is_ours = (
        fields.keys() == set(_NAMES)
        and fields["v"] == 1
        and isinstance(what, str)
        and _WHAT.fullmatch(what) is not None
    )
    if not (is_ours and isinstance(what, str) and isinstance(book, str)):
        raise UnheardError
    return book, Ring(what, _sheet_id(fields), span_of(_text(fields, "range")), _user(fields), at)


def _text(fields: Mapping[str, object], name: str) -> str:
    value = fields[name]
    return value if isinstance(value, str) else ""


def _sheet_id(fields: Mapping[str, object]) -> int:
    value = fields["sheetId"]
    return value if type(value) is int and 0 <= value < EVERYTHING else -1


def _user(fields: Mapping[str, object]) -> str:
    user = _text(fields, "user")
    return user if _USER.fullmatch(user) else ""


def rings_of(marks: Iterable[Mark]) -> Sequence[Ring]:
    """Return what some marks of a workbook tell of its doorbell, the latest last."""
    return sorted((Ring.of(mark) for mark in marks if mark.kind == RING), key=lambda it: it.at)


def editor_of(rings: Sequence[Ring], sheet_id: int, cell: tuple[int, int], *, at: datetime) -> str:
    """
    Return who edited a cell last, by row and column from 0; empty when nobody said.

    `rings` are in their order. Who is never guessed (sheets.md C3).
    """
    return next(
        (
            it.user
            for it in reversed(rings)
            if (it.what, it.sheet_id) == (EDIT, sheet_id)
            and it.span.has(*cell)
            and at - it.at < FORGOTTEN_AFTER
        ),
        "",
    )


def is_to_explain(rings: Sequence[Ring], sheet_id: int, row: int, *, at: datetime) -> bool:
    """Test whether somebody wants a row explained, by its number from 0."""
    return any(
        (it.what, it.sheet_id, it.span.top) == (EXPLAIN_ROW, sheet_id, row)
        and it.span != NOWHERE
        and at - it.at < FORGOTTEN_AFTER
        for it in rings
    )


@dataclass(frozen=True, slots=True)
class Hearing:
    """When the doorbell of a workbook was last heard; whoever visits the workbook keeps it."""

    edited_at: datetime | None = None
    """When somebody last edited, or chose from the menu."""

    heard_at: datetime | None = None
    """When it last rang at all: heartbeats count."""

    revision: int = 0

    def after(self, rings: Sequence[Ring]) -> "Hearing":
        """Return it with some rings, which are in their order."""
        edits = [it.at for it in rings if it.what != HEARTBEAT]
        return replace(
            self,
            edited_at=edits[-1] if edits else self.edited_at,
            heard_at=rings[-1].at if rings else self.heard_at,
        )

    def words(self, at: datetime) -> str:
        """Return what the health line says of it at an instant."""
        if self.heard_at is None:
            return "live edits not set up, picked up every minute"
        if at - self.heard_at > SILENT_AFTER:
            return f"live edits off since {self.heard_at:%H:%M}, picked up every minute"
        return f"live edits on (last {self.edited_at or self.heard_at:%H:%M})"

    def snapshot(self, workbook: Workbook) -> Snapshot:
        """Return it as the ledger keeps it, read at its revision."""
        known = {"edited_at": self.edited_at, "heard_at": self.heard_at}
        cells = {name: instant(at) for name, at in known.items() if at}
        return Snapshot(workbook, RING, HEARD, cells, self.revision)

    @classmethod
    def of(cls, snapshots: Mapping[tuple[str, str], Snapshot]) -> "Hearing":
        """Return what the snapshots of a workbook say of its doorbell."""
        kept = snapshots.get((RING, HEARD))
        if kept is None:
            return cls()
        at = {name: datetime.fromisoformat(text) for name, text in kept.cells.items()}
        return cls(at.get("edited_at"), at.get("heard_at"), kept.revision)
