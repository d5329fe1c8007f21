import re
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta, timezone

import pytest

from tests.builders import NOON


@pytest.fixture
def ids(engine):
    return engine.new_ids()


def test_ids_count_up_within_their_kind_and_year(ids):
    """Rules.md 1: PREFIX-YYYY-NNNNNN, at least six digits."""
    assert [ids.next("TRL", at=NOON) for _ in range(3)] == [
        "TRL-2026-000001",
        "TRL-2026-000002",
        "TRL-2026-000003",
    ]
    assert ids.next("LIC", at=NOON) == "LIC-2026-000001"
    assert ids.next("TRL", at=NOON.replace(year=2027)) == "TRL-2027-000001"
    assert ids.next("TRL", at=NOON) == "TRL-2026-000004"


@pytest.mark.parametrize("prefix", ["PTR", "CUS"])
def test_partners_and_customers_are_counted_over_the_years(ids, prefix):
    assert ids.next(prefix, at=NOON) == f"{prefix}-000001"
    assert ids.next(prefix, at=NOON.replace(year=2027)) == f"{prefix}-000002"


def test_the_year_is_that_of_utc(ids):
    new_year_in_the_east = datetime(2027, 1, 1, 3, tzinfo=timezone(timedelta(hours=5)))

    assert new_year_in_the_east.astimezone(UTC).year == 2026
    assert ids.next("TRL", at=new_year_in_the_east) == "TRL-2026-000001"


def test_an_id_is_never_used_again_over_restarts_and_beside_others(engine):
    several = [engine.new_ids() for _ in range(3)]

    given = [ids.next("TRL", at=NOON) for _ in range(25) for ids in several]

    assert len(set(given)) == 75


def test_an_id_is_given_to_one_thread_alone(ids):
    with ThreadPoolExecutor(4) as pool:
        given = list(pool.map(lambda _: ids.next("TRL", at=NOON), range(50)))

    assert len(set(given)) == 50


def test_a_secret_is_128_bits_of_lower_case_base32(ids):
    secrets = {ids.secret() for _ in range(100)}

    assert len(secrets) == 100
    assert all(re.fullmatch("[a-z2-7]{26}", secret) for secret in secrets)
