"""The four ways in which something we planned for can fail."""

from typing import ClassVar


class DeskError(Exception):
    """A failure we planned for. Raise one of the four kinds, never this."""

    code: ClassVar[str]

    def __init__(self, message: str, **facts: object) -> None:
        super().__init__(message)
        self.facts = facts


class RefusedError(DeskError):
    """Declined: asking again with the same words is pointless."""

    code = "refused"


class MissingError(DeskError):
    """There is no such record, or it is not yours to see."""

    code = "missing"


class ConflictError(DeskError):
    """Someone was first; look again and decide anew."""

    code = "conflict"


class UnavailableError(DeskError):
    """A supplier of ours is silent; the same request may succeed later."""

    code = "unavailable"
