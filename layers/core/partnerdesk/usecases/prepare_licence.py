"""Grants a licence: the commit that says so also stores the very bytes to be signed."""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from partnerdesk.domain import licence as licences
from partnerdesk.domain import trial as trials
from partnerdesk.domain.change import Change, Claim, Event, Message, Queue, Write
from partnerdesk.domain.licence import Licence, LicenceFile, LicenceKind, LicenceMove
from partnerdesk.domain.licence_file import Draft, Licensee, customer_id, licence_id, payload_of
from partnerdesk.domain.licence_term import trial_again_period, trial_period
from partnerdesk.domain.person import Person
from partnerdesk.domain.settings import Settings
from partnerdesk.domain.trial import TrialMove, TrialRequest
from partnerdesk.ports import Ids

PERIODS: Final = {
    LicenceKind.TRIAL: trial_period,
    LicenceKind.TRIAL_AGAIN: trial_again_period,
}
"""How long each kind lasts from the instant of issue. Rules TRIAL-2, TRIAL-4."""


@dataclass(frozen=True, slots=True)
class Grant:
    """A trial licence that a request is given: by which move, why, who decided it and when."""

    trial: TrialRequest
    who: Person
    move: TrialMove
    event: Event
    at: datetime

    @property
    def type(self) -> LicenceKind:
        """Return the kind of licence: the year's trial, or the one that staff allowed on top."""
        return LicenceKind.TRIAL_AGAIN if self.trial.is_extra else LicenceKind.TRIAL


def granting(grant: Grant, *, ids: Ids, settings: Settings) -> Change:
    """
    Return the change that grants a trial licence: everything but the signature.

    An organisation's ordinary trial takes its claim on the calendar year; the
    one that staff allow on top does not. Rules LIC-2, TRIAL-3, TRIAL-4.

    :raises IllegalMoveError: when the request cannot be granted where it stands
    :raises UnfitPayloadError: when the licence would make no valid file
    """
    licence, file = _made(grant, ids=ids, settings=settings)
    trial = trials.advance(grant.trial, grant.move, at=grant.at)
    trial = replace(trial, licence=licence.ref, refusal="", refusal_rule="")
    claims = [Claim(licences.grant_claim(trial.ref), holder=licence.ref)]
    if grant.type is LicenceKind.TRIAL:
        claims.append(Claim(trials.year_claim(trial, at=grant.at), holder=trial.ref))
    prepared = Event("licence prepared", actor=grant.event.actor, facts={"grant": trial.ref})
    return Change(
        at=grant.at,
        writes=(Write(trial, grant.event), Write(licence, prepared), Write(file, prepared)),
        claims=tuple(claims),
        outbox=(Message(Queue.LICENSING, "sign-licence", about=licence.ref),),
    )


def _made(grant: Grant, *, ids: Ids, settings: Settings) -> tuple[Licence, LicenceFile]:
    trial, who = grant.trial, grant.who
    period = PERIODS[grant.type](grant.at)
    draft = Draft(
        id=licence_id(settings.desk_id, trial.ref),
        issued_at=grant.at,
        period=period,
        sku=trials.SKU,
        seats=trials.SEATS,
        licensee=Licensee(
            id=customer_id(settings.desk_id, trial.ref),
            name=who.name,
            email=who.email,
            company=trial.company,
        ),
        is_trial=True,
    )
    licence = Licence(
        ref=ids.next("LIC", at=grant.at),
        grant=trial.ref,
        company=trial.company,
        contact=who.ref,
        type=grant.type,
        sku=draft.sku,
        seats=draft.seats,
        starts_at=period.starts_at,
        ends_at=period.expires_at,
        signing_key=settings.signing_key,
        profile=draft.profile,
        prepared_at=grant.at,
    )
    file = LicenceFile(ref=licence.ref, payload=payload_of(draft).decode(), salt=ids.secret())
    return licences.advance(licence, LicenceMove.PREPARE), file
