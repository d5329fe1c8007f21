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
    transport = httpx.HTTPTransport(retries=8)
    return httpx.Client(base_url=root, transport=transport, timeout=20)


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


def run_to_the_end(folder, *more):
    command = [sys.executable, "-m", "sheetserver", "--data", str(folder), *more]
    return subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 (ours)


def test_it_listens_beyond_loopback_only_with_secrets(tmp_path):
    everywhere = ("--address", "::")
    for more in (everywhere, (*everywhere, "--allow-remote")):
        done = run_to_the_end(tmp_path, *more)
        assert done.returncode == 1
        assert "--secrets are both needed" in done.stderr


def test_a_command_writes_a_key_file(tmp_path):
    key = tmp_path / "robot.json"
    done = run_to_the_end(tmp_path, "--service-account", "robot", str(key))

    assert done.stdout.startswith("robot@sheetserver.local in ")
    assert key.stat().st_mode & 0o777 == 0o600
