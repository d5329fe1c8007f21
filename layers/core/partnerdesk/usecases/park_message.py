"""Sets aside work that needs a person, where staff can see it."""

from collections.abc import Mapping
from datetime import datetime
from typing import Final

from partnerdesk.domain.change import Change, Event, Write
from partnerdesk.domain.licence import Licence
from partnerdesk.domain.record import Record
from partnerdesk.domain.screening_case import ScreeningCase
from partnerdesk.domain.trial import TrialRequest
from partnerdesk.ports import Ledger, Letter, Outbox

SHOWN: Final[Mapping[str, type[Record]]] = {
    "TRL": TrialRequest,
    "LIC": Licence,
    "SCR": ScreeningCase,
}
"""The kinds that staff see, by the prefix of their ids (rules.md 1)."""


def park_message(letter: Letter, *, why: str, at: datetime, ledger: Ledger, outbox: Outbox) -> None:
    """
    Park a message and say so in the history of the record that it concerns.

    The event marks the record's row, whose Flag then says that a person is
    needed (architecture.md 3). It comes first: after a crash between the two
    the message's loan ends, its work fails again and it is parked then.

    :raises NoSuchRecordError: when the record is gone
    """
    ref = concerned(letter)
    record = ledger.get(SHOWN[ref.partition("-")[0]], ref)
    event = Event("work parked", actor="desk", facts={"work": letter.work, "why": why})
    ledger.commit(Change(at=at, writes=(Write(record, event),)))
    outbox.park(letter.id, why=why)


def concerned(letter: Letter) -> str:
    """Return the id of the record whose row shows a letter's fate: for a mail, what it is about."""
    return next(part for part in letter.about.split("/") if part.partition("-")[0] in SHOWN)
