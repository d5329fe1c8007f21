"""What a function is told by its environment: the names of things, never a secret."""

from collections.abc import Mapping

from partnerdesk.adapters.vault import Vault
from partnerdesk.domain.holidays import US_FEDERAL
from partnerdesk.domain.settings import Settings
from partnerdesk.domain.signature import Links

LINK_KEY = "link_key"
"""The secret from which the tokens of links are made; it is never changed."""


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
