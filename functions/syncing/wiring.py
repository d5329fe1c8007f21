"""The adapters behind syncing's ports: the ledger on AWS, the workbooks at Google."""

import json
from collections.abc import Mapping
from time import sleep
from typing import Final

from console.google import Budget, GoogleSheets, signed_in_as
from partnerdesk.adapters.clients import Clients
from partnerdesk.adapters.dynamodb import DynamoLedger, DynamoMarks
from partnerdesk.adapters.environment import books_of, settings_of
from partnerdesk.adapters.ids import DynamoIds
from partnerdesk.adapters.quota import LedgerQuota
from partnerdesk.adapters.sqs import SqsWaker
from partnerdesk.adapters.system import SystemClock, dice
from partnerdesk.adapters.vault import Vault
from partnerdesk.ports import Clock, Ledger, Waker
from syncing.services import Services

ACCOUNT: Final = "google_account"
"""The secret that holds the service account's key, as Google's file has it."""


def services(environ: Mapping[str, str]) -> Services:
    """
    Return the ports of syncing, as the environment names what stands behind them.

    :raises SecretUnavailableError: when the service account's key cannot be read
    """
    clients, clock, table = Clients(), SystemClock(), environ["DESK_TABLE"]
    vault = Vault(clients.secretsmanager, environ["DESK_SECRET"], clock)
    ledger = DynamoLedger(clients.dynamodb, table)
    return Services(
        ledger=ledger,
        marks=DynamoMarks(clients.dynamodb, table),
        clock=clock,
        ids=DynamoIds(clients.dynamodb, table),
        sheets=_sheets(environ, json.loads(vault[ACCOUNT]), ledger, clock),
        settings=settings_of(environ),
    )


def waker(environ: Mapping[str, str]) -> Waker:
    """Return who sends us to a workbook once more."""
    return SqsWaker(Clients().sqs, environ["DESK_QUEUE_SYNCING"])


def _sheets(
    environ: Mapping[str, str], account: Mapping[str, str], ledger: Ledger, clock: Clock
) -> GoogleSheets:
    return GoogleSheets(
        http=signed_in_as(account, environ["DESK_SHEETS_ROOT"]),
        books=books_of(environ),
        clock=clock,
        pause=sleep,
        dice=dice,
        account=account["client_email"],
        budget=Budget(
            reads=LedgerQuota("sheets-reads", ledger, clock),
            writes=LedgerQuota("sheets-writes", ledger, clock),
        ),
    )
