"""The trial that a server asks for itself: what it sends, judged as our own form would."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from partnerdesk.domain.countries import COUNTRIES
from partnerdesk.domain.fields import (
    CONTACT_NAME,
    ORGANISATION,
    Choice,
    Email,
    FieldError,
    Kind,
    Text,
    Whole,
    YesNo,
)
from partnerdesk.domain.places import country_of

MOST_USERS: Final = 10_000_000
COMPANY_FIELDS: Final = ("contact_name", "company_name", "company_country", "company_size")
"""What older servers leave empty altogether."""

SIZES: Final[Mapping[str, str]] = {
    "ONE_TO_50": "1-50",
    "FIFTY_TO_100": "51-100",
    "ONE_HUNDRED_TO_500": "101-500",
    "FIVE_HUNDRED_TO_1000": "501-1000",
    "ONE_THOUSAND_TO_2500": "1001-2500",
    "TWO_THOUSAND_FIVE_HUNDRED_AND_UP": "2501+",
}
"""How servers also write the company sizes (licence-format.md 10)."""


@dataclass(frozen=True, slots=True)
class Size(Kind[str]):
    """A company size, in either of its two spellings."""

    def read(self, field: str, value: object) -> str | FieldError:
        """Return the size as we write it, or what is wrong with it."""
        plain = SIZES.get(value, value) if isinstance(value, str) else value
        return Choice.among(SIZES.values()).read(field, plain)


FIELDS: Final[Mapping[str, Kind[str] | Kind[int] | Kind[bool]]] = {
    "server_id": Text(200),
    "email": Email(),
    "name": Text(128, is_required=False),
    "site_url": Text(2_048, is_required=False),
    "site_name": Text(200, is_required=False),
    "server_version": Text(100, is_required=False),
    "users": Whole(1, MOST_USERS),
    "terms_accepted": YesNo(consent="The terms must be accepted for a trial."),
    "receive_emails_accepted": YesNo(),
    "contact_name": CONTACT_NAME,
    "contact_email": Email(is_required=False),
    "company_name": ORGANISATION,
    "company_country": Text(100),
    "company_size": Size(),
}
"""What a server sends, in the order in which we judge it; anything else is ignored."""


@dataclass(frozen=True, slots=True, kw_only=True)
class InProductRequest:
    """A server's request for a trial, every field judged (licence-format.md 10)."""

    server_id: str
    email: str
    """The contact's address, or the administrator's where none was given."""

    users: int
    receive_emails: bool
    contact_name: str
    company_name: str
    country: str
    """ISO 3166-1 alpha-2; empty when we do not know the place that was named."""

    company_size: str
    server_facts: tuple[str, ...]


def is_from_older_server(fields: Mapping[str, object]) -> bool:
    """Test whether a server asks that does not know the company fields yet."""
    return not any(fields.get(name) for name in COMPANY_FIELDS)


def read_request(fields: Mapping[str, object]) -> InProductRequest | tuple[FieldError, ...]:
    """Return the request, or everything that is wrong with it. Rule TRIAL-5."""
    found = {name: kind.read(name, fields.get(name)) for name, kind in FIELDS.items()}
    errors = tuple(each for each in found.values() if isinstance(each, FieldError))
    if errors:
        return errors
    told = ("site_url", "site_name", "server_version")
    return InProductRequest(
        server_id=str(found["server_id"]),
        email=str(found["contact_email"] or found["email"]),
        users=int(str(found["users"])),
        receive_emails=bool(found["receive_emails_accepted"]),
        contact_name=str(found["contact_name"]),
        company_name=str(found["company_name"]),
        country=_place(str(found["company_country"])),
        company_size=str(found["company_size"]),
        server_facts=tuple(f"{name}: {found[name]}" for name in told if found[name]),
    )


def _place(named: str) -> str:
    """Return the code of a Region/Country given as code or name, empty for an unknown one."""
    code = country_of(named)
    return code if code in COUNTRIES else ""
