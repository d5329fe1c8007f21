"""Dry runs: what an Action would do, by the same code, without doing it."""

from dataclasses import dataclass, field

from partnerdesk.domain.change import Change
from partnerdesk.usecases.alongside import Reading


@dataclass(frozen=True, slots=True)
class Rehearsal(Reading):
    """
    A ledger that keeps the changes instead of committing them (rules.md 20.1).

    `changes` holds them in the order in which they would have been made.
    """

    changes: list[Change] = field(default_factory=list)

    def commit(self, change: Change) -> None:
        """Keep the change; nothing becomes true."""
        self.changes.append(change)
