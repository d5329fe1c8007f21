from contextlib import suppress
from dataclasses import replace
from datetime import date, timedelta

import pytest

from partnerdesk.adapters.codec import encode
from partnerdesk.domain import chain
from partnerdesk.domain.change import (
    Claim,
    Event,
    Limit,
    Mark,
    Message,
    Queue,
    Release,
    Series,
    Snapshot,
    Write,
)
from partnerdesk.domain.errors import DeskError
from partnerdesk.domain.licence import Licence, LicenceState, Standing
from partnerdesk.domain.person import Person
from partnerdesk.domain.record import Workbook
from partnerdesk.domain.trial import TrialRequest
from partnerdesk.ports import (
    ClaimTakenError,
    Found,
    LimitReachedError,
    NoSuchRecordError,
    NotTheHolderError,
    SettledError,
    StaleRecordError,
    StaleSeriesError,
    StaleSnapshotError,
    UnclaimedError,
)
from tests.builders import (
    NOON,
    a_case,
    a_licence,
    a_licence_file,
    a_person,
    a_trial,
    kept,
    one_of_each,
    write,
    writing,
)

HOUR = timedelta(hours=1)
SIGN = Message(Queue.LICENSING, "sign", about="LIC-1")


@pytest.mark.parametrize("record", one_of_each(), ids=lambda record: record.KIND)
def test_what_was_committed_is_read_again(ledger, record):
    ledger.commit(writing(record))

    read = ledger.get(type(record), record.ref)

    assert read == replace(record, version=1, head=read.head)


def test_an_unknown_reference_is_no_record(ledger):
    with pytest.raises(NoSuchRecordError, match="There is no licence LIC-404"):
        ledger.get(Licence, "LIC-404")


def test_kinds_with_the_same_reference_are_different_records(ledger):
    ledger.commit(writing(a_licence("X-1"), a_person("X-1")))

    assert ledger.get(Licence, "X-1").company == "Acme Ltd"
    assert ledger.get(Person, "X-1").name == "Ada Lovelace"


def test_the_second_of_two_writers_is_told(ledger):
    read_by_both = kept(ledger, a_licence())
    ledger.commit(writing(replace(read_by_both, seats=60)))

    with pytest.raises(StaleRecordError):
        ledger.commit(writing(replace(read_by_both, seats=70)))
    assert ledger.get(Licence, "LIC-1").seats == 60


def test_a_record_that_exists_is_not_made_again(ledger):
    ledger.commit(writing(a_licence()))

    with pytest.raises(StaleRecordError):
        ledger.commit(writing(a_licence(seats=70)))


def test_a_record_that_was_never_kept_is_not_changed(ledger):
    with pytest.raises(StaleRecordError):
        ledger.commit(writing(a_licence(version=3, head="0" * 64)))


def test_a_record_with_another_past_is_not_changed(ledger):
    read = kept(ledger, a_licence())

    with pytest.raises(StaleRecordError):
        ledger.commit(writing(replace(read, head="0" * 64)))


def test_each_write_appends_its_event_to_the_chain(ledger):
    first = kept(ledger, a_licence())
    ledger.commit(
        writing(
            at=NOON + HOUR,
            writes=(Write(replace(first, seats=60), Event("seats set", "Pat", {"from": "50"})),),
        )
    )
    read = ledger.get(Licence, "LIC-1")

    one, two = ledger.history(Licence, "LIC-1")

    assert (one.version, two.version, two.kind, two.ref) == (1, 2, "licence", "LIC-1")
    assert (one.digest, two.digest) == (first.head, read.head)
    assert two.body == encode(read)
    assert two.digest == chain.digest(two.entry)
    assert two.entry == chain.entry(
        kind="licence",
        ref="LIC-1",
        version=2,
        what="seats set",
        actor="Pat",
        at=NOON + HOUR,
        facts={"from": "50"},
        body=two.body,
        previous=one.digest,
    )
    assert ledger.event("licence", "LIC-1", 2) == two


def test_no_event_repeats_a_person(ledger):
    person = kept(ledger, a_person())

    (event,) = ledger.history(Person, "PER-1")

    assert event.body == ""
    assert "Ada" not in event.entry
    assert chain.digest(encode(person)) in event.entry


def test_a_record_without_events_has_an_empty_history(ledger):
    assert list(ledger.history(Licence, "LIC-1")) == []


def test_an_event_that_never_happened_is_not_found(ledger):
    ledger.commit(writing(a_licence()))

    with pytest.raises(NoSuchRecordError):
        ledger.event("licence", "LIC-1", 2)


def test_a_claim_has_one_holder_for_good(ledger):
    ledger.commit(writing(claims=(Claim("form:1", "TRL-1"),)))

    with pytest.raises(ClaimTakenError) as taken:
        ledger.commit(writing(claims=(Claim("form:1", "TRL-2"),)))

    assert (taken.value.claim, taken.value.holder) == ("form:1", "TRL-1")
    assert ledger.holder("form:1") == "TRL-1"


def test_even_its_holder_cannot_claim_twice(ledger):
    ledger.commit(writing(claims=(Claim("form:1", "TRL-1"),)))

    with pytest.raises(ClaimTakenError):
        ledger.commit(writing(claims=(Claim("form:1", "TRL-1"),)))


def test_nobody_holds_what_was_never_claimed(ledger):
    with pytest.raises(UnclaimedError):
        ledger.holder("form:1")


def test_a_claim_given_up_is_free(ledger):
    ledger.commit(writing(claims=(Claim("deal:1", "DEAL-1"),)))
    ledger.commit(writing(releases=(Release("deal:1", "DEAL-1"),)))

    with pytest.raises(UnclaimedError):
        ledger.holder("deal:1")
    ledger.commit(writing(claims=(Claim("deal:1", "DEAL-2"),)))


@pytest.mark.parametrize("name", ["deal:1", "deal:2"])
def test_only_its_holder_gives_a_claim_up(ledger, name):
    ledger.commit(writing(claims=(Claim("deal:1", "DEAL-1"),)))

    with pytest.raises(NotTheHolderError):
        ledger.commit(writing(releases=(Release(name, "DEAL-2"),)))


def test_a_limit_counts_to_its_end(ledger):
    limit = Limit("source:1/12", at_most=2, until=NOON + HOUR)
    ledger.commit(writing(limits=(limit,)))
    ledger.commit(writing(limits=(limit,)))

    with pytest.raises(LimitReachedError) as reached:
        ledger.commit(writing(limits=(limit,)))

    assert reached.value.until == NOON + HOUR
    ledger.commit(writing(limits=(replace(limit, name="source:1/13"),)))


def test_a_limit_of_none_lets_nothing_through(ledger):
    with pytest.raises(LimitReachedError):
        ledger.commit(writing(limits=(Limit("form", at_most=0, until=NOON + HOUR),)))


def test_a_refused_change_uses_up_no_limit(ledger):
    ledger.commit(writing(a_licence()))
    once = Limit("nonce:1", at_most=1, until=NOON + HOUR)
    with suppress(StaleRecordError):
        ledger.commit(writing(a_licence(), limits=(once,)))

    ledger.commit(writing(limits=(once,)))


def number(value, on=date(2026, 11, 25), name="INV-2026"):
    return writing(series=(Series(name, value, on),))


def test_a_series_has_no_gap(ledger):
    """Rule INV-1."""
    for refused, wanted in ((2, 1), (3, 2), (2, 3)):
        with pytest.raises(StaleSeriesError):
            ledger.commit(number(refused))
        ledger.commit(number(wanted))


def test_a_series_starts_once(ledger):
    ledger.commit(number(1))

    with pytest.raises(StaleSeriesError):
        ledger.commit(number(1))


def test_the_dates_of_a_series_never_run_backwards(ledger):
    """Rule INV-1."""
    ledger.commit(number(1, on=date(2026, 11, 25)))
    ledger.commit(number(2, on=date(2026, 11, 25)))

    with pytest.raises(StaleSeriesError):
        ledger.commit(number(3, on=date(2026, 11, 24)))


def test_series_count_apart(ledger):
    ledger.commit(number(1))
    ledger.commit(number(1, name="CN-2026"))


def test_a_settled_message_is_settled_once(ledger):
    ledger.commit(writing(a_licence(), outbox=(SIGN,)))
    ledger.commit(writing(settles="sign/LIC-1@1.1"))

    with pytest.raises(SettledError):
        ledger.commit(writing(settles="sign/LIC-1@1.1"))


def test_a_message_s_name_is_used_once(ledger):
    """Two records of one reference could give two messages the same name."""
    ledger.commit(writing(a_licence(), outbox=(SIGN,)))

    with pytest.raises(StaleRecordError):
        ledger.commit(writing(a_licence_file(), outbox=(SIGN,)))


def a_snapshot(revision=0, **cells):
    return Snapshot(Workbook.DESK, "licence", "LIC-1", cells, revision)


def test_a_snapshot_is_kept_with_its_revision(ledger):
    ledger.commit(writing(snapshots=(a_snapshot(Action="Reissue"),)))
    ledger.commit(writing(snapshots=(a_snapshot(1, Action=""),)))

    assert ledger.snapshots(Workbook.DESK) == {("licence", "LIC-1"): a_snapshot(2, Action="")}
    assert ledger.snapshots(Workbook.FINANCE) == {}


@pytest.mark.parametrize("revision", [0, 2])
def test_a_snapshot_read_at_another_revision_is_refused(ledger, revision):
    ledger.commit(writing(snapshots=(a_snapshot(),)))

    with pytest.raises(StaleSnapshotError):
        ledger.commit(writing(snapshots=(a_snapshot(revision),)))


def test_a_snapshot_that_was_never_kept_is_not_changed(ledger):
    with pytest.raises(StaleSnapshotError):
        ledger.commit(writing(snapshots=(a_snapshot(1),)))


def an_issued(ref, ends_at):
    return a_licence(
        ref, state=LicenceState.ISSUED, standing=Standing.IN_GRACE, ends_at=ends_at, grant="TRL-1"
    )


def test_a_worklist_is_in_the_order_of_its_places(ledger):
    ledger.commit(writing(an_issued("LIC-2", NOON + HOUR), an_issued("LIC-3", NOON)))
    ledger.commit(writing(an_issued("LIC-1", NOON + HOUR), a_licence("LIC-4")))

    found = ledger.worklist("licence#issued")

    assert [it.ref for it in found] == ["LIC-3", "LIC-1", "LIC-2"]
    assert found[0] == Found("licence", "LIC-3", "2026-12-05T12:00:00.000Z")


def test_a_worklist_ends_where_it_is_asked_to(ledger):
    ledger.commit(writing(an_issued("LIC-1", NOON), an_issued("LIC-2", NOON + HOUR)))
    place = ledger.worklist("licence#issued")[0].place

    assert [it.ref for it in ledger.worklist("licence#issued", until=place)] == ["LIC-1"]
    assert [it.ref for it in ledger.worklist("licence#issued", limit=1)] == ["LIC-1"]
    assert list(ledger.worklist("licence#issued", until="2026-12-05T11:59:59.999Z")) == []


def test_a_record_leaves_a_worklist_with_its_reason(ledger):
    read = kept(ledger, an_issued("LIC-1", NOON))
    ledger.commit(writing(replace(read, standing=Standing.EXPIRED)))

    assert list(ledger.worklist("licence#issued")) == []
    assert list(ledger.worklist("")) == []


def test_relatives_are_found_by_their_family(ledger):
    ledger.commit(writing(a_licence("LIC-2"), a_licence("LIC-1"), a_licence("LIC-3", grant="X")))
    ledger.commit(writing(a_case()))

    assert ledger.family("grant#TRL-2026-000001") == (
        Found("licence", "LIC-1", ""),
        Found("licence", "LIC-2", ""),
    )
    assert list(ledger.family("")) == []


def test_a_worklist_gives_no_more_than_asked_for(ledger):
    ledger.commit(writing(*(an_issued(f"LIC-{n}", NOON) for n in range(9))))

    assert len(ledger.worklist("licence#issued", limit=8)) == 8
    assert len(ledger.worklist("licence#issued")) == 9
    assert len(ledger.family("grant#TRL-1")) == 9


EVERYTHING = {
    "claims": (Claim("claim", "new"),),
    "releases": (Release("held", "DEAL-1"),),
    "limits": (Limit("limit", 1, NOON + HOUR),),
    "settles": "sign/LIC-1@1.1",
    "writes": (write(a_trial()),),
    "snapshots": (a_snapshot(),),
    "series": (Series("INV-2026", 1, NOON.date()),),
}
"""One part of each sort, in the order of complaint."""

COMPLAINTS = {
    "claims": ClaimTakenError,
    "releases": NotTheHolderError,
    "limits": LimitReachedError,
    "settles": SettledError,
    "writes": StaleRecordError,
    "snapshots": StaleSnapshotError,
    "series": StaleSeriesError,
}


def everything_at_rest(ledger):
    ledger.commit(writing(a_licence(), outbox=(SIGN,), claims=(Claim("held", "DEAL-1"),)))


def spoil(ledger, part):
    """Make one part of EVERYTHING come too late."""
    late = writing(**{part: EVERYTHING[part]})
    ledger.commit(late)


@pytest.mark.parametrize("first", COMPLAINTS)
def test_complaints_come_in_their_order(ledger, first):
    everything_at_rest(ledger)
    parts = list(EVERYTHING)
    for part in parts[parts.index(first) :]:
        spoil(ledger, part)

    with pytest.raises(COMPLAINTS[first]):
        ledger.commit(writing(**EVERYTHING))


def state_of(engine):
    """Return all that an engine says of itself."""
    return (
        list(engine.archive.heads()),
        list(engine.archive.histories()),
        list(engine.archive.claims()),
        engine.ledger.snapshots(Workbook.DESK),
        engine.outbox.due(at=NOON + HOUR),
        [engine.marks.take(workbook) for workbook in Workbook],
    )


@pytest.mark.parametrize("spoilt", COMPLAINTS)
def test_a_refused_change_leaves_everything_as_it_was(engine, spoilt):
    everything_at_rest(engine.ledger)
    spoil(engine.ledger, spoilt)
    before = state_of(engine)

    with pytest.raises(DeskError):
        engine.ledger.commit(writing(**EVERYTHING))

    assert state_of(engine) == before


def test_a_whole_change_becomes_true_at_once(engine):
    everything_at_rest(engine.ledger)

    engine.ledger.commit(writing(**EVERYTHING))

    assert engine.ledger.get(TrialRequest, "TRL-2026-000001").version == 1
    assert engine.ledger.holder("claim") == "new"
    assert engine.outbox.waiting() == 0
    for part, complaint in COMPLAINTS.items():
        with pytest.raises(complaint):
            spoil(engine.ledger, part)


def test_the_archive_walks_everything_in_order(engine):
    first = kept(engine.ledger, a_licence("LIC-2"), claims=(Claim("b", "2"), Claim("a", "1")))
    engine.ledger.commit(writing(replace(first, seats=60), a_licence("LIC-1"), a_person()))
    engine.ledger.commit(writing(a_licence_file("LIC-1")))

    heads = list(engine.archive.heads())
    events = [(it.kind, it.ref, it.version) for it in engine.archive.histories()]

    assert [head[:3] for head in heads] == [
        ("licence", "LIC-1", 1),
        ("licence", "LIC-2", 2),
        ("licence-file", "LIC-1", 1),
        ("person", "PER-1", 1),
    ]
    assert heads[1][3:] == (
        engine.ledger.get(Licence, "LIC-2").head,
        encode(replace(first, seats=60)),
    )
    assert events == [
        ("licence", "LIC-1", 1),
        ("licence", "LIC-2", 1),
        ("licence", "LIC-2", 2),
        ("licence-file", "LIC-1", 1),
        ("person", "PER-1", 1),
    ]
    assert [it.ref for it in engine.archive.walk(Licence)] == ["LIC-1", "LIC-2"]
    assert list(engine.archive.claims()) == [("a", "1"), ("b", "2")]


def test_a_change_of_nothing_changes_nothing(engine):
    before = state_of(engine)

    engine.ledger.commit(writing())

    assert state_of(engine) == before


def test_a_change_of_a_hundred_actions_fits(engine):
    people = [a_person(f"PER-{n:03}") for n in range(50)]

    engine.ledger.commit(writing(*people))

    assert len(list(engine.archive.walk(Person))) == 50


def test_touching_a_row_never_hides_a_newer_mark(engine):
    read = kept(engine.ledger, a_licence())
    engine.ledger.commit(writing(replace(read, seats=60)))
    engine.ledger.commit(writing(touches=(Mark(Workbook.DESK, "licence", "LIC-1", 1),)))

    assert Mark(Workbook.DESK, "licence", "LIC-1", 2) in engine.marks.take(Workbook.DESK)
