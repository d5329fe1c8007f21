"""Requests that cannot be, each refused with a sentence, and nothing done. sheets.md B6, B10."""

import pytest

from sheetserver.errors import ApiError
from tests.sheetserver.workbench import Workbench


@pytest.fixture(scope="module")
def bench(tmp_path_factory):
    bench = Workbench(tmp_path_factory.mktemp("refusals"))
    yield bench
    bench.close()


def spot(top=0, left=0, bottom=None, right=None, sheet=0):
    place = {
        "startRowIndex": top,
        "endRowIndex": bottom or top + 1,
        "startColumnIndex": left,
        "endColumnIndex": right or left + 1,
    }
    return {"sheetId": sheet, **place} if sheet else place


def rows(start, end, sheet=0):
    place = {"dimension": "ROWS", "startIndex": start, "endIndex": end}
    return {"sheetId": sheet, **place} if sheet else place


@pytest.fixture(scope="module")
def book(bench):
    book = bench.make(rows=20, columns=8, titles=("Sheet1", "Other"))
    blank = {"condition": {"type": "BLANK"}, "format": {}}
    bench.batch(
        book,
        {"mergeCells": {"range": spot(10, 0, 12, 2), "mergeType": "MERGE_ALL"}},
        {"addNamedRange": {"namedRange": {"namedRangeId": "n", "name": "taken", "range": spot()}}},
        {"addProtectedRange": {"protectedRange": {"protectedRangeId": 5, "range": spot()}}},
        {"addTable": {"table": {"tableId": "t", "name": "T", "range": spot(5, 5, 8, 7)}}},
        {
            "addBanding": {
                "bandedRange": {
                    "bandedRangeId": 6,
                    "range": spot(0, 3, 4, 5),
                    "rowProperties": {"firstBandColor": {}},
                }
            }
        },
        {"addFilterView": {"filter": {"filterViewId": 7, "range": spot(0, 0, 4, 2)}}},
        {"addChart": {"chart": {"chartId": 8, "spec": {"title": "c"}}}},
        {"addConditionalFormatRule": {"rule": {"ranges": [spot()], "booleanRule": blank}}},
        {
            "createDeveloperMetadata": {
                "developerMetadata": {
                    "metadataId": 9,
                    "metadataKey": "k",
                    "visibility": "PROJECT",
                    "location": {"spreadsheet": True},
                }
            }
        },
    )
    return book


def mark(**more):
    return {
        "createDeveloperMetadata": {
            "developerMetadata": {
                "metadataKey": "k",
                "visibility": "PROJECT",
                "location": {"spreadsheet": True},
                **more,
            }
        }
    }


def rule(kind="BLANK", *values, ranges=None):
    return {
        "addConditionalFormatRule": {
            "rule": {
                "ranges": [spot()] if ranges is None else ranges,
                "booleanRule": {
                    "condition": {
                        "type": kind,
                        "values": [{"userEnteredValue": value} for value in values],
                    },
                    "format": {},
                },
            }
        }
    }


def properties(fields, **given):
    return {"updateSheetProperties": {"properties": given, "fields": fields}}


REFUSED = [
    ({"addSheet": {"properties": {"sheetId": -1}}}, "must be non-negative"),
    ({"addSheet": {"properties": {"sheetId": 0}}}, "id 0 already exists"),
    ({"addSheet": {"properties": {"title": "x" * 101}}}, "no longer than 100"),
    (
        {"addSheet": {"properties": {"gridProperties": {"rowCount": 1, "columnCount": 18_279}}}},
        "18278 columns",
    ),
    ({"addSheet": {"properties": {"sheetType": "OBJECT"}}}, "sheetType OBJECT: not modelled"),
    (properties("title", title=""), "can't leave the sheet name empty"),
    (properties("gridProperties.rowCount"), "must be greater than zero"),
    (
        properties("gridProperties.frozenRowCount", gridProperties={"frozenRowCount": 20}),
        "can't freeze all visible rows",
    ),
    (properties("index", index=9), "Invalid sheet index"),
    (
        {"updateSpreadsheetProperties": {"properties": {"title": ""}, "fields": "title"}},
        "title must not be empty",
    ),
    (
        {
            "updateSpreadsheetProperties": {
                "properties": {"defaultFormat": {"wrapStrategy": "WRAP"}},
                "fields": "defaultFormat",
            }
        },
        "defaultFormat: not modelled",
    ),
    (
        {"updateCells": {"range": spot(), "fields": "note", "rows": [{"values": [{}, {}]}]}},
        "beyond the last requested column of: 0",
    ),
    (
        {"updateCells": {"start": {"rowIndex": 19}, "fields": "note", "rows": [{}, {}]}},
        "outside the grid",
    ),
    (
        {
            "updateCells": {
                "start": {},
                "fields": "*",
                "rows": [
                    {"values": [{"userEnteredValue": {"numberValue": 1, "stringValue": "x"}}]}
                ],
            }
        },
        "oneof",
    ),
    ({"appendCells": {"tableId": "nobody", "fields": "*", "rows": []}}, "No table with id"),
    ({"repeatCell": {"range": spot(20), "cell": {}, "fields": "note"}}, "outside the grid"),
    (
        {
            "repeatCell": {
                "range": {"startRowIndex": 5, "endRowIndex": 2},
                "cell": {},
                "fields": "note",
            }
        },
        "end after they start",
    ),
    (
        {"sortRange": {"range": spot(0, 0, 5, 2), "sortSpecs": [{"dimensionIndex": 4}]}},
        "outside the range",
    ),
    ({"sortRange": {"range": spot(0, 0, 15, 2), "sortSpecs": []}}, "vertical merges"),
    ({"setDataValidation": {"range": spot(), "rule": {"condition": {}}}}, "ConditionType is req"),
    (
        {"setDataValidation": {"range": spot(), "rule": {"condition": {"type": "NUMBER_BETWEEN"}}}},
        "takes 2 to 2 values",
    ),
    ({"insertDimension": {"range": {"startIndex": 0, "endIndex": 1}}}, "No dimension"),
    ({"insertDimension": {"range": rows(21, 22)}}, "must be inside a grid"),
    ({"insertDimension": {"range": rows(0, 1), "inheritFromBefore": True}}, "inherit from before"),
    ({"insertDimension": {"range": rows(0, 9_999_999)}}, "limit of 10000000"),
    ({"deleteDimension": {"range": rows(20, 25)}}, "the grid has 20"),
    ({"deleteDimension": {"range": rows(5, 2)}}, "Invalid dimension range"),
    ({"deleteDimension": {"range": {"dimension": "COLUMNS"}}}, "can't delete all the columns"),
    ({"appendDimension": {"dimension": "ROWS"}}, "length greater than zero"),
    ({"moveDimension": {"source": rows(0, 2), "destinationIndex": 30}}, "Invalid move"),
    (
        {
            "updateDimensionProperties": {
                "range": rows(0, 1),
                "fields": "developerMetadata",
                "properties": {},
            }
        },
        "not modelled",
    ),
    ({"deleteDimensionGroup": {"range": rows(0, 1)}}, "There is no group"),
    (
        {"updateDimensionGroup": {"dimensionGroup": {"range": rows(0, 1)}, "fields": "collapsed"}},
        "There is no group",
    ),
    ({"addProtectedRange": {"protectedRange": {}}}, "Exactly one of range"),
    (
        {"addProtectedRange": {"protectedRange": {"protectedRangeId": 5, "range": spot()}}},
        "id 5 already exists",
    ),
    ({"addProtectedRange": {"protectedRange": {"namedRangeId": "nobody"}}}, "No namedRangeId"),
    ({"addProtectedRange": {"protectedRange": {"tableId": "nobody"}}}, "No tableId"),
    (
        {
            "addProtectedRange": {
                "protectedRange": {"namedRangeId": "n", "unprotectedRanges": [spot()]}
            }
        },
        "Only a protected sheet",
    ),
    (
        {"updateProtectedRange": {"protectedRange": {"protectedRangeId": 99}, "fields": "*"}},
        "No protected range with id",
    ),
    ({"deleteProtectedRange": {}}, "No protected range with id"),
    (rule(ranges=[]), "must be one"),
    (rule(ranges=[spot(), spot(sheet=1)]), "on one sheet"),
    (rule("CONDITION_TYPE_UNSPECIFIED"), "ConditionType is required"),
    ({"addConditionalFormatRule": {"rule": {"ranges": [spot()]}}}, "needs a booleanRule"),
    (
        {"addConditionalFormatRule": {"index": 9, **rule()["addConditionalFormatRule"]}},
        "outside the",
    ),
    (
        {"deleteConditionalFormatRule": {"index": 4}},
        "No conditional format on sheet: 0 at index: 4",
    ),
    ({"addFilterView": {"filter": {}}}, "needs a range"),
    ({"addFilterView": {"filter": {"namedRangeId": "nobody"}}}, "No named range with id"),
    ({"addFilterView": {"filter": {"tableId": "t"}}}, "tableId: not modelled"),
    ({"addFilterView": {"filter": {"range": spot(), "criteria": {"x": {}}}}}, "column indices"),
    (
        {
            "updateFilterView": {
                "filter": {"filterViewId": 7, "range": spot(sheet=1)},
                "fields": "range",
            }
        },
        "cannot move to another sheet",
    ),
    ({"deleteFilterView": {"filterId": 99}}, "No filter view with id"),
    (
        {
            "setBasicFilter": {
                "filter": {"range": spot(), "criteria": {"0": {"condition": {"type": "TEXT_EQ"}}}}
            }
        },
        "takes 1 to 500",
    ),
    ({"addNamedRange": {"namedRange": {"name": "1st", "range": spot()}}}, "not a valid name"),
    ({"addNamedRange": {"namedRange": {"name": "A1", "range": spot()}}}, "not a valid name"),
    ({"addNamedRange": {"namedRange": {"name": "TAKEN", "range": spot()}}}, "already exists"),
    (
        {"addNamedRange": {"namedRange": {"namedRangeId": "n", "name": "b", "range": spot()}}},
        "already exists",
    ),
    (
        {"updateNamedRange": {"namedRange": {"namedRangeId": "x"}, "fields": "name"}},
        "No named range",
    ),
    ({"deleteNamedRange": {}}, "No named range"),
    (mark(metadataKey=""), "metadataKey must be specified"),
    (mark(visibility="DEVELOPER_METADATA_VISIBILITY_UNSPECIFIED"), "visibility must be"),
    (mark(metadataId=9), "id 9 already exists"),
    (mark(metadataValue="x" * 30_001), "cannot exceed"),
    (mark(location={}), "must be a spreadsheet, a sheet"),
    (mark(location={"sheetId": 9}), "No grid with id: 9"),
    (mark(location={"dimensionRange": rows(20, 21)}), "outside the grid"),
    ({"deleteDeveloperMetadata": {"dataFilter": {}}}, "A data filter needs"),
    ({"unmergeCells": {"range": spot(10, 0, 11, 1)}}, "select all cells in a merged range"),
    ({"addBanding": {"bandedRange": {"range": spot(9)}}}, "needs rowProperties"),
    (
        {"addBanding": {"bandedRange": {"range": spot(3, 4), "rowProperties": {}}}},
        "already has them",
    ),
    (
        {
            "updateBanding": {
                "bandedRange": {"bandedRangeId": 6, "range": spot(sheet=1)},
                "fields": "range",
            }
        },
        "cannot move to another sheet",
    ),
    ({"deleteBanding": {}}, "No banded range with id"),
    (
        {"cutPaste": {"source": spot(0, 0, 2, 2), "destination": {"rowIndex": 19}}},
        "inside the grid",
    ),
    ({"pasteData": {"html": True, "data": "x"}}, "html: not modelled"),
    ({"pasteData": {"coordinate": {"rowIndex": 19}, "data": "x\ny"}}, "inside the grid"),
    ({"insertRange": {"range": spot()}}, "shiftDimension is needed"),
    ({"deleteRange": {"range": spot(9), "shiftDimension": "ROWS"}}, "merged"),
    ({"textToColumns": {"source": spot(0, 0, 1, 2)}}, "must be one column"),
    ({"textToColumns": {"source": spot(), "delimiterType": "CUSTOM"}}, "delimiterType is needed"),
    ({"findReplace": {"sheetId": 0}}, "must specify a search"),
    ({"findReplace": {"find": "x"}}, "Exactly one of range"),
    ({"deleteDuplicates": {"range": spot(), "comparisonColumns": [rows(0, 1)]}}, "must be columns"),
    (
        {
            "deleteDuplicates": {
                "range": spot(),
                "comparisonColumns": [{"dimension": "COLUMNS", "startIndex": 3, "endIndex": 4}],
            }
        },
        "inside the range",
    ),
    ({"addTable": {"table": {"range": spot()}}}, "needs a name"),
    ({"addTable": {"table": {"name": "t", "range": spot()}}}, "named t already exists"),
    ({"addTable": {"table": {"name": "u", "range": spot(6, 6)}}}, "cannot overlap"),
    (
        {"addTable": {"table": {"tableId": "t", "name": "u", "range": spot()}}},
        "id t already exists",
    ),
    (
        {"updateTable": {"table": {"tableId": "t", "range": spot(sheet=1)}, "fields": "range"}},
        "cannot move to another sheet",
    ),
    ({"deleteTable": {}}, "No table with id"),
    ({"addChart": {"chart": {}}}, "needs a spec"),
    ({"addChart": {"chart": {"chartId": 8, "spec": {}}}}, "id 8 already exists"),
    ({"addChart": {"chart": {"spec": {}, "position": {"newSheet": True}}}}, "sheet of their own"),
    ({"updateChartSpec": {"chartId": 8}}, "needs a spec"),
    ({"deleteEmbeddedObject": {}}, "No embedded object with id"),
]


@pytest.mark.parametrize(("request_body", "part"), REFUSED)
def test_a_request_that_cannot_be_is_refused(bench, book, request_body, part):
    before = bench.engine.read(book)
    with pytest.raises(ApiError) as refused:
        bench.batch(book, request_body)

    assert part in refused.value.message
    assert refused.value.code == 400
    assert bench.engine.read(book) is before


def test_an_unmodelled_group_depth_is_refused(bench):
    book = bench.make()
    group = {"addDimensionGroup": {"range": rows(1, 9)}}
    with pytest.raises(ApiError, match="maximum group depth"):
        bench.batch(book, *[group] * 9)


@pytest.mark.parametrize(
    ("lookup", "keys"),
    [
        ({"metadataKey": "row"}, ["row"]),
        ({"visibility": "DOCUMENT"}, ["row", "tab"]),
        ({"metadataLocation": {"sheetId": 0}}, ["tab"]),
        ({"metadataLocation": {"sheetId": 0},
          "locationMatchingStrategy": "INTERSECTING_LOCATION"}, ["row", "tab", "book"]),
        ({"metadataLocation": {"dimensionRange": rows(2, 3)}}, ["row"]),
        ({"metadataLocation": {"spreadsheet": True}, "locationType": "SPREADSHEET"}, ["book"]),
        ({"metadataValue": "nobody"}, []),
    ],
)  # fmt: skip
def test_metadata_is_looked_up(bench, lookup, keys):
    book = bench.make()
    bench.batch(
        book,
        mark(metadataKey="row", visibility="DOCUMENT", location={"dimensionRange": rows(2, 3)}),
        mark(metadataKey="tab", visibility="DOCUMENT", location={"sheetId": 0}),
        mark(metadataKey="book"),
    )
    chosen = {
        "dataFilters": [{"developerMetadataLookup": lookup}],
        "fields": "metadataValue",
        "developerMetadata": {"metadataValue": "seen"},
    }
    reply = bench.batch(book, {"updateDeveloperMetadata": chosen})[0]["updateDeveloperMetadata"]

    assert [each["metadataKey"] for each in reply["developerMetadata"]] == keys


@pytest.mark.parametrize(
    ("place", "keys"),
    [
        ({"a1Range": "A3:H3"}, ["row"]),
        ({"a1Range": "Sheet1"}, ["row", "tab"]),
        ({"gridRange": {"startRowIndex": 5, "endRowIndex": 6}}, []),
        ({"a1Range": "Other"}, []),
    ],
)
def test_metadata_is_found_by_place(bench, place, keys):
    book = bench.make(titles=("Sheet1", "Other"))
    bench.batch(
        book,
        mark(metadataKey="row", location={"dimensionRange": rows(2, 3)}),
        mark(metadataKey="tab", location={"sheetId": 0}),
        mark(metadataKey="book"),
    )
    gone = bench.batch(book, {"deleteDeveloperMetadata": {"dataFilter": place}})[0]

    found = gone["deleteDeveloperMetadata"]["deletedDeveloperMetadata"]
    assert [each["metadataKey"] for each in found] == keys


def test_protections_change_and_follow_what_they_name(bench):
    book = bench.make(titles=("Sheet1", "Other"))
    bench.batch(
        book,
        {"addNamedRange": {"namedRange": {"namedRangeId": "n", "name": "area", "range": spot(1)}}},
        {"addProtectedRange": {"protectedRange": {"protectedRangeId": 1, "namedRangeId": "n"}}},
        {
            "updateNamedRange": {
                "namedRange": {"namedRangeId": "n", "range": spot(3)},
                "fields": "range",
            }
        },
        {
            "updateProtectedRange": {
                "protectedRange": {"protectedRangeId": 1, "description": "d"},
                "fields": "description",
            }
        },
    )
    tab = bench.engine.read(book).tabs[0]
    assert tab.features["protectedRanges"] == [
        {"protectedRangeId": 1, "namedRangeId": "n", "description": "d", "editors": {}}
    ]
    bench.batch(
        book,
        {
            "updateProtectedRange": {
                "protectedRange": {
                    "protectedRangeId": 1,
                    "range": spot(sheet=1),
                    "warningOnly": True,
                },
                "fields": "namedRangeId,range,warningOnly",
            }
        },
    )
    state = bench.engine.read(book)
    assert state.tabs[0].features["protectedRanges"] == []
    assert state.tabs[1].features["protectedRanges"][0]["warningOnly"]


def test_a_colour_rule_is_replaced(bench):
    book = bench.make()
    bench.batch(book, rule("BLANK"))
    reply = bench.batch(
        book,
        {
            "updateConditionalFormatRule": {
                "index": 0,
                **rule("NOT_BLANK")["addConditionalFormatRule"],
            }
        },
    )
    told = reply[0]["updateConditionalFormatRule"]
    kinds = [told[name]["booleanRule"]["condition"]["type"] for name in ("oldRule", "newRule")]
    assert kinds == ["BLANK", "NOT_BLANK"]


def test_columns_are_frozen_inserted_and_deleted_together(bench):
    book = bench.make()
    bench.type(book, "A1", [["a", "b", "c"]])
    bench.batch(
        book,
        properties("gridProperties.frozenColumnCount", gridProperties={"frozenColumnCount": 2}),
        {"deleteDimension": {"range": {"dimension": "COLUMNS", "startIndex": 1, "endIndex": 2}}},
        {
            "insertDimension": {
                "range": {"dimension": "COLUMNS", "startIndex": 1, "endIndex": 3},
                "inheritFromBefore": True,
            }
        },
        {"mergeCells": {"range": spot(5, 0, 7, 2), "mergeType": "MERGE_ROWS"}},
        {"mergeCells": {"range": spot(8, 0, 10, 2), "mergeType": "MERGE_COLUMNS"}},
        {
            "repeatCell": {
                "range": spot(2, 0, 4, 1),
                "fields": "userEnteredValue",
                "cell": {"userEnteredValue": {"formulaValue": "=B3"}},
            }
        },
    )

    tab = bench.engine.read(book).tabs[0]
    assert bench.read(book, "A1:D1") == [["a", "", "", "c"]]
    assert tab.properties["gridProperties"]["frozenColumnCount"] == 1
    assert len(tab.features["merges"]) == 4
    assert bench.read(book, "A3:A4", "FORMULA") == [["=B3"], ["=B4"]]


def test_a_sort_of_some_columns_leaves_the_others(bench):
    book = bench.make()
    bench.type(book, "A1", [["2", "=A1*10", "x"], ["1", "=A2*10", "y"], ["TRUE", "z"], ["=1/0"]])
    bench.batch(
        book,
        {
            "sortRange": {
                "range": spot(0, 0, 20, 2),
                "sortSpecs": [{"dimensionIndex": 0, "sortOrder": "DESCENDING"}],
            }
        },
    )

    assert bench.read(book, "A1:C4") == [["#DIV/0!", "", "x"], [True, "z", "y"], [2, 20], [1, 10]]
    assert bench.read(book, "B3:B4", "FORMULA") == [["=A3*10"], ["=A4*10"]]
