"""Licences on the command line: would a server take this file, and whose signature does it want."""

from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO, Protocol

import click

from onebox.clock import DeskClock
from onebox.signer import KeyFileSigner, licence_key
from partnerdesk.domain.chain import instant
from partnerdesk.domain.licence_check import Check, check
from partnerdesk.domain.licence_file import MOST_TEXT
from partnerdesk.ports import SignerUnavailableError

CLOCK_FILE = "clock.json"
MOST_KEY = 10_000
"""Bytes of a key file that are read: a good one has 451."""

REFUSED = 1


class Folder(Protocol):
    """What the command line knows before a command: where the desk keeps everything."""

    @property
    def data(self) -> Path:
        """Return the data folder, which need not exist."""


class Instant(click.ParamType[datetime]):
    """An instant such as `2026-11-25T09:12:44Z`; UTC unless it says otherwise. Rule GEN-3."""

    name = "time"

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> datetime:
        """Return the instant; a day alone is its first moment."""
        try:
            at = datetime.fromisoformat(str(value))
            return at.astimezone(UTC) if at.tzinfo else at.replace(tzinfo=UTC)
        except (ValueError, OverflowError):
            self.fail(f"{value!r} is no time such as 2026-11-25T09:12:44Z.", param, ctx)


@click.group()
def licence() -> None:
    """Look at licence files, and at the key that signs them."""


@licence.command()
@click.argument("file", type=click.File("rb"))
@click.option("--key", type=click.File("rb"), help="Public key (PEM); else the desk's own.")
@click.option("--at", type=Instant(), help="The time to judge by; else now on the desk's clock.")
@click.option("--active-users", type=click.IntRange(min=0), help="Users the server has.")
@click.pass_context
def verify(
    ctx: click.Context,
    file: BinaryIO,
    key: BinaryIO | None,
    at: datetime | None,
    active_users: int | None,
) -> None:
    """
    Say whether a server would take the licence in FILE.

    Prints what the licence says as JSON, once its signature is good, and all
    findings on standard error. Exits with 0 when every server would take it,
    with 1 when not, with 2 when there is nothing to judge.
    """
    folder: Folder = ctx.obj
    public_key = key.read(MOST_KEY).decode(errors="replace") if key else _own_key(ctx, folder)
    judged_at = at or DeskClock(folder.data / CLOCK_FILE).now()
    outcome = check(file.read(MOST_TEXT + 1), public_key, at=judged_at, active_users=active_users)
    _print(outcome, judged_at)
    ctx.exit(0 if outcome.is_accepted else REFUSED)


def _own_key(ctx: click.Context, folder: Folder) -> str:
    try:
        return KeyFileSigner(licence_key(folder.data)).public_key()
    except SignerUnavailableError as error:
        message = f"{error} Name a public key with --key, or start the desk once."
        raise click.UsageError(message, ctx) from error


def _print(outcome: Check, at: datetime) -> None:
    if outcome.payload:
        click.echo(outcome.payload.encode())  # bytes: JSON is UTF-8 whatever the terminal speaks
    for finding in outcome.findings:
        click.echo(f"{finding.grade} ({finding.code}): {finding.sentence}", err=True)
    word = "accepted" if outcome.is_accepted else "refused"
    click.echo(f"{word}, as of {instant(at)}", err=True)


@licence.command()
@click.pass_obj
def public_key(folder: Folder) -> None:
    """Print the public key that servers of this desk's customers need, as PEM."""
    try:
        pem = KeyFileSigner(licence_key(folder.data)).public_key()
    except SignerUnavailableError as error:
        message = f"{error} Start the desk once: it makes its key."
        raise click.ClickException(message) from error
    click.echo(pem, nl=False)
