"""`desk`: the whole desk on the command line."""

import sys
from pathlib import Path

import click

from onebox.clock_commands import clock
from onebox.console_commands import console
from onebox.licence_commands import licence
from onebox.list_commands import lists
from onebox.place import Place
from onebox.run_command import run
from onebox.screening_commands import screen
from onebox.verify_command import verify
from partnerdesk.domain.errors import DeskError


class Desk(click.Group):
    """A group whose planned failures are one sentence each, and never a trace."""

    def invoke(self, ctx: click.Context) -> object:
        """Run a command; say what failed and what to do about it, and exit with 1."""
        try:
            return super().invoke(ctx)
        except DeskError as error:
            raise click.ClickException(str(error)) from error


@click.group(cls=Desk, context_settings={"help_option_names": ["-h", "--help"]})
@click.option(
    "--data",
    type=click.Path(file_okay=False, path_type=Path),
    envvar="DESK_DATA",
    default="desk-data",
    show_default=True,
    help="The folder that holds everything the desk knows (also DESK_DATA).",
)
@click.version_option(package_name="partner-desk")
@click.pass_context
def desk(ctx: click.Context, data: Path) -> None:
    """
    Partner Desk on one machine.

    Start it with `desk run`; every other command works beside a running desk.
    """
    ctx.obj = Place(data)


for command in (clock, console, licence, lists, run, screen, verify):
    desk.add_command(command)


if __name__ == "__main__":
    sys.exit(desk())
