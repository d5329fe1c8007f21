"""google-api-python-client on the same endpoint, unmodified."""

import json

import pytest
from googleapiclient.discovery import build
from googleapiclient.errors import HttpError
from httplib2 import Http


@pytest.fixture
def http():
    http = Http()
    yield http
    http.close()


@pytest.fixture
def service(server, http):
    service = build(
        "sheets",
        "v4",
        http=http,
        client_options={"api_endpoint": server.root},
        static_discovery=True,
    )
    yield service.spreadsheets()
    service.close()


def test_values_go_in_and_come_out(service):
    made = service.create(body={"properties": {"title": "G"}}).execute()
    key = made["spreadsheetId"]
    values = service.values()

    done = values.update(
        spreadsheetId=key,
        range="Sheet1!A1",
        valueInputOption="USER_ENTERED",
        body={"values": [["=1+1", "x"]]},
        includeValuesInResponse=True,
    ).execute()
    assert done["updatedData"]["values"] == [["2", "x"]]
    assert done["updatedCells"] == 2
    done = values.append(
        spreadsheetId=key, range="A1", valueInputOption="RAW", body={"values": [["y"]]}
    ).execute()
    assert done["tableRange"] == "Sheet1!A1:B1"
    found = values.batchGet(
        spreadsheetId=key, ranges=["A1:B1", "A2:B2"], majorDimension="COLUMNS"
    ).execute()
    assert [each.get("values") for each in found["valueRanges"]] == [[["2"], ["x"]], [["y"]]]
    assert values.batchClear(spreadsheetId=key, body={"ranges": ["A1:A2"]}).execute() == {
        "spreadsheetId": key,
        "clearedRanges": ["Sheet1!A1:A2"],
    }
    assert values.clear(spreadsheetId=key, range="B1", body={}).execute()["clearedRange"] == (
        "Sheet1!B1"
    )


def test_a_title_of_special_characters_needs_no_care(service):
    title = "a/b: 50% of ? #1 it's"
    key = service.create(body={"sheets": [{"properties": {"title": title}}]}).execute()[
        "spreadsheetId"
    ]
    place = "'a/b: 50% of ? #1 it''s'!A1:B1"

    service.values().update(
        spreadsheetId=key, range=place, valueInputOption="RAW", body={"values": [["here", 1]]}
    ).execute()

    found = service.values().get(spreadsheetId=key, range=place).execute()
    assert found == {"range": place, "majorDimension": "ROWS", "values": [["here", "1"]]}


def test_data_filters_find_rows_by_metadata(service):
    key = service.create(body={}).execute()["spreadsheetId"]
    place = {"dimensionRange": {"sheetId": 0, "dimension": "ROWS", "startIndex": 2, "endIndex": 3}}
    mark = {
        "metadataKey": "deal",
        "metadataValue": "42",
        "location": place,
        "visibility": "DOCUMENT",
    }
    reply = service.batchUpdate(
        spreadsheetId=key,
        body={"requests": [{"createDeveloperMetadata": {"developerMetadata": mark}}]},
    ).execute()["replies"][0]
    number = reply["createDeveloperMetadata"]["developerMetadata"]["metadataId"]
    chosen = {"developerMetadataLookup": {"metadataKey": "deal"}}

    written = (
        service.values()
        .batchUpdateByDataFilter(
            spreadsheetId=key,
            body={
                "valueInputOption": "RAW",
                "data": [{"dataFilter": chosen, "values": [["in row 3"]]}],
            },
        )
        .execute()
    )
    assert written["responses"][0]["updatedRange"] == "Sheet1!A3"
    read = (
        service.values()
        .batchGetByDataFilter(spreadsheetId=key, body={"dataFilters": [chosen]})
        .execute()
    )
    assert read["valueRanges"][0]["valueRange"]["values"] == [["in row 3"]]
    shown = service.getByDataFilter(
        spreadsheetId=key, body={"dataFilters": [chosen], "includeGridData": True}
    ).execute()
    assert shown["sheets"][0]["data"][0]["startRow"] == 2
    found = (
        service.developerMetadata()
        .search(spreadsheetId=key, body={"dataFilters": [chosen]})
        .execute()
    )
    assert found["matchedDeveloperMetadata"][0]["developerMetadata"]["metadataId"] == number
    one = service.developerMetadata().get(spreadsheetId=key, metadataId=number).execute()
    assert one["location"]["locationType"] == "ROW"
    cleared = (
        service.values()
        .batchClearByDataFilter(spreadsheetId=key, body={"dataFilters": [chosen]})
        .execute()
    )
    assert cleared["clearedRanges"] == ["Sheet1!A3:Z3"]


def test_errors_carry_googles_reason(service):
    with pytest.raises(HttpError) as refused:
        service.get(spreadsheetId="nobody").execute()
    assert refused.value.status_code == 404
    assert json.loads(refused.value.content)["error"]["status"] == "NOT_FOUND"


def test_a_tab_is_copied_to_another_spreadsheet(service):
    one = service.create(
        body={
            "sheets": [
                {
                    "properties": {"title": "Src"},
                    "data": [
                        {
                            "rowData": [
                                {
                                    "values": [
                                        {
                                            "userEnteredValue": {"numberValue": 5},
                                            "userEnteredFormat": {
                                                "numberFormat": {"type": "NUMBER", "pattern": "0.0"}
                                            },
                                        }
                                    ]
                                }
                            ]
                        }
                    ],
                }
            ]
        }
    ).execute()
    other = service.create(body={}).execute()["spreadsheetId"]

    copied = (
        service.sheets()
        .copyTo(
            spreadsheetId=one["spreadsheetId"], sheetId=0, body={"destinationSpreadsheetId": other}
        )
        .execute()
    )

    assert copied["title"] == "Copy of Src"
    found = service.values().get(spreadsheetId=other, range="Copy of Src!A1").execute()
    assert found["values"] == [["5.0"]]
