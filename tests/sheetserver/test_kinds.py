"""What each kind of request does to a spreadsheet. sheets.md B6, B9."""

import pytest

from sheetserver.batch import KINDS
from sheetserver.draft import Caller
from sheetserver.errors import ApiError
from tests.sheetserver.workbench import Workbench

ANA = Caller("ana@example.com", "Ana")


@pytest.fixture
def bench(tmp_path):
    bench = Workbench(tmp_path)
    yield bench
    bench.close()


@pytest.fixture
def book(bench):
    book = bench.make(titles=("Sheet1", "Other"))
    bench.type(book, "A1", [["n", "t"], ["3", "c"], ["1", "a"], ["2", "b"]])
    return book


def spot(top, left, bottom=None, right=None, sheet=0):
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


def columns(start, end):
    return {"dimension": "COLUMNS", "startIndex": start, "endIndex": end}


def feature(bench, book, name, at=0):
    return bench.engine.read(book).tabs[at].features[name]


def style(bench, book, row, column):
    state = bench.engine.read(book)
    return state.pool.get(state.tabs[0].row(row).style(column))


def test_the_musts_and_shoulds_of_the_specification_are_there():
    must = """addSheet deleteSheet duplicateSheet updateSheetProperties updateSpreadsheetProperties
      appendCells updateCells repeatCell insertDimension deleteDimension appendDimension
      moveDimension updateDimensionProperties autoResizeDimensions sortRange setDataValidation
      addProtectedRange updateProtectedRange deleteProtectedRange addConditionalFormatRule
      updateConditionalFormatRule deleteConditionalFormatRule addFilterView updateFilterView
      deleteFilterView setBasicFilter clearBasicFilter addNamedRange updateNamedRange
      deleteNamedRange createDeveloperMetadata updateDeveloperMetadata deleteDeveloperMetadata
      findReplace mergeCells unmergeCells addDimensionGroup updateDimensionGroup
      deleteDimensionGroup copyPaste cutPaste"""
    should = """addBanding updateBanding deleteBanding updateBorders insertRange deleteRange
      duplicateFilterView deleteDuplicates trimWhitespace textToColumns pasteData addTable
      updateTable deleteTable addChart updateChartSpec deleteEmbeddedObject"""
    assert set(KINDS) == set(must.split()) | set(should.split())


def test_inserting_moves_everything_that_points_below(bench, book):
    bench.batch(
        book,
        {"addNamedRange": {"namedRange": {"name": "two", "range": spot(2, 0, 4, 2)}}},
        {"addProtectedRange": {"protectedRange": {"range": spot(2, 0)}}},
        {"mergeCells": {"range": spot(5, 0, 6, 2), "mergeType": "MERGE_ALL"}},
        {
            "addConditionalFormatRule": {
                "index": 0,
                "rule": {
                    "ranges": [spot(1, 0, 9, 1)],
                    "booleanRule": {"condition": {"type": "NOT_BLANK"}, "format": {}},
                },
            }
        },
        {"addFilterView": {"filter": {"title": "v", "range": spot(0, 0, 4, 2)}}},
        {
            "createDeveloperMetadata": {
                "developerMetadata": {
                    "metadataKey": "k",
                    "visibility": "DOCUMENT",
                    "location": {"dimensionRange": rows(3, 4)},
                }
            }
        },
        {
            "updateDimensionProperties": {
                "range": rows(3, 4),
                "properties": {"pixelSize": 50},
                "fields": "pixelSize",
            }
        },
        {"addDimensionGroup": {"range": rows(2, 5)}},
        {"setDataValidation": {"range": spot(2, 0), "rule": {"condition": {"type": "BOOLEAN"}}}},
        {"insertDimension": {"range": rows(1, 3)}},
    )

    state = bench.engine.read(book)
    tab = state.tabs[0]
    assert state.names[0]["range"] == spot(4, 0, 6, 2)
    assert tab.features["protectedRanges"][0]["range"] == spot(4, 0)
    assert tab.features["merges"] == [spot(7, 0, 8, 2)]
    assert tab.features["conditionalFormats"][0]["ranges"] == [spot(3, 0, 11, 1)]
    assert tab.features["filterViews"][0]["range"] == spot(0, 0, 6, 2)
    assert state.metadata[0]["location"]["dimensionRange"]["startIndex"] == 5
    assert tab.row_properties == {5: {"pixelSize": 50}}
    assert tab.features["rowGroups"][0]["range"]["startIndex"] == 4
    assert state.pool.get(tab.row(4).rule(0)) == {"condition": {"type": "BOOLEAN"}}
    assert tab.row_count == 22
    assert tab.structure == state.revision


def test_deleting_takes_along_what_hung_on_the_rows(bench, book):
    bench.batch(
        book,
        {"addNamedRange": {"namedRange": {"name": "gone", "range": spot(1, 0)}}},
        {"addNamedRange": {"namedRange": {"name": "less", "range": spot(0, 0, 3, 1)}}},
        {
            "createDeveloperMetadata": {
                "developerMetadata": {
                    "metadataKey": "k",
                    "visibility": "DOCUMENT",
                    "location": {"dimensionRange": rows(1, 2)},
                }
            }
        },
        {"deleteDimension": {"range": rows(1, 2)}},
    )

    state = bench.engine.read(book)
    assert [(each["name"], each["range"]) for each in state.names] == [("less", spot(0, 0, 2, 1))]
    assert state.metadata == []


def test_sorting_moves_cells_and_leaves_row_metadata(bench, book):
    note = {"values": [{"note": "of c", "userEnteredFormat": {"textFormat": {"bold": True}}}]}
    bench.batch(
        book,
        {
            "updateCells": {
                "start": {"rowIndex": 1},
                "fields": "note,userEnteredFormat",
                "rows": [note],
            }
        },
        {
            "createDeveloperMetadata": {
                "developerMetadata": {
                    "metadataKey": "k",
                    "visibility": "DOCUMENT",
                    "location": {"dimensionRange": rows(1, 2)},
                }
            }
        },
        {
            "sortRange": {
                "range": spot(1, 0, 20, 2),
                "sortSpecs": [{"dimensionIndex": 0, "sortOrder": "ASCENDING"}],
            }
        },
    )

    assert bench.read(book, "A2:B4") == [[1, "a"], [2, "b"], [3, "c"]]
    state = bench.engine.read(book)
    assert state.tabs[0].row(3).more == {0: {"note": "of c"}}
    assert style(bench, book, 3, 0) == {"textFormat": {"bold": True}}
    assert state.metadata[0]["location"]["dimensionRange"]["startIndex"] == 1


def test_updating_cells_over_a_range_resets_what_was_not_sent(bench, book):
    bench.batch(
        book,
        {
            "updateCells": {
                "range": spot(0, 0, 4, 2),
                "fields": "userEnteredValue",
                "rows": [{"values": [{"userEnteredValue": {"boolValue": True}}]}],
            }
        },
    )
    assert bench.read(book, "A1:B4") == [[True]]
    with pytest.raises(ApiError, match="beyond the last requested row of: 0"):
        bench.batch(
            book, {"updateCells": {"range": spot(0, 0), "fields": "note", "rows": [{}, {}]}}
        )


def test_appended_cells_go_below_the_last_value_and_the_grid_grows(bench, book):
    row = {"values": [{"userEnteredValue": {"stringValue": "=not a formula"}}]}
    bench.batch(book, {"appendCells": {"sheetId": 0, "rows": [row] * 20, "fields": "*"}})

    assert bench.read(book, "A5:A24") == [["=not a formula"]] * 20
    assert bench.engine.read(book).tabs[0].row_count == 24


def test_a_new_value_erases_text_runs(bench, book):
    runs = [{"startIndex": 1, "format": {"bold": True}}]
    bench.batch(
        book,
        {
            "updateCells": {
                "start": {},
                "fields": "textFormatRuns",
                "rows": [{"values": [{"textFormatRuns": runs}]}],
            }
        },
    )
    assert bench.engine.read(book).tabs[0].row(0).more[0] == {"textFormatRuns": runs}
    bench.type(book, "A1", [["new"]])
    assert bench.engine.read(book).tabs[0].row(0).more == {}


def test_protection_binds_all_but_owner_and_editors(bench, book):
    for email in ("ana@example.com", "ben@example.com"):
        bench.engine.permit(book, email, "writer")
    bench.batch(
        book,
        {
            "addProtectedRange": {
                "protectedRange": {
                    "range": spot(0, 0, 4, 1),
                    "editors": {"users": ["Ben@example.com"]},
                }
            }
        },
    )
    bench.batch(
        book,
        {
            "addProtectedRange": {
                "protectedRange": {
                    "range": {"sheetId": 1},
                    "unprotectedRanges": [spot(0, 0, 2, 2, sheet=1)],
                }
            }
        },
    )

    for place in ("A2", "A4:B4", "Other!C3"):
        with pytest.raises(ApiError, match="You are trying to edit a protected cell"):
            bench.type(book, place, [["x"]], who=ANA)
    for request in (
        {"deleteDimension": {"range": rows(1, 2)}},
        {"sortRange": {"range": spot(0, 0, 4, 2), "sortSpecs": []}},
        {"insertDimension": {"range": rows(1, 2)}},
        {
            "deleteProtectedRange": {
                "protectedRangeId": feature(bench, book, "protectedRanges")[0]["protectedRangeId"]
            }
        },
        {"deleteSheet": {"sheetId": 1}},
    ):
        with pytest.raises(ApiError, match="protected"):
            bench.batch(book, request, who=ANA)
    named = {"properties": {"sheetId": 0, "title": "Renamed"}, "fields": "title"}
    bench.batch(book, {"updateSheetProperties": named}, who=ANA)
    named["properties"]["sheetId"] = 1
    with pytest.raises(ApiError, match="protected"):
        bench.batch(book, {"updateSheetProperties": named}, who=ANA)
    bench.type(book, "B2", [["allowed"]], who=ANA)
    bench.type(book, "Other!B2", [["allowed"]], who=ANA)
    bench.batch(book, {"insertDimension": {"range": rows(4, 5)}}, who=ANA)
    bench.type(book, "A2", [["editor"]], who=Caller("ben@example.com"))
    bench.type(book, "A2", [["owner"]])
    with pytest.raises(ApiError, match="does not have permission"):
        bench.type(book, "B2", [["x"]], who=Caller("stranger@example.com"))


def test_colour_rules_are_listed_moved_and_computed(bench, book):
    red = {"backgroundColor": {"red": 1}, "backgroundColorStyle": {"rgbColor": {"red": 1}}}

    def rule(kind, *values, style=red):
        return {
            "ranges": [spot(0, 0, 20, 2)],
            "booleanRule": {
                "condition": {"type": kind, "values": [{"userEnteredValue": v} for v in values]},
                "format": style,
            },
        }

    bench.batch(
        book, {"addConditionalFormatRule": {"index": 0, "rule": rule("NUMBER_GREATER", "2")}}
    )
    bench.batch(
        book,
        {
            "addConditionalFormatRule": {
                "index": 1,
                "rule": rule("CUSTOM_FORMULA", '=$B1="b"', style={"textFormat": {"bold": True}}),
            }
        },
    )
    shown = bench.cell_formats(book, "A1:B4")

    assert [
        ["backgroundColor" in cell and cell["backgroundColor"] == {"red": 1} for cell in row]
        for row in shown
    ] == [[False, False], [True, False], [False, False], [False, False]]
    assert [[cell["textFormat"]["bold"] for cell in row] for row in shown][3] == [True, True]
    moved = bench.batch(
        book, {"updateConditionalFormatRule": {"sheetId": 0, "index": 0, "newIndex": 1}}
    )
    assert moved[0]["updateConditionalFormatRule"]["oldIndex"] == 0
    deleted = bench.batch(book, {"deleteConditionalFormatRule": {"sheetId": 0, "index": 1}})
    assert deleted[0]["deleteConditionalFormatRule"]["rule"] == rule("NUMBER_GREATER", "2")
    with pytest.raises(ApiError, match="not modelled"):
        bench.batch(
            book,
            {"addConditionalFormatRule": {"rule": {"ranges": [spot(0, 0)], "gradientRule": {}}}},
        )


@pytest.mark.parametrize(
    ("kind", "values", "hit"),
    [
        ("NUMBER_BETWEEN", ["1", "2"], [3, 4]), ("NUMBER_NOT_EQ", ["3"], [3, 4]),
        ("NUMBER_LESS_THAN_EQ", ["=A4"], [3, 4]), ("TEXT_CONTAINS", ["N"], [1]),
        ("TEXT_STARTS_WITH", ["n"], [1]), ("TEXT_EQ", ["3"], [2]), ("BLANK", [], [5]),
        ("NOT_BLANK", [], [1, 2, 3, 4]), ("ONE_OF_LIST", ["1", "n"], [1, 3]),
        ("ONE_OF_RANGE", ["=Sheet1!A3:A4"], [3, 4]), ("DATE_AFTER", ["1/1/1900"], [2]),
        ("TEXT_NOT_CONTAINS", ["n"], [2, 3, 4, 5]), ("BOOLEAN", [], []),
        ("CUSTOM_FORMULA", ["=A1>1"], [1, 2, 4]),
    ],
)  # fmt: skip
def test_conditions_judge_cells(bench, book, kind, values, hit):
    if kind == "DATE_AFTER":  # day 3 against day 2
        bench.type(book, "A2", [["3"]])
        values = ["1900-01-01"]
    rule = {
        "ranges": [spot(0, 0, 5, 1)],
        "booleanRule": {
            "condition": {"type": kind, "values": [{"userEnteredValue": v} for v in values]},
            "format": {"textFormat": {"bold": True}},
        },
    }
    bench.type(book, "B5", [["x"]])
    bench.batch(
        book,
        {
            "repeatCell": {
                "range": spot(0, 0, 5, 1),
                "fields": "userEnteredFormat",
                "cell": {"userEnteredFormat": {"wrapStrategy": "WRAP"}},
            }
        },
    )
    bench.batch(book, {"addConditionalFormatRule": {"index": 0, "rule": rule}})

    shown = bench.cell_formats(book, "A1:A5")
    found = [at for at, row in enumerate(shown, start=1) if row[0]["textFormat"]["bold"]]
    assert found == hit


def test_a_filter_hides_rows_for_all_and_a_view_for_nobody(bench, book):
    criteria = {
        "0": {"condition": {"type": "NUMBER_GREATER", "values": [{"userEnteredValue": "1"}]}}
    }
    bench.batch(
        book, {"setBasicFilter": {"filter": {"range": spot(0, 0, 4, 2), "criteria": criteria}}}
    )
    assert bench.engine.read(book).tabs[0].row_properties == {2: {"hiddenByFilter": True}}
    specs = feature(bench, book, "basicFilter")[0]["filterSpecs"]
    assert specs == [{"columnIndex": 0, "filterCriteria": criteria["0"]}]
    bench.batch(book, {"clearBasicFilter": {"sheetId": 0}})
    assert bench.engine.read(book).tabs[0].row_properties == {}

    added = bench.batch(
        book,
        {
            "addFilterView": {
                "filter": {"title": "Big", "range": spot(0, 0, 4, 2), "criteria": criteria}
            }
        },
    )
    number = added[0]["addFilterView"]["filter"]["filterViewId"]
    bench.batch(
        book,
        {
            "updateFilterView": {
                "filter": {"filterViewId": number, "title": "Bigger"},
                "fields": "title",
            }
        },
    )
    copied = bench.batch(book, {"duplicateFilterView": {"filterId": number}})
    assert copied[0]["duplicateFilterView"]["filter"]["title"] == "Copy of Bigger"
    assert bench.engine.read(book).tabs[0].row_properties == {}
    bench.batch(book, {"deleteFilterView": {"filterId": number}})
    assert len(feature(bench, book, "filterViews")) == 1
    bad = {"condition": {"type": "FILTER_EXPRESSION", "values": [{"userEnteredValue": "x"}]}}
    with pytest.raises(ApiError, match="FILTER_EXPRESSION: not modelled"):
        bench.batch(
            book,
            {"setBasicFilter": {"filter": {"range": spot(0, 0, 4, 2), "criteria": {"0": bad}}}},
        )


def test_texts_are_found_and_replaced(bench, book):
    bench.type(book, "D1", [["Aa aA", "=1+1", "x"]])
    reply = bench.batch(
        book, {"findReplace": {"find": "a", "replacement": "7", "allSheets": True}}
    )[0]["findReplace"]
    assert reply == {
        "valuesChanged": 2,
        "rowsChanged": 2,
        "sheetsChanged": 1,
        "occurrencesChanged": 5,
    }
    assert bench.read(book, "B3") == [[7]]
    assert bench.read(book, "D1:E1") == [["77 77", 2]]
    reply = bench.batch(
        book,
        {
            "findReplace": {
                "find": r"(\d)\+(\d)",
                "replacement": "$2-$1-1",
                "searchByRegex": True,
                "includeFormulas": True,
                "sheetId": 0,
            }
        },
    )[0]["findReplace"]
    assert reply["formulasChanged"] == 1
    assert bench.read(book, "E1", "FORMULA") == [["=1-1-1"]]
    with pytest.raises(ApiError, match="regular expression"):
        bench.batch(book, {"findReplace": {"find": "(", "searchByRegex": True, "sheetId": 0}})


def test_blanks_and_duplicates_are_removed_and_texts_split(bench, book):
    bench.type(book, "D1", [["'  a   b "], ["k"], ["K"], ["z"]])
    reply = bench.batch(
        book,
        {"trimWhitespace": {"range": spot(0, 3)}},
        {"deleteDuplicates": {"range": spot(0, 3, 4, 4)}},
    )
    assert reply[0]["trimWhitespace"] == {"cellsChangedCount": 1}
    assert reply[1]["deleteDuplicates"] == {"duplicatesRemovedCount": 1}
    assert bench.read(book, "D1:D4") == [["a b"], ["k"], ["z"]]
    bench.batch(
        book, {"pasteData": {"coordinate": {"rowIndex": 9}, "data": "1;x\n2;y", "delimiter": ";"}}
    )
    assert bench.read(book, "A10:B11") == [[1, "x"], [2, "y"]]
    bench.type(book, "A10", [["p,q,5"]])
    bench.batch(book, {"textToColumns": {"source": spot(9, 0), "delimiterType": "COMMA"}})
    assert bench.read(book, "A10:C10") == [["p", "q", 5]]


def test_cells_make_room_and_close_up(bench, book):
    bench.batch(book, {"insertRange": {"range": spot(1, 0), "shiftDimension": "ROWS"}})
    assert bench.read(book, "A1:B5") == [["n", "t"], ["", "c"], [3, "a"], [1, "b"], [2]]
    bench.batch(book, {"deleteRange": {"range": spot(1, 0), "shiftDimension": "ROWS"}})
    assert bench.read(book, "A1:B4") == [["n", "t"], [3, "c"], [1, "a"], [2, "b"]]
    bench.batch(book, {"insertRange": {"range": spot(0, 0), "shiftDimension": "COLUMNS"}})
    assert bench.read(book, "A1:C2") == [["", "n", "t"], [3, "c"]]
    bench.batch(book, {"deleteRange": {"range": spot(0, 0), "shiftDimension": "COLUMNS"}})
    assert bench.read(book, "A1:C2") == [["n", "t"], [3, "c"]]


def test_what_is_pasted_depends_on_the_kind_of_paste(bench, book):
    bench.batch(
        book,
        {
            "repeatCell": {
                "range": spot(1, 0),
                "fields": "userEnteredFormat,note,dataValidation",
                "cell": {
                    "userEnteredFormat": {
                        "wrapStrategy": "WRAP",
                        "borders": {"top": {"style": "SOLID"}},
                    },
                    "note": "n",
                    "dataValidation": {"condition": {"type": "NOT_BLANK"}},
                },
            }
        },
    )
    bench.type(book, "A2", [["=1+2"]])

    def paste(kind, column):
        bench.batch(
            book,
            {
                "copyPaste": {
                    "source": spot(1, 0),
                    "destination": spot(1, column),
                    "pasteType": kind,
                }
            },
        )
        state = bench.engine.read(book)
        row = state.tabs[0].row(1)
        return (
            bench.read(book, f"{'ABCDEFGH'[column]}2", "FORMULA"),
            state.pool.get(row.style(column)),
            bool(row.rule(column)),
            row.more.get(column),
        )

    full = bench.engine.read(book).pool.get(bench.engine.read(book).tabs[0].row(1).style(0))
    assert paste("PASTE_NORMAL", 2) == ([["=1+2"]], full, True, {"note": "n"})
    assert paste("PASTE_VALUES", 3) == ([[3]], {}, False, None)
    assert paste("PASTE_FORMAT", 4) == ([], full, False, None)
    assert paste("PASTE_FORMULA", 5) == ([["=1+2"]], {}, False, None)
    assert paste("PASTE_DATA_VALIDATION", 6) == ([], {}, True, None)
    assert paste("PASTE_NO_BORDERS", 7)[1] == {"wrapStrategy": "WRAP"}
    bench.batch(
        book,
        {
            "copyPaste": {
                "source": spot(0, 0, 1, 2),
                "destination": spot(5, 0),
                "pasteOrientation": "TRANSPOSE",
            }
        },
    )
    assert bench.read(book, "A6:A7") == [["n"], ["t"]]


def test_borders_are_drawn_around_and_inside(bench, book):
    line = {"style": "SOLID"}
    bench.batch(
        book,
        {
            "updateBorders": {
                "range": spot(0, 0, 2, 2),
                "top": line,
                "left": line,
                "innerHorizontal": line,
            }
        },
    )
    assert set(style(bench, book, 0, 0)["borders"]) == {"top", "left", "bottom"}
    assert set(style(bench, book, 1, 1)["borders"]) == {"top"}
    bench.batch(book, {"updateBorders": {"range": spot(0, 0, 2, 2), "top": {"style": "NONE"}}})
    assert set(style(bench, book, 0, 0)["borders"]) == {"left", "bottom"}


def test_bands_tables_and_charts_are_kept_changed_and_deleted(bench, book):
    colours = {
        "headerColor": {"red": 1},
        "firstBandColor": {"green": 1},
        "secondBandColor": {"blue": 1},
    }
    reply = bench.batch(
        book,
        {"addBanding": {"bandedRange": {"range": spot(0, 0, 4, 2), "rowProperties": colours}}},
        {
            "addTable": {
                "table": {
                    "name": "T",
                    "range": spot(0, 0, 4, 3),
                    "columnProperties": [{"columnIndex": 2, "columnName": "Third"}],
                }
            }
        },
        {
            "addChart": {
                "chart": {
                    "spec": {
                        "title": "C",
                        "basicChart": {
                            "chartType": "COLUMN",
                            "domains": [
                                {"domain": {"sourceRange": {"sources": [spot(1, 0, 4, 1)]}}}
                            ],
                        },
                    }
                }
            }
        },
    )
    band = reply[0]["addBanding"]["bandedRange"]
    table = reply[1]["addTable"]["table"]
    chart = reply[2]["addChart"]["chart"]
    assert [row[0]["backgroundColor"] for row in bench.cell_formats(book, "A1:A3")] == [
        {"red": 1},
        {"green": 1},
        {"blue": 1},
    ]
    assert bench.read(book, "A1:C1") == [["n", "t", "Third"]]
    assert [each["columnName"] for each in table["columnProperties"]] == ["n", "t", "Third"]
    bench.batch(
        book,
        {"insertDimension": {"range": rows(0, 1)}},
        {"updateTable": {"table": {"tableId": table["tableId"], "name": "U"}, "fields": "name"}},
        {
            "updateBanding": {
                "bandedRange": {
                    "bandedRangeId": band["bandedRangeId"],
                    "rowProperties": {"firstBandColor": {"red": 1}},
                },
                "fields": "rowProperties",
            }
        },
        {
            "appendCells": {
                "tableId": table["tableId"],
                "fields": "userEnteredValue",
                "rows": [{"values": [{"userEnteredValue": {"stringValue": "last"}}]}],
            }
        },
    )
    state = bench.engine.read(book).tabs[0]
    assert state.features["tables"][0]["range"] == spot(1, 0, 5, 3)
    source = state.features["charts"][0]["spec"]["basicChart"]["domains"][0]["domain"]
    assert source["sourceRange"]["sources"] == [spot(2, 0, 5, 1)]
    assert bench.read(book, "A6") == [["last"]]
    bench.batch(
        book,
        {"updateChartSpec": {"chartId": chart["chartId"], "spec": {"title": "D"}}},
        {"deleteEmbeddedObject": {"objectId": chart["chartId"]}},
        {"deleteTable": {"tableId": table["tableId"]}},
        {"deleteBanding": {"bandedRangeId": band["bandedRangeId"]}},
    )
    assert not any(feature(bench, book, name) for name in ("charts", "tables", "bandedRanges"))


def test_groups_nest_collapse_and_split(bench, book):
    bench.batch(book, {"addDimensionGroup": {"range": rows(1, 9)}})
    reply = bench.batch(book, {"addDimensionGroup": {"range": rows(2, 4)}})
    depths = [each["depth"] for each in reply[0]["addDimensionGroup"]["dimensionGroups"]]
    assert depths == [1, 2]
    bench.batch(
        book,
        {
            "updateDimensionGroup": {
                "fields": "collapsed",
                "dimensionGroup": {"range": rows(2, 4), "depth": 2, "collapsed": True},
            }
        },
    )
    assert bench.engine.read(book).tabs[0].row_properties == {
        2: {"hiddenByUser": True},
        3: {"hiddenByUser": True},
    }
    bench.batch(book, {"deleteDimensionGroup": {"range": rows(2, 4)}})
    reply = bench.batch(book, {"deleteDimensionGroup": {"range": rows(3, 5)}})
    spans = [
        (each["range"]["startIndex"], each["range"]["endIndex"])
        for each in reply[0]["deleteDimensionGroup"]["dimensionGroups"]
    ]
    assert spans == [(1, 3), (5, 9)]


def test_tabs_are_moved_as_google_counts(bench):
    book = bench.make(titles=("S1", "S2", "S3"))

    def move(sheet, index):
        bench.batch(
            book,
            {
                "updateSheetProperties": {
                    "properties": {"sheetId": sheet, "index": index},
                    "fields": "index",
                }
            },
        )
        return [tab.title for tab in bench.engine.read(book).tabs]

    assert move(0, 1) == ["S1", "S2", "S3"]
    assert move(0, 2) == ["S2", "S1", "S3"]
    assert move(2, 0) == ["S3", "S2", "S1"]


def test_a_copy_of_a_tab_has_ids_of_its_own(bench, book):
    bench.batch(
        book,
        {"addProtectedRange": {"protectedRange": {"range": spot(0, 0)}}},
        {
            "addConditionalFormatRule": {
                "rule": {
                    "ranges": [spot(0, 0)],
                    "booleanRule": {"condition": {"type": "BLANK"}, "format": {}},
                }
            }
        },
        {"duplicateSheet": {"sourceSheetId": 0, "newSheetId": 9}},
    )

    copy = bench.engine.read(book).tab(9)
    assert copy.title == "Copy of Sheet1"
    assert copy.features["conditionalFormats"][0]["ranges"] == [spot(0, 0, sheet=9)]
    first = feature(bench, book, "protectedRanges", at=1)[0]
    assert copy.features["protectedRanges"][0]["range"] == spot(0, 0, sheet=9)
    assert copy.features["protectedRanges"][0]["protectedRangeId"] != first["protectedRangeId"]
    bench.type(book, "'Copy of Sheet1'!A1", [["changed"]])
    assert bench.read(book, "Sheet1!A1") == [["n"]]


def test_metadata_is_found_changed_and_deleted(bench, book):
    def mark(key, **location):
        return {
            "createDeveloperMetadata": {
                "developerMetadata": {
                    "metadataKey": key,
                    "visibility": "PROJECT",
                    "location": location,
                }
            }
        }

    bench.batch(
        book,
        mark("book", spreadsheet=True),
        mark("tab", sheetId=1),
        mark("column", dimensionRange=columns(1, 2)),
    )
    found = bench.batch(
        book,
        {
            "updateDeveloperMetadata": {
                "dataFilters": [{"developerMetadataLookup": {"locationType": "COLUMN"}}],
                "developerMetadata": {"metadataValue": "v"},
                "fields": "metadataValue",
            }
        },
    )
    assert [
        each["metadataKey"] for each in found[0]["updateDeveloperMetadata"]["developerMetadata"]
    ] == ["column"]
    gone = bench.batch(
        book,
        {
            "deleteDeveloperMetadata": {
                "dataFilter": {"developerMetadataLookup": {"metadataKey": "tab"}}
            }
        },
    )
    assert len(gone[0]["deleteDeveloperMetadata"]["deletedDeveloperMetadata"]) == 1
    kept = bench.engine.read(book).metadata
    assert [(each["metadataKey"], each.get("metadataValue")) for each in kept] == [
        ("book", None),
        ("column", "v"),
    ]
    with pytest.raises(ApiError, match="single row or column"):
        bench.batch(book, mark("wide", dimensionRange=columns(1, 3)))


def test_shrinking_a_grid_deletes_and_growing_adds(bench, book):
    bench.batch(
        book,
        {
            "updateSheetProperties": {
                "properties": {"sheetId": 0, "gridProperties": {"rowCount": 2, "columnCount": 1}},
                "fields": "gridProperties(rowCount,columnCount)",
            }
        },
    )
    assert bench.read(book, "Sheet1") == [["n"], [3]]
    bench.batch(book, {"appendDimension": {"dimension": "ROWS", "length": 3}})
    assert bench.engine.read(book).tabs[0].row_count == 5
