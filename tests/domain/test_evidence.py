"""What is known on both sides speaks for or against, within its bounds."""

import pytest

from partnerdesk.domain.evidence import corroborates, facts, points
from partnerdesk.domain.screening import Address, Party, PartyType
from partnerdesk.domain.watchlist import Entity, ListedName, identifier_number

LISTED = Entity(
    list_code="SDN",
    number="1",
    type=PartyType.PERSON,
    names=(ListedName("DOE, John"),),
    countries=("RU", "BY"),
    cities=("Moscow", "Saint Petersburg"),
    birth_dates=("1960-05-04", "circa 1963"),
    gender="Male",
    identifiers=("Passport A123456 (RU)", "Tax ID No 77"),
)


def found(**known):
    party = Party("John Doe", known.pop("type", PartyType.UNKNOWN), **known)
    return {each.kind: each.points for each in facts(party, LISTED)}


def test_what_is_missing_changes_nothing():
    assert found() == {}
    assert found(birth_date="soon", gender="", identifiers=("none",)) == {}


@pytest.mark.parametrize(
    ("party_type", "expected"),
    [(PartyType.PERSON, 0), (PartyType.COMPANY, -120), (PartyType.VESSEL, -120)],
)
def test_a_type_agrees_or_contradicts(party_type, expected):
    assert found(type=party_type)["type"] == expected


@pytest.mark.parametrize(
    ("known", "expected"),
    [
        ({"addresses": (Address(country="RU"),)}, 30),
        ({"addresses": (Address(country="Belarus"),)}, 30),
        ({"nationality": "RU", "addresses": (Address(country="DE"),)}, 30),
        ({"addresses": (Address(country="DE"),)}, -50),
    ],
)
def test_a_country_agrees_or_contradicts(known, expected):
    assert found(**known)["country"] == expected


@pytest.mark.parametrize(
    ("born", "expected"),
    [
        ("1960-05-04", 60),
        ("1960-05-05", 30),
        ("1960", 30),
        ("1961", 0),
        ("1963", 30),
        ("1966", 0),
        ("1970", -80),
        ("1990", -150),
    ],
)
def test_a_birth_date_counts_by_the_years_between(born, expected):
    """An uncertain year has two years' grace."""
    assert found(birth_date=born)["birth date"] == expected


@pytest.mark.parametrize(("gender", "expected"), [("female", {"gender": -40}), ("m", {})])
def test_gender_only_contradicts(gender, expected):
    assert found(gender=gender) == expected


@pytest.mark.parametrize(("city", "expected"), [("moscow", {"city": 20}), ("Minsk", {})])
def test_a_city_only_agrees(city, expected):
    assert found(addresses=(Address(city=city),)) == expected


@pytest.mark.parametrize(
    ("identifier", "expected"),
    [
        ("A-123456", {"identifier": 0}),
        ("passport: a-123456", {"identifier": 0}),
        ("Passport B999 (RU)", {"identifier": -100}),
        ("Passport B999 (DE)", {}),
        ("Tax ID No. 78", {"identifier": -100}),
    ],
)
def test_an_identifier_is_the_same_or_another_of_its_kind(identifier, expected):
    assert found(identifiers=(identifier,)) == expected


def test_the_sum_stays_within_its_bounds():
    def total(**known):
        return points(facts(Party("John Doe", PartyType.UNKNOWN, **known), LISTED))

    moscow = (Address(country="RU", city="Moscow"),)
    assert total(addresses=moscow, birth_date="1960-05-04") == 80
    assert total(addresses=(Address(country="DE"),), birth_date="1990", gender="f") == -150


def test_country_birth_and_identifier_corroborate_and_a_city_does_not():
    party = Party(
        "John Doe",
        PartyType.PERSON,
        (Address(country="RU", city="Moscow"),),
        birth_date="1960",
        identifiers=("A123456",),
    )
    kinds = {each.kind for each in facts(party, LISTED) if corroborates(each)}
    assert kinds == {"country", "birth date", "identifier"}


def test_the_number_of_an_identifier_is_its_capitals_and_digits():
    assert identifier_number("Passport a-12.34 (RU)") == "A1234"
