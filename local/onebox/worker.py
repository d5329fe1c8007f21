"""Does the work that waits: messages of the outbox, and visits to the workbooks."""

import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from threading import Event, Thread

from partnerdesk.domain.errors import DeskError
from partnerdesk.jobs import Jobs

logger = logging.getLogger(__name__)


@dataclass(slots=True)
class Loop:
    """
    A thread that does something whenever it is woken, and at the latest after a pause.

    A failure we planned for ends one round and not the thread; the next round
    looks at everything afresh, so that nothing depends on a wake-up.
    """

    name: str
    act: Callable[[], None]
    at_least_every: float
    """Seconds."""

    at_most_every: float = 0.0
    """Seconds of rest after each round, during which wake-ups gather."""

    _woken: Event = field(default_factory=Event)
    _stopping: Event = field(default_factory=Event)
    _thread: Thread | None = None

    def start(self) -> None:
        """Start the thread; its first round is at once."""
        self._thread = Thread(target=self._run, name=self.name, daemon=True)
        self._thread.start()

    def wake(self) -> None:
        """Ask for a round soon."""
        self._woken.set()

    def stop(self) -> None:
        """Let the round in hand finish, and end the thread."""
        self._stopping.set()
        self._woken.set()
        if self._thread:
            self._thread.join()

    def _run(self) -> None:
        while not self._stopping.is_set():
            self._woken.clear()
            self._round()
            self._stopping.wait(self.at_most_every)
            self._woken.wait(self.at_least_every)

    def _round(self) -> None:
        try:
            self.act()
        except DeskError as error:
            facts = {"loop": self.name, "code": error.code, **error.facts}
            logger.warning("a round ended early", extra={"facts": facts})
        except Exception:
            # A bug in one round must not end the desk's work for good.
            logger.exception("a round failed", extra={"facts": {"loop": self.name}})


def work_off(jobs: Jobs) -> None:
    """Do everything that is due, and what comes of it, until nothing is."""
    while due := jobs.outbox.due(at=jobs.clock.now()):
        for message in due:
            jobs.run(message)
