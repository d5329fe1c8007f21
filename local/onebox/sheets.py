"""The desk's own Google Sheets server: who may open which workbook."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from console.tabs import TABS, TITLES
from onebox.place import Place
from partnerdesk.domain.record import Workbook
from sheetserver.accounts import create_service_account, find_or_create
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


def open_sheets(place: Place, *, root: str, webhook: Webhook | None = None) -> SheetServer:
    """
    Open the sheet server on a data folder; `webhook` hears of the edits in its grid.

    The service account gets a new key with each start: no key outlives the server that knows it.
    """
    port = root.rpartition(":")[2]
    app = build(
        Settings(
            folder=place.sheets,
            root=root,
            hosts=frozenset({f"localhost:{port}"}),
            personas=PERSONAS,
            webhook=webhook,
        )
    )
    key_file = place.data / "keys" / "sheets-account.json"
    account = create_service_account(app.engine, key_file, ACCOUNT, root)
    return SheetServer(app, key_file, account)
