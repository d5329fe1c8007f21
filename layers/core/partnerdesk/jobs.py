"""What becomes of a message, whether its work succeeds or fails: the same on both engines."""

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta

from partnerdesk.domain.errors import (
    ConflictError,
    DeskError,
    MissingError,
    RefusedError,
    UnavailableError,
)
from partnerdesk.domain.retry import outage_step, step
from partnerdesk.ports import Clock, Ledger, Letter, Outbox, SettledError
from partnerdesk.usecases.park_message import park_message

logger = logging.getLogger(__name__)

Work = Callable[[Letter], None]
"""Does what a letter asks and settles its message in the same commit."""

FRESH_READINGS = 5
"""How often a conflict is met with a fresh reading before the message waits a step."""

MOST_BUGS = 5
"""After so many tries that ended in a bug of ours, a person looks."""

OUTAGE = timedelta(hours=24)
"""After so long without its supplier, a person looks."""


@dataclass(frozen=True, slots=True)
class Jobs:
    """The works of a function by name, and the outbox their letters come from."""

    works: Mapping[str, Work]
    outbox: Outbox
    clock: Clock
    park: Callable[[Letter, str], None]
    """Sets a letter's message aside: commits the event that shows it to staff."""

    def run(self, message: str) -> None:
        """
        Hand a message out, do its work and see to whatever comes of it (architecture.md 3).

        Settled work is no failure: somebody did it. A bug is logged with its
        trace and the message comes back when its loan ends; after five it is parked.
        """
        try:
            letter = self.outbox.lend(message, at=self.clock.now())
        except SettledError:
            return
        try:
            self._work(letter)
        except SettledError:
            return
        except (RefusedError, MissingError) as error:
            _report(logging.WARNING, letter, error)
            self.park(letter, str(error))
        except ConflictError as error:
            _report(logging.INFO, letter, error)
            self._wait(letter, step(letter.tries), tries=letter.tries)
        except UnavailableError as error:
            _report(logging.WARNING, letter, error)
            self._wait_for_supplier(letter, error)
        except Exception:
            logger.exception("work failed", extra={"work": letter.work, "about": letter.about})
            if letter.tries >= MOST_BUGS:
                self.park(letter, "Our fault: the work failed five times. We are told.")

    def _work(self, letter: Letter) -> None:
        if letter.work not in self.works:
            message = f"There is no work called {letter.work}."
            raise RefusedError(message, work=letter.work)
        for left in reversed(range(FRESH_READINGS)):
            try:
                return self.works[letter.work](letter)
            except SettledError:
                raise
            except ConflictError:
                if not left:
                    raise
        return None

    def _wait(self, letter: Letter, wait: timedelta, *, tries: int) -> None:
        self.outbox.put_back(letter.id, due_at=self.clock.now() + wait, tries=tries)

    def _wait_for_supplier(self, letter: Letter, error: UnavailableError) -> None:
        now = self.clock.now()
        if now - letter.since >= OUTAGE:
            self.park(letter, str(error))
        else:
            self._wait(letter, outage_step(letter.since, at=now), tries=letter.tries - 1)


def jobs_of(works: Mapping[str, Work], *, ledger: Ledger, outbox: Outbox, clock: Clock) -> Jobs:
    """Return the jobs of some works, which set aside what needs a person where staff see it."""

    def park(letter: Letter, why: str) -> None:
        park_message(letter, why=why, at=clock.now(), ledger=ledger, outbox=outbox)

    return Jobs(works, outbox, clock, park)


def _report(level: int, letter: Letter, error: DeskError) -> None:
    facts = {"work": letter.work, "about": letter.about, "code": error.code, **error.facts}
    logger.log(level, "work ended early", extra={"facts": facts})
