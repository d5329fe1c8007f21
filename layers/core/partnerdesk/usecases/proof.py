"""What proving the ledger takes, and what comes of looking at one invariant."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

from partnerdesk.domain.errors import RefusedError
from partnerdesk.domain.record import Record
from partnerdesk.ports import Archive, Ledger, Marks, Outbox


@dataclass(frozen=True, slots=True, kw_only=True)
class Stores:
    """All that is proven, and what it is proven with."""

    ledger: Ledger
    archive: Archive
    outbox: Outbox
    marks: Marks
    kinds: Sequence[type[Record]]
    public_keys: Mapping[str, str] = field(default_factory=dict)
    """The keys that licences are signed with: PEM by key id."""


@dataclass(frozen=True, slots=True)
class Proof:
    """What came of looking at one invariant (robustness.md A5)."""

    invariant: str
    holds: str
    """What is true where nothing is bad, in words."""

    counts: Mapping[str, int]
    bad: int = 0
    first: str = ""
    """The first bad record, and what is wrong with it."""

    @property
    def is_kept(self) -> bool:
        """Test whether nothing bad was found."""
        return not self.bad


class Tally:
    """Counts what was looked at, and remembers the first thing that is bad."""

    def __init__(self) -> None:
        self.counts: Counter[str] = Counter()
        self.bad = 0
        self.first = ""

    def saw(self, what: str, count: int = 1) -> None:
        """Count something that was looked at."""
        self.counts[what] += count

    def blame(self, whom: str, why: str) -> None:
        """Count something bad."""
        self.bad += 1
        self.first = self.first or f"{whom}: {why}"

    def expect(self, is_so: bool, whom: str, why: str) -> None:  # noqa: FBT001 - reads as a sentence
        """Count something bad unless it is as it should be."""
        if not is_so:
            self.blame(whom, why)

    @contextmanager
    def reading(self, kind: type[Record]) -> Iterator[None]:
        """Blame a stored record that no version of ours can read; those after it go unread."""
        try:
            yield
        except RefusedError as unreadable:
            self.blame(kind.KIND, str(unreadable))

    def proof(self, invariant: str, holds: str) -> Proof:
        """Return what came of it."""
        return Proof(invariant, holds, dict(self.counts), self.bad, self.first)
