"""Both engines, as the contract tests see them."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

from onebox.ids import SqliteIds
from onebox.ledger import SqliteLedger
from partnerdesk.adapters.dynamodb import DynamoLedger, DynamoMarks, DynamoOutbox
from partnerdesk.adapters.ids import DynamoIds
from partnerdesk.domain.retry import LOAN
from partnerdesk.ports import Archive, Ids, Ledger, Marks, Outbox


@dataclass(frozen=True)
class Engine:
    """One engine's adapters, and what its promises leave to it."""

    ledger: Ledger
    archive: Archive
    outbox: Outbox
    marks: Marks
    new_ids: Callable[[], Ids]
    first_due_after: timedelta
    """How long a new message is left to the stream: not at all where there is none."""


def on_sqlite(kept: SqliteLedger) -> Engine:
    return Engine(kept, kept, kept, kept, lambda: SqliteIds(kept), timedelta(0))


def on_dynamodb(client, name) -> Engine:
    ledger = DynamoLedger(client, name)
    return Engine(
        ledger,
        ledger,
        DynamoOutbox(client, name),
        DynamoMarks(client, name),
        lambda: DynamoIds(client, name),
        LOAN,
    )
