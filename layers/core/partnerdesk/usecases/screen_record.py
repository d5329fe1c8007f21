"""Screens a record before anything leaves, and decides what may follow."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Final

from partnerdesk.domain import trial as trials
from partnerdesk.domain.calendar import due_at
from partnerdesk.domain.change import Change, Event, Limit, Message, Queue, Write
from partnerdesk.domain.errors import DeskError
from partnerdesk.domain.mailing import Mailing, new_mailing
from partnerdesk.domain.person import Person
from partnerdesk.domain.screening import Address, Outcome, Party, PartyType, Verdict
from partnerdesk.domain.screening_case import BUSINESS_DAYS, Decision, ScreeningCase
from partnerdesk.domain.settings import Settings
from partnerdesk.domain.trial import TrialMove, TrialRequest, TrialState
from partnerdesk.ports import (
    ClaimTakenError,
    Ids,
    Ledger,
    LimitReachedError,
    Screener,
    SettledError,
)
from partnerdesk.usecases.prepare_licence import Grant, granting

GATE: Final = "licence issue"
CLEAR: Final = frozenset({Outcome.CLEAR, Outcome.CLEAR_BY_OVERRIDE})


@dataclass(frozen=True, slots=True)
class Desk:
    """What deciding about a record takes besides the ledger."""

    screener: Screener
    ids: Ids
    settings: Settings


def screen_trial(
    ref: str, *, settles: str, at: datetime, ledger: Ledger, desk: Desk
) -> TrialRequest:
    """
    Screen a trial request and grant, hold or refuse it in the commit that keeps the decision.

    Clear and the first of its year: the licence is prepared. A hit is held for
    Compliance or refused, and the person hears neutral words. Rules SCR-1, SCR-2,
    SCR-4, SCR-7, SCR-8, TRIAL-3, TRIAL-4, TRIAL-6.

    :raises SettledError: when this was decided before
    """
    trial = ledger.get(TrialRequest, ref)
    if trial.state is not TrialState.RECEIVED:
        raise SettledError(settles)
    who = ledger.get(Person, trial.contact)
    verdict = _verdict(parties_of(trial, who), at=at, desk=desk)
    decision = _decision(trial, who, verdict, at=at, desk=desk)
    if verdict.outcome in CLEAR:
        return _grant_or_refuse(trial, who, decision, settles=settles, ledger=ledger, desk=desk)
    stopping, mailing = _stopping(trial, decision, desk=desk)
    _commit_and_tell(replace(stopping, settles=settles), mailing, who, ledger=ledger, desk=desk)
    return ledger.get(TrialRequest, ref)


def parties_of(trial: TrialRequest, who: Person) -> tuple[Party, ...]:
    """Return who is screened for a trial: the organisation and the person at their place."""
    place = (Address(country=trial.country, region=trial.region, city=trial.city),)
    return (
        Party(trial.company, PartyType.COMPANY, addresses=place, email_domain=trial.domain),
        Party(who.name, PartyType.PERSON, addresses=place, email_domain=trial.domain),
    )


def _verdict(parties: tuple[Party, ...], *, at: datetime, desk: Desk) -> Verdict:
    try:
        return desk.screener.screen(parties, on=at.date(), at=at)
    except DeskError as error:
        return Verdict(
            outcome=Outcome.REVIEW,
            reasons=(f"The screening did not finish: {error}",),
            rules=("SCR-2",),
            hits=(),
            lists=(),
            engine="",
        )


def _decision(
    trial: TrialRequest, who: Person, verdict: Verdict, *, at: datetime, desk: Desk
) -> Decision:
    return Decision(
        ref=desk.ids.next("SCD", at=at),
        about=trial.ref,
        gate=GATE,
        parties=parties_of(trial, who),
        verdict=verdict,
        decided_at=at,
        salt=desk.ids.secret(),
    )


def _screened(decision: Decision) -> Event:
    verdict = decision.verdict
    facts = {
        "decision": decision.ref,
        "lists": "; ".join(verdict.lists),
        "engine": verdict.engine,
        "rules": ", ".join(verdict.rules),
    }
    return Event(f"screened: {verdict.outcome.value}", actor="desk", facts=facts)


def _grant_or_refuse(  # noqa: PLR0913 - one decision with all it rests on
    trial: TrialRequest,
    who: Person,
    decision: Decision,
    *,
    settles: str,
    ledger: Ledger,
    desk: Desk,
) -> TrialRequest:
    screened = _screened(decision)
    grant = Grant(trial, who, TrialMove.PREPARE, screened, decision.decided_at)
    change = granting(grant, ids=desk.ids, settings=desk.settings)
    kept = (*change.writes, Write(decision, screened))
    try:
        ledger.commit(replace(change, writes=kept, settles=settles))
    except ClaimTakenError as taken:
        if taken.holder == trial.ref or not taken.claim.startswith("trial:"):
            raise
        refusing, mailing = _refusing_repeat(trial, decision, taken.holder, ledger=ledger)
        _commit_and_tell(replace(refusing, settles=settles), mailing, who, ledger=ledger, desk=desk)
    return ledger.get(TrialRequest, trial.ref)


def _refusing_repeat(
    trial: TrialRequest, decision: Decision, first: str, *, ledger: Ledger
) -> tuple[Change, Mailing]:
    """Return the change that refuses a second trial of the year, and the mail that says so."""
    at = decision.decided_at
    asked_on = ledger.get(TrialRequest, first).received_at
    refused = replace(
        trials.advance(trial, TrialMove.REFUSE, at=at),
        refusal_rule=trials.REPEAT_RULE,
        refusal=f"{first} was this organisation's trial of {asked_on.year}, "
        f"asked for on {asked_on:%Y-%m-%d}.",
    )
    event = Event("trial refused", actor="desk", facts={"rule": trials.REPEAT_RULE, "first": first})
    change = Change(at=at, writes=(Write(refused, event), Write(decision, _screened(decision))))
    return change, new_mailing("trial.repeat", about=trial.ref, to=trial.contact, at=at)


def _stopping(trial: TrialRequest, decision: Decision, *, desk: Desk) -> tuple[Change, Mailing]:
    """Return the change that holds or refuses a request and opens a case, and the mail of it."""
    at, outcome = decision.decided_at, decision.verdict.outcome
    case = ScreeningCase(
        ref=desk.ids.next("SCR", at=at),
        about=trial.ref,
        decision=decision.ref,
        outcome=outcome,
        rules=decision.verdict.rules,
        opened_at=at,
        due_at=due_at(at, BUSINESS_DAYS, desk.settings.holidays),
    )
    is_blocked = outcome is Outcome.BLOCK
    stopped = trials.advance(trial, TrialMove.REFUSE if is_blocked else TrialMove.HOLD, at=at)
    stopped = replace(
        stopped,
        case=case.ref,
        refusal_rule="SCR-4" if is_blocked else "",
        refusal="Compliance cannot clear this request." if is_blocked else "",
    )
    event = _screened(decision)
    change = Change(
        at=at, writes=(Write(stopped, event), Write(decision, event), Write(case, event))
    )
    told = "record.refused" if is_blocked else "trial.held"
    return (
        _with_mail(change, new_mailing("screening.case", about=case.ref, to="compliance", at=at)),
        new_mailing(told, about=trial.ref, to=trial.contact, at=at),
    )


def _commit_and_tell(
    change: Change, mailing: Mailing, who: Person, *, ledger: Ledger, desk: Desk
) -> None:
    """
    Commit, and tell the requester unless that address was told enough today.

    Anybody could fill in our form with another's address all day (robustness.md SEC-05).
    """
    midnight = change.at.replace(hour=0, minute=0, second=0, microsecond=0)
    address = sha256(who.email.encode()).hexdigest()[:32]
    daily = Limit(
        f"told:{address}/{midnight:%Y-%m-%d}",
        at_most=desk.settings.limits.per_address_a_day,
        until=midnight + timedelta(days=1),
    )
    try:
        ledger.commit(replace(_with_mail(change, mailing), limits=(daily,)))
    except LimitReachedError:
        ledger.commit(change)


def _with_mail(change: Change, mailing: Mailing) -> Change:
    return replace(
        change,
        writes=(*change.writes, Write(mailing, Event("mail queued", actor="desk"))),
        outbox=(*change.outbox, Message(Queue.MAIL, "send-mail", about=mailing.ref)),
    )
