"""Mails on their way: what was promised to whom, and whether it was handed over."""

from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from hashlib import sha256
from typing import ClassVar

from partnerdesk.domain.lifecycle import Lifecycle
from partnerdesk.domain.record import Record


class MailingState(StrEnum):
    """Where a mail stands (rules.md 18)."""

    QUEUED = "queued"
    SENDING = "sending"
    HANDED_OVER = "handed_over"
    REFUSED = "refused"


class MailingMove(StrEnum):
    """What may happen to a mail."""

    SEND = "send"
    HAND_OVER = "hand_over"
    REFUSE = "refuse"


S, M = MailingState, MailingMove

LIFECYCLE = Lifecycle(
    subject="mail",
    initial=S.QUEUED,
    moves={
        (S.QUEUED, M.SEND): S.SENDING,  # claimed before the mail service hears of it
        (S.SENDING, M.SEND): S.SENDING,  # the outcome was unknown: once more, same Message-ID
        (S.SENDING, M.HAND_OVER): S.HANDED_OVER,  # the mail service took it
        (S.SENDING, M.REFUSE): S.REFUSED,  # it never will
    },
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Mailing(Record):
    """
    One mail, once per event, record and recipient: that is its reference. Rule NOT-1.

    It holds references only; who that is and what it says is read when it is sent.
    """

    KIND: ClassVar[str] = "mailing"

    event: str
    about: str
    to: str
    """A person's reference, or the name of one of the vendor's own addresses."""

    queued_at: datetime
    file: str = ""
    """The licence whose file is attached, if any."""

    state: MailingState = MailingState.QUEUED
    attempts: int = 0
    handed_over_at: datetime | None = None

    @property
    def family(self) -> str:
        """Return the record that the mail is about."""
        return f"mailing#{self.about}"


def new_mailing(  # noqa: PLR0913 - what a mail is about, each named at the call
    event: str, *, about: str, to: str, at: datetime, file: str = "", copy: int = 1
) -> Mailing:
    """Return a mail to queue; `copy` counts deliberate repetitions such as Resend."""
    again = f"#{copy}" if copy > 1 else ""
    return Mailing(
        ref=f"{event}/{about}/{to}{again}", event=event, about=about, to=to, queued_at=at, file=file
    )


def advance(mailing: Mailing, move: MailingMove) -> Mailing:
    """
    Return the mail after a move.

    :raises IllegalMoveError: if the lifecycle has no such move
    """
    return replace(mailing, state=LIFECYCLE.after(mailing.state, move))


def message_id(mailing: Mailing, desk: str) -> str:
    """Return the Message-ID of a mail: the same whenever it is sent, so that copies are one."""
    return f"<{sha256(mailing.ref.encode()).hexdigest()[:32]}@{desk}.partnerdesk.invalid>"
