"""The forms that people and programs fill in, each judged as a whole."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from functools import cached_property
from typing import Annotated, Final, TypeVar

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationError,
    ValidationInfo,
    field_validator,
)
from pydantic_core import ErrorDetails, PydanticCustomError

from partnerdesk.domain.chain import canonical, digest
from partnerdesk.domain.embargo import countries_with_regions
from partnerdesk.domain.fields import (
    CONTACT_NAME,
    COUNTRY,
    EMAIL,
    ORGANISATION,
    Choice,
    FieldError,
    Kind,
    Text,
    Whole,
    YesNo,
)
from partnerdesk.domain.identity import (
    domain_of,
    is_look_alike,
    mail_domain,
    not_a_work_address,
    registrable_domain,
    without_reseller,
)
from partnerdesk.domain.person import Person
from partnerdesk.domain.signature import Links, Purpose, token_digest
from partnerdesk.domain.submission import Submission
from partnerdesk.domain.trial import COMPANY_SIZES, STAGES, Door, Spam, TrialRequest
from partnerdesk.http import InvalidError
from partnerdesk.ports import Ids

ValueT = TypeVar("ValueT")

MOST_ECHOED: Final = 64
"""How much of an unknown field's name is said back."""

PLACE: Final = Text(128, is_required=False)
USERS: Final = Whole(1, 1_000_000, is_required=False)
TERMS: Final = YesNo(consent="Please accept the terms; no trial starts without.")
HIDDEN: Final = Text(4_000, has_lines=True, is_required=False)
"""What a robot may type into the field that people do not see."""

NAMELESS: Final = FieldError(
    "organisation", "required", "Please give your organisation's name before [RESELLER]."
)
NO_PLACE: Final = FieldError(
    "state, city", "required", "Please fill this in: we need it for your Region/Country."
)


@dataclass(frozen=True, slots=True)
class Judge:
    """What judging a form takes besides the form itself."""

    on: date
    contact: str
    """Where somebody without a work address finds a person. Rule GEN-5."""

    is_typed: bool = False


def _judge(info: ValidationInfo) -> Judge:
    if not isinstance(info.context, Judge):
        message = "A form is judged with a Judge as its context."
        raise TypeError(message)
    return info.context


def judged_as(kind: Kind[ValueT]) -> BeforeValidator:
    """Return the validator that lets a kind of the domain judge a field."""

    def read(value: object, info: ValidationInfo) -> ValueT:
        plain = kind.written_out(value) if _judge(info).is_typed else value
        found = kind.read(info.field_name or "", plain)
        if isinstance(found, FieldError):
            raise _wrong(found)
        return found

    return BeforeValidator(read)


def _wrong(error: FieldError) -> PydanticCustomError:
    return PydanticCustomError(error.code, "{message}", {"message": error.message})


def _at_most(kind: Text) -> dict[str, int]:
    return {"maxLength": kind.longest}


def _one_of(codes: Iterable[str]) -> dict[str, list[str]]:
    return {"enum": list(codes)}


class TrialForm(BaseModel):
    """A request for a trial licence. Rule TRIAL-1."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, title="Trial request")

    organisation: Annotated[
        str,
        judged_as(ORGANISATION),
        Field(
            description="Legal name. Partners may end it with [RESELLER].",
            json_schema_extra=_at_most(ORGANISATION),
        ),
    ]
    contact_name: Annotated[
        str, judged_as(CONTACT_NAME), Field(json_schema_extra=_at_most(CONTACT_NAME))
    ]
    email: Annotated[
        str, judged_as(EMAIL), Field(description="Work e-mail: the licence is sent there.")
    ]
    country: Annotated[
        str,
        judged_as(COUNTRY),
        Field(
            description="Region/Country: ISO 3166-1 alpha-2.",
            json_schema_extra={"pattern": "^[A-Za-z]{2}$"},
        ),
    ]
    state: Annotated[
        str,
        judged_as(PLACE),
        Field(
            description="State or province; required where embargo rules look at regions.",
            json_schema_extra=_at_most(PLACE),
        ),
    ] = ""
    city: Annotated[
        str,
        judged_as(PLACE),
        Field(
            description="City; required where embargo rules look at regions.",
            json_schema_extra=_at_most(PLACE),
        ),
    ] = ""
    company_size: Annotated[
        str,
        judged_as(Choice.among(COMPANY_SIZES)),
        Field(description="Employees.", json_schema_extra=_one_of(COMPANY_SIZES)),
    ]
    users: Annotated[
        int,
        judged_as(USERS),
        Field(
            description="How many will use it, if known.",
            json_schema_extra={"minimum": USERS.least, "maximum": USERS.most},
        ),
    ] = 0
    stage: Annotated[
        str,
        judged_as(Choice(STAGES)),
        Field(
            description="Where are you with Mattermost: "
            + "; ".join(f"{code}: {words}" for code, words in STAGES.items()),
            json_schema_extra=_one_of(STAGES),
        ),
    ]
    terms_accepted: Annotated[bool, judged_as(TERMS), Field(json_schema_extra={"const": True})]
    product_emails: Annotated[bool, judged_as(YesNo())] = False
    nickname: Annotated[str, judged_as(HIDDEN), Field(description="Leave this empty.")] = ""

    @field_validator("organisation")
    @classmethod
    def _is_named(cls, organisation: str) -> str:
        if not without_reseller(organisation)[0]:
            raise _wrong(NAMELESS)
        return organisation

    @field_validator("email")
    @classmethod
    def _is_for_work(cls, email: str, info: ValidationInfo) -> str:
        domain = domain_of(email)
        told = not_a_work_address(mail_domain(domain), domain, contact=_judge(info).contact)
        if told:
            raise _wrong(FieldError("email", "not-a-work-address", told))
        return email

    @field_validator("state", "city")
    @classmethod
    def _is_known_where_it_matters(cls, place: str, info: ValidationInfo) -> str:
        if not place and info.data.get("country") in countries_with_regions(_judge(info).on):
            raise _wrong(NO_PLACE)
        return place

    @property
    def domain(self) -> str:
        """Return the registrable domain of the work e-mail: who this is. Rule GEN-4."""
        return registrable_domain(domain_of(self.email))

    @cached_property
    def typed(self) -> str:
        """Return everything that was filled in, as canonical JSON."""
        return canonical(self.model_dump())

    def records(self, ids: Ids, links: Links, *, at: datetime) -> tuple[TrialRequest, Person]:
        """Return the trial request and the person who asks."""
        ref, contact = ids.next("TRL", at=at), ids.next("PER", at=at)
        company, is_reseller = without_reseller(self.organisation)
        trial = TrialRequest(
            ref=ref,
            organisation=self.organisation,
            company=company,
            domain=self.domain,
            contact=contact,
            country=self.country,
            region=self.state,
            city=self.city,
            company_size=self.company_size,
            users=self.users,
            stage=self.stage,
            door=Door.WEB,
            received_at=at,
            status_token=_token(ref, contact, links),
            submission=digest(self.typed),
            may_be_partner=is_reseller,
            look_alike_domain=is_look_alike(domain_of(self.email)),
        )
        return trial, Person(
            ref=contact,
            name=self.contact_name,
            email=self.email,
            salt=ids.secret(),
            product_emails=self.product_emails,
        )

    def spam(self, ids: Ids, links: Links, *, at: datetime) -> Spam:
        """Return what is kept of a robot's submission: under a number like any other."""
        ref = ids.next("TRL", at=at)
        return Spam(
            ref=ref,
            door=Door.WEB,
            status_token=_token(ref, ref, links),
            submission=digest(self.typed),
            typed=self.typed,
            received_at=at,
            salt=ids.secret(),
        )


def _token(ref: str, recipient: str, links: Links) -> str:
    return token_digest(links.token(Purpose.STATUS, ref, recipient))


def recipient_of(kept: TrialRequest | Spam) -> str:
    """Return whom the status link of a kept request was made for."""
    return kept.contact if isinstance(kept, TrialRequest) else kept.ref


def read_trial(sent: Submission, judge: Judge) -> TrialForm:
    """
    Return the trial form that was sent.

    A field left out is judged like an empty one, so that each says what it
    wants. Unknown names are refused in JSON and ignored in forms.

    :raises InvalidError: when any field is wrong, naming all of them
    """
    known = TrialForm.model_fields
    unknown = [name for name in sent.fields if name not in known and not sent.is_typed]
    values = {name: sent.fields.get(name) for name in (*known, *unknown)}
    try:
        return TrialForm.model_validate(values, context=judge)
    except ValidationError as wrong:
        raise InvalidError(tuple(map(_told, wrong.errors(include_url=False)))) from None


def _told(error: ErrorDetails) -> FieldError:
    field = str(error["loc"][0])[:MOST_ECHOED]
    if error["type"] == "extra_forbidden":
        return FieldError(field, "unknown-field", "There is no field of this name.")
    return FieldError(field, error["type"], error["msg"])
