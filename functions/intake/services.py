"""The ports that intake may touch."""

from dataclasses import dataclass

from partnerdesk.domain.settings import Settings
from partnerdesk.domain.signature import Links
from partnerdesk.ports import Clock, Ids, Ledger


@dataclass(frozen=True, slots=True)
class Services:
    """The ports behind intake's routes."""

    ledger: Ledger
    clock: Clock
    ids: Ids
    links: Links
    settings: Settings
    notice: str = ""
    """A sentence shown on top of every page, as a demo has it."""
