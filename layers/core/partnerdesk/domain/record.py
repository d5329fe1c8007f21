"""What the desk keeps: records with a reference, a version and a history."""

from dataclasses import dataclass
from enum import StrEnum
from typing import ClassVar


class Workbook(StrEnum):
    """The three workbooks of the console, by audience (sheets.md C2)."""

    DESK = "desk"
    FINANCE = "finance"
    COMPLIANCE = "compliance"


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """
    Anything kept under a reference.

    `version` and `head` are those at which the record was read: 0 and empty for
    one that was never kept. A commit adds one to the version and moves the head
    to the digest of the event that it appends. Rule GEN-1.
    """

    KIND: ClassVar[str]
    """The kind's name in the ledger."""

    SHOWN_IN: ClassVar[tuple[Workbook, ...]] = ()
    """The workbooks whose tabs show this kind; a commit marks its row there as stale."""

    PERSONAL: ClassVar[bool] = False
    """Whether the body holds personal data: then it is salted and no event repeats it."""

    ref: str
    version: int = 0
    head: str = ""

    @property
    def worklist(self) -> str:
        """Return the list on which schedules find this record, empty for none."""
        return ""

    @property
    def place(self) -> str:
        """Return where the record stands on its worklist: usually the instant it is due."""
        return ""

    @property
    def family(self) -> str:
        """Return the reference under which this record is found with its relatives."""
        return ""
