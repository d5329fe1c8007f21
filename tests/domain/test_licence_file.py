import json
from base64 import b64decode
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta, timezone
from functools import partial
from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from partnerdesk.domain.licence_file import (
    ATTEMPTS,
    MOST_PAYLOAD,
    MOST_TEXT,
    UnfitPayloadError,
    UnusableSignatureError,
    customer_id,
    facts_at,
    file_name,
    file_text,
    licence_id,
    payload_of,
    signed,
    with_id,
)
from partnerdesk.domain.licence_payload import FIELDS, Grade, read
from partnerdesk.domain.licence_term import (
    Facts,
    Period,
    evaluation_period,
    facts_of,
    has_trial_length,
    in_milliseconds,
    subscription_period,
    trial_again_period,
    trial_period,
)
from partnerdesk.domain.profiles import SKUS, UnknownSkuError, flags_of
from tests.drafts import DESK, NOON, a_licensee, a_trial, an_order
from tests.signing import sign

DAY = 86_400_000

# licence-format.md 11, as it is printed there.
WORKED_EXAMPLE = (
    '{"id":"o1pszszru9g58b7sasmhhpmzeh","issued_at":1795425164218,"starts_at":1795392000000,'
    '"expires_at":1827014399000,"sku_name":"Enterprise","sku_short_name":"enterprise","customer":'
    '{"id":"z9xnsdutprn5554jkoaeaa39dr","name":"Inês Carvalho",'
    '"email":"ines.carvalho@rio-claro.example","company":"Rio Claro Logística & Filhos Lda"},'
    '"features":{"users":250,"ldap":true,"ldap_groups":true,"mfa":true,"google_oauth":true,'
    '"office365_oauth":true,"openid":true,"compliance":true,"cluster":true,"metrics":true,'
    '"mhpns":true,"saml":true,"elastic_search":true,"announcement":true,"theme_management":true,'
    '"email_notification_contents":true,"data_retention":true,"message_export":true,'
    '"custom_permissions_schemes":true,"custom_terms_of_service":true,"guest_accounts":true,'
    '"guest_accounts_permissions":true,"id_loaded":true,"lock_teammate_name_display":true,'
    '"enterprise_plugins":true,"advanced_logging":true,"cloud":false,"shared_channels":true,'
    '"remote_cluster_service":true,"outgoing_oauth_connections":true,"auto_translation":false,'
    '"future_features":false},"is_trial":false,"is_gov_sku":false}'
)


def content(draft):
    return json.loads(payload_of(draft))


# Ids


@pytest.mark.parametrize(
    ("attempt", "expected"),
    [(0, "o1pszszru9g58b7sasmhhpmzeh"), (1, "dr4unxbpxfk7tkiy11iw79j3go")],
)
def test_the_published_vector_of_a_licence_id_is_met(attempt, expected):
    assert licence_id("example-desk", "ORD-2026-000042/1/1", attempt) == expected


def test_the_published_vector_of_a_customer_id_is_met():
    assert customer_id("example-desk", "CUS-000117") == "z9xnsdutprn5554jkoaeaa39dr"


@given(desk=st.text(max_size=20), key=st.text(max_size=40), attempt=st.integers(0, 7))
def test_an_id_is_26_letters_or_digits_and_the_same_again(desk, key, attempt):
    made = licence_id(desk, key, attempt)

    assert len(made) == 26
    assert set(made) <= set("ybndrfg8ejkmcpqxot1uwisza345h769")
    assert made == licence_id(desk, key, attempt)
    assert made != licence_id(desk, key, attempt + 1)
    assert made != customer_id(desk, key)


# Payload


def test_the_worked_example_comes_out_byte_for_byte():
    payload = payload_of(an_order())

    assert payload.decode() == WORKED_EXAMPLE
    assert len(payload) == 1_077
    assert sha256(payload).hexdigest() == (
        "bace303201edbe73bcd84211eb14bccb90b9a5d26b35854ee34ba2a76ea7dfda"
    )


def test_the_file_of_the_worked_example_has_1780_bytes_on_one_line():
    payload = payload_of(an_order())

    text = file_text(payload, sign(payload))

    assert len(text.encode()) == 1_780
    assert "\n" not in text
    assert b64decode(text, validate=True) == payload + sign(payload)
    assert file_name("LIC-2026-000123") == "LIC-2026-000123.mattermost-license"


def test_integers_are_written_plainly():
    """Licence-format.md trap 3."""
    text = payload_of(an_order(seats=50)).decode()

    assert '"users":50,' in text
    assert '"starts_at":1795392000000,' in text


def test_times_are_in_milliseconds():
    """Licence-format.md trap 4."""
    made = content(an_order())

    assert made["issued_at"] == 1_795_425_164_218
    assert all(made[each] >= 10**12 for each in ("issued_at", "starts_at", "expires_at"))


def test_an_instant_of_another_zone_is_the_same_instant():
    lisbon_summer = datetime(2026, 7, 1, 1, 0, tzinfo=timezone(timedelta(hours=1)))

    assert in_milliseconds(lisbon_summer) == in_milliseconds(datetime(2026, 7, 1, tzinfo=UTC))


def test_an_instant_without_a_zone_is_nobodys_time():
    with pytest.raises(TypeError):
        in_milliseconds(datetime(2026, 7, 1))  # noqa: DTZ001 - the mistake itself


@pytest.mark.parametrize("sku", SKUS)
def test_no_two_keys_differ_only_in_case_and_all_are_in_their_order(sku):
    """Licence-format.md trap 5."""
    made = content(an_order(sku=sku))
    paths = [
        path
        for key, value in made.items()
        for path in (key, *(f"{key}.{inner}" for inner in (value if type(value) is dict else ())))
    ]

    assert len({path.lower() for path in paths}) == len(paths)
    written = set(paths)
    assert paths == [field.path for field in FIELDS if field.path in written]


@pytest.mark.parametrize("sku", SKUS)
def test_every_flag_is_written_since_a_missing_one_is_not_false(sku):
    """Licence-format.md trap 6."""
    features = content(an_order(sku=sku))["features"]

    assert list(features) == ["users", *flags_of(sku)]
    assert features["future_features"] is False


@pytest.mark.parametrize("sku", ["E10", "E20"])
def test_retired_editions_are_never_issued(sku):
    """Licence-format.md trap 8."""
    with pytest.raises(UnknownSkuError):
        payload_of(an_order(sku=sku))


def test_text_is_composed_trimmed_and_raw():
    company = ' A\N{COMBINING RING ABOVE}s & "Sons" \\ <Ltd> \N{NO-BREAK SPACE}'

    text = payload_of(an_order(licensee=a_licensee(company=company))).decode()

    assert r'"company":"Ås & \"Sons\" \\ <Ltd>"' in text


@pytest.mark.parametrize(
    ("licensee", "field"),
    [
        ({"name": ""}, "name"),
        ({"name": " "}, "name"),
        ({"name": "n" * 129}, "name"),
        ({"email": "e" * 255}, "email"),
        ({"company": "c" * 201}, "company"),
        ({"company": "line\nbreak"}, "company"),
        ({"company": "nul\0"}, "company"),
        ({"company": "bell\x9f"}, "company"),
        ({"company": "half a pair \ud800"}, "company"),
        ({"company": "\N{ARABIC LIGATURE SALLALLAHOU ALAYHE WASALLAM}" * 12}, "company"),
        ({"id": "short"}, "id"),
    ],
)
def test_what_makes_no_valid_file_is_refused_and_its_field_named(licensee, field):
    with pytest.raises(UnfitPayloadError, match=f"`customer.{field}`"):
        payload_of(an_order(licensee=a_licensee(**licensee)))


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"seats": 0}, "`features.users` must be at least 1"),
        ({"id": "o1pszszru9g58b7sasmhhpmze"}, "`id` must be exactly 26"),
        ({"id": "o1pszszru9g58b7sasmhhpmz-h"}, "`id` must be exactly 26"),
        ({"period": Period(NOON, NOON)}, "`starts_at` must be before"),
        ({"issued_at": datetime(1999, 1, 1, tzinfo=UTC)}, "`issued_at` must be milliseconds"),
    ],
)
def test_the_desk_never_makes_what_it_would_refuse(changes, words):
    with pytest.raises(UnfitPayloadError, match=words):
        payload_of(an_order(**changes))


def test_all_reasons_are_told_at_once_and_no_personal_data_goes_to_the_log():
    with pytest.raises(UnfitPayloadError) as refused:
        payload_of(an_order(seats=0, licensee=a_licensee(name="", company="secret" * 99)))

    assert str(refused.value).count("must be") == 3
    assert refused.value.facts == {"codes": ["text", "users"]}


def test_a_payload_beyond_7244_bytes_is_refused_naming_the_field_that_fills_it():
    with pytest.raises(UnfitPayloadError, match=r"of at most 7244: shorten `customer\.company`"):
        payload_of(an_order(licensee=a_licensee(company="ø" * 3_300)))


def test_the_longest_lawful_names_fit():
    widest = "\N{GRINNING FACE}"
    licensee = a_licensee(name=widest * 128, email=widest * 254, company=widest * 200)

    payload = payload_of(an_order(licensee=licensee))

    assert len(payload) <= MOST_PAYLOAD
    assert len(file_text(payload, sign(payload))) <= MOST_TEXT


def test_a_payload_of_the_greatest_size_makes_a_text_of_the_greatest_size():
    assert len(file_text(bytes(MOST_PAYLOAD), bytes(256))) == MOST_TEXT


# Periods


def test_a_trial_lasts_30_days_and_8_hours_from_its_issue():
    """Rule TRIAL-2."""
    made = content(a_trial())

    assert made["starts_at"] == made["issued_at"]
    assert made["expires_at"] - made["starts_at"] == 2_620_800_000
    assert made["is_trial"] is True
    assert made["features"]["users"] == 125_000


def test_another_trial_lasts_exactly_32_days_so_that_a_server_takes_it():
    """Rule TRIAL-4."""
    draft = replace(a_trial(), period=trial_again_period(NOON))
    made = content(draft)

    assert made["expires_at"] - made["starts_at"] == 2_764_800_000
    assert facts_at(payload_of(draft), NOON).is_sanctioned


@pytest.mark.parametrize(
    ("issued_at", "starts_at", "expires_at"),
    [
        ("2026-11-25T12:00+00:00", "2026-11-25T00:00+00:00", "2027-11-25T23:59:59+00:00"),
        ("2028-02-29T23:59+00:00", "2028-02-29T00:00+00:00", "2029-02-28T23:59:59+00:00"),
        ("2026-11-26T00:30+01:00", "2026-11-25T00:00+00:00", "2027-11-25T23:59:59+00:00"),
    ],
)
def test_an_evaluation_ends_on_the_same_day_next_year(issued_at, starts_at, expires_at):
    """Rules EVAL-1 and GEN-3."""
    period = evaluation_period(datetime.fromisoformat(issued_at))

    assert period == Period(datetime.fromisoformat(starts_at), datetime.fromisoformat(expires_at))


def test_a_one_month_term_of_31_days_starts_a_second_early_lest_it_be_a_trial():
    """Licence-format.md trap 7."""
    term = subscription_period(date(2026, 12, 1), date(2026, 12, 31))

    made = content(an_order(period=term))

    assert made["starts_at"] == in_milliseconds(term.starts_at) - 1_000
    assert made["expires_at"] == in_milliseconds(term.expires_at)
    assert not facts_at(payload_of(an_order(period=term)), NOON).is_trial


def test_a_bought_term_of_30_days_and_8_hours_starts_a_second_early_too():
    """Licence-format.md trap 7."""
    made = content(an_order(period=trial_period(NOON)))

    assert made["starts_at"] == in_milliseconds(NOON) - 1_000


@given(starts_on=st.dates(date(2020, 1, 1), date(2060, 1, 1)), days=st.integers(0, 800))
def test_no_bought_licence_is_ever_taken_for_a_trial(starts_on, days):
    period = subscription_period(starts_on, starts_on + timedelta(days=days))

    payload = payload_of(an_order(period=period))

    assert not facts_at(payload, NOON).is_trial


# Facts


@pytest.mark.parametrize(
    ("length", "says_trial", "is_trial", "is_sanctioned"),
    [
        (2_620_800_000, False, True, False),
        (2_620_800_001, False, False, False),
        (2_678_399_000, False, True, False),
        (2_678_400_000, False, False, False),
        (2_764_798_999, True, True, False),
        (2_764_799_000, True, True, True),
        (2_591_999_001, True, True, False),
        (2_591_999_000, True, True, True),
        (2_764_800_000, False, False, False),
        (31_622_399_000, False, False, False),
    ],
)
def test_what_a_server_takes_for_a_trial(length, says_trial, is_trial, is_sanctioned):
    start = 1_795_392_000_000

    facts = facts_of(start, start + length, is_trial=says_trial, now=start)

    assert (facts.is_trial, facts.is_sanctioned) == (is_trial, is_sanctioned)
    assert has_trial_length(start, start + length) == (is_trial and not says_trial)


@pytest.mark.parametrize(
    ("after_end", "is_expired", "is_in_grace", "days_left"),
    [
        (-60 * DAY, False, False, 60),
        (-60 * DAY + 1, False, False, 59),
        (-1, False, False, 0),
        (0, False, False, 0),
        (1, True, True, 0),
        (DAY, True, True, -1),
        (10 * DAY, True, True, -10),
        (10 * DAY + 1, True, False, -10),
    ],
)
def test_a_licence_ends_and_then_has_ten_days_of_grace(
    after_end, is_expired, is_in_grace, days_left
):
    start, end = 1_795_392_000_000, 1_827_014_399_000

    facts = facts_of(start, end, is_trial=False, now=end + after_end)

    assert facts == Facts(
        is_trial=False,
        is_sanctioned=False,
        has_started=True,
        is_expired=is_expired,
        is_in_grace=is_in_grace,
        days_left=days_left,
    )


def test_a_licence_that_has_not_started_says_so():
    facts = facts_at(payload_of(an_order()), datetime(2026, 11, 22, 23, 59, 59, tzinfo=UTC))

    assert not facts.has_started


# Signing


def test_a_signature_that_ends_in_nul_leads_to_the_next_id_and_changes_nothing_else():
    """Licence-format.md trap 1, on a real payload found by trying."""
    ref = next(ref for ref in refs() if sign(payload_of(a_trial(ref))).endswith(b"\0"))
    payload = payload_of(a_trial(ref))

    made = signed(payload, sign=sign, next_id=partial(licence_id, DESK, ref))

    assert made.attempt == 1
    assert made.payload == payload_of(replace(a_trial(ref), id=licence_id(DESK, ref, 1)))
    assert b64decode(made.text) == made.payload + sign(made.payload)
    assert not b64decode(made.text).endswith(b"\0")


def refs():
    return (f"TRL-2026-{number:06}" for number in range(1, 5_000))


def test_signing_again_arrives_at_the_same_file():
    payload = payload_of(an_order())
    next_id = partial(licence_id, DESK, "ORD-2026-000042/1/1")

    first, second = (signed(payload, sign=sign, next_id=next_id) for _ in range(2))

    assert first == second
    assert first.payload == payload
    assert first.sha256 == sha256(first.text.encode()).hexdigest()


def test_another_id_changes_26_bytes_and_no_more():
    payload = payload_of(an_order())

    changed = with_id(payload, "dr4unxbpxfk7tkiy11iw79j3go")

    assert changed == payload.replace(b"o1pszszru9g58b7sasmhhpmzeh", b"dr4unxbpxfk7tkiy11iw79j3go")
    assert changed != payload


def test_after_eight_attempts_a_person_must_look():
    tried = []

    def always_nul(payload):
        tried.append(payload)
        return bytes(256)

    with pytest.raises(UnusableSignatureError, match="All 8 signatures"):
        signed(payload_of(an_order()), sign=always_nul, next_id=partial(licence_id, DESK, "ORD"))

    assert len(set(tried)) == len(tried) == ATTEMPTS == 8


@pytest.mark.parametrize("length", [255, 257, 512])
def test_only_a_signature_of_256_bytes_is_taken(length):
    with pytest.raises(UnusableSignatureError, match=f"{length} bytes"):
        signed(payload_of(an_order()), sign=lambda _: b"x" * length, next_id=str)


# Reading


def test_a_payload_of_ours_reads_without_any_finding():
    assert read(WORKED_EXAMPLE).findings == ()
    assert read(WORKED_EXAMPLE).is_accepted


def test_a_warning_alone_does_not_stand_against_a_payload():
    reading = read(WORKED_EXAMPLE.replace('"is_gov_sku":false', '"extra":1,"is_gov_sku":false'))

    assert [finding.grade for finding in reading.findings] == [Grade.WARNING]
    assert reading.is_accepted
