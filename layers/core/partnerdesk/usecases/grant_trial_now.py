"""Carries a trial request through at once, for a server that waits for its licence."""

from datetime import datetime
from typing import Final

from partnerdesk.domain.change import outgoing_id
from partnerdesk.domain.errors import ConflictError
from partnerdesk.domain.trial import TrialRequest, TrialState
from partnerdesk.ports import Ledger, Signer
from partnerdesk.usecases.screen_record import Desk, screen_trial
from partnerdesk.usecases.sign_licence import sign_licence

STAGES: Final = 2
"""Screening, then signing."""


def grant_trial_now(
    ref: str, *, at: datetime, ledger: Ledger, desk: Desk, signer: Signer
) -> TrialRequest:
    """
    Do now what the outbox would do in a moment, and return the request as it then stands.

    The same use cases settle the same messages, so it does not matter whether
    this or the outbox comes first: who comes second finds the work done. Rule TRIAL-5.

    :raises UnavailableError: when a supplier is silent; the outbox goes on by itself
    """
    for _ in range(STAGES):
        trial = ledger.get(TrialRequest, ref)
        try:
            _next_stage(trial, at=at, ledger=ledger, desk=desk, signer=signer)
        except ConflictError:
            # The outbox was first; what it did shows at the next reading.
            continue
    return ledger.get(TrialRequest, ref)


def _next_stage(
    trial: TrialRequest, *, at: datetime, ledger: Ledger, desk: Desk, signer: Signer
) -> None:
    if trial.state is TrialState.RECEIVED:
        message = outgoing_id("screen-trial", trial.ref, version=trial.version)
        screen_trial(trial.ref, settles=message, at=at, ledger=ledger, desk=desk)
    elif trial.state is TrialState.PREPARED:
        sign_licence(
            trial.licence,
            settles=outgoing_id("sign-licence", trial.licence, version=1),
            at=at,
            ledger=ledger,
            signer=signer,
            settings=desk.settings,
        )
