"""Whatever fits the published schema is carried out or refused in words; nothing breaks."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sheetserver import batch, spreadsheets
from sheetserver.errors import ApiError
from sheetserver.schema import REFUSED_FIELDS, sheets
from tests.sheetserver.workbench import OWNER, Workbench

TEXTS = st.sampled_from(["", "a", "x", "=A1", "=SUM(A:A)", "=1/0", "1", "Sheet1", "2020-01-01"])
MASKS = st.sampled_from(["*", "range", "title", "name", "note", "userEnteredValue", "description"])
PLAIN = {
    "string": TEXTS,
    "integer": st.integers(-1, 6),
    "number": st.sampled_from([0, 1, 0.5, -2]),
    "boolean": st.booleans(),
}
DEEPEST = 6


def field_of(field, name, depth):
    if "$ref" in field:
        return message_of(field["$ref"], depth + 1)
    kind = field["type"]
    if kind == "array":
        return st.lists(field_of(field["items"], name, depth + 1), max_size=2)
    if kind == "object":
        values = field_of(field["additionalProperties"], name, depth + 1)
        return st.dictionaries(st.sampled_from("0123"), values, max_size=2)
    if "enum" in field:
        return st.sampled_from(field["enum"])
    return MASKS if name == "fields" else PLAIN[kind]


def message_of(type_name, depth=0):
    """Return messages of a type, as the schema describes it, of a bounded depth."""
    if depth > DEEPEST:
        return st.just({})
    fields = {
        name: st.deferred(lambda field=field, name=name: field_of(field, name, depth))
        for name, field in sheets().types[type_name].get("properties", {}).items()
        if name not in REFUSED_FIELDS.get(type_name, ())
    }
    return st.fixed_dictionaries({}, optional=fields)


@pytest.fixture(scope="module")
def bench(tmp_path_factory):
    bench = Workbench(tmp_path_factory.mktemp("any"))
    yield bench
    bench.close()


@pytest.fixture(scope="module")
def book(bench):
    return bench.make(rows=6, columns=5, titles=("Sheet1", "Other"))


@pytest.mark.parametrize("kind", sorted(batch.KINDS))
def test_a_request_of_any_shape_is_done_or_refused(bench, book, kind):
    type_name = sheets().types["Request"]["properties"][kind]["$ref"]

    @settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck))
    @given(message_of(type_name))
    def attempt(body):
        def work(draft):
            batch.run(draft, batch.accepted([{kind: body}]))
            draft.settle()
            view = spreadsheets.View("http://127.0.0.1", OWNER.email, is_owner=True, has_data=True)
            assert sheets().faults("Spreadsheet", spreadsheets.shown(draft.book, view)) == []
            raise GoBackError

        with pytest.raises((ApiError, GoBackError)):
            bench.engine.write(book, OWNER, work)

    attempt()


class GoBackError(Exception):
    """Leaves the spreadsheet as it was."""
