"""What is new, changed or gone between two editions of the lists."""

from collections.abc import Iterable
from dataclasses import dataclass, fields

from partnerdesk.domain.watchlist import Entity


@dataclass(frozen=True, slots=True)
class Delta:
    """The entries that differ, each kind by list and number."""

    added: tuple[Entity, ...]
    changed: tuple[tuple[Entity, Entity], ...]
    """As it was and as it is."""

    removed: tuple[Entity, ...]


def compared(before: Iterable[Entity], after: Iterable[Entity]) -> Delta:
    """Return what differs; an entry is the same while its fingerprint is (screening.md 11)."""
    old = {(each.list_code, each.number): each for each in before}
    new = {(each.list_code, each.number): each for each in after}
    both = sorted(old.keys() & new.keys())
    return Delta(
        added=tuple(new[key] for key in sorted(new.keys() - old.keys())),
        changed=tuple(
            (old[key], new[key])
            for key in both
            if old[key] != new[key] and old[key].fingerprint() != new[key].fingerprint()
        ),
        removed=tuple(old[key] for key in sorted(old.keys() - new.keys())),
    )


def changed_fields(before: Entity, after: Entity) -> tuple[str, ...]:
    """Return the names of what differs between two states of an entry."""
    return tuple(
        each.name.replace("_", " ")
        for each in fields(Entity)
        if getattr(before, each.name) != getattr(after, each.name)
    )
