"""The AWS adapters behind the ports of the relay and of the mail."""

from collections.abc import Mapping

from partnerdesk.adapters.clients import Clients
from partnerdesk.adapters.dynamodb import DynamoLedger, DynamoMarks, DynamoOutbox
from partnerdesk.adapters.environment import links_of, settings_of
from partnerdesk.adapters.ses import SesMailer
from partnerdesk.adapters.sqs import SqsCourier, SqsWaker
from partnerdesk.adapters.system import SystemClock
from partnerdesk.adapters.vault import Vault
from partnerdesk.domain.change import Queue
from partnerdesk.domain.record import Workbook
from partnerdesk.usecases.send_mail import Post
from relay.services import MailServices, Services

POLLED = (Workbook.DESK, Workbook.COMPLIANCE)
"""The workbooks that staff act in."""


def services(environ: Mapping[str, str]) -> Services:
    """Return the ports of the relay, as the environment names what stands behind them."""
    clients, table = Clients(), environ["DESK_TABLE"]
    addresses = {queue: environ[f"DESK_QUEUE_{queue.name}"] for queue in Queue}
    return Services(
        outbox=DynamoOutbox(clients.dynamodb, table),
        marks=DynamoMarks(clients.dynamodb, table),
        courier=SqsCourier(clients.sqs, addresses),
        waker=SqsWaker(clients.sqs, environ["DESK_QUEUE_SYNCING"]),
        clock=SystemClock(),
        polled=POLLED,
    )


def mail_services(environ: Mapping[str, str]) -> MailServices:
    """
    Return the ports of the mail, as the environment names what stands behind them.

    :raises SecretUnavailableError: when the key of links cannot be read
    """
    clients, clock, table = Clients(), SystemClock(), environ["DESK_TABLE"]
    vault = Vault(clients.secretsmanager, environ["DESK_SECRET"], clock)
    return MailServices(
        ledger=DynamoLedger(clients.dynamodb, table),
        outbox=DynamoOutbox(clients.dynamodb, table),
        clock=clock,
        post=Post(SesMailer(clients.sesv2), links_of(environ, vault), settings_of(environ)),
    )
