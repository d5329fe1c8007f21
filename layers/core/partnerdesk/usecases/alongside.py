"""Makes a use case's change and what belongs to the sheet row true in one commit."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from partnerdesk.domain.change import Change, Claim, Mark, Snapshot
from partnerdesk.domain.record import Record, Workbook
from partnerdesk.ports import Found, KeptEvent, Ledger, RecordT


@dataclass(frozen=True, slots=True)
class Reading:
    """A ledger that reads from another; what it does with a commit is for its kinds to say."""

    ledger: Ledger

    def get(self, kind: type[RecordT], ref: str) -> RecordT:
        """Return a record as last committed."""
        return self.ledger.get(kind, ref)

    def holder(self, claim: str) -> str:
        """Return who holds a claim."""
        return self.ledger.holder(claim)

    def history(self, kind: type[Record], ref: str) -> Sequence[KeptEvent]:
        """Return the events of a record, oldest first."""
        return self.ledger.history(kind, ref)

    def event(self, kind: str, ref: str, version: int) -> KeptEvent:
        """Return one event."""
        return self.ledger.event(kind, ref, version)

    def worklist(self, name: str, *, until: str = "", limit: int = 100) -> Sequence[Found]:
        """Return records on a worklist by place."""
        return self.ledger.worklist(name, until=until, limit=limit)

    def family(self, name: str) -> Sequence[Found]:
        """Return the records of a family."""
        return self.ledger.family(name)

    def snapshots(self, workbook: Workbook) -> Mapping[tuple[str, str], Snapshot]:
        """Return the acknowledged staff cells of a workbook."""
        return self.ledger.snapshots(workbook)


@dataclass(frozen=True, slots=True)
class Alongside(Reading):
    """
    A ledger that adds its parts to the change of a use case (sheets.md C6.4).

    The use case knows nothing of the sheet, and yet its effect, the claim on the
    edit that asked for it and the row's new snapshot are one commit.
    """

    claims: tuple[Claim, ...] = ()
    snapshots_kept: tuple[Snapshot, ...] = ()
    touches: tuple[Mark, ...] = ()

    def commit(self, change: Change) -> None:
        """Commit the change together with the parts."""
        self.ledger.commit(
            replace(
                change,
                claims=(*change.claims, *self.claims),
                snapshots=(*change.snapshots, *self.snapshots_kept),
                touches=(*change.touches, *self.touches),
            )
        )
