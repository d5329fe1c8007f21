"""Screening as AWS Lambda runs it."""

import os
from functools import cache

from partnerdesk.adapters.deliveries import Failures, Queued, each_message
from partnerdesk.jobs import Jobs, jobs_of
from screening.wiring import services
from screening.work import works


@cache
def _jobs() -> Jobs:
    ports = services(os.environ)
    return jobs_of(works(ports), ledger=ports.ledger, outbox=ports.outbox, clock=ports.clock)


def handler(event: Queued, _context: object) -> Failures:
    """Do the work of every message that the queue hands over."""
    return each_message(event, _jobs().run)
