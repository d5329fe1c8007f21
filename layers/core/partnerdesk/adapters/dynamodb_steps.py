"""What one change becomes on DynamoDB: conditions in the order in which we complain."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from partnerdesk.adapters.codec import Kept, encode_cells, encode_message, kept
from partnerdesk.adapters.dynamodb_table import RECORD, event_key, item, text
from partnerdesk.domain.chain import instant
from partnerdesk.domain.change import (
    Change,
    Claim,
    Limit,
    Mark,
    Outgoing,
    Release,
    Series,
    Snapshot,
    Write,
)
from partnerdesk.domain.errors import DeskError
from partnerdesk.domain.retry import LOAN
from partnerdesk.ports import (
    ClaimTakenError,
    LedgerBusyError,
    LimitReachedError,
    NotTheHolderError,
    SettledError,
    StaleRecordError,
    StaleSeriesError,
    StaleSnapshotError,
)

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.type_defs import (
        DeleteTypeDef,
        PutTypeDef,
        TransactWriteItemTypeDef,
    )

    from partnerdesk.adapters.dynamodb_table import Item

Values = Mapping[str, str | int]

DUE = "outbox#due"
"""The worklist of the messages that are neither settled nor parked."""

NEW = "attribute_not_exists(pk)"
THERE = "attribute_exists(pk)"


@dataclass(frozen=True, slots=True)
class Step:
    """One action of a transaction, and the complaint when its condition fails."""

    action: "TransactWriteItemTypeDef"
    refusal: Callable[["Item"], DeskError]
    """Told the item that stood in the way, where it was asked for."""


@dataclass(frozen=True, slots=True)
class Steps:
    """Turns changes into the steps of a transaction on one table."""

    table: str

    def of(self, change: Change) -> Iterator[Step]:
        """Yield the steps of a change; their order is the order of complaint."""
        yield from map(self._claim, change.claims)
        yield from map(self._release, change.releases)
        yield from map(self._limit, change.limits)
        if change.settles:
            yield self._settle(change.settles)
        for write in change.writes:
            yield from self._write(write, kept(write, at=change.at))
        yield from map(self._snapshot, change.snapshots)
        yield from map(self._series, change.series)
        for outgoing in change.outgoing():
            yield self._post(outgoing, change)
        yield from map(self._mark, change.marks())
        yield from map(self.touch, change.touched())

    def touch(self, mark: Mark) -> Step:
        """Return the step that marks a row, or leaves the mark that is there."""
        action: TransactWriteItemTypeDef = {
            "Update": {
                "TableName": self.table,
                "Key": _mark_key(mark),
                "UpdateExpression": "SET version = if_not_exists(version, :version)",
                "ExpressionAttributeValues": item(**{":version": mark.version}),
            }
        }
        return Step(action, _nothing_in_the_way)

    def _claim(self, claim: Claim) -> Step:
        held = item(pk=f"CLAIM#{claim.name}", sk="CLAIM", holder=claim.holder)
        action: TransactWriteItemTypeDef = {
            "Put": {
                "TableName": self.table,
                "Item": held,
                "ConditionExpression": NEW,
                "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
            }
        }
        return Step(action, lambda it: ClaimTakenError(claim.name, holder=text(it, "holder")))

    def _release(self, release: Release) -> Step:
        return self._delete(
            item(pk=f"CLAIM#{release.name}", sk="CLAIM"),
            "holder = :holder",
            lambda _: NotTheHolderError(release.name),
            {":holder": release.holder},
        )

    def _limit(self, limit: Limit) -> Step:
        free = f"{NEW} OR used < :most" if limit.at_most > 0 else "used < :most"
        action: TransactWriteItemTypeDef = {
            "Update": {
                "TableName": self.table,
                "Key": item(pk=f"LIMIT#{limit.name}", sk="LIMIT"),
                "UpdateExpression": "SET expires = :expires ADD used :one",
                "ConditionExpression": free,
                "ExpressionAttributeValues": item(
                    **{
                        ":expires": int(limit.until.timestamp()) + 1,
                        ":one": 1,
                        ":most": limit.at_most,
                    }
                ),
            }
        }
        return Step(action, lambda _: LimitReachedError(limit.name, until=limit.until))

    def _settle(self, message: str) -> Step:
        return self._delete(
            item(pk=f"OUTBOX#{message}", sk="OUTBOX"), THERE, lambda _: SettledError(message)
        )

    def _write(self, write: Write, it: Kept) -> Iterator[Step]:
        record, event = write.record, it.event
        pk = f"{event.kind}#{event.ref}"
        found = {"worklist": record.worklist, "place": record.place, "family": record.family}
        stored = item(
            pk=pk,
            sk=RECORD,
            version=event.version,
            head=event.digest,
            body=it.body,
            **{name: value for name, value in found.items() if value},  # the indexes are sparse
        )
        explained = item(
            pk=pk,
            sk=event_key(event.version),
            entry=event.entry,
            digest=event.digest,
            body=event.body,
        )

        def stale(_: "Item") -> DeskError:
            return StaleRecordError(event.kind, event.ref)

        if record.version:
            as_read: Values = {":version": record.version, ":head": record.head}
            yield self._put(stored, "version = :version AND head = :head", stale, as_read)
        else:
            yield self._put(stored, NEW, stale)
        yield self._put(explained, NEW, stale)

    def _snapshot(self, it: Snapshot) -> Step:
        acknowledged = item(
            pk=f"ROW#{it.workbook}",
            sk=f"{it.kind}#{it.ref}",
            revision=it.revision + 1,
            cells=encode_cells(it.cells),
        )

        def stale(_: "Item") -> DeskError:
            return StaleSnapshotError(it.workbook, it.ref)

        if it.revision:
            return self._put(acknowledged, "revision = :read", stale, {":read": it.revision})
        return self._put(acknowledged, NEW, stale)

    def _series(self, it: Series) -> Step:
        on = it.on.isoformat()
        taken = item(pk=f"SERIES#{it.name}", sk="SERIES", latest=it.number, latest_on=on)

        def stale(_: "Item") -> DeskError:
            return StaleSeriesError(it.name)

        if it.number == 1:
            return self._put(taken, NEW, stale)
        before: Values = {":before": it.number - 1, ":day": on}
        return self._put(taken, "latest = :before AND latest_on <= :day", stale, before)

    def _post(self, outgoing: Outgoing, change: Change) -> Step:
        """Leave a new message to the stream for a while; then the sweeper finds it."""
        posted = item(
            pk=f"OUTBOX#{outgoing.id}",
            sk="OUTBOX",
            body=encode_message(outgoing.message),
            since=instant(change.at),
            tries=0,
            why="",
            worklist=DUE,
            place=instant(change.at + LOAN),
        )
        return self._put(posted, NEW, lambda _: StaleRecordError("message", outgoing.id))

    def _mark(self, mark: Mark) -> Step:
        marked = {**_mark_key(mark), **item(version=mark.version)}
        action: TransactWriteItemTypeDef = {"Put": {"TableName": self.table, "Item": marked}}
        return Step(action, _nothing_in_the_way)

    def _put(
        self,
        new: "Item",
        condition: str,
        refusal: Callable[["Item"], DeskError],
        values: Values | None = None,
    ) -> Step:
        put: PutTypeDef = {
            "TableName": self.table,
            "Item": new,
            "ConditionExpression": condition,
        }
        if values:
            put["ExpressionAttributeValues"] = item(**values)
        return Step({"Put": put}, refusal)

    def _delete(
        self,
        key: "Item",
        condition: str,
        refusal: Callable[["Item"], DeskError],
        values: Values | None = None,
    ) -> Step:
        delete: DeleteTypeDef = {
            "TableName": self.table,
            "Key": key,
            "ConditionExpression": condition,
        }
        if values:
            delete["ExpressionAttributeValues"] = item(**values)
        return Step({"Delete": delete}, refusal)


def _mark_key(mark: Mark) -> "Item":
    return item(pk=f"DIRTY#{mark.workbook}", sk=f"{mark.kind}#{mark.ref}")


def _nothing_in_the_way(_: "Item") -> DeskError:
    return LedgerBusyError()
