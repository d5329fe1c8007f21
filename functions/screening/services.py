"""The ports that screening may touch."""

from dataclasses import dataclass

from partnerdesk.ports import Clock, Ledger, Outbox
from partnerdesk.usecases.screen_record import Desk


@dataclass(frozen=True, slots=True)
class Services:
    """The ports behind screening's work."""

    ledger: Ledger
    outbox: Outbox
    clock: Clock
    desk: Desk
