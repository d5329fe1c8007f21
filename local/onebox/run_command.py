"""`desk run`: the whole desk on this machine, until Ctrl-C."""

import logging
import signal
from threading import Event

import click

from onebox.log import start_logging
from onebox.place import Place
from onebox.running import RunningDesk
from partnerdesk.domain.settings import AcceptLimits

DEMO_PER_SOURCE = 10_000
"""In a demo everybody is the same network address."""

DEMO_BANNER = """\
This is a demo: screening uses a dated list that ships with the desk, licences are signed
with a key of this machine, and mail goes to {desk}/mailbox and to nobody else.
"""


@click.command()
@click.option("--port", default=8080, show_default=True, envvar="PORT", help="Port of the desk.")
@click.option(
    "--sheets-port",
    default=8787,
    show_default=True,
    envvar="SHEETS_PORT",
    help="Port of the console.",
)
@click.option("--demo", is_flag=True, help="With sample data, the shipped list and a mailbox page.")
@click.option(
    "--per-source",
    type=click.IntRange(min=1),
    envvar="DESK_PER_SOURCE",
    help="Submissions an hour that one network address may send; 60, in a demo 10,000.",
)
@click.option("--verbose", is_flag=True, help="Tell more of what the desk does.")
@click.pass_obj
def run(  # noqa: PLR0913 - one for each option
    place: Place, *, port: int, sheets_port: int, demo: bool, per_source: int | None, verbose: bool
) -> None:
    """
    Run the desk and its console on this machine until Ctrl-C.

    Without --demo nothing is issued until lists were imported with
    `desk lists import DIR`: what cannot be screened is held for Compliance.
    """
    start_logging(logging.INFO if verbose else logging.WARNING)
    wants_end = Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: wants_end.set())
    usual = DEMO_PER_SOURCE if demo else AcceptLimits().per_source_an_hour
    desk = RunningDesk(
        place,
        port=port,
        sheets_port=sheets_port,
        is_demo=demo,
        limits=AcceptLimits(per_source_an_hour=per_source or usual),
    )
    try:
        click.echo(f"Desk     {desk.addresses.desk}")
        click.echo(f"Console  {desk.addresses.console}")
        click.echo(f"Data     {place.data}")
        if demo:
            click.echo(DEMO_BANNER.format(desk=desk.addresses.desk), nl=False)
        click.echo("Stop with Ctrl-C.")
        wants_end.wait()
    finally:
        desk.stop()
    click.echo("Stopped; everything is kept.")
