"""Files, the webhook, the list of capabilities, and the schema both ways."""

import csv
import hashlib
import hmac
import io
import json
import threading

import pytest
from openpyxl import load_workbook

from sheetserver import accounts, export
from sheetserver.app import build
from sheetserver.capabilities import capabilities
from sheetserver.errors import ApiError
from sheetserver.schema import REFUSED_FIELDS, sheets
from sheetserver.settings import Settings, Webhook
from tests.sheetserver.workbench import NOON, Workbench

LIVE = [
    "=1+1",
    "+1",
    "-2+3",
    "@SUM(A1)",
    "\t=1",
    "\r=1",
    "\uff1d1+1",
    "\ufe661",
    "\u207c1",
    "\uff0b1",
    "\uff0d1",
    "\uff20x",
    "\u200b=1",
    " =1",
    "\ufeff@x",
]


@pytest.fixture
def bench(tmp_path):
    bench = Workbench(tmp_path)
    yield bench
    bench.close()


def raw(bench, book, texts):
    rows = [{"values": [{"userEnteredValue": {"stringValue": text}}]} for text in texts]
    bench.batch(book, {"updateCells": {"start": {}, "fields": "userEnteredValue", "rows": rows}})


@pytest.mark.parametrize("text", LIVE)
def test_no_text_comes_alive_in_a_file(bench, text):
    book = bench.make()
    raw(bench, book, [text])
    state = bench.engine.read(book)

    (cell,) = next(csv.reader(io.StringIO(export.to_csv(state, 0).decode(), newline="")))
    assert cell == f"'{text}"
    sheet = load_workbook(io.BytesIO(export.to_xlsx(state, 0)))["Sheet1"]
    assert sheet["A1"].data_type == "s"
    assert sheet["A1"].value.startswith("'")


def test_a_workbook_is_written_with_results_dates_and_titles(bench):
    book = bench.make(titles=("Deals: 2026/27", "deals_ 2026_27"))
    bench.type(book, "A1", [["=1+2", "2020-01-01", "TRUE", "5%", "plain", "-1"]])
    state = bench.engine.read(book)

    written = load_workbook(io.BytesIO(export.to_xlsx(state)))
    assert written.sheetnames == ["Deals_ 2026_27", "deals_ 2026_27 2"]
    row = [cell.value for cell in written.worksheets[0][1]]
    assert row[0] == 3
    assert row[1].isoformat() == "2020-01-01T00:00:00"
    assert row[2:] == [True, 0.05, "plain", -1]
    assert export.to_csv(state, 0).decode().strip() == ('"3","2020-01-01","TRUE","5%","plain","-1"')


def test_an_edit_is_reported_signed_and_without_values(tmp_path):
    sent, arrived = [], threading.Event()

    def deliver(*message):
        sent.append(message)
        arrived.set()

    hook = Webhook("http://127.0.0.1:1/v1/sheet-edits", "schlüssel", deliver)
    app = build(Settings(tmp_path, "http://127.0.0.1:2", clock=lambda: NOON, webhook=hook))
    book = accounts.find_or_create(app.engine, "Größe 🙂", "owner@example.com")
    app.reporter.edited(book, 0, "A1:B2", "ana@example.com")
    app.reporter.edited(book, 0, "", "")
    app.close()

    (url, headers, body), (_, _, change) = sent
    assert url == hook.url
    assert body.decode() == (
        '{"v":1,"type":"edit","event":null,"at":"2026-11-25T12:00:00.000Z","workbook":"'
        + book
        + '","sheetId":0,"sheet":"Sheet1","range":"A1:B2","user":"ana@example.com"}'
    )
    assert json.loads(change)["type"] == "change"
    signed = ".".join(
        [
            "v1",
            headers["X-Desk-Timestamp"],
            headers["X-Desk-Nonce"],
            "POST",
            "/v1/sheet-edits",
            hashlib.sha256(body).hexdigest(),
        ]
    )
    mac = hmac.new("schlüssel".encode(), signed.encode(), hashlib.sha256).hexdigest()
    assert headers["X-Desk-Signature"] == f"v1={mac}"
    assert headers["X-Desk-Timestamp"] == str(int(NOON.timestamp()))


def test_a_quiet_grid_tells_that_it_is_alive(tmp_path):
    sent, arrived = [], threading.Event()

    def deliver(_url, _headers, body):
        sent.append(body)
        arrived.set()

    hook = Webhook("http://127.0.0.1:1/v1/sheet-edits", "secret", deliver, beats_every=0.01)
    app = build(Settings(tmp_path, "http://127.0.0.1:2", clock=lambda: NOON, webhook=hook))
    book = accounts.find_or_create(app.engine, "T", "owner@example.com")
    assert arrived.wait(10)
    app.close()

    assert sent[0].decode() == (
        '{"v":1,"type":"heartbeat","event":null,"at":"2026-11-25T12:00:00.000Z","workbook":"'
        + book
        + '","sheetId":null,"sheet":null,"range":null,"user":null}'
    )


def test_an_unreachable_webhook_holds_nobody_up(tmp_path):
    hook = Webhook("http://127.0.0.1:9/x", "secret")
    app = build(Settings(tmp_path, "http://127.0.0.1:2", webhook=hook))
    book = accounts.find_or_create(app.engine, "T", "owner@example.com")
    app.reporter.edited(book, 0, "A1", "")
    app.close()


def test_the_capabilities_cover_the_published_schema():
    told = capabilities()
    kinds = told["requests"]
    published = set(sheets().types["Request"]["properties"])

    assert len(published) == 74
    assert set(kinds["actedOn"]) | set(kinds["stored"]) | set(kinds["refused"]) == published
    assert not set(kinds["actedOn"]) & set(kinds["refused"])
    fields = told["fields"]
    sets = [set(fields[name]) for name in ("actedOn", "stored", "refused")]
    assert not sets[0] & sets[1]
    assert not sets[2] & (sets[0] | sets[1])
    for path in set().union(*sets):
        kind, field = path.split(".")
        assert field in sheets().types[kind]["properties"]


@pytest.mark.parametrize("path", capabilities()["fields"]["refused"])
def test_every_refused_field_is_refused_by_name(path):
    kind, field = path.split(".")
    assert field in REFUSED_FIELDS[kind]
    with pytest.raises(ApiError, match=f"{path}: not modelled"):
        sheets().accept(kind, {field: {}})


def test_the_capabilities_are_served(server):
    assert server.call("GET", "/capabilities")["functions"] == sorted(
        [
            "SUM",
            "COUNTA",
            "COUNTIF",
            "COUNTIFS",
            "SUMIF",
            "SUMIFS",
            "IF",
            "IFERROR",
            "HYPERLINK",
            "TODAY",
            "NOW",
        ]
    )
