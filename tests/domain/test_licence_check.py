import json
import re
from base64 import b64decode, b64encode, urlsafe_b64encode
from datetime import UTC, datetime, timedelta
from functools import cache, partial
from unicodedata import normalize

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.hashes import SHA512
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import assume, given
from hypothesis import strategies as st

from partnerdesk.domain.keys import UnfitKeyError, is_signature, key_id_of, public_key_of
from partnerdesk.domain.licence_check import Check, check
from partnerdesk.domain.licence_file import (
    Draft,
    Licensee,
    customer_id,
    file_text,
    licence_id,
    payload_of,
    signed,
)
from partnerdesk.domain.licence_payload import Grade, fold
from partnerdesk.domain.licence_term import (
    Period,
    trial_again_period,
    trial_period,
)
from partnerdesk.domain.profiles import SKUS
from tests.drafts import DESK, NOON, a_trial, an_order
from tests.signing import fixed_key, public_pem, rsa_key, sign


@cache
def a_text(draft=None):
    return file_of(payload_of(draft or an_order()))


def file_of(payload):
    """Any payload at all, well signed; the fixed key decides which of them trap 1 catches."""
    assert not sign(payload).endswith(b"\0"), "choose another payload: trap 1"
    return file_text(payload, sign(payload)).encode()


def file_saying(changes, *, without=()):
    """The worked example with other values, by path, and without some keys."""
    content = json.loads(payload_of(an_order()))
    for path, value in changes.items():
        place, key = _place(content, path)
        place[key] = value
    for path in without:
        place, key = _place(content, path)
        del place[key]
    spaces = range(256)  # JSON may hold any number of them: one mends trap 1
    payloads = (json.dumps(content).replace(",", "," + " " * n, 1).encode() for n in spaces)
    return file_of(next(each for each in payloads if not sign(each).endswith(b"\0")))


def _place(content, path):
    outer, _, inner = path.rpartition(".")
    return (content[outer] if outer else content), inner


def looked_at(content, **changes):
    return check(content, public_pem(), **({"at": NOON} | changes))


def refusals(outcome: Check):
    return [finding.code for finding in outcome.findings if finding.grade is Grade.REFUSAL]


def warnings(outcome: Check):
    return [finding.code for finding in outcome.findings if finding.grade is Grade.WARNING]


def sentences(outcome: Check):
    return " ".join(finding.sentence for finding in outcome.findings)


# What is accepted


def test_the_worked_example_is_accepted_and_shown_as_it_was_signed():
    outcome = looked_at(a_text())

    assert outcome.is_accepted
    assert warnings(outcome) == []
    assert outcome.payload.encode() == payload_of(an_order())
    assert outcome.facts.days_left == 363


names = st.text(
    st.characters(codec="utf-8", exclude_categories=("Cc",)), min_size=1, max_size=100
).filter(lambda text: text.strip())


@given(
    name=names,
    company=names,
    seats=st.integers(1, 2**63 - 1),
    sku=st.sampled_from(list(SKUS)),
    starts_at=st.datetimes(datetime(2020, 1, 1), datetime(2040, 1, 1)),  # noqa: DTZ001 - UTC below
    length=st.timedeltas(timedelta(milliseconds=1), timedelta(days=2_000)),
    is_trial=st.booleans(),
)
def test_any_payload_we_build_verifies(  # noqa: PLR0913 - the dimensions of a licence
    *, name, company, seats, sku, starts_at, length, is_trial
):
    at = starts_at.replace(tzinfo=UTC)
    assume(
        all(len(normalize("NFKC", text)) <= limit for text, limit in ((name, 128), (company, 200)))
    )
    draft = Draft(
        id=licence_id(DESK, name),
        issued_at=at,
        period=Period(at, at + length),
        sku=sku,
        seats=seats,
        is_trial=is_trial,
        licensee=Licensee(
            id=customer_id(DESK, name), name=name, email="it@acme.example", company=company
        ),
    )

    made = signed(payload_of(draft), sign=sign, next_id=partial(licence_id, DESK, name))
    outcome = check(made.text.encode(), public_pem(), at=at, active_users=seats)

    assert outcome.is_accepted
    assert warnings(outcome) == []
    assert outcome.payload.encode() == made.payload


def test_any_order_and_escape_of_json_is_read():
    content = json.loads(payload_of(an_order()))
    backwards = dict(reversed(content.items()))

    outcome = looked_at(file_of(json.dumps(backwards, indent=1).encode()))

    assert outcome.is_accepted
    assert "\\u00ea" in outcome.payload


# Trap 1


def test_a_file_whose_signature_ends_in_nul_is_refused_as_a_server_would():
    """A verifier that keeps the NULs does not notice."""
    ref = next(
        ref
        for ref in (f"TRL-2026-{number:06}" for number in range(1, 5_000))
        if sign(payload_of(a_trial(ref))).endswith(b"\0")
    )
    payload = payload_of(a_trial(ref))
    text = file_text(payload, sign(payload)).encode()

    assert refusals(looked_at(text)) == ["signature"]
    assert looked_at(text).payload == ""
    decoded = b64decode(text)
    assert is_signature(decoded[-256:], decoded[:-256], key=public_key_of(public_pem()))

    mended = signed(payload, sign=sign, next_id=partial(licence_id, DESK, ref))
    assert looked_at(mended.text.encode()).is_accepted


def test_nuls_after_the_signature_are_stripped_as_a_server_does():
    payload = payload_of(an_order())

    assert looked_at(b64encode(payload + sign(payload) + bytes(3))).is_accepted


# Trap 2 and Base64


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (lambda text: b"\xef\xbb\xbf" + text, "byte-order mark"),
        (lambda text: text[:100] + b" " + text[100:], "spaces"),
        (lambda text: text + b"\t", "spaces"),
        (lambda text: urlsafe_b64encode(b64decode(text)), "URL-safe"),
        (lambda text: text.rstrip(b"="), "padding is missing"),
        (lambda text: text + b"=", "padding is missing"),
        (lambda text: text + text, "follows the padding"),
        (lambda text: text[:100] + b"\x00" + text[100:], "other characters"),
        (lambda text: text[:100] + "é".encode() + text[100:], "other characters"),
        (lambda text: text[:-2], "padding is missing"),
    ],
)
def test_what_people_do_to_base64_is_refused_and_named(spoil, words):
    text = a_text()
    assert text.endswith(b"=")

    outcome = looked_at(spoil(text))

    assert refusals(outcome) == ["base64"]
    assert words in sentences(outcome)
    assert outcome.payload == ""


def test_stray_bits_before_the_padding_are_refused():
    text = a_text()
    alphabet = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
    last = text.index(b"=") - 1
    neighbour = alphabet[alphabet.index(text[last]) + 1]
    spoilt = text[:last] + bytes([neighbour]) + text[last + 1 :]
    assert b64decode(spoilt) == b64decode(text)

    assert "stray bits" in sentences(looked_at(spoilt))


@given(st.lists(st.integers(0, 1_780), max_size=20), st.sampled_from([b"\n", b"\r", b"\r\n"]))
def test_line_ends_are_ignored_wherever_they_stand(places, line_end):
    text = a_text()
    for place in places:
        text = text[:place] + line_end + text[place:]

    assert looked_at(text).is_accepted


def test_line_ends_count_towards_the_size():
    text = a_text()

    assert looked_at(text + b"\n" * (10_000 - len(text))).is_accepted
    assert refusals(looked_at(text + b"\n" * (10_001 - len(text)))) == ["size"]


@pytest.mark.parametrize(
    "content", [b"", b"\n", b"AAAA", b64encode(bytes(300)), b64encode(b"x" * 256)]
)
def test_what_holds_no_payload_is_too_short(content):
    assert refusals(looked_at(content)) == ["length"]


# Changes


@given(place=st.integers(0, 1_779), byte=st.integers(0, 255))
def test_a_change_of_any_byte_of_the_text_is_refused(place, byte):
    text = a_text()
    assume(text[place] != byte)

    outcome = looked_at(text[:place] + bytes([byte]) + text[place + 1 :])

    assert not outcome.is_accepted
    assert outcome.payload == ""


@given(place=st.integers(0, 1_332), change=st.integers(1, 255))
def test_a_change_of_any_byte_of_payload_or_signature_is_refused(place, change):
    decoded = bytearray(b64decode(a_text()))
    decoded[place] ^= change

    assert refusals(looked_at(b64encode(decoded))) == ["signature"]


@given(place=st.integers(0, 1_332))
def test_a_missing_byte_is_refused(place):
    decoded = b64decode(a_text())

    outcome = looked_at(b64encode(decoded[:place] + decoded[place + 1 :]))

    assert refusals(outcome) == ["signature"]


# Keys


def test_the_file_of_another_key_is_refused_and_not_shown():
    stranger = rsa.generate_private_key(public_exponent=65_537, key_size=2048)

    outcome = check(a_text(), public_pem(stranger), at=NOON)

    assert refusals(outcome) == ["signature"]
    assert outcome.payload == ""
    assert outcome.facts is None


def _pkcs1():
    return fixed_key().public_key().public_bytes(Encoding.PEM, PublicFormat.PKCS1).decode()


def _of_curve():
    public = ec.generate_private_key(ec.SECP256R1()).public_key()
    return public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()


@pytest.mark.parametrize(
    "pem",
    [
        _pkcs1,
        _of_curve,
        lambda: public_pem(rsa.generate_private_key(public_exponent=65_537, key_size=1024)),  # noqa: S505 - the point
        lambda: "",
        lambda: "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n",
        lambda: "-----BEGIN PUBLIC KEY-----\nA\n-----END PUBLIC KEY-----\n",
        lambda: public_pem() * 2,
        lambda: _pkcs1().replace("RSA PUBLIC", "PUBLIC"),
        lambda: public_pem().replace("MIIB", "MIIC"),
    ],
    ids=["pkcs1", "curve", "1024", "empty", "junk", "cut", "two", "relabelled", "broken"],
)
def test_a_key_that_no_server_could_use_is_refused(pem):
    outcome = check(a_text(), pem(), at=NOON)

    assert refusals(outcome) == ["key"]
    with pytest.raises(UnfitKeyError):
        key_id_of(pem())


def test_a_key_has_a_short_name_that_does_not_depend_on_line_ends():
    assert re.fullmatch("[0-9a-f]{16}", key_id_of(public_pem()))
    assert key_id_of(public_pem()) == key_id_of("\n" + public_pem().replace("\n", "\r\n"))


# JSON


@pytest.mark.parametrize(
    "payload",
    [
        b"[]",
        b"null",
        b"{",
        b'{"id":NaN}',
        b'{"a":1}{"b":2}',
        b'{"a":1}\n',
        b' {"a":1}',
        b"\xef\xbb\xbf{}",
        b'{"a":"line\nbreak"}',
        b'{"a":01}',
        b'{"a":' + b"9" * 5_000 + b"}",
        b'{"a":' + b"[" * 6_000 + b"]" * 1_000 + b"}",
        b"{'a':1}",
    ],
)
def test_what_is_not_one_json_object_is_refused(payload):
    outcome = looked_at(file_of(payload))

    assert refusals(outcome) == ["json"]


def test_what_is_not_utf_8_is_refused():
    assert refusals(looked_at(file_of(b'{"a":"\xff"}'))) == ["utf-8"]


@pytest.mark.parametrize(
    "twice",
    [
        b'{"id":"a","id":"b"}',
        b'{"id":"a","ID":"b"}',
        b'{"features":{"users":1,"Users":2}}',
        '{"features":{"users":1,"u\N{LATIN SMALL LETTER LONG S}ers":2}}'.encode(),
        b'{"unknown":{"deep":[{"a":1,"A":2}]}}',
    ],
)
def test_a_key_that_stands_twice_is_refused_whatever_its_case(twice):
    assert refusals(looked_at(file_of(twice))) == ["duplicate-key"]


def test_keys_are_read_as_a_server_reads_them():
    text = payload_of(an_order()).decode()
    shouted = text.replace('"id":"o1', '"ID":"o1').replace(
        '"users"', '"U\N{LATIN SMALL LETTER LONG S}ers"'
    )

    outcome = looked_at(file_of(shouted.encode()), active_users=251)

    assert warnings(outcome) == ["key-case", "key-case"]
    assert refusals(outcome) == ["seats"]


def test_keys_are_compared_by_simple_folding_alone():
    assert fold("\N{KELVIN SIGN}ey\N{LATIN SMALL LETTER LONG S}") == "keys"
    assert fold("o\N{LATIN SMALL LIGATURE FF}ice") != fold("office")


def test_unknown_keys_are_told_but_do_no_harm():
    outcome = looked_at(file_saying({"colour": "blue", "features.teleport": True, "customer.": 1}))

    assert outcome.is_accepted
    assert warnings(outcome) == ["unknown-key"] * 3
    assert '"features.teleport"' in sentences(outcome)


def test_a_dot_in_a_key_reaches_no_other_object():
    outcome = looked_at(file_saying({"customer": {}, "features.users": 250}))
    dotted = json.loads(payload_of(an_order())) | {"features.users": 1}

    assert refusals(outcome) == ["missing"] * 4
    assert looked_at(file_of(json.dumps(dotted).encode()), active_users=200).is_accepted


# Fields


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("features.users", 50.0),
        ("features.users", "50"),
        ("features.users", True),
        ("features.users", None),
        ("features.users", 2**63),
        ("starts_at", 1.795392e12),
        ("expires_at", "1827014399000"),
        ("id", 26),
        ("id", None),
        ("customer", "Rio Claro"),
        ("customer", None),
        ("customer.name", None),
        ("features", []),
        ("features.ldap", "true"),
        ("features.ldap", 1),
        ("features.future_features", None),
        ("is_trial", 0),
        ("is_gov_sku", "no"),
        ("is_seat_count_enforced", 1),
        ("extra_users", "5"),
        ("extra_users", 0.5),
        ("signup_jwt", "x"),
        ("limits", {}),
    ],
)
def test_a_value_of_another_type_is_refused(path, value):
    outcome = looked_at(file_saying({path: value}))

    assert "type" in refusals(outcome)
    assert f"`{path}` must be" in sentences(outcome)


@pytest.mark.parametrize("number", [b"50.0", b"5e1", b"5E1", b'"50"'])
def test_integers_have_neither_fraction_nor_exponent(number):
    """Licence-format.md trap 3."""
    payload = payload_of(an_order()).replace(b'"users":250', b'"users":' + number)

    assert refusals(looked_at(file_of(payload))) == ["type"]


@pytest.mark.parametrize(
    ("path", "value", "code"),
    [
        ("id", "o1pszszru9g58b7sasmhhpmze", "id"),
        ("id", "o1pszszru9g58b7sasmhhpmzeh1", "id"),
        ("id", "o1pszszru9g58b7sasmhhpmze\N{LATIN SMALL LETTER E WITH ACUTE}", "id"),
        ("id", "o1pszszru9g58b7sasmhhpmze\N{ARABIC-INDIC DIGIT FOUR}", "id"),
        ("id", "o1pszszru9g58b7sasmhhpmzeh\n", "id"),
        ("customer.id", "", "id"),
        ("customer.name", "", "text"),
        ("customer.name", "n" * 129, "text"),
        ("customer.email", "e" * 255, "text"),
        ("customer.company", "c" * 201, "text"),
        ("customer.company", "half \ud800", "text"),
        ("features.users", 0, "users"),
        ("features.users", -1, "users"),
        ("sku_short_name", "E20", "sku"),
        ("sku_short_name", "E10", "sku"),
        ("sku_short_name", "Enterprise", "sku"),
        ("sku_name", "Starter", "sku"),
        ("sku_name", "Professional", "sku"),
    ],
)
def test_a_value_out_of_bounds_is_refused(path, value, code):
    assert refusals(looked_at(file_saying({path: value}))) == [code]


@pytest.mark.parametrize(
    "path",
    [
        "id", "issued_at", "starts_at", "expires_at", "sku_name", "sku_short_name", "customer",
        "customer.id", "customer.name", "customer.email", "customer.company", "features",
        "features.users",
    ],
)  # fmt: skip
def test_a_missing_field_that_counts_is_refused(path):
    outcome = looked_at(file_saying({}, without=[path]))

    assert refusals(outcome) == ["missing"]
    assert f"`{path}` is missing." in sentences(outcome)


def test_a_missing_flag_is_told_since_it_is_not_false():
    """Licence-format.md trap 6."""
    outcome = looked_at(
        file_saying({}, without=["features.future_features", "features.cloud", "is_trial"])
    )

    assert outcome.is_accepted
    assert warnings(outcome) == ["missing"] * 3


@pytest.mark.parametrize("path", ["issued_at", "starts_at", "expires_at"])
def test_times_in_seconds_are_noticed(path):
    """Licence-format.md trap 4."""
    outcome = looked_at(file_saying({path: 1_795_392_000}))

    assert "instant" in refusals(outcome)
    assert "(seconds?)" in sentences(outcome)


def test_a_period_that_runs_backwards_is_refused():
    assert "period" in refusals(looked_at(file_saying({"starts_at": 1_827_014_399_000})))


def test_flags_unlike_the_profile_are_told():
    outcome = looked_at(file_saying({"features.auto_translation": True, "features.saml": False}))

    assert outcome.is_accepted
    assert warnings(outcome) == ["profile", "profile"]
    assert "`features.auto_translation` is true, unlike the profile of enterprise." in sentences(
        outcome
    )


def test_what_newer_servers_know_is_taken():
    newer = {
        "is_seat_count_enforced": True, "extra_users": 5, "signup_jwt": None, "limits": None,
    }  # fmt: skip

    assert warnings(looked_at(file_saying(newer))) == []
    assert looked_at(file_saying(newer | {"extra_users": None})).is_accepted


def test_all_that_is_wrong_is_told_at_once():
    outcome = looked_at(
        file_saying({"features.users": 0, "customer.name": "", "id": "x"}),
        at=NOON + timedelta(days=999),
    )

    assert refusals(outcome) == ["id", "text", "users", "expired"]


# Time and seats


@pytest.mark.parametrize(
    ("at", "is_accepted", "in_grace", "days_left"),
    [
        ("2027-11-23T23:59:59.000+00:00", True, False, 0),
        ("2027-11-23T23:59:59.001+00:00", False, True, 0),
        ("2027-12-03T23:59:59.000+00:00", False, True, -10),
        ("2027-12-03T23:59:59.001+00:00", False, False, -10),
    ],
)
def test_an_expired_file_is_refused_even_in_its_grace(at, is_accepted, in_grace, days_left):
    outcome = looked_at(a_text(), at=datetime.fromisoformat(at))

    assert outcome.is_accepted is is_accepted
    assert outcome.facts.is_in_grace is in_grace
    assert f"Whole days left: {days_left}." in sentences(outcome)
    assert outcome.payload != ""


def test_a_future_start_is_no_obstacle():
    outcome = looked_at(a_text(), at=datetime(2026, 1, 1, tzinfo=UTC))

    assert outcome.is_accepted
    assert "It has not started; servers do not wait." in sentences(outcome)


@pytest.mark.parametrize(("users", "codes"), [(250, []), (251, ["seats"]), (0, []), (None, [])])
def test_more_active_users_than_seats_are_refused(users, codes):
    """Rule LIC-5."""
    assert refusals(looked_at(a_text(), active_users=users)) == codes


@pytest.mark.parametrize(
    ("period", "says_trial", "told"),
    [
        (trial_period(NOON), True, ["trial"]),
        (trial_again_period(NOON), True, ["trial", "sanctioned"]),
        (trial_again_period(NOON), False, ["trial"]),
    ],
)
def test_whether_it_is_a_trial_and_may_be_taken_again_is_told(period, says_trial, told):
    outcome = looked_at(a_text(an_order(period=period, is_trial=says_trial)))
    facts = [
        finding.code for finding in outcome.findings if finding.code in {"trial", "sanctioned"}
    ]

    assert facts == told
    assert ("It is a trial." in sentences(outcome)) is says_trial


def test_a_file_that_is_a_trial_by_its_length_alone_is_told_to_be_one():
    """Licence-format.md trap 7."""
    start = 1_795_392_000_000
    outcome = looked_at(file_saying({"starts_at": start, "expires_at": start + 2_678_399_000}))

    assert "It is a trial." in sentences(outcome)


def test_a_signature_of_an_rsa_key_of_another_exponent_is_checked_too():
    numbers = fixed_key().private_numbers()
    small = rsa_key(numbers.p, numbers.q, 17)
    payload = payload_of(an_order())
    text = file_text(payload, small.sign(payload, PKCS1v15(), SHA512())).encode()

    assert check(text, public_pem(small), at=NOON).is_accepted
    assert not looked_at(text).is_accepted
