"""The AWS adapters behind screening's ports."""

from collections.abc import Mapping

from partnerdesk.adapters.clients import Clients
from partnerdesk.adapters.dynamodb import DynamoLedger, DynamoOutbox
from partnerdesk.adapters.environment import settings_of
from partnerdesk.adapters.ids import DynamoIds
from partnerdesk.adapters.lists import IndexScreener
from partnerdesk.adapters.s3 import S3Store
from partnerdesk.adapters.system import SystemClock
from partnerdesk.usecases.screen_record import Desk
from screening.services import Services


def services(environ: Mapping[str, str]) -> Services:
    """Return the ports of screening, as the environment names what stands behind them."""
    clients, table = Clients(), environ["DESK_TABLE"]
    return Services(
        ledger=DynamoLedger(clients.dynamodb, table),
        outbox=DynamoOutbox(clients.dynamodb, table),
        clock=SystemClock(),
        desk=Desk(
            screener=IndexScreener(S3Store(clients.s3, environ["DESK_LISTS"])),
            ids=DynamoIds(clients.dynamodb, table),
            settings=settings_of(environ),
        ),
    )
