"""Somebody opens the link that shows where a request stands."""

from datetime import datetime, timedelta

from partnerdesk.domain.errors import MissingError
from partnerdesk.domain.signature import link_claim
from partnerdesk.domain.trial import Spam, TrialRequest
from partnerdesk.ports import Ledger, UnclaimedError
from partnerdesk.usecases.request_trial import kept_request


class DeadLinkError(MissingError):
    """A link that leads nowhere: mistyped, expired or never given out; nobody is told which."""

    code = "dead-link"

    def __init__(self) -> None:
        super().__init__("This link does not work, or no longer works.")


def follow_link(
    token: str, *, at: datetime, works_for: timedelta, ledger: Ledger
) -> TrialRequest | Spam:
    """
    Return the request whose status link this is; looking changes nothing.

    It works for some days after the request last moved. Rule GEN-10.

    :raises DeadLinkError: when there is none, or it has expired
    """
    try:
        kept = kept_request(ledger.holder(link_claim(token)), ledger)
    except UnclaimedError:
        raise DeadLinkError from None
    if at > _moved_at(kept) + works_for:
        raise DeadLinkError
    return kept


def _moved_at(kept: TrialRequest | Spam) -> datetime:
    if isinstance(kept, Spam):
        return kept.received_at
    moves = (kept.received_at, kept.state_since, kept.mailed_at)
    return max(each for each in moves if each is not None)
