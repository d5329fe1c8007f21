"""The ports that syncing may touch, and what a visit may remember of the last one."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from console.schema import Place
from partnerdesk.domain.record import Workbook
from partnerdesk.domain.settings import Settings
from partnerdesk.ports import Clock, Ids, Ledger, Marks, SheetsClient


@dataclass(slots=True)
class Memory:
    """What a visit may know from earlier ones; lost without harm, it is found again."""

    places: dict[Workbook, Mapping[str, Place]] = field(default_factory=dict)
    """Where the tabs and columns lay."""

    surveyed_at: dict[Workbook, datetime] = field(default_factory=dict)
    compared_at: dict[Workbook, datetime] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Services:
    """The ports behind visits."""

    ledger: Ledger
    marks: Marks
    clock: Clock
    ids: Ids
    sheets: SheetsClient
    settings: Settings
    memory: Memory = field(default_factory=Memory)
