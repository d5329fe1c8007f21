"""What a person at the grid sees and does, and how others hear of it. sheets.md B13."""

import pytest

from sheetserver import people
from sheetserver.draft import Caller
from sheetserver.engine import Engine
from sheetserver.errors import ApiError
from sheetserver.ids import RandomIds
from sheetserver.people import Edit, EditConflictError, EditRefusedError, Place
from sheetserver.storage import FolderInUseError
from tests.sheetserver.workbench import NOON, Workbench

ANA = Caller("ana@example.com", "Ana")
EVE = Caller("eve@example.com", "Eve")
CHOICE = {
    "condition": {
        "type": "ONE_OF_LIST",
        "values": [{"userEnteredValue": "Approve"}, {"userEnteredValue": "Decline"}],
    },
    "strict": True,
    "showCustomUi": True,
}


@pytest.fixture
def bench(tmp_path):
    bench = Workbench(tmp_path)
    yield bench
    bench.close()


@pytest.fixture
def book(bench):
    book = bench.make(rows=9, columns=5)
    bench.engine.permit(book, ANA.email, "writer")
    bench.type(book, "A1", [["ID", "Action", "Seats"], ["D-1", "", "10"], ["D-2", "", "20"]])
    bench.batch(
        book,
        {"setDataValidation": {"range": spot(1, 1, 9, 2), "rule": CHOICE}},
        {"addProtectedRange": {"protectedRange": {"range": spot(0, 0, 9, 1)}}},
        {
            "repeatCell": {
                "range": spot(1, 2, 9, 3),
                "fields": "userEnteredFormat",
                "cell": {
                    "userEnteredFormat": {"numberFormat": {"type": "NUMBER", "pattern": "0.0"}}
                },
            }
        },
        {
            "repeatCell": {
                "range": spot(1, 3, 9, 4),
                "fields": "userEnteredFormat",
                "cell": {"userEnteredFormat": {"numberFormat": {"type": "TEXT", "pattern": "@"}}},
            }
        },
    )
    return book


def spot(top, left, bottom, right):
    return {
        "startRowIndex": top,
        "endRowIndex": bottom,
        "startColumnIndex": left,
        "endColumnIndex": right,
    }


def place(bench, book):
    return Place(book, 0, bench.engine.read(book).revision)


def test_a_workbook_without_right_is_not_there(bench, book):
    assert [each.id for each in people.books(bench.engine, ANA)] == [book]
    assert people.books(bench.engine, EVE) == []
    assert people.open_book(bench.engine, ANA, book).id == book
    with pytest.raises(ApiError) as missing:
        people.open_book(bench.engine, EVE, book)
    assert missing.value.code == 404
    with pytest.raises(ApiError) as missing:
        people.edit(bench.engine, EVE, place(bench, book), [Edit(1, 1, "", "Approve")])
    assert missing.value.code == 404


def test_what_is_typed_is_understood_as_typing_except_in_text_cells(bench, book):
    edits = [
        Edit(1, 2, "10", "12.5"),
        Edit(1, 3, "", "00123"),
        Edit(1, 4, "", "=1+1"),
        Edit(2, 1, "", "Approve"),
    ]
    revision = people.edit(bench.engine, ANA, place(bench, book), edits)

    assert revision == bench.engine.read(book).revision
    assert bench.read(book, "B2:E3") == [["", 12.5, "00123", 2], ["Approve", 20]]


def test_a_formula_of_a_rule_moves_with_its_cell(bench, book):
    rule = {
        "condition": {"type": "CUSTOM_FORMULA", "values": [{"userEnteredValue": "=E2>C2"}]},
        "strict": True,
    }
    bench.batch(book, {"setDataValidation": {"range": spot(1, 4, 9, 5), "rule": rule}})

    people.edit(bench.engine, ANA, place(bench, book), [Edit(1, 4, "", "11"), Edit(2, 4, "", "21")])
    with pytest.raises(EditRefusedError, match="E3 cannot take this value"):
        people.edit(bench.engine, ANA, place(bench, book), [Edit(2, 4, "21", "15")])


def test_a_paste_is_all_or_nothing_and_lists_the_cells(bench, book):
    edits = [
        Edit(1, 0, "D-1", "D-9"),
        Edit(1, 1, "", "Maybe"),
        Edit(1, 2, "10", "11"),
        Edit(1, 3, "", "x" * 50_001),
    ]
    with pytest.raises(EditRefusedError) as refused:
        people.edit(bench.engine, ANA, place(bench, book), edits)

    assert refused.value.reasons == {
        (1, 0): "This cell is protected.",
        (1, 1): "B2 cannot take this value. Choose one of: Approve, Decline.",
        (1, 3): "Your input contains more than the maximum of 50000 characters in a single cell.",
    }
    assert bench.read(book, "A2:C2") == [["D-1", "", 10]]


def test_a_cell_that_changed_meanwhile_is_a_conflict_with_what_it_holds(bench, book):
    seen = place(bench, book)
    bench.type(book, "C2", [["15"]])
    with pytest.raises(EditConflictError) as conflict:
        people.edit(bench.engine, ANA, seen, [Edit(1, 2, "10", "11"), Edit(2, 2, "20", "21")])

    assert {at: view.text for at, view in conflict.value.current.items()} == {(1, 2): "15.0"}
    people.edit(bench.engine, ANA, seen, [Edit(1, 2, "15", "11")])


def test_rows_that_moved_are_a_conflict(bench, book):
    seen = place(bench, book)
    bench.batch(
        book, {"insertDimension": {"range": {"dimension": "ROWS", "startIndex": 5, "endIndex": 6}}}
    )
    with pytest.raises(EditConflictError):
        people.edit(bench.engine, ANA, seen, [Edit(1, 2, "10", "11")])
    with pytest.raises(EditConflictError):
        people.operate(bench.engine, ANA, seen, [])


def test_rows_are_changed_by_operations_and_nothing_else_is(bench, book):
    insert = {"insertDimension": {"range": {"dimension": "ROWS", "startIndex": 3, "endIndex": 4}}}
    with pytest.raises(ApiError, match="protected"):
        people.operate(bench.engine, ANA, place(bench, book), [insert])
    number = bench.engine.read(book).tabs[0].features["protectedRanges"][0]["protectedRangeId"]
    bench.batch(book, {"deleteProtectedRange": {"protectedRangeId": number}})
    people.operate(bench.engine, ANA, place(bench, book), [insert])
    assert bench.engine.read(book).tabs[0].row_count == 10
    with pytest.raises(ApiError, match="deleteSheet: not modelled"):
        people.operate(bench.engine, ANA, place(bench, book), [{"deleteSheet": {"sheetId": 0}}])


def test_changes_are_told_cell_by_cell_or_as_a_reload(bench, book):
    heard = []
    end = bench.engine.subscribe(book, heard.append)
    seen = bench.engine.read(book).revision
    bench.type(book, "B2:C2", [["Approve", "10"]])
    bench.batch(
        book, {"deleteDimension": {"range": {"dimension": "ROWS", "startIndex": 4, "endIndex": 5}}}
    )
    bench.batch(
        book,
        {
            "addConditionalFormatRule": {
                "rule": {
                    "ranges": [spot(0, 0, 1, 1)],
                    "booleanRule": {"condition": {"type": "BLANK"}, "format": {}},
                }
            }
        },
    )
    end()
    bench.type(book, "B2", [["Decline"]])

    assert [(each.reload, each.structural, each.cells) for each in heard] == [
        (False, False, ((1, 1),)),
        (True, True, ()),
        (True, False, ()),
    ]
    assert bench.engine.changes_since(book, seen)[:3] == heard
    assert bench.engine.changes_since(book, bench.engine.read(book).revision) == []
    assert bench.engine.changes_since(book, 0) is None


def test_a_formula_elsewhere_is_among_the_changes(bench, book):
    bench.type(book, "E5", [["=C2+1"]])
    heard = []
    bench.engine.subscribe(book, heard.append)
    bench.type(book, "C2", [["11"]])

    assert heard[0].cells == ((1, 2), (4, 4))


def test_a_deleted_spreadsheet_says_goodbye(bench, book):
    heard = []
    bench.engine.subscribe(book, heard.append)
    with pytest.raises(ApiError):
        bench.engine.delete(book, ANA)
    bench.engine.delete(book, Caller("owner@example.com"))

    assert [(each.sheet_id, each.reload) for each in heard] == [(-1, True)]
    with pytest.raises(ApiError):
        bench.engine.read(book)


def test_everything_is_there_after_a_restart(bench, book):
    before = bench.engine.read(book)
    bench.engine.close()
    bench.engine = Engine(bench.folder, clock=lambda: NOON, ids=RandomIds())
    after = bench.engine.read(book)

    assert (after.revision, after.properties) == (before.revision, before.properties)
    assert [row.values for row in after.tabs[0].rows] == [row.values for row in before.tabs[0].rows]
    assert after.tabs[0].features == before.tabs[0].features
    assert bench.engine.role(book, ANA) == "writer"
    people.edit(bench.engine, ANA, place(bench, book), [Edit(1, 1, "", "Approve")])


def test_two_servers_never_share_a_folder(bench):
    with pytest.raises(FolderInUseError):
        Engine(bench.folder, clock=lambda: NOON, ids=RandomIds())
