"""The commands with which people look after the lists and ask about a name."""

import json
import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import asdict, dataclass, replace
from datetime import UTC, date, datetime
from functools import cache
from hashlib import sha256
from pathlib import Path
from time import perf_counter
from typing import NoReturn

import click

from onebox.clock import DeskClock
from onebox.ledger import SqliteLedger
from onebox.licence_commands import CLOCK_FILE, Folder
from onebox.lists import (
    FolderStore,
    LocalScreener,
    Progress,
    folder,
    import_lists,
    sources_in_use,
    watchlist_in_use,
)
from onebox.place import Place
from partnerdesk.adapters.codec import encode
from partnerdesk.adapters.list_files import BadListError
from partnerdesk.adapters.lists import (
    Edition,
    NativeFiles,
    NoListsError,
    built,
    complaints,
    hit_of,
    joined,
    lists_of,
    opened_index,
    publish,
    read,
    replayed,
)
from partnerdesk.domain.counterfactuals import explained
from partnerdesk.domain.delta import changed_fields, compared
from partnerdesk.domain.judgement import ListAge, judged
from partnerdesk.domain.matching import ENGINE, MATCHES, Match, Matcher, pair_score
from partnerdesk.domain.screening import Address, Outcome, Party, PartyType, Verdict
from partnerdesk.domain.screening_case import Decision
from partnerdesk.domain.watchlist import BrokenIndexError, Entity, Source

DIFFERENT = 3
"""Exit code when a decision comes out otherwise (screening.md 12)."""

NO_LIST = 4
"""Exit code when no list of a folder can be loaded (screening.md 13)."""

TYPES = tuple(each.value for each in PartyType)


def lists_folder(data: Path) -> Path:
    """Return where a data folder keeps the list indexes."""
    return data / "lists"


@click.group()
def lists() -> None:
    """Look after the restricted-party lists."""


@lists.command("import")
@click.argument("source", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("--published", type=click.DateTime(["%Y-%m-%d"]), help="Day of publication.")
@click.option("--accept", default="", help="Hash of a list that you take although it shrank.")
@click.pass_obj
def import_(desk: Folder, source: Path, published: datetime | None, accept: str) -> None:
    """Take the native list files of a folder into use, if they are sound."""
    store = FolderStore(lists_folder(desk.data))
    edition = _edition(_native(source, published.date() if published else None))
    try:
        with _progress("Building the index", edition) as progress:
            pointer = import_lists(
                edition, store, at=_now(desk.data), accepted=accept, progress=progress
            )
    except BadListError as refused:
        _refuse(str(refused))
    click.echo(f"In use: {pointer.index}")
    _tell(edition.sources)


@lists.command()
@click.argument("source", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("--published", type=click.DateTime(["%Y-%m-%d"]), help="Day of publication.")
@click.pass_obj
def check(desk: Folder, source: Path, published: datetime | None) -> None:
    """Read and test the native list files of a folder, and put nothing into use."""
    edition = _edition(_native(source, published.date() if published else None))
    _tell(edition.sources)
    try:
        with _progress("Testing the index", edition) as progress:
            built(edition, progress=progress)
    except BadListError as refused:
        _refuse(str(refused))
    found = complaints(edition, sources_in_use(FolderStore(lists_folder(desk.data))))
    if found:
        _refuse("\n".join(found))
    click.echo("Sound: these lists could be imported.")


@lists.command()
@click.argument("source", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line.")
@click.pass_obj
def diff(desk: Folder, source: Path, *, as_json: bool) -> None:
    """Tell which entries a folder of list files adds, changes and removes."""
    edition = _edition(_native(source, None))
    for each in edition.sources:
        if not each.complete:
            _note(f"{each.code} is incomplete: only {', '.join(each.files)}")
    in_use = watchlist_in_use(FolderStore(lists_folder(desk.data)))
    before = tuple(in_use.entities()) if in_use else ()
    delta = compared(before, joined(edition, in_use).entities)
    changes = [
        *(_Difference("added", each) for each in delta.added),
        *(_Difference("changed", new, changed_fields(old, new)) for old, new in delta.changed),
        *(_Difference("removed", each) for each in delta.removed),
    ]
    for change in changes:
        click.echo(_json(change.as_object()) if as_json else str(change))
    _note(f"{len(delta.added)} added, {len(delta.changed)} changed, {len(delta.removed)} removed")


@dataclass(frozen=True, slots=True)
class _Difference:
    """One entry that an edition adds, changes or removes, and what of it changed."""

    what: str
    entity: Entity
    fields: tuple[str, ...] = ()

    def as_object(self) -> Mapping[str, object]:
        """Return the difference for programs."""
        return {
            "change": self.what,
            "list": self.entity.list_code,
            "entity": self.entity.number,
            "name": self.entity.names[0].name,
            "fields": self.fields,
        }

    def __str__(self) -> str:
        """Return the difference as one line for people."""
        entity = self.entity
        line = f"{self.what} {entity.list_code} {entity.number} {entity.names[0].name}"
        return f"{line}: {', '.join(self.fields)}" if self.fields else line


@lists.command()
@click.pass_obj
def show(desk: Folder) -> None:
    """Show the lists in use, how old they are and what follows from that."""
    now = _now(desk.data)
    try:
        status = LocalScreener(lists_folder(desk.data)).status(now)
    except (NoListsError, BrokenIndexError) as missing:
        _refuse(str(missing))
    for each in status:
        verdict = "STALE: everything is reviewed" if each.is_stale else "current"
        kind = ", the old snapshot" if each.is_snapshot else ""
        click.echo(
            f"{each.code}: published {each.published}, {each.entities} entities, {each.names} "
            f"names, confirmed {each.checked_at:%Y-%m-%d %H:%M} UTC{kind}: {verdict}"
        )
        click.echo(f"  sha256 {each.sha256}")


@click.command()
@click.argument("name", required=False)
@click.option("--country", default="", help="ISO 3166-1 alpha-2.")
@click.option("--type", "party_type", type=click.Choice(TYPES), default="unknown")
@click.option("--lists", "lists_dir", type=click.Path(exists=True, file_okay=False, path_type=Path),
              help="A folder of native list files, whatever their age.")  # fmt: skip
@click.option("--batch", type=click.Path(exists=True, dir_okay=False, path_type=Path),
              help="One JSON object a line to screen.")  # fmt: skip
@click.option("--pairs", type=click.Path(exists=True, dir_okay=False, path_type=Path),
              help="One JSON object a line with two names to compare.")  # fmt: skip
@click.option(
    "--replay", metavar="DECISION", help="A decision to compute again, as SCD-2026-000001."
)
@click.option("--as-of", type=click.DateTime(["%Y-%m-%d"]), help="Day whose rules are used.")
@click.option("--json", "as_json", is_flag=True, help="Answer as JSON.")
@click.option("--explain", is_flag=True, help="Add the full explanation.")
@click.pass_obj
def screen(  # noqa: PLR0913 - the interface is fixed: one option each
    folder_: Folder,
    /,
    *,
    name: str | None,
    country: str,
    party_type: str,
    lists_dir: Path | None,
    batch: Path | None,
    pairs: Path | None,
    replay: str | None,
    as_of: datetime | None,
    as_json: bool,
    explain: bool,
) -> None:
    """Screen one NAME, or a batch of them, compare pairs of names, or repeat a decision."""
    if sum(each is not None for each in (name, batch, pairs, replay)) != 1:
        message = "Give a NAME, or --batch, or --pairs, or --replay: one of them."
        raise click.UsageError(message)
    if replay is not None:
        _replay(replay, Place(folder_.data))
        return
    now = _now(folder_.data)
    on = (as_of or now).date()
    if pairs is not None:
        _compare(pairs, _opened(lists_dir, folder_.data, now) if lists_dir else None)
        return
    desk = _opened(lists_dir, folder_.data, now)
    if batch is not None:
        _screen_batch(batch, desk, on, explain=explain)
        return
    party = _party({"name": name, "type": party_type, "country": country})
    verdict, found = desk.answer([party], on, explain=True)
    if as_json:
        click.echo(_json(_answer(verdict, found) | _explained(verdict) | {"lists": verdict.lists}))
    else:
        _say(verdict)


def _replay(ref: str, place: Place) -> None:
    """Compute a decision again; print it, or it, the other and where they differ."""
    with closing(SqliteLedger(place.ledger, readonly=True)) as ledger:
        decision = ledger.get(Decision, ref)
    try:
        again = replayed(decision, FolderStore(place.lists))
    except BrokenIndexError as altered:
        _refuse(str(altered))
    stored, computed = encode(decision), encode(again)
    click.echo(stored)
    if computed == stored:
        _note(f"{ref} comes out the same, byte for byte.")
        return
    click.echo(computed)
    for difference in _differences(json.loads(stored), json.loads(computed)):
        _note(difference)
    raise SystemExit(DIFFERENT)


def _differences(stored: object, computed: object, path: str = "") -> Iterator[str]:
    """Yield where two decisions differ, and how."""
    if isinstance(stored, dict) and isinstance(computed, dict):
        for key in sorted(stored.keys() | computed.keys()):
            yield from _differences(stored.get(key), computed.get(key), f"{path}.{key}")
    elif stored != computed:
        yield f"{path.removeprefix('.')} was {_json(stored)}, is {_json(computed)}"


@dataclass(frozen=True, slots=True)
class _Opened:
    """Lists of any age, opened for questions."""

    matcher: Matcher
    sources: Sequence[Source]
    index: tuple[str, str]
    """Its name and its hash."""

    def answer(
        self, parties: Sequence[Party], on: date, *, explain: bool
    ) -> tuple[Verdict, list[Match]]:
        """
        Return what a screening decides, and every resemblance, best first.

        `explain` adds what would change the decision, which takes many screenings.
        """
        midnight = datetime.combine(on, datetime.min.time(), UTC)
        search = cache(self.matcher.search)
        ages = [ListAge(it.code, str(it), midnight, may_be_old=True) for it in self.sources]
        lists = replace(lists_of(self.matcher, ages, *self.index), search=search)
        decide = explained if explain else judged
        verdict = decide(parties, lists, on=on, at=midnight)
        best: dict[str, Match] = {}
        for match in sorted(
            (each for party in parties for each in search(party).matches),
            key=lambda it: (-it.score, it.entity_at),
        ):
            best.setdefault(f"{match.list_code} {match.entity}", match)
        return verdict, list(best.values())[:MATCHES]


def _opened(lists_dir: Path | None, data: Path, now: datetime) -> _Opened:
    store = _cached(lists_dir) if lists_dir else _in_use(data, now)
    pointer = store.pointer()
    watchlist = opened_index(store.index(pointer.index), pointer.sha256)
    if not lists_dir:
        for source in watchlist.sources:
            _note(f"{source.code} of {source.published}" + ", an old snapshot" * source.snapshot)
    return _Opened(Matcher(watchlist), watchlist.sources, (pointer.index, pointer.sha256))


def _in_use(data: Path, now: datetime) -> FolderStore:
    LocalScreener(lists_folder(data), accept_snapshot=True).prepare(at=now)
    return FolderStore(lists_folder(data))


def _cached(lists_dir: Path) -> FolderStore:
    """Return a store with the index of a folder, built unless it was built before."""
    native = _native(lists_dir, None)
    key = sha256(f"{ENGINE} {native.published}".encode())
    for name, content in native.files.items():
        key.update(name.encode() + sha256(content).digest())
    home = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    store = FolderStore(home / "partner-desk" / key.hexdigest()[:16])
    if not sources_in_use(store):
        edition = _edition(native)
        for source in edition.sources:
            if not source.complete:
                _note(f"{source.code} is incomplete: only {', '.join(source.files)}")
        with _progress("Building the index", edition) as progress:
            content = built(edition, progress=progress)
        publish(
            content, edition, store, at=datetime.combine(native.published, datetime.min.time(), UTC)
        )
    return store


def _edition(native: NativeFiles) -> Edition:
    try:
        return read(native)
    except BadListError as refused:
        _refuse(str(refused))


def _native(source: Path, published: date | None) -> NativeFiles:
    try:
        return folder(source, published=published)
    except BadListError as refused:
        _refuse(str(refused))


def _screen_batch(batch: Path, desk: _Opened, on: date, *, explain: bool) -> None:
    for line in _lines(batch, "Screening"):
        ref: object = None
        started = perf_counter()
        try:
            value = json.loads(line)
            ref = value.get("id")
            parties = [_party(value), *map(_party, _owners(value))]
            verdict, found = desk.answer(parties, on, explain=explain)
        except (ValueError, TypeError, AttributeError) as broken:
            click.echo(_json({"id": ref, "outcome": Outcome.REVIEW, "hits": [],
                              "error": str(broken)}))  # fmt: skip
            continue
        answer = {"id": ref} | _answer(verdict, found)
        answer["ms"] = round((perf_counter() - started) * 1000, 3)
        if explain:
            answer |= _explained(verdict)
        click.echo(_json(answer))


def _compare(pairs: Path, desk: _Opened | None) -> None:
    weigh = desk.matcher.weight if desk else None
    for line in _lines(pairs, "Comparing"):
        ref: object = None
        try:
            value = json.loads(line)
            ref = value.get("id")
            party_type = _type(value)
            score = pair_score(_text(value, "left"), _text(value, "right"), party_type, weigh)
            click.echo(_json({"id": ref, "score": score / 10}))
        except (ValueError, TypeError, AttributeError) as broken:
            click.echo(_json({"id": ref, "score": 0.0, "error": str(broken)}))


def _lines(path: Path, label: str) -> Iterator[str]:
    try:
        content = path.read_text("utf-8-sig", errors="replace")
    except OSError as unreadable:
        raise click.FileError(str(path), str(unreadable)) from unreadable
    lines = [line for line in content.split("\n") if line.strip()]
    err = sys.stderr
    with click.progressbar(lines, label=label, file=err, hidden=not err.isatty()) as bar:
        yield from bar


def _party(value: Mapping[str, object]) -> Party:
    """
    Return the party that a line of a batch describes.

    :raises ValueError: for an unknown type
    :raises TypeError: when a value is no text
    """
    address = Address(
        country=_text(value, "country"),
        region=_text(value, "region"),
        city=_text(value, "city"),
        postcode=_text(value, "postcode"),
        street=_text(value, "address"),
    )
    identifiers = value.get("identifiers") or ()
    if isinstance(identifiers, str):
        identifiers = (identifiers,)
    if not isinstance(identifiers, list | tuple):
        message = "identifiers must be a list of texts"
        raise TypeError(message)
    return Party(
        name=_text(value, "name"),
        type=_type(value),
        addresses=(address,) if address != Address() else (),
        nationality=_text(value, "nationality"),
        birth_date=_text(value, "birth_date"),
        gender=_text(value, "gender"),
        identifiers=tuple(map(str, identifiers)),
    )


def _type(value: Mapping[str, object]) -> PartyType:
    stated = _text(value, "type") or PartyType.UNKNOWN
    if stated not in TYPES:
        message = f"type must be one of {', '.join(TYPES)}"
        raise ValueError(message)
    return PartyType(stated)


def _owners(value: Mapping[str, object]) -> Iterator[Mapping[str, object]]:
    owners = value.get("owners") or ()
    if not isinstance(owners, list | tuple):
        message = "owners must be a list"
        raise TypeError(message)
    for owner in owners:
        yield owner if isinstance(owner, dict) else {"name": owner}


def _text(value: Mapping[str, object], key: str) -> str:
    text = value.get(key, "")
    if text is None:
        return ""
    if not isinstance(text, str):
        message = f"{key} must be a text"
        raise TypeError(message)
    return text


def _answer(verdict: Verdict, found: Sequence[Match]) -> dict[str, object]:
    return {
        "outcome": verdict.outcome,
        "hits": [hit_of(match) for match in found],
        "reasons": verdict.reasons,
        "rules": verdict.rules,
    }


def _explained(verdict: Verdict) -> dict[str, object]:
    return {
        "explanation": {f"{hit.list_code} {hit.entity}": hit.explanation for hit in verdict.hits},
        "counterfactuals": [asdict(each) for each in verdict.counterfactuals],
    }


def _say(verdict: Verdict) -> None:
    click.echo(verdict.outcome)
    for reason in verdict.reasons:
        click.echo(f"- {reason}")
    for hit in verdict.hits:
        click.echo(f"\n{hit.list_code} {hit.entity} {hit.name} ({', '.join(hit.programmes)})")
        for sentence in hit.explanation:
            click.echo(f"    {sentence}")
    if verdict.counterfactuals:
        click.echo()
    for each in verdict.counterfactuals:
        click.echo(f"- {each.sentence}")
    click.echo(f"\nLists: {'; '.join(verdict.lists)}; engine {verdict.engine}")


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)


def _tell(sources: Sequence[Source]) -> None:
    for source in sources:
        click.echo(
            f"{source.code}: published {source.published}, {source.entities} entities, "
            f"{source.names} names, from {', '.join(source.files)}"
        )
        click.echo(f"  sha256 {source.sha256}")


@contextmanager
def _progress(label: str, edition: Edition) -> Iterator[Progress]:
    names = sum(len(entity.names) for entity in edition.entities)
    err = sys.stderr
    with click.progressbar(length=names, label=label, file=err, hidden=not err.isatty()) as bar:
        yield bar.update


def _note(text: str) -> None:
    click.echo(f"Lists: {text}", err=True)


def _refuse(text: str) -> NoReturn:
    click.echo(text, err=True)
    raise SystemExit(NO_LIST)


def _now(data: Path) -> datetime:
    return DeskClock(data / CLOCK_FILE).now()
