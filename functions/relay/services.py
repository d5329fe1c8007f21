"""The ports that the relay and the mail may touch."""

from dataclasses import dataclass

from partnerdesk.domain.record import Workbook
from partnerdesk.ports import Clock, Courier, Ledger, Marks, Outbox, Waker
from partnerdesk.usecases.send_mail import Post


@dataclass(frozen=True, slots=True)
class Services:
    """The ports behind handing out."""

    outbox: Outbox
    marks: Marks
    courier: Courier
    waker: Waker
    clock: Clock
    polled: tuple[Workbook, ...]
    """The workbooks whose edits are looked for each minute, marks or not (sheets.md A10)."""


@dataclass(frozen=True, slots=True)
class MailServices:
    """The ports behind mail."""

    ledger: Ledger
    outbox: Outbox
    clock: Clock
    post: Post
