"""`desk run` as a person starts it: a real process, real ports, real restarts."""

import json
import re
import signal
import socket
import subprocess
import sys
from contextlib import contextmanager
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest

from onebox.place import Place
from onebox.running import RunningDesk
from onebox.serving import PortTakenError, bind

BODY = {
    "organisation": "Lumen Optics BV",
    "contact_name": "Sanne de Wit",
    "email": "sanne.dewit@lumen-optics.example",
    "country": "NL",
    "company_size": "51-100",
    "users": 45,
    "stage": "evaluating",
    "terms_accepted": True,
}


@contextmanager
def started(data, *options, ends_with=0):
    """A running desk and its two addresses; Ctrl-C ends it."""
    command = [sys.executable, "-m", "onebox.cli", "--data", str(data), "run"]
    process = subprocess.Popen(  # noqa: S603 - ours
        [*command, "--port", "0", "--sheets-port", "0", *options],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    said = []
    for line in process.stdout:
        said.append(line)
        if line.startswith("Stop with"):
            break
    addresses = re.findall(r"http://127\.0\.0\.1:\d+", "".join(said))
    try:
        yield process, addresses[0], addresses[1]
    finally:
        process.send_signal(signal.SIGINT)
        rest = process.stdout.read()
        process.stdout.close()
        assert process.wait() == ends_with, rest
        assert "Traceback" not in rest


def post(desk, body, **headers):
    request = Request(  # noqa: S310 - our own server
        f"{desk}/v1/trials",
        data=json.dumps(body).encode(),
        headers={"Content-Type": "application/json", **headers},
    )
    try:
        with urlopen(request) as answer:  # noqa: S310 - our own server
            return answer.status, json.load(answer)
    except HTTPError as refused:
        with refused:
            return refused.code, json.load(refused)


def get(address):
    with urlopen(address) as answer:  # noqa: S310 - our own server
        return answer.read().decode()


def test_a_restart_has_everything(tmp_path):
    """Issue point 1: ready, stopped cleanly, and nothing forgotten."""
    with started(tmp_path / "desk") as (_, desk, console):
        status, first = post(desk, BODY)
        assert status == 202
        assert get(f"{desk}/health")
        assert "choose who you are" in get(console)
    with started(tmp_path / "desk") as (_, desk, _console):
        assert post(desk, BODY)[1]["reference"] == first["reference"]


def test_without_a_list_nothing_is_issued(tmp_path):
    """Rule SCR-2: what cannot be screened is held; only the demo accepts the shipped list."""
    with started(tmp_path / "desk") as (_, desk, _console):
        _, accepted = post(desk, BODY)
        page = ""
        while "check" not in page:
            page = get(re.sub(r"http://[^/]+", desk, accepted["status_url"]))
    assert not list((tmp_path / "desk" / "mailbox").glob("trial.licence*"))


def test_a_demo_says_what_is_not_real(tmp_path):
    with started(tmp_path / "desk", "--demo") as (_, desk, _console):
        home = get(f"{desk}/")
        assert "Screening uses the list SDN of 2024-05-03" in home
        assert "Mailbox" in get(f"{desk}/mailbox")


def test_a_second_desk_on_the_same_folder_is_told_so(tmp_path):
    first = RunningDesk(Place(tmp_path / "desk"), port=0, sheets_port=0, is_demo=False)
    command = [sys.executable, "-m", "onebox.cli", "--data", str(tmp_path / "desk"), "run"]
    second = subprocess.run(  # noqa: S603 - ours
        [*command, "--port", "0", "--sheets-port", "0"], capture_output=True, text=True, check=False
    )
    first.stop()

    assert second.returncode == 1
    assert "Traceback" not in second.stderr
    assert "desk" in second.stderr


def test_a_taken_port_is_told_with_the_setting_that_changes_it(tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(PortTakenError, match="SHEETS_PORT"):
            RunningDesk(Place(tmp_path / "desk"), port=0, sheets_port=port, is_demo=False)
        with pytest.raises(PortTakenError, match="PORT"):
            bind(port, setting="PORT")


@pytest.mark.parametrize("length", [7_000_000, 262_145])
def test_a_huge_body_is_refused_and_the_answer_can_be_read(tmp_path, length):
    """robustness.md B2: refused from the length, the answer still readable."""
    desk = RunningDesk(Place(tmp_path / "desk"), port=0, sheets_port=0, is_demo=False)
    request = Request(  # noqa: S310 - our own server
        f"{desk.addresses.desk}/v1/trials",
        data=b"a" * length,
        headers={"Content-Type": "application/json"},
    )
    with pytest.raises(HTTPError) as refused:
        urlopen(request)  # noqa: S310 - our own server
    with refused.value:
        assert refused.value.code == 413
        assert json.load(refused.value)["status"] == 413
    desk.stop()


def test_kill_9_loses_nothing_that_was_acknowledged(tmp_path):
    """Issue point 7: every 202 is there after the restart."""
    references = []
    with started(tmp_path / "desk", ends_with=-signal.SIGKILL) as (process, desk, _):
        for number in range(5):
            body = {**BODY, "email": f"sanne@lumen-{number}.example"}
            references.append(post(desk, body)[1]["reference"])
        process.kill()
    with started(tmp_path / "desk") as (_, desk, _console):
        for number, reference in enumerate(references):
            body = {**BODY, "email": f"sanne@lumen-{number}.example"}
            assert post(desk, body)[1]["reference"] == reference
