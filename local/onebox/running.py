"""A desk in operation: its servers, its loops, and their orderly end."""

import logging
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import datetime
from socket import socket
from time import sleep
from typing import Final

from console.google import Budget, GoogleSheets, signed_in
from console.tabs import TITLES
from intake.app import SHEET_EDITS
from intake.app import build as build_intake
from licensing.app import PATH as IN_PRODUCT
from licensing.app import build as build_licensing
from onebox import mailbox_pages, wiring
from onebox.lists import SNAPSHOT_DAY, FolderStore, sources_in_use
from onebox.place import Place
from onebox.samples import send_samples
from onebox.scheduler import Scheduler
from onebox.server import Gateway, application
from onebox.serving import address_of, bind, serve
from onebox.sheets import SheetServer, open_sheets
from onebox.wiring import Adapters
from onebox.worker import Loop, work_off
from partnerdesk.adapters.lists import NoListsError
from partnerdesk.domain.change import Change
from partnerdesk.domain.record import Workbook
from partnerdesk.domain.settings import AcceptLimits
from partnerdesk.domain.watchlist import BrokenIndexError
from partnerdesk.jobs import Jobs
from sheetserver.settings import Webhook
from syncing.services import Services as SyncingServices
from syncing.work import visit

logger = logging.getLogger(__name__)

LOOK: Final = 1.0
"""Seconds after which worker and scheduler look even if nothing woke them."""

POLL: Final = 5.0
"""Seconds between visits that nothing asked for (sheets.md C5)."""

WINDOW: Final = 0.5
"""Seconds between two visits of a workbook: the server is ours, and nobody counts its calls."""


@dataclass(frozen=True, slots=True)
class Addresses:
    """Where a running desk is reached."""

    desk: str
    console: str


class RunningDesk:
    """Everything that runs on one machine, started in order and stopped in reverse."""

    def __init__(
        self,
        place: Place,
        *,
        port: int,
        sheets_port: int,
        is_demo: bool,
        limits: AcceptLimits | None = None,
    ) -> None:
        """
        Start the desk; it answers when this returns.

        :raises FolderInUseError: when another desk has the data folder open
        :raises PortTakenError: when another program has one of the ports
        """
        self._place = place
        with ExitStack() as opened:
            desk_socket = opened.enter_context(bind(port, setting="PORT"))
            sheets_socket = opened.enter_context(bind(sheets_port, setting="SHEETS_PORT"))
            self.addresses = Addresses(address_of(desk_socket), address_of(sheets_socket))
            self.adapters = wiring.open_adapters(
                place, root=self.addresses.desk, is_demo=is_demo, limits=limits
            )
            opened.callback(self.adapters.close)
            self._start(desk_socket, sheets_socket, opened, is_demo=is_demo)
            self._opened = opened.pop_all()

    def stop(self) -> None:
        """Finish what is in hand and let go of everything."""
        self._opened.close()

    def _start(
        self, desk_socket: socket, sheets_socket: socket, opened: ExitStack, *, is_demo: bool
    ) -> None:
        secret = self.adapters.ids.secret()
        console = self._serve_sheets(sheets_socket, opened, secret)
        intake = build_intake(
            wiring.intake_services(
                self.adapters,
                doorbell=wiring.doorbell(console.books, secret),
                notice=self._notice() if is_demo else "",
            )
        )
        gateway = Gateway(
            functions={
                "*": intake,
                IN_PRODUCT: build_licensing(wiring.licensing_services(self.adapters)),
            },
            clock=self.adapters.clock,
            ids=self.adapters.ids,
        )
        pages = mailbox_pages.routes(self._place.mailbox) if is_demo else ()
        opened.callback(serve(application(gateway, extra=pages), desk_socket).stop)
        for loop in self._loops(console):
            loop.start()
            opened.callback(loop.stop)
        if is_demo:
            send_samples(intake)

    def _notice(self) -> str:
        """Return the banner of a demo: what is not real about it, dates included."""
        sources = sources_in_use(FolderStore(self._place.lists))
        lists = " and ".join(f"{it.code} of {it.published}" for it in sources)
        lists = lists or f"SDN of {SNAPSHOT_DAY}"
        return (
            f"Demo. Screening uses the list {lists} and accepts its age; mails go to /mailbox "
            "and to nobody; licences are signed with a key of this machine."
        )

    def _serve_sheets(self, listening: socket, opened: ExitStack, secret: str) -> "Console":
        """
        Start the sheet server; the desk signs in to it like anybody else.

        It rings at the desk's own door, with a secret that only this run knows.
        """
        console = Console(self.adapters, FolderStore(self._place.lists))
        root = address_of(listening)
        rings_at = Webhook(f"{self.addresses.desk}{SHEET_EDITS}", secret)
        server = open_sheets(self._place, root=root, webhook=rings_at)
        opened.callback(server.app.close)
        opened.callback(serve(server.app, listening).stop)
        opened.callback(server.app.hang_up)
        console.open(server, root)
        return console

    def _loops(self, console: "Console") -> Sequence[Loop]:
        jobs = wiring.jobs(self.adapters)
        scheduler = Scheduler(wiring.schedules(self.adapters), self.adapters.clock)
        worker = Loop("worker", _Worker(self.adapters, jobs).round, at_least_every=LOOK)
        visits = {workbook: console.visits(workbook) for workbook in console.books}

        def woken(change: Change) -> None:
            if change.outbox:
                worker.wake()
            marked = {mark.workbook for mark in (*change.marks(), *change.touched())}
            for workbook in marked & visits.keys():
                visits[workbook].wake()

        self.adapters.ledger.on_commit(woken)
        return [worker, Loop("scheduler", scheduler.look, at_least_every=LOOK), *visits.values()]


class _Worker:
    """Works the outbox off, once the lists are ready: building a demo's takes some seconds."""

    def __init__(self, adapters: Adapters, jobs: Jobs) -> None:
        self._adapters = adapters
        self._jobs = jobs
        self._is_ready = False

    def round(self) -> None:
        """Do everything that is due."""
        if not self._is_ready:
            self._adapters.screener.prepare(at=self._adapters.clock.now())
            self._is_ready = True
        work_off(self._jobs)


class Console:
    """The workbooks of a running desk, and the visits to them."""

    def __init__(self, adapters: Adapters, lists: FolderStore) -> None:
        self._adapters = adapters
        self._lists = lists
        self.books: Mapping[Workbook, str] = {}
        self._services: SyncingServices | None = None

    def open(self, server: SheetServer, root: str) -> None:
        """Find or make the workbooks on a server that answers at `root`."""
        self.books = server.workbooks()
        self._services = SyncingServices(
            ledger=self._adapters.ledger,
            marks=self._adapters.ledger,
            clock=self._adapters.clock,
            ids=self._adapters.ids,
            sheets=GoogleSheets(
                http=signed_in(server.key_file, root),
                books=self.books,
                clock=self._adapters.clock,
                pause=sleep,
                dice=_certain,
                account=server.account,
                budget=Budget.unlimited(),
            ),
            settings=self._adapters.settings,
            lists=self._list_days,
        )

    def _list_days(self) -> Mapping[str, datetime]:
        """Return when each list was last known to be current, nothing before the first import."""
        try:
            return self._lists.pointer().checked
        except (NoListsError, BrokenIndexError):
            return {}

    def visits(self, workbook: Workbook) -> Loop:
        """Return the loop that visits a workbook."""

        def look() -> None:
            while self._services and visit(workbook, self._services):
                pass

        name = f"visits to {TITLES[workbook]}"
        return Loop(name, look, at_least_every=POLL, at_most_every=WINDOW)


def _certain() -> float:
    """Return the longest wait: nobody else asks our own server at the same moment."""
    return 1.0
