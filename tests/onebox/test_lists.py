"""The lists of one machine: the shipped snapshot, and imports of native files."""

from datetime import UTC, date, datetime, timedelta

import pytest

from onebox.lists import (
    SNAPSHOT_DAY,
    FolderStore,
    LocalScreener,
    folder,
    import_lists,
    snapshot,
    sources_in_use,
)
from partnerdesk.adapters.list_files import BadListError
from partnerdesk.adapters.lists import NativeFiles, built, day_in, publish, read
from partnerdesk.domain.screening import Address, Outcome, Party, PartyType
from partnerdesk.domain.watchlist import build
from tests.listed import ADD, ALT, SDN, edition, native, without
from tests.other_lists import DPL

NOW = datetime(2026, 11, 25, 12, tzinfo=UTC)
TODAY = NOW.date()


@pytest.fixture(scope="module")
def shipped(tmp_path_factory):
    """A desk that accepts the snapshot, prepared once: the index takes seconds."""
    screener = LocalScreener(tmp_path_factory.mktemp("lists"), accept_snapshot=True)
    told = []
    screener.prepare(at=NOW, progress=told.append)
    assert sum(told) > 30_000
    return screener


def put(path, files):
    path.mkdir()
    for name, content in files.items():
        (path / name).write_bytes(content)
    return path


def test_the_demo_screens_real_names_with_the_snapshot(shipped):
    acme = Party("Northwind Orchard Systems GmbH", PartyType.COMPANY, (Address(country="DE"),))
    bank = Party("Bank Melli Iran", PartyType.COMPANY, (Address(country="DE"),))
    assert shipped.screen([acme], on=TODAY, at=NOW).outcome is Outcome.CLEAR
    assert shipped.screen([bank], on=TODAY, at=NOW).outcome is not Outcome.CLEAR


def test_the_banner_can_tell_what_the_snapshot_is(shipped):
    assert shipped.is_snapshot(NOW)
    status = shipped.status(NOW)[0]
    assert (status.published, status.is_snapshot, status.is_stale) == ("2024-05-03", True, True)
    assert status.entities == 14_965
    assert status.age > timedelta(days=900)


def test_the_snapshot_is_whole_and_dated():
    native_files = snapshot()
    assert sorted(native_files.files) == ["add.csv", "alt.csv", "sdn.csv", "sdn_comments.csv"]
    assert native_files.published == SNAPSHOT_DAY


def test_preparing_again_changes_nothing(shipped):
    told = []
    shipped.prepare(at=NOW, progress=told.append)
    assert told == []


def test_a_desk_at_work_never_prepares_the_snapshot(tmp_path):
    screener = LocalScreener(tmp_path)
    screener.prepare(at=NOW)
    assert list(tmp_path.iterdir()) == []


def test_a_damaged_index_is_made_again(tmp_path):
    store = FolderStore(tmp_path)
    pointer = publish(built(edition()), edition(), store, at=NOW)
    (tmp_path / pointer.index).write_bytes(b"")
    assert sources_in_use(store) == ()
    import_lists(edition(), store, at=NOW)
    assert sources_in_use(store) == edition().sources


def test_an_import_takes_the_place_of_the_lists_in_use(tmp_path):
    store = FolderStore(tmp_path / "lists")
    told = []
    import_lists(edition(), store, at=NOW, progress=told.append)
    assert [each.published for each in sources_in_use(store)] == ["2024-05-03"]
    assert sum(told) == edition().sources[0].names


def test_a_refused_import_leaves_the_lists_in_use(tmp_path):
    store = FolderStore(tmp_path)
    import_lists(edition(), store, at=NOW)
    fewer = edition(sdn=without(SDN, 36), alt=without(ALT, 36), add=without(ADD, 36))
    with pytest.raises(BadListError, match="falls from 9 to 8 entities"):
        import_lists(fewer, store, at=NOW)
    assert sources_in_use(store) == edition().sources
    import_lists(fewer, store, at=NOW, accepted=fewer.sources[0].sha256)
    assert sources_in_use(store) == fewer.sources


def test_an_import_of_one_list_leaves_the_others_in_use_and_as_old_as_they_are(tmp_path):
    store = FolderStore(tmp_path)
    first = import_lists(edition(), store, at=NOW)
    denied = read(NativeFiles({"dpl.txt": DPL.encode()}, TODAY))
    second = import_lists(denied, store, at=NOW + timedelta(hours=5))
    assert [each.code for each in sources_in_use(store)] == ["SDN", "DPL"]
    assert second.checked == first.checked | {"DPL": NOW + timedelta(hours=5)}
    found = LocalScreener(tmp_path).screen(
        [Party("Ali M Hijazi", PartyType.UNKNOWN, (Address(country="CH"),))], on=TODAY, at=NOW
    )
    assert (found.outcome, found.hits[0].list_code) == (Outcome.BLOCK, "DPL")


def test_lists_built_by_another_engine_are_built_again_and_stay_as_old_as_they_are(tmp_path):
    store = FolderStore(tmp_path)
    old = build(edition().entities, edition().sources, engine="0")
    publish(old, edition(), store, at=NOW)
    LocalScreener(tmp_path, accept_snapshot=True).prepare(at=NOW + timedelta(hours=5))
    status = LocalScreener(tmp_path).status(NOW)
    assert [(each.code, each.entities, each.checked_at) for each in status] == [("SDN", 9, NOW)]


def test_a_list_whose_entities_cannot_all_be_found_is_refused():
    """More entities of one name than a search returns hide one another."""
    row = SDN.splitlines()[0]
    many = "".join(f"{row.replace('36,', f'{at},', 1)}\n" for at in range(100, 121))
    with pytest.raises(BadListError, match="missed SDN 120 by its own name"):
        built(edition(sdn=many, alt=None, add=None, sdn_comments=None))


@pytest.mark.parametrize(
    ("name", "published"),
    [("ofac-sdn-full-2024-05-03", date(2024, 5, 3)), ("2021-07", date(2021, 7, 1))],
)
def test_a_folder_is_as_old_as_its_name_says(tmp_path, name, published):
    found = folder(put(tmp_path / name, native().files))
    assert found.published == published
    assert read(found).entities == edition().entities
    assert folder(tmp_path / name, published=TODAY).published == TODAY


def test_a_folder_without_a_day_is_as_old_as_its_newest_file(tmp_path):
    path = put(tmp_path / "lists", native().files)
    newest = max(each.stat().st_mtime for each in path.iterdir())
    assert folder(path).published == datetime.fromtimestamp(newest, UTC).date()
    assert day_in("lists") is None


def test_a_folder_without_lists_is_refused(tmp_path):
    with pytest.raises(BadListError, match="There is no list"):
        folder(tmp_path)
