"""Screening cases: what Compliance decides, and the decision it decides about."""

from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import ClassVar

from partnerdesk.domain.lifecycle import Lifecycle
from partnerdesk.domain.record import Record, Workbook
from partnerdesk.domain.screening import Outcome, Party, Verdict
from partnerdesk.domain.waiting import Party as Turn
from partnerdesk.domain.waiting import Waiting

BUSINESS_DAYS = 1
"""The clock of a case, from opened to decided (rules.md 16)."""


class CaseState(StrEnum):
    """Where a screening case stands (rules.md 18)."""

    OPEN = "open"
    CLEARED = "cleared"
    CONFIRMED = "confirmed"


class CaseMove(StrEnum):
    """What Compliance may do with a case."""

    CLEAR = "clear"
    CONFIRM = "confirm"


S, M = CaseState, CaseMove

LIFECYCLE = Lifecycle(
    subject="screening case",
    initial=S.OPEN,
    moves={
        (S.OPEN, M.CLEAR): S.CLEARED,  # another party after all; never an embargo
        (S.OPEN, M.CONFIRM): S.CONFIRMED,  # the listed party, or a place we may not serve
    },
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision(Record):
    """
    One screening with all it rested on, kept for ten years. Rule SCR-8.

    The parties are kept as screened, names included, so no event repeats them.
    """

    KIND: ClassVar[str] = "screening-decision"
    PERSONAL: ClassVar[bool] = True

    about: str
    gate: str
    parties: tuple[Party, ...]
    verdict: Verdict
    decided_at: datetime
    salt: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ScreeningCase(Record):
    """A question to Compliance about one held or refused record. Rules SCR-2, SCR-4, SCR-5."""

    KIND: ClassVar[str] = "screening-case"
    SHOWN_IN: ClassVar[tuple[Workbook, ...]] = (Workbook.COMPLIANCE,)

    about: str
    """The reference of the record that is held."""

    decision: str
    """The reference of the decision that opened the case."""

    outcome: Outcome
    rules: tuple[str, ...]
    opened_at: datetime
    due_at: datetime
    state: CaseState = CaseState.OPEN
    decided_at: datetime | None = None
    decided_by: str = ""
    reason: str = ""

    @property
    def family(self) -> str:
        """Return the held record, under which its cases are found."""
        return f"case#{self.about}"


def advance(case: ScreeningCase, move: CaseMove) -> ScreeningCase:
    """
    Return the case after a move.

    :raises IllegalMoveError: if the lifecycle has no such move
    """
    return replace(case, state=LIFECYCLE.after(case.state, move))


def may_be_cleared(case: ScreeningCase) -> bool:
    """
    Test whether one member of Compliance may clear the case.

    An embargo is never cleared, and a name BLOCK takes two people. Rules GEN-8, SCR-5.
    """
    return case.state is CaseState.OPEN and case.outcome is Outcome.REVIEW


def waiting_for(case: ScreeningCase) -> Waiting:
    """Return whose turn it is on a case, and until when. Rule ORD-9 and rules.md 16."""
    if case.state is not CaseState.OPEN:
        return Waiting(Turn.NOBODY)
    return Waiting(Turn.COMPLIANCE, "clear or confirm", case.opened_at, case.due_at)
