"""The story on AWS: from a request to the mailed licence, through every handler of the template."""

from collections import Counter
from datetime import timedelta

import pytest

from partnerdesk.adapters.system import SystemClock
from partnerdesk.domain.licence_check import check
from tests.cloud import a_cloud, may
from tests.template import functions

COMPANY = "Northwind Orchard Systems"

ASKED = {
    "organisation": COMPANY,
    "contact_name": "Ada Lovelace",
    "email": "ada@northwind-orchard.example",
    "country": "DE",
    "city": "Berlin",
    "company_size": "51-100",
    "users": 60,
    "stage": "evaluating",
    "terms_accepted": True,
    "product_emails": False,
}

IN_PRODUCT = {
    "server_id": "qmaiwknipbgq8xhdkaznxbp7ec",
    "email": "ada@northwind-orchard.example",
    "name": "Ada Lovelace",
    "site_url": "https://chat.northwind-orchard.example",
    "site_name": "Chat",
    "users": 100,
    "terms_accepted": True,
    "receive_emails_accepted": False,
    "company_name": COMPANY,
    "company_country": "DE",
    "company_size": "51-100",
    "contact_name": "Ada Lovelace",
    "contact_email": "ada@northwind-orchard.example",
}


@pytest.fixture
def cloud(monkeypatch):
    with a_cloud(monkeypatch) as cloud:
        cloud.publish_lists()
        yield cloud


def licence_of(mail):
    [file] = mail.iter_attachments()
    return file.get_content()


def verified(cloud, file):
    return check(file, cloud.licence_key(), at=SystemClock().now() + timedelta(minutes=1))


def test_a_trial_becomes_a_signed_and_mailed_licence(cloud):
    answer = cloud.post("/v1/trials", ASKED)
    assert answer.status == 202
    cloud.settle()

    [mail] = cloud.mails()
    outcome = verified(cloud, licence_of(mail))
    assert outcome.is_accepted, outcome.findings
    assert mail["To"] == ASKED["email"]
    assert mail["Subject"].startswith(answer.json["reference"])
    assert answer.json["status_url"] in mail.get_body(("plain",)).get_content()


def test_the_status_page_tells_of_the_mailed_licence(cloud):
    url = cloud.post("/v1/trials", ASKED).json["status_url"]
    path = url.removeprefix("https://desk.example")
    assert "Your licence is issued" not in cloud.ask("GET", path).body
    cloud.settle()
    assert "Your licence is issued" in cloud.ask("GET", path).body


def test_the_same_request_again_is_the_same_licence(cloud):
    first = cloud.post("/v1/trials", ASKED)
    cloud.settle()
    again = cloud.post("/v1/trials", ASKED)
    cloud.settle()

    assert (again.status, again.json) == (202, first.json)
    assert len(cloud.mails()) == 1


def test_whatever_is_delivered_twice_happens_once(cloud):
    cloud.deliveries = 2
    cloud.post("/v1/trials", ASKED)
    cloud.settle()

    assert len(cloud.mails()) == 1


def test_a_listed_name_waits_for_compliance_and_hears_nothing_of_lists(cloud):
    answer = cloud.post("/v1/trials", ASKED | {"contact_name": "Vladimir Putin"})
    assert answer.status == 202
    cloud.settle()

    subjects = sorted(mail["Subject"] for mail in cloud.mails())
    to_them = [mail for mail in cloud.mails() if mail["To"] == ASKED["email"]]
    assert len(subjects) == 2
    assert "Screening case" in " ".join(subjects)
    assert "OFAC" not in to_them[0].get_body(("plain",)).get_content()
    assert all(not list(mail.iter_attachments()) for mail in cloud.mails())


def test_without_lists_nothing_is_clear(monkeypatch):
    with a_cloud(monkeypatch) as cloud:
        cloud.post("/v1/trials", ASKED)
        cloud.settle()
        assert all(not list(mail.iter_attachments()) for mail in cloud.mails())
        assert len(cloud.mails()) == 2


def test_a_server_is_answered_with_its_licence_at_once(cloud):
    answer = cloud.post("/api/v1/trials", IN_PRODUCT)

    assert answer.status == 200
    outcome = verified(cloud, answer.json["license"].encode())
    assert outcome.is_accepted, outcome.findings
    cloud.settle()
    [mail] = cloud.mails()
    assert licence_of(mail) == answer.json["license"].encode()


def test_what_nobody_declared_is_answered_by_intake(cloud):
    assert cloud.ask("GET", "/wp-login.php").status == 404
    assert cloud.ask("DELETE", "/v1/trials").status == 405
    assert cloud.ask("HEAD", "/health").status == 200


def test_no_call_goes_beyond_its_functions_role(cloud):
    cloud.ask("GET", "/forms/trial")
    url = cloud.post("/v1/trials", ASKED).json["status_url"]
    cloud.post("/v1/trials", ASKED | {"contact_name": "Vladimir Putin", "email": "v@b.example"})
    cloud.post("/v1/trials", ASKED)
    cloud.post("/api/v1/trials", IN_PRODUCT)
    cloud.settle()
    cloud.ask("GET", url.removeprefix("https://desk.example"))
    cloud.tick("sweep")
    cloud.tick("turn-licences")

    beyond = {
        (function, *act) for function in functions() for act in cloud.acts(function) - may(function)
    }
    assert beyond == set()


def test_accepting_a_form_is_one_call_to_aws(cloud):
    """robustness.md C2.6: apart from a block of ids each twentieth time."""
    cloud.post("/v1/trials", ASKED)
    before = Counter(cloud.calls("Intake"))
    cloud.post("/v1/trials", ASKED | {"email": "b@orchard.example"})

    assert cloud.calls("Intake") - before == {"TransactWriteItems": 1}


def test_issuing_a_licence_takes_few_calls_to_aws(cloud):
    """robustness.md C2.6: read, sign, commit; and taking the message off the outbox."""
    for n in range(2):
        before = Counter(cloud.calls("Licensing"))
        cloud.post("/v1/trials", ASKED | {"email": f"b@orchard-{n}.example"})
        cloud.settle()
    spent = cloud.calls("Licensing") - before

    assert spent["Sign"] == 1
    assert spent["TransactWriteItems"] == 1
    assert spent["GetPublicKey"] == 0
