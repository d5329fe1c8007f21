"""The shipped tables hold together, and what forms import stays light."""

import subprocess
import sys
from datetime import date, timedelta

import pytest

from partnerdesk.domain.embargo import shipped
from partnerdesk.domain.names import taken_apart
from partnerdesk.domain.tables import rows

TABLES = (
    "abbreviations",
    "country_names",
    "embargo_rules",
    "government_words",
    "legal_forms",
    "other_places",
    "particles",
    "places",
    "postcodes",
    "region_codes",
    "self_test_names",
    "signal_domains",
    "street_words",
    "word_weights",
)


@pytest.mark.parametrize("table", TABLES)
def test_a_table_has_rows_and_every_row_every_column(table):
    assert rows(table)
    assert all(None not in row.values() and None not in row for row in rows(table))


def test_a_place_is_under_one_rule_of_each_kind_a_day():
    by_scope = {}
    for rule in sorted(shipped(), key=lambda it: it.effective_from):
        before = by_scope.get((rule.scope, rule.action))
        assert before is None or before < rule.effective_from
        by_scope[rule.scope, rule.action] = rule.effective_to or date.max - timedelta(days=1)


def test_legal_forms_are_written_as_names_are_folded():
    for row in rows("legal_forms"):
        words = taken_apart(row["form"], person=True).words
        assert " ".join(words) == row["form"]


def test_what_forms_import_loads_no_matcher():
    modules = "partnerdesk.ports, partnerdesk.domain.embargo, partnerdesk.domain.screening_case"
    code = f"import sys, {modules}; sys.exit('rapidfuzz' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0  # noqa: S603 - ours
