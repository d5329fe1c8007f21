"""Ticks: what AWS does by schedule, one machine does by looking at its clock."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from partnerdesk.ports import Clock

PERIOD = timedelta(minutes=1)
"""The finest rate of the scheduler on AWS, too."""


@dataclass(slots=True)
class Scheduler:
    """
    Runs every schedule once a minute of the desk's clock.

    Schedules derive what is due from the ledger, so a late, double or missed
    tick ends alike; a clock that was moved on is one late tick.
    """

    schedules: Mapping[str, Callable[[], int]]
    clock: Clock
    _ticked_at: datetime | None = field(default=None, init=False)

    def look(self) -> None:
        """Tick if a minute went by since the last tick."""
        now = self.clock.now()
        if self._ticked_at and now - self._ticked_at < PERIOD:
            return
        self._ticked_at = now
        for run in self.schedules.values():
            run()
