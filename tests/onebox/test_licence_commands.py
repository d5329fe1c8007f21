import json
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from onebox.clock import DeskClock
from onebox.licence_commands import CLOCK_FILE, licence
from onebox.signer import licence_key
from partnerdesk.domain.licence_file import file_text, payload_of
from tests.drafts import an_order
from tests.signing import fixed_key, key_file, public_pem, sign

NOW = "2026-11-25T12:00:00Z"


@dataclass(frozen=True)
class Folder:
    data: Path


@pytest.fixture
def folder(tmp_path):
    key_file(licence_key(tmp_path / "desk-data"))
    return Folder(tmp_path / "desk-data")


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "LIC-2026-000123.mattermost-license"
    payload = payload_of(an_order())
    path.write_text(file_text(payload, sign(payload)))
    return path


def desk(folder, *words, **streams):
    return CliRunner().invoke(licence, [str(word) for word in words], obj=folder, **streams)


def test_a_good_file_prints_its_payload_as_json_and_ends_in_0(folder, file):
    ran = desk(folder, "verify", file, "--at", NOW)

    assert ran.exit_code == 0
    assert ran.stdout_bytes == payload_of(an_order()) + b"\n"
    assert json.loads(ran.stdout)["customer"]["name"] == "Inês Carvalho"
    assert "Whole days left: 363." in ran.stderr
    assert ran.stderr.endswith("accepted, as of 2026-11-25T12:00:00.000Z\n")


def test_a_file_may_come_on_standard_input(folder, file):
    ran = desk(folder, "verify", "-", "--at", NOW, input=file.read_bytes())

    assert ran.exit_code == 0


def test_a_changed_file_shows_nothing_and_ends_in_1(folder, file):
    text = file.read_text()
    file.write_text(text[:100] + ("A" if text[100] != "A" else "B") + text[101:])

    ran = desk(folder, "verify", file, "--at", NOW)

    assert ran.exit_code == 1
    assert ran.stdout == ""
    assert "refused (signature): " in ran.stderr


def test_an_expired_file_says_so_shows_what_it_is_and_ends_in_1(folder, file):
    ran = desk(folder, "verify", file, "--at", "2027-11-24")

    assert ran.exit_code == 1
    assert json.loads(ran.stdout)["id"] == "o1pszszru9g58b7sasmhhpmzeh"
    assert "refused (expired): " in ran.stderr
    assert "fact (grace): " in ran.stderr


@pytest.mark.parametrize(("users", "code"), [(0, 0), (250, 0), (251, 1)])
def test_active_users_are_held_against_the_seats(folder, file, users, code):
    ran = desk(folder, "verify", file, "--at", NOW, "--active-users", users)

    assert ran.exit_code == code


def test_without_a_time_the_desks_own_clock_decides(folder, file):
    clock = DeskClock(folder.data / CLOCK_FILE)
    clock.stand_at(clock.now() + timedelta(days=36_500))

    ran = desk(folder, "verify", file)

    assert ran.exit_code == 1
    assert "refused (expired)" in ran.stderr


def test_a_time_without_a_zone_is_utc(folder, file):
    last = datetime(2027, 11, 23, 23, 59, 59, tzinfo=UTC)

    assert desk(folder, "verify", file, "--at", "2027-11-24T00:59:59+01:00").exit_code == 0
    for at, code in ((last, 0), (last + timedelta(milliseconds=1), 1)):
        words = at.replace(tzinfo=None).isoformat()
        assert desk(folder, "verify", file, "--at", words).exit_code == code


def test_another_key_can_be_named(tmp_path, file):
    pem = tmp_path / "public.pem"
    pem.write_text(public_pem())

    ran = desk(Folder(tmp_path / "nothing"), "verify", file, "--key", pem, "--at", NOW)

    assert ran.exit_code == 0
    assert not (tmp_path / "nothing").exists()


def test_the_wrong_key_ends_in_1(folder, file, tmp_path):
    pem = tmp_path / "public.pem"
    pem.write_text(public_pem(rsa.generate_private_key(public_exponent=65_537, key_size=2048)))

    ran = desk(folder, "verify", file, "--key", pem, "--at", NOW)

    assert ran.exit_code == 1
    assert ran.stdout == ""


@pytest.mark.parametrize(
    "content",
    [
        lambda: fixed_key().public_key().public_bytes(Encoding.PEM, PublicFormat.PKCS1),
        lambda: b"\xff\xfe",
        lambda: b"",
    ],
    ids=["pkcs1", "bytes", "empty"],
)
def test_an_unfit_key_is_refused(folder, file, tmp_path, content):
    pem = tmp_path / "public.pem"
    pem.write_bytes(content())

    ran = desk(folder, "verify", file, "--key", pem, "--at", NOW)

    assert ran.exit_code == 1
    assert "refused (key): " in ran.stderr


@pytest.mark.parametrize("content", [b"", b"\xff\x00", b"A" * 20_000, "é".encode()])
def test_any_other_file_is_refused(folder, tmp_path, content):
    path = tmp_path / "file"
    path.write_bytes(content)

    ran = desk(folder, "verify", path, "--at", NOW)

    assert ran.exit_code == 1
    assert ran.stdout == ""
    assert ran.stderr.count("refused (") == 1


@pytest.mark.parametrize(
    "words",
    [
        ["verify"],
        ["verify", "missing.mattermost-license"],
        ["verify", "."],
        ["verify", "FILE", "--at", "yesterday"],
        ["verify", "FILE", "--at", "0001-01-01T00:00+14:00"],
        ["verify", "FILE", "--active-users", "-1"],
        ["verify", "FILE", "--active-users", "many"],
        ["verify", "FILE", "--key", "missing.pem"],
        ["verify", "FILE", "--colour"],
    ],
    ids=" ".join,
)
def test_what_cannot_be_judged_ends_in_2(folder, file, words):
    ran = desk(folder, *(file if word == "FILE" else word for word in words))

    assert ran.exit_code == 2
    assert ran.stdout == ""


def test_a_desk_without_a_key_says_what_to_do(tmp_path, file):
    ran = desk(Folder(tmp_path / "nothing"), "verify", file)

    assert ran.exit_code == 2
    assert "--key" in ran.stderr
    assert not (tmp_path / "nothing").exists()


def test_the_public_key_is_printed_as_pem(folder):
    ran = desk(folder, "public-key")

    assert ran.exit_code == 0
    assert ran.stdout == public_pem()


def test_there_is_no_public_key_before_the_desk_has_made_one(tmp_path):
    ran = desk(Folder(tmp_path), "public-key")

    assert ran.exit_code == 1
    assert "Start the desk once" in ran.stderr
