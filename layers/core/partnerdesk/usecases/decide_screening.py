"""Compliance decides a screening case, and what was held goes on or ends."""

from dataclasses import replace

from partnerdesk.domain import trial as trials
from partnerdesk.domain.change import Change, Event, Message, Queue, Write
from partnerdesk.domain.errors import RefusedError
from partnerdesk.domain.mailing import new_mailing
from partnerdesk.domain.person import Person
from partnerdesk.domain.record import Workbook
from partnerdesk.domain.screening_case import CaseMove, ScreeningCase, advance, may_be_cleared
from partnerdesk.domain.settings import Settings
from partnerdesk.domain.staff import Act
from partnerdesk.domain.trial import TrialMove, TrialRequest, TrialState
from partnerdesk.ports import ClaimTakenError, Ids, Ledger
from partnerdesk.usecases.prepare_licence import Grant, granting


class ComplianceOnlyError(RefusedError):
    """Screening cases are decided in the Compliance workbook and nowhere else."""

    code = "compliance-only"


class NotClearableError(RefusedError):
    """One person cannot clear this case."""

    code = "not-clearable"


class TrialGivenMeanwhileError(RefusedError):
    """The organisation had its trial of the year while this request was held."""

    code = "trial-given-meanwhile"


def clear_case(act: Act, *, ledger: Ledger, ids: Ids, settings: Settings) -> str:
    """
    Clear a case, and grant the trial that it held in the same commit.

    The words for Result say what was done. Rules SCR-5, TRIAL-6.

    :raises ComplianceOnlyError: from any other workbook
    :raises NotClearableError: for an embargo, a name BLOCK, or a decided case
    :raises TrialGivenMeanwhileError: when the year's trial was given to another request
    """
    case = _case(act, ledger)
    if not may_be_cleared(case):
        message = (
            f"{case.ref} cannot be cleared by one person: an embargo never (SCR-5), "
            "a name BLOCK by two (GEN-8), a decided case not again."
        )
        raise NotClearableError(message, case=case.ref)
    trial = ledger.get(TrialRequest, case.about)
    event = Event("screening case cleared", actor=act.by.name, facts={"case": case.ref})
    grant = Grant(
        trial,
        ledger.get(Person, trial.contact),
        TrialMove.CLEAR,
        event,
        act.at,
    )
    change = granting(grant, ids=ids, settings=settings)
    decided = _decided(case, CaseMove.CLEAR, act)
    try:
        ledger.commit(replace(change, writes=(*change.writes, decided)))
    except ClaimTakenError as taken:
        if not taken.claim.startswith("trial:"):
            raise
        message = f"{taken.holder} had this organisation's trial of the year meanwhile (TRIAL-4)."
        raise TrialGivenMeanwhileError(message, holder=taken.holder) from taken
    return "Cleared"


def confirm_case(act: Act, *, ledger: Ledger) -> str:
    """
    Confirm a case: what was held is refused, with neutral words to the person.

    The words for Result say what was done. Rules SCR-4, SCR-7.

    :raises ComplianceOnlyError: from any other workbook
    :raises IllegalMoveError: when the case is decided
    """
    case = _case(act, ledger)
    change = Change(at=act.at, writes=(_decided(case, CaseMove.CONFIRM, act),))
    trial = ledger.get(TrialRequest, case.about)
    if trial.state is TrialState.HELD:
        change = _refusing(trial, act, change)
    ledger.commit(change)
    return "Confirmed"


def _case(act: Act, ledger: Ledger) -> ScreeningCase:
    if act.by.workbook is not Workbook.COMPLIANCE:
        message = "Only Compliance decides screening cases, in its own workbook."
        raise ComplianceOnlyError(message, ref=act.ref)
    return ledger.get(ScreeningCase, act.ref)


def _decided(case: ScreeningCase, move: CaseMove, act: Act) -> Write:
    after = replace(
        advance(case, move), decided_at=act.at, decided_by=act.by.name, reason=act.reason
    )
    what = f"screening case {after.state.value}"
    return Write(after, Event(what, actor=act.by.name, facts={"reason": act.reason}))


def _refusing(trial: TrialRequest, act: Act, change: Change) -> Change:
    refused = replace(
        trials.advance(trial, TrialMove.REFUSE, at=act.at),
        refusal_rule="SCR-4",
        refusal="Compliance cannot clear this request.",
    )
    event = Event("trial refused", actor=act.by.name, facts={"rule": "SCR-4"})
    mailing = new_mailing("record.refused", about=trial.ref, to=trial.contact, at=act.at)
    return replace(
        change,
        writes=(*change.writes, Write(refused, event), Write(mailing, event)),
        outbox=(*change.outbox, Message(Queue.MAIL, "send-mail", about=mailing.ref)),
    )
