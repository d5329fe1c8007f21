"""How messages get from the outbox to the function that does their work, and mail gets out."""

import logging
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Final

from partnerdesk.adapters.deliveries import Told
from partnerdesk.domain.change import Queue
from partnerdesk.domain.errors import UnavailableError
from partnerdesk.domain.record import Workbook
from partnerdesk.jobs import Work
from partnerdesk.ports import Letter
from partnerdesk.usecases.send_mail import send_mail
from relay.services import MailServices, Services

logger = logging.getLogger(__name__)

QUEUES: Final[Mapping[str, Queue]] = {
    "screen-trial": Queue.SCREENING,
    "sign-licence": Queue.LICENSING,
    "send-mail": Queue.MAIL,
}
"""The queue of each work: a message's id begins with its work (domain/change.py)."""

MOST_AT_A_TICK: Final = 1_000
"""How many due messages a tick hands out; the others are due at the next."""

MESSAGE: Final = "OUTBOX#"
MARK: Final = "DIRTY#"


def works(services: MailServices) -> Mapping[str, Work]:
    """Return the works of the mail function by the name that messages call them."""

    def send(letter: Letter) -> None:
        send_mail(
            letter.about,
            settles=letter.id,
            now=services.clock.now,
            ledger=services.ledger,
            post=services.post,
        )

    return {"send-mail": send}


def hand_on(stream: Sequence[Told], services: Services) -> Sequence[str]:
    """
    Hand on what the ledger's stream tells of, and return the numbers of what was not.

    New messages go to their queue, workbooks with marks are woken: once, for the
    latest of their marks, since a visit sees all that came before. What fails
    does not hold up the rest, and what is handed on twice is done once.
    """
    messages = _by_name(stream, MESSAGE)
    left = _carry(messages, services)
    marks = _by_name(stream, MARK)
    asleep = [
        workbook
        for workbook, marked in marks.items()
        if not _is_woken(workbook, max(each.at for each in marked), services)
    ]
    return [
        *(each.number for message in left for each in messages[message]),
        *(each.number for workbook in asleep for each in marks[workbook]),
    ]


def _by_name(stream: Iterable[Told], prefix: str) -> Mapping[str, Sequence[Told]]:
    """Return what a stream tells of items whose key begins so, by the rest of their key."""
    named: dict[str, list[Told]] = {}
    for each in stream:
        if each.pk.startswith(prefix):
            named.setdefault(each.pk.removeprefix(prefix), []).append(each)
    return named


def schedules(services: Services) -> Mapping[str, Callable[[], int]]:
    """Return what the schedule wakes, by name; each returns how much it handed out."""

    def sweep() -> int:
        """Hand out again all that is due and wake every workbook: enough without any stream."""
        now = services.clock.now()
        due = services.outbox.due(at=now, limit=MOST_AT_A_TICK)
        refused = _carry(due, services)
        workbooks = sorted({*services.marks.stale(), *services.polled})
        woken = [workbook for workbook in workbooks if _is_woken(workbook, now, services)]
        return len(due) - len(refused) + len(woken)

    return {"sweep": sweep}


def _carry(messages: Iterable[str], services: Services) -> Sequence[str]:
    """Bring messages to their queues, and return those that no queue took."""
    refused: list[str] = []
    for queue, batch in _by_queue(messages).items():
        try:
            refused += services.courier.carry(queue, batch)
        except UnavailableError as error:
            facts = {"queue": queue.value, "code": error.code, **error.facts}
            logger.warning("a queue took nothing", extra={"facts": facts})
            refused += batch
    return refused


def _by_queue(messages: Iterable[str]) -> Mapping[Queue, list[str]]:
    """
    Return the messages by the queue of their work.

    A work that nobody knows was written by another version of the desk. Mail
    takes it, and sets it aside where staff can see it, as for any work it lacks.
    """
    batches: dict[Queue, list[str]] = {}
    for message in messages:
        queue = QUEUES.get(message.partition("/")[0], Queue.MAIL)
        batches.setdefault(queue, []).append(message)
    return batches


def _is_woken(name: str, at: datetime, services: Services) -> bool:
    try:
        services.waker.wake(Workbook(name), at=at)
    except (UnavailableError, ValueError) as error:
        facts = {"workbook": name, "error": type(error).__name__}
        logger.warning("a workbook was not woken", extra={"facts": facts})
        return False
    return True
