"""Builds and repairs the tabs: what is wanted, less what is there. Nothing is sent here."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from math import isclose
from typing import Any, Final

from console.schema import (
    NOTHING,
    TICK,
    BoardTab,
    Column,
    Picture,
    Place,
    QueueTab,
    Tab,
    Tone,
    runs,
    typed,
)
from partnerdesk.domain.chain import canonical
from partnerdesk.domain.waiting import Flag
from partnerdesk.ports import SheetMessage

ZONE: Final = "Etc/UTC"
TAB_KEY: Final = "desk.tab"
FIELD_KEY: Final = "desk.field"
LOOKS_KEY: Final = "desk.looks"
"""The metadata by which we know our tabs and columns again, and how they were last dressed."""

FIRST_ROWS: Final = 200
SPARE_COLUMNS: Final = 3
"""Room to the right of ours, for columns of the staff's own."""

TINY: Final = 0.002
"""Colours are read back with a little less precision than they were written."""

GREY, HEAD, HEAD_STAFF, WHITE, DIM = "#EFEFEF", "#D9D9D9", "#D0E3F5", "#FFFFFF", "#5F6368"

Found = Mapping[str, Any]
"""A workbook as `SheetsClient.describe` returns it."""


def identity(key: str) -> int:
    """Return the number that a tab is made under, so that one batch can make and fill it."""
    return int.from_bytes(sha256(key.encode()).digest()[:4]) >> 1


def _room(tab: Tab) -> Mapping[str, int]:
    """Return the size of a tab that is new."""
    rows = tab.height if isinstance(tab, BoardTab) else FIRST_ROWS
    return {"rowCount": rows, "columnCount": len(tab.every_column) + SPARE_COLUMNS}


@dataclass(frozen=True, slots=True)
class Ground:
    """A tab as it was found, or as it is about to be made."""

    sheet_id: int
    sheet: Found
    fields: tuple[str, ...]
    """The field of each column from the left; empty for columns that are not ours."""

    is_new: bool = False

    @property
    def cells(self) -> Sequence[Found]:
        """Return the cells of its heading row."""
        data = self.sheet.get("data") or [{}]
        rows = data[0].get("rowData") or [{}]
        cells: Sequence[Found] = rows[0].get("values") or []
        return cells


def places(tabs: Iterable[Tab], found: Found) -> Mapping[str, Place]:
    """
    Return where the tabs and their columns lie, by key; none that lacks a column.

    Metadata decides, since people may rename and move both (sheets.md C8).
    """
    grounds = {tab.key: _found(tab, found) for tab in tabs}
    return {
        tab.key: Place(ground.sheet_id, ground.sheet["properties"]["title"], columns)
        for tab in tabs
        if (ground := grounds[tab.key])
        and len(columns := _columns(tab, ground.fields)) == len(tab.every_column)
    }


def _columns(tab: Tab, fields: Sequence[str]) -> Mapping[str, int]:
    return {name: at for at, name in reversed([*enumerate(fields)]) if name in tab.by_field}


def _found(tab: Tab, found: Found) -> Ground | None:
    for sheet in found.get("sheets", ()):
        if _noted(sheet.get("developerMetadata", ()), TAB_KEY) == tab.key:
            return Ground(_id(sheet), sheet, _fields(sheet))
    return None


def _id(sheet: Found) -> int:
    """Return a tab's number, which the service leaves out when it is 0."""
    number: int = sheet["properties"].get("sheetId", 0)
    return number


def _noted(metadata: Iterable[Found], key: str) -> str:
    return next((each["metadataValue"] for each in metadata if each["metadataKey"] == key), "")


def _fields(sheet: Found) -> tuple[str, ...]:
    data = sheet.get("data") or [{}]
    columns = data[0].get("columnMetadata") or []
    return tuple(_noted(column.get("developerMetadata", ()), FIELD_KEY) for column in columns)


def requests(tabs: Sequence[Tab], found: Found, *, account: str) -> tuple[SheetMessage, ...]:
    """
    Return what must be done to have the tabs as declared; nothing when they are.

    `account` is who we are to the service: protections must let it in. What
    staff made of their own, columns, notes, colours, views, is left alone.
    """
    wanted: list[SheetMessage] = []
    if found["properties"].get("timeZone") != ZONE:
        change = {"properties": {"timeZone": ZONE}, "fields": "timeZone"}
        wanted.append({"updateSpreadsheetProperties": change})
    for index, tab in enumerate(tabs):
        ground = _found(tab, found) or _fresh(tab, found, is_first=not index)
        wanted.extend(_tab_itself(tab, ground, index))
        ground, more = _with_columns(tab, ground)
        wanted.extend(more)
        wanted.extend(_headings(tab, ground))
        wanted.extend(_looks(tab, ground))
        wanted.extend(_protections(tab, ground, account))
        wanted.extend(_colours(tab, ground))
        wanted.extend(_views(tab, ground))
        wanted.extend(_charts(tab, ground))
    return tuple(wanted)


def _fresh(tab: Tab, found: Found, *, is_first: bool) -> Ground:
    """
    Return the ground for a tab that is not there: an empty tab of its name, or none yet.

    The first takes the one empty tab that a new workbook comes with.
    """
    sheets = found.get("sheets", ())
    blank = [ground for sheet in sheets if not (ground := Ground(_id(sheet), sheet, ())).cells]
    is_untouched = len(sheets) == 1 and is_first
    for ground in blank:
        if is_untouched or ground.sheet["properties"]["title"] == tab.title:
            return ground
    used = {_id(sheet) for sheet in sheets}
    titles = {sheet["properties"]["title"] for sheet in sheets}
    free = next(n for n in range(identity(tab.key), 2**31) if n not in used)
    title = tab.title if tab.title not in titles else f"{tab.title} (desk)"
    return Ground(free, {"properties": {"title": title}}, (), is_new=True)


def _tab_itself(tab: Tab, ground: Ground, index: int) -> Iterator[SheetMessage]:
    """Yield what gives a tab its place, title and frozen heading; the place only once."""
    properties = ground.sheet["properties"]
    if ground.is_new:
        made = {
            "sheetId": ground.sheet_id,
            "title": properties["title"],
            "index": index,
            "gridProperties": _room(tab),
        }
        yield {"addSheet": {"properties": made}}
    elif properties["title"] not in {tab.title, f"{tab.title} (desk)"}:
        yield _sheet(ground, "title", {"title": tab.title})
    grid = {"frozenRowCount": 1, "frozenColumnCount": 0 if isinstance(tab, BoardTab) else 2}
    there = properties.get("gridProperties", {})
    is_small = isinstance(tab, BoardTab) and there.get("rowCount", tab.height) < tab.height
    if is_small or not (any(ground.fields) or ground.is_new):
        grid = {**_room(tab), **grid}
    if not holds(there, grid):
        mask = ",".join(f"gridProperties.{name}" for name in grid)
        yield _sheet(ground, mask, {"gridProperties": grid})
    if not _noted(ground.sheet.get("developerMetadata", ()), TAB_KEY):
        yield _metadata(TAB_KEY, tab.key, {"sheetId": ground.sheet_id})


def _sheet(ground: Ground, fields: str, properties: Mapping[str, object]) -> SheetMessage:
    change = {"properties": {"sheetId": ground.sheet_id, **properties}, "fields": fields}
    return {"updateSheetProperties": change}


def _metadata(key: str, value: str, location: Mapping[str, object]) -> SheetMessage:
    made = {
        "metadataKey": key,
        "metadataValue": value,
        "visibility": "DOCUMENT",
        "location": location,
    }
    return {"createDeveloperMetadata": {"developerMetadata": made}}


def _with_columns(tab: Tab, ground: Ground) -> tuple[Ground, tuple[SheetMessage, ...]]:
    """
    Return the ground with every declared column, and the requests that add the missing ones.

    A tab without any of ours has room for all; elsewhere a column goes in behind
    the one that is declared before it.
    """
    fields = list(ground.fields)
    has_room = not any(fields)
    wanted: list[SheetMessage] = []
    at = 0
    for column in tab.every_column:
        if column.field in fields:
            at = fields.index(column.field) + 1
            continue
        if has_room:
            fields[at : at + 1] = [column.field]
        else:
            wanted.append(_insertion(ground, at))
            fields.insert(at, column.field)
        span = _span(ground, at, at + 1)
        wanted.append(_metadata(FIELD_KEY, column.field, {"dimensionRange": span}))
        at += 1
    moved = Ground(ground.sheet_id, ground.sheet, tuple(fields), is_new=ground.is_new)
    return moved, tuple(wanted)


def _insertion(ground: Ground, at: int) -> SheetMessage:
    span = _span(ground, at, at + 1)
    return {"insertDimension": {"range": span, "inheritFromBefore": at > 0}}


def _span(ground: Ground, start: int, end: int) -> Mapping[str, object]:
    return {
        "sheetId": ground.sheet_id,
        "dimension": "COLUMNS",
        "startIndex": start,
        "endIndex": end,
    }


def _headings(tab: Tab, ground: Ground) -> Iterator[SheetMessage]:
    """Yield what puts headings right; a word that somebody typed over one is kept in its note."""
    before = {name: cell for name, cell in zip(ground.fields, _were(ground), strict=False) if name}
    for name, at in _columns(tab, ground.fields).items():
        column = tab.by_field[name]
        cell = before.get(name, {})
        typed = cell.get("userEnteredValue", {}).get("stringValue", "")
        if typed == column.heading:
            continue
        note = f'{column.note}\n\nThis heading read "{typed}".' if typed else column.note
        head = {"userEnteredValue": {"stringValue": column.heading}, "note": note.strip()}
        yield _update(ground, 0, at, [head], "userEnteredValue,note")


def _were(ground: Ground) -> Sequence[Found]:
    """Return the heading cells as found, shifted to where inserted columns leave them."""
    cells = iter(ground.cells)
    known = set(_fields(ground.sheet))
    return [next(cells, {}) if name in known or not name else {} for name in ground.fields]


def _update(
    ground: Ground, row: int, column: int, cells: Sequence[SheetMessage], fields: str
) -> SheetMessage:
    start = {"sheetId": ground.sheet_id, "rowIndex": row, "columnIndex": column}
    return {"updateCells": {"start": start, "rows": [{"values": list(cells)}], "fields": fields}}


def _looks(tab: Tab, ground: Ground) -> tuple[SheetMessage, ...]:
    """
    Return what dresses a tab, if its declaration has changed since it was last dressed.

    Not compared cell by cell: colours and widths that staff have chosen since
    are theirs. A column that was put back is dressed alone.
    """
    columns = _columns(tab, ground.fields)
    looks = sha256(canonical(_declared(tab)).encode()).hexdigest()[:16]
    metadata = ground.sheet.get("developerMetadata", ())
    is_dressed = _noted(metadata, LOOKS_KEY) == looks
    naked = columns.keys() - set(_fields(ground.sheet)) if is_dressed else columns.keys()
    if not naked:
        return ()
    dress = [
        request
        for name, at in sorted(columns.items(), key=lambda pair: pair[1])
        if name in naked
        for request in _dress(tab.by_field[name], ground, at)
    ]
    if isinstance(tab, BoardTab):
        dress.extend(_board_dress(tab, ground))
    if is_dressed:
        return tuple(dress)
    last = [each for each in metadata if each["metadataKey"] == LOOKS_KEY]
    remembered = (
        _remembering(last[0]["metadataId"], looks)
        if last
        else _metadata(LOOKS_KEY, looks, {"sheetId": ground.sheet_id})
    )
    return (*dress, remembered)


def _declared(tab: Tab) -> list[object]:
    """Return all that a tab's dress rests on."""
    columns = [[repr(column.cell), column.width, column.is_staff] for column in tab.every_column]
    declared: list[object] = [columns, GREY, HEAD, HEAD_STAFF]
    if isinstance(tab, BoardTab):
        declared.append([[it.title, it.size, *map(repr, it.tones)] for it in tab.sections])
        declared.append(tab.lines(NOTHING) if tab.is_fixed else [])
    return declared


def _board_dress(tab: BoardTab, ground: Ground) -> Iterator[SheetMessage]:
    """Yield what makes the titles of a board's sections stand out, and fills one that is fixed."""
    columns = _columns(tab, ground.fields)
    look = {"backgroundColor": colour(HEAD), "textFormat": {"bold": True}}
    for section, start in zip(tab.sections, tab.starts, strict=True):
        if section.title:
            for first, last in runs(columns[name] for name in tab.told):
                place = {**_body(ground, first, last), **_rows(start - 1, start)}
                mask = "userEnteredFormat(backgroundColor,textFormat.bold)"
                yield _repeat(place, {"userEnteredFormat": look}, mask)
        end = start + section.size
        for row, tone in enumerate(section.tones, start=end - len(section.tones)):
            place = {**_body(ground, columns[tab.told[0]]), **_rows(row, row + 1)}
            mask = ",".join(f"userEnteredFormat.{name}" for name in _toned(tone))
            yield _repeat(place, {"userEnteredFormat": _toned(tone)}, mask)
    for name in tab.staff_fields:
        place = {**_body(ground, columns[name]), **_rows(SWITCH, SWITCH + 1)}
        yield {"setDataValidation": {"range": place, "rule": TICK}}
        below = {**_body(ground, columns[name]), "startRowIndex": SWITCH + 1}
        grey = {"userEnteredFormat": {"backgroundColor": colour(GREY)}}
        yield _repeat(below, grey, "userEnteredFormat.backgroundColor")
    if tab.is_fixed:
        yield from told(tab, Place(ground.sheet_id, tab.title, columns), NOTHING)


SWITCH: Final = 1
"""The row in which a board has its switches, counted from 0."""


def _rows(start: int, end: int) -> Mapping[str, int]:
    return {"startRowIndex": start, "endRowIndex": end}


def told(tab: BoardTab, place: Place, picture: Picture) -> tuple[SheetMessage, ...]:
    """
    Return the requests that make a board say what is to be said, and nothing else.

    All rows below the heading are written, so that nothing stays of what moved.
    """
    lines = tab.lines(picture)
    by_index = {place.columns[name]: at for at, name in enumerate(tab.told)}
    return tuple(
        {
            "updateCells": {
                "range": {
                    "sheetId": place.sheet_id,
                    "startRowIndex": 1,
                    "startColumnIndex": first,
                    "endColumnIndex": last + 1,
                },
                "rows": [
                    {
                        "values": [
                            {"userEnteredValue": typed(line[by_index[at]])}
                            for at in range(first, last + 1)
                        ]
                    }
                    for line in lines
                ],
                "fields": "userEnteredValue",
            }
        }
        for first, last in runs(by_index)
    )


def _remembering(metadata: int, looks: str) -> SheetMessage:
    lookup = {"developerMetadataLookup": {"metadataId": metadata}}
    return {
        "updateDeveloperMetadata": {
            "dataFilters": [lookup],
            "developerMetadata": {"metadataValue": looks},
            "fields": "metadataValue",
        }
    }


def _dress(column: Column, ground: Ground, at: int) -> Iterator[SheetMessage]:
    mask = "userEnteredFormat(numberFormat,backgroundColor,wrapStrategy,verticalAlignment)"
    body: dict[str, object] = {
        "backgroundColor": colour(WHITE if column.is_staff else GREY),
        "wrapStrategy": "WRAP" if column.is_wrapped else "CLIP",
        "verticalAlignment": "TOP",
    }
    if column.cell.number_format:
        body["numberFormat"] = column.cell.number_format
    yield _repeat(_body(ground, at), {"userEnteredFormat": body}, mask)
    head = {
        "backgroundColor": colour(HEAD_STAFF if column.is_staff else HEAD),
        "textFormat": {"bold": True},
        "wrapStrategy": "WRAP",
        "verticalAlignment": "MIDDLE",
    }
    top = {**_body(ground, at), "startRowIndex": 0, "endRowIndex": 1}
    mask = "userEnteredFormat(backgroundColor,textFormat.bold,wrapStrategy,verticalAlignment)"
    yield _repeat(top, {"userEnteredFormat": head}, mask)
    yield {
        "updateDimensionProperties": {
            "range": _span(ground, at, at + 1),
            "properties": {"pixelSize": column.width, "hiddenByUser": column.is_hidden},
            "fields": "pixelSize,hiddenByUser",
        }
    }


def _body(ground: Ground, first: int, last: int | None = None) -> dict[str, object]:
    """Return the range of columns below the heading."""
    end = (first if last is None else last) + 1
    return {
        "sheetId": ground.sheet_id,
        "startRowIndex": 1,
        "startColumnIndex": first,
        "endColumnIndex": end,
    }


def _repeat(place: Mapping[str, object], cell: Mapping[str, object], fields: str) -> SheetMessage:
    return {"repeatCell": {"range": place, "cell": cell, "fields": fields}}


def _protections(tab: Tab, ground: Ground, account: str) -> Iterator[SheetMessage]:
    """
    Yield what keeps people from typing over the heading and the service's cells.

    Protection is no access control (sheets.md A5); it saves people a repair. It
    names our own account, which would lock itself out otherwise.
    """
    wanted = dict(_protected(tab, ground))
    there = {
        each["description"]: each
        for each in ground.sheet.get("protectedRanges", ())
        if each.get("description", "").startswith("desk: ")
    }
    editors = {"editors": {"users": [account]}} if account else {}
    for name, place in wanted.items():
        declared = {**place, "description": name, **editors}
        found = there.get(name)
        if found is None:
            yield {"addProtectedRange": {"protectedRange": declared}}
        elif not holds(found, declared):
            changed = {"protectedRangeId": found["protectedRangeId"], **declared}
            mask = ",".join([*place, *editors])
            yield {"updateProtectedRange": {"protectedRange": changed, "fields": mask}}
    for name in there.keys() - wanted.keys():
        gone = there[name]["protectedRangeId"]
        yield {"deleteProtectedRange": {"protectedRangeId": gone}}


def _protected(tab: Tab, ground: Ground) -> Iterator[tuple[str, Mapping[str, object]]]:
    """Yield the name of each protection, and what it covers; of a board all but its switches."""
    columns = _columns(tab, ground.fields)
    if isinstance(tab, BoardTab):
        switches = [{**_body(ground, columns[name]), "endRowIndex": 2} for name in tab.staff_fields]
        yield "desk: board", {"range": {"sheetId": ground.sheet_id}, "unprotectedRanges": switches}
        return
    heading = {"startRowIndex": 0, "endRowIndex": 1, "startColumnIndex": 0}
    end = {"endColumnIndex": max(columns.values()) + 1}
    yield "desk: headings", {"range": {"sheetId": ground.sheet_id, **heading, **end}}
    ours = {at: name for name, at in columns.items() if not tab.by_field[name].is_staff}
    for first, last in runs(ours):
        yield f"desk: {ours[first]}", {"range": _body(ground, first, last)}


def _colours(tab: Tab, ground: Ground) -> Iterator[SheetMessage]:
    """Yield the colour rules that are not there yet; they have no name, so they are compared."""
    if not isinstance(tab, QueueTab):
        return
    columns = _columns(tab, ground.fields)
    toned = [("status", word, tone) for word, tone in tab.tones.items()]
    toned += [("flag", word, tone) for word, tone in FLAGS.items()]
    there = ground.sheet.get("conditionalFormats", ())
    for name, word, tone in toned:
        rule = {
            "ranges": [_body(ground, columns[name])],
            "booleanRule": {
                "condition": {"type": "TEXT_EQ", "values": [{"userEnteredValue": word}]},
                "format": _toned(tone),
            },
        }
        if not any(holds(each, rule) for each in there):
            yield {"addConditionalFormatRule": {"rule": rule, "index": 0}}


FLAGS: Final[Mapping[str, Tone]] = {
    Flag.DUE_SOON.value: Tone.WAITING,
    Flag.OVERDUE.value: Tone.NEEDS_A_PERSON,
    Flag.NEEDS_A_PERSON.value: Tone.NEEDS_A_PERSON,
}


def _toned(tone: Tone) -> Mapping[str, object]:
    if tone is Tone.CLOSED:
        return {"textFormat": {"foregroundColor": colour(DIM)}}
    return {"backgroundColor": colour(tone.value)}


def _views(tab: Tab, ground: Ground) -> Iterator[SheetMessage]:
    """Yield the filter views whose title is not there yet."""
    if not isinstance(tab, QueueTab):
        return
    columns = _columns(tab, ground.fields)
    there = {view.get("title") for view in ground.sheet.get("filterViews", ())}
    place = {
        "sheetId": ground.sheet_id,
        "startRowIndex": 0,
        "startColumnIndex": 0,
        "endColumnIndex": max(columns.values()) + 1,
    }
    for view in tab.views:
        if view.title in there:
            continue
        specs = [
            {
                "columnIndex": columns[it.field],
                "filterCriteria": {"condition": {"type": it.kind, "values": [it.value]}},
            }
            for it in view.conditions
        ]
        made = {"title": view.title, "range": place, "filterSpecs": specs}
        yield {"addFilterView": {"filter": made}}


CHART: Final = {"widthPixels": 480, "heightPixels": 290}
VALUE_AXES: Final = {"BAR": "BOTTOM_AXIS", "COLUMN": "LEFT_AXIS"}


def _charts(tab: Tab, ground: Ground) -> Iterator[SheetMessage]:
    """
    Yield the charts of a board that are not there, or whose cells lie elsewhere.

    They stand to the right of all columns, one below the other. How they look
    is left to the staff once they are there.
    """
    if not isinstance(tab, BoardTab):
        return
    there = {each["spec"].get("title"): each for each in ground.sheet.get("charts", ())}
    charted = [
        (section, start)
        for section, start in zip(tab.sections, tab.starts, strict=True)
        if section.chart
    ]
    for nth, (section, start) in enumerate(charted):
        spec = _chart(tab, ground, start, section.size, section.chart)
        found = there.get(section.title)
        wanted = {"title": section.title, "basicChart": spec}
        if found is None:
            cell = {
                "sheetId": ground.sheet_id,
                "rowIndex": 1 + nth * ROWS_OF_A_CHART,
                "columnIndex": len(ground.fields),
            }
            position = {"overlayPosition": {"anchorCell": cell, **CHART}}
            yield {"addChart": {"chart": {"spec": wanted, "position": position}}}
        elif not holds(found["spec"].get("basicChart"), {part: spec[part] for part in SHOWING}):
            yield {"updateChartSpec": {"chartId": found["chartId"], "spec": wanted}}


ROWS_OF_A_CHART: Final = 15
SHOWING: Final = ("domains", "series")
"""What says which cells a chart shows."""


def _chart(tab: BoardTab, ground: Ground, start: int, size: int, kind: str) -> Mapping[str, object]:
    """Return the chart of a section: its first column names what its second counts."""
    columns = _columns(tab, ground.fields)
    labels, numbers = (
        {
            "sourceRange": {
                "sources": [{**_body(ground, columns[name]), **_rows(start, start + size)}]
            }
        }
        for name in tab.told[:2]
    )
    return {
        "chartType": kind,
        "legendPosition": "NO_LEGEND",
        "domains": [{"domain": labels}],
        "series": [{"series": numbers, "targetAxis": VALUE_AXES[kind]}],
    }


def colour(code: str) -> Mapping[str, float]:
    """Return `#RRGGBB` as the service writes colours."""
    parts = {"red": code[1:3], "green": code[3:5], "blue": code[5:7]}
    return {name: int(part, 16) / 255 for name, part in parts.items()}


def holds(found: Any, wanted: Any) -> bool:  # noqa: ANN401 - any part of a message
    """
    Test whether a message that was read says at least what is wanted.

    The service adds fields, drops zeros, and keeps colours less precisely.
    """
    if isinstance(wanted, Mapping):
        return all(holds((found or {}).get(name), part) for name, part in wanted.items())
    if isinstance(wanted, list):
        pairs = zip(found or (), wanted, strict=False)
        return len(found or ()) == len(wanted) and all(holds(*pair) for pair in pairs)
    if isinstance(wanted, float):
        return isclose(found or 0, wanted, abs_tol=TINY)
    return bool(found == wanted or (not found and not wanted))
