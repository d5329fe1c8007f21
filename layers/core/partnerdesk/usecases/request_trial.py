"""Somebody asks for a trial."""

from datetime import datetime, timedelta
from hashlib import sha256

from partnerdesk.domain.change import Change, Claim, Event, Limit, Message, Queue, Write
from partnerdesk.domain.errors import ConflictError
from partnerdesk.domain.person import Person
from partnerdesk.domain.settings import AcceptLimits
from partnerdesk.domain.trial import Spam, TrialRequest
from partnerdesk.ports import ClaimTakenError, Ledger, NoSuchRecordError


class KeyReusedError(ConflictError):
    """The idempotency key was used before, for another submission (robustness.md B2)."""

    code = "key-reused"

    def __init__(self, ref: str) -> None:
        super().__init__(
            "This Idempotency-Key was used for another request; send a new one.", holder=ref
        )


def accept_limits(
    limits: AcceptLimits, *, source: str, domain: str, at: datetime
) -> tuple[Limit, ...]:
    """
    Return the uses that one submission takes (robustness.md SEC-04).

    The source address stands in the name as a digest: it is personal data.
    """
    hour = at.replace(minute=0, second=0, microsecond=0)
    until = hour + timedelta(hours=1)
    window = f"{hour:%Y-%m-%dT%H}"
    whence = sha256(source.encode()).hexdigest()[:32]
    return (
        Limit(f"source:{whence}/{window}", limits.per_source_an_hour, until),
        Limit(f"domain:{domain}/{window}", limits.per_domain_an_hour, until),
    )


def request_trial(  # noqa: PLR0913 - what is accepted, and on which terms
    trial: TrialRequest,
    who: Person,
    *,
    key: str,
    limits: tuple[Limit, ...],
    at: datetime,
    ledger: Ledger,
) -> TrialRequest | Spam:
    """
    Accept a trial request and send it to be screened.

    A form posted twice is one request: the second is answered with the first,
    which may be a robot's and then looks the same from outside. No person
    approves a trial; screening alone can stop it. Rules TRIAL-2, GEN-11.

    :raises KeyReusedError: when the key was used for another submission
    :raises LimitReachedError: when the sender asked too often
    """
    asked = Event("trial requested", actor=trial.door.value)
    change = Change(
        at=at,
        writes=(Write(trial, asked), Write(who, Event("person named", actor=trial.door.value))),
        claims=(
            Claim(f"form:{key}", holder=trial.ref),
            Claim(f"link:{trial.status_token}", holder=trial.ref),
        ),
        limits=limits,
        outbox=(Message(Queue.SCREENING, "screen-trial", about=trial.ref),),
    )
    return _once(change, trial, ledger)


def keep_spam(
    spam: Spam, *, key: str, limits: tuple[Limit, ...], at: datetime, ledger: Ledger
) -> TrialRequest | Spam:
    """
    Keep what a robot sent, and let nothing come of it (robustness.md SEC-04).

    :raises KeyReusedError: when the key was used for another submission
    :raises LimitReachedError: when the sender asked too often
    """
    change = Change(
        at=at,
        writes=(Write(spam, Event("spam kept", actor=spam.door.value)),),
        claims=(
            Claim(f"form:{key}", holder=spam.ref),
            Claim(f"link:{spam.status_token}", holder=spam.ref),
        ),
        limits=limits,
    )
    return _once(change, spam, ledger)


def _once(change: Change, new: TrialRequest | Spam, ledger: Ledger) -> TrialRequest | Spam:
    try:
        ledger.commit(change)
    except ClaimTakenError as taken:
        kept = kept_request(taken.holder, ledger)
        if kept.submission != new.submission:
            raise KeyReusedError(kept.ref) from taken
        return kept
    return new


def kept_request(ref: str, ledger: Ledger) -> TrialRequest | Spam:
    """
    Return what was kept under a reference that a trial form was answered with.

    :raises NoSuchRecordError: when nothing was
    """
    try:
        return ledger.get(TrialRequest, ref)
    except NoSuchRecordError:
        return ledger.get(Spam, ref)
