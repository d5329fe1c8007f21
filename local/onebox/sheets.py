"""The desk's own Google Sheets server: who may open which workbook, and who edited what."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from console.tabs import TABS, TITLES
from onebox.place import Place
from partnerdesk.domain.record import Workbook
from sheetserver.a1 import corners
from sheetserver.accounts import create_service_account, find_or_create
from sheetserver.app import App, build
from sheetserver.settings import Persona, Settings, Webhook
from syncing.services import Span

ACCOUNT: Final = "partner-desk"
"""The service account under which the desk writes its workbooks."""

EVERYTHING: Final = 1 << 31
"""The end of a range that has none."""

DESK, COMPLIANCE = TITLES[Workbook.DESK], TITLES[Workbook.COMPLIANCE]

PERSONAS: Final = (
    Persona("Ana Ruiz, partner manager", "ana.ruiz@vendor.example", frozenset({DESK})),
    Persona("Sam Okafor, sales manager", "sam.okafor@vendor.example", frozenset({DESK})),
    Persona("Ida Lund, compliance", "ida.lund@vendor.example", frozenset({COMPLIANCE})),
    Persona("Olu Bello, compliance", "olu.bello@vendor.example", frozenset({COMPLIANCE})),
    Persona(
        "Rita Vogel, read only",
        "rita.vogel@vendor.example",
        reads=frozenset({DESK, COMPLIANCE}),
    ),
)
"""Whom a person at the grid can be (sheets.md B13)."""


@dataclass(frozen=True, slots=True)
class Rung:
    """What a doorbell message tells: somebody edited a range; never what they typed."""

    workbook: str
    """The spreadsheet's id."""

    sheet_id: int
    span: Span
    user: str


@dataclass(frozen=True, slots=True)
class SheetServer:
    """The server as an application, and the key with which the desk signs in to it."""

    app: App
    key_file: Path
    account: str
    """The e-mail address of the desk's account."""

    def workbooks(self) -> Mapping[Workbook, str]:
        """Return the id of every workbook that has tabs, made where there is none."""
        return {
            workbook: find_or_create(self.app.engine, TITLES[workbook], self.account)
            for workbook in TITLES
            if any(tab.workbook is workbook for tab in TABS)
        }


def span_of(a1: str) -> Span:
    """Return the cells of a range in A1 notation; none for rows that changed places."""
    found = corners(a1)
    if found is None:
        return Span(0, 0, 0, 0)
    return Span(
        found.top or 0,
        found.left or 0,
        EVERYTHING if found.bottom is None else found.bottom,
        EVERYTHING if found.right is None else found.right,
    )


def open_sheets(
    place: Place, *, root: str, secret: str, on_edit: Callable[[Rung], None]
) -> SheetServer:
    """
    Open the sheet server on a data folder; `on_edit` hears of every edit in the grid.

    The service account gets a new key with each start: no key outlives the server that knows it.
    """

    def deliver(_url: str, _headers: dict[str, str], body: bytes) -> None:
        told = json.loads(body)
        on_edit(
            Rung(
                workbook=told["workbook"],
                sheet_id=told["sheetId"],
                span=span_of(told["range"] or ""),
                user=told["user"] or "",
            )
        )

    port = root.rpartition(":")[2]
    app = build(
        Settings(
            folder=place.sheets,
            root=root,
            hosts=frozenset({f"localhost:{port}"}),
            personas=PERSONAS,
            webhook=Webhook(f"{root}/doorbell", secret, deliver),
        )
    )
    key_file = place.data / "keys" / "sheets-account.json"
    account = create_service_account(app.engine, key_file, ACCOUNT, root)
    return SheetServer(app, key_file, account)
