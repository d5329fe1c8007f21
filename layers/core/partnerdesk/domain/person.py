"""The people we deal with: the only place where their names and addresses live."""

from dataclasses import dataclass
from typing import ClassVar

from partnerdesk.domain.record import Record


@dataclass(frozen=True, slots=True, kw_only=True)
class Person(Record):
    """
    A contact person.

    `salt` makes the body's digest in the audit chain say nothing about the
    person, so that erasing one breaks no chain (robustness.md B4).
    """

    KIND: ClassVar[str] = "person"
    PERSONAL: ClassVar[bool] = True

    name: str
    email: str
    salt: str
    product_emails: bool = False
