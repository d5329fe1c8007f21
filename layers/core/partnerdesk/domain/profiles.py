"""The editions of the product, and the features that each of them switches on."""

from collections.abc import Mapping
from dataclasses import dataclass

from partnerdesk.domain.errors import RefusedError


class UnknownSkuError(RefusedError):
    """We sell no edition under this name."""

    code = "unknown-sku"

    def __init__(self, sku: str) -> None:
        super().__init__(f"There is no edition {sku!r}.", sku=sku)


@dataclass(frozen=True, slots=True)
class Sku:
    """An edition: its short name decides on newer servers, its name is shown."""

    short_name: str
    name: str
    letter: str
    """How the tables below write it."""


SKUS = {
    sku.short_name: sku
    for sku in (
        Sku("professional", "Professional", "P"),
        Sku("enterprise", "Enterprise", "E"),
        Sku("advanced", "Enterprise Advanced", "A"),
    )
}
"""The editions by short name. The retired E10 and E20 are not among them."""

PROFILES: Mapping[int, Mapping[str, str]] = {
    1: {
        "ldap": "PEA",
        "ldap_groups": "EA",
        "mfa": "PEA",
        "google_oauth": "PEA",
        "office365_oauth": "PEA",
        "openid": "PEA",
        "compliance": "EA",
        "cluster": "EA",
        "metrics": "EA",
        "mhpns": "PEA",
        "saml": "PEA",
        "elastic_search": "EA",
        "announcement": "PEA",
        "theme_management": "PEA",
        "email_notification_contents": "EA",
        "data_retention": "EA",
        "message_export": "EA",
        "custom_permissions_schemes": "EA",
        "custom_terms_of_service": "EA",
        "guest_accounts": "PEA",
        "guest_accounts_permissions": "PEA",
        "id_loaded": "EA",
        "lock_teammate_name_display": "EA",
        "enterprise_plugins": "PEA",
        "advanced_logging": "EA",
        "cloud": "",
        "shared_channels": "EA",
        "remote_cluster_service": "EA",
        "outgoing_oauth_connections": "EA",
        "auto_translation": "A",
        "future_features": "",
    },
}
"""
Every version of the profile table: flag -> the letters of the editions that have it.

A version that licences were made with is never edited: add the next one. The
order is that of the file.
"""

LATEST = max(PROFILES)
"""The version that new licences are made with."""


def sku_of(short_name: str) -> Sku:
    """
    Return the edition with a short name.

    :raises UnknownSkuError: when we sell none under it
    """
    if short_name not in SKUS:
        raise UnknownSkuError(short_name)
    return SKUS[short_name]


def flags_of(short_name: str, *, profile: int = LATEST) -> dict[str, bool]:
    """
    Return all flags of an edition, in the order of the file, those that are off included.

    A server takes a missing flag for an allowed one, so none is left out
    (licence-format.md trap 6).

    :raises UnknownSkuError: when we sell no such edition
    """
    letter = sku_of(short_name).letter
    return {flag: letter in letters for flag, letters in PROFILES[profile].items()}
