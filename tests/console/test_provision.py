"""Building and repairing workbooks, on the real sheet server."""

from datetime import timedelta

import pytest

from console.provision import holds, places, requests
from console.tabs import CASES, all_tabs_of
from partnerdesk.domain.record import Workbook
from tests.workbooks import Console, SheetServer

DESK = all_tabs_of(Workbook.DESK)


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    running = SheetServer(tmp_path_factory.mktemp("sheets"))
    yield running
    running.stop()


@pytest.fixture
def console(tmp_path, server):
    made = Console(tmp_path, server)
    yield made
    made.close()


def found(console):
    return console.client.describe(Workbook.DESK, until=until(console))


def until(console):
    return console.desk.now() + timedelta(days=1)


def build(console) -> int:
    wanted = requests(DESK, found(console), account="")
    if wanted:
        console.client.write(Workbook.DESK, wanted, until=until(console))
    return len(wanted)


def send(console, *changes):
    console.client.write(Workbook.DESK, changes, until=until(console))


def sheet(console, title):
    (it,) = [it for it in found(console)["sheets"] if it["properties"]["title"] == title]
    return it


def test_an_empty_workbook_gets_every_tab_and_no_other(console):
    assert build(console)

    titles = [it["properties"]["title"] for it in found(console)["sheets"]]
    assert titles == ["Summary", "Trials", "Licences", "Activity", "Help"]


def test_a_second_run_writes_nothing(console):
    """sheets.md C12."""
    build(console)

    assert build(console) == 0


def test_headings_are_frozen_named_and_explained(console):
    build(console)

    trials = sheet(console, "Trials")
    grid = trials["properties"]["gridProperties"]
    assert (grid["frozenRowCount"], grid["frozenColumnCount"]) == (1, 2)
    head = trials["data"][0]["rowData"][0]["values"]
    told = [cell["userEnteredValue"]["stringValue"] for cell in head[:3]]
    assert told == ["ID", "Name", "Status"]
    assert head[6]["note"].startswith("Choose the next step here.")


def test_only_the_service_columns_are_protected(console):
    build(console)

    place = places(DESK, found(console))["trial"]
    covered = {
        at
        for it in sheet(console, "Trials")["protectedRanges"]
        if it["description"] != "desk: headings"
        for at in range(it["range"].get("startColumnIndex", 0), it["range"]["endColumnIndex"])
    }
    staff = {place.columns[name] for name in ("action", "confirm", "reason", "owner", "notes")}
    assert covered == set(place.columns.values()) - staff


def test_protections_let_our_own_account_in(console):
    """sheets.md A5: else it locks itself out."""
    wanted = requests(DESK, found(console), account="desk@service.example")

    made = [it["addProtectedRange"]["protectedRange"] for it in wanted if "addProtectedRange" in it]
    assert made
    assert all(it["editors"] == {"users": ["desk@service.example"]} for it in made)


@pytest.mark.parametrize("gone", ["protectedRanges", "conditionalFormats", "filterViews"])
def test_what_somebody_took_away_is_put_back_once(console, gone):
    build(console)
    (first, *_) = sheet(console, "Trials")[gone]
    sheet_id = sheet(console, "Trials")["properties"].get("sheetId", 0)
    send(
        console,
        {
            "protectedRanges": {
                "deleteProtectedRange": {"protectedRangeId": first.get("protectedRangeId")}
            },
            "conditionalFormats": {
                "deleteConditionalFormatRule": {"sheetId": sheet_id, "index": 0}
            },
            "filterViews": {"deleteFilterView": {"filterId": first.get("filterViewId")}},
        }[gone],
    )

    assert build(console) == 1
    assert build(console) == 0


def test_a_deleted_column_is_put_back_where_it_was(console):
    build(console)
    place = places(DESK, found(console))["trial"]
    at = place.columns["waiting_for"]
    span = {"sheetId": place.sheet_id, "dimension": "COLUMNS", "startIndex": at, "endIndex": at + 1}
    send(console, {"deleteDimension": {"range": span}})
    assert "trial" not in places(DESK, found(console))

    build(console)

    assert places(DESK, found(console))["trial"] == place
    assert build(console) == 0


def test_a_column_that_is_put_back_is_dressed_and_no_other(console):
    """sheets.md A3: without its text format, Enter in a cell would parse what is in it."""
    build(console)
    at = places(DESK, found(console))["trial"].columns["notes"]
    span = {"sheetId": places(DESK, found(console))["trial"].sheet_id, "dimension": "COLUMNS"}
    send(console, {"deleteDimension": {"range": {**span, "startIndex": at, "endIndex": at + 1}}})

    wanted = requests(DESK, found(console), account="")
    dressed = [it["repeatCell"]["range"] for it in wanted if "repeatCell" in it]

    assert {it["startColumnIndex"] for it in dressed} == {at}


def test_a_renamed_tab_gets_its_name_back(console):
    build(console)
    sheet_id = sheet(console, "Trials")["properties"].get("sheetId", 0)
    renamed = {"sheetId": sheet_id, "title": "Old ones"}
    send(console, {"updateSheetProperties": {"properties": renamed, "fields": "title"}})

    assert build(console) == 1
    assert sheet(console, "Trials")["properties"].get("sheetId", 0) == sheet_id


def test_tabs_are_dressed_again_when_their_declaration_has_changed(console):
    build(console)
    by_key = {"developerMetadataLookup": {"metadataKey": "desk.looks"}}
    older = {"metadataValue": "older"}
    send(
        console,
        {
            "updateDeveloperMetadata": {
                "dataFilters": [by_key],
                "developerMetadata": older,
                "fields": "metadataValue",
            }
        },
    )

    assert build(console) > len(DESK)
    assert build(console) == 0


def test_tabs_and_rules_of_the_staff_stay(console):
    send(console, {"addSheet": {"properties": {"title": "Trials", "sheetId": 5}}})
    cells = [{"values": [{"userEnteredValue": {"stringValue": "Our own list"}}]}]
    start = {"sheetId": 5, "rowIndex": 0, "columnIndex": 0}
    send(console, {"updateCells": {"start": start, "rows": cells, "fields": "userEnteredValue"}})
    build(console)

    titles = [it["properties"]["title"] for it in found(console)["sheets"]]
    assert sorted(titles) == [
        "Activity",
        "Help",
        "Licences",
        "Sheet1",
        "Summary",
        "Trials",
        "Trials (desk)",
    ]
    assert sheet(console, "Trials")["data"][0]["rowData"][0]["values"][0]["userEnteredValue"] == {
        "stringValue": "Our own list"
    }
    assert build(console) == 0


def test_each_queue_has_the_views_that_apply_to_it(console):
    """sheets.md C4."""
    build(console)

    titles = [it["title"] for it in sheet(console, "Trials")["filterViews"]]
    assert titles == [
        "Waiting on us",
        "Waiting on partner",
        "Needs a person",
        "Overdue",
        "Closed this month",
    ]
    assert [it.title for it in CASES.views] == [titles[0], *titles[2:]]
    (ours, *_) = CASES.views
    assert ours.conditions[0].value == {"userEnteredValue": "Compliance"}


def test_a_board_is_protected_as_a_whole(console):
    build(console)

    (protected,) = sheet(console, "Summary")["protectedRanges"]
    assert protected["description"] == "desk: board"
    assert set(protected["range"]) <= {"sheetId"}
    (switch,) = protected["unprotectedRanges"]
    corner = (switch["startRowIndex"], switch["endRowIndex"], switch["startColumnIndex"])
    assert corner == (1, 2, 3)


def test_help_is_filled_when_it_is_built(console):
    build(console)

    (block,) = console.client.read(Workbook.DESK, ["Help"], until=until(console))
    told = {row[0]: row[1] for row in block if len(row) > 1}
    assert told["Allow another trial!"].startswith("Gives a second trial")
    assert told["Held by Compliance"] == "Waits for somebody, or is due soon"
    assert told["Delete a row"].startswith("An open record's row comes back")


def test_the_summary_has_its_charts_once(console):
    build(console)
    (first, *_) = sheet(console, "Summary")["charts"]
    assert first["spec"]["title"] == "Trials by status"
    send(console, {"deleteEmbeddedObject": {"objectId": first["chartId"]}})

    assert build(console) == 1
    assert build(console) == 0


def test_a_chart_whose_cells_moved_shows_the_right_ones_again(console):
    build(console)
    sheet_id = sheet(console, "Summary")["properties"].get("sheetId", 0)
    span = {"sheetId": sheet_id, "dimension": "ROWS", "startIndex": 2, "endIndex": 3}
    send(console, {"insertDimension": {"range": span}})

    charts = len(sheet(console, "Summary")["charts"])
    assert build(console) == charts
    assert build(console) == 0


def test_a_message_holds_what_is_wanted_in_spite_of_dropped_zeros_and_rough_colours():
    there = {"range": {"endRowIndex": 1}, "colour": {"red": 0.8509804}, "more": 1}

    assert holds(there, {"range": {"sheetId": 0, "startRowIndex": 0, "endRowIndex": 1}})
    assert holds(there, {"colour": {"red": 217 / 255, "green": 0.0}})
    assert not holds(there, {"range": {"sheetId": 3}})
    assert not holds({"list": [1]}, {"list": [1, 2]})
    assert not holds({}, {"list": [1]})
