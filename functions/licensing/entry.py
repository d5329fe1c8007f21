"""Licensing as AWS Lambda runs it: for servers that ask, for messages, and by the clock."""

import os
from collections.abc import Callable, Mapping
from functools import cache
from typing import TYPE_CHECKING, Any

from licensing.app import build
from licensing.services import Services
from licensing.wiring import services
from licensing.work import schedules, works
from partnerdesk.adapters.deliveries import (
    Asked,
    Failures,
    Queued,
    Scheduled,
    each_message,
    failures,
)
from partnerdesk.http import Api
from partnerdesk.jobs import Jobs, jobs_of

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext


@cache
def _ports() -> Services:
    return services(os.environ)


@cache
def _jobs() -> Jobs:
    ports = _ports()
    return jobs_of(works(ports), ledger=ports.ledger, outbox=ports.outbox, clock=ports.clock)


@cache
def _schedules() -> Mapping[str, Callable[[], int]]:
    return schedules(_ports())


@cache
def _api() -> Api:
    return build(_ports())


def handler(
    event: Queued | Scheduled | Asked, context: "LambdaContext"
) -> Failures | dict[str, Any]:
    """Do what messages ask, what the clock brings, or answer a server: the event tells which."""
    if "Records" in event:
        return each_message(event, _jobs().run)
    if "schedule" in event:
        _schedules()[event["schedule"]]()
        return failures(())
    return _api().resolve(event, context)
