"""
A person, the desk and a failing Google at once, at random; afterwards the sheet tells the truth.

Each sequence starts from the same small desk. A person does to the tabs whatever
a grid allows; records change by the real use cases; visits are cut short by the
service, by a crash at any call, or find somebody editing in the gap. Then Google
is well again, the person deletes the copies of rows they made, and the sheet has
to equal the ledger (sheets.md C13, robustness.md A5 V6).
"""

import json
import os
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import cache
from itertools import count
from pathlib import Path
from shutil import copyfile
from tempfile import TemporaryDirectory

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule, run_state_machine_as_test

from console import plan
from console.schema import Kept, LogTab, QueueTab, Rev, Seen, cell_value, text_of
from partnerdesk.domain.errors import DeskError
from partnerdesk.domain.licence import Licence
from partnerdesk.domain.record import Workbook
from partnerdesk.domain.screening import Outcome
from partnerdesk.domain.trial import TrialRequest
from partnerdesk.ports import LedgerBusyError, NoSuchRecordError
from partnerdesk.usecases.park_message import SHOWN
from sheetserver import batch
from sheetserver.cells import result_of
from sheetserver.errors import ApiError
from sheetserver.gap import SOMEBODY
from tests.builders import kept
from tests.inprocess import SheetsInProcess
from tests.workbooks import TABS, WORKBOOKS, Console

SEQUENCES = {"dev": 20, "ci": 300, "nightly": 10_000}
PROFILE = os.environ.get("HYPOTHESIS_PROFILE", "dev")

QUEUES = tuple(tab for tab in TABS if isinstance(tab, QueueTab))
EFFECTS = {
    "Resend": "licence sent again",
    "Allow another trial": "another trial allowed",
    "Clear": "screening case cleared",
    "Confirm": "screening case confirmed",
}
"""The event that each Action leaves in the ledger."""

LABELS = (*EFFECTS, "Delete everything", "")

EFFECTIVE = frozenset({"commit", "lease", "release", "take", "clear", "describe", "read", "write"})
"""The calls of a visit that a crash is tried at: whatever changes or tells something outside."""


class Crash(BaseException):
    """The process died here: no `except Exception` may catch it."""


@dataclass
class Life:
    """A process from its start to its end, call by call."""

    at: int = 0
    """The call, counted from 1, at which something happens; 0 for none."""

    failure: BaseException | None = None
    is_done: bool = False
    """Whether the call takes effect before it fails."""

    gap: object = None
    """What a person does just before the call."""

    calls: int = 0
    is_over: bool = False

    def call(self, act, *args, **parts):
        if self.is_over:
            raise Crash
        self.calls += 1
        if self.calls != self.at:
            return act(*args, **parts)
        if self.gap:
            self.gap()
        if self.failure and not self.is_done:
            self._fail()
        answer = act(*args, **parts)
        if self.failure:
            self._fail()
        return answer

    def _fail(self):
        self.is_over = isinstance(self.failure, Crash)
        raise self.failure


class Mortal:
    """A port of a process that may die at any of its calls, and then makes no other."""

    def __init__(self, port, life):
        self._port, self._life = port, life

    def __getattr__(self, name):
        found = getattr(self._port, name)
        if name not in EFFECTIVE:
            return found
        return lambda *args, **parts: self._life.call(found, *args, **parts)


@cache
def world():
    """Return the desk that every sequence starts from: its folder, its workbooks, and a server."""
    folder = TemporaryDirectory()
    path = Path(folder.name)
    (path / "sheets").mkdir()
    server = SheetsInProcess(path / "sheets")
    console = Console(path, server)
    desk = console.desk
    for name in ("Alder", "Beech"):
        desk.ask(**applicant(name))
    desk.work()
    desk.ask(**applicant("Alder"), key="again")
    desk.work()
    desk.judged(Outcome.REVIEW, reasons=("Resembles a listed name.",))
    desk.ask(**applicant("Cedar"))
    console.settle()
    state = console.client.http.request("get", f"{server.root}/_test/state").text
    console.close()
    return folder, server, console.books, state


def applicant(name):
    domain = f"{name.lower()}.example"
    return {"organisation": name, "company": name, "domain": domain, "email": f"a@{domain}"}


class Sheet:
    """A tab as a person has it before them, and their hands; it knows nothing of a visit."""

    def __init__(self, engine, book_id, tab):
        self._engine, self._book_id, self.tab = engine, book_id, tab

    @property
    def _book(self):
        return self._engine.read(self._book_id)

    @property
    def sheet_id(self):
        """Return the number of the tab, None when it was deleted."""
        for each in self._book.metadata:
            if (each["metadataKey"], each["metadataValue"]) == ("desk.tab", self.tab.key):
                return each["location"].get("sheetId", 0)
        return None

    @property
    def columns(self):
        """Return where each declared column lies now, by field."""
        spans, here = {}, self.sheet_id
        for each in self._book.metadata:
            span = each["location"].get("dimensionRange")
            if each["metadataKey"] == "desk.field" and span and span.get("sheetId", 0) == here:
                spans.setdefault(each["metadataValue"], span.get("startIndex", 0))
        return spans

    def cells(self):
        """Return every cell, row by row with the heading first, as text, ticks and numbers."""
        found = self._book.tab(self.sheet_id)
        return [[result_of(value) for value in row.values] for row in found.rows]

    def rows(self):
        """Return index and cells by field of each row that is not empty."""
        columns = self.columns
        return [
            (at, {name: row[n] if n < len(row) else None for name, n in columns.items()})
            for at, row in enumerate(self.cells())
            if at and any(cell not in (None, "", False) for cell in row)
        ]

    def size(self):
        found = self._book.tab(self.sheet_id)
        return found.row_count, found.column_count

    def do(self, kind, **body):
        """Do something with whole rows, columns or the tab."""
        self._engine.write(self._book_id, SOMEBODY, lambda draft: batch.run(draft, [{kind: body}]))

    def put(self, row, column, *values):
        """Type values into neighbouring cells."""
        self.paste(row, column, [values])

    def paste(self, row, column, block):
        """Put rows of values into neighbouring cells; None empties a cell."""
        start = {"sheetId": self.sheet_id, "rowIndex": row, "columnIndex": column}
        rows = [{"values": [{"userEnteredValue": _entered(it)} for it in each]} for each in block]
        self.do("updateCells", start=start, rows=rows, fields="userEnteredValue")

    def span(self, dimension, start, end):
        return {
            "sheetId": self.sheet_id,
            "dimension": dimension,
            "startIndex": start,
            "endIndex": end,
        }

    def area(self, top, bottom=None):
        end = {} if bottom is None else {"endRowIndex": bottom}
        return {"sheetId": self.sheet_id, "startRowIndex": top, **end}


def _entered(value):
    if value in (None, ""):
        return {}
    kind = {bool: "boolValue", str: "stringValue"}.get(type(value), "numberValue")
    return {kind: value}


# What a person may do to a tab besides their work; `a` and `b` say where.


def sort(sheet, a, b):
    order = ("ASCENDING", "DESCENDING")[b % 2]
    spec = {"dimensionIndex": a % sheet.size()[1], "sortOrder": order}
    sheet.do("sortRange", range=sheet.area(1), sortSpecs=[spec])


def filter_rows(sheet, _a, _b):
    sheet.do("setBasicFilter", filter={"range": sheet.area(0)})


def insert_rows(sheet, a, b):
    at = 1 + a % 6
    sheet.do("insertDimension", range=sheet.span("ROWS", at, at + 1 + b % 2))


def move_row(sheet, a, b):
    source = sheet.span("ROWS", 1 + a % 5, 2 + a % 5)
    sheet.do("moveDimension", source=source, destinationIndex=1 + b % 7)


def delete_row(sheet, a, _b):
    rows = sheet.rows()
    if rows:
        at, _ = rows[a % len(rows)]
        sheet.do("deleteDimension", range=sheet.span("ROWS", at, at + 1))


def hide_row(sheet, a, b):
    span = sheet.span(("ROWS", "COLUMNS")[b % 2], 1 + a % 5, 2 + a % 5)
    hidden = {"hiddenByUser": True}
    sheet.do("updateDimensionProperties", range=span, properties=hidden, fields="hiddenByUser")


def copy_row(sheet, a, b):
    """Copy a row below the last one, or over another."""
    rows = sheet.rows()
    if rows:
        at, _ = rows[a % len(rows)]
        to = 1 + b % (len(rows) + 2)
        source, target = sheet.area(at, at + 1), sheet.area(to, to + 1)
        sheet.do("copyPaste", source=source, destination=target, pasteType="PASTE_NORMAL")


def paste(sheet, a, b):
    """Paste words over any neighbouring cells, identity and answers included."""
    words = (("Resend", True), ("", ""), ("pasted", 7, "=1+1"), ("Issued",), (None, "Clear", "x"))
    sheet.put(1 + a % 6, b % sheet.size()[1], *words[(a + b) % len(words)])


def change_id(sheet, a, b):
    """Empty an ID, invent one, or write another row's."""
    rows = sheet.rows()
    if rows and "id" in sheet.columns:
        at, _ = rows[a % len(rows)]
        _, other = rows[b % len(rows)]
        said = ("", "TRL-1999-000001", other["id"], text_of(other["id"])[:-1])[(a + b) % 4]
        sheet.put(at, sheet.columns["id"], said)


def exchange_revs(sheet, a, b):
    rows, column = sheet.rows(), sheet.columns.get("_rev")
    if rows and column:
        (one, mine), (other, theirs) = rows[a % len(rows)], rows[b % len(rows)]
        sheet.put(one, column, theirs["_rev"])
        sheet.put(other, column, mine["_rev"])


def rename_heading(sheet, a, b):
    heading = sheet.cells()[0]
    sheet.put(0, a % len(heading), ("State of affairs", "", heading[b % len(heading)])[b % 3])


def rename_tab(sheet, a, _b):
    titles = ("Ana's / list: 100%?", "Old", "Q")
    properties = {"sheetId": sheet.sheet_id, "title": titles[a % 3]}
    sheet.do("updateSheetProperties", properties=properties, fields="title")


def move_tab(sheet, a, b):
    changed = ({"index": a % 3}, {"hidden": True})[b % 2]
    properties = {"sheetId": sheet.sheet_id, **changed}
    sheet.do("updateSheetProperties", properties=properties, fields=next(iter(changed)))


def delete_tab(sheet, _a, _b):
    sheet.do("deleteSheet", sheetId=sheet.sheet_id)


def insert_column(sheet, a, _b):
    at = a % sheet.size()[1]
    sheet.do("insertDimension", range=sheet.span("COLUMNS", at, at + 1))


def move_column(sheet, a, b):
    width = sheet.size()[1]
    source = sheet.span("COLUMNS", a % width, a % width + 1)
    sheet.do("moveDimension", source=source, destinationIndex=b % width)


def delete_column(sheet, a, _b):
    at = a % sheet.size()[1]
    sheet.do("deleteDimension", range=sheet.span("COLUMNS", at, at + 1))


HARMLESS = (sort, filter_rows, insert_rows, move_row, hide_row, rename_tab, move_tab)
"""What leaves every cell with its row: nothing of the staff's may be lost by it."""

LOSING = (delete_row, delete_column, delete_tab, insert_column, move_column, rename_heading)
"""What may cost staff cells that were typed since the last visit; never another row's."""

TAMPERING = (copy_row, paste, change_id, exchange_revs)
"""What makes a row look like another's, so that its staff cells may be another's, too."""

SHIFTING = (insert_column, move_column)
"""What lets a write of ours go into the wrong column, until the same visit puts it back."""

EDITS = (*HARMLESS, *LOSING, *TAMPERING)
GOOGLE = ("429", "500", "503", "503_after_commit", "drop", "drop_after_commit", "truncated_body")
GOOGLE += ("html_body", "403")
SOME = st.integers(0, 59)
MOMENT = st.integers(1, 9)
DOING = st.tuples(st.sampled_from(EDITS), st.integers(0, len(TABS) - 1), SOME, SOME)
"""What, in which tab, and where."""


class Desk(RuleBasedStateMachine):
    """The person, the desk and Google."""

    @initialize()
    def open(self):
        _, server, books, state = world()
        self.folder = TemporaryDirectory()
        copyfile(Path(world()[0].name) / "desk.db", Path(self.folder.name) / "desk.db")
        self.server = server
        server.app.controls.answer("POST", "/_test/reset", b"{}", "127.0.0.1")
        server.app.controls.answer("PUT", "/_test/state", state.encode(), "127.0.0.1")
        self.console = Console(Path(self.folder.name), server, books)
        self.services = self.console.services
        engine = server.app.engine
        self.sheets = [Sheet(engine, books[tab.workbook], tab) for tab in TABS]
        self.queues = [sheet for sheet in self.sheets if isinstance(sheet.tab, QueueTab)]
        self.numbers = count(1)
        self.chosen = Counter()
        self.ticked = Counter()
        self.typed = {}
        self.loose, self.tampered = set(), False
        self.before = {}

    # The person

    def _row(self, sheet, which):
        """Return the index and cells of one of the rows, None when there is none to be seen."""
        rows = sheet.rows() if sheet.sheet_id is not None else []
        return rows[which % len(rows)] if rows else None

    def _type(self, sheet, at, **cells):
        columns = sheet.columns
        for name, value in cells.items():
            if name in columns:
                self._remember(sheet)
                sheet.put(at, columns[name], value)

    def _remember(self, sheet):
        self.before = {"sheet": sheet, "cells": sheet.cells()}

    def _whose(self, row):
        rev = Rev.read(text_of(row.get("_rev")))
        return {text_of(row.get("id")), rev.ref if rev else ""} - {""}

    @rule(which=SOME, reason=st.booleans(), confirm=st.sampled_from((False, False, True)))
    def choose(self, which, reason, confirm):
        self._choose_well(which, reason=reason, confirm=confirm)

    def _choose_well(self, which, *, reason=True, confirm=False):
        """Choose a step that is possible now, and return the workbook."""
        possible = [
            (sheet, at, row, action.label)
            for sheet in self.queues
            for at, row in (sheet.rows() if sheet.sheet_id is not None else ())
            for action in self._legal(sheet.tab, text_of(row.get("id")))
        ]
        if not possible:
            return Workbook.DESK
        cells = {"reason": "They asked."} if reason else {}
        cells |= {"confirm": True} if confirm else {}
        sheet, *where = possible[which % len(possible)]
        self._choose(sheet, *where, **cells)
        return sheet.tab.workbook

    @rule(where=st.integers(0, 2), which=SOME, label=st.sampled_from(LABELS))
    def choose_anything(self, where, which, label):
        sheet = self.queues[where]
        if found := self._row(sheet, which):
            self._choose(sheet, *found, label)

    def _choose(self, sheet, at, row, label, **cells):
        for ref in self._whose(row):
            self.chosen[ref, label] += 1
            self.ticked[ref] += "confirm" in cells
        self._type(sheet, at, action=label, **cells)

    def _legal(self, tab, ref):
        try:
            return tab.legal(self.console.desk.ledger.get(tab.kind, ref))
        except NoSuchRecordError:
            return ()

    @rule(which=SOME)
    def tick(self, which):
        """Tick Confirm in a row with an Action, if there is one."""
        every = [
            (sheet, at, row)
            for sheet in self.queues
            for at, row in (sheet.rows() if sheet.sheet_id is not None else ())
        ]
        asking = [it for it in every if it[2].get("action")] or every
        if asking:
            sheet, at, row = asking[which % len(asking)]
            for ref in self._whose(row):
                self.ticked[ref] += 1
            self._type(sheet, at, confirm=True, reason="They asked.")

    @rule(where=st.integers(0, 2), which=SOME)
    def note(self, where, which):
        sheet = self.queues[where]
        found = self._row(sheet, which)
        if found is None or "notes" not in sheet.columns:
            return
        at, row = found
        ref = text_of(row.get("id"))
        text = f"{ref} {next(self.numbers)}"
        if ref:
            self.typed.setdefault(ref, []).append(text)
        self._type(sheet, at, notes=text, owner=text)

    @rule(doing=DOING)
    def disturb(self, doing):
        edit, where, a, b = doing
        sheet = self.sheets[where]
        if sheet.sheet_id is None:
            return
        if edit in LOSING:
            self.loose |= {text_of(row.get("id")) for _, row in sheet.rows()}
        self._remember(sheet)
        with suppress(ApiError):
            edit(sheet, a, b)
        if edit in TAMPERING:
            self._tamper()

    @rule()
    def undo(self):
        """Every cell of the tab that was edited last says what it said before that."""
        if not self.before or self.before["sheet"].sheet_id is None:
            return
        sheet, was = self.before["sheet"], self.before["cells"]
        height, width = sheet.size()
        blank = [None] * width
        rows = [*was, *[blank] * (len(sheet.cells()) - len(was))][:height]
        sheet.paste(0, 0, [[*row, *blank][:width] for row in rows])
        self._tamper()

    def _tamper(self):
        """Count whatever the rows ask for now as asked by the person."""
        self.tampered = True
        for sheet in self.queues:
            for _, row in sheet.rows() if sheet.sheet_id is not None else ():
                for ref in self._whose(row):
                    self.chosen[ref, text_of(row.get("action"))] += 1
                    self.ticked[ref] += bool(row.get("confirm"))

    # The desk

    @rule(name=st.sampled_from(("Dogwood", "Elm", "Alder")), outcome=st.sampled_from(Outcome))
    def ask(self, name, outcome):
        self.console.desk.judged(outcome, reasons=("Screened.",))
        self.console.desk.ask(**applicant(name), key=f"{name} {next(self.numbers)}")

    @rule()
    def work(self):
        self.console.desk.work()

    @rule(which=SOME)
    def move_on(self, which):
        """A record changes, so that its row must be written anew."""
        ledger = self.console.desk.ledger
        trials = [event.ref for event in ledger.histories() if event.kind == TrialRequest.KIND]
        trial = ledger.get(TrialRequest, trials[which % len(trials)])
        kept(ledger, replace(trial, city=f"City {next(self.numbers)}"))

    @rule(minutes=st.sampled_from((1, 11, 61)))
    def wait(self, minutes):
        self.console.desk.clock.advance(minutes=minutes)

    # Visits

    @rule(workbook=st.sampled_from(WORKBOOKS))
    def visit(self, workbook):
        self._visit(workbook, Life())

    @rule(workbook=st.sampled_from(WORKBOOKS), at=MOMENT, is_done=st.booleans())
    def visit_and_die(self, workbook, at, is_done):
        self._visit(workbook, Life(at, Crash(), is_done))

    @rule(which=SOME, at=st.integers(2, 7), is_done=st.booleans())
    def die_while_a_step_is_taken(self, which, at, is_done):
        self._visit(self._choose_well(which), Life(at, Crash(), is_done))

    @rule(which=SOME, at=MOMENT, doing=DOING)
    def edit_while_a_step_is_taken(self, which, at, doing):
        self._visit_while(self._choose_well(which), at, doing)

    @rule(workbook=st.sampled_from(WORKBOOKS), at=MOMENT)
    def visit_a_busy_ledger(self, workbook, at):
        self._visit(workbook, Life(at, LedgerBusyError()))

    @rule(
        workbook=st.sampled_from(WORKBOOKS),
        do=st.sampled_from(GOOGLE),
        after=st.integers(0, 4),
        times=st.integers(1, 4),
    )
    def visit_a_failing_google(self, workbook, do, after, times):
        fault = json.dumps({"do": do, "after": after, "times": times}).encode()
        self._control("POST", fault)
        self._visit(workbook, Life())
        self._control("DELETE", b"{}")

    @rule(workbook=st.sampled_from(WORKBOOKS), at=MOMENT, doing=DOING)
    def visit_while_somebody_edits(self, workbook, at, doing):
        self._visit_while(workbook, at, doing)

    def _visit_while(self, workbook, at, doing):
        if doing[0] in SHIFTING:
            self.loose |= set(self.typed)
        self._visit(workbook, Life(at, gap=lambda: self.disturb(doing)))

    def _control(self, method, body):
        self.server.app.controls.answer(method, "/_test/faults", body, "127.0.0.1")

    def _visit(self, workbook, life):
        self.console.with_services(
            ledger=Mortal(self.services.ledger, life),
            marks=Mortal(self.services.marks, life),
            sheets=Mortal(self.services.sheets, life),
        )
        # As the function does: what was planned for ends a visit, a bug ends this test.
        with suppress(DeskError, Crash):
            self.console.visit(workbook)
        self.console.with_services(
            ledger=self.services.ledger, marks=self.services.marks, sheets=self.services.sheets
        )
        if life.is_over:
            self.console.forget()
        if life.failure and life.calls >= life.at:
            # Whoever could not give the workbook back keeps it until the lease is over.
            self.console.desk.clock.advance(minutes=2)

    # Afterwards

    def teardown(self):
        if not hasattr(self, "console"):
            return
        try:
            self._end()
        finally:
            self.console.close()
            self.folder.cleanup()

    def _end(self):
        self.console.settle()
        self._delete_copies()
        self.console.desk.clock.advance(minutes=61)
        self.console.settle()
        for sheet in self.queues:
            self._queue_is_right(sheet)
        self._effects_were_asked_for()
        for sheet in self.sheets:
            if isinstance(sheet.tab, LogTab):
                self._log_is_right(sheet)
        self._still_works()

    def _delete_copies(self):
        """Delete all but one of the rows that carry the same ID, as their Result asks for."""
        for sheet in self.queues:
            seen = set()
            for at, row in reversed(sheet.rows()):
                ref = text_of(row["id"])
                if ref and ref in seen:
                    sheet.do("deleteDimension", range=sheet.span("ROWS", at, at + 1))
                seen.add(ref)

    def _kept(self, tab):
        found = self.console.desk.ledger.snapshots(tab.workbook)
        return {ref: Kept.of(it) for (kind, ref), it in found.items() if kind == tab.key}

    def _records(self, tab):
        ledger = self.console.desk.ledger
        return {event.ref for event in ledger.histories() if event.kind == tab.key}

    def _queue_is_right(self, sheet):
        tab, kept_rows = sheet.tab, self._kept(sheet.tab)
        self._headings_are_right(sheet)
        rows = {ref: [] for ref in self._records(tab)}
        for _, row in sheet.rows():
            rows.get(text_of(row["id"]), []).append(row)
        for ref, (row, *others) in rows.items():
            assert not others, f"two rows of {ref}"
            kept_row = kept_rows[ref]
            line = plan.line_of(tab, self._seen(tab, ref, kept_row))
            for name, value in line.values.items():
                assert text_of(row[name]) == text_of(cell_value(value)), (ref, name)
            for name in tab.staff_fields:
                assert text_of(row[name]) == kept_row.staff.get(name, ""), (ref, name)
            assert not row["confirm"], ref
            assert not row["action"] or kept_row.is_pending, (ref, row["action"])
            self._staff_cells_are_with_their_record(ref, row)

    def _headings_are_right(self, sheet):
        heading, columns = sheet.cells()[0], sheet.columns
        told = {name: heading[at] for name, at in columns.items()}
        assert told == {column.field: column.heading for column in sheet.tab.every_column}

    def _staff_cells_are_with_their_record(self, ref, row):
        if self.tampered:
            return
        typed, note = self.typed.get(ref, []), text_of(row["notes"])
        allowed = {*typed, ""} if ref in self.loose else {typed[-1] if typed else ""}
        assert note in allowed, (ref, note, allowed)

    def _seen(self, tab, ref, kept_row):
        ledger = self.console.desk.ledger
        record, related = ledger.get(tab.kind, ref), {}
        for relation in tab.relations:
            with suppress(NoSuchRecordError):
                related[relation.name] = ledger.get(relation.kind, getattr(record, relation.name))
        last = plan.happening(ledger.event(tab.key, ref, record.version))
        return Seen(record, related, last, kept_row, self.console.desk.now())

    def _effects_were_asked_for(self):
        tabs = {tab.key: tab for tab in QUEUES}
        happened = Counter(
            (event.kind, event.ref, json.loads(event.entry)["what"])
            for event in self.console.desk.ledger.histories()
            if event.kind in tabs
        )
        for (kind, ref, what), times in happened.items():
            for action in tabs[kind].actions:
                if what == EFFECTS[action.label]:
                    assert times <= self.chosen[ref, action.label], (ref, what, times)
                    assert not action.is_dangerous or times <= self.ticked[ref], (ref, what)

    def _log_is_right(self, sheet):
        self._headings_are_right(sheet)
        ledger, seen = self.console.desk.ledger, set()
        for _, row in sheet.rows():
            ref, _, version = text_of(row["id"]).rpartition("@")
            with suppress(KeyError, ValueError, NoSuchRecordError):
                kind = SHOWN[ref.partition("-")[0]].KIND
                event = plan.happening(ledger.event(kind, ref, int(version)))
                assert self.tampered or event.id not in seen
                seen.add(event.id)
                rev = str(Rev(event.id, event.version, 0))
                for name, value in plan.line_of_event(sheet.tab, event).values.items():
                    if text_of(row["_rev"]) == rev:
                        assert text_of(row[name]) == text_of(cell_value(value)), (event.id, name)

    def _still_works(self):
        """A licence is sent again when somebody asks for it in peace."""
        sheet = next(it for it in self.queues if it.tab.kind is Licence)
        at, row = next(
            (at, row) for at, row in sheet.rows() if row["id"] in self._records(sheet.tab)
        )
        sent = self.console.desk.ledger.get(Licence, row["id"]).times_sent
        sheet.put(at, sheet.columns["action"], "Resend")
        self.console.visit(sheet.tab.workbook)

        assert self.console.desk.ledger.get(Licence, row["id"]).times_sent == sent + 1


def test_whatever_happens_the_sheet_equals_the_ledger_in_the_end():
    """sheets.md C13: at least 300 sequences in CI, 10,000 with HYPOTHESIS_PROFILE=nightly."""
    run_state_machine_as_test(
        Desk,
        settings=settings(
            max_examples=SEQUENCES[PROFILE],
            stateful_step_count=12,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
