"""Turns what records say into requests for the spreadsheet service. Nothing is sent here."""

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from console.schema import (
    ID,
    REV,
    TICK,
    Cell,
    Column,
    Happening,
    Kept,
    LogTab,
    Place,
    QueueTab,
    Rev,
    Row,
    Seen,
    Tab,
    Value,
    runs,
    typed,
    words,
)
from console.tabs import who
from partnerdesk.domain.change import Change
from partnerdesk.domain.licence import Licence
from partnerdesk.domain.mailing import Mailing
from partnerdesk.domain.record import Record
from partnerdesk.domain.waiting import day
from partnerdesk.ports import KeptEvent, SheetMessage

VALUE: Final = "userEnteredValue"
SHOWN: Final = f"{VALUE},userEnteredFormat.numberFormat"
"""What is written of a service cell: never its background, which people may change."""

WHOLE: Final = (
    f"{SHOWN},userEnteredFormat.backgroundColor,userEnteredFormat.wrapStrategy,dataValidation,note"
)
"""What is written of a new row, which is nobody's yet."""

GREY: Final = 0xEF / 0xFF


def happening(event: KeptEvent) -> Happening:
    """Return what an event of the ledger tells."""
    entry = json.loads(event.entry)
    body = json.loads(event.body) if event.body else {}
    return Happening(
        kind=event.kind,
        ref=event.ref,
        version=event.version,
        what=entry["what"],
        who=entry["actor"],
        at=datetime.fromisoformat(entry["at"]),
        facts=entry["facts"],
        state=body.get("state", ""),
    )


@dataclass(frozen=True, slots=True)
class Line:
    """What a row is to say: service cells by field, and what belongs to its Action cell."""

    id: str
    values: Mapping[str, Value]
    choices: tuple[str, ...] = ()
    note: str = ""

    @property
    def rev(self) -> str:
        """Return what `_rev` is to say."""
        return str(self.values[REV.field])


def line_of(tab: QueueTab[Any], seen: Seen[Any]) -> Line:
    """Return what the row of a record is to say."""
    record, kept = seen.record, seen.kept
    fixed = {
        "id": record.ref,
        "name": seen.find(tab.name),
        "status": tab.status(seen),
        "flag": str(tab.flag(seen)),
        "waiting_for": tab.waiting_for(record).line,
        "due": tab.waiting_for(record).due_at,
        "preview": kept.preview,
        "result": kept.result,
        "link": "",
        "updated": seen.last.at,
        "updated_by": who(seen.last),
        REV.field: str(Rev(record.ref, record.version, kept.turn)),
    }
    own = {column.field: column.shown(seen) for column in tab.columns if not column.is_staff}
    labels = tuple(action.label for action in tab.legal(record))
    return Line(record.ref, fixed | own, labels, kept.note)


def line_of_event(tab: LogTab, it: Happening) -> Line:
    """Return what the row of an event is to say."""
    values = {name: value(it) for name, value in tab.values.items()}
    return Line(it.id, values | {REV.field: str(Rev(it.id, it.version, 0))})


def rewritten(
    tab: Tab, place: Place, row: Row, line: Line, *, empty: Iterable[str] = ()
) -> tuple[SheetMessage, ...]:
    """
    Return the requests that make a row say its line.

    Column A is written only when the row lost its ID. Staff cells are left
    alone but for those to `empty`, which were dealt with (sheets.md C7.4, C7.5).
    """
    requests = list(_service_cells(tab, place, row.index, line))
    if row.id != line.id:
        requests.append(
            _cells(place, row.index, place.columns[ID.field], [_cell(ID, line.id)], VALUE)
        )
    if isinstance(tab, QueueTab):
        for name, cell in (("action", _choice(line)), ("confirm", {"dataValidation": TICK})):
            at = place.columns[name]
            requests.append(_cells(place, row.index, at, [cell], "dataValidation,note"))
    requests.extend(
        _cells(place, row.index, place.columns[name], [_cell(tab.by_field[name], "")], VALUE)
        for name in sorted(empty)
    )
    return tuple(requests)


def _service_cells(tab: Tab, place: Place, index: int, line: Line) -> Iterable[SheetMessage]:
    """Yield one request for each run of neighbouring service cells."""
    at = {
        place.columns[column.field]: column
        for column in tab.every_column
        if not column.is_staff and column.field != ID.field
    }
    for first, last in runs(at):
        columns = [at[n] for n in range(first, last + 1)]
        cells = [_cell(column, line.values[column.field]) for column in columns]
        yield _cells(place, index, first, cells, SHOWN)


def appended(
    tab: Tab, place: Place, lines: Sequence[tuple[Line, Kept]]
) -> tuple[SheetMessage, ...]:
    """
    Return the request that adds rows at the bottom, in their order.

    A row that was deleted comes back with the staff's cells as last acknowledged.
    """
    if not lines:
        return ()
    by_index = {place.columns[column.field]: column for column in tab.every_column}
    rows = [
        {
            "values": [
                _new_cell(by_index[n], line, kept) if n in by_index else {}
                for n in range(max(by_index) + 1)
            ]
        }
        for line, kept in lines
    ]
    return ({"appendCells": {"sheetId": place.sheet_id, "rows": rows, "fields": WHOLE}},)


def _new_cell(column: Column, line: Line, kept: Kept) -> SheetMessage:
    if not column.is_staff:
        grey = {"red": GREY, "green": GREY, "blue": GREY}
        shown = _cell(column, line.values[column.field])
        return {**shown, "userEnteredFormat": {**_format(column), "backgroundColor": grey}}
    text = "" if column.field in kept.handled else kept.staff.get(column.field, "")
    value = text == "TRUE" if column.cell is Cell.TICK else text
    cell = {VALUE: typed(value), "userEnteredFormat": _format(column)}
    if column.cell is Cell.TICK:
        return {**cell, "dataValidation": TICK}
    return {**cell, **(_choice(line) if column.field == "action" else {})}


def _choice(line: Line) -> SheetMessage:
    """Return the dropdown and the note of an Action cell; without a step there is no dropdown."""
    note = {"note": line.note} if line.note else {}
    if not line.choices:
        return note
    values = [{"userEnteredValue": label} for label in line.choices]
    rule = {
        "condition": {"type": "ONE_OF_LIST", "values": values},
        "strict": True,
        "showCustomUi": True,
    }
    return {"dataValidation": rule, **note}


def _format(column: Column) -> Mapping[str, object]:
    shape = column.cell.number_format
    wrap = {"wrapStrategy": "WRAP" if column.is_wrapped else "CLIP"}
    return {**wrap, **({"numberFormat": shape} if shape else {})}


def _cell(column: Column, value: Value) -> SheetMessage:
    shape = column.cell.number_format
    format_ = {"userEnteredFormat": {"numberFormat": shape}} if shape else {}
    shown = bool(value) if column.cell is Cell.TICK else value
    return {VALUE: typed(shown), **format_}


def _cells(
    place: Place, row: int, column: int, cells: Sequence[SheetMessage], fields: str
) -> SheetMessage:
    start = {"sheetId": place.sheet_id, "rowIndex": row, "columnIndex": column}
    return {"updateCells": {"start": start, "rows": [{"values": list(cells)}], "fields": fields}}


def explained(
    tab: Tab, place: Place, row: Row, *, sentence: str, rev: str
) -> Sequence[SheetMessage]:
    """Return the requests that answer in a row that stands for no record, or for one twice."""
    told = {"result": sentence, REV.field: rev}
    return [
        _cells(place, row.index, place.columns[name], [_cell(tab.by_field[name], text)], VALUE)
        for name, text in told.items()
    ]


def emptied(tab: Tab, place: Place, row: Row) -> Sequence[SheetMessage]:
    """Return the requests that empty the service cells of a row that is nobody's."""
    blank = Line("", {column.field: "" for column in tab.every_column})
    return tuple(_service_cells(tab, place, row.index, blank))


def put_back(tab: Tab, old: Place, new: Place, row: Row, kept: Kept) -> tuple[SheetMessage, ...]:
    """
    Return the requests that undo, beside its own cells, a write whose columns had moved away.

    What it wrote over staff cells is put back as last acknowledged; what it left
    in columns that are not ours is emptied.
    """
    hit = {old.columns[name] for name, column in tab.by_field.items() if not column.is_staff}
    strange = sorted(hit - set(new.columns.values()))
    requests = [_cells(new, row.index, at, [{}], VALUE) for at in strange]
    for name in tab.staff_fields:
        at, text = new.columns[name], "" if name in kept.handled else kept.staff.get(name, "")
        if at in hit and row.cells[name] != text:
            column = tab.by_field[name]
            cell = _cell(column, text == "TRUE" if column.cell is Cell.TICK else text)
            requests.append(_cells(new, row.index, at, [cell], SHOWN))
    return tuple(requests)


def trimmed(tab: LogTab, place: Place, *, rows: int, new: int) -> Sequence[SheetMessage]:
    """Return the request that drops the oldest events when there would be too many."""
    excess = min(rows + new - tab.most_rows, rows)
    if excess <= 0:
        return ()
    span = {
        "sheetId": place.sheet_id,
        "dimension": "ROWS",
        "startIndex": 1,
        "endIndex": 1 + excess,
    }
    return ({"deleteDimension": {"range": span}},)


NEXT: Final[Mapping[str, str]] = {
    "screen-trial": "then it is screened again",
    "sign-licence": "then the licence is signed and mailed",
}
"""What follows by itself, by the work that a message asks for."""


def explanation(tab: QueueTab[Any], seen: Seen[Any]) -> str:
    """Return where a record stands, whose turn it is, what is possible, and what came last."""
    labels = ", ".join(action.label for action in tab.legal(seen.record))
    possible = f"Possible now: {labels}." if labels else "No step is possible now."
    last = seen.last
    told = (
        f"» {seen.at:%H:%M} {tab.status(seen)}. "
        f"Waiting for {tab.waiting_for(seen.record).line}. {possible} "
        f"Last: {words(last.what)}, {day(last.at)} {last.at:%H:%M} UTC ({who(last)})."
    )
    return f"{told} Read Preview, then tick Confirm." if seen.kept.is_pending else told


def preview(
    label: str,
    changes: Iterable[Change],
    *,
    before: Callable[[Record], Record],
    address: Callable[[str], str],
) -> str:
    """
    Return what a step would do, in words, from the changes that its dry run made.

    `before` returns a record as it is, `address` where a mail to somebody goes.
    """
    changes = tuple(changes)
    effects = [
        effect
        for change in changes
        for write in change.writes
        if (effect := _effect(write.record, before=before, address=address))
    ]
    works = [message.work for change in changes for message in change.outbox]
    effects += [NEXT[work] for work in dict.fromkeys(works) if work in NEXT]
    return f"Would {label[:1].lower()}{label[1:]}: {'; '.join(effects)}."


def _effect(
    record: Record, *, before: Callable[[Record], Record], address: Callable[[str], str]
) -> str:
    """Return what becomes of one record; nothing where staff see nothing of it."""
    if isinstance(record, Mailing):
        return f"mail to {address(record.to)}"
    if isinstance(record, Licence) and not record.version:
        return f"a new licence for {record.seats:,} users until {day(record.ends_at)}"
    after = getattr(record, "state", "")
    if record.PERSONAL or not after or getattr(before(record), "state", "") == after:
        return ""
    return f"{record.ref} becomes {words(after)}"
