"""POST /v1/sheet-edits, as whoever has the secret sends it, and as everybody else (SEC-01)."""

import hashlib
import json
import logging
from base64 import b64encode
from datetime import timedelta

import pytest

from partnerdesk.domain.doorbell import (
    EDIT,
    HEARTBEAT,
    MOST_BYTES,
    NONCE_KEPT_FOR,
    Ring,
    Span,
    rings_of,
    signature,
)
from partnerdesk.domain.record import Workbook
from partnerdesk.ports import LedgerBusyError, SecretUnavailableError
from partnerdesk.usecases.answer_doorbell import Doorbell
from tests.builders import NOON
from tests.events import a_request, the_problem
from tests.functions.intake.conftest import Intake

SECRET, BEFORE = "Schlüssel-🔑-1", "the one before"
NONCE = "0b9a7f43-7c61-4a3b-9d53-0c1d2e3f4a5b"
PATH = "/v1/sheet-edits"
DESK = Workbook.DESK


@pytest.fixture
def door(desk):
    doorbell = Doorbell({"book-1": DESK}, secrets=lambda: (SECRET, BEFORE), clock=desk.clock)
    return Intake(desk, doorbell=doorbell)


def a_message(**parts):
    told = {
        "v": 1,
        "type": "edit",
        "event": None,
        "at": "2026-11-25T12:00:00.000Z",
        "workbook": "book-1",
        "sheetId": 7,
        "sheet": "Trials 🎉",
        "range": "G5:H6",
        "user": "ana@vendor.example",
    }
    return json.dumps(told | parts, ensure_ascii=False, separators=(",", ":")).encode()


def signed(body, *, secret=SECRET, at=NOON, nonce=NONCE, line=f"POST.{PATH}"):
    stamp = str(int(at.timestamp()))
    text = f"v1.{stamp}.{nonce}.{line}.{hashlib.sha256(body).hexdigest()}"
    return {
        "x-desk-timestamp": stamp,
        "x-desk-nonce": nonce,
        "x-desk-signature": signature(secret, text),
    }


def ring(door, body=None, headers=None, path=PATH, **parts):
    body = a_message() if body is None else body
    headers = signed(body) if headers is None else headers
    return door.resolve(a_request("POST", path, body=body, headers=headers, **parts))


def heard(desk, workbook=DESK):
    return rings_of(desk.ledger.take(workbook))


def refused(answer):
    """Return what everybody is told whose message is not accepted: always the same."""
    told = the_problem(answer)
    assert answer["statusCode"] == 401
    return {name: it for name, it in told.items() if name != "instance"}


NOTHING = {
    "type": "urn:partnerdesk:problem:unheard",
    "title": "Not accepted",
    "status": 401,
    "detail": "This was not accepted.",
    "errors": [],
}


def test_a_ring_is_kept_for_the_next_visit(door, desk):
    answer = ring(door)

    assert answer["statusCode"] == 202
    assert json.loads(answer["body"]) == {"workbook": "known"}
    assert heard(desk) == [Ring(EDIT, 7, Span(4, 6, 6, 8), "ana@vendor.example", NOON)]
    assert desk.ledger.stale() == (DESK,)


def test_a_workbook_that_nobody_knows_wakes_nobody(door, desk):
    answer = ring(door, a_message(workbook="book-2"))

    assert (answer["statusCode"], json.loads(answer["body"])) == (202, {"workbook": "unknown"})
    assert desk.ledger.stale() == ()


def test_a_heartbeat_and_a_menu_are_heard_too(door, desk):
    beat = a_message(type=HEARTBEAT, sheetId=None, sheet=None, range=None, user=None)
    assert ring(door, beat)["statusCode"] == 202
    menu = a_message(type="menu:repair-tab")
    other = signed(menu, nonce=NONCE.replace("0", "1"))
    assert ring(door, menu, other)["statusCode"] == 202

    assert sorted(it.what for it in heard(desk)) == ["heartbeat", "menu:repair-tab"]


def test_the_secret_before_still_opens_and_none_does_not(door, desk):
    body = a_message()
    assert ring(door, body, signed(body, secret=BEFORE))["statusCode"] == 202

    without = Intake(desk)
    assert refused(ring(without)) == NOTHING


def test_every_altered_byte_of_the_body_is_refused(door, desk):
    body = a_message()
    headers = signed(body)
    for at in range(len(body)):
        altered = body[:at] + bytes([body[at] ^ 1]) + body[at + 1 :]
        assert refused(ring(door, altered, headers)) == NOTHING
    assert refused(ring(door, body[:-1], headers)) == NOTHING
    assert refused(ring(door, body + b" ", headers)) == NOTHING

    assert desk.ledger.stale() == ()
    assert ring(door, body, headers)["statusCode"] == 202


@pytest.mark.parametrize("name", sorted(signed(b"")))
def test_every_altered_character_of_a_header_is_refused(door, desk, name):
    body = a_message()
    right = signed(body)
    text = right[name]
    wrong = {text[:at] + chr(ord(text[at]) ^ 1) + text[at + 1 :] for at in range(len(text))}
    wrong |= {text.upper(), text[:-1], text + " ", f" {text}", f"{text},{text}", ""} - {text}
    for altered in wrong:
        assert refused(ring(door, body, right | {name: altered})) == NOTHING
    assert refused(ring(door, body, {it: right[it] for it in right if it != name})) == NOTHING

    assert desk.ledger.stale() == ()


@pytest.mark.parametrize("name", sorted(signed(b"")))
@pytest.mark.parametrize(
    "text", ["ü", "🔑", "\ud800", "\u0661", "v1=" + "é" * 64, "a\0b", "9" * 5_000]
)
def test_a_header_that_is_not_plain_is_refused_like_any_other(door, name, text):
    """robustness.md B3: comparing digests as text raises on non-ASCII."""
    assert refused(ring(door, headers=signed(a_message()) | {name: text})) == NOTHING


def test_the_method_and_the_path_are_part_of_what_is_signed(door):
    body = a_message()

    assert refused(ring(door, body, signed(body, line="POST./v1/trials"))) == NOTHING
    assert refused(ring(door, body, signed(body, line=f"PUT.{PATH}"))) == NOTHING


def test_a_repetition_has_no_effect(door, desk):
    assert ring(door)["statusCode"] == 202
    desk.ledger.clear(desk.ledger.take(DESK))

    for _ in range(2):
        assert refused(ring(door)) == NOTHING
    assert desk.ledger.stale() == ()


def test_a_nonce_is_remembered_for_longer_than_its_message_is_timely(door, desk):
    """A message from a clock that runs ahead is timely for ten minutes."""
    body = a_message()
    headers = signed(body, at=NOON + timedelta(seconds=300))
    assert ring(door, body, headers)["statusCode"] == 202

    desk.clock.advance(seconds=600)
    assert refused(ring(door, body, headers)) == NOTHING
    assert timedelta(seconds=600) < NONCE_KEPT_FOR


@pytest.mark.parametrize(
    ("seconds", "status"), [(-301, 401), (-300, 202), (0, 202), (300, 202), (301, 401)]
)
def test_a_clock_may_be_five_minutes_wrong(door, seconds, status):
    body = a_message()
    headers = signed(body, at=NOON + timedelta(seconds=seconds))

    assert ring(door, body, headers)["statusCode"] == status


def test_what_is_signed_is_bytes_whatever_the_gateway_does_to_them(door, desk):
    body = a_message()
    wrapped = b64encode(body).decode()

    answer = ring(door, wrapped, signed(body), is_base64=True)
    assert answer["statusCode"] == 202
    assert len(heard(desk)) == 1
    assert refused(ring(door, wrapped, signed(wrapped.encode()), is_base64=True)) == NOTHING


@pytest.mark.parametrize("body", [b"", b"{}", b"\xff\xfe", b"[" * 5_000, b'{"v":1}', b"null"])
def test_what_is_signed_and_no_message_is_refused(door, desk, body):
    assert refused(ring(door, body, signed(body))) == NOTHING
    assert desk.ledger.stale() == ()


def test_a_message_with_a_cells_value_is_refused(door):
    """sheets.md C10: no cell values."""
    body = a_message(value="4,200 EUR")
    assert refused(ring(door, body, signed(body))) == NOTHING


@pytest.mark.parametrize("more", [{}, {"content-length": "20000"}])
def test_too_much_is_refused_before_anything_else(door, more):
    body = b"x" * (MOST_BYTES + (0 if more else 1))
    answer = ring(door, body, more)

    assert answer["statusCode"] == 413
    assert the_problem(answer)["detail"] == "Please send at most 16,384 bytes."
    assert refused(ring(door, b"x" * MOST_BYTES, {})) == NOTHING


def test_what_is_refused_is_not_written_down(door, caplog):
    """robustness.md A3, BEL-POI: 401 or 413, nothing logged."""
    with caplog.at_level(logging.INFO):
        ring(door, headers={})
        ring(door, b"x" * (MOST_BYTES + 1))

    assert caplog.records == []


@pytest.mark.parametrize(
    "failure", [LedgerBusyError(), SecretUnavailableError("The secrets cannot be read now.")]
)
def test_our_own_trouble_is_no_refusal(desk, failure):
    class Failing:
        def commit(self, _change):
            raise failure

    doorbell = Doorbell({"book-1": DESK}, secrets=lambda: (SECRET,), clock=desk.clock)
    answer = ring(Intake(desk, doorbell=doorbell, ledger=Failing()))

    assert answer["statusCode"] == 503
    assert answer["headers"]["Retry-After"]


def test_a_rehearsals_clock_does_not_make_the_sheet_late(desk):
    """On one machine the desk may be a month ahead of the sheet server."""
    doorbell = Doorbell({"book-1": DESK}, secrets=lambda: (SECRET,), clock=type(desk.clock)(NOON))
    door = Intake(desk, doorbell=doorbell)
    desk.clock.advance(days=30)

    assert ring(door)["statusCode"] == 202
    assert [it.at for it in heard(desk)] == [NOON + timedelta(days=30)]
