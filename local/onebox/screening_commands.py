"""The command with which people ask about a name, many names, or a decision made before."""

import json
import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import asdict, dataclass, replace
from datetime import UTC, date, datetime
from functools import cache
from hashlib import sha256
from pathlib import Path
from time import perf_counter

import click

from onebox.ledger import SqliteLedger
from onebox.licence_commands import Folder
from onebox.list_commands import (
    as_json_line,
    desk_now,
    edition_of,
    lists_folder,
    native_of,
    note,
    refuse,
    told_progress,
)
from onebox.lists import (
    FolderStore,
    LocalScreener,
    sources_in_use,
)
from onebox.place import Place
from partnerdesk.adapters.codec import encode
from partnerdesk.adapters.lists import (
    built,
    hit_of,
    lists_of,
    opened_index,
    publish,
    replayed,
)
from partnerdesk.domain.counterfactuals import explained
from partnerdesk.domain.judgement import ListAge, judged
from partnerdesk.domain.matching import ENGINE, MATCHES, Match, Matcher, pair_score
from partnerdesk.domain.screening import Address, Outcome, Party, PartyType, Verdict
from partnerdesk.domain.screening_case import Decision
from partnerdesk.domain.watchlist import BrokenIndexError, Source

DIFFERENT = 3
"""Exit code when a decision comes out otherwise (screening.md 12)."""

TYPES = tuple(each.value for each in PartyType)


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
    now = desk_now(folder_.data)
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
        click.echo(
            as_json_line(_answer(verdict, found) | _explained(verdict) | {"lists": verdict.lists})
        )
    else:
        _say(verdict)


def _replay(ref: str, place: Place) -> None:
    """Compute a decision again; print it, or it, the other and where they differ."""
    with closing(SqliteLedger(place.ledger, readonly=True)) as ledger:
        decision = ledger.get(Decision, ref)
    try:
        again = replayed(decision, FolderStore(place.lists))
    except BrokenIndexError as altered:
        refuse(str(altered))
    stored, computed = encode(decision), encode(again)
    click.echo(stored)
    if computed == stored:
        note(f"{ref} comes out the same, byte for byte.")
        return
    click.echo(computed)
    for difference in _differences(json.loads(stored), json.loads(computed)):
        note(difference)
    raise SystemExit(DIFFERENT)


def _differences(stored: object, computed: object, path: str = "") -> Iterator[str]:
    """Yield where two decisions differ, and how."""
    if isinstance(stored, dict) and isinstance(computed, dict):
        for key in sorted(stored.keys() | computed.keys()):
            yield from _differences(stored.get(key), computed.get(key), f"{path}.{key}")
    elif stored != computed:
        yield f"{path.removeprefix('.')} was {as_json_line(stored)}, is {as_json_line(computed)}"


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
            note(f"{source.code} of {source.published}" + ", an old snapshot" * source.snapshot)
    return _Opened(Matcher(watchlist), watchlist.sources, (pointer.index, pointer.sha256))


def _in_use(data: Path, now: datetime) -> FolderStore:
    LocalScreener(lists_folder(data), accept_snapshot=True).prepare(at=now)
    return FolderStore(lists_folder(data))


def _cached(lists_dir: Path) -> FolderStore:
    """Return a store with the index of a folder, built unless it was built before."""
    native = native_of(lists_dir, None)
    key = sha256(f"{ENGINE} {native.published}".encode())
    for name, content in native.files.items():
        key.update(name.encode() + sha256(content).digest())
    home = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    store = FolderStore(home / "partner-desk" / key.hexdigest()[:16])
    if not sources_in_use(store):
        edition = edition_of(native)
        for source in edition.sources:
            if not source.complete:
                note(f"{source.code} is incomplete: only {', '.join(source.files)}")
        with told_progress("Building the index", edition) as progress:
            content = built(edition, progress=progress)
        publish(
            content, edition, store, at=datetime.combine(native.published, datetime.min.time(), UTC)
        )
    return store


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
            click.echo(as_json_line({"id": ref, "outcome": Outcome.REVIEW, "hits": [],
                              "error": str(broken)}))  # fmt: skip
            continue
        answer = {"id": ref} | _answer(verdict, found)
        answer["ms"] = round((perf_counter() - started) * 1000, 3)
        if explain:
            answer |= _explained(verdict)
        click.echo(as_json_line(answer))


def _compare(pairs: Path, desk: _Opened | None) -> None:
    weigh = desk.matcher.weight if desk else None
    for line in _lines(pairs, "Comparing"):
        ref: object = None
        try:
            value = json.loads(line)
            ref = value.get("id")
            party_type = _type(value)
            score = pair_score(_text(value, "left"), _text(value, "right"), party_type, weigh)
            click.echo(as_json_line({"id": ref, "score": score / 10}))
        except (ValueError, TypeError, AttributeError) as broken:
            click.echo(as_json_line({"id": ref, "score": 0.0, "error": str(broken)}))


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
