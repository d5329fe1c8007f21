"""Sets aside work that needs a person, where staff can see it."""

from datetime import datetime

from partnerdesk.domain.change import Change, Event, Write
from partnerdesk.domain.record import Record
from partnerdesk.ports import Ledger, Letter, Outbox


def park_message(  # noqa: PLR0913 - the message, its record, and where both are kept
    letter: Letter,
    kind: type[Record],
    *,
    why: str,
    at: datetime,
    ledger: Ledger,
    outbox: Outbox,
) -> None:
    """
    Park a message and say so in the history of the record that it is about.

    The event marks the record's row, whose Flag then says that a person is
    needed (architecture.md 3). Parking comes first: a crash between the two
    leaves a parked message, which the health line counts.
    """
    outbox.park(letter.id, why=why)
    record = ledger.get(kind, letter.about)
    event = Event("work parked", actor="desk", facts={"work": letter.work, "why": why})
    ledger.commit(Change(at=at, writes=(Write(record, event),)))
