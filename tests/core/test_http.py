import json
import logging
import sys
from base64 import b64encode
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from subprocess import run
from threading import Barrier

import pytest
from aws_lambda_powertools.event_handler import Request, Response

from partnerdesk.domain.fields import FieldError
from partnerdesk.http import (
    MOST_BYTES,
    STATUS,
    TITLES,
    About,
    InvalidError,
    answer,
    described,
    idempotency_key,
    new_app,
    page,
    reference_of,
    see,
    sent,
    source_of,
    status_of,
)
from partnerdesk.ports import (
    ClaimTakenError,
    LedgerBusyError,
    LimitReachedError,
    MailRefusedError,
    NoSuchRecordError,
)
from tests.events import a_request, the_problem

HEAVY = [
    "boto3",
    "botocore.client",
    "pydantic",
    "jinja2",
    "cryptography",
    "rapidfuzz",
    "gspread",
    "aws_xray_sdk",
]
CSP = (
    "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; "
    "frame-ancestors 'self'"
)


def an_app(**parts):
    app = new_app(About("Doors", {"/things": lambda: {"type": "object"}}, **parts))

    @app.post("/things", responses=described(202, "Taken.", 400, 422))
    def take(request: Request) -> Response[str]:
        found = sent(request)
        return answer({"fields": sorted(found.fields), "typed": found.is_typed}, 202)

    @app.get("/things/<name>")
    def show(request: Request, name: str) -> Response[str]:
        return answer({"name": name, "from": source_of(request), "ref": reference_of(request)})

    return app


def posted(app, body="{}", **parts):
    headers = {"content-type": "application/json"} | parts.pop("headers", {})
    return app.resolve(a_request("POST", "/things", body=body, headers=headers, **parts), None)


def failing(error, **parts):
    app = new_app(About("Doors", {}, **parts))

    @app.get("/")
    def fail() -> Response[str]:
        raise error

    return app


def test_json_and_forms_are_read_by_their_type():
    app = an_app()

    assert json.loads(posted(app, '{"a": 1}')["body"]) == {"fields": ["a"], "typed": False}
    found = posted(app, "b=1", headers={"content-type": "application/x-www-form-urlencoded"})
    assert json.loads(found["body"]) == {"fields": ["b"], "typed": True}


@pytest.mark.parametrize(
    ("body", "headers", "status"),
    [
        ("", {}, 400),
        ("hello", {}, 400),
        ("[]", {}, 400),
        (b"\xff{}", {}, 400),
        (b"\xef\xbb\xbf{}", {}, 400),
        ("a" * (MOST_BYTES + 1), {}, 413),
        ("{}", {"content-length": str(MOST_BYTES + 1)}, 413),
        ("{}", {"content-length": "9" * 500}, 413),
        ("{}", {"content-type": "text/plain"}, 415),
        ("{}", {"content-type": "application/xml"}, 415),
        ("{}", {"content-type": ""}, 415),
        ("{}", {"content-type": "application/json, text/plain"}, 415),
        ("{}", {"content-type": "application/json; charset=utf-7"}, 415),
        ("{}", {"content-encoding": "gzip"}, 415),
    ],
)
def test_what_cannot_be_read_is_a_problem_and_never_our_fault(body, headers, status):
    found = posted(an_app(), body, headers=headers)

    assert the_problem(found)["status"] == found["statusCode"] == status


@pytest.mark.parametrize(
    "content_type", ["application/json; charset=UTF-8", 'Application/JSON;charset="utf8"']
)
def test_utf_8_may_be_said_in_several_ways(content_type):
    assert posted(an_app(), headers={"content-type": content_type})["statusCode"] == 202


def test_a_body_of_exactly_the_most_bytes_is_read():
    body = '{"a":"' + "x" * (MOST_BYTES - 8) + '"}'

    assert len(body) == MOST_BYTES
    assert posted(an_app(), body)["statusCode"] == 202
    wrapped = b64encode(body.encode()).decode()
    assert posted(an_app(), wrapped, is_base64=True)["statusCode"] == 202


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (MailRefusedError("No."), 422),
        (NoSuchRecordError("trial", "TRL-1"), 404),
        (ClaimTakenError("form:1", holder="TRL-1"), 409),
        (LedgerBusyError(), 503),
        (LimitReachedError("x", until=datetime(2026, 11, 25, 13, tzinfo=UTC)), 429),
        (InvalidError((FieldError("email", "required", "Please fill this in."),)), 422),
    ],
)
def test_every_kind_of_failure_has_its_status_and_code(error, status):
    found = failing(error).resolve(a_request("GET", "/"), None)

    assert status_of(error) == found["statusCode"] == status
    told = the_problem(found)
    assert told["type"] == f"urn:partnerdesk:problem:{error.code}"
    assert told["detail"] == str(error)


def test_every_status_has_a_title():
    assert {status.value for status in STATUS.values()} <= TITLES.keys()


def test_all_field_errors_are_told_at_once():
    errors = (
        FieldError("email", "required", "Please fill this in."),
        FieldError("users", "out-of-range", "Please give a number from 1 to 9."),
    )
    found = failing(InvalidError(errors)).resolve(a_request("GET", "/"), None)

    assert the_problem(found)["errors"] == [
        {"field": "email", "code": "required", "message": "Please fill this in."},
        {"field": "users", "code": "out-of-range", "message": "Please give a number from 1 to 9."},
    ]


def test_who_asks_too_often_is_told_when_to_come_back():
    until = datetime(2026, 11, 25, 13, tzinfo=UTC)
    limited = failing(LimitReachedError("x", until=until)).resolve(a_request("GET", "/"), None)
    busy = failing(LedgerBusyError()).resolve(a_request("GET", "/"), None)

    assert limited["headers"]["Retry-After"] == "Wed, 25 Nov 2026 13:00:00 GMT"
    assert busy["headers"]["Retry-After"] == "30"


def test_a_bug_says_nothing_but_a_reference_and_is_logged_under_it(caplog):
    found = failing(ZeroDivisionError("secret")).resolve(a_request("GET", "/"), None)

    told = the_problem(found)
    assert found["statusCode"] == 500
    assert "secret" not in found["body"]
    assert told["instance"] == "urn:partnerdesk:request:request-1"
    (record,) = [each for each in caplog.records if each.levelno == logging.ERROR]
    assert record.reference == "request-1"
    assert record.exc_info[0] is ZeroDivisionError


def test_refusals_are_logged_as_codes_without_what_was_sent(caplog):
    caplog.set_level(logging.INFO)
    failing(InvalidError((FieldError("4242", "too-long", "Shorter."),))).resolve(
        a_request("GET", "/"), None
    )

    (record,) = [each for each in caplog.records if each.msg == "request refused"]
    assert record.facts == {"code": "invalid", "reference": "request-1", "codes": ["too-long"]}


def test_unknown_addresses_and_methods_are_told_apart():
    app = an_app()
    nowhere = app.resolve(a_request("GET", "/nowhere"), None)
    wrong = app.resolve(a_request("DELETE", "/things/a"), None)

    assert the_problem(nowhere)["status"] == 404
    assert the_problem(wrong)["status"] == 405
    assert wrong["headers"]["Allow"] == "GET"


def test_people_get_a_page_where_machines_get_a_problem():
    app = an_app(error_page=lambda status, detail, ref: f"<p>{status} {detail} {ref}</p>")
    accepts = {"accept": "text/html,*/*"}
    for_people = app.resolve(a_request("GET", "/nowhere", headers=accepts), None)
    for_machines = app.resolve(a_request("GET", "/v1/nowhere", headers=accepts), None)

    assert for_people["body"] == "<p>404 There is nothing at this address. request-1</p>"
    assert for_people["headers"]["Content-Type"] == "text/html; charset=utf-8"
    assert the_problem(for_machines)["status"] == 404


def test_every_answer_carries_the_headers_that_protect_its_reader():
    app = an_app()
    for found in (posted(app), posted(app, "x"), app.resolve(a_request("GET", "/no"), None)):
        assert found["headers"]["Content-Security-Policy"] == CSP
        assert found["headers"]["X-Content-Type-Options"] == "nosniff"
        assert found["headers"]["Referrer-Policy"] == "no-referrer"
        assert found["headers"]["Cache-Control"] == "no-store"


def test_only_listed_sites_are_granted_anything():
    """robustness.md SEC-23: exactly the listed ones, not those that end or read alike."""
    listed = "https://example.com"
    app = an_app(origins=(listed,))
    for origin in (
        "https://example.com.evil.example",
        "https://exampleXcom",
        "http://example.com",
        "null",
    ):
        found = posted(app, headers={"origin": origin})
        assert "access-control-allow-origin" not in map(str.lower, found["headers"])

    granted = posted(app, headers={"origin": listed})["headers"]
    assert granted["Access-Control-Allow-Origin"] == listed
    assert f"frame-ancestors 'self' {listed}" in granted["Content-Security-Policy"]
    assert "Access-Control-Allow-Origin" not in posted(an_app(), headers={"origin": listed})


def test_head_is_get_without_its_body():
    found = an_app().resolve(a_request("HEAD", "/things/a"), None)

    assert found["statusCode"] == 200
    assert found["body"] == ""


def test_limits_see_the_connection_and_no_header():
    """robustness.md SEC-04."""
    request = a_request(
        "GET", "/things/a", headers={"x-forwarded-for": "127.0.0.1"}, source="203.0.113.9"
    )

    assert json.loads(an_app().resolve(request, None)["body"]) == {
        "name": "a",
        "from": "203.0.113.9",
        "ref": "request-1",
    }


def keyed(header=None, submission="s"):
    app = new_app(About("Doors", {}))

    @app.post("/")
    def tell(request: Request) -> Response[str]:
        return page(idempotency_key(request, door="trials", submission=submission))

    headers = {} if header is None else {"idempotency-key": header}
    return app.resolve(a_request("POST", "/", headers=headers), None)


def test_a_submission_counts_once_under_its_own_key_or_the_senders():
    assert keyed()["body"] == keyed()["body"] != keyed(submission="t")["body"]
    assert keyed("k")["body"] == keyed("k", submission="t")["body"] != keyed("l")["body"]
    assert keyed("~" * 255)["statusCode"] == 200


@pytest.mark.parametrize("header", ["", "k" * 256, "k" * 10_000, "a b", "caf\u00e9", "a\tb"])
def test_keys_are_visible_ascii_of_at_most_255_characters(header):
    told = the_problem(keyed(header))

    assert told["status"] == 422
    assert told["errors"][0]["field"] == "Idempotency-Key"


def test_a_redirect_stays_on_our_site():
    app = new_app(About("Doors", {}))

    @app.get("/")
    def go() -> Response[str]:
        return see("/status/abc")

    found = app.resolve(a_request("GET", "/"), None)
    assert (found["statusCode"], found["headers"]["Location"]) == (303, "/status/abc")


def test_visitors_on_several_threads_never_see_each_others_request():
    app = new_app(About("Doors", {}))
    everyone = Barrier(8)

    @app.post("/echo")
    def echo(request: Request) -> Response[str]:
        everyone.wait(timeout=10)
        return answer({"mine": sent(request).fields["mine"], "ref": reference_of(request)})

    def visit(number):
        request = a_request(
            "POST",
            "/echo",
            body=json.dumps({"mine": number}),
            headers={"content-type": "application/json"},
            reference=f"request-{number}",
        )
        return json.loads(app.resolve(request, None)["body"])

    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(visit, range(8)))

    assert found == [{"mine": number, "ref": f"request-{number}"} for number in range(8)]


def test_the_doors_describe_themselves_in_openapi_3_1():
    document = an_app().document()

    assert document["openapi"].startswith("3.1")
    taken = document["paths"]["/things"]["post"]
    assert taken["requestBody"]["content"].keys() == {
        "application/json",
        "application/x-www-form-urlencoded",
    }
    assert taken["responses"].keys() == {"202", "400", "422", "500"}
    (parameter,) = document["paths"]["/things/{name}"]["get"]["parameters"]
    assert (parameter["name"], parameter["in"]) == ("name", "path")


def test_the_doors_import_nothing_heavy():
    """robustness.md C2.1."""
    code = f"import sys, partnerdesk.http; print([x for x in {HEAVY} if x in sys.modules])"
    found = run([sys.executable, "-c", code], capture_output=True, text=True, check=True)  # noqa: S603 - our own interpreter

    assert found.stdout.strip() == "[]"
