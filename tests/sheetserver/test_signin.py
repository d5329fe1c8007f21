"""Service accounts, tokens and rights. sheets.md B3."""

import json
import stat
from datetime import timedelta

import gspread
import pytest
from google.auth import jwt
from google.auth.crypt import RSASigner
from google.oauth2.service_account import Credentials

from sheetserver import accounts
from sheetserver.draft import Caller
from tests.sheetserver.conftest import client_at

SCOPE = ["https://www.googleapis.com/auth/spreadsheets"]
GRANT = "urn:ietf:params:oauth:grant-type:jwt-bearer"


@pytest.fixture
def key_file(strict_server, tmp_path):
    path = tmp_path / "keys" / "robot.json"
    accounts.create_service_account(strict_server.app.engine, path, "robot", strict_server.root)
    return path


@pytest.fixture
def robot(strict_server, key_file):
    credentials = Credentials.from_service_account_file(key_file, scopes=SCOPE)
    client = client_at(strict_server.root, credentials=credentials)
    yield client
    client.http_client.session.close()


def claims(server, **changed):
    now = server.app.engine.clock()
    return {
        "iss": "robot@sheetserver.local",
        "aud": f"{server.root}/token",
        "iat": int(now.timestamp()),
        "exp": int((now + timedelta(minutes=30)).timestamp()),
        **changed,
    }


def ask(server, key_file, said, **header):
    signer = RSASigner.from_service_account_info(json.loads(key_file.read_text()))
    assertion = jwt.encode(signer, said, header=header or None).decode()
    form = {"grant_type": GRANT, "assertion": assertion}
    return server.http.post(f"{server.root}/token", data=form)


def test_a_key_file_is_for_its_owners_eyes_alone(key_file):
    assert stat.S_IMODE(key_file.stat().st_mode) == 0o600
    assert json.loads(key_file.read_text())["type"] == "service_account"


def test_gspread_signs_in_with_a_service_account_file(strict_server, robot):
    book = robot.create("Robot's own")

    assert robot.open("Robot's own").id == book.id
    assert strict_server.app.engine.role(book.id, Caller("robot@sheetserver.local")) == "owner"


def test_a_token_outlives_a_restart_and_is_kept_as_a_digest(strict_server, robot, tmp_path):
    robot.create("Kept")
    token = robot.http_client.auth.token

    assert token.encode() not in (tmp_path / "data" / "sheets.db").read_bytes()
    kept = strict_server.app.engine._storage.tokens()  # noqa: SLF001 (what a restart would read)
    assert [each.email for each in kept] == ["robot@sheetserver.local"]


def test_a_self_signed_token_will_do(strict_server, key_file):
    signer = RSASigner.from_service_account_info(json.loads(key_file.read_text()))
    token = jwt.encode(signer, claims(strict_server, aud=f"{strict_server.root}/")).decode()

    found = strict_server.http.get(
        f"{strict_server.root}/drive/v3/files", headers={"Authorization": f"Bearer {token}"}
    )
    assert found.json()["files"] == []


@pytest.mark.parametrize(
    "changed",
    [
        {"iss": "stranger@sheetserver.local"}, {"aud": "https://elsewhere.example/token"},
        {"exp": 1}, {"exp": 4102444800}, {"iat": 4102444800}, {"iat": None}, {"exp": "soon"},
    ],
)  # fmt: skip
def test_an_assertion_that_proves_nothing_is_refused(strict_server, key_file, changed):
    answer = ask(strict_server, key_file, claims(strict_server, **changed))

    assert answer.status_code == 400
    assert answer.json()["error"] == "invalid_grant"
    assert answer.json()["error_description"]


def test_a_broken_or_forged_assertion_is_refused(strict_server, key_file, tmp_path):
    good = ask(strict_server, key_file, claims(strict_server))
    assert good.json()["token_type"] == "Bearer"  # noqa: S105 (the name of a scheme)
    assert good.json()["expires_in"] == 3600
    other = tmp_path / "other.json"
    accounts.create_service_account(strict_server.app.engine, other, "other", strict_server.root)
    assert ask(strict_server, other, claims(strict_server)).status_code == 400
    for assertion in ("", "a.b.c", "....", "é.é.é", "e30.e30.e30", "x" * 20_000):
        form = {"grant_type": GRANT, "assertion": assertion}
        answer = strict_server.http.post(f"{strict_server.root}/token", data=form)
        assert answer.status_code == 400
    form = {"grant_type": "password", "assertion": ""}
    assert strict_server.http.post(f"{strict_server.root}/token", data=form).status_code == 400


@pytest.mark.parametrize(
    "header",
    [
        {},
        {"Authorization": "Bearer nonsense"},
        {"Authorization": "Basic eDp5"},
        {"Authorization": b"Bearer \xe9"},
    ],
)
def test_a_call_without_a_good_token_is_not_let_in(strict_server, header):
    answer = strict_server.http.get(f"{strict_server.root}/v4/spreadsheets/x", headers=header)

    assert answer.status_code == 401
    assert answer.json()["error"]["status"] == "UNAUTHENTICATED"
    assert answer.json()["error"]["message"].startswith(
        "Request had invalid authentication credentials."
    )


def test_rights_decide_what_an_account_may_do(strict_server, robot, tmp_path):
    engine = strict_server.app.engine
    path = tmp_path / "guest.json"
    guest_email = accounts.create_service_account(engine, path, "guest", strict_server.root)
    guest = client_at(
        strict_server.root, credentials=Credentials.from_service_account_file(path, scopes=SCOPE)
    )
    book = robot.create("Shared")

    with pytest.raises(PermissionError):
        guest.open_by_key(book.id)
    book.share(guest_email, perm_type="user", role="reader", notify=False)
    shared = guest.open_by_key(book.id)
    with pytest.raises(gspread.exceptions.APIError, match="does not have permission"):
        shared.sheet1.update([["x"]], "A1")
    book.share(guest_email, perm_type="user", role="writer", notify=False)
    shared.sheet1.update([["x"]], "A1")
    with pytest.raises(gspread.exceptions.APIError, match="403"):
        guest.del_spreadsheet(book.id)
    book.share(None, perm_type="anyone", role="reader")
    guest.http_client.session.close()


def test_personas_get_the_spreadsheets_their_titles_name(server):
    shared = server.make(title="Shared with Ana")
    own = server.make(title="Not for Ana")
    engine = server.app.engine

    assert engine.role(shared, Caller("ana@example.com")) == "writer"
    assert engine.role(own, Caller("ana@example.com")) == ""


def test_a_personas_secret_is_checked_against_its_hash():
    hashes = {"ana@example.com": accounts.secret_hash("open sesame", b"salt" * 4)}

    assert accounts.is_secret(hashes, "ana@example.com", "open sesame")
    assert not accounts.is_secret(hashes, "ana@example.com", "öpen")
    assert not accounts.is_secret(hashes, "nobody@example.com", "")


def test_a_spreadsheet_is_found_by_title_or_made(strict_server):
    engine = strict_server.app.engine
    made = accounts.find_or_create(engine, "Partner desk", "robot@sheetserver.local")

    assert accounts.find_or_create(engine, "Partner desk", "robot@sheetserver.local") == made
    assert accounts.find_or_create(engine, "Finance", "robot@sheetserver.local") != made
