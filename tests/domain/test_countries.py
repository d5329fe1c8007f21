import importlib.util
from datetime import date
from pathlib import Path

import pytest

from partnerdesk.domain.countries import COUNTRIES, REGIONS
from partnerdesk.domain.embargo import countries_with_regions
from partnerdesk.domain.holidays import US_FEDERAL
from partnerdesk.domain.mail_domains import CONSUMER, DISPOSABLE

MAKE_DATA = Path(__file__).parents[2] / ".ci/make_data.py"


@pytest.fixture(scope="module")
def make_data():
    spec = importlib.util.spec_from_file_location("make_data", MAKE_DATA)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_generated_modules_are_what_their_sources_say(make_data):
    for place, text in make_data.generated().items():
        assert place.read_text(encoding="utf-8") == text, place.name


def test_countries_have_the_names_people_know():
    assert COUNTRIES["BO"] == "Bolivia"
    assert COUNTRIES["CD"] == "Democratic Republic of the Congo"
    assert COUNTRIES["VG"] == "British Virgin Islands"
    assert COUNTRIES["BQ"] == "Bonaire, Sint Eustatius and Saba"
    assert COUNTRIES["TR"] == "T\u00fcrkiye"
    assert len(COUNTRIES) == 249
    assert not COUNTRIES.keys() & {"SU", "YU", "AN", "UK", "EU"}


def test_regions_are_listed_where_embargo_rules_look_at_them():
    assert frozenset(REGIONS) == countries_with_regions(date(2026, 11, 25))
    assert REGIONS["UA"]["UA-43"] == "Avtonomna Respublika Krym"


def test_mail_domains_are_plain_lower_case_names():
    assert "gmail.com" in CONSUMER
    assert "yopmail.com" in DISPOSABLE
    assert all(name == name.strip().lower() and "." in name for name in CONSUMER | DISPOSABLE)
    assert not {"example.com", "example", "com"} & (CONSUMER | DISPOSABLE)


def test_federal_holidays_have_dates_and_names():
    assert US_FEDERAL[date(2026, 7, 4)] == "Independence Day"
    assert US_FEDERAL[date(2026, 11, 26)] == "Thanksgiving Day"
    assert US_FEDERAL[date(2026, 7, 3)].startswith("Independence Day")
    assert {day.year for day in US_FEDERAL} == set(range(2024, 2037))
