"""Somebody rings the doorbell of a workbook: real, late, forged, or for the second time."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from partnerdesk.domain.change import Change
from partnerdesk.domain.doorbell import Call, UnheardError, read_message
from partnerdesk.domain.record import Workbook
from partnerdesk.ports import Clock, Ledger, LimitReachedError


@dataclass(frozen=True, slots=True)
class Doorbell:
    """Who may ring, and by which clock."""

    books: Mapping[str, Workbook]
    """The ids of the spreadsheets that are ours."""

    secrets: Callable[[], Sequence[str]]
    """Returns the secret of the doorbell and the one before it, asked at every ring."""

    clock: Clock
    """The real time: the sheet knows no other, even where a rehearsal's desk does."""


def answer_doorbell(call: Call, *, at: datetime, doorbell: Doorbell, ledger: Ledger) -> bool:
    """
    Note that a workbook wants a visit, and return whether it is one of ours.

    What it told is a mark of the workbook, in one commit with the only use of
    the nonce: marks wake whoever visits. Nothing of it changes any record, so
    the worst that a forged message could cause is a read (sheets.md C10).

    :raises UnheardError: when it is malformed, untimely, forged or a repetition
    """
    is_real = (
        call.is_well_formed
        and call.is_timely(doorbell.clock.now())
        and call.is_signed_with(doorbell.secrets())
    )
    if not is_real:
        raise UnheardError
    book, ring = read_message(call.body, at=at)
    workbook = doorbell.books.get(book)
    touches = (ring.mark(workbook, call.nonce),) if workbook else ()
    try:
        ledger.commit(Change(at=at, limits=(call.limit(at),), touches=touches))
    except LimitReachedError:
        raise UnheardError from None
    return workbook is not None
