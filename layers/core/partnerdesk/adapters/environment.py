"""What a function is told by its environment: the names of things, never a secret."""

from collections.abc import Mapping
from typing import Final

from partnerdesk.adapters.vault import Vault
from partnerdesk.domain.holidays import US_FEDERAL
from partnerdesk.domain.record import Workbook
from partnerdesk.domain.settings import Settings
from partnerdesk.domain.signature import Links
from partnerdesk.ports import Clock
from partnerdesk.usecases.answer_doorbell import Doorbell

LINK_KEY = "link_key"
"""The secret from which the tokens of links are made; it is never changed."""

DOORBELL_SECRETS: Final = ("doorbell_secret", "doorbell_secret_before")
"""The secret of the workbooks' scripts, and the last one while a new one is brought to them."""

BOOKS: Final = (Workbook.DESK, Workbook.COMPLIANCE)
"""The workbooks that there are."""


def settings_of(environ: Mapping[str, str]) -> Settings:
    """Return the settings of this deployment."""
    return Settings(
        desk_id=environ["DESK_ID"],
        signing_key=environ["DESK_SIGNING_KEY"],
        sender=environ["DESK_SENDER"],
        holidays=frozenset(US_FEDERAL),
    )


def links_of(environ: Mapping[str, str], vault: Vault) -> Links:
    """
    Return the maker of this deployment's links.

    :raises SecretUnavailableError: when their key cannot be read
    """
    return Links(environ["DESK_ROOT"], vault[LINK_KEY].encode())


def books_of(environ: Mapping[str, str]) -> Mapping[Workbook, str]:
    """Return the id of the spreadsheet that each workbook is."""
    return {workbook: environ[f"DESK_WORKBOOK_{workbook.name}"] for workbook in BOOKS}


def doorbell_of(environ: Mapping[str, str], vault: Vault, clock: Clock) -> Doorbell:
    """Return who may ring the doorbell; its secrets are read when it rings, and never before."""
    return Doorbell(
        books={book: workbook for workbook, book in books_of(environ).items()},
        secrets=lambda: [vault.find(name) for name in DOORBELL_SECRETS],
        clock=clock,
    )
