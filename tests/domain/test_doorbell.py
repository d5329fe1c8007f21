"""What a doorbell's message is, whose signature counts, and what is remembered of it."""

import hashlib
import hmac
import json
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from partnerdesk.domain.change import Mark
from partnerdesk.domain.doorbell import (
    CHANGE,
    EDIT,
    EVERYTHING,
    EXPLAIN_ROW,
    FORGOTTEN_AFTER,
    HEARTBEAT,
    NOWHERE,
    RING,
    SILENT_AFTER,
    Call,
    Hearing,
    Ring,
    Span,
    UnheardError,
    editor_of,
    is_to_explain,
    read_message,
    rings_of,
    signature,
    span_of,
)
from partnerdesk.domain.record import Workbook
from tests.builders import NOON

DESK = Workbook.DESK
G5 = Span(4, 6, 5, 7)

MESSAGE = {
    "v": 1,
    "type": "edit",
    "event": None,
    "at": "2026-11-25T12:00:00.000Z",
    "workbook": "book-1",
    "sheetId": 7,
    "sheet": "Trials",
    "range": "G5",
    "user": "ana@vendor.example",
}


def a_call(**parts):
    call = Call(
        method="POST",
        path="/v1/sheet-edits",
        stamp=str(int(NOON.timestamp())),
        nonce="0b9a7f43-7c61-4a3b-9d53-0c1d2e3f4a5b",
        signature="",
        body=b"{}",
    )
    call = replace(call, **parts)
    return replace(call, signature=parts.get("signature") or signature("s3cret", call.signed_text))


def a_ring(**parts):
    return replace(Ring(EDIT, 7, G5, "ana@vendor.example", NOON), **parts)


def read(**parts):
    return read_message(json.dumps(MESSAGE | parts).encode(), at=NOON)


def test_the_signature_is_over_all_that_the_specification_names():
    """sheets.md C10: v1.<ts>.<nonce>.<METHOD>.<path>.<sha256 hex of the raw body>."""
    call = a_call(body=b'{"v":1}')
    digest = hashlib.sha256(b'{"v":1}').hexdigest()
    text = f"v1.{call.stamp}.{call.nonce}.POST./v1/sheet-edits.{digest}"

    assert call.signed_text == text
    made = hmac.new(b"s3cret", text.encode(), hashlib.sha256).hexdigest()
    assert call.signature == f"v1={made}"


def test_the_secret_and_the_one_before_it_open_and_no_other():
    call = a_call()

    assert call.is_signed_with(["s3cret"])
    assert call.is_signed_with(["a newer one", "s3cret"])
    assert not call.is_signed_with(["S3cret", ""])
    assert not call.is_signed_with([])


def test_an_empty_secret_opens_nothing():
    call = a_call()
    forged = replace(call, signature=signature("", call.signed_text))

    assert not forged.is_signed_with(["", ""])


@pytest.mark.parametrize(
    ("part", "text"),
    [
        ("stamp", ""),
        ("stamp", "1.5"),
        ("stamp", "-1"),
        ("stamp", "1234567890123"),
        ("stamp", "١٧٦٤٠٧٢٠٠٠"),
        ("stamp", "1764072000\n"),
        ("nonce", ""),
        ("nonce", "0b9a7f437c614a3b9d530c1d2e3f4a5b"),
        ("nonce", "0b9a7f43-7c61-4a3b-9d53-0c1d2e3f4a5b,0b9a7f43"),
        ("nonce", "zb9a7f43-7c61-4a3b-9d53-0c1d2e3f4a5b"),
        ("signature", "v1="),
        ("signature", "v2=" + "0" * 64),
        ("signature", "v1=" + "A" * 64),
        ("signature", "v1=" + "é" * 64),
        ("signature", "v1=" + "0" * 64 + "\n"),
    ],
)
def test_a_header_that_no_doorbell_sends_is_not_well_formed(part, text):
    assert a_call().is_well_formed
    assert not replace(a_call(), **{part: text}).is_well_formed


@pytest.mark.parametrize(
    ("seconds", "is_timely"), [(0, True), (300, True), (-300, True), (301, False), (-301, False)]
)
def test_a_message_is_timely_for_five_minutes_before_and_after(seconds, is_timely):
    assert a_call().is_timely(NOON + timedelta(seconds=seconds)) is is_timely


def test_a_message_says_which_workbook_and_where_and_who():
    assert read() == ("book-1", a_ring())


def test_what_is_not_reported_stays_unknown():
    _, ring = read(type=HEARTBEAT, sheetId=None, sheet=None, range=None, user=None)

    assert ring == Ring(HEARTBEAT, -1, NOWHERE, "", NOON)


@pytest.mark.parametrize(
    "user", ["Ana", "ana@vendor.example\n", "é@vendor.example", "@", 5, "a" * 9_000]
)
def test_a_user_is_an_address_or_nobody(user):
    assert read(user=user)[1].user == ""


@pytest.mark.parametrize("sheet_id", [-1, 1 << 31, "7", 7.0, True, None])
def test_a_sheet_id_is_a_whole_number_or_none(sheet_id):
    assert read(sheetId=sheet_id)[1].sheet_id == -1


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"\xff",
        b"[]",
        b"{",
        json.dumps({**MESSAGE, "value": "secret"}).encode(),
        json.dumps({**MESSAGE, "v": 2}).encode(),
        json.dumps({**MESSAGE, "type": "erase"}).encode(),
        json.dumps({**MESSAGE, "type": None}).encode(),
        json.dumps({**MESSAGE, "type": "menu:"}).encode(),
        json.dumps({**MESSAGE, "workbook": None}).encode(),
        json.dumps({name: it for name, it in MESSAGE.items() if name != "user"}).encode(),
    ],
)
def test_what_is_no_message_of_ours_is_not_heard(body):
    """The nine members and no tenth: there is no room for what a cell holds."""
    with pytest.raises(UnheardError):
        read_message(body, at=NOON)


@pytest.mark.parametrize(
    ("a1", "span"),
    [
        ("B2", Span(1, 1, 2, 2)),
        ("B2:C4", Span(1, 1, 4, 3)),
        ("C4:B2", Span(1, 1, 4, 3)),
        ("AA10", Span(9, 26, 10, 27)),
        ("B:B", Span(0, 1, EVERYTHING, 2)),
        ("3:4", Span(2, 0, 4, EVERYTHING)),
        ("A2:A", Span(1, 0, EVERYTHING, 1)),
        ("", NOWHERE),
        (":", NOWHERE),
        ("B", NOWHERE),
        ("2", NOWHERE),
        ("Trials!B2", NOWHERE),
        ("B2,C3", NOWHERE),
    ],
)
def test_a_range_is_its_cells(a1, span):
    assert span_of(a1) == span


@given(st.text(max_size=12))
def test_any_text_is_some_cells_or_none(a1):
    span = span_of(a1)
    assert 0 <= span.top <= span.bottom <= EVERYTHING
    assert 0 <= span.left <= span.right <= EVERYTHING


@given(
    st.sampled_from([EDIT, CHANGE, HEARTBEAT, EXPLAIN_ROW]),
    st.integers(-1, EVERYTHING - 1),
    st.sampled_from([G5, NOWHERE, Span(0, 0, EVERYTHING, EVERYTHING)]),
    st.sampled_from(
        ["", "ana@vendor.example", 'o#"\\@vendor.example', "a" * 180 + "@" + "b" * 180]
    ),
)
def test_a_mark_tells_all_that_the_ring_told(what, sheet_id, span, user):
    ring = Ring(what, sheet_id, span, user, NOON)
    mark = ring.mark(DESK, "0b9a7f43-7c61-4a3b-9d53-0c1d2e3f4a5b")

    assert Ring.of(mark) == ring
    assert len(f"{mark.kind}#{mark.ref}".encode()) <= 1_024  # what a sort key of DynamoDB holds


def test_rings_come_in_the_order_in_which_they_were_heard():
    late, early = a_ring(at=NOON + timedelta(seconds=1)), a_ring()
    marks = [late.mark(DESK, "1"), Mark(DESK, "licence", "LIC-1", 1), early.mark(DESK, "2")]

    assert rings_of(marks) == [early, late]


def who(rings, cell=(4, 6), sheet_id=7, after=timedelta(0)):
    return editor_of(rings, sheet_id, cell, at=NOON + after)


def test_the_last_report_about_a_cell_counts():
    everywhere = a_ring(span=Span(0, 0, 100, 100), user="sam@vendor.example")
    beside = a_ring(span=Span(4, 7, 5, 8), user="ida@vendor.example")

    assert who([a_ring(), everywhere, beside]) == "sam@vendor.example"


def test_a_report_says_nothing_of_other_cells():
    rings = [a_ring()]

    assert who(rings) == "ana@vendor.example"
    assert who(rings, cell=(5, 6)) == ""
    assert who(rings, cell=(4, 5)) == ""
    assert who(rings, sheet_id=8) == ""


def test_only_an_edit_says_who_edited():
    assert who([a_ring(what=EXPLAIN_ROW)]) == ""


def test_an_old_report_is_forgotten():
    second = timedelta(seconds=1)
    assert who([a_ring()], after=FORGOTTEN_AFTER - second) == "ana@vendor.example"
    assert who([a_ring()], after=FORGOTTEN_AFTER) == ""


def test_a_row_is_explained_to_whoever_asks_for_it():
    asked = [a_ring(what=EXPLAIN_ROW)]

    assert is_to_explain(asked, 7, 4, at=NOON)
    assert not is_to_explain(asked, 7, 5, at=NOON)
    assert not is_to_explain(asked, 8, 4, at=NOON)
    assert not is_to_explain([a_ring()], 7, 4, at=NOON)
    assert not is_to_explain(asked, 7, 4, at=NOON + FORGOTTEN_AFTER)
    assert not is_to_explain([a_ring(what=EXPLAIN_ROW, span=NOWHERE)], 7, 0, at=NOON)


def test_the_health_line_tells_of_live_edits():
    """sheets.md C4, C10."""
    never = Hearing()
    edited = never.after([a_ring(at=NOON)])
    later = NOON + timedelta(minutes=20)
    alive = edited.after([a_ring(what=HEARTBEAT, at=later)])

    assert never.words(NOON) == "live edits not set up, picked up every minute"
    assert edited.words(NOON) == "live edits on (last 12:00)"
    assert alive.words(later + SILENT_AFTER) == "live edits on (last 12:00)"
    assert alive.words(later + SILENT_AFTER + timedelta(seconds=1)) == (
        "live edits off since 12:20, picked up every minute"
    )
    assert never.after([a_ring(what=HEARTBEAT)]).words(NOON) == "live edits on (last 12:00)"
    assert alive.after([]) == alive


def test_when_it_was_heard_is_kept_with_the_workbook():
    heard = Hearing().after([a_ring(), a_ring(what=HEARTBEAT, at=NOON + timedelta(minutes=1))])
    kept = replace(heard.snapshot(DESK), revision=1)

    assert Hearing.of({(RING, kept.ref): kept}) == replace(heard, revision=1)
    assert Hearing.of({}) == Hearing()
