"""How long work that failed waits before the next try (robustness.md A2)."""

from datetime import datetime, timedelta

STEPS = (
    timedelta(seconds=5),
    timedelta(seconds=30),
    timedelta(minutes=2),
    timedelta(minutes=10),
    timedelta(hours=1),
)
"""The waits after the first, second, ... try; the last one stays."""

LOAN = timedelta(minutes=2)
"""How long a message that was handed out is left alone."""


def step(tries: int) -> timedelta:
    """Return how long to wait after so many tries."""
    return STEPS[min(max(tries, 1), len(STEPS)) - 1]


def due_again(tries: int, *, at: datetime) -> datetime:
    """Return when a message handed out now is due once more, unless it is settled before."""
    return at + LOAN + step(tries)


def outage_step(since: datetime, *, at: datetime) -> timedelta:
    """
    Return how long to wait for a silent supplier: as long again, from 5 s to an hour.

    It depends on the clock alone, since an outage uses up no tries.
    """
    return min(max(at - since, STEPS[0]), STEPS[-1])
