"""The ports that intake may touch."""

from dataclasses import dataclass

from partnerdesk.domain.settings import Settings
from partnerdesk.domain.signature import Links
from partnerdesk.ports import Clock, Ids, Ledger
from partnerdesk.usecases.answer_doorbell import Doorbell


@dataclass(frozen=True, slots=True)
class Services:
    """The ports behind intake's routes."""

    ledger: Ledger
    clock: Clock
    ids: Ids
    links: Links
    settings: Settings
    doorbell: Doorbell
    notice: str = ""
    """A sentence shown on top of every page, as a demo has it."""
