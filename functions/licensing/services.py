"""The ports that licensing may touch."""

from dataclasses import dataclass

from partnerdesk.domain.signature import Links
from partnerdesk.ports import Clock, Ledger, Outbox, Signer
from partnerdesk.usecases.screen_record import Desk


@dataclass(frozen=True, slots=True)
class Services:
    """The ports behind licensing's routes and work."""

    ledger: Ledger
    outbox: Outbox
    clock: Clock
    signer: Signer
    links: Links
    desk: Desk
