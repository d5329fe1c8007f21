"""The restricted-party lists on one machine: a folder of indexes, and the old snapshot we ship."""

import lzma
import mmap
import os
import tarfile
import tempfile
from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime
from importlib.resources import files
from pathlib import Path

from partnerdesk.adapters.list_files import BadListError
from partnerdesk.adapters.lists import (
    FILES,
    POINTER,
    Edition,
    IndexScreener,
    NativeFiles,
    NoListsError,
    Pointer,
    built,
    complaints,
    day_in,
    in_use_as_edition,
    joined,
    publish,
    read,
    whole_index,
)
from partnerdesk.domain.embargo import EmbargoRule
from partnerdesk.domain.matching import ENGINE
from partnerdesk.domain.watchlist import BrokenIndexError, Source, Watchlist

SNAPSHOT = "sdn_2024-05-03.tar.xz"
SNAPSHOT_DAY = date(2024, 5, 3)

Progress = Callable[[int], None]


def _quiet(_: int) -> None:
    """Take note of progress and tell nobody."""


class FolderStore:
    """Indexes in a folder, each renamed into place when it is whole."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def pointer(self) -> Pointer:
        """
        Return the pointer in use.

        :raises NoListsError: when there is none
        :raises BrokenIndexError: when it cannot be read
        """
        try:
            return Pointer.read((self._folder / POINTER).read_text("utf-8", errors="replace"))
        except FileNotFoundError as missing:
            message = "No list was imported yet."
            raise NoListsError(message) from missing

    def index(self, name: str) -> memoryview:
        """
        Return an index mapped into memory.

        :raises NoListsError: when there is none of this name
        :raises BrokenIndexError: when it is empty
        """
        try:
            with (self._folder / name).open("rb") as file:
                return memoryview(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ))
        except FileNotFoundError as missing:
            message = f"There is no {name} among the lists."
            raise NoListsError(message) from missing
        except ValueError as empty:
            message = f"The list index {name} is empty."
            raise BrokenIndexError(message) from empty

    def publish(self, content: bytes, pointer: Pointer) -> None:
        """Write the index, then the pointer, each under another name first."""
        self._folder.mkdir(parents=True, exist_ok=True)
        self._write(pointer.index, content)
        self._write(POINTER, pointer.text().encode())

    def _write(self, name: str, content: bytes) -> None:
        with tempfile.NamedTemporaryFile(dir=self._folder, delete=False) as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        Path(file.name).replace(self._folder / name)


class LocalScreener(IndexScreener):
    """
    The Screener port on a folder of indexes.

    With `accept_snapshot` the snapshot that ships with the desk is built when
    nothing was imported, and its age is accepted; the caller shows a banner.
    """

    def __init__(
        self,
        folder: Path,
        *,
        accept_snapshot: bool = False,
        rules: Sequence[EmbargoRule] | None = None,
    ) -> None:
        store = FolderStore(folder)
        super().__init__(store, accept_snapshot=accept_snapshot, rules=rules)
        self._local = store
        self._wants_snapshot = accept_snapshot

    def prepare(self, *, at: datetime, progress: Progress = _quiet) -> None:
        """
        Build again what another engine built, and the snapshot where a demo has no list.

        It takes about two seconds, once: the index stays in the folder.
        """
        in_use = watchlist_in_use(self._local)
        if in_use is not None and in_use.engine != ENGINE:
            edition = in_use_as_edition(in_use)
            checked = self._local.pointer().checked
        elif in_use is None and self._wants_snapshot:
            edition, checked = read(snapshot(), snapshot=True), {}
        else:
            return
        content = built(edition, progress=progress)
        publish(content, edition, self._local, at=at, confirmed=checked)


def snapshot() -> NativeFiles:
    """Return the OFAC list of 2024-05-03 that ships with the desk: public domain, and old."""
    packed = files(__package__) / SNAPSHOT
    with (
        packed.open("rb") as file,
        lzma.open(file) as plain,
        tarfile.open(fileobj=plain, mode="r|") as archive,
    ):
        contents = {
            member.name: content.read()
            for member in archive
            if (content := archive.extractfile(member)) is not None
        }
    return NativeFiles(contents, SNAPSHOT_DAY)


def folder(path: Path, *, published: date | None = None) -> NativeFiles:
    """
    Return the native list files in a folder.

    Their day of publication is the one given, the one in the folder's name, or
    that of the newest file.

    :raises BadListError: when there is none
    """
    found = {each.name: each for each in sorted(path.iterdir()) if each.name in FILES}
    if not found:
        message = f"There is no list in {path}; we know {', '.join(sorted(FILES))}."
        raise BadListError(message)
    newest = max(each.stat().st_mtime for each in found.values())
    day = published or day_in(path.resolve().name) or datetime.fromtimestamp(newest, UTC).date()
    return NativeFiles({name: each.read_bytes() for name, each in found.items()}, day)


def sources_in_use(store: FolderStore) -> tuple[Source, ...]:
    """Return the sources of the index in use, none where there is no usable one."""
    in_use = watchlist_in_use(store)
    return () if in_use is None else in_use.sources


def watchlist_in_use(store: FolderStore) -> Watchlist | None:
    """Return the index in use, whichever engine built it; nothing where none is usable."""
    try:
        pointer = store.pointer()
        return whole_index(store.index(pointer.index), pointer.sha256)
    except (NoListsError, BrokenIndexError):
        return None


def import_lists(
    edition: Edition,
    store: FolderStore,
    *,
    at: datetime,
    accepted: str = "",
    progress: Progress = _quiet,
) -> Pointer:
    """
    Put an edition into use, unless it is worse than the one in use.

    Lists in use that it does not hold stay in use, as old as they are.
    `accepted` is the hash of a list that a person takes although it shrank.

    :raises BadListError: when it is refused, with every reason
    """
    in_use = watchlist_in_use(store)
    found = complaints(edition, in_use.sources if in_use else (), accepted=accepted)
    if found:
        raise BadListError(" ".join(found))
    whole = joined(edition, in_use)
    new = {source.code for source in edition.sources}
    checked = store.pointer().checked if in_use else {}
    confirmed = {code: when for code, when in checked.items() if code not in new}
    return publish(built(whole, progress=progress), whole, store, at=at, confirmed=confirmed)
