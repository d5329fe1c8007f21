"""What syncing does in a workbook: look, do what staff ask, write, and look again."""

import json
import logging
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any, Final, TypeAlias

from console import inbox, plan, provision
from console.inbox import (
    ACTION,
    CONFIRM,
    DOUBLED,
    EXPLAINED,
    Intent,
    Sorted,
    Verb,
    View,
)
from console.schema import (
    BoardTab,
    Cells,
    Happening,
    Health,
    Kept,
    LogTab,
    Picture,
    Place,
    QueueTab,
    Rev,
    Row,
    Seen,
    Tab,
    cell_value,
    text_of,
)
from console.tabs import DECIDED_BY, PREVIEW_ALL, all_tabs_of, boards_of, tabs_of
from partnerdesk.domain.change import ACTIVITY, Change, Claim, Event, Mark, Write
from partnerdesk.domain.doorbell import (
    REPAIR_TAB,
    RING,
    Hearing,
    Ring,
    editor_of,
    is_to_explain,
    rings_of,
)
from partnerdesk.domain.errors import ConflictError, MissingError, RefusedError, UnavailableError
from partnerdesk.domain.licence import Licence
from partnerdesk.domain.person import Person
from partnerdesk.domain.record import Record, Workbook
from partnerdesk.domain.screening_case import ScreeningCase
from partnerdesk.domain.staff import UNREPORTED, Act, Staff
from partnerdesk.domain.trial import TrialRequest
from partnerdesk.ports import (
    Block,
    ClaimTakenError,
    Ledger,
    NoSuchRecordError,
    SheetMessage,
    SheetRefusedError,
    SheetsClient,
    SheetUnavailableError,
    StaleRecordError,
    StaleSnapshotError,
)
from partnerdesk.usecases.allow_another_trial import allow_another_trial
from partnerdesk.usecases.alongside import Alongside, Reading
from partnerdesk.usecases.decide_screening import clear_case, confirm_case
from partnerdesk.usecases.park_message import SHOWN
from partnerdesk.usecases.rehearsal import Rehearsal
from partnerdesk.usecases.resend_licence import resend_licence
from syncing.services import Services, Shown

logger = logging.getLogger(__name__)

Step: TypeAlias = Callable[[Act, Ledger], str]
"""Does what an Action asks for, and returns the words for Result."""

Rows: TypeAlias = Mapping[str, tuple[Row, ...]]
"""The rows of each tab, by the tab's key."""

LONGEST_VISIT: Final = timedelta(seconds=60)
LEASE: Final = timedelta(seconds=90)
"""How long a workbook is ours: longer than a visit, so that two never write at once."""

SURVEY_AFTER: Final = timedelta(minutes=10)
COMPARE_AFTER: Final = timedelta(hours=1)
"""How often tabs are looked at whole, and every cell of ours compared (sheets.md C7)."""

TELL_AFTER: Final = timedelta(minutes=5)
"""How old a Summary gets when nothing happens (sheets.md C4)."""

AWAY_AFTER: Final = timedelta(days=30)
"""Rows of records that have been closed for longer may be deleted (sheets.md C8)."""

MOST_ROWS: Final = 500
MOST_BYTES: Final = 1_500_000
"""How much one write carries."""

MOST_SNAPSHOTS: Final = 50
"""How many rows one commit remembers: less than a transaction takes."""

_LONG_AGO: Final = datetime.min.replace(tzinfo=UTC)

FRESH_READINGS: Final = 5
"""How often a step that met a conflict starts from a fresh reading."""

TIMELY: Final = frozenset({"flag", "waiting_for", "due"})
"""Columns that time alone may change."""

RESTORED: Final = "Restored: records are closed, not deleted"
REPAIRED: Final = "Service columns were restored"


def steps(services: Services) -> Mapping[tuple[str, str], Step]:
    """Return what each Action does, by the kind of its record and its label."""

    def another_trial(act: Act, ledger: Ledger) -> str:
        return allow_another_trial(act, ledger=ledger)

    def resend(act: Act, ledger: Ledger) -> str:
        return resend_licence(act, ledger=ledger)

    def clear(act: Act, ledger: Ledger) -> str:
        return clear_case(act, ledger=ledger, ids=services.ids, settings=services.settings)

    def confirm(act: Act, ledger: Ledger) -> str:
        return confirm_case(act, ledger=ledger)

    return {
        (TrialRequest.KIND, "Allow another trial"): another_trial,
        (Licence.KIND, "Resend"): resend,
        (ScreeningCase.KIND, "Clear"): clear,
        (ScreeningCase.KIND, "Confirm"): confirm,
    }


def visit(workbook: Workbook, services: Services) -> bool:
    """
    Visit a workbook, and return whether another visit should follow at once.

    Poll, inbox, flush, verify (sheets.md C5 to C7). Nothing rests on it ending
    well: whatever was not finished is found again by the next visit, and what
    was done is not done twice.

    :raises SheetUnavailableError: when the spreadsheet service is silent or at its limit
    :raises WorkbookUnreachableError: when the workbook is gone, or not ours
    :raises LedgerBusyError: when the ledger is
    """
    now = services.clock.now()
    holder = services.ids.secret()
    if not services.marks.lease(workbook, holder=holder, at=now, until=now + LEASE):
        return False
    try:
        return _Visit(workbook, services, until=now + LONGEST_VISIT).run()
    finally:
        services.marks.release(workbook, holder=holder)


@dataclass(frozen=True, slots=True)
class _Asked:
    """An intent with the tab and the record that it is about."""

    tab: QueueTab[Any]
    record: Record
    intent: Intent

    @property
    def ref(self) -> str:
        return self.record.ref

    @property
    def mark(self) -> Mark:
        return Mark(self.tab.workbook, self.tab.key, self.ref, self.record.version)


@dataclass(frozen=True, slots=True)
class _AsPreviewed(Reading):
    """Commits a step only on the very version of the record that its preview told of."""

    ref: str
    version: int

    def commit(self, change: Change) -> None:
        for write in change.writes:
            if write.record.ref == self.ref and write.record.version != self.version:
                raise StaleRecordError(write.record.KIND, self.ref)
        self.ledger.commit(change)


@dataclass(frozen=True, slots=True)
class _Written:
    """A row that a write is to leave behind, and what may be forgotten once it is seen."""

    tab: Tab
    id: str
    rev: str
    kept: Kept
    mark: Mark | None
    requests: tuple[SheetMessage, ...] = ()
    appended: plan.Line | None = None
    line: plan.Line | None = None
    """What the row of a record is to say."""

    @property
    def needs_writing(self) -> bool:
        return bool(self.requests) or self.appended is not None


@dataclass(slots=True)
class _Visit:
    """One visit of one workbook."""

    workbook: Workbook
    services: Services
    until: datetime
    kept: dict[tuple[str, str], Kept] = field(default_factory=dict)
    forced: set[tuple[str, str]] = field(default_factory=set)
    """Rows whose cells were found to differ, by tab and ID."""

    heights: dict[str, int] = field(default_factory=dict)
    """How many rows each tab had when it was last looked at."""

    has_committed: bool = False
    previews_all: bool = False
    """Whether staff want to see a preview of every step."""

    rings: Sequence[Ring] = ()
    """What the doorbell told since the last visit, the latest last."""

    hearing: Hearing = field(default_factory=Hearing)

    @property
    def now(self) -> datetime:
        return self.services.clock.now()

    @property
    def tabs(self) -> tuple[Tab, ...]:
        return tabs_of(self.workbook)

    @property
    def boards(self) -> tuple[BoardTab, ...]:
        return boards_of(self.workbook)

    @property
    def sheets(self) -> SheetsClient:
        return self.services.counted_sheets

    @property
    def shown(self) -> dict[tuple[str, str], Shown]:
        return self.services.memory.shown.setdefault(self.workbook, {})

    @property
    def queues(self) -> tuple[QueueTab[Any], ...]:
        return tuple(tab for tab in self.tabs if isinstance(tab, QueueTab))

    @property
    def to_repair(self) -> set[int]:
        """Return the tabs that staff want repaired."""
        return {it.sheet_id for it in self.rings if it.what == REPAIR_TAB}

    @property
    def places(self) -> Mapping[str, Place]:
        return self.services.memory.places.get(self.workbook, {})

    def run(self) -> bool:
        """Listen, look, do what is asked, write, look again."""
        rung = self._listen()
        self._recall()
        rows = self._poll()
        self._answer(rows)
        if self.has_committed:
            rows = self._look(inbox.staff_view)
        is_unfinished = self._flush(rows)
        self._forget(rung)
        return is_unfinished

    def _listen(self) -> Sequence[Mark]:
        """
        Take what the doorbell told, and return the marks that it left.

        First of all: every edit that is reported by now stands in what is read next.
        """
        marks = self.services.marks.take(self.workbook, limit=MOST_ROWS)
        rung = [mark for mark in marks if mark.kind == RING]
        self.rings = rings_of(rung)
        return rung

    def _forget(self, rung: Sequence[Mark]) -> None:
        """Forget what the doorbell told, but for when: what came of it is committed."""
        if rung:
            heard = self.hearing.after(self.rings).snapshot(self.workbook)
            self.services.ledger.commit(Change(at=self.now, snapshots=(heard,)))
            self.services.marks.clear(rung)

    def _recall(self) -> None:
        snapshots = self.services.ledger.snapshots(self.workbook)
        self.hearing = Hearing.of(snapshots)
        self.kept = {key: Kept.of(it) for key, it in snapshots.items() if key[0] != RING}

    # Looking

    def _poll(self) -> Rows:
        """Return the rows; compare every cell of ours once an hour, or where somebody asked."""
        memory, now = self.services.memory, self.now
        is_due = now - memory.compared_at.get(self.workbook, _LONG_AGO) >= COMPARE_AFTER
        asked = self.to_repair
        if not (is_due or asked):
            return self._look(inbox.staff_view)
        if asked:
            memory.surveyed_at.pop(self.workbook, None)

        def is_whole(tab: Tab) -> bool:
            return is_due or self.places[tab.key].sheet_id in asked

        def view(tab: Tab) -> tuple[str, ...]:
            return inbox.whole_view(tab) if is_whole(tab) else inbox.staff_view(tab)

        rows = self._look(view)
        for tab in filter(is_whole, self.tabs):
            self._compare(tab, rows[tab.key])
            if isinstance(tab, QueueTab):
                self._note(tab, rows[tab.key])
        if is_due:
            memory.compared_at[self.workbook] = now
        return {
            tab.key: tuple(inbox.narrowed(row, tab) for row in rows[tab.key])
            for tab in (*self.tabs, *self.boards)
        }

    def _look(self, view: View) -> Rows:
        """
        Return the rows with the cells of a view.

        Tabs that are not as we left them are surveyed and repaired first.
        """
        surveyed_at = self.services.memory.surveyed_at.get(self.workbook, _LONG_AGO)
        if self.now - surveyed_at >= SURVEY_AFTER:
            self._survey()
        rows = self._try_to_read(view)
        if rows is None:
            self._survey()
            rows = self._try_to_read(view)
        if rows is None:
            message = "Somebody is changing the tabs just now."
            raise SheetUnavailableError(message, why="moving")
        return rows

    def _survey(self) -> None:
        """Find the tabs and columns by their metadata, and put right what is amiss."""
        sheets, memory = self.sheets, self.services.memory
        found = sheets.describe(self.workbook, until=self.until)
        tabs = all_tabs_of(self.workbook)
        wanted = provision.requests(tabs, found, account=sheets.account)
        if wanted:
            sheets.write(self.workbook, wanted, until=self.until)
            found = sheets.describe(self.workbook, until=self.until)
        memory.places[self.workbook] = provision.places(tabs, found)
        memory.surveyed_at[self.workbook] = self.now

    def _try_to_read(self, view: View) -> Rows | None:
        """Return the rows, None when the tabs or columns are not where they were."""
        looked_at = (*self.tabs, *self.boards)
        if len(self.places) < len(looked_at):
            return None
        wanted = [each for tab in looked_at for each in self.places[tab.key].ranges(view(tab))]
        try:
            blocks = iter(self.sheets.read(self.workbook, wanted, until=self.until))
        except SheetRefusedError:
            return None
        rows = self._rows(blocks, looked_at, view)
        self.heights = {key: len(each) for key, each in (rows or {}).items()}
        return rows

    def _rows(self, blocks: Iterator[Block], tabs: Iterable[Tab], view: View) -> Rows | None:
        """Return the rows of some tabs, None when a heading is not where it was."""
        rows: dict[str, tuple[Row, ...]] = {}
        for tab in tabs:
            place = self.places[tab.key]
            heading, *cells = (next(blocks) for _ in place.ranges(view(tab)))
            if not inbox.stands(tab, place, heading[0] if heading else ()):
                return None
            rows[tab.key] = place.rows(view(tab), cells)
        return rows

    def _compare(self, tab: Tab, rows: Iterable[Row]) -> None:
        """Find the rows whose service cells do not say what they should."""
        for row in rows:
            line = self._expected(tab, row)
            if line is None:
                continue
            if line.rev != row.rev:
                # Marked anyway, or undone to what it said before: written anew either way.
                self.forced.add((tab.key, row.id))
                continue
            wrong = {
                name
                for name, text in row.cells.items()
                if not tab.by_field[name].is_staff
                and text != text_of(cell_value(line.values[name]))
            }
            if wrong:
                self.forced.add((tab.key, row.id))
            if wrong - TIMELY and isinstance(tab, QueueTab):
                kept = self.kept.get((tab.key, row.id), Kept())
                self._keep(tab.key, row.id, kept.answered(result=REPAIRED))

    def _expected(self, tab: Tab, row: Row) -> plan.Line | None:
        """Return what a row should say, None when it stands for nothing of ours."""
        try:
            if isinstance(tab, QueueTab):
                kept = self.kept.get((tab.key, row.id), Kept())
                return plan.line_of(tab, self._see(tab, row.id, kept))
            ref, _, version = row.id.rpartition("@")
            kind = SHOWN[ref.partition("-")[0]].KIND
            it = self._event(kind, ref, int(version))
            return plan.line_of_event(tab, it) if isinstance(tab, LogTab) else None
        except (MissingError, KeyError, ValueError):
            return None

    # Answering

    def _answer(self, rows: Rows) -> None:
        """Do what staff ask for, in the order of tabs and rows; refuse what cannot be done."""
        self.previews_all = any(
            inbox.is_switched_on(PREVIEW_ALL, rows[board.key]) for board in self.boards
        )
        asked: dict[str, _Asked] = {}
        for tab in self.queues:
            found = self._sorted(tab, rows)
            for ref in found.missing:
                self._missed(tab, ref)
            for ref, row in sorted(found.owned.items(), key=lambda pair: pair[1].index):
                if it := self._asked(tab, ref, row):
                    asked[ref] = it
                elif self._is_to_explain(tab, row):
                    self._explain(tab, ref)
        intents = {ref: it.intent for ref, it in asked.items()}
        held = inbox.held_back(intents, self.services.settings.bulk_limit)
        for ref, it in asked.items():
            self._carry_out(replace(it, intent=held[ref]))

    def _sorted(self, tab: QueueTab[Any], rows: Rows) -> Sorted:
        refs = {
            ref for (kind, ref), kept in self.kept.items() if kind == tab.key and not kept.is_away
        }
        return inbox.sort_rows(rows[tab.key], refs)

    def _missed(self, tab: QueueTab[Any], ref: str) -> None:
        """Bring the row of a deleted record back, unless the record was closed long ago."""
        kept = self.kept[tab.key, ref]
        seen = self._see(tab, ref, kept)
        if not tab.is_closed(seen.record) or self.now - seen.last.at < AWAY_AFTER:
            self._keep(tab.key, ref, kept.answered(result=RESTORED))
            return
        event = Event("row removed from the sheet", actor=UNREPORTED)
        away = replace(kept, is_away=True)
        change = Change(
            at=self.now,
            writes=(Write(seen.record, event),),
            snapshots=(away.snapshot(self.workbook, tab.key, ref),),
        )
        self._commit(change, tab.key, ref, away)

    def _asked(self, tab: QueueTab[Any], ref: str, row: Row) -> _Asked | None:
        """Return what is asked for in a row, None when it is as we left it."""
        kept = self.kept.get((tab.key, ref), Kept())
        is_untouched = all(text == kept.staff.get(name, "") for name, text in row.cells.items())
        if is_untouched and not kept.handled:
            return None
        try:
            record = self.services.ledger.get(tab.kind, ref)
        except NoSuchRecordError:
            return None
        intent = inbox.intent_of(tab, row, kept, record, previews_all=self.previews_all)
        return _Asked(tab, record, intent) if intent else None

    def _is_to_explain(self, tab: QueueTab[Any], row: Row) -> bool:
        sheet_id = self.places[tab.key].sheet_id
        return is_to_explain(self.rings, sheet_id, row.index, at=self.now)

    def _explain(self, tab: QueueTab[Any], ref: str) -> None:
        """Let a row say in Result where its record stands and what is possible."""
        kept = self.kept.get((tab.key, ref), Kept())
        told = plan.explanation(tab, self._see(tab, ref, kept))
        self._keep(tab.key, ref, kept.answered(result=told))

    def _carry_out(self, asked: _Asked) -> None:
        intent = asked.intent
        if intent.verb is Verb.KEEP:
            after = intent.noticed()
            touches = (asked.mark,) if after.turn != intent.kept.turn else ()
            self._keep(asked.tab.key, asked.ref, after, touches=touches)
        elif intent.verb is Verb.REFUSE or intent.action is None:
            self._refuse(asked, intent.sentence)
        else:
            self._take_step(asked, intent.action.label)

    def _take_step(self, asked: _Asked, label: str) -> None:
        """Run or rehearse a step; whatever prevents it is said in the row."""
        reported = self._reported(asked)
        named = asked.intent.row.cells.get(DECIDED_BY, "").strip()
        if reported and named and reported.casefold() != named.casefold():
            self._refuse(asked, f"Decided by says {named}, but {reported} edited the row.")
            return
        told = f"{named} (named in the sheet, not reported)" if named else UNREPORTED
        by = Staff(reported or told, self.workbook)
        act = Act(asked.ref, by, at=self.now, reason=asked.intent.reason)
        step = steps(self.services)[asked.tab.key, label]
        try:
            self._step(asked, step, act, who=reported or "person not reported")
        except (RefusedError, MissingError) as error:
            self._refuse(asked, str(error))
        except UnavailableError:
            raise
        except ConflictError:
            self._refuse(asked, "changed meanwhile, choose again.")
        except Exception:
            # A bug in one step must not keep the other rows from being answered.
            logger.exception("a step failed", extra={"facts": {"ref": asked.ref, "step": label}})
            self._refuse(asked, "our fault, we are told.")

    def _reported(self, asked: _Asked) -> str:
        """Return who chose the step, or ticked Confirm, as far as the sheet told."""
        place = self.places[asked.tab.key]
        cell = ACTION if asked.intent.is_new else CONFIRM
        at = asked.intent.row.index, place.columns[cell]
        return editor_of(self.rings, place.sheet_id, at, at=self.now)

    def _step(self, asked: _Asked, step: Step, act: Act, *, who: str) -> None:
        """
        Rehearse a step, and run it unless staff must see the preview first.

        The effect, the claim on the edit and the row's memory are one commit.

        :raises ConflictError: when the record kept changing
        """
        intent, ledger = asked.intent, self.services.ledger
        for left in reversed(range(FRESH_READINGS)):
            dry = Rehearsal(ledger)
            done = step(act, dry)
            if intent.verb is Verb.REHEARSE:
                self._preview(asked, dry.changes)
                return
            after = intent.done(f"✓ {self.now:%H:%M} {done} ({who})")
            try:
                step(act, self._alongside(asked, after))
            except (ClaimTakenError, StaleSnapshotError) as taken:
                if not self._is_ours(asked, taken):
                    raise
                self._recall()
                return
            except ConflictError:
                if not left or intent.kept.is_pending:
                    raise
                continue
            self._remember(asked.tab.key, asked.ref, after)
            return

    def _alongside(self, asked: _Asked, after: Kept) -> Ledger:
        """Return the ledger that makes a step and its answer one commit."""
        with_answer = Alongside(
            self.services.ledger,
            claims=(self._claim(asked),),
            snapshots_kept=(after.snapshot(self.workbook, asked.tab.key, asked.ref),),
            touches=(asked.mark,),
        )
        if not asked.intent.kept.is_pending:
            return with_answer
        return _AsPreviewed(with_answer, ref=asked.ref, version=asked.record.version)

    def _claim(self, asked: _Asked) -> Claim:
        sheet_id = self.places[asked.tab.key].sheet_id
        key = asked.intent.key(self.workbook, sheet_id, asked.ref)
        return Claim(f"edit:{key}", holder=asked.ref)

    def _is_ours(self, asked: _Asked, taken: ClaimTakenError | StaleSnapshotError) -> bool:
        """Test whether a conflict says that this very edit was dealt with before."""
        if isinstance(taken, StaleSnapshotError):
            return True
        return taken.claim == self._claim(asked).name

    def _preview(self, asked: _Asked, changes: Sequence[Change]) -> None:
        intent = asked.intent
        label = intent.action.label if intent.action else ""
        told = plan.preview(label, changes, before=self._before, address=self._address)
        question = intent.sentence or inbox.question(intent)
        after = intent.rehearsed(told, result=f"? {question}", version=asked.record.version)
        self._settle(asked, after)

    def _before(self, record: Record) -> Record:
        return self.services.ledger.get(type(record), record.ref)

    def _address(self, to: str) -> str:
        """Return where a mail goes: a person's address, or the name of one of our own."""
        try:
            return self.services.ledger.get(Person, to).email
        except NoSuchRecordError:
            return to

    def _refuse(self, asked: _Asked, why: str) -> None:
        self._settle(asked, asked.intent.refused(f"✗ {self.now:%H:%M} Not done: {why}"))

    def _settle(self, asked: _Asked, after: Kept) -> None:
        """Commit an answer without effect: it claims its edit as every other."""
        change = Change(
            at=self.now,
            claims=(self._claim(asked),),
            snapshots=(after.snapshot(self.workbook, asked.tab.key, asked.ref),),
            touches=(asked.mark,),
        )
        self._commit(change, asked.tab.key, asked.ref, after)

    def _keep(self, kind: str, ref: str, after: Kept, *, touches: tuple[Mark, ...] = ()) -> None:
        """Commit what a row is to remember, and nothing else."""
        snapshot = after.snapshot(self.workbook, kind, ref)
        self._commit(Change(at=self.now, snapshots=(snapshot,), touches=touches), kind, ref, after)

    def _commit(self, change: Change, kind: str, ref: str, after: Kept) -> None:
        try:
            self.services.ledger.commit(change)
        except ConflictError:
            # Somebody else was here: what they left is what the row remembers.
            self._recall()
            self.has_committed = True
            return
        self._remember(kind, ref, after)

    def _remember(self, kind: str, ref: str, after: Kept) -> None:
        self.kept[kind, ref] = replace(after, revision=after.revision + 1)
        self.has_committed = True

    # Writing

    def _flush(self, rows: Rows) -> bool:
        """
        Write every row that is out of date, and forget what is seen to be written.

        A plan that is refused is made once more from a fresh look; then the rows
        that cannot be written are found out and left, so that the others arrive.
        """
        marks = self.services.marks.take(self.workbook, limit=MOST_ROWS)
        written, others = self._planned(rows, marks)
        told = self._told(rows, written, others, waiting=self._waiting(written, marks))
        try:
            echo = self._write(written, [*others, *told])
            if told:
                self.services.memory.told_at[self.workbook] = self.now
        except SheetRefusedError:
            self._survey()
            written, others = self._planned(self._look(inbox.staff_view), marks)
            self._write_apart(written, others)
            echo = self._look(inbox.staff_view)
        if echo is None:
            self._put_back(written)
            return True
        is_full = len(marks) == MOST_ROWS or len(written) == MOST_ROWS
        return not self._verified(written, echo) or is_full

    # Telling

    def _note(self, tab: QueueTab[Any], rows: Iterable[Row]) -> None:
        """Remember what rows say in the cells that a Summary counts by."""
        for row in rows:
            if row.id:
                cells = {name: row.cells[name] for name in tab.tallied}
                self.shown[tab.key, row.id] = Shown(row.rev, cells)

    @staticmethod
    def _waiting(written: Sequence[_Written], marks: Sequence[Mark]) -> int:
        """Return how many of the rows that are out of date are left for the next visit."""
        now = {(it.mark.kind, it.mark.ref) for it in written if it.mark}
        return sum(mark.kind != RING and (mark.kind, mark.ref) not in now for mark in marks)

    def _told(
        self,
        rows: Rows,
        written: Sequence[_Written],
        others: Sequence[SheetMessage],
        *,
        waiting: int,
    ) -> Sequence[SheetMessage]:
        """
        Return the requests that bring the boards up to date, none when nothing is due.

        They go with every write of rows, else every five minutes; a board that
        always says the same only after a full comparison, or where staff ask.
        """
        memory, now = self.services.memory, self.now
        told_at = memory.told_at.get(self.workbook, _LONG_AGO)
        is_flush = bool(others) or any(it.needs_writing for it in written)
        is_asked = any(self.places[it.key].sheet_id in self.to_repair for it in self.boards)
        if not (is_flush or is_asked or now - told_at >= TELL_AFTER):
            return ()
        health = Health(
            edits=self.hearing.after(self.rings).words(now),
            waiting=waiting,
            calls=memory.calls_at(now) + 1,
            lists=self.services.lists(),
        )
        tallies = {tab.key: self._tally(tab, rows, written) for tab in self.queues}
        picture = Picture(now, tallies, health)
        is_whole = is_asked or told_at < memory.compared_at[self.workbook]
        return [
            request
            for board in self.boards
            if is_whole or not board.is_fixed
            for request in provision.told(board, self.places[board.key], picture)
        ]

    def _tally(
        self, tab: QueueTab[Any], rows: Rows, written: Sequence[_Written]
    ) -> Sequence[Cells]:
        """
        Return what the rows of a tab will say once all is written, without another look.

        What they say is known from the last full comparison and from what we
        wrote since; a row whose `_rev` says otherwise was written by another
        process, and is asked of the ledger. A record counts once.
        """
        shown = self.shown
        for it in written:
            if it.tab is tab and it.line:
                shown[tab.key, it.id] = Shown(it.rev, _counted(tab, it.line))
        found = self._sorted(tab, rows)
        new = {it.id for it in written if it.tab is tab and it.appended}
        for ref, row in found.owned.items():
            known = shown.get((tab.key, ref))
            is_current = known is not None and (known.rev == row.rev or row.id != ref)
            if not is_current and ref not in new and (line := self._expected(tab, row)):
                shown[tab.key, ref] = Shown(line.rev, _counted(tab, line))
        there = dict.fromkeys([*found.owned, *found.doubled, *new])
        return [known.cells for ref in there if (known := shown.get((tab.key, ref)))]

    def _planned(
        self, rows: Rows, marks: Sequence[Mark]
    ) -> tuple[list[_Written], list[SheetMessage]]:
        """Return the rows to write, and the requests about rows that stand for nothing."""
        written: list[_Written] = []
        others: list[SheetMessage] = []
        size = 0
        for tab in self.tabs:
            for it in self._planned_rows(tab, rows, marks, others):
                size += len(json.dumps(it.requests)) if it.requests else 0
                if size > MOST_BYTES or len(written) >= MOST_ROWS:
                    break
                written.append(it)
        return written, others

    def _planned_rows(
        self, tab: Tab, rows: Rows, marks: Sequence[Mark], others: list[SheetMessage]
    ) -> Iterator[_Written]:
        if isinstance(tab, LogTab):
            yield from self._planned_log(tab, rows[tab.key], marks)
        elif isinstance(tab, QueueTab):
            found = self._sorted(tab, rows)
            marked = {mark.ref: mark for mark in marks if mark.kind == tab.key}
            others.extend(self._about_others(tab, found))
            for ref in self._due(tab, found, marked):
                yield from self._planned_row(tab, ref, found, marked.get(ref), others)

    def _due(self, tab: QueueTab[Any], found: Sorted, marked: Mapping[str, Mark]) -> Iterable[str]:
        """Return the records whose row may need writing: marked, lost, damaged or answered."""
        stale = [ref for ref, row in found.owned.items() if self._is_stale(tab, ref, row)]
        return dict.fromkeys([*marked, *found.missing, *stale])

    def _is_stale(self, tab: QueueTab[Any], ref: str, row: Row) -> bool:
        kept, rev = self.kept.get((tab.key, ref)), Rev.read(row.rev)
        if kept is None or rev is None or (tab.key, ref) in self.forced:
            return True
        return row.id != ref or (rev.ref, rev.turn) != (ref, kept.turn) or bool(kept.handled)

    def _planned_row(
        self,
        tab: QueueTab[Any],
        ref: str,
        found: Sorted,
        mark: Mark | None,
        others: list[SheetMessage],
    ) -> Iterator[_Written]:
        kept = self.kept.get((tab.key, ref), Kept())
        row = found.owned.get(ref)
        try:
            seen = self._see(tab, ref, kept)
        except NoSuchRecordError:
            others.extend(self._about_unknown(tab, row) if row else ())
            return
        mark = mark and replace(mark, version=seen.record.version)
        line = plan.line_of(tab, seen)
        settled = _Written(tab, ref, line.rev, kept, mark, line=line)
        if ref in found.doubled or (kept.is_away and tab.is_closed(seen.record)):
            yield settled
        elif row is None:
            yield replace(settled, kept=replace(kept, is_away=False), appended=line)
        else:
            empty = inbox.to_empty(row, kept)
            is_right = (row.id, row.rev) == (ref, line.rev) and not empty
            if is_right and (tab.key, ref) not in self.forced:
                yield settled
            else:
                place = self.places[tab.key]
                yield replace(settled, requests=plan.rewritten(tab, place, row, line, empty=empty))

    def _about_others(self, tab: QueueTab[Any], found: Sorted) -> Iterator[SheetMessage]:
        """Yield what is said in rows that stand for no record, or for one twice."""
        place = self.places[tab.key]
        for ref, rows in found.doubled.items():
            sentence = f"Two rows carry {ref}: delete one"
            for row in rows:
                if row.rev != DOUBLED:
                    yield from plan.explained(tab, place, row, sentence=sentence, rev=DOUBLED)
        for row in found.unknown:
            yield from self._about_unknown(tab, row)
        for row in found.strays:
            yield from plan.emptied(tab, place, row)

    def _about_unknown(self, tab: QueueTab[Any], row: Row) -> Iterable[SheetMessage]:
        if row.rev == EXPLAINED:
            return ()
        sentence = f"This tab takes no new rows; use {tab.not_here}."
        return plan.explained(tab, self.places[tab.key], row, sentence=sentence, rev=EXPLAINED)

    def _planned_log(
        self, tab: LogTab, rows: Sequence[Row], marks: Sequence[Mark]
    ) -> Iterator[_Written]:
        place, by_id = self.places[tab.key], {row.id: row for row in rows if row.id}
        new: list[tuple[Happening, Mark]] = []
        for mark in marks:
            if mark.kind != ACTIVITY:
                continue
            it = self._event_of(mark)
            if it.id in by_id:
                line = plan.line_of_event(tab, it)
                yield _Written(tab, it.id, by_id[it.id].rev, Kept(), mark)
            else:
                new.append((it, mark))
        for it, mark in sorted(new, key=lambda pair: (pair[0].at, pair[0].ref, pair[0].version)):
            line = plan.line_of_event(tab, it)
            yield _Written(tab, line.id, line.rev, Kept(), mark, appended=line)
        for row in rows:
            if (tab.key, row.id) in self.forced and (wanted := self._expected(tab, row)):
                requests = plan.rewritten(tab, place, row, wanted)
                yield _Written(tab, row.id, wanted.rev, Kept(), None, requests)

    def _write(self, written: Sequence[_Written], others: Sequence[SheetMessage]) -> Rows | None:
        """
        Send one atomic write, and return the rows of the tabs concerned as its echo has them.

        None says that a column had moved between look and write.
        """
        requests = [*others, *(request for it in written for request in it.requests)]
        for tab in self.tabs:
            new = [(it.appended, it.kept) for it in written if it.tab is tab and it.appended]
            requests.extend(plan.appended(tab, self.places[tab.key], new))
            if isinstance(tab, LogTab):
                rows = self.heights.get(tab.key, 0)
                requests.extend(plan.trimmed(tab, self.places[tab.key], rows=rows, new=len(new)))
        if not requests:
            return {}
        concerned = [tab for tab in self.tabs if any(it.tab is tab for it in written)]
        echo = [
            each for tab in concerned for each in self.places[tab.key].ranges(inbox.echo_view(tab))
        ]
        blocks = iter(self.sheets.write(self.workbook, requests, echo=echo, until=self.until))
        return self._rows(blocks, concerned, inbox.echo_view)

    def _put_back(self, written: Sequence[_Written]) -> None:
        """
        Undo what a write did to columns that had moved away, in the rows it was about.

        Service cells are written anew; the marks stay for the next visit to verify.
        """
        old = self.places
        self._survey()
        rows = self._look(inbox.staff_view)
        requests: list[SheetMessage] = []
        for it in written:
            row = next((row for row in rows[it.tab.key] if row.id == it.id), None)
            line = row and self._expected(it.tab, row)
            if not (it.needs_writing and row and line):
                continue
            place = self.places[it.tab.key]
            requests += plan.put_back(it.tab, old[it.tab.key], place, row, it.kept)
            requests += plan.rewritten(it.tab, place, row, line, empty=inbox.to_empty(row, it.kept))
        if requests:
            self.sheets.write(self.workbook, requests, until=self.until)

    def _write_apart(self, written: Sequence[_Written], others: Sequence[SheetMessage]) -> None:
        """Write what can be written, halving what is refused until the guilty row stands alone."""
        if not written and not others:
            return
        try:
            self._write(written, others)
        except SheetRefusedError as refused:
            if len(written) + bool(others) == 1:
                facts = {"row": written[0].id if written else "", "why": str(refused)}
                logger.exception("a row cannot be written", extra={"facts": facts})
                return
            half = len(written) // 2
            self._write_apart(written[:half], ())
            self._write_apart(written[half:], ())
            self._write_apart((), others)

    def _verified(self, written: Sequence[_Written], echo: Rows) -> bool:
        """
        Forget the marks of rows that are seen to be right, and return whether all are.

        Marks are cleared last: what fails before that is looked at again.
        """
        shown = {(key, row.id): row for key, rows in echo.items() for row in rows if row.id}
        right = [
            it
            for it in written
            if not it.needs_writing
            or ((row := shown.get((it.tab.key, it.id))) and row.rev == it.rev)
        ]
        changed = {
            (it.tab.key, it.id): after
            for it in right
            if isinstance(it.tab, QueueTab)
            if (after := self._after(it, shown)) != self.kept.get((it.tab.key, it.id))
        }
        if not self._all_kept(changed):
            return False
        self.services.marks.clear([it.mark for it in right if it.mark])
        return len(right) == len(written)

    def _after(self, it: _Written, shown: Mapping[tuple[str, str], Row]) -> Kept:
        """Return what a row is to remember: also one that was written when nobody could tell."""
        row = shown.get((it.tab.key, it.id)) if it.needs_writing else None
        return inbox.acknowledged(it.kept, row) if row else it.kept

    def _all_kept(self, changed: Mapping[tuple[str, str], Kept]) -> bool:
        """Commit what many rows are to remember, and return whether nobody was in between."""
        left = list(changed.items())
        while left:
            some, left = left[:MOST_SNAPSHOTS], left[MOST_SNAPSHOTS:]
            snapshots = tuple(kept.snapshot(self.workbook, kind, ref) for (kind, ref), kept in some)
            try:
                self.services.ledger.commit(Change(at=self.now, snapshots=snapshots))
            except ConflictError:
                return False
        return True

    # Reading the ledger

    def _see(self, tab: QueueTab[Any], ref: str, kept: Kept) -> Seen[Any]:
        ledger = self.services.ledger
        record = ledger.get(tab.kind, ref)
        related = {}
        for relation in tab.relations:
            try:
                related[relation.name] = ledger.get(relation.kind, getattr(record, relation.name))
            except NoSuchRecordError:
                continue  # erased, or never there: its columns stay empty
        last = self._event(tab.key, ref, record.version)
        return Seen(record, related, last, kept, self.now)

    def _event(self, kind: str, ref: str, version: int) -> Happening:
        return plan.happening(self.services.ledger.event(kind, ref, version))

    def _event_of(self, mark: Mark) -> Happening:
        kind, _, rest = mark.ref.partition("#")
        ref, _, version = rest.rpartition("@")
        return self._event(kind, ref, int(version))


def _counted(tab: QueueTab[Any], line: plan.Line) -> Cells:
    """Return what a row says in the cells that a Summary counts by."""
    return {name: text_of(cell_value(line.values[name])) for name in tab.tallied}
