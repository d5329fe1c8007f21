"""The AWS adapters behind licensing's ports."""

from collections.abc import Mapping

from licensing.services import Services
from partnerdesk.adapters.clients import Clients
from partnerdesk.adapters.dynamodb import DynamoLedger, DynamoOutbox
from partnerdesk.adapters.environment import links_of, settings_of
from partnerdesk.adapters.ids import DynamoIds
from partnerdesk.adapters.kms import KmsSigner
from partnerdesk.adapters.lists import IndexScreener
from partnerdesk.adapters.s3 import S3Store
from partnerdesk.adapters.system import SystemClock
from partnerdesk.adapters.vault import Vault
from partnerdesk.usecases.screen_record import Desk


def services(environ: Mapping[str, str]) -> Services:
    """
    Return the ports of licensing, as the environment names what stands behind them.

    :raises SecretUnavailableError: when the key of links cannot be read
    """
    clients, clock, table = Clients(), SystemClock(), environ["DESK_TABLE"]
    return Services(
        ledger=DynamoLedger(clients.dynamodb, table),
        outbox=DynamoOutbox(clients.dynamodb, table),
        clock=clock,
        signer=KmsSigner(clients.kms, environ["DESK_SIGNING_KEY"]),
        links=links_of(environ, Vault(clients.secretsmanager, environ["DESK_SECRET"], clock)),
        desk=Desk(
            screener=IndexScreener(S3Store(clients.s3, environ["DESK_LISTS"])),
            ids=DynamoIds(clients.dynamodb, table),
            settings=settings_of(environ),
        ),
    )
