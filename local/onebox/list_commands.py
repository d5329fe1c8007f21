"""The commands with which people look after the lists."""

import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import NoReturn

import click

from onebox.clock import DeskClock
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
from partnerdesk.adapters.list_files import BadListError
from partnerdesk.adapters.lists import (
    Edition,
    NativeFiles,
    NoListsError,
    built,
    complaints,
    joined,
    read,
)
from partnerdesk.domain.delta import changed_fields, compared
from partnerdesk.domain.watchlist import BrokenIndexError, Entity, Source

NO_LIST = 4
"""Exit code when no list of a folder can be loaded (screening.md 13)."""


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
    edition = edition_of(native_of(source, published.date() if published else None))
    try:
        with told_progress("Building the index", edition) as progress:
            pointer = import_lists(
                edition, store, at=desk_now(desk.data), accepted=accept, progress=progress
            )
    except BadListError as refused:
        refuse(str(refused))
    click.echo(f"In use: {pointer.index}")
    _tell(edition.sources)


@lists.command()
@click.argument("source", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("--published", type=click.DateTime(["%Y-%m-%d"]), help="Day of publication.")
@click.pass_obj
def check(desk: Folder, source: Path, published: datetime | None) -> None:
    """Read and test the native list files of a folder, and put nothing into use."""
    edition = edition_of(native_of(source, published.date() if published else None))
    _tell(edition.sources)
    try:
        with told_progress("Testing the index", edition) as progress:
            built(edition, progress=progress)
    except BadListError as refused:
        refuse(str(refused))
    found = complaints(edition, sources_in_use(FolderStore(lists_folder(desk.data))))
    if found:
        refuse("\n".join(found))
    click.echo("Sound: these lists could be imported.")


@lists.command()
@click.argument("source", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line.")
@click.pass_obj
def diff(desk: Folder, source: Path, *, as_json: bool) -> None:
    """Tell which entries a folder of list files adds, changes and removes."""
    edition = edition_of(native_of(source, None))
    for each in edition.sources:
        if not each.complete:
            note(f"{each.code} is incomplete: only {', '.join(each.files)}")
    in_use = watchlist_in_use(FolderStore(lists_folder(desk.data)))
    before = tuple(in_use.entities()) if in_use else ()
    delta = compared(before, joined(edition, in_use).entities)
    changes = [
        *(_Difference("added", each) for each in delta.added),
        *(_Difference("changed", new, changed_fields(old, new)) for old, new in delta.changed),
        *(_Difference("removed", each) for each in delta.removed),
    ]
    for change in changes:
        click.echo(as_json_line(change.as_object()) if as_json else str(change))
    note(f"{len(delta.added)} added, {len(delta.changed)} changed, {len(delta.removed)} removed")


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
    now = desk_now(desk.data)
    try:
        status = LocalScreener(lists_folder(desk.data)).status(now)
    except (NoListsError, BrokenIndexError) as missing:
        refuse(str(missing))
    for each in status:
        verdict = "STALE: everything is reviewed" if each.is_stale else "current"
        kind = ", the old snapshot" if each.is_snapshot else ""
        click.echo(
            f"{each.code}: published {each.published}, {each.entities} entities, {each.names} "
            f"names, confirmed {each.checked_at:%Y-%m-%d %H:%M} UTC{kind}: {verdict}"
        )
        click.echo(f"  sha256 {each.sha256}")


def edition_of(native: NativeFiles) -> Edition:
    """Return what some files say; end the command when they are broken."""
    try:
        return read(native)
    except BadListError as refused:
        refuse(str(refused))


def native_of(source: Path, published: date | None) -> NativeFiles:
    """Return the list files of a folder; end the command when it has none."""
    try:
        return folder(source, published=published)
    except BadListError as refused:
        refuse(str(refused))


def as_json_line(value: object) -> str:
    """Return a value as one line of JSON that people can read, too."""
    return json.dumps(value, ensure_ascii=False)


def _tell(sources: Sequence[Source]) -> None:
    for source in sources:
        click.echo(
            f"{source.code}: published {source.published}, {source.entities} entities, "
            f"{source.names} names, from {', '.join(source.files)}"
        )
        click.echo(f"  sha256 {source.sha256}")


@contextmanager
def told_progress(label: str, edition: Edition) -> Iterator[Progress]:
    """Show how far the building of an index is, to people alone."""
    names = sum(len(entity.names) for entity in edition.entities)
    err = sys.stderr
    with click.progressbar(length=names, label=label, file=err, hidden=not err.isatty()) as bar:
        yield bar.update


def note(text: str) -> None:
    """Tell people something about the lists, aside from the answer."""
    click.echo(f"Lists: {text}", err=True)


def refuse(text: str) -> NoReturn:
    """End the command and say why."""
    click.echo(text, err=True)
    raise SystemExit(NO_LIST)


def desk_now(data: Path) -> datetime:
    """Return the instant by the clock of a desk."""
    return DeskClock(data / CLOCK_FILE).now()
