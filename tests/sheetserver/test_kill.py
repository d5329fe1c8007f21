"""`kill -9` under load: every answered batch is there whole, no other one half. sheets.md B2."""

import os
import signal
import socket
import subprocess
import sys
import threading
from pathlib import Path

import httpx
import pytest

from sheetserver import __main__
from sheetserver.clock import system_clock
from sheetserver.engine import Engine
from sheetserver.ids import RandomIds

ROWS = 5


def start(folder, port):
    command = [
        sys.executable,
        "-m",
        "sheetserver",
        "--data",
        str(folder),
        "--port",
        str(port),
        "--anonymous",
    ]
    environment = {**os.environ, "PYTHONUNBUFFERED": "1"}
    process = subprocess.Popen(  # noqa: S603 (our own command)
        command, env=environment, stdout=subprocess.PIPE
    )
    process.stdout.readline()  # it says where it is before it listens
    return process


@pytest.fixture
def port():
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return sock.getsockname()[1]


def connect(root):
    """Return a client of a server that answers, which will not wait for a dead one."""
    with httpx.Client(transport=httpx.HTTPTransport(retries=6)) as patient:
        patient.get(f"{root}/capabilities")
    return httpx.Client(base_url=root, timeout=20)


def batch_of(number):
    """Return a batch that writes one number into several rows and appends as many."""
    cell = {"userEnteredValue": {"numberValue": number}}
    return {
        "requests": [
            {
                "updateCells": {
                    "start": {"columnIndex": 1},
                    "fields": "userEnteredValue",
                    "rows": [{"values": [cell]}] * ROWS,
                }
            },
            {
                "appendCells": {
                    "sheetId": 1,
                    "fields": "userEnteredValue",
                    "rows": [{"values": [cell]}] * ROWS,
                }
            },
        ]
    }


@pytest.mark.parametrize("after", [3, 17, 40])
def test_what_was_answered_survives_and_nothing_is_half(tmp_path, port, after):
    process = start(tmp_path, port)
    answered = []
    with connect(f"http://127.0.0.1:{port}") as client:
        book = client.post(
            "/v4/spreadsheets",
            json={
                "sheets": [
                    {"properties": {"title": "T", "sheetId": 0}},
                    {"properties": {"title": "U", "sheetId": 1}},
                ]
            },
        ).json()["spreadsheetId"]
        enough = threading.Event()

        def write():
            for number in range(1, 10_000):
                try:
                    answer = client.post(
                        f"/v4/spreadsheets/{book}:batchUpdate", json=batch_of(number)
                    )
                except httpx.TransportError:
                    return
                assert answer.status_code == 200
                answered.append(number)
                if number >= after:
                    enough.set()

        writer = threading.Thread(target=write)
        writer.start()
        enough.wait(60)
        process.send_signal(signal.SIGKILL)
        process.wait()
        writer.join()
    process.stdout.close()

    process = start(tmp_path, port)
    with connect(f"http://127.0.0.1:{port}") as client:

        def read(place):
            path = f"/v4/spreadsheets/{book}/values/{place}"
            found = client.get(path, params={"valueRenderOption": "UNFORMATTED_VALUE"}).json()
            return [row[0] for row in found.get("values", [])]

        first, appended = read("T!B1:B5"), read("U!A1:A")
        assert len(set(first)) == 1
        last = first[0]
        assert last in (answered[-1], answered[-1] + 1)
        assert appended == [number for number in range(1, last + 1) for _ in range(ROWS)]
        assert (
            client.post(f"/v4/spreadsheets/{book}:batchUpdate", json=batch_of(last + 1)).status_code
            == 200
        )
    process.terminate()
    assert process.wait() in (0, -signal.SIGTERM)
    process.stdout.close()
    assert (Path(tmp_path) / "sheets.db").exists()


@pytest.fixture
def command(monkeypatch, tmp_path):
    """Run the command with more arguments in this process."""

    def run(*more):
        monkeypatch.setattr(sys, "argv", ["sheetserver", "--data", str(tmp_path), *more])
        __main__.main()

    return run


def test_it_listens_beyond_loopback_only_with_secrets(command, tmp_path):
    everywhere = ("--address", "::")
    for more in (everywhere, (*everywhere, "--allow-remote")):
        with pytest.raises(SystemExit, match="--secrets are both needed"):
            command(*more)
    secrets = tmp_path / "secrets.json"
    secrets.write_text('{"ana@example.com": "c2FsdA==$"}')
    with pytest.raises(SystemExit, match="for loopback alone"):
        command(*everywhere, "--allow-remote", "--secrets", str(secrets), "--anonymous")


def test_a_command_writes_a_key_file(command, tmp_path, capsys):
    key = tmp_path / "robot.json"
    command("--service-account", "robot", str(key))

    assert capsys.readouterr().out.startswith("robot@sheetserver.local in ")
    assert key.stat().st_mode & 0o777 == 0o600


def test_a_folder_in_use_is_told(command, tmp_path):
    engine = Engine(tmp_path, clock=system_clock, ids=RandomIds())
    with pytest.raises(SystemExit, match="Another server is using"):
        command("--persona", "Ana=ana@example.com")
    engine.close()
