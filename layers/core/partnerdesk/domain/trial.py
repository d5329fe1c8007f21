"""Trial requests: who asks for 30 days, and what became of it."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import ClassVar

from partnerdesk.domain.lifecycle import Lifecycle
from partnerdesk.domain.record import Record, Workbook
from partnerdesk.domain.waiting import Party, Waiting

ACKNOWLEDGED_WITHIN = timedelta(minutes=5)
"""The clock of a trial: from received to the mail handed over (rules.md 16)."""

SEATS = 125_000
SKU = "enterprise"
PRODUCT = "mattermost"
OTHER_STAGE = "other"

STAGES = {
    "evaluating": "We are evaluating Mattermost for the first time",
    "team_edition": "We use the free Team Edition",
    "paid": "We already pay for Mattermost",
    "returning": "We used Mattermost before and are coming back",
    OTHER_STAGE: "Other",
}
"""Where are you with Mattermost: code and words. Rule TRIAL-1."""

COMPANY_SIZES = ("1-50", "51-100", "101-500", "501-1000", "1001-2500", "2501+")
"""Employees, as the product's own trial form asks (licence-format.md 10)."""


REPEAT_RULE = "TRIAL-4"
"""The rule that refuses a second trial in a calendar year."""


class TrialState(StrEnum):
    """Where a trial request stands (rules.md 18)."""

    RECEIVED = "received"
    PREPARED = "prepared"
    ISSUED = "issued"
    HELD = "held"
    REFUSED = "refused"


class TrialMove(StrEnum):
    """What may happen to a trial request."""

    PREPARE = "prepare"
    ISSUE = "issue"
    HOLD = "hold"
    CLEAR = "clear"
    REFUSE = "refuse"
    ALLOW_ANOTHER = "allow_another"


class Door(StrEnum):
    """By which way a request reached us."""

    WEB = "web form"
    PRODUCT = "in product"


S, M = TrialState, TrialMove

LIFECYCLE = Lifecycle(
    subject="trial request",
    initial=S.RECEIVED,
    moves={
        (S.RECEIVED, M.PREPARE): S.PREPARED,  # screened clear, the licence's bytes stored
        (S.RECEIVED, M.HOLD): S.HELD,  # screening asks a person
        (S.RECEIVED, M.REFUSE): S.REFUSED,  # a repeat, or screening says no
        (S.HELD, M.CLEAR): S.PREPARED,  # by Compliance alone
        (S.HELD, M.REFUSE): S.REFUSED,  # Compliance confirmed the hit
        (S.PREPARED, M.ISSUE): S.ISSUED,  # signed and verified
        (S.REFUSED, M.ALLOW_ANOTHER): S.RECEIVED,  # staff, with a reason; screened afresh
    },
)


@dataclass(frozen=True, slots=True, kw_only=True)
class TrialRequest(Record):
    """One request for a trial licence. Rules TRIAL-1 to TRIAL-7."""

    KIND: ClassVar[str] = "trial"
    SHOWN_IN: ClassVar[tuple[Workbook, ...]] = (Workbook.DESK,)

    organisation: str
    """As typed, `[RESELLER]` included. Rule EVAL-2."""

    company: str
    """The organisation without `[RESELLER]`: what the licence says."""

    domain: str
    """The registrable domain of the work e-mail: who this is. Rule GEN-4."""

    contact: str
    """The reference of the person who asks."""

    country: str
    region: str
    city: str
    company_size: str
    users: int
    """How many people will use it, as asked; 0 when not said."""

    stage: str
    door: Door
    received_at: datetime
    status_token: str
    """The SHA-256 of the status link's token."""

    submission: str
    """The SHA-256 of what was sent, by which a reused key is noticed."""

    state: TrialState = TrialState.RECEIVED
    server_id: str = ""
    """In product: the server that asked, which identifies its retries."""

    server_facts: tuple[str, ...] = ()
    """In product: what the server told of itself, as `name: value`."""

    is_extra: bool = False
    """Whether staff allowed it on top of the year's trial. Rule TRIAL-4."""

    may_be_partner: bool = False
    """Whether the organisation ended with `[RESELLER]`. Rule EVAL-2."""

    look_alike_domain: bool = False
    """Whether the e-mail's domain imitates another alphabet, for a person to see."""

    licence: str = ""
    case: str = ""
    refusal_rule: str = ""
    refusal: str = ""
    """One sentence for staff; outsiders get the mail's words. Rule SCR-7."""

    state_since: datetime | None = None
    mailed_at: datetime | None = None
    """When the last mail about it was handed over."""

    first_mailed_at: datetime | None = None
    """When the first was: that stops the clock (rules.md 16)."""

    @property
    def family(self) -> str:
        """Return the organisation, under which its other requests are found."""
        return f"domain#{self.domain}"


def advance(trial: TrialRequest, move: TrialMove, *, at: datetime) -> TrialRequest:
    """
    Return the trial request after a move.

    :raises IllegalMoveError: if the lifecycle has no such move
    """
    return replace(trial, state=LIFECYCLE.after(trial.state, move), state_since=at)


def year_claim(trial: TrialRequest, *, at: datetime) -> str:
    """Return the claim that lets an organisation have one trial a calendar year. Rule TRIAL-3."""
    return f"trial:{trial.domain}/{PRODUCT}/{at.year}"


def may_have_another(trial: TrialRequest) -> bool:
    """
    Test whether staff may grant a refused request all the same.

    Only a repeat: what screening refused is not for a partner manager to give. Rule TRIAL-4.
    """
    return trial.state is TrialState.REFUSED and trial.refusal_rule == REPEAT_RULE


def waiting_for(trial: TrialRequest) -> Waiting:
    """
    Return whose turn it is on a request; the clock runs until the licence is mailed.

    While Compliance looks, that is all a partner manager is told. Rules ORD-9, SCR-7.
    """
    since = trial.state_since or trial.received_at
    due_at = since + ACKNOWLEDGED_WITHIN
    turns = {
        TrialState.RECEIVED: Waiting(Party.US, "screening", since, due_at),
        TrialState.HELD: Waiting(Party.COMPLIANCE, "their decision", since),
        TrialState.PREPARED: Waiting(Party.US, "signing the licence", since, due_at),
        TrialState.ISSUED: Waiting(Party.US, "mailing the licence", since, due_at),
        TrialState.REFUSED: Waiting(Party.NOBODY),
    }
    return Waiting(Party.NOBODY) if is_closed(trial) else turns[trial.state]


def is_closed(trial: TrialRequest) -> bool:
    """Test whether a request has come to its end: the licence mailed, or refused."""
    is_mailed = trial.state is TrialState.ISSUED and trial.mailed_at is not None
    return is_mailed or trial.state is TrialState.REFUSED


@dataclass(frozen=True, slots=True, kw_only=True)
class Spam(Record):
    """
    What a robot typed into the hidden field: kept, and nothing else ever happens to it.

    Its submission may hold personal data, so no event repeats it (robustness.md SEC-04).
    """

    KIND: ClassVar[str] = "spam"
    PERSONAL: ClassVar[bool] = True

    door: Door
    status_token: str
    submission: str
    """The SHA-256 of what was sent, as for a real request."""

    typed: str
    """What was sent, as canonical JSON."""

    received_at: datetime
    salt: str
