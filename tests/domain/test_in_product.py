import pytest

from partnerdesk.domain.fields import FieldError
from partnerdesk.domain.in_product import (
    SIZES,
    InProductRequest,
    is_from_older_server,
    read_request,
)
from partnerdesk.domain.trial import COMPANY_SIZES

SENT = {
    "server_id": "o1pszszru9g58b7sasmhhpmzeh",
    "email": "admin@acme.example",
    "name": "root",
    "site_url": "https://chat.acme.example",
    "site_name": "Acme Chat",
    "server_version": "11.2.0",
    "users": 30,
    "terms_accepted": True,
    "receive_emails_accepted": False,
    "contact_name": "Ada Lovelace",
    "contact_email": "Ada@Acme.example",
    "company_name": "Acme Ltd",
    "company_country": "DE",
    "company_size": "FIFTY_TO_100",
}


def read(**parts):
    return read_request(SENT | parts)


def test_a_complete_request_is_read():
    request = read()

    assert isinstance(request, InProductRequest)
    assert request.email == "ada@acme.example"
    assert (request.country, request.company_size, request.users) == ("DE", "51-100", 30)
    assert request.server_facts == (
        "site_url: https://chat.acme.example",
        "site_name: Acme Chat",
        "server_version: 11.2.0",
    )


def test_sizes_are_understood_in_both_spellings():
    assert tuple(SIZES.values()) == COMPANY_SIZES
    for spelled, size in SIZES.items():
        assert read(company_size=spelled).company_size == size
        assert read(company_size=size).company_size == size


def test_the_administrator_is_the_contact_where_no_other_is_named():
    assert read(contact_email="").email == "admin@acme.example"


@pytest.mark.parametrize(
    ("stated", "country"),
    [("Germany", "DE"), ("de", "DE"), ("United States", "US"), ("Atlantis", "")],
)
def test_a_region_may_be_stated_by_name_and_may_be_unknown(stated, country):
    assert read(company_country=stated).country == country


def test_what_newer_servers_add_is_ignored():
    assert read(moon_phase={"full": True}) == read()


def test_an_older_server_that_knows_no_companies_is_told_apart():
    older = {"contact_name": "", "company_name": "", "company_country": "", "company_size": ""}

    assert is_from_older_server(SENT | older)
    assert is_from_older_server({"server_id": "x"})
    assert not is_from_older_server(SENT | older | {"company_name": "Acme"})


def test_optional_facts_may_be_missing():
    sent = {name: SENT[name] for name in SENT.keys() - {"name", "site_url", "site_name"}}

    assert read_request(sent).server_facts == ("server_version: 11.2.0",)


def test_everything_that_is_wrong_is_told_at_once():
    errors = read(
        server_id="",
        email="admin",
        users=0,
        terms_accepted=False,
        contact_name=5,
        company_name="",
        company_size="huge",
    )

    assert all(isinstance(each, FieldError) for each in errors)
    assert {(each.field, each.code) for each in errors} == {
        ("server_id", "required"),
        ("email", "not-an-address"),
        ("users", "out-of-range"),
        ("terms_accepted", "required"),
        ("contact_name", "not-text"),
        ("company_name", "required"),
        ("company_size", "not-a-choice"),
    }


@pytest.mark.parametrize("value", ["yes", 1, None])
def test_terms_are_accepted_by_true_alone(value):
    (error,) = read(terms_accepted=value)

    assert error.field == "terms_accepted"
