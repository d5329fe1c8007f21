"""`desk clock`: what time the desk takes it to be, and moving it on in a demo."""

import re
from datetime import timedelta

import click

from onebox.clock import DeskClock
from onebox.place import Place
from partnerdesk.domain.chain import instant

UNITS = {"d": "days", "h": "hours", "m": "minutes", "s": "seconds"}
SPAN = re.compile(r"(\d+)([dhms])", re.ASCII)


class Span(click.ParamType[timedelta]):
    """A span of time such as `31d`, `12h` or `1d6h`."""

    name = "span"

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> timedelta:
        """Return the span, or fail with an example."""
        if isinstance(value, timedelta):
            return value
        parts = SPAN.findall(str(value))
        if not parts or "".join(number + unit for number, unit in parts) != value:
            self.fail(f"{value!r} is no span of time: write 31d, 12h or 1d6h.", param, ctx)
        return timedelta(**{UNITS[unit]: int(number) for number, unit in parts})


@click.group()
def clock() -> None:
    """Show the desk's clock, or move it on; it never runs backwards."""


@clock.command()
@click.pass_obj
def show(place: Place) -> None:
    """Print what time the desk takes it to be, in UTC."""
    click.echo(instant(DeskClock(place.clock).now()))


@clock.command()
@click.argument("span", type=Span())
@click.pass_obj
def advance(place: Place, span: timedelta) -> None:
    """
    Move the clock on by SPAN, such as 31d, 12h or 1d6h.

    A running desk notices within seconds and does whatever has become due.
    """
    place.make()
    click.echo(instant(DeskClock(place.clock).advance(span)))
