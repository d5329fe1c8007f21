"""The Sheets API v4: all its seventeen methods."""

from __future__ import annotations

import re
from contextlib import contextmanager
from typing import TYPE_CHECKING

from sheetserver import accounts, batch, errors, locate, lookup, masks, spreadsheets, values
from sheetserver.calls import Call, Route
from sheetserver.kinds import tabs
from sheetserver.schema import read_json, sheets
from sheetserver.transplant import copy_tab
from sheetserver.values import Rendering, Writing

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sheetserver.book import Book
    from sheetserver.draft import Draft
    from sheetserver.engine import Engine
    from sheetserver.locate import Area
    from sheetserver.messages import Json, Message

_BOOK = r"/v4/spreadsheets/(?P<book>[^/:]+)"
_READ, _WRITE = "Read requests", "Write requests"
_TYPED = {"RAW": False, "USER_ENTERED": True}


class SheetsApi:
    """The methods over one engine. Each takes a call and returns its answer's body."""

    def __init__(self, engine: Engine, root: str) -> None:
        self._engine = engine
        self._root = root
        self.routes = [
            Route(method, re.compile(pattern), operation, handler, metric)
            for method, pattern, operation, handler, metric in (
                ("POST", "/v4/spreadsheets", "spreadsheets.create", self.create, _WRITE),
                ("GET", _BOOK, "spreadsheets.get", self.get, _READ),
                (
                    "POST",
                    f"{_BOOK}:batchUpdate",
                    "spreadsheets.batchUpdate",
                    self.batch_update,
                    _WRITE,
                ),
                (
                    "POST",
                    f"{_BOOK}:getByDataFilter",
                    "spreadsheets.getByDataFilter",
                    self.get_by_filter,
                    _READ,
                ),
                (
                    "GET",
                    f"{_BOOK}/values:batchGet",
                    "spreadsheets.values.batchGet",
                    self.values_batch_get,
                    _READ,
                ),
                (
                    "POST",
                    f"{_BOOK}/values:batchUpdate",
                    "spreadsheets.values.batchUpdate",
                    self.values_batch_update,
                    _WRITE,
                ),
                (
                    "POST",
                    f"{_BOOK}/values:batchClear",
                    "spreadsheets.values.batchClear",
                    self.values_batch_clear,
                    _WRITE,
                ),
                (
                    "POST",
                    f"{_BOOK}/values:batchGetByDataFilter",
                    "spreadsheets.values.batchGetByDataFilter",
                    self.values_get_by_filter,
                    _READ,
                ),
                (
                    "POST",
                    f"{_BOOK}/values:batchUpdateByDataFilter",
                    "spreadsheets.values.batchUpdateByDataFilter",
                    self.values_update_by_filter,
                    _WRITE,
                ),
                (
                    "POST",
                    f"{_BOOK}/values:batchClearByDataFilter",
                    "spreadsheets.values.batchClearByDataFilter",
                    self.values_clear_by_filter,
                    _WRITE,
                ),
                (
                    "POST",
                    f"{_BOOK}/values/(?P<range>.+):append",
                    "spreadsheets.values.append",
                    self.values_append,
                    _WRITE,
                ),
                (
                    "POST",
                    f"{_BOOK}/values/(?P<range>.+):clear",
                    "spreadsheets.values.clear",
                    self.values_clear,
                    _WRITE,
                ),
                (
                    "GET",
                    f"{_BOOK}/values/(?P<range>.+)",
                    "spreadsheets.values.get",
                    self.values_get,
                    _READ,
                ),
                (
                    "PUT",
                    f"{_BOOK}/values/(?P<range>.+)",
                    "spreadsheets.values.update",
                    self.values_update,
                    _WRITE,
                ),
                (
                    "POST",
                    f"{_BOOK}/developerMetadata:search",
                    "spreadsheets.developerMetadata.search",
                    self.metadata_search,
                    _READ,
                ),
                (
                    "GET",
                    f"{_BOOK}/developerMetadata/(?P<metadata>[^/:]+)",
                    "spreadsheets.developerMetadata.get",
                    self.metadata_get,
                    _READ,
                ),
                (
                    "POST",
                    rf"{_BOOK}/sheets/(?P<sheet>-?\d+):copyTo",
                    "spreadsheets.sheets.copyTo",
                    self.copy_to,
                    _WRITE,
                ),
            )
        ]

    def _book(self, call: Call) -> Book:
        book = self._engine.read(call.place["book"])
        self._engine.require(book.id, call.caller, "reader")
        return book

    def _view(
        self, call: Call, book: Book, mask: masks.Mask, areas: list[Area], *, has_data: bool
    ) -> spreadsheets.View:
        return spreadsheets.View(
            root=self._root,
            email=call.caller.email,
            is_owner=self._engine.role(book.id, call.caller) == "owner",
            mask=mask,
            areas=tuple(areas),
            has_data=has_data,
        )

    # Spreadsheets

    def create(self, call: Call) -> Json:
        """Make a spreadsheet."""
        given = sheets().accept("Spreadsheet", read_json(call.body))
        mask = call.mask(sheets(), "Spreadsheet")
        book = self._engine.read(accounts.create_book(self._engine, call.caller, given))
        return spreadsheets.shown(book, self._view(call, book, mask, [], has_data=False))

    def get(self, call: Call) -> Json:
        """Show a spreadsheet; with a mask, the mask alone decides whether cells come along."""
        book = self._book(call)
        mask = call.mask(sheets(), "Spreadsheet")
        areas = [locate.area(book, text) for text in call.many("ranges")]
        has_data = call.flag("includeGridData") or bool(mask)
        return spreadsheets.shown(book, self._view(call, book, mask, areas, has_data=has_data))

    def get_by_filter(self, call: Call) -> Json:
        """Show the parts of a spreadsheet that data filters select."""
        book = self._book(call)
        body = sheets().accept("GetSpreadsheetByDataFilterRequest", read_json(call.body))
        mask = call.mask(sheets(), "Spreadsheet")
        areas = [area for each in body.get("dataFilters", ()) for area in lookup.areas(book, each)]
        has_data = body.get("includeGridData", False) or bool(mask)
        return spreadsheets.shown(book, self._view(call, book, mask, areas, has_data=has_data))

    def batch_update(self, call: Call) -> Json:
        """Carry out many requests, all or none."""
        raw = read_json(call.body)
        batch.refuse_unmodelled(raw.get("requests") if isinstance(raw, dict) else None)
        body = sheets().accept("BatchUpdateSpreadsheetRequest", raw)
        mask = call.mask(sheets(), "BatchUpdateSpreadsheetResponse")

        def work(draft: Draft) -> Message:
            answer: Message = {
                "spreadsheetId": draft.book.id,
                "replies": batch.run(draft, body.get("requests", [])),
            }
            if body.get("includeSpreadsheetInResponse"):
                answer["updatedSpreadsheet"] = self._echo(call, draft, body, mask)
            return answer

        return masks.select(self._engine.write(call.place["book"], call.caller, work), mask)

    def _echo(self, call: Call, draft: Draft, body: Message, mask: masks.Mask) -> Message:
        draft.settle()
        areas = [locate.area(draft.book, text) for text in body.get("responseRanges", ())]
        below = masks.below(mask, "updatedSpreadsheet") or {}
        has_data = body.get("responseIncludeGridData", False)
        view = self._view(call, draft.book, below, areas, has_data=has_data)
        return spreadsheets.shown(draft.book, view)

    def copy_to(self, call: Call) -> Json:
        """Copy a tab into another spreadsheet."""
        source = self._book(call)
        body = sheets().accept("CopySheetToAnotherSpreadsheetRequest", read_json(call.body))
        tab = source.tab(int(call.place["sheet"]))
        target = body.get("destinationSpreadsheetId", "")
        self._engine.read(target)  # unknown before forbidden

        def work(draft: Draft) -> Message:
            copy = copy_tab(draft, source, tab)
            return tabs.shown_properties(draft.book, copy)

        return self._engine.write(target, call.caller, work)

    # Values

    def values_get(self, call: Call) -> Json:
        """Show the values of one range."""
        book = self._book(call)
        area = locate.area(book, call.place["range"])
        return values.value_range(book, area, _rendering(call))

    def values_batch_get(self, call: Call) -> Json:
        """Show the values of several ranges, in the order asked."""
        book = self._book(call)
        rendering = _rendering(call)
        found = [
            values.value_range(book, locate.area(book, text), rendering)
            for text in call.many("ranges")
        ]
        return _answer(book, valueRanges=found)

    def values_update(self, call: Call) -> Json:
        """Write the values of one range."""
        body, writing = self._value_range(call), _writing(call)
        rows = values.rows_of(body)

        def work(draft: Draft) -> Message:
            area = locate.area(draft.book, call.place["range"])
            _check_same(draft.book, area, body)
            return values.update(draft, area, rows, writing)

        return self._engine.write(call.place["book"], call.caller, work)

    def _value_range(self, call: Call) -> Message:
        raw = read_json(call.body)
        listed = raw.pop("values", None) if isinstance(raw, dict) else None
        body = sheets().accept("ValueRange", raw)
        return body if listed is None else {**body, "values": _listed(listed, "data.values")}

    def values_append(self, call: Call) -> Json:
        """Write rows below the table at a range."""
        body, writing = self._value_range(call), _writing(call)
        rows = values.rows_of(body)
        inserts = call.one("insertDataOption") == "INSERT_ROWS"

        def work(draft: Draft) -> Message:
            area = locate.area(draft.book, call.place["range"])
            return values.append(draft, area, rows, writing, inserts=inserts)

        return self._engine.write(call.place["book"], call.caller, work)

    def values_clear(self, call: Call) -> Json:
        """Empty the values of one range."""
        sheets().accept("ClearValuesRequest", read_json(call.body))

        def work(draft: Draft) -> Message:
            area = locate.area(draft.book, call.place["range"])
            return _answer(draft.book, clearedRange=values.clear(draft, area))

        return self._engine.write(call.place["book"], call.caller, work)

    def values_batch_update(self, call: Call) -> Json:
        """Write the values of several ranges, all or none."""
        body = self._batch_of_values(call, "BatchUpdateValuesRequest")
        writing = _body_writing(body)
        listed = [values.rows_of(each, "data.values") for each in body.get("data", ())]

        def work(draft: Draft) -> Message:
            answers = []
            for index, (each, rows) in enumerate(zip(body.get("data", ()), listed, strict=True)):
                with _placed(f"Invalid data[{index}]: "):
                    area = locate.area(draft.book, each.get("range", ""))
                    answers.append(values.update(draft, area, rows, writing))
            return {**_totals(draft.book, answers), "responses": answers}

        return self._engine.write(call.place["book"], call.caller, work)

    def _batch_of_values(self, call: Call, type_name: str) -> Message:
        """Return a body whose values are checked by hand: Google has its own words for them."""
        raw = read_json(call.body)
        entries = raw.get("data") if isinstance(raw, dict) else None
        taken = [
            each.pop("values") if isinstance(each, dict) and "values" in each else None
            for each in (entries if isinstance(entries, list) else [])
        ]
        body = sheets().accept(type_name, raw)
        for each, listed in zip(body.get("data", ()), taken, strict=False):
            if listed is not None:
                each["values"] = _listed(listed, "data.values")
        return body

    def values_batch_clear(self, call: Call) -> Json:
        """Empty the values of several ranges, all or none."""
        body = sheets().accept("BatchClearValuesRequest", read_json(call.body))

        def work(draft: Draft) -> Message:
            cleared = []
            for index, text in enumerate(body.get("ranges", ())):
                with _placed(f"Invalid range[{index}]: "):
                    cleared.append(values.clear(draft, locate.area(draft.book, text)))
            return _answer(draft.book, clearedRanges=cleared)

        return self._engine.write(call.place["book"], call.caller, work)

    def values_get_by_filter(self, call: Call) -> Json:
        """Show the values that data filters select."""
        book = self._book(call)
        body = sheets().accept("BatchGetValuesByDataFilterRequest", read_json(call.body))
        rendering = Rendering(
            body.get("valueRenderOption", "FORMATTED_VALUE"),
            body.get("dateTimeRenderOption", "SERIAL_NUMBER"),
            body.get("majorDimension", "ROWS"),
        )
        found = [
            {"valueRange": values.value_range(book, area, rendering), "dataFilters": [each]}
            for each in body.get("dataFilters", ())
            for area in lookup.areas(book, each)
        ]
        return _answer(book, valueRanges=found)

    def values_update_by_filter(self, call: Call) -> Json:
        """Write values into every range that data filters select."""
        body = self._batch_of_values(call, "BatchUpdateValuesByDataFilterRequest")
        writing = _body_writing(body)

        def work(draft: Draft) -> Message:
            answers = []
            for index, each in enumerate(body.get("data", ())):
                rows = values.rows_of(each)
                with _placed(f"Invalid data[{index}]: "):
                    for area in lookup.areas(draft.book, each.get("dataFilter", {})):
                        done = values.update(draft, area, rows, writing)
                        done.pop("spreadsheetId")
                        answers.append({**done, "dataFilter": each.get("dataFilter", {})})
            return {**_totals(draft.book, answers), "responses": answers}

        return self._engine.write(call.place["book"], call.caller, work)

    def values_clear_by_filter(self, call: Call) -> Json:
        """Empty the values of every range that data filters select."""
        body = sheets().accept("BatchClearValuesByDataFilterRequest", read_json(call.body))

        def work(draft: Draft) -> Message:
            areas = [
                area
                for each in body.get("dataFilters", ())
                for area in lookup.areas(draft.book, each)
            ]
            cleared = [values.clear(draft, area) for area in areas]
            return _answer(draft.book, clearedRanges=cleared)

        return self._engine.write(call.place["book"], call.caller, work)

    # Metadata

    def metadata_search(self, call: Call) -> Json:
        """Show the metadata that data filters select."""
        book = self._book(call)
        body = sheets().accept("SearchDeveloperMetadataRequest", read_json(call.body))
        found: list[Message] = []
        for each in body.get("dataFilters", ()):
            for entry in lookup.matching(book, each):
                known = next((one for one in found if one["developerMetadata"] is entry), None)
                if known:
                    known["dataFilters"].append(each)
                else:
                    found.append({"developerMetadata": entry, "dataFilters": [each]})
        return {"matchedDeveloperMetadata": found} if found else {}

    def metadata_get(self, call: Call) -> Json:
        """Show one piece of metadata."""
        book = self._book(call)
        for entry in book.metadata:
            if str(entry["metadataId"]) == call.place["metadata"]:
                return entry
        raise errors.not_found()


@contextmanager
def _placed(prefix: str) -> Iterator[None]:
    """Write the place of an error before its message."""
    try:
        yield
    except errors.ApiError as failed:
        raise failed.prefixed(prefix) from failed


def _listed(listed: Json, field: str) -> list[list[Json]]:
    if not isinstance(listed, list):
        text = f"Invalid value at '{field}' (type.googleapis.com/google.protobuf.ListValue), "
        raise errors.malformed([(field, f'{text}"{listed}"')])
    return listed


def _rendering(call: Call) -> Rendering:
    dimension = call.one("majorDimension", "ROWS")
    return Rendering(
        call.one("valueRenderOption", "FORMATTED_VALUE"),
        call.one("dateTimeRenderOption", "SERIAL_NUMBER"),
        "COLUMNS" if dimension == "COLUMNS" else "ROWS",
    )


def _writing(call: Call) -> Writing:
    return Writing(
        _is_typed(call.one("valueInputOption")),
        call.flag("includeValuesInResponse"),
        Rendering(
            call.one("responseValueRenderOption", "FORMATTED_VALUE"),
            call.one("responseDateTimeRenderOption", "SERIAL_NUMBER"),
        ),
    )


def _body_writing(body: Message) -> Writing:
    return Writing(
        _is_typed(body.get("valueInputOption", "")),
        body.get("includeValuesInResponse", False),
        Rendering(
            body.get("responseValueRenderOption", "FORMATTED_VALUE"),
            body.get("responseDateTimeRenderOption", "SERIAL_NUMBER"),
        ),
    )


def _is_typed(option: str) -> bool:
    if option not in _TYPED:
        why = "'valueInputOption' is required but not specified"
        raise errors.invalid(why)
    return _TYPED[option]


def _check_same(book: Book, area: Area, body: Message) -> None:
    """Refuse a body that names another range than the address does."""
    if body.get("range"):
        other = locate.area(book, body["range"])
        if (other.tab.sheet_id, other.rect) != (area.tab.sheet_id, area.rect):
            msg = f"Requested range {area.name} does not match the range in the body: {other.name}"
            raise errors.invalid(msg)


def _answer(book: Book, **parts: list[Json] | str) -> Message:
    return {"spreadsheetId": book.id, **{name: part for name, part in parts.items() if part}}


def _totals(book: Book, answers: list[Message]) -> Message:
    totals: Message = {"spreadsheetId": book.id}
    for name in ("Rows", "Columns", "Cells"):
        count = sum(each.get(f"updated{name}", 0) for each in answers)
        if count:
            totals[f"totalUpdated{name}"] = count
    touched = {each["updatedRange"].rpartition("!")[0] for each in answers}
    if touched:
        totals["totalUpdatedSheets"] = len(touched)
    return totals
