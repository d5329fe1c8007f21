import json
import re
from datetime import timedelta
from html import unescape

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from openapi_spec_validator import validate

from intake.app import LABELS, STEPS, WORDS
from partnerdesk.domain.person import Person
from partnerdesk.domain.screening import Outcome
from partnerdesk.domain.signature import Purpose
from partnerdesk.domain.trial import Spam, TrialRequest, TrialState
from partnerdesk.http import TITLES
from partnerdesk.ports import LedgerBusyError
from tests.builders import NOON
from tests.events import a_request, the_problem
from tests.functions.intake.conftest import Intake
from tests.submissions import a_submission, filled_in, posted


def accepted(answer):
    assert answer["statusCode"] == 202, answer["body"]
    return json.loads(answer["body"])


def path_of(answer):
    return accepted(answer)["status_url"].removeprefix("https://desk.example")


def shown(intake, path, status=200):
    found = intake.resolve(a_request("GET", path, headers={"accept": "text/html"}))
    assert found["statusCode"] == status
    assert found["headers"]["Content-Type"] == "text/html; charset=utf-8"
    return unescape(found["body"])


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=5,
)


class BusyLedger:
    """A ledger that takes nothing."""

    def commit(self, _change):
        raise LedgerBusyError


def test_a_request_is_kept_before_it_is_acknowledged(intake, desk):
    """Issue: 202 with reference and status_url only after the commit."""
    told = accepted(
        intake.resolve(
            posted(
                a_submission(
                    organisation="Acme Ltd [RESELLER]",
                    email="Ada@mail.Acme.example",
                    country="ua",
                    state="UA-30",
                    city="Kyiv",
                    stage="Other",
                    product_emails=True,
                )
            )
        )
    )
    trial = desk.ledger.get(TrialRequest, told["reference"])
    who = desk.ledger.get(Person, trial.contact)

    assert told["reference"] == "TRL-2026-000001"
    assert told["status_url"].startswith("https://desk.example/status/")
    assert (trial.organisation, trial.company) == ("Acme Ltd [RESELLER]", "Acme Ltd")
    assert (trial.domain, trial.country, trial.region) == ("acme.example", "UA", "UA-30")
    assert (trial.stage, trial.may_be_partner, trial.received_at) == ("other", True, NOON)
    assert (who.name, who.email) == ("Ada Lovelace", "ada@mail.acme.example")
    assert who.product_emails


def test_the_same_submission_again_has_the_same_answer(intake, desk):
    """Rule GEN-11."""
    sent = posted(a_submission())
    first = accepted(intake.resolve(sent))
    desk.clock.advance(hours=30)

    assert accepted(intake.resolve(sent)) == first
    assert len(desk.ledger.history(TrialRequest, first["reference"])) == 1


def test_a_form_and_the_api_know_each_others_submissions(intake):
    fields = a_submission()
    first = path_of(intake.resolve(posted(fields)))
    again = intake.resolve(filled_in(fields))

    assert again["headers"]["Location"] == first


def test_next_year_the_same_words_are_a_new_request(intake, desk):
    """Rule TRIAL-3."""
    sent = posted(a_submission())
    first = accepted(intake.resolve(sent))
    desk.clock.advance(days=40)

    assert accepted(intake.resolve(sent))["reference"] != first["reference"]


def test_a_senders_key_counts_once_and_for_one_submission(intake):
    fields = a_submission()
    key = {"idempotency-key": "order-66"}
    first = accepted(intake.resolve(posted(fields, headers=key)))

    assert accepted(intake.resolve(posted(fields, headers=key))) == first
    other = intake.resolve(posted(fields | {"city": "Bonn"}, headers=key))
    assert the_problem(other)["type"].endswith("key-reused")
    assert other["statusCode"] == 409


def test_all_wrong_fields_are_named_at_once(intake, desk):
    wrong = {
        "email": "ada@gmail.com",
        "country": "RU",
        "users": 0,
        "company_size": "many",
        "terms_accepted": False,
        "is_admin": True,
    }
    told = the_problem(intake.resolve(posted(wrong)))

    assert [(each["field"], each["code"]) for each in told["errors"]] == [
        ("organisation", "required"),
        ("contact_name", "required"),
        ("email", "not-a-work-address"),
        ("state", "required"),
        ("city", "required"),
        ("company_size", "not-a-choice"),
        ("users", "out-of-range"),
        ("stage", "required"),
        ("terms_accepted", "required"),
        ("is_admin", "unknown-field"),
    ]
    assert desk.ledger.waiting() == 0


@pytest.mark.parametrize("email", ["ada@gmail.com", "ada@yopmail.com"])
def test_a_free_or_disposable_address_is_refused_with_a_person_to_ask(intake, email):
    """Rule GEN-5."""
    (error,) = the_problem(intake.resolve(posted(a_submission(email=email))))["errors"]

    assert error["field"] == "email"
    assert "https://mattermost.com/contact-sales/" in error["message"]


def test_a_name_that_is_nothing_but_the_reseller_mark_is_no_name(intake):
    (error,) = the_problem(intake.resolve(posted(a_submission(organisation="[RESELLER]"))))[
        "errors"
    ]

    assert (error["field"], error["code"]) == ("organisation", "required")


def test_an_imitating_domain_is_accepted_and_flagged_for_a_person(intake, desk):
    told = accepted(intake.resolve(posted(a_submission(email="a@xn--pple-43d.com"))))

    assert desk.ledger.get(TrialRequest, told["reference"]).look_alike_domain


def test_numbers_are_digits_in_forms_and_integers_in_json(intake):
    assert intake.resolve(filled_in(a_submission(users="50")))["statusCode"] == 303
    assert intake.resolve(filled_in(a_submission(users="1_000")))["statusCode"] == 422
    assert intake.resolve(posted(a_submission(users="50")))["statusCode"] == 422
    assert intake.resolve(posted(a_submission(users=5.0)))["statusCode"] == 422


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.sampled_from([*LABELS, "nickname", "x"]), ANYTHING)
def test_whatever_a_field_holds_is_never_our_fault(intake, field, value):
    """robustness.md SEC-12."""
    found = intake.resolve(posted(a_submission(**{field: value}), source=intake.desk.ids.secret()))

    assert found["statusCode"] in {202, 400, 422}
    if found["statusCode"] == 422:
        assert {each["field"] for each in the_problem(found)["errors"]} <= {field, "state", "city"}


def test_unknown_fields_are_ignored_in_forms(intake):
    fields = a_submission(utm_source="newsletter")

    assert intake.resolve(filled_in(fields, path="/v1/trials"))["statusCode"] == 202


def test_who_asks_too_often_is_told_so_and_nothing_is_kept(intake, desk):
    """robustness.md SEC-04: by the connection's address, whatever its headers claim."""
    for number in range(60):
        headers = {"x-forwarded-for": f"198.51.100.{number}"}
        accepted(intake.resolve(posted(a_submission(), headers=headers)))
    waiting = desk.ledger.waiting()
    refused = intake.resolve(posted(a_submission()))

    assert the_problem(refused)["status"] == 429
    assert refused["headers"]["Retry-After"] == "Wed, 25 Nov 2026 13:00:00 GMT"
    assert desk.ledger.waiting() == waiting
    accepted(intake.resolve(posted(a_submission(), source="203.0.113.5")))


def test_a_robots_submission_looks_accepted_and_goes_nowhere(intake, desk):
    """robustness.md SEC-04: kept as spam, no licence, no mail, no row in a queue."""
    sent = posted(a_submission(nickname="http://spam.example"))
    answer = intake.resolve(sent)
    told = accepted(answer)

    assert told.keys() == {"reference", "status_url"}
    assert re.fullmatch(r"TRL-2026-\d{6}", told["reference"])
    assert desk.ledger.get(Spam, told["reference"]).typed
    assert desk.ledger.waiting() == 0
    assert desk.ledger.stale() == ()
    assert accepted(intake.resolve(sent)) == told
    assert WORDS[TrialState.RECEIVED][0] in shown(intake, path_of(answer))


def test_the_welcome_page_leads_to_the_form(intake):
    html = shown(intake, "/")

    assert 'href="/forms/trial"' in html
    assert "125,000 users" in html


def test_the_form_has_every_field_labelled_and_says_region(intake):
    """Rules TRIAL-1, GEN-6."""
    html = shown(intake, "/forms/trial")

    for name in LABELS:
        assert f'name="{name}"' in html
        assert f'id="{name}"' in html
    assert "Region/Country" in html
    assert not re.search(r"(?<!Region/)Country", html)
    assert "<script" not in html
    assert 'autocomplete="organization"' in html


def test_a_form_comes_back_with_what_was_typed_and_every_error_at_its_field(intake):
    found = intake.resolve(
        filled_in({"organisation": 'Smith & "Sons" <b>', "email": "ada@gmail.com", "users": "x"})
    )
    html = found["body"]

    assert found["statusCode"] == 422
    assert 'value="Smith &amp; &#34;Sons&#34; &lt;b&gt;"' in html
    assert 'value="ada@gmail.com"' in html
    for name in ("contact_name", "email", "country", "company_size", "stage", "terms_accepted"):
        assert f'href="#{name}"' in html
        assert f'id="{name}-error"' in html
    assert "<title>Error: Start a free trial" in html
    assert 'role="alert" tabindex="-1" autofocus' in html


def test_a_good_form_leads_to_its_status_page_on_the_same_site(intake):
    found = intake.resolve(filled_in(a_submission()))

    assert found["statusCode"] == 303
    assert found["headers"]["Location"].startswith("/status/")
    assert "TRL-2026-000001" in shown(intake, found["headers"]["Location"])


def test_a_silent_ledger_leaves_the_form_as_typed(desk):
    intake = Intake(desk, ledger=BusyLedger())
    found = intake.resolve(filled_in(a_submission(organisation="Kept Ltd")))

    assert found["statusCode"] == 503
    assert 'value="Kept Ltd"' in found["body"]
    assert "please try again in a moment" in found["body"]
    assert the_problem(intake.resolve(posted(a_submission())))["status"] == 503


def test_an_unreadable_form_is_told_on_a_page(intake):
    request = filled_in({})
    found = intake.resolve(request | {"body": "a=%ff"})

    assert found["statusCode"] == 400
    assert TITLES[400] in found["body"]


def test_the_status_page_follows_the_request(intake, desk):
    path = path_of(intake.resolve(posted(a_submission())))
    assert WORDS[TrialState.RECEIVED][0] in shown(intake, path)

    desk.work()
    html = shown(intake, path)
    assert WORDS[TrialState.ISSUED][0] in html
    assert html.count('class="done"') == len(STEPS[TrialState.ISSUED])


@pytest.mark.parametrize(
    ("outcome", "state"),
    [(Outcome.REVIEW, TrialState.HELD), (Outcome.BLOCK, TrialState.REFUSED)],
)
def test_the_status_page_says_nothing_of_what_screening_found(intake, desk, outcome, state):
    """Rule SCR-7."""
    desk.judged(outcome, reasons=("CUBA: a listed name",), rules=("SCR-2",))
    path = path_of(intake.resolve(posted(a_submission())))
    desk.work()
    html = shown(intake, path)

    assert WORDS[state][0] in html
    assert "compliance@mattermost.com" in html
    for secret in ("CUBA", "SCR-2", "OFAC", "screening"):
        assert secret not in html


def test_the_status_page_of_a_repeat_offers_a_person(intake, desk):
    """Rule TRIAL-4."""
    fields = a_submission()
    accepted(intake.resolve(posted(fields)))
    again = path_of(intake.resolve(posted(fields | {"contact_name": "Grace Hopper"})))
    desk.work()

    assert "There was a trial this year already" in shown(intake, again)


def test_a_link_that_is_edited_or_too_old_is_one_neutral_page(intake, desk):
    """robustness.md SEC-14."""
    path = path_of(intake.resolve(posted(a_submission())))
    for wrong in (path[:-1] + "0", "/status/x", "/status/%00", f"{path}'--"):
        assert "This link does not work" in shown(intake, wrong, 404)

    desk.clock.advance(days=30)
    assert WORDS[TrialState.RECEIVED][0] in shown(intake, path)
    desk.clock.advance(seconds=1)
    assert "This link does not work" in shown(intake, path, 404)


def test_the_ledger_keeps_no_token(intake, desk):
    """robustness.md SEC-14: only its digest is stored."""
    told = accepted(intake.resolve(posted(a_submission())))
    trial = desk.ledger.get(TrialRequest, told["reference"])
    token = desk.links.token(Purpose.STATUS, trial.ref, trial.contact)

    assert told["status_url"].endswith(token)
    assert token not in (desk.ledger.history(TrialRequest, trial.ref)[0].body)


def test_links_come_from_configuration_never_from_the_request(intake):
    sent = posted(a_submission(), headers={"host": "evil.example"})

    assert "evil.example" not in intake.resolve(sent)["body"]


def test_a_demo_says_so_on_every_page(desk):
    intake = Intake(desk, notice="This is a demo.")
    path = path_of(intake.resolve(posted(a_submission())))

    for each in ("/", "/forms/trial", path):
        assert "This is a demo." in shown(intake, each)


@pytest.mark.parametrize(
    ("path", "kind"), [("/style.css", "text/css"), ("/icon.svg", "image/svg+xml")]
)
def test_what_pages_need_is_served_by_us_and_kept_by_browsers(intake, path, kind):
    found = intake.resolve(a_request("GET", path))

    assert found["headers"]["Content-Type"] == kind
    assert found["headers"]["Cache-Control"] == "public, max-age=3600"


def test_the_door_says_that_it_is_open(intake):
    assert json.loads(intake.resolve(a_request("GET", "/health"))["body"]) == {"status": "ok"}


def test_the_api_is_described_in_openapi(intake):
    document = json.loads(intake.resolve(a_request("GET", "/openapi.json"))["body"])

    validate(document)
    schema = document["paths"]["/v1/trials"]["post"]["requestBody"]["content"]["application/json"][
        "schema"
    ]
    assert set(schema["required"]) == {
        "organisation",
        "contact_name",
        "email",
        "country",
        "company_size",
        "stage",
        "terms_accepted",
    }
    assert "other" in schema["properties"]["stage"]["enum"]
    assert document["paths"].keys() == {
        "/",
        "/forms/trial",
        "/v1/trials",
        "/status/{token}",
        "/health",
    }


def test_links_work_from_the_last_move(intake, desk):
    path = path_of(intake.resolve(posted(a_submission())))
    desk.clock.advance(days=29)
    desk.work()
    desk.clock.at += timedelta(days=29)

    assert WORDS[TrialState.ISSUED][0] in shown(intake, path)
