"""The in-product trial, case by case as licence-format.md 10 lists them."""

import json
from itertools import count

import pytest

from licensing.app import build
from licensing.services import Services
from partnerdesk.domain.licence_check import check
from partnerdesk.domain.screening import Outcome
from partnerdesk.domain.trial import TrialRequest
from partnerdesk.ports import SignerUnavailableError
from tests.desk import SmallDesk, a_signer

NUMBERS = count(1)


class Server:
    """A product server that asks the desk for a trial."""

    def __init__(self, folder):
        self.desk = SmallDesk(folder)
        self.number = next(NUMBERS)

    def ask(self, *, content_type="application/json", raw=None, signer=None, **fields):
        body = json.dumps(self.body(**fields)) if raw is None else raw
        event = {
            "version": "2.0",
            "rawPath": "/api/v1/trials",
            "rawQueryString": "",
            "headers": {"content-type": content_type},
            "requestContext": {
                "http": {"method": "POST", "path": "/api/v1/trials", "sourceIp": "127.0.0.1"},
                "requestId": "r-1",
                "stage": "$default",
            },
            "body": body,
            "isBase64Encoded": False,
        }
        answer = build(self.services(signer)).resolve(event, None)
        return answer["statusCode"], json.loads(answer["body"])

    def services(self, signer=None):
        desk = self.desk
        return Services(
            ledger=desk.ledger,
            outbox=desk.ledger,
            clock=desk.clock,
            signer=signer or desk.signer,
            links=desk.links,
            desk=desk.deciding,
        )

    def body(self, **fields):
        return {
            "server_id": "a1b2c3d4e5f6g7h8i9j0k1l2m3",
            "email": "root@acme.example",
            "name": "root",
            "site_url": "https://chat.acme.example",
            "site_name": "Acme chat",
            "users": 30,
            "terms_accepted": True,
            "receive_emails_accepted": False,
            "contact_name": "Ada Lovelace",
            "contact_email": "ada@acme.example",
            "company_name": "Acme Ltd",
            "company_country": "DE",
            "company_size": "FIFTY_TO_100",
            "is_ignored": "unknown names always are",
        } | fields


@pytest.fixture
def server(tmp_path):
    made = Server(tmp_path)
    yield made
    made.desk.close()


def test_a_good_request_is_answered_with_the_licence(server):
    status, body = server.ask()

    assert status == 200
    assert list(body) == ["license"]
    outcome = check(body["license"].encode(), server.desk.signer.public_key(), at=server.desk.now())
    assert outcome.is_accepted
    assert json.loads(outcome.payload)["customer"]["email"] == "ada@acme.example"
    server.desk.work()
    assert len(server.desk.postbox.mails) == 1


def test_a_lost_reply_is_repeated_within_the_hour(server):
    first = server.ask()
    server.desk.clock.advance(minutes=59)

    assert server.ask(users=31) == first
    server.desk.clock.advance(minutes=2)
    status, body = server.ask()
    assert (status, list(body)) == (200, ["message"])
    assert "already had a trial this year, on 2026-11-25" in body["message"]


def test_a_second_trial_of_the_year_is_a_message_with_the_first_ones_date(server):
    server.ask()
    server.desk.clock.advance(days=1)
    status, body = server.ask(server_id="another-server", contact_email="bob@acme.example")

    assert status == 200
    assert "on 2026-11-25" in body["message"]


@pytest.mark.parametrize("place", ["DE", "Germany", "de"])
def test_a_place_is_a_code_or_a_name(server, place):
    assert "license" in server.ask(company_country=place)[1]


@pytest.mark.parametrize("place", ["Atlantis", "UA"])
def test_a_place_that_needs_more_is_sent_to_the_form(server, place):
    status, body = server.ask(company_country=place)

    assert status == 200
    assert "https://desk.example/forms/trial" in body["message"]
    assert server.desk.ledger.waiting() == 0


@pytest.mark.parametrize("place", ["CU", "Iran", "KP"])
def test_an_embargoed_place_is_451_in_neutral_words(server, place):
    server.desk.judged(Outcome.BLOCK)
    status, body = server.ask(company_country=place)

    assert status == 451
    assert "compliance@mattermost.com" in body["detail"]
    assert "embargo" not in json.dumps(body).lower()


def test_a_listed_name_is_a_neutral_message_and_a_case(server):
    server.desk.judged(Outcome.BLOCK)
    status, body = server.ask()

    assert status == 200
    assert "compliance@mattermost.com" in body["message"]
    [found] = server.desk.ledger.family("domain#acme.example")
    assert server.desk.ledger.get(TrialRequest, found.ref).case


def test_a_possible_hit_is_a_message_that_a_person_looks(server):
    server.desk.judged(Outcome.REVIEW)
    status, body = server.ask()

    assert status == 200
    assert "check your request" in body["message"]


def test_a_silent_signer_is_a_message_and_the_file_is_mailed_later(server):
    class Silent:
        key_id = "x"

        def sign(self, _payload):
            message = "The signer does not answer."
            raise SignerUnavailableError(message)

    status, body = server.ask(signer=Silent())
    assert status == 200
    assert "will be mailed" in body["message"]

    server.desk.signer = a_signer()
    server.desk.work()
    assert [it.attachments[0].name for it in server.desk.postbox.mails]


def test_a_consumer_address_is_a_message_with_a_person_to_turn_to(server):
    status, body = server.ask(contact_email="ada@gmail.com")

    assert status == 200
    assert "partners@mattermost.com" in body["message"]


def test_the_administrators_address_counts_where_no_other_is_given(server):
    _, body = server.ask(contact_email="")
    outcome = check(body["license"].encode(), server.desk.signer.public_key(), at=server.desk.now())

    assert json.loads(outcome.payload)["customer"]["email"] == "root@acme.example"


def test_an_older_server_is_sent_to_the_form(server):
    empty = dict.fromkeys(("contact_name", "company_name", "company_country", "company_size"), "")
    status, body = server.ask(**empty)

    assert status == 200
    assert "https://desk.example/forms/trial" in body["message"]


def test_field_errors_are_all_told_at_once(server):
    status, body = server.ask(users=0, company_size="huge", terms_accepted=False)

    assert status == 400
    assert {each["field"] for each in body["errors"]} == {
        "users",
        "company_size",
        "terms_accepted",
    }
    assert "company_size" in body["message"]
    assert server.desk.ledger.waiting() == 0


@pytest.mark.parametrize(
    ("content_type", "raw", "status"),
    [
        ("application/json", "{", 400),
        ("application/x-www-form-urlencoded", "email=a", 415),
        ("text/plain", "{}", 415),
        ("application/json", " " * 300_000, 413),
    ],
)
def test_what_cannot_be_read_is_a_problem(server, content_type, raw, status):
    found, body = server.ask(content_type=content_type, raw=raw)

    assert found == status
    assert body["status"] == status


def test_a_flood_is_told_when_to_come_back(server):
    most = server.desk.settings.limits.per_source_an_hour
    statuses = [
        server.ask(contact_email=f"ada@firm-{n}.example", server_id=f"s{n}")[0]
        for n in range(most + 1)
    ]

    assert statuses[-1] == 429
    assert set(statuses[:-1]) == {200}


def test_the_company_is_named_without_reseller(server):
    _, body = server.ask(company_name="Acme Ltd [Reseller]")
    outcome = check(body["license"].encode(), server.desk.signer.public_key(), at=server.desk.now())

    assert json.loads(outcome.payload)["customer"]["company"] == "Acme Ltd"


def test_every_2xx_body_is_an_object_of_strings(server):
    for fields in ({}, {"contact_email": "a@gmail.com"}, {"company_country": "UA"}):
        status, body = server.ask(**fields)
        assert status == 200
        assert all(isinstance(value, str) for value in body.values())
