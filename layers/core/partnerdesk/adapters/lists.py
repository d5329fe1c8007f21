"""The restricted-party lists: checked, built into one index, published whole, and searched."""

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import UTC, date, datetime, timedelta
from functools import partial
from hashlib import sha256
from typing import Protocol

from partnerdesk.adapters import bis, csl, ofac, un
from partnerdesk.adapters.list_files import BadListError
from partnerdesk.domain.chain import canonical, instant
from partnerdesk.domain.counterfactuals import explained
from partnerdesk.domain.embargo import EmbargoRule
from partnerdesk.domain.errors import MissingError, RefusedError
from partnerdesk.domain.judgement import (
    ALARM_AFTER,
    REVIEW_AFTER,
    ListAge,
    Lists,
    NoLists,
    outcome_of,
)
from partnerdesk.domain.matching import ENGINE, Match, Matcher
from partnerdesk.domain.screening import Outcome, Party, PartyType, Verdict
from partnerdesk.domain.screening_case import Decision
from partnerdesk.domain.tables import rows
from partnerdesk.domain.watchlist import (
    BrokenIndexError,
    Entity,
    Source,
    Watchlist,
    build,
    hash_of,
)

POINTER = "lists.json"
"""The file or object that names the index in use."""

LOOK_AGAIN = timedelta(seconds=60)
"""How long an opened index is used before the pointer is read again."""

LARGEST_FALL = 0.05
SELF_TEST_NAMES = 200
SELF_TEST_ALARMS = 2


class NoListsError(MissingError):
    """No list was ever imported here."""

    code = "no-lists"


@dataclass(frozen=True, slots=True)
class Pointer:
    """Which index is in use, and when each of its lists was last confirmed to be current."""

    index: str
    sha256: str
    checked: Mapping[str, datetime]

    def text(self) -> str:
        """Return the pointer as canonical JSON."""
        checked = {code: instant(at) for code, at in self.checked.items()}
        return canonical(asdict(self) | {"checked": checked})

    @classmethod
    def read(cls, text: str) -> "Pointer":
        """
        Return the pointer that a text holds.

        :raises BrokenIndexError: when it is none
        """
        try:
            value = json.loads(text)
            checked = {code: datetime.fromisoformat(at) for code, at in value["checked"].items()}
            return cls(value["index"], value["sha256"], checked)
        except (ValueError, KeyError, TypeError, AttributeError) as broken:
            message = "The pointer to the list index cannot be read."
            raise BrokenIndexError(message) from broken


class Store(Protocol):
    """A place where indexes and their pointer are kept."""

    def pointer(self) -> Pointer:
        """
        Return the pointer in use.

        :raises NoListsError: when there is none
        :raises BrokenIndexError: when it cannot be read
        """

    def index(self, name: str) -> memoryview:
        """
        Return the bytes of an index, mapped or read whole.

        :raises NoListsError: when there is none of this name
        """

    def publish(self, content: bytes, pointer: Pointer) -> None:
        """Keep an index and then move the pointer to it, so that nobody sees half of either."""


@dataclass(frozen=True, slots=True)
class ListStatus:
    """One list as the banner and the tab Lists show it."""

    code: str
    published: str
    sha256: str
    entities: int
    names: int
    checked_at: datetime
    age: timedelta
    is_snapshot: bool
    is_complete: bool
    is_alarming: bool
    """Older than a day. Rule SCR-2."""

    is_stale: bool
    """Older than two days: nothing is clear. Rule SCR-2."""


@dataclass(frozen=True, slots=True)
class _Opened:
    pointer: Pointer
    watchlist: Watchlist
    matcher: Matcher
    read_at: datetime


class IndexScreener:
    """
    The Screener port over a store of indexes.

    `accept_snapshot` lets a demo use the old snapshot that ships with the desk;
    whoever sets it shows a banner. Every decision finishes on the index it
    began with.
    """

    def __init__(
        self,
        store: Store,
        *,
        accept_snapshot: bool = False,
        rules: Sequence[EmbargoRule] | None = None,
    ) -> None:
        self._store = store
        self._accept_snapshot = accept_snapshot
        self._rules = rules
        self._opened: _Opened | None = None

    def screen(self, parties: Sequence[Party], *, on: date, at: datetime) -> Verdict:
        """
        Return the worst finding over all parties, and what would change it.

        Without a whole index nothing is clear.
        """
        return explained(parties, self._lists(at), on=on, at=at, rules=self._rules)

    def status(self, at: datetime) -> tuple[ListStatus, ...]:
        """
        Return the lists in use with their ages; none when there is no whole index.

        :raises NoListsError: when nothing was imported
        :raises BrokenIndexError: when the index cannot be used
        """
        opened = self._open(at)
        return tuple(
            self._status(source, opened.pointer, at) for source in opened.watchlist.sources
        )

    def is_snapshot(self, at: datetime) -> bool:
        """Test whether the lists in use are the old snapshot, which calls for a banner."""
        try:
            return any(each.is_snapshot for each in self.status(at))
        except (NoListsError, BrokenIndexError, OSError):
            return False

    def _status(self, source: Source, pointer: Pointer, at: datetime) -> ListStatus:
        age = at - pointer.checked[source.code]
        return ListStatus(
            code=source.code,
            published=source.published,
            sha256=source.sha256,
            entities=source.entities,
            names=source.names,
            checked_at=pointer.checked[source.code],
            age=age,
            is_snapshot=source.snapshot,
            is_complete=source.complete,
            is_alarming=age > ALARM_AFTER,
            is_stale=age > REVIEW_AFTER,
        )

    def _lists(self, at: datetime) -> Lists | NoLists:
        try:
            opened = self._open(at)
        except NoListsError:
            return NoLists("No restricted-party list is loaded.")
        except (BrokenIndexError, OSError) as broken:
            return NoLists(f"The restricted-party lists cannot be used: {broken}")
        ages = [
            ListAge(
                source.code,
                str(source),
                opened.pointer.checked[source.code],
                may_be_old=source.snapshot and self._accept_snapshot,
            )
            for source in opened.watchlist.sources
        ]
        return lists_of(opened.matcher, ages, opened.pointer.index, opened.pointer.sha256)

    def _open(self, at: datetime) -> _Opened:
        opened = self._opened
        if opened is not None and abs(at - opened.read_at) < LOOK_AGAIN:
            return opened
        pointer = self._store.pointer()
        if opened is not None and opened.pointer.sha256 == pointer.sha256:
            opened = replace(opened, pointer=pointer, read_at=at)
        else:
            watchlist = opened_index(self._store.index(pointer.index), pointer.sha256)
            opened = _Opened(pointer, watchlist, Matcher(watchlist), at)
        self._opened = opened
        return opened


def lists_of(matcher: Matcher, ages: Sequence[ListAge], index: str, digest: str) -> Lists:
    """Return an opened index as a screening asks it."""
    return Lists(
        ages=ages,
        engine=ENGINE,
        index=index,
        sha256=digest,
        search=matcher.search,
        explained=matcher.explained,
        listed=matcher.entity,
    )


class NothingToReplayError(RefusedError):
    """A decision says too little to be computed again."""

    code = "nothing-to-replay"


def replayed(
    decision: Decision, store: Store, *, rules: Sequence[EmbargoRule] | None = None
) -> Decision:
    """
    Return a decision computed again from the list index, instants and rules it rested on.

    Under the engine that made it, the bytes are the same. An index of another
    engine is built again from its own entries. Rule SCR-8.

    :raises NothingToReplayError: when the screening did not finish, or an earlier
        version of the desk made it
    :raises NoListsError: when the index is gone
    :raises BrokenIndexError: when the index was altered
    """
    basis = decision.verdict.basis
    if basis is None:
        message = f"{decision.ref} does not say what it rested on, so it cannot be computed again."
        raise NothingToReplayError(message)
    lists: Lists | NoLists = NoLists(basis.without)
    if basis.index:
        watchlist = whole_index(store.index(basis.index), basis.sha256)
        if watchlist.engine != ENGINE:
            edition = in_use_as_edition(watchlist)
            watchlist = Watchlist(build(edition.entities, edition.sources, engine=ENGINE))
        ages = [ListAge(it.code, it.cited, it.at, it.may_be_old) for it in basis.confirmed]
        lists = lists_of(Matcher(watchlist), ages, basis.index, basis.sha256)
    at = decision.decided_at
    verdict = explained(decision.parties, lists, on=at.date(), at=at, rules=rules)
    return replace(decision, verdict=verdict)


def whole_index(content: memoryview, expected: str) -> Watchlist:
    """
    Return an index of any engine once its bytes are proven to be those that were published.

    :raises BrokenIndexError: when they are not
    """
    if hash_of(content) != expected:
        message = "The list index is not the one that was published."
        raise BrokenIndexError(message)
    return Watchlist(content)


def opened_index(content: memoryview, expected: str) -> Watchlist:
    """
    Return a whole index that this engine may search.

    :raises BrokenIndexError: when it is damaged, or was built by another engine
    """
    watchlist = whole_index(content, expected)
    if watchlist.engine != ENGINE:
        message = f"The list index was built by engine {watchlist.engine}; this is {ENGINE}."
        raise BrokenIndexError(message)
    return watchlist


@dataclass(frozen=True, slots=True)
class NativeFiles:
    """Native list files by name, with the day they were published."""

    files: Mapping[str, bytes]
    published: date


@dataclass(frozen=True, slots=True)
class _Form:
    """How one source is published: its files, the first of them needed, and their reader."""

    code: str
    files: tuple[str, ...]
    read: Callable[[Mapping[str, bytes]], tuple[Entity, ...]]


_FORMS = (
    *(_Form(code, names, partial(ofac.read, code)) for code, names in ofac.FILES.items()),
    _Form("DPL", (bis.FILE,), bis.read),
    _Form("UN", (un.FILE,), un.read),
    _Form("CSL", (csl.FILE,), csl.read),
)
"""The sources we read; of two with the same list, the earlier counts: it is the original."""

FILES = frozenset(name for form in _FORMS for name in form.files)
"""The names by which list files are known (screening.md 5)."""


@dataclass(frozen=True, slots=True)
class Edition:
    """Everything that some native files say, read and checked by itself."""

    entities: tuple[Entity, ...]
    sources: tuple[Source, ...]


def read(native: NativeFiles, *, snapshot: bool = False) -> Edition:
    """
    Return the lists in a folder.

    sdn.csv without its companions is read and marked incomplete: enough for one
    search, never for an import.

    :raises BadListError: when a file is broken, or there is no list at all
    """
    parts = [
        _read_one(native, form, snapshot=snapshot)
        for form in _FORMS
        if form.files[0] in native.files
    ]
    if not parts:
        wanted = ", ".join(form.files[0] for form in _FORMS)
        message = f"There is no list in this folder; we know {wanted}."
        raise BadListError(message)
    return _each_list_once(parts)


def joined(edition: Edition, in_use: Watchlist | None) -> Edition:
    """
    Return an edition together with the sources in use that it does not hold.

    Whoever imports one list does not take the others out of use.
    """
    if in_use is None:
        return edition
    new = {source.code for source in edition.sources}
    kept = [source for source in in_use.sources if source.code not in new]
    others = tuple(in_use.entities()) if kept else ()
    return _each_list_once(
        [_part(source, edition.entities) for source in edition.sources]
        + [_part(source, others) for source in kept]
    )


def in_use_as_edition(in_use: Watchlist) -> Edition:
    """Return what an index was built from, to build it again by another engine."""
    return Edition(tuple(in_use.entities()), in_use.sources)


_Part = tuple[Source, tuple[Entity, ...]]


def _part(source: Source, entities: Sequence[Entity]) -> _Part:
    return source, tuple(each for each in entities if each.list_code in source.lists)


def _each_list_once(parts: Sequence[_Part]) -> Edition:
    """Return an edition in which every list comes from one source, the original first."""
    order = [form.code for form in _FORMS]
    taken: set[str] = set()
    entities: list[Entity] = []
    sources: list[Source] = []
    for source, all_of_it in sorted(parts, key=lambda it: order.index(it[0].code)):
        lists = tuple(code for code in source.lists if code not in taken)
        taken.update(lists)
        sources.append(replace(source, lists=lists))
        entities.extend(each for each in all_of_it if each.list_code in lists)
    return Edition(tuple(entities), tuple(sources))


def _read_one(native: NativeFiles, form: _Form, *, snapshot: bool) -> _Part:
    present = {name: native.files[name] for name in form.files if name in native.files}
    found = form.read(present)
    digest = sha256()
    for content in present.values():
        digest.update(sha256(content).digest())
    source = Source(
        code=form.code,
        published=native.published.isoformat(),
        sha256=digest.hexdigest(),
        entities=len(found),
        names=sum(len(each.names) for each in found),
        files=tuple(present),
        lists=tuple(sorted({each.list_code for each in found})),
        complete=len(present) == len(form.files),
        snapshot=snapshot,
    )
    return source, found


def complaints(edition: Edition, in_use: Sequence[Source], *, accepted: str = "") -> list[str]:
    """
    Return every reason not to put an edition in the place of the lists in use.

    A person may accept a smaller or older list by its hash (screening.md 5).
    """
    before = {source.code: source for source in in_use if not source.snapshot}
    found = []
    for source in edition.sources:
        old = before.get(source.code)
        if not source.complete:
            found.append(f"{source.code} is incomplete: it has only {', '.join(source.files)}.")
        if old is not None and accepted != source.sha256:
            found.extend(_falls(source, old))
    return found


def _falls(source: Source, old: Source) -> list[str]:
    found = []
    for what, now, then in (
        ("entities", source.entities, old.entities),
        ("names", source.names, old.names),
    ):
        if now < then * (1 - LARGEST_FALL):
            found.append(f"{source.code} falls from {then} to {now} {what}.")
    if source.published < old.published:
        found.append(f"{source.code} goes back from {old.published} to {source.published}.")
    return found


def built(edition: Edition, *, progress: Callable[[int], None] = lambda _: None) -> bytes:
    """
    Return the index of an edition, proven by searching it.

    :raises BadListError: when the self-test fails
    """
    content = build(edition.entities, edition.sources, engine=ENGINE, progress=progress)
    _self_test(Matcher(Watchlist(content)), edition)
    return content


def _self_test(matcher: Matcher, edition: Edition) -> None:
    """
    Search 200 names of the list and 50 that nobody listed.

    :raises BadListError: when one is missed, or more than two raise an alarm
    """
    step = max(1, len(edition.entities) // SELF_TEST_NAMES)
    for entity in edition.entities[::step]:
        party = Party(entity.names[0].name, entity.type)
        found = [(each.list_code, each.entity) for each in matcher.search(party).matches]
        if (entity.list_code, entity.number) not in found:
            message = f"The self-test missed {entity.list_code} {entity.number} by its own name."
            raise BadListError(message)
    alarms = [row["name"] for row in rows("self_test_names") if _alarms(matcher, row)]
    if len(alarms) > SELF_TEST_ALARMS:
        message = f"The self-test raised alarms for {', '.join(alarms)}."
        raise BadListError(message)


def _alarms(matcher: Matcher, row: Mapping[str, str]) -> bool:
    party = Party(row["name"], PartyType(row["type"]))
    return any(
        outcome_of(match, party) is not Outcome.CLEAR for match in matcher.search(party).matches
    )


def publish(
    content: bytes,
    edition: Edition,
    store: Store,
    *,
    at: datetime,
    confirmed: Mapping[str, datetime] | None = None,
) -> Pointer:
    """
    Put an index into use and return the new pointer; no index before it is deleted.

    Its lists are confirmed now, but for those that are carried over: `confirmed`
    says when those were.
    """
    digest = hash_of(content)
    checked = {
        source.code: _snapshot_day(source) if source.snapshot else at for source in edition.sources
    } | dict(confirmed or {})
    pointer = Pointer(f"screen-{digest[:16]}.idx", digest, checked)
    store.publish(content, pointer)
    return pointer


def _snapshot_day(source: Source) -> datetime:
    """Return when a snapshot was current: the day it was published, however late it is read."""
    return datetime.combine(date.fromisoformat(source.published), datetime.min.time(), tzinfo=UTC)


_DAY = re.compile(r"(\d{4})-(\d\d)(?:-(\d\d))?")


def day_in(name: str) -> date | None:
    """Return the day that a folder's name ends with, the first of a month, or nothing."""
    found = _DAY.search(name)
    return date(int(found[1]), int(found[2]), int(found[3] or 1)) if found else None


def hit_of(match: Match) -> dict[str, object]:
    """Return a match as the batch interface writes it (screening.md 13)."""
    return {
        "entity": match.entity,
        "list": match.list_code,
        "name": match.name,
        "score": match.score / 10,
    }
