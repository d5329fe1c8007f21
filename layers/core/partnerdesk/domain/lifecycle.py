"""What may happen next to a record, as a table that dropdowns, code and tests read alike."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Generic, TypeVar

from partnerdesk.domain.errors import RefusedError

StateT = TypeVar("StateT", bound=StrEnum)
MoveT = TypeVar("MoveT", bound=StrEnum)


class IllegalMoveError(RefusedError):
    """The record's lifecycle has no such move from where it stands."""

    code = "illegal-move"


@dataclass(frozen=True, slots=True)
class Lifecycle(Generic[StateT, MoveT]):
    """The states of one kind of record and the moves between them. Rule GEN-1."""

    subject: str
    initial: StateT
    moves: Mapping[tuple[StateT, MoveT], StateT]

    def after(self, state: StateT, move: MoveT) -> StateT:
        """
        Return the state that the move leads to.

        :raises IllegalMoveError: when the table has no such move
        """
        if (state, move) not in self.moves:
            message = f"A {self.subject} that is {_words(state)} cannot be asked to {_words(move)}."
            raise IllegalMoveError(message, state=state, move=move)
        return self.moves[state, move]

    def legal(self, state: StateT) -> tuple[MoveT, ...]:
        """Return the moves that are possible in a state, in the order of the table."""
        return tuple(move for origin, move in self.moves if origin is state)


def _words(name: StrEnum) -> str:
    return name.value.replace("_", " ")
