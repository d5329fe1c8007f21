"""Syncing as AWS Lambda runs it."""

import logging
import os
from functools import cache

from partnerdesk.adapters.deliveries import Failures, Queued, failures
from partnerdesk.domain.errors import DeskError
from partnerdesk.domain.record import Workbook
from partnerdesk.ports import Waker
from syncing.services import Services
from syncing.wiring import services, waker
from syncing.work import visit

logger = logging.getLogger(__name__)


@cache
def _ports() -> Services:
    return services(os.environ)


@cache
def _waker() -> Waker:
    return waker(os.environ)


def handler(event: Queued, _context: object) -> Failures:
    """
    Visit every workbook that the queue names, each once.

    No wake-up is asked for again: it carries no work, would keep its workbook
    waiting for nine minutes, and the sweep sends another within one.
    """
    for name in dict.fromkeys(message["body"] for message in event["Records"]):
        _visit(name)
    return failures(())


def _visit(name: str) -> None:
    try:
        workbook = Workbook(name)
        if visit(workbook, _ports()):
            _waker().wake(workbook, at=_ports().clock.now())
    except DeskError as error:
        facts = {"workbook": name, "code": error.code, **error.facts}
        logger.warning("a visit ended early", extra={"facts": facts})
    except Exception:
        # A bug in one workbook's visit must not keep us from the others.
        logger.exception("a visit failed", extra={"facts": {"workbook": name}})
