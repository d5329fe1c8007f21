"""Proves the audit trail: nothing edited, removed or inserted, and only legal moves made."""

import json
from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby
from typing import Final

from partnerdesk.domain import licence, mailing, screening_case, trial
from partnerdesk.domain.chain import digest
from partnerdesk.domain.licence import Licence
from partnerdesk.domain.lifecycle import Lifecycle, MoveT, StateT
from partnerdesk.domain.mailing import Mailing
from partnerdesk.domain.screening_case import ScreeningCase
from partnerdesk.domain.trial import TrialRequest
from partnerdesk.ports import Archive, KeptEvent
from partnerdesk.usecases.proof import Stores, Tally

Head = tuple[str, str, int, str, str]
"""Kind, reference, version, head and body of a record."""

Step = tuple[str, str]
"""From a state to another; from the empty one for a new record."""


def verify_moves(stores: Stores) -> Tally:
    """Return whether every record got where it is by legal moves, told by its events: V4."""
    tally = Tally()
    for (kind, ref), events in groupby(stores.archive.histories(), key=_whose):
        if kind not in STEPS:
            continue
        tally.saw("records")
        before = ""
        for event in events:
            state = _state(event)
            is_legal = state == before or (before, state) in STEPS[kind]
            tally.expect(is_legal, _name(kind, ref), f"{before or 'new'} to {state} is no move")
            tally.saw("moves", int(state != before))
            before = state
    return tally


def verify_chains(stores: Stores) -> Tally:
    """Return whether every record's chain of events is whole and leads to its head: V8."""
    tally = Tally()
    for name, head, events in _with_events(stores.archive):
        tally.saw("records", len(head))
        tally.saw("events", len(events))
        for why in _breaks(head, events):
            tally.blame(name, why)
    return tally


def _breaks(head: Sequence[Head], events: Sequence[KeptEvent]) -> Iterator[str]:
    """Yield whatever is wrong with one chain; `head` is empty where the record is gone."""
    previous = ""
    for version, event in enumerate(events, start=1):
        if event.version != version:
            yield f"event {version} is missing"
            return
        if digest(event.entry) != event.digest:
            yield f"event {version} is not what its digest says"
        if why := _misfit(event, previous):
            yield f"event {version} {why}"
        previous = event.digest
    if not head:
        yield "there are events but no record"
        return
    ((_, _, version, digest_of_last, body),) = head
    if version != len(events):
        yield f"the record is at version {version} with {len(events)} events"
    if digest_of_last != previous:
        yield "the record's head is not its last event"
    elif _entry(events[-1]).get("body") != digest(body):
        yield "the record is not what its last event says"


def _misfit(event: KeptEvent, previous: str) -> str:
    """Return what an event's entry says that is not so, empty when all of it is."""
    entry = _entry(event)
    said = (entry.get("kind"), entry.get("ref"), entry.get("version"))
    if said != (event.kind, event.ref, event.version):
        return "belongs elsewhere"
    if entry.get("previous") != previous:
        return "does not follow from the one before"
    if event.body and entry.get("body") != digest(event.body):
        return "has another body than its entry says"
    return ""


def _with_events(
    archive: Archive,
) -> Iterator[tuple[str, Sequence[Head], Sequence[KeptEvent]]]:
    """Yield every record with its events, both read once; one of them may be missing."""
    groups = groupby(archive.histories(), key=_whose)
    whose, events = _next(groups)
    for head in archive.heads():
        key = head[0], head[1]
        while whose and whose < key:
            yield _name(*whose), (), events
            whose, events = _next(groups)
        if whose == key:
            yield _name(*key), (head,), events
            whose, events = _next(groups)
        else:
            yield _name(*key), (head,), ()
    while whose:
        yield _name(*whose), (), events
        whose, events = _next(groups)


Groups = Iterator[tuple[tuple[str, str], Iterator[KeptEvent]]]


def _next(groups: Groups) -> tuple[tuple[str, str] | tuple[()], Sequence[KeptEvent]]:
    for key, events in groups:
        return key, tuple(events)
    return (), ()


def _steps(lifecycle: Lifecycle[StateT, MoveT]) -> frozenset[Step]:
    """Return the steps that a lifecycle allows; a new record may have made its first move."""
    moves = frozenset((origin.value, to.value) for (origin, _), to in lifecycle.moves.items())
    first = lifecycle.initial.value
    return moves | {("", first)} | {("", to) for origin, to in moves if origin == first}


STEPS: Final = {
    TrialRequest.KIND: _steps(trial.LIFECYCLE),
    Licence.KIND: _steps(licence.LIFECYCLE),
    Mailing.KIND: _steps(mailing.LIFECYCLE),
    ScreeningCase.KIND: _steps(screening_case.LIFECYCLE),
}
"""The legal steps of every kind that has a state."""


def _entry(event: KeptEvent) -> Mapping[str, object]:
    return _object(event.entry)


def _state(event: KeptEvent) -> str:
    return str(_object(event.body).get("state", "unreadable"))


def _object(text: str) -> Mapping[str, object]:
    """Return what a stored text holds; nothing where somebody made it unreadable."""
    try:
        read = json.loads(text)
    except ValueError:
        return {}
    return read if isinstance(read, dict) else {}


def _whose(event: KeptEvent) -> tuple[str, str]:
    return event.kind, event.ref


def _name(kind: str, ref: str) -> str:
    return f"{kind} {ref}"
