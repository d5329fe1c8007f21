"""Staff allow a second trial in the same year."""

from dataclasses import replace

from partnerdesk.domain.change import Change, Event, Message, Queue, Write
from partnerdesk.domain.errors import RefusedError
from partnerdesk.domain.staff import Act
from partnerdesk.domain.trial import TrialMove, TrialRequest, advance, may_have_another
from partnerdesk.ports import Ledger


class NotARepeatError(RefusedError):
    """Only a request that was refused as a repeat can be allowed."""

    code = "not-a-repeat"

    def __init__(self, ref: str) -> None:
        super().__init__(
            f"{ref} was not refused as a repeat, so there is nothing to allow (TRIAL-4).", ref=ref
        )


def allow_another_trial(act: Act, *, ledger: Ledger) -> str:
    """
    Let a refused repeat be granted all the same: exactly 32 days, for a reason. Rule TRIAL-4.

    It is screened afresh first, since lists change between two requests. The
    words for Result say what was done.

    :raises NotARepeatError: when it was not refused as a repeat
    """
    trial = ledger.get(TrialRequest, act.ref)
    if not may_have_another(trial):
        raise NotARepeatError(act.ref)
    allowed = replace(
        advance(trial, TrialMove.ALLOW_ANOTHER, at=act.at),
        is_extra=True,
        refusal="",
        refusal_rule="",
    )
    event = Event("another trial allowed", actor=act.by.name, facts={"reason": act.reason})
    ledger.commit(
        Change(
            at=act.at,
            writes=(Write(allowed, event),),
            outbox=(Message(Queue.SCREENING, "screen-trial", about=allowed.ref),),
        )
    )
    return "Another trial allowed"
