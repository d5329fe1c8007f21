import json
import logging
import sqlite3
import unicodedata
from contextlib import closing

import pytest

from partnerdesk.domain.identity import is_look_alike
from partnerdesk.domain.licence import LicenceFile
from partnerdesk.domain.names import LOOK_ALIKE, taken_apart
from partnerdesk.domain.person import Person
from partnerdesk.domain.trial import Spam, TrialRequest, TrialState
from tests.bad_inputs import CORPUS, Base, body_of, cases, headers_of, value_of
from tests.events import a_request, the_problem
from tests.submissions import FORM, JSON, a_submission

ENDPOINT = "/v1/trials"
CASES = cases(ENDPOINT)
PROPERTIES = {
    "organisation": "organisation",
    "contact_name": "contact_name",
    "email": "email",
    "country": "country",
    "seats": "users",
    "honeypot": "nickname",
}

OUR_CHOICE = {
    "four_byte_len": 202,  # a name of emoji alone is kept, and screening cannot read it: REVIEW
    "email_trailing_dot": 422,
    "extra_field": 422,
    "state_field": 422,
    "header_host_spoof": 202,
    "header_origin_suffix": 202,
    "header_origin_regex_dot": 202,
    "header_cookie_bomb": 202,
}
"""What we answer where the corpus leaves it to us; the same on every path."""

READ_ALIKE = {
    "fullwidth_name": "ACME",
    "sharp_s": "Strasse AG",
    "homograph_cyrillic": "Acme Ltd",
    "homograph_greek": "Acme",
}
"""What screening must take a name for."""

LOOK_ALIKES = {"homograph_cyrillic", "homograph_greek"}
LONG_ENOUGH_TO_FIND = 8

pytestmark = pytest.mark.skipif(not CASES, reason=f"the corpus is not at {CORPUS}")


def rows(folder):
    """Return how many rows each table of the desk holds."""
    with closing(sqlite3.connect(folder / "desk.db")) as database:
        tables = database.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
        return {
            name: database.execute(f'SELECT count(*) FROM "{name}"').fetchone()  # noqa: S608 - its own names
            for (name,) in tables.fetchall()
        }


def sent(case):
    """Return the request of a case, and the field values that it would have the desk keep."""
    fields = a_submission()
    base = Base(fields, PROPERTIES)
    usual = FORM if case.get("encoding") == "form" else JSON
    body = json.dumps(fields).encode() if case["surface"] == "header" else body_of(case, base)
    headers = headers_of(case, usual)
    return a_request("POST", ENDPOINT, body=body, headers=headers)


def never_logged(case, caplog):
    """Test that no log holds what was sent."""
    value = value_of(case["value"])
    if isinstance(value, str) and len(value) >= LONG_ENOUGH_TO_FIND:
        for record in caplog.records:
            assert value not in str(vars(record))


@pytest.mark.parametrize(
    "name", [n for n, it in CASES.items() if it["expected"]["verdict"] == "reject"]
)
def test_a_bad_input_is_refused_with_every_reason_and_nothing_is_stored(
    name, intake, tmp_path, caplog
):
    caplog.set_level(logging.DEBUG)
    case = CASES[name]
    before = rows(tmp_path)
    answer = intake.resolve(sent(case))

    assert answer["statusCode"] in case["expected"].get("status", [400, 422])
    told = the_problem(answer)
    if case["surface"] == "field" and answer["statusCode"] == 422:
        assert [each["field"] for each in told["errors"]] == [PROPERTIES[case["field"]]]
    assert rows(tmp_path) == before
    never_logged(case, caplog)


@pytest.mark.parametrize(
    "name", [n for n, it in CASES.items() if it["expected"]["verdict"] == "either"]
)
def test_where_both_are_sound_we_keep_to_our_choice(name, intake):
    case = CASES[name]
    answer = intake.resolve(sent(case))

    assert answer["statusCode"] == OUR_CHOICE[name]
    if answer["statusCode"] >= 400:
        the_problem(answer)
    for absent in case["expected"].get("absent", []):
        assert absent not in answer["body"]
    forbidden = case["expected"].get("absent_header", "")
    assert forbidden not in {header.lower() for header in answer["headers"]}


@pytest.mark.parametrize(
    "name", [n for n, it in CASES.items() if it["expected"]["verdict"] == "accept"]
)
def test_an_awkward_input_is_kept_as_it_is_up_to_the_mailed_licence(name, intake, desk, caplog):
    caplog.set_level(logging.DEBUG)
    case = CASES[name]
    request = sent(case)
    answer = intake.resolve(request)

    assert answer["statusCode"] == 202, answer["body"]
    trial = desk.ledger.get(TrialRequest, json.loads(answer["body"])["reference"])
    who = desk.ledger.get(Person, trial.contact)
    if case["surface"] == "field":
        typed = json.loads(request["body"])[PROPERTIES[case["field"]]]
        kept = {"organisation": trial.organisation, "contact_name": who.name, "email": who.email}
        assert kept[case["field"]] == as_kept(case["field"], typed)
    then_holds(name, trial, who)
    desk.work()
    mailed_literally(desk, trial, who)
    never_logged(case, caplog)


def as_kept(field, typed):
    return typed.lower() if field == "email" else unicodedata.normalize("NFC", typed.strip())


def then_holds(name, trial, who):
    """Check what the case says beyond the reply, as far as a trial's record can show it."""
    if name in READ_ALIKE:
        name_read = taken_apart(trial.company, person=False)
        assert name_read.words == taken_apart(READ_ALIKE[name], person=False).words
        assert (LOOK_ALIKE in name_read.notes) == (name in LOOK_ALIKES)
    if name == "email_punycode_homograph":
        assert trial.look_alike_domain
        assert is_look_alike(who.email.partition("@")[2])


def mailed_literally(desk, trial, who):
    """Check that the licence and its one mail say the name as it was kept, and nothing runs."""
    issued = desk.trial(trial.ref)
    assert issued.state is TrialState.ISSUED
    payload = json.loads(desk.ledger.get(LicenceFile, issued.licence).payload)
    assert payload["customer"]["company"] == trial.company
    assert payload["customer"]["name"] == who.name
    (mail,) = desk.postbox.mails
    assert mail.recipient == who.email
    assert trial.company in mail.text
    assert trial.company not in mail.subject
    assert "<script>" not in mail.html
    assert "<img" not in mail.html


@pytest.mark.parametrize(
    "name", [n for n, it in CASES.items() if it["expected"]["verdict"] == "discard"]
)
def test_a_robot_hears_what_a_person_hears_and_nothing_happens(name, intake, desk, caplog):
    caplog.set_level(logging.DEBUG)
    case = CASES[name]
    answer = intake.resolve(sent(case))
    told = json.loads(answer["body"])

    assert answer["statusCode"] == 202
    assert told.keys() == {"reference", "status_url"}
    assert desk.ledger.get(Spam, told["reference"])
    assert (desk.ledger.waiting(), desk.work(), desk.postbox.mails) == (0, 0, [])
    never_logged(case, caplog)


def test_every_case_of_the_endpoint_is_run():
    verdicts = {each["expected"]["verdict"] for each in CASES.values()}

    assert verdicts == {"accept", "discard", "either", "reject"}
    assert {n for n, it in CASES.items() if it["expected"]["verdict"] == "either"} == set(
        OUR_CHOICE
    )
