"""`desk console`: building and repairing the workbooks that staff work in."""

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import timedelta
from pathlib import Path
from time import sleep
from typing import Final

import click

from console import provision as building
from console.google import Budget, Endpoint, GoogleSheets, find, signed_in
from console.tabs import TITLES, all_tabs_of
from onebox.clock import DeskClock
from onebox.place import Place
from partnerdesk.domain.errors import MissingError
from partnerdesk.domain.record import Workbook
from partnerdesk.ports import SheetMessage

WORKBOOKS: Final = tuple(workbook for workbook in Workbook if all_tabs_of(workbook))
LONGEST: Final = timedelta(minutes=5)
"""How long building all tabs of a workbook may take."""


class NoAccountError(MissingError):
    """There is no key to sign in to the spreadsheet service with."""

    code = "no-account"


class NoWorkbookError(MissingError):
    """The account sees no such workbook."""

    code = "no-workbook"


@click.group()
def console() -> None:
    """Build and repair the workbooks that staff work in."""


@console.command()
@click.option("--dry-run", is_flag=True, help="Say what would be done, and do nothing.")
@click.option("--google", is_flag=True, help="On real Google Sheets, not on this machine.")
@click.option(
    "--sheets-port",
    default=8787,
    show_default=True,
    envvar="SHEETS_PORT",
    help="Port of the console on this machine.",
)
@click.option(
    "--credentials",
    type=click.Path(dir_okay=False, path_type=Path),
    envvar="DESK_SHEETS_CREDENTIALS",
    help="The service account's key file; else this machine's own (also DESK_SHEETS_CREDENTIALS).",
)
@click.option(
    "--workbook",
    "named",
    type=(click.Choice([it.value for it in WORKBOOKS]), str),
    multiple=True,
    metavar="NAME ID",
    help="The id of a workbook, from its address; else it is found by its title.",
)
@click.pass_obj
def provision(  # noqa: PLR0913 - one for each option
    place: Place,
    *,
    dry_run: bool,
    google: bool,
    sheets_port: int,
    credentials: Path | None,
    named: Sequence[tuple[str, str]],
) -> None:
    """
    Build the tabs of the workbooks, or repair them; a second run changes nothing.

    Columns, notes, filters and colours that staff made are left alone.
    """
    key = credentials or place.data / "keys" / "sheets-account.json"
    if not key.exists():
        message = f"There is no key file {key}: start the desk, or name one with --credentials."
        raise NoAccountError(message)
    http = signed_in(key, "" if google else f"http://127.0.0.1:{sheets_port}")
    sheets = GoogleSheets(
        http=http,
        books={workbook: _book(workbook, dict(named), http) for workbook in WORKBOOKS},
        clock=DeskClock(),
        pause=sleep,
        dice=lambda: 1.0,
        account=http.account,
        budget=Budget(),
    )
    for workbook in WORKBOOKS:
        _build(workbook, sheets, is_rehearsal=dry_run)


def _book(workbook: Workbook, named: Mapping[str, str], http: Endpoint) -> str:
    """
    Return the id of a workbook: as named, else of the only one with its title.

    :raises NoWorkbookError: when the account sees none, or several
    """
    if workbook.value in named:
        return named[workbook.value]
    found = find(http, TITLES[workbook])
    if len(found) != 1:
        message = (
            f"{http.account} sees {len(found)} workbooks called {TITLES[workbook]}: make one, "
            f"share it with that account, or name it with --workbook {workbook.value} ID."
        )
        raise NoWorkbookError(message, workbook=workbook)
    return found[0]


def _build(workbook: Workbook, sheets: GoogleSheets, *, is_rehearsal: bool) -> None:
    until = sheets.clock.now() + LONGEST
    found = sheets.describe(workbook, until=until)
    wanted = building.requests(all_tabs_of(workbook), found, account=sheets.account)
    if wanted and not is_rehearsal:
        sheets.write(workbook, wanted, until=until)
    click.echo(f"{TITLES[workbook]}: {_told(wanted, is_rehearsal=is_rehearsal)}")


def _told(wanted: Sequence[SheetMessage], *, is_rehearsal: bool) -> str:
    if not wanted:
        return "as declared, nothing to do."
    kinds = Counter(kind for request in wanted for kind in request)
    done = "would send" if is_rehearsal else "sent"
    return f"{done} {', '.join(f'{kind} x {count}' for kind, count in kinds.items())}."
