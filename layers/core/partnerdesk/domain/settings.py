"""The defaults that staff may change, each with the rule it belongs to."""

from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import date, timedelta


@dataclass(frozen=True, slots=True, kw_only=True)
class Addresses:
    """Where the vendor can be reached. Rules GEN-13 and GEN-14."""

    partners: str = "partners@mattermost.com"
    compliance: str = "compliance@mattermost.com"
    contact_sales: str = "https://mattermost.com/contact-sales/"
    terms: str = "https://mattermost.com/enterprise-edition-terms/"
    upgrade: str = (
        "https://docs.mattermost.com/administration-guide/upgrade/upgrading-mattermost-server.html"
    )
    """How to go from Team Edition to Enterprise Edition. Rule TRIAL-7."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AcceptLimits:
    """How much one sender may ask of a form (robustness.md SEC-04, SEC-05)."""

    per_source_an_hour: int = 60
    per_domain_an_hour: int = 60
    per_address_a_day: int = 1
    """Unconfirmed requests that one address can be mailed about."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Everything that decisions take from settings and not from the code."""

    desk_id: str
    """Fixed per installation: every licence id rests on it (licence-format.md 6)."""

    signing_key: str
    """The name of the key that licences prepared now are to be signed with."""

    holidays: AbstractSet[date] = frozenset()
    """The vendor's calendar. Rule SLA-1."""

    vendor: str = "Mattermost"
    sender: str = "partners@mattermost.com"
    addresses: Addresses = Addresses()
    limits: AcceptLimits = AcceptLimits()
    link_days: int = 30
    """How long a mailed link works. Rule GEN-10."""

    bulk_limit: int = 20
    """More new Actions than this at once ask first. Rule GEN-9."""

    retry_window: timedelta = timedelta(hours=1)
    """How long an in-product request is answered with the same licence again (TRIAL-5)."""
