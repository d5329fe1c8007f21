"""The AWS adapters behind intake's ports."""

from collections.abc import Mapping

from intake.services import Services
from partnerdesk.adapters.clients import Clients
from partnerdesk.adapters.dynamodb import DynamoLedger
from partnerdesk.adapters.environment import doorbell_of, links_of, settings_of
from partnerdesk.adapters.ids import DynamoIds
from partnerdesk.adapters.system import SystemClock
from partnerdesk.adapters.vault import Vault


def services(environ: Mapping[str, str]) -> Services:
    """
    Return the ports of intake, as the environment names what stands behind them.

    :raises SecretUnavailableError: when the key of links cannot be read
    """
    clients, clock, table = Clients(), SystemClock(), environ["DESK_TABLE"]
    vault = Vault(clients.secretsmanager, environ["DESK_SECRET"], clock)
    return Services(
        ledger=DynamoLedger(clients.dynamodb, table),
        clock=clock,
        ids=DynamoIds(clients.dynamodb, table),
        links=links_of(environ, vault),
        settings=settings_of(environ),
        doorbell=doorbell_of(environ, vault, clock),
    )
