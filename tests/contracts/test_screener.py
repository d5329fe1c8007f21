"""Every promise of the Screener port, on a folder of this machine and on S3."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import boto3
import pytest
from moto import mock_aws

from onebox.lists import FolderStore, LocalScreener
from partnerdesk.adapters.lists import (
    POINTER,
    IndexScreener,
    NoListsError,
    Pointer,
    Store,
    publish,
)
from partnerdesk.adapters.s3 import S3Store
from partnerdesk.domain.matching import ENGINE
from partnerdesk.domain.screening import Address, Outcome, Party, PartyType
from partnerdesk.domain.watchlist import MAGIC, BrokenIndexError, Watchlist, build
from tests.listed import SDN, edition, index, without

NOW = datetime(2026, 11, 25, 12, tzinfo=UTC)
TODAY = NOW.date()
MINUTE = timedelta(minutes=1)

STRANGER = Party("Northwind Orchard Systems", PartyType.COMPANY, (Address(country="DE"),))
LISTED = Party("Vladimir Putin", PartyType.PERSON)


@dataclass
class Kept:
    """One engine's store and screener, and how to break what the store keeps."""

    store: Store
    screener: IndexScreener
    damage: object


@pytest.fixture(params=["folder", "s3"])
def kept(request, tmp_path):
    if request.param == "folder":

        def damage(name, content):
            Path(tmp_path / name).write_bytes(content)

        yield Kept(FolderStore(tmp_path), LocalScreener(tmp_path), damage)
        return
    with mock_aws():
        client = boto3.client(
            "s3",
            region_name="us-east-1",
            aws_access_key_id="testing",
            aws_secret_access_key="testing",  # noqa: S106 - moto wants some
        )
        client.create_bucket(Bucket="desk")
        store = S3Store(client, "desk")

        def damage(name, content):
            client.put_object(Bucket="desk", Key=f"lists/{name}", Body=content)

        yield Kept(store, IndexScreener(store), damage)
        client.close()


@pytest.fixture(scope="module")
def content():
    return index()


def screened(kept, *parties, at=NOW):
    return kept.screener.screen(parties, on=TODAY, at=at)


def test_without_any_list_everybody_is_reviewed(kept):
    found = screened(kept, STRANGER)
    assert found.outcome is Outcome.REVIEW
    assert found.reasons == ("No restricted-party list is loaded.",)
    with pytest.raises(NoListsError):
        kept.screener.status(NOW)
    assert not kept.screener.is_snapshot(NOW)


def test_a_published_list_is_searched(kept, content):
    publish(content, edition(), kept.store, at=NOW)
    assert screened(kept, STRANGER).outcome is Outcome.CLEAR
    found = screened(kept, STRANGER, LISTED)
    assert found.outcome is Outcome.BLOCK
    assert found.lists[0].startswith("SDN 2024-05-03 sha256:")
    assert found.engine


def test_the_status_tells_dates_counts_and_age(kept, content):
    publish(content, edition(), kept.store, at=NOW)
    fresh = kept.screener.status(NOW)[0]
    assert (fresh.code, fresh.published, fresh.entities) == ("SDN", "2024-05-03", 9)
    assert (fresh.is_alarming, fresh.is_stale, fresh.is_complete) == (False, False, True)
    day_old = kept.screener.status(NOW + timedelta(hours=25))[0]
    assert (day_old.is_alarming, day_old.is_stale) == (True, False)
    assert kept.screener.status(NOW + timedelta(hours=49))[0].is_stale


def test_a_list_not_confirmed_for_two_days_is_no_longer_enough(kept, content):
    publish(content, edition(), kept.store, at=NOW)
    assert screened(kept, STRANGER, at=NOW + timedelta(hours=48)).outcome is Outcome.CLEAR
    assert screened(kept, STRANGER, at=NOW + timedelta(hours=49)).outcome is Outcome.REVIEW


def test_a_new_list_is_picked_up_within_a_minute(kept, content):
    publish(content, edition(), kept.store, at=NOW)
    assert screened(kept, LISTED).outcome is Outcome.BLOCK
    changed = {"sdn": without(SDN, 35096), "alt": None, "add": None, "sdn_comments": None}
    publish(index(**changed), edition(**changed), kept.store, at=NOW)
    assert screened(kept, LISTED).outcome is Outcome.BLOCK
    assert screened(kept, LISTED, at=NOW + MINUTE).outcome is Outcome.CLEAR


def test_the_same_list_confirmed_again_is_fresh_again(kept, content):
    publish(content, edition(), kept.store, at=NOW)
    later = NOW + timedelta(hours=60)
    assert screened(kept, STRANGER, at=later).outcome is Outcome.REVIEW
    publish(content, edition(), kept.store, at=later)
    assert screened(kept, STRANGER, at=later + MINUTE).outcome is Outcome.CLEAR


def test_every_published_index_stays(kept, content):
    first = publish(content, edition(), kept.store, at=NOW)
    only = {"sdn": without(SDN, 36), "alt": None, "add": None, "sdn_comments": None}
    publish(index(**only), edition(**only), kept.store, at=NOW)
    assert bytes(kept.store.index(first.index)) == content


@pytest.mark.parametrize("broken", [b"", b"junk", b"desk list index\n" + b"\xff" * 40])
def test_a_broken_index_fails_closed(kept, content, broken):
    pointer = publish(content, edition(), kept.store, at=NOW)
    kept.damage(pointer.index, broken)
    found = screened(kept, STRANGER)
    assert found.outcome is Outcome.REVIEW
    assert "cannot be used" in found.reasons[0]


@pytest.mark.parametrize("broken", [b"", b"{}", b"[]", b'{"checked":{"SDN":"soon"}}', b"\xff"])
def test_a_broken_pointer_fails_closed(kept, content, broken):
    publish(content, edition(), kept.store, at=NOW)
    kept.damage(POINTER, broken)
    assert screened(kept, STRANGER).outcome is Outcome.REVIEW


def test_an_index_that_is_gone_fails_closed(kept, content):
    publish(content, edition(), kept.store, at=NOW)
    kept.damage(POINTER, Pointer("screen-gone.idx", "00", {"SDN": NOW}).text().encode())
    assert screened(kept, STRANGER).outcome is Outcome.REVIEW


def test_an_index_of_another_engine_fails_closed(kept):
    content = build(edition().entities, edition().sources, engine="0")
    publish(content, edition(), kept.store, at=NOW)
    found = screened(kept, STRANGER)
    assert found.outcome is Outcome.REVIEW
    assert "built by engine 0" in found.reasons[0]


def test_a_usable_list_is_used_again_once_it_is_back(kept, content):
    assert screened(kept, STRANGER).outcome is Outcome.REVIEW
    publish(content, edition(), kept.store, at=NOW)
    assert screened(kept, STRANGER).outcome is Outcome.CLEAR


def test_a_snapshot_is_as_old_as_its_day_and_says_so(kept):
    old = edition()
    old = replace(old, sources=tuple(replace(each, snapshot=True) for each in old.sources))
    content = build(old.entities, old.sources, engine=ENGINE)
    publish(content, old, kept.store, at=NOW)
    assert kept.screener.is_snapshot(NOW)
    assert screened(kept, STRANGER).outcome is Outcome.REVIEW
    accepting = IndexScreener(kept.store, accept_snapshot=True)
    assert accepting.screen([STRANGER], on=TODAY, at=NOW).outcome is Outcome.CLEAR


def test_the_same_lists_make_the_same_bytes(content):
    assert index() == content


@pytest.mark.parametrize(
    "damaged", [b"", b"desk list index\n", MAGIC + bytes(8), MAGIC + bytes(7) + b"\x02[]"]
)
def test_bytes_that_are_no_index_are_named(damaged):
    with pytest.raises(BrokenIndexError):
        Watchlist(damaged)
