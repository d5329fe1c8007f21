"""
Measures our write-back against one call for each cell, on the local sheet server with its quota.

    python -m bench.sync [--quick]

Three workbooks of one service account, 60 reads and 60 writes a minute in all.
Records change at 5, 60, 600 and 6,000 a minute: a request is refused, or opened
again. Ours visits each workbook when it has marks, and rests the window after
each visit, as the desk on one machine does; the usual way writes each change
with gspread's `find`, `update_cell` and `append_row`. Time is virtual: each call
takes half a second, and everything that happens meanwhile happens in its order.
Staleness is the time from the commit until the row on the server shows it; what is
never shown counts until the end. Calls are counted for each update that was
shown. Besides: what a flush of 100 rows reads on a tab of 10,000.
"""

import argparse
import heapq
import json
import logging
import os
import platform
import sys
import tempfile
import threading
from bisect import bisect_right
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import timedelta
from itertools import count
from pathlib import Path
from statistics import quantiles

import gspread

from bench.baseline.cell_by_cell import CellByCell
from console import plan
from console.google import Bucket, Budget
from console.schema import Kept, Seen, cell_value, text_of
from console.tabs import TRIALS
from partnerdesk.domain.errors import DeskError
from partnerdesk.domain.record import Workbook
from partnerdesk.domain.trial import TrialRequest, TrialState
from tests.builders import NOON, a_trial, kept
from tests.inprocess import SheetsInProcess
from tests.workbooks import Console

BOOKS = 3
ROWS = 100
WINDOW, POLL = 5.0, 60.0
CALL = 0.5
"""Seconds that a call takes; the server acts in the middle of it."""

RATES = {5: 600, 60: 300, 600: 180, 6_000: 60}
"""Updates a minute, and for how many seconds."""

GOAL_RATE, GOAL_RATIO, GOAL_P95, GOAL_CALLS = 600, 50, 6.0, 50
TEXT = {TrialState.REFUSED: "A request of this organisation was granted this year."}


class Time:
    """
    Virtual seconds for several threads, of which exactly one runs at any moment.

    Whoever sleeps lets the one go on that is due first, so a run is the same each time.
    """

    def __init__(self):
        self.seconds = 0.0
        self._turns = count()
        self._due = []
        self._done = threading.Event()
        self._running = 0

    def now(self):
        return NOON + timedelta(seconds=self.seconds)

    def tick(self):
        return self.seconds

    def sleep(self, seconds):
        gate = threading.Event()
        heapq.heappush(self._due, (self.seconds + seconds, next(self._turns), gate))
        self._next()
        gate.wait()

    def _next(self):
        if not self._due:
            self._done.set()
            return
        self.seconds, _, gate = heapq.heappop(self._due)
        gate.set()

    def run(self, *works):
        """Let some works run side by side until all are done."""
        self._done.clear()
        failures = []

        def live(work, gate):
            gate.wait()
            try:
                work()
            except BaseException as failed:  # noqa: BLE001 - told by the thread that waits
                failures.append(failed)
            self._next()

        for work in works:
            gate = threading.Event()
            heapq.heappush(self._due, (self.seconds, next(self._turns), gate))
            threading.Thread(target=live, args=(work, gate), daemon=True).start()
        self._next()
        self._done.wait()
        if failures:
            raise failures[0]


@dataclass
class Side:
    """What one side did in a run."""

    shown: int = 0
    """Updates that the rows showed in the end, or a later one of the same record."""

    calls: int = 0
    refused: int = 0
    busiest: int = 0
    """The most reads, or writes, of any sixty seconds."""

    stale: list = field(default_factory=list)
    drift: int = 0

    def told(self):
        cuts = quantiles(self.stale, n=100, method="inclusive")
        return {
            "calls_per_update": round(self.calls / self.shown, 3),
            "p50_s": round(cuts[49], 1),
            "p95_s": round(cuts[94], 1),
            "p99_s": round(cuts[98], 1),
            "busiest_minute": self.busiest,
            "refused": self.refused,
            "drift": self.drift,
        }


class Slow:
    """A SheetsClient whose calls take their time, and count the cells that come back."""

    def __init__(self, client, time, after):
        self._client, self._time, self._after = client, time, after
        self.cells = {"read": 0, "echoed": 0, "calls": 0}

    @property
    def account(self):
        return self._client.account

    def describe(self, workbook, *, until):
        return self._call(lambda: self._client.describe(workbook, until=until))

    def read(self, workbook, ranges, *, until):
        found = self._call(lambda: self._client.read(workbook, ranges, until=until))
        self.cells["read"] += cells_of(found)
        return found

    def write(self, workbook, requests, *, echo=(), until):
        found = self._call(lambda: self._client.write(workbook, requests, echo=echo, until=until))
        self.cells["echoed"] += cells_of(found)
        return found

    def _call(self, call):
        self.cells["calls"] += 1
        self._time.sleep(CALL / 2)
        answer = call()
        self._after()
        self._time.sleep(CALL / 2)
        return answer


def cells_of(blocks):
    return sum(len(row) for block in blocks for row in block)


class Book:
    """A workbook with its desk: records that change, and what the sheet shows of them."""

    def __init__(self, folder, server, time, rows=ROWS):
        folder.mkdir()
        self.server, self.time = server, time
        self.console = Console(folder, server)
        self.ledger = self.console.desk.ledger
        self.console.desk.clock = time
        self.client = replace(self.console.client, clock=time)
        self.refs = [f"TRL-2026-{n:06}" for n in range(1, rows + 1)]
        for ref in self.refs:
            kept(self.ledger, a_trial(ref=ref), at=time.now())
        self.console.with_services(clock=time, sheets=self.client)
        while self.console.visit(Workbook.DESK) or self.ledger.take(Workbook.DESK, limit=1):
            pass
        self.waiting = {}
        """Record -> the times at which its versions were committed that nobody has seen yet."""

        self.stale = []

    def change(self, n):
        """Refuse a request, or open it again."""
        ref = self.refs[n % len(self.refs)]
        trial = self.ledger.get(TrialRequest, ref)
        states = {TrialState.RECEIVED: TrialState.REFUSED}
        state = states.get(trial.state, TrialState.RECEIVED)
        changed = replace(trial, state=state, refusal=TEXT.get(state, ""))
        new = kept(self.ledger, changed, at=self.time.now())
        self.waiting.setdefault(ref, []).append((new.version, self.time.seconds))
        return new

    def line(self, trial):
        last = plan.happening(self.ledger.event(TRIALS.key, trial.ref, trial.version))
        line = plan.line_of(TRIALS, Seen(trial, {}, last, Kept(), self.time.now()))
        return {name: cell_value(value) for name, value in line.values.items()}, last

    def rows(self):
        """Return what the server holds, by record; no call of anybody's."""
        place = self.console.services.memory.places[Workbook.DESK][TRIALS.key]
        tab = self.server.app.engine.read(self.console.books[Workbook.DESK]).tab(place.sheet_id)
        return {
            row.value(0): {name: row.value(at) for name, at in place.columns.items()}
            for row in tab.rows[1:]
            if row.value(0)
        }

    def look(self):
        """Note which changes the rows show now."""
        if not self.waiting:
            return
        shown = {ref: row["_rev"] for ref, row in self.rows().items() if ref in self.waiting}
        for ref, rev in shown.items():
            version = int(rev.rpartition("@")[2].partition(".")[0])
            self.seen(ref, version)

    def seen(self, ref, version):
        due = self.waiting.pop(ref, [])
        self.stale += [self.time.seconds - at for it, at in due if it <= version]
        if left := [pair for pair in due if pair[0] > version]:
            self.waiting[ref] = left

    def unseen(self):
        """Return how long each change has waited that was never shown."""
        return [self.time.seconds - at for due in self.waiting.values() for _, at in due]

    def drift(self):
        """Return how many cells differ from the ledger, those that time moves aside."""
        wrong = 0
        for ref, row in self.rows().items():
            line, _ = self.line(self.ledger.get(TrialRequest, ref))
            del line["_rev"], line["flag"]
            wrong += sum(text_of(row[name]) != text_of(value) for name, value in line.items())
        return wrong + len(self.ledger.stale())


def world(folder, side):
    """Return the time, a server on it that enforces its quota, and three workbooks."""
    time = Time()
    (folder / side).mkdir()
    server = SheetsInProcess(folder / side, clock=time.now)
    books = [Book(folder / f"{side}-{n}", server, time) for n in range(BOOKS)]
    control(server, "DELETE", "requests")
    control(server, "POST", "quota", enforce=True)
    time.seconds = 120.0  # what was built counts in minutes that are over
    return time, server, books


def control(server, method, name, **body):
    path, given = f"/_test/{name}", json.dumps(body).encode()
    return json.loads(server.app.controls.answer(method, path, given, "127.0.0.1").content())


def business(time, books, rate, seconds):
    """Return what changes records, evenly, until its time is over."""

    def work():
        for n in range(round(rate * seconds / 60)):
            books[n % BOOKS].change(n // BOOKS)
            time.sleep(60 / rate)

    return work


def ours(folder, rate, seconds):
    time, server, books = world(folder, f"ours-{rate}")
    budget = Budget(Bucket(tick=time.tick), Bucket(tick=time.tick))
    until = time.seconds + seconds

    def visits(book):
        client = replace(book.client, budget=budget, pause=time.sleep)
        book.console.with_services(sheets=Slow(client, time, book.look))
        polled = time.seconds

        def work():
            nonlocal polled
            while time.seconds < until or book.ledger.stale():
                if book.ledger.stale() or time.seconds - polled >= POLL:
                    polled = time.seconds
                    with suppress(DeskError):
                        while book.console.visit(Workbook.DESK):
                            pass
                    time.sleep(WINDOW)
                else:
                    time.sleep(0.1)

        return work

    time.run(business(time, books, rate, seconds), *map(visits, books))
    return outcome(server, books)


def usual(folder, rate, seconds):
    time, server, books = world(folder, f"usual-{rate}")
    until = time.seconds + seconds
    queue = []

    def listen():
        for n in range(round(rate * seconds / 60)):
            book = books[n % BOOKS]
            new = book.change(n // BOOKS)
            queue.append((book, new, *book.line(new)))
            time.sleep(60 / rate)

    writers = {id(book): writer(book, time) for book in books}

    def write():
        while time.seconds < until:
            if queue:
                book, new, line, event = queue.pop(0)
                cells = by_column(book, line)
                writers[id(book)].show(new.ref, cells, [new.ref, event.what, event.who])
                book.seen(new.ref, new.version)
            else:
                time.sleep(0.1)

    time.run(listen, write)
    return outcome(server, books)


def by_column(book, line):
    """Return what a row says by column from 1, `""` for an empty cell; `_rev` is our affair."""
    place = book.console.services.memory.places[Workbook.DESK][TRIALS.key]
    return {
        place.columns[name] + 1: "" if value is None else value
        for name, value in line.items()
        if name != "_rev"
    }


def writer(book, time):
    class Patient(type(book.client.http)):
        """gspread's HTTP layer, whose calls take their time."""

        def request(self, *args, **parts):
            time.sleep(CALL / 2)
            try:
                return super().request(*args, **parts)
            finally:
                time.sleep(CALL / 2)

    http = book.server.http()
    http.__class__ = Patient
    client = gspread.Client(auth=None, session=http.session, http_client=lambda *_: http)
    sheets = client.open_by_key(book.console.books[Workbook.DESK])
    made = CellByCell(
        sheets.worksheet("Trials"),
        sheets.worksheet("Activity"),
        wait=lambda: time.sleep(60 - time.seconds % 60),
    )
    for ref in book.refs:
        line, _ = book.line(book.ledger.get(TrialRequest, ref))
        made.knows(ref, by_column(book, line))
    return made


def outcome(server, books):
    """Return what a run came to, by the server's own log and cells."""
    logged = control(server, "GET", "requests")["requests"]
    side = Side()
    for book in books:
        side.stale += [*book.stale, *book.unseen()]
        side.shown += len(book.stale)
        side.drift += book.drift()
        book.console.close()
    side.calls = len(logged)
    side.refused = sum(it["status"] == 429 for it in logged)
    side.busiest = max(busiest(logged, "GET"), busiest(logged, "POST", "PUT"))
    server.stop()
    return side


def busiest(logged, *methods):
    """Return the most calls that any sixty seconds saw."""
    times = sorted(seconds_of(it["time"]) for it in logged if it["method"] in methods)
    return max((n + 1 - bisect_right(times, at - 60) for n, at in enumerate(times)), default=0)


def seconds_of(text):
    hours, minutes, seconds = text.partition("T")[2].rstrip("Z").split(":")
    return (int(hours) * 60 + int(minutes)) * 60 + float(seconds)


def large_tab(folder, rows):
    """Return how many cells a flush of 100 rows reads on a tab of many, by kind of call."""
    time = Time()
    (folder / "large").mkdir()
    server = SheetsInProcess(folder / "large", clock=time.now)
    book = Book(folder / "large-0", server, time, rows=rows)
    slow = Slow(book.client, time, lambda: None)
    book.console.with_services(sheets=slow)
    for n in range(100):
        book.change(n)
    time.run(lambda: book.console.visit(Workbook.DESK))
    found = {"rows": rows, **slow.cells, "drift": book.drift()}
    book.console.close()
    server.stop()
    return found


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="60 and 600 a minute, shorter")
    given = parser.parse_args()
    logging.disable(logging.WARNING)
    rates = {60: 60, 600: 60} if given.quick else RATES
    table = {}
    with tempfile.TemporaryDirectory() as folder:
        for rate, seconds in rates.items():
            sides = {}
            for side in (ours, usual) if len(table) % 2 else (usual, ours):
                sys.stderr.write(f"{rate} a minute: {side.__name__}\n")
                sides[side.__name__] = side(Path(folder), rate, seconds).told()
            table[rate] = sides
        large = large_tab(Path(folder), 1_000 if given.quick else 10_000)
    sys.stdout.write(drawn(table))
    report = judged(table, large)
    sys.stdout.write(json.dumps(report) + "\n")
    sys.exit(0 if report["ok"] else 1)


def ratio(sides):
    """Return how many times fewer calls ours makes for an update."""
    return round(sides["usual"]["calls_per_update"] / sides["ours"]["calls_per_update"], 1)


def drawn(table):
    """Return the table of a run as Markdown."""
    head = "| Updates/min | Side | Calls/update | p50 | p95 | p99 | Busiest 60 s | 429 | Drift |"
    lines = [head, "|---|---|---|---|---|---|---|---|---|"]
    for rate, sides in table.items():
        for name, told in sides.items():
            cells = " | ".join(str(value) for value in told.values())
            lines.append(f"| {rate} | {name} | {cells} |")
        lines.append(f"| {rate} | ratio | {ratio(sides)} | | | | | | |")
    return "\n".join([*lines, ""])


def judged(table, large):
    at_goal = table[GOAL_RATE]
    mine = [sides["ours"] for sides in table.values()]
    is_met = (
        ratio(at_goal) >= GOAL_RATIO
        and at_goal["ours"]["p95_s"] <= GOAL_P95
        and all(it["busiest_minute"] <= GOAL_CALLS and not it["drift"] for it in mine)
        and not large["drift"]
    )
    return {
        "bench": "sync",
        "ratio": ratio(at_goal),
        "goal": GOAL_RATIO,
        "ok": is_met,
        "ours": at_goal["ours"],
        "base": at_goal["usual"],
        "runs": 1,
        "rates": table,
        "flush_of_100_rows": large,
        "host": {
            "cpus": os.cpu_count(),
            "python": platform.python_version(),
            "load": round(os.getloadavg()[0], 1),
        },
    }


if __name__ == "__main__":
    main()
