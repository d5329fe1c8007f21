"""What else is known about a party and a listed entity, and whether it speaks for or against."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from partnerdesk.domain.names import taken_apart
from partnerdesk.domain.places import country_of
from partnerdesk.domain.screening import Party, PartyType
from partnerdesk.domain.watchlist import Entity, identifier_number

LEAST, MOST = -150, 80
"""The sum of all evidence is held between these, in tenths of a point (screening.md 9)."""

TYPE = "type"
COUNTRY = "country"
BIRTH = "birth date"
GENDER = "gender"
CITY = "city"
IDENTIFIER = "identifier"

CORROBORATES = frozenset({COUNTRY, BIRTH, IDENTIFIER})
"""Facts that turn a strong name into more than a name. Rule SCR-4."""

SAME_DAY, SAME_YEAR = 60, 30
CIRCA_GRACE = 2
BIRTH_GAPS = ((10, -150), (2, -80))
"""Years between two births, the wider first, with what they count."""

_YEAR = 4


@dataclass(frozen=True, slots=True)
class Fact:
    """One fact known on both sides, with its points in tenths; 0 agrees without weight."""

    kind: str
    points: int
    sentence: str


def facts(party: Party, entity: Entity) -> tuple[Fact, ...]:
    """
    Return what is known on both sides; what is missing on one changes nothing.

    Residence and nationality both count as countries, here only for likeness.
    """
    found = (_country, _birth, _gender, _city, _identifier)
    others = (fact for each in found for fact in each(party, entity))
    return (*type_facts(party, entity.type), *others)


def has_more_than_a_name(party: Party) -> bool:
    """Test whether anything but name and type of a party could be evidence."""
    known = (party.nationality, party.birth_date, party.gender, party.identifiers)
    return any(known) or any(each.country or each.city for each in party.addresses)


def points(found: tuple[Fact, ...]) -> int:
    """Return the sum of the evidence in tenths of a point, within its bounds."""
    return max(LEAST, min(MOST, sum(fact.points for fact in found)))


def type_facts(party: Party, listed: PartyType) -> tuple[Fact, ...]:
    """Return whether the types agree, when both are known."""
    if PartyType.UNKNOWN in {party.type, listed}:
        return ()
    if party.type is listed:
        return (Fact(TYPE, 0, f"Both are of type {listed}."),)
    return (Fact(TYPE, -120, f"The party is a {party.type}, the entry a {listed}."),)


def _country(party: Party, entity: Entity) -> Iterator[Fact]:
    stated = [country_of(address.country) for address in party.addresses]
    ours = {code for code in (*stated, country_of(party.nationality)) if code}
    if not ours or not entity.countries:
        return
    shared = sorted(ours & set(entity.countries))
    if shared:
        yield Fact(COUNTRY, 30, f"Both are connected with {', '.join(shared)}.")
    else:
        theirs = ", ".join(entity.countries)
        yield Fact(COUNTRY, -50, f"The party is in {', '.join(sorted(ours))}, the entry {theirs}.")


def _birth(party: Party, entity: Entity) -> Iterator[Fact]:
    if not re.fullmatch(r"\d{4}(-\d\d-\d\d)?", party.birth_date) or not entity.birth_dates:
        return
    best = max(_likeness_of_births(party.birth_date, each) for each in entity.birth_dates)
    listed = ", ".join(entity.birth_dates)
    yield Fact(BIRTH, best, f"Born {party.birth_date}; the entry says {listed}.")


def _likeness_of_births(ours: str, listed: str) -> int:
    date = listed.removeprefix("circa ")
    if ours == date and len(date) > _YEAR:
        return SAME_DAY
    gap = abs(int(ours[:_YEAR]) - int(date[:_YEAR]))
    if gap == 0:
        return SAME_YEAR
    grace = CIRCA_GRACE if listed != date else 0
    return next((lost for years, lost in BIRTH_GAPS if gap - grace >= years), 0)


def _gender(party: Party, entity: Entity) -> Iterator[Fact]:
    ours, theirs = party.gender[:1].casefold(), entity.gender[:1].casefold()
    if ours and theirs and ours != theirs:
        yield Fact(GENDER, -40, f"The party is {party.gender}, the entry {entity.gender}.")


def _city(party: Party, entity: Entity) -> Iterator[Fact]:
    theirs = set(map(_city_key, entity.cities))
    for address in party.addresses:
        if address.city and _city_key(address.city) in theirs:
            yield Fact(CITY, 20, f"Both are in {address.city}.")
            return


@lru_cache(maxsize=4096)
def _city_key(city: str) -> str:
    return taken_apart(city, person=False).key


def _identifier(party: Party, entity: Entity) -> Iterator[Fact]:
    theirs = [_taken_apart(each) for each in entity.identifiers]
    for each in party.identifiers:
        kind, country, number = _taken_apart(each)
        if not number:
            continue
        if number in {listed for _, _, listed in theirs}:
            yield Fact(IDENTIFIER, 0, f"The identifier {each} is the same.")
        elif any(kind and (kind, country) == (other, place) for other, place, _ in theirs):
            yield Fact(IDENTIFIER, -100, f"The entry has another number of the kind of {each}.")


def _taken_apart(identifier: str) -> tuple[str, str, str]:
    """Return kind, country and number of `Passport A1234 (RU)`; what is missing is empty."""
    text, _, country = identifier.partition("(")
    words = (word for word in text.replace(":", " ").split() if not any(map(str.isdigit, word)))
    kind = " ".join(word.strip(".#").casefold() for word in words)
    return kind, country_of(country.rstrip(") ")), identifier_number(identifier)


def is_the_same_identifier(fact: Fact) -> bool:
    """Test whether a fact is an equal identifier, which outweighs any name."""
    return fact.kind == IDENTIFIER and fact.points == 0


def corroborates(fact: Fact) -> bool:
    """Test whether a fact makes a strong name more than a name. Rule SCR-4."""
    return fact.kind in CORROBORATES and (fact.points > 0 or is_the_same_identifier(fact))
