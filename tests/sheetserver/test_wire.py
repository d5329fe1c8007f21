"""The wire: addresses, masks, checks by schema, errors word for word. sheets.md B7-B10."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from sheetserver.batch import KINDS
from sheetserver.schema import sheets


def message(answer):
    return answer["error"]["message"]


@pytest.fixture
def book(server):
    return server.make("Sheet1", "Deals", rows=20, columns=10)


def test_titles_and_ranges_are_read_from_the_raw_path(server):
    title = "x/y: 100%?#!"
    book = server.make(title)
    place = "%27x%2Fy%3A%20100%25%3F%23%21%27%21A1"

    server.put(book, place, [["v"]])

    assert server.get(book, place) == [["v"]]
    assert server.get(book, "'x/y: 100%25%3F%23!'!A1:A1") == [["v"]]


@pytest.mark.parametrize(
    ("asked", "shown"),
    [
        ("A1:C", "Sheet1!A1:C20"), ("A2:2", "Sheet1!A2:J2"), ("Sheet1", "Sheet1!A1:J20"),
        ("C5:A2", "Sheet1!A2:C5"), ("$B$2", "Sheet1!B2"), ("1:3", "Sheet1!A1:J3"),
        ("A:C", "Sheet1!A1:C20"), ("A5:B", "Sheet1!A5:B20"), ("Deals!B2:Z99", "Deals!B2:J20"),
        ("'Deals'!A1", "Deals!A1"), ("deals", None), ("Nobody!A1", None), ("A", None),
        ("A0", None), ("AAAA1", None), ("", None), ("'Deals", None), ("Sheet1!", "Sheet1!A1:J20"),
    ],
)  # fmt: skip
def test_ranges_come_back_expanded_or_are_refused(server, book, asked, shown):
    path = f"/v4/spreadsheets/{book}/values:batchGet"
    answer = server.call("GET", path, params={"ranges": asked}, status=200 if shown else 400)

    if shown:
        assert answer["valueRanges"][0]["range"] == shown
    else:
        assert message(answer) == f"Unable to parse range: {asked}"


def test_a_title_like_a_cell_comes_back_in_quotes(server):
    book = server.make("D3", "R1C1", "it's", "Plain_1")

    for title, shown in (
        ("D3", "'D3'!A1"),
        ("R1C1", "'R1C1'!A1"),
        ("it''s", "'it''s'!A1"),
        ("Plain_1", "Plain_1!A1"),
    ):
        path = f"/v4/spreadsheets/{book}/values/'{title}'!A1"
        assert server.call("GET", path)["range"] == shown


def test_a_bare_word_is_a_tab_then_a_name_then_an_address(server, book):
    server.batch(
        book,
        {
            "addNamedRange": {
                "namedRange": {
                    "name": "first_two",
                    "range": {
                        "startRowIndex": 0,
                        "endRowIndex": 2,
                        "startColumnIndex": 0,
                        "endColumnIndex": 1,
                    },
                }
            }
        },
    )

    found = server.call("GET", f"/v4/spreadsheets/{book}/values/first_two")
    assert found["range"] == "Sheet1!A1:A2"


def test_trailing_empty_cells_are_left_out(server, book):
    server.put(book, "A1", [["a", "", ""], [], ["", "b"], ["", ""]])

    assert server.get(book, "A1:D9") == [["a"], [], ["", "b"]]
    assert server.get(book, "A1:D9", majorDimension="COLUMNS") == [["a"], ["", "", "b"]]
    assert "values" not in server.call("GET", f"/v4/spreadsheets/{book}/values/F1:G9")


def test_null_leaves_a_cell_alone_and_an_empty_text_empties_it(server, book):
    server.put(book, "A1", [["a", "b", "c"]])
    answer = server.put(book, "A1", [[None, "", "d"]])

    assert server.get(book, "A1:C1") == [["a", "", "d"]]
    assert answer["updatedCells"] == 2


def test_writing_outside_a_range_names_the_first_row_or_column_outside(server, book):
    small = server.make("Full", rows=13)
    answer = server.put(small, "Full!A11", [["x"]] * 5, status=400)
    assert message(answer) == (
        "Requested writing within range ['Full'!A11], but tried writing to row [14]"
    )
    answer = server.put(book, "A1:B2", [["a", "b", "c"]], status=400)
    assert message(answer) == (
        "Requested writing within range ['Sheet1'!A1:B2], but tried writing to column [C]"
    )


def test_a_range_that_starts_off_the_grid_is_refused(server):
    book = server.make("Sheet1", rows=999, columns=20)

    answer = server.call("GET", f"/v4/spreadsheets/{book}/values/U1", status=400)

    assert message(answer) == (
        "Range (Sheet1!U1) exceeds grid limits. Max rows: 999, max columns: 20"
    )


def test_values_of_the_wrong_type_are_refused_in_googles_words(server, book):
    answer = server.put(book, "A1", ["X"], status=400)
    text = "Invalid value at 'data.values' (type.googleapis.com/google.protobuf.ListValue), \"X\""
    assert message(answer) == text
    detail = answer["error"]["details"][0]
    assert detail["@type"] == "type.googleapis.com/google.rpc.BadRequest"
    assert detail["fieldViolations"] == [{"field": "data.values", "description": text}]
    server.put(book, "A1", [[["nested"]]], status=400)
    server.put(book, "A1", [[{"x": 1}]], status=400)


def test_errors_in_a_batch_of_values_name_their_place(server, book):
    path = f"/v4/spreadsheets/{book}/values"
    body = {
        "valueInputOption": "RAW",
        "data": [
            {"range": "A1", "values": [["kept?"]]},
            {"range": "Novice!C3:C14", "values": [[1]]},
        ],
    }
    answer = server.call("POST", f"{path}:batchUpdate", body, status=400)
    assert message(answer) == "Invalid data[1]: Unable to parse range: Novice!C3:C14"
    assert server.get(book, "A1") == []
    answer = server.call("POST", f"{path}:batchClear", {"ranges": ["Novice!A1"]}, status=400)
    assert message(answer) == "Invalid range[0]: Unable to parse range: Novice!A1"


def test_an_unknown_field_is_named_with_its_place(server, book):
    answer = server.batch(book, {"addSheet": {"x": 1}}, status=400)

    assert message(answer) == (
        'Invalid JSON payload received. Unknown name "x" at '
        "'requests[0].addSheet': Cannot find field."
    )


def test_every_fault_of_a_body_is_told_at_once(server, book):
    answer = server.batch(
        book, {"addSheet": {"x": 1}}, {"deleteSheet": {"sheetId": "many"}}, status=400
    )

    fields = [each["field"] for each in answer["error"]["details"][0]["fieldViolations"]]
    assert fields == ["requests[0].addSheet", "requests[1].deleteSheet.sheetId"]


def test_snake_case_numbers_as_text_and_null_are_accepted(server, book):
    given = {"sheet_id": "77", "title": "S", "hidden": None}
    answer = server.batch(book, {"add_sheet": {"properties": given}})

    assert answer["replies"][0]["addSheet"]["properties"]["sheetId"] == 77


@pytest.mark.parametrize(
    ("request_body", "part"),
    [
        ({}, "Invalid requests[0]: No request set."),
        ({"addSheet": {}, "deleteSheet": {"sheetId": 0}}, "Exactly one kind must be set."),
        ({"deleteSheet": {"sheetId": 123}}, "requests[0].deleteSheet: No grid with id: 123"),
        ({"addSheet": {"properties": {"title": "Deals"}}},
         'A sheet with the name "Deals" already exists. Please enter another name.'),
        ({"addSheet": {"properties": {"gridProperties": {"rowCount": 10_000_001}}}},
         "limit of 10000000 cells"),
        ({"updateCells": {"start": {}, "fields": "*", "rows": [{"values": [
            {"userEnteredValue": {"stringValue": "x" * 50_001}}]}]}}, "maximum of 50000 char"),
        ({"updateCells": {"start": {}, "fields": "nothing", "rows": []}}, "Invalid field: nothing"),
        ({"updateCells": {"start": {}, "rows": []}}, "At least one field must be listed"),
        ({"addSlicer": {}}, "Invalid requests[0].addSlicer: not modelled by this server."),
        ({"updateCells": {"start": {}, "fields": "*", "rows": [{"values": [{"pivotTable": {}}]}]}},
         "CellData.pivotTable: not modelled by this server."),
        ({"addProtectedRange": {"protectedRange": {"range": {}, "warningOnly": True,
                                                   "editors": {"users": ["a@b.example"]}}}},
         "ProtectedRange is warningOnly. Editors cannot be set on it."),
        ({"deleteDimension": {"range": {"dimension": "ROWS"}}}, "can't delete all the rows"),
        ({"moveDimension": {"source": {"dimension": "ROWS", "startIndex": 1, "endIndex": 4},
                            "destinationIndex": 2}}, "within the source range"),
    ],
)  # fmt: skip
def test_a_request_that_cannot_be_is_refused(server, book, request_body, part):
    answer = server.batch(book, request_body, status=400)

    assert part in message(answer)
    assert answer["error"]["status"] == "INVALID_ARGUMENT"


def test_the_last_tab_in_sight_stays(server):
    book = server.make("Only", "Hidden")
    hide = {
        "updateSheetProperties": {"properties": {"sheetId": 1, "hidden": True}, "fields": "hidden"}
    }
    server.batch(book, hide)

    answer = server.batch(book, {"deleteSheet": {"sheetId": 0}}, status=400)
    assert message(answer).endswith("You can't remove all the sheets in a document.")
    hide["updateSheetProperties"]["properties"] = {"sheetId": 0, "hidden": True}
    answer = server.batch(book, hide, status=400)
    assert message(answer).endswith("You can't hide all the sheets in a document.")


def test_a_batch_is_all_or_nothing(server, book):
    before = server.call("GET", f"/v4/spreadsheets/{book}")
    write = {
        "updateCells": {
            "start": {},
            "fields": "userEnteredValue",
            "rows": [{"values": [{"userEnteredValue": {"stringValue": "written"}}]}],
        }
    }

    answer = server.batch(
        book,
        write,
        {"addSheet": {"properties": {"title": "New"}}},
        {"deleteSheet": {"sheetId": 999}},
        status=400,
    )

    assert message(answer) == "Invalid requests[2].deleteSheet: No grid with id: 999"
    assert server.get(book, "A1") == []
    assert server.call("GET", f"/v4/spreadsheets/{book}") == before


def test_no_batch_is_longer_than_the_limit(server, book):
    answer = server.batch(book, *[{"clearBasicFilter": {}}] * 100_001, status=400)

    assert message(answer) == "Cannot exceed 100000 requests in a single batch."


@pytest.mark.parametrize("kind", sorted(set(sheets().types["Request"]["properties"]) - set(KINDS)))
def test_every_kind_that_is_not_modelled_is_refused_by_name(server, book, kind):
    answer = server.batch(book, {kind: {}}, status=400)

    assert message(answer) == f"Invalid requests[0].{kind}: not modelled by this server."


@pytest.mark.parametrize(
    ("call", "status", "part"),
    [
        ("GET /v4/spreadsheets/unknown", 404, "Requested entity was not found."),
        ("GET /v4/nothing", 404, "Requested entity was not found."),
        ("POST /v4/spreadsheets/{book}:explode", 404, "Requested entity was not found."),
        ("GET /drive/v3/files/{book}/export?mimeType=text/csv", 400, "drive export: not modelled"),
        ("POST /drive/v3/files/{book}/comments", 400, "drive comments: not modelled"),
        ("POST /upload/drive/v3/files", 400, "drive upload: not modelled"),
        ("POST /drive/v3/channels/stop", 400, "drive channels: not modelled"),
        ("GET /v4/spreadsheets/{book}?colour=red", 400, 'Unknown name "colour"'),
        ("GET /v4/spreadsheets/{book}?includeGridData=maybe", 400, "Invalid value at"),
        ("GET /v4/spreadsheets/{book}/values/A1?valueRenderOption=PRETTY", 400, "TYPE_ENUM"),
        ("GET /v4/spreadsheets/{book}?fields=sheets.colour", 400, "sheets.colour"),
        ("GET /v4/spreadsheets/{book}?fields=a(b", 400, "FieldMask"),
        ("PUT /v4/spreadsheets/{book}/values/A1", 400, "'valueInputOption' is required"),
    ],
)  # fmt: skip
def test_other_calls_are_refused_in_googles_shape(server, book, call, status, part):
    method, path = call.split(" ", 1)
    answer = server.call(method, path.format(book=book), status=status)

    assert part in message(answer)
    assert answer["error"]["code"] == status


@pytest.mark.parametrize("body", [b"{", b"[1]", b'{"requests": NaN}', b"\xff", b"[" * 100_000])
def test_a_body_that_is_no_json_object_is_refused(server, book, body):
    answer = server.http.post(f"{server.root}/v4/spreadsheets/{book}:batchUpdate", content=body)

    assert answer.status_code == 400
    assert answer.json()["error"]["status"] == "INVALID_ARGUMENT"


def test_a_request_for_another_host_is_turned_away(server):
    answer = server.http.get(f"{server.root}/capabilities", headers={"Host": "evil.example"})

    assert answer.status_code == 421


@pytest.mark.parametrize(
    ("fields", "shown"),
    [
        ("properties.title", {"properties": {"title": "Test"}}),
        ("properties/title", {"properties": {"title": "Test"}}),
        ("sheets.properties(title,index)", {"sheets": [
            {"properties": {"title": "Sheet1", "index": 0}},
            {"properties": {"title": "Deals", "index": 1}}]}),
        ("namedRanges", {}),
        ("sheets.properties.sheetId,sheets.protectedRanges", {"sheets": [
            {"properties": {"sheetId": 0}}, {"properties": {"sheetId": 1}}]}),
        ("sheets.data.rowData.values.note", {"sheets": [{"data": [{}]}, {"data": [{}]}]}),
    ],
)  # fmt: skip
def test_a_mask_shows_what_it_names(server, book, fields, shown):
    assert server.call("GET", f"/v4/spreadsheets/{book}", params={"fields": fields}) == shown


def test_ids_of_zero_are_shown_in_properties_and_left_out_of_ranges(server, book):
    reply = server.batch(
        book,
        {
            "addProtectedRange": {
                "protectedRange": {"range": {"sheetId": 0, "startRowIndex": 0, "endRowIndex": 1}}
            }
        },
    )["replies"][0]

    protected = reply["addProtectedRange"]["protectedRange"]
    assert protected.pop("protectedRangeId") > 0
    assert protected == {
        "range": {"startRowIndex": 0, "endRowIndex": 1},
        "editors": {},
        "requestingUserCanEdit": True,
    }
    properties = server.sheet(book, "properties")["properties"]
    assert (properties["sheetId"], properties["index"]) == (0, 0)


def test_a_colour_reads_back_as_itself_and_as_its_style(server, book):
    colour = {"red": 1, "green": 0.5, "blue": 0}
    server.batch(
        book,
        {
            "repeatCell": {
                "range": {
                    "startRowIndex": 0,
                    "endRowIndex": 1,
                    "startColumnIndex": 0,
                    "endColumnIndex": 1,
                },
                "cell": {"userEnteredFormat": {"backgroundColor": colour}},
                "fields": "userEnteredFormat.backgroundColor",
            }
        },
    )

    shown = server.cells(book, "A1", "userEnteredFormat")[0][0]["userEnteredFormat"]
    assert shown["backgroundColor"] == {"red": 1, "green": 0.5}
    assert shown["backgroundColorStyle"] == {"rgbColor": {"red": 1, "green": 0.5}}


def test_a_field_named_in_a_mask_and_not_sent_is_reset(server, book):
    spot = {"startRowIndex": 0, "endRowIndex": 1, "startColumnIndex": 0, "endColumnIndex": 1}
    style = {"textFormat": {"bold": True, "italic": True}, "wrapStrategy": "WRAP"}
    server.batch(
        book,
        {
            "repeatCell": {
                "range": spot,
                "fields": "userEnteredFormat",
                "cell": {"userEnteredFormat": style},
            }
        },
    )
    server.batch(
        book,
        {
            "repeatCell": {
                "range": spot,
                "cell": {},
                "fields": "userEnteredFormat.textFormat.italic",
            }
        },
    )

    shown = server.cells(book, "A1", "userEnteredFormat")[0][0]["userEnteredFormat"]
    assert shown == {"textFormat": {"bold": True}, "wrapStrategy": "WRAP"}


def test_the_echo_shows_the_state_after_the_batch(server, book):
    write = {
        "updateCells": {
            "start": {},
            "fields": "userEnteredValue",
            "rows": [{"values": [{"userEnteredValue": {"formulaValue": "=2*3"}}]}],
        }
    }

    answer = server.batch(
        book,
        write,
        includeSpreadsheetInResponse=True,
        responseRanges=["Sheet1!A1:B1"],
        responseIncludeGridData=True,
    )

    sheets_shown = answer["updatedSpreadsheet"]["sheets"]
    assert [each["properties"]["title"] for each in sheets_shown] == ["Sheet1"]
    cell = sheets_shown[0]["data"][0]["rowData"][0]["values"][0]
    assert cell["effectiveValue"] == {"numberValue": 6}
    assert cell["formattedValue"] == "6"


def test_a_page_from_elsewhere_cannot_call(server, book):
    for origin, status in (("https://evil.example", 403), (server.root, 200)):
        answer = server.http.get(
            f"{server.root}/v4/spreadsheets/{book}", headers={"Origin": origin}
        )
        assert answer.status_code == status


def test_a_get_too_long_for_an_address_comes_as_a_post(server, book):
    answer = server.http.post(
        f"{server.root}/v4/spreadsheets/{book}/values:batchGet",
        headers={"X-HTTP-Method-Override": "GET"},
        data={"ranges": ["A1", "B2"], "majorDimension": "COLUMNS"},
    )

    assert [each["range"] for each in answer.json()["valueRanges"]] == ["Sheet1!A1", "Sheet1!B2"]


@pytest.mark.parametrize("number", ["1e999", "-1e999", "1" + "0" * 400])
def test_a_number_no_cell_can_hold_is_refused(server, book, number):
    for path, body in (
        ("/values/A1?valueInputOption=RAW", '{"values": [[%s]]}'),
        (
            ":batchUpdate",
            (
                '{"requests": [{"updateCells": {"start": {}, "fields": "*", "rows": [{"values": '
                '[{"userEnteredValue": {"numberValue": %s}}]}]}}]}'
            ),
        ),
    ):
        answer = server.http.request(
            "PUT" if "values/" in path else "POST",
            f"{server.root}/v4/spreadsheets/{book}{path}",
            content=body % number,
        )
        assert answer.status_code == 400


def test_half_a_character_is_refused_and_a_whole_one_kept(server, book):
    path = f"{server.root}/v4/spreadsheets/{book}/values/A1?valueInputOption=RAW"
    assert server.http.put(path, content=b'{"values": [["\\ud83d"]]}').status_code == 400
    assert server.http.put(path, content=b'{"values": [["\\ud83d\\ude42"]]}').status_code == 200
    assert server.get(book, "A1") == [["\U0001f642"]]


def test_a_theme_colour_is_shown_as_the_colour_it_is(server, book):
    server.batch(
        book,
        {
            "updateCells": {
                "start": {},
                "fields": "userEnteredFormat.backgroundColorStyle",
                "rows": [
                    {
                        "values": [
                            {
                                "userEnteredFormat": {
                                    "backgroundColorStyle": {"themeColor": "BACKGROUND"}
                                }
                            }
                        ]
                    }
                ],
            }
        },
    )

    shown = server.cells(book, "A1", "userEnteredFormat")[0][0]["userEnteredFormat"]
    assert shown["backgroundColor"] == {"red": 1, "green": 1, "blue": 1}


def test_now_is_told_in_the_zone_of_the_spreadsheet(server, book):
    server.call("POST", "/_test/clock", {"fixed": "2026-11-25T23:30:00Z"})
    server.put(book, "A1", [["=TODAY()"]], option="USER_ENTERED")
    zone = {"properties": {"timeZone": "Asia/Tokyo"}, "fields": "timeZone"}
    server.batch(book, {"updateSpreadsheetProperties": zone})

    assert server.get(book, "A1") == [["11/26/2026"]]
    zone["properties"]["timeZone"] = "Mars/Olympus"
    answer = server.batch(book, {"updateSpreadsheetProperties": zone}, status=400)
    assert "Invalid time zone" in message(answer)


def test_a_spreadsheet_is_created_with_all_it_brings(server):
    spot = {"startRowIndex": 0, "endRowIndex": 2, "startColumnIndex": 0, "endColumnIndex": 2}
    place = {"dimension": "ROWS", "startIndex": 0, "endIndex": 1}
    cell = {"userEnteredValue": {"formulaValue": "=1+1"}, "note": "n"}
    mark = {"metadataKey": "k", "visibility": "DOCUMENT", "location": {"dimensionRange": place}}
    given = {
        "properties": {"title": "Full", "timeZone": "Europe/Athens"},
        "namedRanges": [{"name": "corner", "range": spot}],
        "developerMetadata": [
            {"metadataKey": "b", "visibility": "PROJECT", "location": {"spreadsheet": True}}
        ],
        "sheets": [
            {
                "properties": {"title": "T", "gridProperties": {"frozenRowCount": 1}},
                "data": [
                    {
                        "startRow": 1,
                        "rowData": [{"values": [cell]}],
                        "columnMetadata": [{"pixelSize": 42}],
                        "rowMetadata": [{"hiddenByUser": True, "developerMetadata": [mark]}],
                    }
                ],
                "merges": [spot],
                "protectedRanges": [{"range": spot}],
                "conditionalFormats": [
                    {
                        "ranges": [spot],
                        "booleanRule": {"condition": {"type": "BLANK"}, "format": {}},
                    }
                ],
                "basicFilter": {"range": spot},
                "filterViews": [{"title": "v", "range": spot}],
                "bandedRanges": [{"range": spot, "rowProperties": {"firstBandColor": {"red": 1}}}],
                "rowGroups": [{"range": place}],
                "charts": [{"spec": {"title": "c"}}],
                "tables": [{"name": "t", "range": {**spot, "startRowIndex": 5, "endRowIndex": 7}}],
            }
        ],
    }
    made = server.call("POST", "/v4/spreadsheets", given)
    shown = server.call(
        "GET", f"/v4/spreadsheets/{made['spreadsheetId']}", params={"includeGridData": True}
    )

    sheet = shown["sheets"][0]
    for name in given["sheets"][0].keys() - {"properties", "data"}:
        assert sheet[name], name
    assert shown["namedRanges"][0]["name"] == "corner"
    assert shown["developerMetadata"][0]["location"]["locationType"] == "SPREADSHEET"
    data = sheet["data"][0]
    assert data["columnMetadata"][0]["pixelSize"] == 42
    assert data["rowMetadata"][1]["hiddenByUser"]
    assert data["rowMetadata"][0]["developerMetadata"][0]["metadataKey"] == "k"


def test_what_would_be_ignored_is_refused(server, book):
    comments = {"commentsViewMode": "COMMENTS_VIEW_MODE_FULL"}
    modes = server.call("GET", f"/v4/spreadsheets/{book}", params=comments, status=400)
    assert modes["error"]["status"] == "INVALID_ARGUMENT"
    answer = server.call("GET", "/drive/v3/files", params={"orderBy": "name"}, status=400)
    assert message(answer) == "parameter orderBy=name: not modelled by this server."
    colours = [{"dimensionIndex": 0, "backgroundColor": {"red": 1}}]
    answer = server.batch(book, {"sortRange": {"range": {}, "sortSpecs": colours}}, status=400)
    assert message(answer) == "SortSpec.backgroundColor: not modelled by this server."


@pytest.mark.parametrize(
    ("search", "hits"),
    [
        ("name = 'Wanted \\'1\\''", 1),
        ("name contains 'wanted' and trashed = false", 1),
        ('mimeType="application/vnd.google-apps.spreadsheet" and name = "Wanted \'1\'"', 1),
        ("name = 'Wanted' and 'root' in parents", 0),
        ("mimeType != 'application/vnd.google-apps.spreadsheet'", 0),
        ("name contains 'wanted' and 'folder' in parents", 0),
    ],
)
def test_files_are_searched(server, search, hits):
    made = server.make(title="Wanted '1'")

    found = server.call("GET", "/drive/v3/files", params={"q": search})["files"]
    assert len([each for each in found if each["id"] == made]) == hits
    server.call("DELETE", f"/drive/v3/files/{made}", status=204)


def test_files_come_in_pages(server):
    made = [server.make(title="Paged") for _ in range(3)]
    query = {"q": "name = 'Paged'", "pageSize": 2, "fields": "nextPageToken,files(id)"}
    first = server.call("GET", "/drive/v3/files", params=query)
    query["pageToken"] = first["nextPageToken"]
    second = server.call("GET", "/drive/v3/files", params=query)

    assert sorted(each["id"] for each in first["files"] + second["files"]) == sorted(made)
    assert "nextPageToken" not in second
    for wrong in ({"pageSize": 0}, {"pageToken": "x"}, {"q": "colour = 'red'"}, {"q": "name"}):
        server.call("GET", "/drive/v3/files", params=wrong, status=400)


def test_a_file_is_renamed_copied_shared_and_unshared(server, book):
    path = f"/drive/v3/files/{book}"
    server.call("PATCH", path, {"name": "New name"})
    assert server.call("GET", path, params={"fields": "name,trashed"}) == {
        "name": "New name",
        "trashed": False,
    }
    copy = server.call("POST", f"{path}/copy", {})
    assert copy["name"] == "Copy of New name"
    given = {"type": "user", "role": "reader", "emailAddress": "z@example.com"}
    right = server.call("POST", f"{path}/permissions", given)["id"]
    server.call("PATCH", f"{path}/permissions/{right}", {"role": "writer"})
    assert server.call("GET", f"{path}/permissions/{right}")["role"] == "writer"
    server.call("DELETE", f"{path}/permissions/{right}", status=204)
    server.call("GET", f"{path}/permissions/{right}", status=404)
    for wrong in (
        {"type": "user", "role": "reader"},
        {"type": "x", "role": "reader"},
        {"type": "domain", "role": "reader", "domain": "example.com"},
        {"type": "user", "role": "king", "emailAddress": "z@example.com"},
    ):
        server.call("POST", f"{path}/permissions", wrong, status=400)
    owner = {"type": "user", "role": "owner", "emailAddress": "z@example.com"}
    server.call("POST", f"{path}/permissions", owner, status=403)
    server.call("POST", f"{path}/permissions?transferOwnership=true", owner)
    assert server.call("GET", f"{path}/permissions")["permissions"][0]["role"] == "owner"
    for wrong in ({"name": "x", "parents": ["folder"]}, {"description": "x"}, {"trashed": True}):
        server.call("PATCH", path, wrong, status=400)
    server.call("POST", "/drive/v3/files", {"mimeType": "text/plain"}, status=400)


def test_writers_at_once_lose_nothing(server, book):
    def append(number):
        cell = {"userEnteredValue": {"numberValue": number}}
        server.batch(
            book,
            {"appendCells": {"sheetId": 1, "fields": "*", "rows": [{"values": [cell]}]}},
        )

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(append, range(60)))

    read = server.get(book, "Deals!A1:A")
    assert sorted(int(row[0]) for row in read) == list(range(60))
