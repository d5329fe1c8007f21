"""Licences: what was granted to whom, for how long, and where the file stands."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import ClassVar

from partnerdesk.domain import licence_term
from partnerdesk.domain.chain import instant
from partnerdesk.domain.lifecycle import Lifecycle
from partnerdesk.domain.record import Record, Workbook
from partnerdesk.domain.waiting import Party, Waiting

GRACE = licence_term.GRACE * licence_term.MILLISECOND
"""What a server adds after the end. Rule LIC-6."""

ENDING_NOTICE = timedelta(days=7)
"""How long before a trial's end its reminder goes out. Rule TRIAL-6."""


class LicenceKind(StrEnum):
    """Why a licence was granted (licence-format.md 3)."""

    TRIAL = "trial"
    TRIAL_AGAIN = "trial again"


class LicenceState(StrEnum):
    """Where a licence stands (rules.md 18)."""

    REQUESTED = "requested"
    PREPARED = "prepared"
    ISSUED = "issued"


class LicenceMove(StrEnum):
    """What may happen to a licence."""

    PREPARE = "prepare"
    ISSUE = "issue"


class Standing(StrEnum):
    """What the clock makes of an issued licence."""

    NONE = ""
    ACTIVE = "active"
    ENDING = "ending"
    IN_GRACE = "in_grace"
    EXPIRED = "expired"


S, M = LicenceState, LicenceMove

LIFECYCLE = Lifecycle(
    subject="licence",
    initial=S.REQUESTED,
    moves={
        (S.REQUESTED, M.PREPARE): S.PREPARED,  # every gate green, the bytes stored
        (S.PREPARED, M.ISSUE): S.ISSUED,  # signed, and the signature verified
    },
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Licence(Record):
    """
    One granted licence, without the bytes that name its contact person. Rule LIC-2.

    Those lie in its `LicenceFile`, which can be erased.
    """

    KIND: ClassVar[str] = "licence"
    SHOWN_IN: ClassVar[tuple[Workbook, ...]] = (Workbook.DESK,)

    grant: str
    """The record that it was granted for: a TRL reference."""

    company: str
    contact: str
    """The reference of the person whom the file is sent to. Rule LIC-3."""

    type: LicenceKind
    sku: str
    seats: int
    starts_at: datetime
    ends_at: datetime
    signing_key: str
    profile: int
    """The version of the flags table that the payload was made with."""

    state: LicenceState = LicenceState.REQUESTED
    standing: Standing = Standing.NONE
    attempt: int = 0
    file_sha256: str = ""
    prepared_at: datetime | None = None
    issued_at: datetime | None = None
    mailed_at: datetime | None = None
    times_sent: int = 0

    @property
    def worklist(self) -> str:
        """Return the list that the daily look at ends walks."""
        moves_on = self.state is LicenceState.ISSUED and self.standing in TURNS
        return "licence#issued" if moves_on else ""

    @property
    def place(self) -> str:
        """Return the instant of the next turn."""
        return instant(next_turn(self)) if self.worklist else ""

    @property
    def family(self) -> str:
        """Return the grant, under which its licences are found."""
        return f"grant#{self.grant}"


@dataclass(frozen=True, slots=True, kw_only=True)
class LicenceFile(Record):
    """
    The bytes of a licence, made once and never again. Rule LIC-2.

    They name a person, so no event repeats them.
    """

    KIND: ClassVar[str] = "licence-file"
    PERSONAL: ClassVar[bool] = True

    payload: str
    """The canonical payload as text; its UTF-8 bytes are what is signed."""

    salt: str
    text: str = ""
    """The whole file, once signed and verified."""


@dataclass(frozen=True, slots=True)
class Turn:
    """A change that time alone brings: from one standing to the next."""

    becomes: Standing
    what: str
    """The event, in the past tense."""


TURNS = {
    Standing.ACTIVE: Turn(Standing.ENDING, "licence nears its end"),
    Standing.ENDING: Turn(Standing.IN_GRACE, "licence ended, grace began"),
    Standing.IN_GRACE: Turn(Standing.EXPIRED, "grace ended, licence expired"),
}


def next_turn(licence: Licence) -> datetime:
    """Return the instant from which the licence stands differently. Rules LIC-6, TRIAL-6."""
    offsets = {
        Standing.ACTIVE: -ENDING_NOTICE,
        Standing.ENDING: timedelta(0),
        Standing.IN_GRACE: GRACE,
    }
    return licence.ends_at + offsets[licence.standing]


def advance(licence: Licence, move: LicenceMove) -> Licence:
    """
    Return the licence after a move.

    :raises IllegalMoveError: if the lifecycle has no such move
    """
    return replace(licence, state=LIFECYCLE.after(licence.state, move))


def may_be_sent_again(licence: Licence) -> bool:
    """Test whether there is a file to send once more. Rule LIC-4."""
    return licence.state is LicenceState.ISSUED


def waiting_for(licence: Licence) -> Waiting:
    """Return whose turn it is on a licence; once mailed, only time moves it on. Rule ORD-9."""
    if licence.state is not LicenceState.ISSUED:
        return Waiting(Party.US, "signing", licence.prepared_at)
    if licence.mailed_at is None:
        return Waiting(Party.US, "mailing the file", licence.issued_at)
    if licence.standing not in TURNS:
        return Waiting(Party.NOBODY)
    return Waiting(Party.NOBODY, next_step=_NEXT_STEP[licence.standing], next_at=next_turn(licence))


_NEXT_STEP = {
    Standing.ACTIVE: "reminder",
    Standing.ENDING: "end",
    Standing.IN_GRACE: "end of grace",
}


def grant_claim(ref: str) -> str:
    """Return the claim that lets a grant be used once. Rule LIC-2."""
    return f"grant:{ref}"
