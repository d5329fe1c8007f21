"""Who acts for the vendor, and what they ask for."""

from dataclasses import dataclass
from datetime import datetime

from partnerdesk.domain.record import Workbook

UNREPORTED = "edited in sheet (person not reported)"
"""Who acted when the sheet does not tell: never guessed (sheets.md C3)."""


@dataclass(frozen=True, slots=True)
class Staff:
    """
    A member of staff as far as the sheet tells.

    The role comes from the workbook in which the Action was chosen (rules.md, Roles).
    """

    name: str
    workbook: Workbook


@dataclass(frozen=True, slots=True)
class Act:
    """One Action that staff chose in a row, on the record of that row. Rule GEN-1."""

    ref: str
    by: Staff
    at: datetime
    reason: str = ""
