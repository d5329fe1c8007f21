"""The relay and the mail as AWS Lambda runs them: two functions of one room."""

import os
from collections.abc import Callable, Mapping
from functools import cache

from partnerdesk.adapters.deliveries import (
    Failures,
    Queued,
    Scheduled,
    Streaming,
    each_message,
    failures,
    told,
)
from partnerdesk.jobs import Jobs, jobs_of
from relay.services import Services
from relay.wiring import mail_services, services
from relay.work import hand_on, schedules, works


@cache
def _ports() -> Services:
    return services(os.environ)


@cache
def _schedules() -> Mapping[str, Callable[[], int]]:
    return schedules(_ports())


@cache
def _mail() -> Jobs:
    ports = mail_services(os.environ)
    return jobs_of(works(ports), ledger=ports.ledger, outbox=ports.outbox, clock=ports.clock)


def hand_out(event: Streaming | Scheduled, _context: object) -> Failures:
    """Hand on what the table's stream tells of, or at a tick all that is due."""
    if "schedule" in event:
        _schedules()[event["schedule"]]()
        return failures(())
    return failures(hand_on(told(event), _ports()))


def mail(event: Queued, _context: object) -> Failures:
    """Send every mail whose message the queue hands over."""
    return each_message(event, _mail().run)
