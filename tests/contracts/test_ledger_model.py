"""Both engines against a plain model of what the ports promise, in any order of acts."""

from collections import Counter
from contextlib import ExitStack
from dataclasses import replace
from datetime import timedelta
from itertools import chain
from pathlib import Path
from tempfile import TemporaryDirectory

import boto3
import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule
from moto import mock_aws

from onebox.ledger import SqliteLedger
from partnerdesk.domain.chain import instant
from partnerdesk.domain.change import Claim, Limit, Message, Queue, Release, Series, Snapshot
from partnerdesk.domain.errors import DeskError
from partnerdesk.domain.licence import Licence, LicenceState, Standing, next_turn
from partnerdesk.domain.record import Workbook
from partnerdesk.domain.retry import due_again
from partnerdesk.ports import (
    ClaimTakenError,
    LimitReachedError,
    NotTheHolderError,
    SettledError,
    StaleRecordError,
    StaleSeriesError,
    StaleSnapshotError,
)
from tests.builders import NOON, a_licence, writing
from tests.contracts.engines import on_dynamodb, on_sqlite
from tests.table import TABLE

FAR = NOON + timedelta(days=365)
REFS = ("LIC-1", "LIC-2", "LIC-3")
NAMES = ("a", "b")


class Model:
    """What must be true, in plain dictionaries."""

    def __init__(self, first_due_after):
        self.first_due_after = first_due_after
        self.records, self.claims, self.series, self.snapshots = {}, {}, {}, {}
        self.used, self.outbox, self.parked, self.marks = Counter(), {}, {}, {}

    def commit(self, change):
        self.complain(change)
        for claim in change.claims:
            self.claims[claim.name] = claim.holder
        for release in change.releases:
            del self.claims[release.name]
        self.used.update(limit.name for limit in change.limits)
        self.outbox.pop(change.settles, None)
        self.parked.pop(change.settles, None)
        for write in change.writes:
            self.records[write.record.ref] = write.record
        for it in change.snapshots:
            self.snapshots[it.kind, it.ref] = replace(it, revision=it.revision + 1)
        for it in change.series:
            self.series[it.name] = (it.number, it.on)
        for outgoing in change.outgoing():
            self.outbox[outgoing.id] = (change.at + self.first_due_after, 0)
        self.marks.update({(mark.kind, mark.ref): mark for mark in change.marks()})

    def complain(self, change):
        """Raise the first complaint, in the order of the ports."""
        for complaint in chain(
            (self.claim(it) for it in change.claims),
            (self.release(it) for it in change.releases),
            (self.limit(it) for it in change.limits),
            (self.settle(it) for it in (change.settles,) if it),
            (self.write(it.record) for it in change.writes),
            (self.snapshot(it) for it in change.snapshots),
            (self.number(it) for it in change.series),
        ):
            if complaint:
                raise complaint

    def claim(self, it):
        held = it.name in self.claims
        return ClaimTakenError(it.name, holder=self.claims[it.name]) if held else None

    def release(self, it):
        return None if self.claims.get(it.name) == it.holder else NotTheHolderError(it.name)

    def limit(self, it):
        free = self.used[it.name] < it.at_most
        return None if free else LimitReachedError(it.name, until=it.until)

    def settle(self, it):
        return None if it in self.outbox or it in self.parked else SettledError(it)

    def write(self, it):
        now = self.records.get(it.ref)
        fresh = it.version == (now.version + 1 if now else 0)
        return None if fresh else StaleRecordError(it.KIND, it.ref)

    def snapshot(self, it):
        now = self.snapshots.get((it.kind, it.ref))
        fresh = it.revision == (now.revision if now else 0)
        return None if fresh else StaleSnapshotError(it.workbook, it.ref)

    def number(self, it):
        latest, on = self.series.get(it.name, (0, it.on))
        fresh = it.number == latest + 1 and it.on >= on
        return None if fresh else StaleSeriesError(it.name)


PARTS = st.fixed_dictionaries(
    {
        "refs": st.lists(st.sampled_from(REFS), max_size=2, unique=True),
        "late": st.sampled_from([0, 0, 0, 1]),
        "state": st.sampled_from(LicenceState),
        "days": st.integers(1, 3),
        "claims": st.lists(st.sampled_from(NAMES), max_size=1),
        "limits": st.lists(st.sampled_from(NAMES), max_size=1),
        "messages": st.integers(0, 2),
        "snapshots": st.lists(st.integers(0, 2), max_size=1),
        "series": st.lists(st.integers(1, 3), max_size=1),
        "day": st.integers(0, 2),
    }
)


class Ledgers(RuleBasedStateMachine):
    """One act after another, done to both engines and the model alike."""

    @initialize()
    def open(self):
        self.stack = ExitStack()
        folder = self.stack.enter_context(TemporaryDirectory())
        self.stack.enter_context(mock_aws())
        client = boto3.client(
            "dynamodb",
            region_name="eu-central-1",
            aws_access_key_id="testing",
            aws_secret_access_key="testing",  # noqa: S106 - moto wants some
        )
        client.create_table(TableName="ledger", **TABLE)
        kept = SqliteLedger(Path(folder) / "desk.db")
        self.stack.callback(client.close)
        self.stack.callback(kept.close)
        self.engines = (on_sqlite(kept), on_dynamodb(client, "ledger"))
        self.models = tuple(Model(engine.first_due_after) for engine in self.engines)
        self.at = NOON

    def teardown(self):
        if hasattr(self, "stack"):
            with self.stack:
                self.compare_all()

    def do(self, change):
        for engine, model in zip(self.engines, self.models, strict=True):
            wanted = outcome(model.commit, change)
            assert outcome(engine.ledger.commit, change) == wanted

    def read(self, ref, late):
        """Return a record as a use case would have it: fresh, too late, or not yet there."""
        found = list(self.engines[0].ledger.history(Licence, ref))
        if len(found) <= late:
            return a_licence(ref)
        read = found[-1 - late]
        return a_licence(ref, version=read.version, head=read.digest)

    @rule(parts=PARTS)
    def change(self, parts):
        day = NOON.date() + timedelta(days=parts["day"])
        records = [
            replace(
                self.read(ref, parts["late"]),
                state=parts["state"],
                standing=Standing.ACTIVE,
                ends_at=NOON + timedelta(days=parts["days"]),
            )
            for ref in parts["refs"]
        ]
        self.do(
            writing(
                *records,
                at=self.at,
                claims=tuple(Claim(name, f"by {len(records)}") for name in parts["claims"]),
                limits=tuple(Limit(name, at_most=3, until=FAR) for name in parts["limits"]),
                outbox=tuple(
                    Message(Queue.LICENSING, "sign", about=ref)
                    for ref in parts["refs"][:1] * parts["messages"]
                ),
                snapshots=tuple(
                    Snapshot(Workbook.DESK, "licence", "LIC-1", {"Note": str(day)}, revision)
                    for revision in parts["snapshots"]
                ),
                series=tuple(Series("INV", number, day) for number in parts["series"]),
            )
        )

    @rule(name=st.sampled_from(NAMES), holder=st.sampled_from(["by 0", "by 1"]))
    def release(self, name, holder):
        self.do(writing(at=self.at, releases=(Release(name, holder),)))

    def message(self, n):
        known = sorted({**self.models[0].outbox, **self.models[0].parked})
        return known[n % len(known)] if known else "sign/LIC-404@1.1"

    @rule(n=st.integers(0, 5))
    def settle(self, n):
        self.do(writing(at=self.at, settles=self.message(n)))

    @rule(n=st.integers(0, 5))
    def lend(self, n):
        message = self.message(n)
        for engine, model in zip(self.engines, self.models, strict=True):
            if message not in model.outbox:
                with pytest.raises(SettledError):
                    engine.outbox.lend(message, at=self.at)
                continue
            tries = model.outbox[message][1] + 1
            model.outbox[message] = (due_again(tries, at=self.at), tries)
            assert engine.outbox.lend(message, at=self.at).tries == tries

    @rule(n=st.integers(0, 5))
    def park(self, n):
        message = self.message(n)
        for engine, model in zip(self.engines, self.models, strict=True):
            engine.outbox.park(message, why="because")
            if message in model.outbox:
                model.parked[message] = model.outbox.pop(message)

    @rule(n=st.integers(0, 5))
    def try_again(self, n):
        message = self.message(n)
        for engine, model in zip(self.engines, self.models, strict=True):
            engine.outbox.try_again(message, at=self.at)
            if message in model.parked:
                del model.parked[message]
                model.outbox[message] = (self.at, 0)

    @rule(count=st.integers(1, 5))
    def clear_marks(self, count):
        for engine, model in zip(self.engines, self.models, strict=True):
            taken = engine.marks.take(Workbook.DESK, limit=count)
            engine.marks.clear(taken)
            for mark in taken:
                del model.marks[mark.kind, mark.ref]

    @rule(seconds=st.sampled_from([0, 5, 120, 4000]))
    def wait(self, seconds):
        self.at += timedelta(seconds=seconds)

    @rule()
    def compare_all(self):
        for engine, model in zip(self.engines, self.models, strict=True):
            self.compare(engine, model)
        one, two = (list(engine.archive.heads()) for engine in self.engines)
        assert one == two
        one, two = (list(engine.archive.histories()) for engine in self.engines)
        assert one == two

    def compare(self, engine, model):
        ledger = engine.ledger
        assert {ref: ledger.get(Licence, ref) for ref in model.records} == {
            ref: replace(
                record,
                version=record.version + 1,
                head=ledger.history(Licence, ref)[-1].digest,
            )
            for ref, record in model.records.items()
        }
        assert dict(engine.archive.claims()) == model.claims
        assert ledger.snapshots(Workbook.DESK) == model.snapshots
        assert [(it.place, it.ref) for it in ledger.worklist("licence#issued")] == sorted(
            (instant(next_turn(it)), it.ref)
            for it in model.records.values()
            if it.state is LicenceState.ISSUED
        )
        assert list(engine.outbox.due(at=self.at)) == [
            message
            for message, (due_at, _) in sorted(
                model.outbox.items(), key=lambda it: (it[1][0], it[0])
            )
            if due_at <= self.at
        ]
        assert {it.id: it.tries for it in engine.outbox.parked()} == {
            message: tries for message, (_, tries) in model.parked.items()
        }
        assert engine.outbox.waiting() == len(model.outbox)
        assert list(engine.marks.take(Workbook.DESK)) == sorted(
            model.marks.values(), key=lambda it: (it.kind, it.ref)
        )


def outcome(commit, change):
    try:
        commit(change)
    except DeskError as refused:
        return type(refused), str(refused)
    return "done"


TestLedgers = Ledgers.TestCase
TestLedgers.settings = settings(
    max_examples=settings.default.max_examples // 5, stateful_step_count=25, deadline=None
)
