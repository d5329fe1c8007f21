"""Reads what staff did to the rows, and says what they ask for. Nothing is done here."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace
from enum import Enum
from hashlib import sha256
from typing import Any, Final, TypeAlias

from console.schema import CHECK, Action, BoardTab, Kept, Place, QueueTab, Rev, Row, Tab
from partnerdesk.domain.chain import canonical
from partnerdesk.domain.record import Record
from partnerdesk.ports import CellValue

EXPLAINED: Final = "?"
"""What `_rev` says of an unknown row that was told so."""

DOUBLED: Final = "!"
"""What `_rev` says of a row whose ID another row carries, too."""

ACTION, CONFIRM, REASON = "action", "confirm", "reason"
TICKED: Final = "TRUE"

RowsByRef: TypeAlias = Mapping[str, Row]


@dataclass(frozen=True, slots=True)
class Sorted:
    """
    The rows of a tab by whose they are (sheets.md C6.2).

    `restored` have lost their ID and are named by their `_rev`; `missing` are
    the records whose row is gone.
    """

    known: RowsByRef
    restored: RowsByRef
    doubled: Mapping[str, tuple[Row, ...]]
    unknown: tuple[Row, ...]
    strays: tuple[Row, ...]
    missing: tuple[str, ...]

    @property
    def owned(self) -> RowsByRef:
        """Return every row that stands for one record, by its reference."""
        return {**self.known, **self.restored}


def sort_rows(rows: Iterable[Row], records: AbstractSet[str]) -> Sorted:
    """
    Return the rows by whose they are; `records` are those whose row was acknowledged.

    An ID that nobody acknowledged yet counts when `_rev` repeats it: then we
    wrote the row, and the answer to that was lost. In doubt a row is nobody's,
    and stays as it is (sheets.md C8).
    """
    used = [row for row in rows if row.id or row.rev or any(row.cells.values())]
    named = [row for row in used if row.id in records or (row.id and row.id == _rev_ref(row))]
    counts = Counter(row.id for row in named)
    ours = {row.index for row in named}
    others = [row for row in used if row.index not in ours]
    lost = Counter(ref for row in others if (ref := _lost(row, records, counts)))
    restored = {
        ref: row for row in others if lost.get(ref := _lost(row, records, counts)) == 1 and ref
    }
    back = {row.index for row in restored.values()}
    rest = [row for row in others if row.index not in back]
    owned = counts.keys() | restored.keys()
    return Sorted(
        known={row.id: row for row in named if counts[row.id] == 1},
        restored=restored,
        doubled={
            ref: tuple(row for row in named if row.id == ref)
            for ref, count in counts.items()
            if count > 1
        },
        unknown=tuple(row for row in rest if not row.is_bare),
        strays=tuple(row for row in rest if row.is_bare),
        missing=tuple(sorted(records - owned)),
    )


def _rev_ref(row: Row) -> str:
    rev = Rev.read(row.rev)
    return rev.ref if rev else ""


def _lost(row: Row, records: AbstractSet[str], shown: Mapping[str, int]) -> str:
    """Return the record that a row without a known ID was written for, if no row shows it."""
    ref = _rev_ref(row)
    return ref if ref in records and ref not in shown else ""


class Verb(Enum):
    """What comes of an edit."""

    KEEP = "keep"
    """Nothing but remembering what the cells say."""

    REFUSE = "refuse"
    REHEARSE = "rehearse"
    RUN = "run"


@dataclass(frozen=True, slots=True)
class Intent:
    """What staff ask for in one row: all edits of a row are one command (sheets.md C6.4)."""

    verb: Verb
    row: Row
    kept: Kept
    """What the row remembered when it was read."""

    edits: tuple[tuple[str, str, str], ...] = ()
    """Field, old text, new text."""

    action: Action | None = None
    sentence: str = ""
    """Why it is refused, or what to do next."""

    note: str = ""
    """What the Action cell's note tells of a faulty choice."""

    @property
    def is_new(self) -> bool:
        """Test whether an Action was chosen just now, and not confirmed."""
        return any(name == ACTION and new for name, _, new in self.edits)

    @property
    def reason(self) -> str:
        """Return the Reason as it stands in the row."""
        return self.row.cells[REASON]

    def key(self, workbook: str, sheet_id: int, ref: str) -> str:
        """Return the idempotency key of this command: the same until it is acknowledged."""
        told = [workbook, sheet_id, ref, [list(edit) for edit in self.edits], self.kept.revision]
        return sha256(canonical(told).encode()).hexdigest()

    def _remembered(self, *handled: str) -> Kept:
        cells = self.row.cells
        return replace(
            self.kept, staff=cells, handled=frozenset(name for name in handled if cells[name])
        )

    def noticed(self) -> Kept:
        """
        Return what the row remembers when nothing more comes of the edit.

        An Action taken back before Confirm takes its preview with it.
        """
        cells, kept = self.row.cells, self.kept
        waiting = (name for name in kept.handled if cells[name] == kept.staff.get(name))
        after = self._remembered(*waiting)
        if kept.is_pending and not cells[ACTION]:
            return after.answered(previewed="", preview="", result="", note="")
        return after

    def refused(self, result: str) -> Kept:
        """Return what the row remembers of a refusal: the Reason stays for another try."""
        return self._remembered(ACTION, CONFIRM).answered(
            result=result, note=self.note, previewed="", preview=""
        )

    def rehearsed(self, preview: str, *, result: str, version: int) -> Kept:
        """Return what the row remembers of a dry run of a version: its Action waits for Confirm."""
        return self._remembered(CONFIRM).answered(
            result=result, note="", previewed=str(version), preview=preview
        )

    def done(self, result: str) -> Kept:
        """Return what the row remembers of a step that was done."""
        return self._remembered(ACTION, CONFIRM, REASON).answered(
            result=result, note="", previewed="", preview=""
        )


def intent_of(
    tab: QueueTab[Any], row: Row, kept: Kept, record: Record, *, previews_all: bool = False
) -> Intent | None:
    """
    Return what staff ask for in a row, None when nothing was done to it.

    With `previews_all` every step is rehearsed first (sheets.md C4.4).

    A cell that was dealt with and still says the same is no edit: it waits to be
    emptied, and is not dealt with again (sheets.md C6.6).
    """
    was = {name: "" if name in kept.handled else kept.staff.get(name, "") for name in row.cells}
    now = {
        name: "" if name in kept.handled and text == kept.staff.get(name) else text
        for name, text in row.cells.items()
    }
    edits = tuple((name, was[name], now[name]) for name in now if was[name] != now[name])
    if not edits:
        emptied = {name for name in kept.handled if not row.cells[name]}
        return Intent(Verb.KEEP, row, kept) if emptied else None
    asked = Intent(Verb.KEEP, row, kept, edits)
    if any(name == ACTION for name, _, _ in edits):
        if not now[ACTION]:
            return asked
        return _chosen(tab, asked, record, previews_all=previews_all)
    if now[CONFIRM] and not was[CONFIRM]:
        return _confirmed(tab, asked, record)
    return asked


def _chosen(tab: QueueTab[Any], asked: Intent, record: Record, *, previews_all: bool) -> Intent:
    label = asked.row.cells[ACTION]
    legal = {action.label: action for action in tab.legal(record)}
    if label not in legal:
        return _illegal(tab, asked, tuple(legal))
    action = legal[label]
    verb = Verb.REHEARSE if action.is_dangerous or previews_all else Verb.RUN
    return replace(asked, verb=verb, action=action)


def _illegal(tab: QueueTab[Any], asked: Intent, legal: tuple[str, ...]) -> Intent:
    """Return the refusal of a choice that the row does not have now, with those it has."""
    label = asked.row.cells[ACTION]
    choices = f"Possible now: {', '.join(legal)}." if legal else "No step is possible now."
    is_step = any(action.label == label for action in tab.actions)
    why = f"{label} is not possible now." if is_step else f"{label[:60]} is not a step."
    note = f"{why} The cell was emptied. {choices} Choose from the list (GEN-1)."
    return replace(asked, verb=Verb.REFUSE, sentence=f"{why} {choices}", note=note)


def _confirmed(tab: QueueTab[Any], asked: Intent, record: Record) -> Intent:
    """
    Return what a tick on Confirm asks for.

    It counts only for what Preview told when it was ticked: the row shows our
    latest answer, and the record has not changed since (sheets.md C4.3).
    """
    action = _pending(tab, asked)
    if action is None:
        sentence = "Confirm belongs to a step: choose an Action first."
        return replace(asked, verb=Verb.REFUSE, sentence=sentence)
    if action not in tab.legal(record):
        return _illegal(tab, asked, tuple(each.label for each in tab.legal(record)))
    rev = Rev.read(asked.row.rev)
    was_seen = rev is not None and rev.turn == asked.kept.turn
    is_current = asked.kept.previewed == str(record.version)
    if not (was_seen and is_current):
        return replace(asked, verb=Verb.REHEARSE, action=action)
    if action.is_dangerous and not asked.reason.strip():
        sentence = "Write a Reason, then tick Confirm again."
        return replace(asked, verb=Verb.REHEARSE, action=action, sentence=sentence)
    return replace(asked, verb=Verb.RUN, action=action)


def _pending(tab: QueueTab[Any], asked: Intent) -> Action | None:
    """Return the step that waits for Confirm in a row."""
    if not asked.kept.is_pending:
        return None
    label = asked.row.cells[ACTION]
    return next((action for action in tab.actions if action.label == label), None)


def held_back(intents: Mapping[str, Intent], limit: int) -> Mapping[str, Intent]:
    """
    Return the intents by record, all new steps held when there are more than the limit.

    Whoever fills a whole column by mistake must be asked first. Rule GEN-9.
    """
    new = {ref for ref, intent in intents.items() if intent.is_new and intent.action}
    if len(new) <= limit:
        return intents
    sentence = f"Held: {len(new)} at once (limit {limit}). Tick Confirm on the rows you mean."
    return {
        ref: replace(intent, verb=Verb.REHEARSE, sentence=sentence) if ref in new else intent
        for ref, intent in intents.items()
    }


View: TypeAlias = Callable[[Tab], tuple[str, ...]]
"""Names the fields of a tab that a look is about."""


def staff_view(tab: Tab) -> tuple[str, ...]:
    """Return what tells whose row it is, and the staff's cells; of a board its switches."""
    return tab.staff_fields if isinstance(tab, BoardTab) else (*CHECK, *tab.staff_fields)


def whole_view(tab: Tab) -> tuple[str, ...]:
    """Return every column; of a board its switches, since it is written anew and not compared."""
    return tab.staff_fields if isinstance(tab, BoardTab) else tuple(tab.by_field)


def echo_view(tab: Tab) -> tuple[str, ...]:
    """Return what a write is verified by."""
    return (*CHECK, *(name for name in (ACTION, CONFIRM, REASON) if name in tab.by_field))


def is_switched_on(switch: str, rows: Iterable[Row]) -> bool:
    """Test whether a switch of a board is on, in whatever row its tick has come to stand."""
    return any(row.cells.get(switch) == TICKED for row in rows)


def narrowed(row: Row, tab: Tab) -> Row:
    """Return a row with the staff's cells alone."""
    return replace(row, cells={name: row.cells[name] for name in tab.staff_fields})


def stands(tab: Tab, place: Place, heading: Sequence[CellValue]) -> bool:
    """Test whether every heading of a tab is where we left it."""
    return all(
        at < len(heading) and heading[at] == tab.by_field[name].heading
        for name, at in place.columns.items()
    )


def to_empty(row: Row, kept: Kept) -> frozenset[str]:
    """
    Return the staff cells to empty in a row: those dealt with that still say the same.

    A new preview always takes the tick off: only a tick that follows it counts.
    """
    rev = Rev.read(row.rev)
    is_fresh = rev is not None and rev.turn == kept.turn
    dealt_with = {name for name in kept.handled if row.cells.get(name) == kept.staff.get(name)}
    return frozenset(dealt_with | ({CONFIRM} if kept.is_pending and not is_fresh else set()))


def acknowledged(kept: Kept, row: Row) -> Kept:
    """Return what a row remembers once it is seen to be written."""
    return kept.acknowledged(name for name in kept.handled if not row.cells.get(name))


def question(intent: Intent) -> str:
    """Return what to do after a preview."""
    needs_reason = intent.action is not None and intent.action.is_dangerous
    if intent.reason.strip() or not needs_reason:
        return "Read Preview, then tick Confirm."
    return "Read Preview, write a Reason, then tick Confirm."
