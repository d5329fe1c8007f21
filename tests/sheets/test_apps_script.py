"""The script in the workbooks: run under Node, and judged by Python and by the desk's own door."""

import json
import shutil
import subprocess
from base64 import b64decode
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from intake.app import SHEET_EDITS
from partnerdesk.domain.doorbell import (
    CHANGE,
    EDIT,
    EVERYTHING,
    EXPLAIN_ROW,
    HEARTBEAT,
    NOWHERE,
    REPAIR_TAB,
    Call,
    Ring,
    Span,
    rings_of,
    signature,
)
from partnerdesk.domain.record import Workbook
from partnerdesk.usecases.answer_doorbell import Doorbell
from sheetserver.webhook import signed_headers
from tests.builders import NOON
from tests.desk import SmallDesk
from tests.events import a_request
from tests.functions.intake.conftest import Intake

NODE = shutil.which("node")
HERE = Path(__file__).parent / "apps_script"
SCRIPTS = Path(__file__).parents[2] / "sheets" / "apps_script"
BELL = "Glöckchen 🔔"
NONCE = "0b9a7f43-7c61-4a3b-9d53-0c1d2e3f4a5b"

pytestmark = pytest.mark.skipif(NODE is None, reason="Node is not installed: the script is not run")

CASES = {
    "an edit of one cell": {"range": "G5"},
    "many cells": {"range": "B2:D9"},
    "an emoji and quotes in the tab's name": {
        "sheet": '🎉 "Löschen" \\ / \u2028 <b>',
        "sheetId": 0,
    },
    "no user": {"user": None},
    "a change of rows": {"type": "change", "event": "REMOVE_ROW", "range": None},
    "a heartbeat": {
        "type": "heartbeat",
        "sheetId": None,
        "sheet": None,
        "range": None,
        "user": None,
    },
}


def a_message(**parts):
    return {
        "v": 1,
        "type": "edit",
        "event": None,
        "at": "2026-11-25T12:00:00.000Z",
        "workbook": "book-1",
        "sheetId": 7,
        "sheet": "Trials",
        "range": "G5",
        "user": "ana@vendor.example",
    } | parts


def a_vector(name, secret, **parts):
    """Return what Python makes of a message: text, bytes and signature."""
    told = a_message(**parts)
    message = json.dumps(told, ensure_ascii=False, separators=(",", ":"))
    stamp, path = str(int(NOON.timestamp())), "/v1/sheet-edits"
    call = Call("POST", path, stamp, NONCE, "", message.encode())
    return {
        "name": name,
        "told": {it: told[it] for it in told if it != "v"},
        "message": message,
        "body": message.encode().hex(),
        "secret": secret,
        "stamp": stamp,
        "nonce": NONCE,
        "path": path,
        "text": call.signed_text,
        "signature": signature(secret, call.signed_text),
    }


VECTORS = [a_vector(name, BELL, **parts) for name, parts in CASES.items()]
VECTORS.append(a_vector("a plain secret", "a" * 64))


def node(*arguments, **environ):
    return subprocess.run(  # noqa: S603 - Node, with files of ours
        [NODE, *map(str, arguments)],
        check=False,
        capture_output=True,
        encoding="utf-8",
        env=environ,
        timeout=120,
    )


@pytest.mark.parametrize("file", sorted(it.name for it in HERE.glob("*.test.mjs")))
def test_the_script_does_what_it_should(tmp_path, file):
    vectors = tmp_path / "vectors.json"
    vectors.write_text(json.dumps(VECTORS))
    result = node("--test", HERE / file, VECTORS=str(vectors))

    assert result.returncode == 0, result.stdout + result.stderr


@pytest.mark.parametrize("vector", VECTORS, ids=lambda it: it["name"])
def test_the_local_sheet_server_signs_alike(vector):
    headers = signed_headers(
        vector["secret"],
        vector["stamp"],
        vector["nonce"],
        vector["path"],
        bytes.fromhex(vector["body"]),
    )
    assert headers["X-Desk-Signature"] == vector["signature"]


def test_the_desk_hears_all_that_the_script_sends(tmp_path):
    result = node(HERE / "send_all.mjs")
    assert result.returncode == 0, result.stderr
    desk = SmallDesk(tmp_path)
    doorbell = Doorbell({"book-1": Workbook.DESK}, secrets=lambda: (BELL,), clock=desk.clock)
    door = Intake(desk, doorbell=doorbell)

    heard = []
    for sent in json.loads(result.stdout):
        path = urlsplit(sent["url"]).path
        headers = {name.lower(): text for name, text in sent["headers"].items()}
        body = b64decode(sent["body"])
        answer = door.resolve(a_request("POST", path, body=body, headers=headers))
        assert (path, answer["statusCode"]) == (SHEET_EDITS, 202)
        heard += rings_of(desk.ledger.take(Workbook.DESK))
        desk.ledger.clear(desk.ledger.take(Workbook.DESK))
    desk.close()

    here, sam = Span(4, 0, 5, 1), "sam@vendor.example"
    assert heard == [
        Ring(EDIT, 7, Span(4, 6, 6, 8), "ana@vendor.example", NOON),
        Ring(EDIT, 0, Span(0, 1, EVERYTHING, 2), "", NOON),
        Ring(CHANGE, -1, NOWHERE, "", NOON),
        Ring(HEARTBEAT, -1, NOWHERE, "", NOON),
        Ring("menu:process-now", 7, here, sam, NOON),
        Ring(EXPLAIN_ROW, 7, here, sam, NOON),
        Ring(REPAIR_TAB, 7, here, sam, NOON),
        Ring("menu:test-connection", 7, here, sam, NOON),
    ]


def test_the_manifest_asks_for_the_fewest_scopes():
    """sheets.md C11."""
    manifest = json.loads((SCRIPTS / "appsscript.json").read_text())

    assert (manifest["runtimeVersion"], manifest["timeZone"]) == ("V8", "Etc/UTC")
    assert [it.rpartition("/")[2] for it in manifest["oauthScopes"]] == [
        "script.external_request",
        "script.scriptapp",
        "spreadsheets.currentonly",
        "userinfo.email",
    ]


def test_the_script_never_reads_a_cell():
    read = ("getValue", "getDisplayValue", "getFormula", "getRichText", ".value", ".oldValue")
    for file in SCRIPTS.glob("*.gs"):
        code = "\n".join(
            line
            for line in file.read_text().splitlines()
            if not line.strip().startswith(("*", "/*", "//"))
        )
        assert [word for word in read if word in code] == [], file.name
