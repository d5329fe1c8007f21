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

from partnerdesk.adapters import ofac
from partnerdesk.adapters.lists import (
    POINTER,
    Edition,
    IndexScreener,
    NativeFiles,
    NoListsError,
    Pointer,
    built,
    complaints,
    day_in,
    opened_index,
    publish,
    read,
)
from partnerdesk.adapters.ofac import BadListError
from partnerdesk.domain.embargo import EmbargoRule
from partnerdesk.domain.watchlist import BrokenIndexError, Source

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
        Build the snapshot's index where a demo has no usable list; else do nothing.

        It takes about two seconds, once: the index stays in the folder.
        """
        if self._wants_snapshot and self._needs_snapshot():
            edition = read(snapshot(), snapshot=True)
            publish(built(edition, progress=progress), edition, self._local, at=at)

    def _needs_snapshot(self) -> bool:
        try:
            pointer = self._local.pointer()
            opened_index(self._local.index(pointer.index), pointer.sha256)
        except (NoListsError, BrokenIndexError):
            return True
        return False


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
    wanted = {name for names in ofac.FILES.values() for name in names}
    found = {each.name: each for each in sorted(path.iterdir()) if each.name in wanted}
    if not found:
        message = f"There is no list in {path}; we know {', '.join(sorted(wanted))}."
        raise BadListError(message)
    newest = max(each.stat().st_mtime for each in found.values())
    day = published or day_in(path.resolve().name) or datetime.fromtimestamp(newest, UTC).date()
    return NativeFiles({name: each.read_bytes() for name, each in found.items()}, day)


def sources_in_use(store: FolderStore) -> tuple[Source, ...]:
    """Return the sources of the index in use, none where there is no usable one."""
    try:
        pointer = store.pointer()
        return opened_index(store.index(pointer.index), pointer.sha256).sources
    except (NoListsError, BrokenIndexError):
        return ()


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

    `accepted` is the hash of a list that a person takes although it shrank.

    :raises BadListError: when it is refused, with every reason
    """
    found = complaints(edition, sources_in_use(store), accepted=accepted)
    if found:
        raise BadListError(" ".join(found))
    return publish(built(edition, progress=progress), edition, store, at=at)
