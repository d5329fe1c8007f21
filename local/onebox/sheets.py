"""The desk's own Google Sheets server: who may open which workbook, and who edited what."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from console.tabs import TITLES
from onebox.place import Place
from partnerdesk.domain.record import Workbook
from sheetserver.accounts import create_service_account
from sheetserver.app import App, build
from sheetserver.settings import Persona, Settings, Webhook

ACCOUNT: Final = "partner-desk"
"""The service account under which the desk writes its workbooks."""

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
    range: str
    """In A1 notation; empty when rows or columns changed places."""

    user: str


@dataclass(frozen=True, slots=True)
class SheetServer:
    """The server as an application, and the key with which the desk signs in to it."""

    app: App
    key_file: Path


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
                range=told["range"] or "",
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
    create_service_account(app.engine, key_file, ACCOUNT, root)
    return SheetServer(app, key_file)
