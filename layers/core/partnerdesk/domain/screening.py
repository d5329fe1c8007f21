"""Who is checked, what a check can end in, and what Compliance is told about it."""

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import datetime
from enum import StrEnum

from partnerdesk.domain.chain import canonical, digest


class Outcome(StrEnum):
    """What a screening ends in, from harmless to grave. Rule SCR-2."""

    CLEAR = "CLEAR"
    CLEAR_BY_OVERRIDE = "CLEAR_BY_OVERRIDE"
    REVIEW = "REVIEW"
    BLOCK = "BLOCK"


_SEVERITY = tuple(Outcome)


def worst(outcomes: Iterable[Outcome]) -> Outcome:
    """Return the gravest of some outcomes; CLEAR when there are none. Rule SCR-2."""
    return max(outcomes, key=_SEVERITY.index, default=Outcome.CLEAR)


class PartyType(StrEnum):
    """What kind of thing bears a name."""

    PERSON = "person"
    COMPANY = "company"
    VESSEL = "vessel"
    AIRCRAFT = "aircraft"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Address:
    """One place, as stated; the country as ISO 3166-1 alpha-2 where that is known."""

    country: str = ""
    region: str = ""
    city: str = ""
    postcode: str = ""
    street: str = ""


@dataclass(frozen=True, slots=True)
class Party:
    """One person, organisation or vessel with everything about it that is screened."""

    name: str
    type: PartyType
    addresses: tuple[Address, ...] = ()
    email_domain: str = ""
    nationality: str = ""
    birth_date: str = ""
    """`YYYY` or `YYYY-MM-DD`, empty when unknown."""

    gender: str = ""
    identifiers: tuple[str, ...] = ()

    def fingerprint(self) -> str:
        """
        Return the SHA-256 of every screened attribute, in hexadecimal.

        A decision holds for this fingerprint alone: whoever changes a name or an
        address is screened afresh. Rule SCR-5.
        """
        return digest(canonical(asdict(self)))


@dataclass(frozen=True, slots=True)
class Hit:
    """One listed entity that resembles a party."""

    entity: str
    """The list's own number of the entity."""

    list_code: str
    score: int
    """Tenths of a point, 0 to 1000."""

    name: str
    name_kind: str
    programmes: tuple[str, ...]
    entity_hash: str
    explanation: tuple[str, ...]
    effective_from: str = ""
    effective_to: str = ""
    told: str = ""
    """What the reviewer must know of the list, and what the entry says of its scope."""

    source: str = ""
    """The address at which the list is published."""


class Fact(StrEnum):
    """A fact about a party that somebody could correct."""

    COUNTRY = "country"
    NATIONALITY = "nationality"
    BIRTH_YEAR = "birth year"
    TYPE = "type"
    IDENTIFIER = "identifier"
    ADDRESS = "address"


@dataclass(frozen=True, slots=True)
class Counterfactual:
    """One fact that, stated otherwise, would change the outcome, and what it would be then."""

    party: int
    """The place of the party among those screened, from 0."""

    fact: Fact
    at: int
    """The place of the address or identifier; one more than the last stands for another."""

    value: str
    """What the fact was tried with; empty for leaving it out."""

    outcome: Outcome
    unless: tuple[str, ...]
    """The values with which it would not; all others were not tried one by one."""

    sentence: str


@dataclass(frozen=True, slots=True)
class Confirmed:
    """A list that was searched, and when it was last confirmed to be current."""

    code: str
    cited: str
    at: datetime
    may_be_old: bool
    """Whether its age was accepted, as that of the demo's snapshot is."""


@dataclass(frozen=True, slots=True)
class Basis:
    """What a screening rests on besides the parties: enough to do it again. Rule SCR-8."""

    index: str
    """The name of the index that was searched; every published one is kept."""

    sha256: str
    rules: str
    """The SHA-256 of the embargo rules in force on that day."""

    thresholds: tuple[str, ...]
    confirmed: tuple[Confirmed, ...]
    without: str = ""
    """Why there was nothing to search in, if so."""

    names: tuple[str, ...] = ()
    """The core words of each party's name, as they were compared."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a screening found and what it rests on; outsiders never see it. Rule SCR-7."""

    outcome: Outcome
    reasons: tuple[str, ...]
    rules: tuple[str, ...]
    hits: tuple[Hit, ...]
    lists: tuple[str, ...]
    engine: str
    counterfactuals: tuple[Counterfactual, ...] = ()
    """What would change the outcome, where it is not clear."""

    basis: Basis | None = None
    """Nothing when the screening did not finish, or an earlier version made it."""
