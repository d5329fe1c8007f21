"""A decision computed again: the same bytes under the same engine, else both, and what differs."""

import json
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from click.testing import CliRunner

from onebox.ledger import SqliteLedger
from onebox.lists import FolderStore, LocalScreener, import_lists
from onebox.place import Place
from onebox.screening_commands import screen
from partnerdesk.adapters import lists as lists_module
from partnerdesk.adapters.codec import encode
from partnerdesk.adapters.lists import NothingToReplayError, replayed
from partnerdesk.domain.change import Change, Event, Write
from partnerdesk.domain.errors import DeskError
from partnerdesk.domain.screening import Address, Outcome, Party, PartyType
from partnerdesk.domain.watchlist import MAGIC
from tests.builders import a_decision, a_verdict
from tests.listed import ALT, SDN, edition, without

NOW = datetime(2026, 11, 25, 12, 30, 15, 123000, tzinfo=UTC)
PUTIN = Party("Wladimir Putin", PartyType.PERSON, (Address(country="CH"),), birth_date="1952")
STRANGER = Party("Northwind Orchard Systems", PartyType.COMPANY, (Address(country="DE"),))


@pytest.fixture
def place(tmp_path):
    return Place(tmp_path / "data")


@pytest.fixture
def store(place):
    place.make()
    store = FolderStore(place.lists)
    import_lists(edition(), store, at=NOW)
    return store


def decided(place, *parties, at=NOW, ref="SCD-2026-000001", accept_snapshot=False):
    screener = LocalScreener(place.lists, accept_snapshot=accept_snapshot)
    verdict = screener.screen(parties, on=at.date(), at=at)
    return a_decision(ref, parties=parties, verdict=verdict, decided_at=at)


def kept(place, decision):
    with closing(SqliteLedger(place.ledger)) as ledger:
        ledger.commit(Change(at=NOW, writes=(Write(decision, Event("screened", actor="desk")),)))


def said(place, *words):
    return CliRunner().invoke(screen, ["--replay", *words], obj=place)


@pytest.mark.parametrize("parties", [(PUTIN,), (STRANGER,), (STRANGER, PUTIN)])
@pytest.mark.parametrize("age", [timedelta(0), timedelta(hours=49)])
def test_a_decision_comes_out_the_same_byte_for_byte(place, store, parties, age):
    decision = decided(place, *parties, at=NOW + age)
    assert encode(replayed(decision, store)) == encode(decision)


def test_a_decision_rests_on_the_index_of_its_day(place, store):
    decision = decided(place, PUTIN)
    fewer = edition(sdn=without(SDN, 35096), alt=without(ALT, 35096), add=None)
    whole = replace(fewer, sources=tuple(replace(it, complete=True) for it in fewer.sources))
    import_lists(whole, store, at=NOW, accepted=fewer.sources[0].sha256)
    assert decided(place, PUTIN).verdict.outcome is Outcome.CLEAR
    assert encode(replayed(decision, store)) == encode(decision)


def test_a_decision_without_lists_comes_out_the_same(place):
    place.make()
    decision = decided(place, STRANGER)
    assert decision.verdict.basis.without
    assert encode(replayed(decision, FolderStore(place.lists))) == encode(decision)


def test_a_decision_tells_what_it_rested_on(place, store):
    basis = decided(place, STRANGER).verdict.basis
    assert basis.index == store.pointer().index
    assert basis.confirmed[0].code == "SDN"
    assert basis.confirmed[0].at == NOW
    assert "REVIEW person from 80" in basis.thresholds
    assert len(basis.rules) == 64
    assert basis.names == ("northwind orchard systems",)


def test_other_rules_make_another_basis(place, store):
    decision = decided(place, STRANGER)
    again = replayed(decision, store, rules=())
    assert again.verdict.basis.rules != decision.verdict.basis.rules
    assert again.verdict.outcome is decision.verdict.outcome


def test_a_screening_that_did_not_finish_cannot_be_replayed(store):
    with pytest.raises(NothingToReplayError):
        replayed(a_decision(verdict=a_verdict()), store)


@pytest.mark.usefixtures("store")
def test_the_command_prints_the_decision_that_came_out_the_same(place):
    decision = decided(place, PUTIN)
    kept(place, decision)
    answer = said(place, decision.ref)
    assert answer.exit_code == 0
    assert answer.stdout == encode(decision) + "\n"
    assert "byte for byte" in answer.stderr


@pytest.mark.usefixtures("store")
def test_another_engine_prints_both_and_the_differences(place, monkeypatch):
    decision = decided(place, PUTIN)
    kept(place, decision)
    monkeypatch.setattr(lists_module, "ENGINE", "99")
    answer = said(place, decision.ref)
    assert answer.exit_code == 3
    first, second = answer.stdout.splitlines()
    assert first == encode(decision)
    assert json.loads(second)["verdict"]["engine"] == "99"
    assert answer.stderr == f'Lists: verdict.engine was "{decision.verdict.engine}", is "99"\n'


def test_an_altered_index_is_refused(place, store):
    decision = decided(place, PUTIN)
    kept(place, decision)
    (place.lists / store.pointer().index).write_bytes(MAGIC)
    answer = said(place, decision.ref)
    assert (answer.exit_code, "not the one that was published" in answer.stderr) == (4, True)


@pytest.mark.usefixtures("store")
def test_a_decision_that_nobody_made_is_missing(place):
    kept(place, decided(place, PUTIN))
    assert isinstance(said(place, "SCD-2026-999999").exception, DeskError)
