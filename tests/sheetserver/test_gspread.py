"""The call table of sheets.md B5, made by an unmodified gspread 6."""

import gspread
import pytest
from gspread.utils import (
    DateTimeOption,
    Dimension,
    InsertDataOption,
    MergeType,
    PasteType,
    ValidationConditionType,
    ValueInputOption,
    ValueRenderOption,
)


@pytest.fixture
def book(server):
    made = server.gspread.create("A book")
    yield made
    server.gspread.del_spreadsheet(made.id)


@pytest.fixture
def tab(book):
    tab = book.sheet1
    tab.update([["id", "name", "seats"], ["b", "Beta", 20], ["a", "Alpha", 10]], "A1")
    return tab


def test_a_spreadsheet_is_created_found_by_title_and_deleted(server):
    made = server.gspread.create("Found by title")

    assert server.gspread.open("Found by title").id == made.id
    assert server.gspread.open_by_key(made.id).title == "Found by title"
    assert made.id in [each.id for each in server.gspread.openall()]
    server.gspread.del_spreadsheet(made.id)
    with pytest.raises(gspread.SpreadsheetNotFound):
        server.gspread.open("Found by title")
    with pytest.raises(gspread.SpreadsheetNotFound):
        server.gspread.open_by_key(made.id)


def test_a_spreadsheet_is_copied_with_its_cells(server, book, tab):
    copy = server.gspread.copy(book.id, title="Copied", copy_permissions=False)

    assert copy.sheet1.get_all_values() == tab.get_all_values()
    assert copy.title == "Copied"


def test_rights_are_given_listed_and_taken(book):
    book.share("friend@example.com", perm_type="user", role="writer", notify=False)

    listed = {each["emailAddress"]: each["role"] for each in book.list_permissions()}
    assert listed["friend@example.com"] == "writer"
    book.remove_permissions("friend@example.com", role="writer")
    assert "friend@example.com" not in [each["emailAddress"] for each in book.list_permissions()]


def test_a_new_tab_has_a_size_and_is_found_by_its_title(book):
    added = book.add_worksheet("Deals", rows=5, cols=3)

    assert (added.row_count, added.col_count) == (5, 3)
    assert [each.title for each in book.worksheets()] == ["Sheet1", "Deals"]
    assert book.worksheet("Deals").id == added.id
    book.del_worksheet(added)
    with pytest.raises(gspread.WorksheetNotFound):
        book.worksheet("Deals")


def test_a_tab_is_duplicated_renamed_hidden_and_reordered(book, tab):
    copy = tab.duplicate(new_sheet_name="Copy", insert_sheet_index=0)
    copy.update_title("Copy of it")
    copy.update_tab_color("#00ff00")
    copy.hide()

    assert [each.title for each in book.worksheets()] == ["Copy of it", "Sheet1"]
    assert book.worksheet("Copy of it").get_all_values() == tab.get_all_values()
    assert book.worksheet("Copy of it").isSheetHidden
    copy.show()
    book.reorder_worksheets([tab, copy])
    assert [each.title for each in book.worksheets()] == ["Sheet1", "Copy of it"]


def test_values_are_read_in_every_rendering(tab):
    tab.update([["=1+1", "5%", "2020-01-01", True]], "A5", raw=False)

    assert tab.get("A5:D5") == [["2", "5%", "2020-01-01", "TRUE"]]
    plain = ValueRenderOption.unformatted
    assert tab.get("A5:D5", value_render_option=plain) == [[2, 0.05, 43831, True]]
    dated = tab.get(
        "A5:D5", value_render_option=plain, date_time_render_option=DateTimeOption.formatted_string
    )
    assert dated == [[2, 0.05, "2020-01-01", True]]
    assert tab.get("A5", value_render_option=ValueRenderOption.formula) == [["=1+1"]]


def test_raw_values_stay_what_they_are(tab):
    tab.update([["=1+1", "5%", "00123", 7, False]], "A5", value_input_option=ValueInputOption.raw)

    read = tab.get("A5:E5", value_render_option=ValueRenderOption.unformatted)
    assert read == [["=1+1", "5%", "00123", 7, False]]


def test_rows_columns_and_records_are_read(tab):
    assert tab.row_values(1) == ["id", "name", "seats"]
    assert tab.col_values(2) == ["name", "Beta", "Alpha"]
    assert tab.get_all_records()[1] == {"id": "a", "name": "Alpha", "seats": 10}
    assert tab.get("A1:B3", major_dimension=Dimension.cols) == [
        ["id", "b", "a"],
        ["name", "Beta", "Alpha"],
    ]
    assert tab.batch_get(["A1:B1", "C2:C3"]) == [[["id", "name"]], [["20"], ["10"]]]


def test_cells_are_updated_one_by_one_and_together(tab):
    tab.update_cell(2, 3, 25)
    tab.update_acell("B3", "Alfa")
    cells = tab.range("A2:A3")
    for cell in cells:
        cell.value = cell.value.upper()
    tab.update_cells(cells)
    tab.batch_update([{"range": "C3", "values": [[11]]}, {"range": "A4", "values": [["c"]]}])

    assert tab.get_all_values()[1:] == [["B", "Beta", "25"], ["A", "Alfa", "11"], ["c", "", ""]]


def test_rows_are_appended_below_the_table(tab):
    answer = tab.append_rows([["c", "Gamma", 30], ["d", "Delta", 40]])

    assert answer["tableRange"] == "Sheet1!A1:C3"
    assert answer["updates"]["updatedRange"] == "Sheet1!A4:C5"
    tab.append_row(["x"], table_range="A1", insert_data_option=InsertDataOption.insert_rows)
    assert tab.get("A6") == [["x"]]


def test_values_are_cleared_alone_and_in_batches(tab):
    tab.batch_clear(["A2", "B3:C3"])
    assert tab.get_all_values()[1:] == [["", "Beta", "20"], ["a", "", ""]]
    tab.clear()
    assert tab.get_all_values() == [[]]


def test_cells_are_found_by_text(tab):
    assert tab.find("Alpha").address == "B3"
    assert [each.address for each in tab.findall("20")] == ["C2"]


def test_rows_are_sorted_inserted_deleted_and_the_grid_resized(tab):
    tab.sort((1, "asc"), range="A2:C3")
    assert tab.col_values(1) == ["id", "a", "b"]
    tab.insert_row(["n"], index=2)
    assert tab.col_values(1) == ["id", "n", "a", "b"]
    tab.delete_rows(2)
    assert tab.col_values(1) == ["id", "a", "b"]
    tab.insert_cols([["first"]], col=1)
    assert tab.row_values(1) == ["first", "id", "name", "seats"]
    tab.delete_columns(1)
    tab.add_rows(5)
    tab.resize(rows=50, cols=4)
    assert (tab.row_count, tab.col_count) == (50, 4)


def test_rows_are_frozen_and_hidden_and_columns_sized(book, tab):
    tab.freeze(rows=1, cols=1)
    tab.hide_rows(1, 2)
    tab.hide_columns(2, 3)
    tab.columns_auto_resize(0, 1)

    assert (tab.frozen_row_count, tab.frozen_col_count) == (1, 1)
    shown = book.fetch_sheet_metadata({"includeGridData": "true"})["sheets"][0]["data"][0]
    assert shown["rowMetadata"][1]["hiddenByUser"]
    assert shown["columnMetadata"][2]["hiddenByUser"]
    assert shown["columnMetadata"][0]["pixelSize"] < 100
    tab.unhide_rows(1, 2)
    shown = book.fetch_sheet_metadata({"includeGridData": "true"})["sheets"][0]["data"][0]
    assert "hiddenByUser" not in shown["rowMetadata"][1]


def test_rows_and_columns_are_grouped(tab):
    tab.add_dimension_group_rows(1, 3)
    tab.add_dimension_group_columns(0, 2)
    assert tab.list_dimension_group_rows()[0]["depth"] == 1
    assert tab.list_dimension_group_columns()[0]["range"]["endIndex"] == 2
    tab.delete_dimension_group_rows(1, 3)
    assert tab.list_dimension_group_rows() == []


def test_formats_are_written_and_read(book, tab):
    tab.format("A1:C1", {"textFormat": {"bold": True}, "backgroundColor": {"red": 1}})
    tab.batch_format(
        [{"range": "C2:C3", "format": {"numberFormat": {"type": "NUMBER", "pattern": "0.0"}}}]
    )

    assert tab.get("C2") == [["20.0"]]
    shown = book.fetch_sheet_metadata({"includeGridData": "true", "ranges": "A1"})
    cell = shown["sheets"][0]["data"][0]["rowData"][0]["values"][0]
    assert cell["userEnteredFormat"]["textFormat"]["bold"] is True
    assert cell["userEnteredFormat"]["backgroundColorStyle"] == {"rgbColor": {"red": 1}}


def test_notes_are_written_read_and_taken_away(tab):
    tab.update_notes({"A1": "first", "B2": "second"})
    assert tab.get_note("A1") == "first"
    assert tab.get_notes() == [["first"], ["", "second"]]
    tab.clear_note("A1")
    assert tab.get_note("A1") == ""


def test_cells_are_merged_copied_and_cut(tab):
    tab.merge_cells("A5:B6", merge_type=MergeType.merge_all)
    tab.unmerge_cells("A5:B6")
    tab.copy_range("A1:C1", "A7:C7")
    assert tab.row_values(7) == ["id", "name", "seats"]
    tab.cut_range("A7:C7", "A8", paste_type=PasteType.normal)
    assert tab.row_values(7) == []
    assert tab.row_values(8) == ["id", "name", "seats"]


def test_a_filter_and_a_validation_are_set(tab):
    tab.set_basic_filter("A1:C3")
    tab.clear_basic_filter()
    tab.add_validation(
        "A2:A9",
        ValidationConditionType.one_of_list,
        ["a", "b"],
        strict=True,
        showCustomUi=True,
        inputMessage="Choose",
    )


def test_ranges_are_named_and_found_by_name(book, tab):
    tab.define_named_range("A2:A3", "ids")
    assert tab.get("ids") == [["b"], ["a"]]
    named = book.list_named_ranges()[0]
    assert named["name"] == "ids"
    tab.delete_named_range(named["namedRangeId"])
    assert book.list_named_ranges() == []


def test_ranges_are_protected_and_freed(book, tab):
    tab.add_protected_range("A1:C1", editor_users_emails=["ana@example.com"], description="heading")
    protected = book.list_protected_ranges(tab.id)
    assert protected[0]["requestingUserCanEdit"]
    assert protected[0]["description"] == "heading"
    tab.delete_protected_range(protected[0]["protectedRangeId"])
    assert book.list_protected_ranges(tab.id) == []


def test_a_tab_is_copied_to_another_spreadsheet(server, tab):
    other = server.gspread.create("Another")
    tab.copy_to(other.id)

    assert other.worksheet("Copy of Sheet1").get_all_values() == tab.get_all_values()


def test_a_spreadsheet_is_renamed_and_its_locale_and_zone_are_known(server, book):
    book.update_title("Renamed")
    book.update_timezone("Europe/Berlin")

    again = server.gspread.open_by_key(book.id)
    assert (again.title, again.timezone, again.locale) == ("Renamed", "Europe/Berlin", "en_US")


def test_what_is_not_modelled_is_refused_by_name(book):
    with pytest.raises(gspread.exceptions.APIError, match="drive export: not modelled"):
        book.export()
    with pytest.raises(gspread.exceptions.APIError, match="locale de_DE: not modelled"):
        book.update_locale("de_DE")
