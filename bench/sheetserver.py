"""
Measures the sheet server against the same cells in openpyxl, which keeps them in memory.

    python -m bench.sheetserver [--quick]

Read: one `values.get` of 10,000 rows by 20 columns over HTTP, parsed by the
client, as the desk reads (`UNFORMATTED_VALUE`). Write: one `batchUpdate` of
5,000 typed cells, synced to disk before it is answered. Both sides run in
turn; the server is a process of its own, whose CPU time is counted. Besides,
the limits of sheets.md B13 are checked, and a tab of a million cells.
"""

import argparse
import json
import os
import platform
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import httpx

from bench.baseline.openpyxl_sheet import OpenpyxlSheet

ROWS, COLUMNS = 10_000, 20
READ_GOAL = 1.0
LIMITS = {"start_ms": 2_000, "read_ms": 400, "rows_500_ms": 400, "memory_mb": 300}


class Server:
    """The sheet server as a process, and one client of it."""

    def __init__(self, folder):
        with socket.socket() as sock:
            sock.bind(("127.0.0.1", 0))
            port = sock.getsockname()[1]
        command = [sys.executable, "-m", "sheetserver", "--data", str(folder), "--port", str(port)]
        began = time.perf_counter()
        self.process = subprocess.Popen([*command, "--anonymous"], stdout=subprocess.DEVNULL)  # noqa: S603 (ours)
        self.http = httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=120)
        while not self._answers():
            if self.process.poll() is not None:
                message = "The server ended before it answered."
                raise RuntimeError(message)
            time.sleep(0.01)
        self.start_ms = 1000 * (time.perf_counter() - began)

    def _answers(self):
        try:
            return self.http.get("/capabilities").status_code == httpx.codes.OK
        except httpx.TransportError:
            return False

    def cpu(self):
        fields = Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def memory_mb(self):
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        line = next(each for each in status.splitlines() if each.startswith("VmHWM"))
        return int(line.split()[1]) // 1024

    def make(self, rows, columns):
        size = {"rowCount": rows, "columnCount": columns}
        body = {"sheets": [{"properties": {"title": "T", "gridProperties": size}}]}
        self.book = self.http.post("/v4/spreadsheets", json=body).json()["spreadsheetId"]

    def put(self, rows, top=1):
        answer = self.http.put(
            f"/v4/spreadsheets/{self.book}/values/T!A{top}",
            json={"values": rows},
            params={"valueInputOption": "RAW"},
        )
        answer.raise_for_status()

    def read(self, option="UNFORMATTED_VALUE"):
        answer = self.http.get(
            f"/v4/spreadsheets/{self.book}/values/T", params={"valueRenderOption": option}
        )
        return answer.json()["values"]

    def batch(self, rows, top=0):
        cells = [{"values": [typed(value) for value in row]} for row in rows]
        requests = [
            {
                "updateCells": {
                    "start": {"rowIndex": top + at},
                    "fields": "userEnteredValue,userEnteredFormat.numberFormat",
                    "rows": [row],
                }
            }
            for at, row in enumerate(cells)
        ]
        answer = self.http.post(
            f"/v4/spreadsheets/{self.book}:batchUpdate", json={"requests": requests}
        )
        answer.raise_for_status()

    def stop(self):
        self.http.close()
        self.process.terminate()
        self.process.wait()


def typed(value):
    if isinstance(value, str):
        return {
            "userEnteredValue": {"stringValue": value},
            "userEnteredFormat": {"numberFormat": {"type": "TEXT"}},
        }
    return {
        "userEnteredValue": {"numberValue": value},
        "userEnteredFormat": {"numberFormat": {"type": "NUMBER", "pattern": "0"}},
    }


def grid(rows, columns, salt=0):
    """Return rows of texts and numbers in turn, all different."""
    return [
        [
            f"cell {row} {column} {salt}" if column % 2 else row * columns + column + salt
            for column in range(columns)
        ]
        for row in range(rows)
    ]


class Times:
    def __init__(self):
        self.wall, self.cpu = [], []

    def add(self, work, clock):
        wall, cpu = time.perf_counter(), clock()
        result = work()
        self.wall.append(1000 * (time.perf_counter() - wall))
        self.cpu.append(1000 * (clock() - cpu))
        return result

    def shown(self):
        return {
            f"{name}_{kind}_ms": round(choose(values), 1)
            for name, values in (("wall", self.wall), ("cpu", self.cpu))
            for kind, choose in (("median", statistics.median), ("min", min))
        }


def compare(server, runs, rows):
    """Return times of reads and writes, ours and the baseline's, taken in turn."""
    base = OpenpyxlSheet()
    base.write(rows)
    server.make(ROWS, COLUMNS)
    server.put(rows)
    assert server.read() == base.read() == rows
    sides = {name: Times() for name in ("read", "base_read", "write", "base_write", "shown")}
    for run in range(runs):
        small = grid(5_000 // COLUMNS, COLUMNS, salt=run + 1)
        steps = [
            ("read", server.read, server.cpu),
            ("base_read", base.read, time.process_time),
            ("write", lambda small=small: server.batch(small), server.cpu),
            ("base_write", lambda small=small: base.write(small), time.process_time),
            ("shown", lambda: server.read("FORMATTED_VALUE"), server.cpu),
        ]
        for name, work, clock in steps if run % 2 else reversed(steps):
            sides[name].add(work, clock)
        sys.stderr.write(f"run {run + 1} of {runs}\n")
    assert server.read() == base.read()
    return sides


def limits(server):
    """Return the figures that sheets.md B13 limits, on the tab of 10,000 by 20."""
    batch = Times()
    for run in range(3):
        batch.add(lambda run=run: server.batch(grid(500, COLUMNS, salt=run)), server.cpu)
    return {
        "start_ms": round(server.start_ms),
        "rows_500_ms": round(min(batch.wall)),
        "memory_mb": server.memory_mb(),
    }


def million(server):
    """Return how long a million cells take to write in blocks, to read once, and their memory."""
    server.make(50_000, COLUMNS)
    write, read = Times(), Times()
    for top in range(0, 50_000, 10_000):
        rows = grid(10_000, COLUMNS, salt=top)
        write.add(lambda rows=rows, top=top: server.put(rows, top + 1), server.cpu)
    found = read.add(server.read, server.cpu)
    return {
        "cells": sum(map(len, found)),
        "write_ms": round(sum(write.wall)),
        "read_ms": round(read.wall[0]),
        "memory_mb": server.memory_mb(),
    }


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="fewer runs, no million cells")
    given = parser.parse_args()
    runs = 3 if given.quick else 11
    with tempfile.TemporaryDirectory() as folder:
        server = Server(Path(folder))
        try:
            sides = compare(server, runs, grid(ROWS, COLUMNS))
            found = limits(server)
            large = {} if given.quick else million(server)
        finally:
            server.stop()
    shown = {name: times.shown() for name, times in sides.items()}
    ratio = quotient(shown, "read")
    found["read_ms"] = round(shown["shown"]["wall_min_ms"])
    kept = all(found[name] <= limit for name, limit in LIMITS.items())
    report = {
        "bench": "sheetserver",
        "ratio": ratio,
        "goal": READ_GOAL,
        "ok": ratio <= READ_GOAL and kept,
        "ours": shown["read"],
        "base": shown["base_read"],
        "runs": runs,
        "synced_write_of_5000_cells": {
            "ratio": quotient(shown, "write"),
            "ours": shown["write"],
            "base": shown["base_write"],
        },
        "limits": found,
        "million": large,
        "host": {
            "cpus": os.cpu_count(),
            "python": platform.python_version(),
            "load": round(os.getloadavg()[0], 1),
        },
    }
    sys.stdout.write(json.dumps(report) + "\n")
    sys.exit(0 if report["ok"] else 1)


def quotient(shown, name):
    """Return our least time over the baseline's; other loads of the machine only add."""
    return round(shown[name]["wall_min_ms"] / shown[f"base_{name}"]["wall_min_ms"], 2)


if __name__ == "__main__":
    main()
