"""The trial that a server asks for itself, answered with the licence at once."""

from collections.abc import Mapping
from datetime import datetime
from hashlib import sha256
from http import HTTPStatus
from typing import Final

from aws_lambda_powertools.event_handler import Request, Response

from licensing.services import Services
from partnerdesk.domain.embargo import countries_with_regions, embargoed
from partnerdesk.domain.errors import UnavailableError
from partnerdesk.domain.identity import (
    MailDomain,
    domain_of,
    is_look_alike,
    mail_domain,
    registrable_domain,
    without_reseller,
)
from partnerdesk.domain.in_product import InProductRequest, is_from_older_server, read_request
from partnerdesk.domain.licence import LicenceFile
from partnerdesk.domain.person import Person
from partnerdesk.domain.signature import Purpose, token_digest
from partnerdesk.domain.trial import REPEAT_RULE, Door, TrialRequest, TrialState, year_claim
from partnerdesk.http import (
    About,
    Api,
    UnsupportedTypeError,
    answer,
    described,
    new_app,
    problem,
    reference_of,
    sent,
    source_of,
)
from partnerdesk.usecases.grant_trial_now import grant_trial_now
from partnerdesk.usecases.request_trial import accept_limits, kept_request, request_trial

PATH: Final = "/api/v1/trials"

STAGE: Final = "in_product"
"""A server does not tell where its company is with Mattermost."""


def _schema() -> dict[str, object]:
    return {"type": "object", "additionalProperties": True, "required": ["server_id", "email"]}


def build(services: Services) -> Api:
    """Return the routes of this function, bound to its services."""
    app = new_app(About(title="Partner Desk: in-product trials", takes={PATH: _schema}))

    @app.post(PATH, responses=described(200, "A licence, or a message", 400, 413, 415, 429, 451))
    def post_in_product_trial(request: Request) -> Response[str]:
        submission = sent(request)
        if submission.is_typed:
            message = "Please send application/json, in UTF-8."
            raise UnsupportedTypeError(message)
        door = _InProduct(services, source_of(request), reference_of(request))
        return door.answer(submission.fields, at=services.clock.now())

    return app


class _InProduct:
    """One server's question, carried through in the order of licence-format.md 10."""

    def __init__(self, services: Services, source: str, reference: str) -> None:
        self._services = services
        self._settings = services.desk.settings
        self._source = source
        self._reference = reference

    def answer(self, fields: Mapping[str, object], *, at: datetime) -> Response[str]:
        """Return the licence, or what to do next; never a list, a name or a score. Rule TRIAL-5."""
        form = f"{self._services.links.root}/forms/trial"
        if is_from_older_server(fields):
            return _message(f"Please ask for your trial on our web form: {form}")
        asked = read_request(fields)
        if not isinstance(asked, InProductRequest):
            return problem(
                HTTPStatus.BAD_REQUEST,
                "Please correct the fields named below.",
                code="invalid",
                reference=self._reference,
                errors=asked,
                more={"message": " ".join(f"{each.field}: {each.message}" for each in asked)},
            )
        if mail_domain(domain_of(asked.email)) is not MailDomain.WORK:
            return _message(
                "Please give a work e-mail address of your organisation. If you have none, "
                f"write to {self._settings.addresses.partners} and a person will help you."
            )
        if not asked.country or asked.country in countries_with_regions(at.date()):
            return _message(
                "We need to know your Region/Country, state and city for a trial. "
                f"Please use our web form: {form}"
            )
        return self._granted(asked, at=at)

    def _granted(self, asked: InProductRequest, *, at: datetime) -> Response[str]:
        trial = self._accepted(asked, at=at)
        try:
            trial = grant_trial_now(
                trial.ref,
                at=at,
                ledger=self._services.ledger,
                desk=self._services.desk,
                signer=self._services.signer,
            )
        except UnavailableError:
            # The request is kept: the outbox goes on, and the file is mailed.
            trial = self._services.ledger.get(TrialRequest, trial.ref)
        return self._told(trial, at=at)

    def _accepted(self, asked: InProductRequest, *, at: datetime) -> TrialRequest:
        services = self._services
        ref, who = services.desk.ids.next("TRL", at=at), services.desk.ids.next("PER", at=at)
        asker = sha256(f"{asked.server_id}|{asked.email}".encode()).hexdigest()
        trial = _trial(
            asked,
            ref,
            who,
            asker=asker,
            token=services.links.token(Purpose.STATUS, ref, who),
            at=at,
        )
        person = Person(
            ref=who,
            name=asked.contact_name,
            email=asked.email,
            salt=services.desk.ids.secret(),
            product_emails=asked.receive_emails,
        )
        kept = request_trial(
            trial,
            person,
            key=f"in-product/{asker}/{at.year}",
            limits=accept_limits(
                self._settings.limits, source=self._source, domain=trial.domain, at=at
            ),
            at=at,
            ledger=services.ledger,
        )
        return services.ledger.get(TrialRequest, kept.ref)

    def _told(self, trial: TrialRequest, *, at: datetime) -> Response[str]:
        if trial.state is TrialState.ISSUED:
            return self._issued(trial, at=at)
        if trial.state is TrialState.HELD:
            return _message(
                "We need to check your request by hand and will write to you within one "
                f"business day. Your reference is {trial.ref}."
            )
        if trial.state is not TrialState.REFUSED:
            return _message(
                f"Your licence is on its way and will be mailed to you. Reference {trial.ref}."
            )
        return self._refused(trial, at=at)

    def _issued(self, trial: TrialRequest, *, at: datetime) -> Response[str]:
        if at - trial.received_at > self._settings.retry_window:
            return self._repeat(trial.received_at)
        file = self._services.ledger.get(LicenceFile, trial.licence)
        return answer({"license": file.text})

    def _repeat(self, first: datetime) -> Response[str]:
        return _message(
            f"Your organisation already had a trial this year, on {first:%Y-%m-%d}. To go on, "
            f"talk to sales: {self._settings.addresses.contact_sales}"
        )

    def _refused(self, trial: TrialRequest, *, at: datetime) -> Response[str]:
        compliance = self._settings.addresses.compliance
        neutral = (
            f"We are not able to proceed with request {trial.ref}. If you think that this is a "
            f"mistake, write to {compliance}."
        )
        if trial.refusal_rule == REPEAT_RULE:
            holder = self._services.ledger.holder(year_claim(trial, at=trial.received_at))
            first = kept_request(holder, self._services.ledger)
            return self._repeat(first.received_at)
        if embargoed(trial.country, at.date()):
            return problem(
                HTTPStatus.UNAVAILABLE_FOR_LEGAL_REASONS,
                neutral,
                code="not-available",
                reference=self._reference,
            )
        return _message(neutral)


def _trial(  # noqa: PLR0913 - what the door adds to what was asked
    asked: InProductRequest, ref: str, who: str, *, asker: str, token: str, at: datetime
) -> TrialRequest:
    company, is_reseller = without_reseller(asked.company_name)
    domain = domain_of(asked.email)
    return TrialRequest(
        ref=ref,
        organisation=asked.company_name,
        company=company,
        domain=registrable_domain(domain),
        contact=who,
        country=asked.country,
        region="",
        city="",
        company_size=asked.company_size,
        users=asked.users,
        stage=STAGE,
        door=Door.PRODUCT,
        received_at=at,
        status_token=token_digest(token),
        submission=asker,
        server_id=asked.server_id,
        server_facts=asked.server_facts,
        may_be_partner=is_reseller,
        look_alike_domain=is_look_alike(domain),
    )


def _message(text: str) -> Response[str]:
    """Return a refusal that a server can show: an object of strings only, with status 200."""
    return answer({"message": text})
