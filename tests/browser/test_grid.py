"""The browser grid as people use it: with mouse, keys, clipboard, on a phone, without script."""

import re
import socket
import threading

import pytest
import uvicorn
from playwright.sync_api import expect

from tests.gridbook import (
    ACTION,
    ANA,
    BEN,
    CONFIRM,
    DEALS,
    DUE,
    HELP,
    NAME,
    NOTES,
    PERSONAS,
    REASON,
    RIA,
    SEATS,
    STATUS,
    SUMMARY,
    a_server,
    a_workbook,
    area,
    cell,
    change,
    inserted,
    numbered,
    put,
    ruled,
    styled,
    value_at,
    write,
)

pytestmark = pytest.mark.e2e


class Running:
    """A server on a port of its own, and the workbook in it."""

    def __init__(self, folder):
        listening = socket.create_server(("127.0.0.1", 0))
        port = listening.getsockname()[1]
        self.app = a_server(folder, port)
        self.engine = self.app.engine
        self.root = self.app.settings.root
        self.book = ""
        self._server = uvicorn.Server(uvicorn.Config(self.app, log_level="error"))
        self._thread = threading.Thread(target=self._server.run, kwargs={"sockets": [listening]})
        self._thread.start()

    def stop(self):
        self._server.force_exit = self._server.should_exit = True
        self._thread.join()
        self.app.close()

    def put(self, row, column, value, **parts):
        put(self.engine, self.book, row, column, value, **parts)

    def change(self, *requests):
        change(self.engine, self.book, *requests)

    def value(self, row, column, sheet=DEALS):
        return value_at(self.engine, self.book, row, column, sheet=sheet)


@pytest.fixture(scope="module")
def running(tmp_path_factory):
    made = Running(tmp_path_factory.mktemp("sheets"))
    yield made
    made.stop()


@pytest.fixture
def server(running):
    """The server, with a workbook that nobody has touched."""
    running.book = a_workbook(running.engine)
    return running


@pytest.fixture(scope="module")
def cookies(chromium, running):
    """What the browser keeps of each persona, chosen once."""
    kept = {}
    for persona in PERSONAS:
        context = chromium.new_context()
        page = context.new_page()
        page.goto(f"{running.root}/persona")
        page.get_by_role("button", name=persona.name).click()
        page.wait_for_url(f"{running.root}/")
        kept[persona.email] = context.storage_state()
        context.close()
    return kept


@pytest.fixture
def enter(chromium, server, cookies):
    """Open the workbook as somebody; an error in a script fails the test."""
    contexts, errors = [], []

    def open_as(persona=ANA, sheet=DEALS, **parts):
        parts = {"viewport": {"width": 1280, "height": 720}} | parts
        context = chromium.new_context(storage_state=cookies[persona.email], **parts)
        contexts.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.goto(f"{server.root}/grid/{server.book}?sheet={sheet}")
        page.wait_for_selector("body[data-whole]")
        expect(page.locator(".status")).to_have_text("Live")
        return page

    yield open_as
    for context in contexts:
        context.close()
    assert errors == []


@pytest.fixture
def page(enter):
    return enter()


def at(page, row, column):
    """Return a cell on the screen, counted from 0."""
    return page.locator(f"#cell-{row}-{column}")


def saved(page):
    expect(page.locator("body")).not_to_have_class(re.compile("saving"))


def names(page):
    """Return the IDs of the rows on the screen, from top to bottom."""
    cells = page.locator(".body .cell[data-place='0']")
    shown = cells.evaluate_all(
        "all => all.map(e => [e.getBoundingClientRect().top, e.innerText])"
        ".sort((a, b) => a[0] - b[0]).map(each => each[1])"
    )
    return [name for name in shown if name]


def paste(page, text):
    page.evaluate(
        """text => {
          const clipboardData = new DataTransfer();
          clipboardData.setData("text/plain", text);
          clipboardData.setData("text/html", "<img src=x onerror=alert(1)>");
          const event = new ClipboardEvent("paste", {clipboardData, bubbles: true});
          document.activeElement.dispatchEvent(event);
        }""",
        text,
    )


def copied(page):
    return page.evaluate(
        """() => {
          const clipboardData = new DataTransfer();
          const event = new ClipboardEvent("copy", {clipboardData, bubbles: true});
          document.activeElement.dispatchEvent(event);
          return clipboardData.getData("text/plain");
        }"""
    )


def test_a_person_chooses_a_persona_and_a_workbook(chromium, server):
    page = chromium.new_page()
    page.goto(server.root)
    page.get_by_role("button", name=ANA.name).click()
    page.get_by_role("link", name="Partner desk").first.click()

    expect(page.get_by_role("tab", name="Summary")).to_have_attribute("aria-selected", "true")
    expect(page.locator(".persona")).to_have_text(ANA.name)
    page.close()


def test_tabs_change_by_mouse_and_keys(page):
    page.get_by_role("tab", name="Help").click()
    expect(at(page, 0, 0)).to_have_text("Step")

    page.locator("#grid").press("Control+PageUp")
    expect(page.get_by_role("tab", name="Deals")).to_have_attribute("aria-selected", "true")
    page.locator("#grid").press("Control+PageUp")
    expect(page.get_by_role("tab", name="Summary")).to_have_attribute("aria-selected", "true")
    expect(at(page, 4, 0)).to_have_text("Approved")


def test_the_heading_row_and_the_first_columns_stay_in_sight(enter):
    page = enter(viewport={"width": 900, "height": 360})
    page.locator(".scroller").evaluate("view => view.scrollTo(600, 300)")

    expect(at(page, 0, STATUS + 3)).to_be_in_viewport()
    expect(page.locator(".head .number").last).to_have_text("1")
    visible = "e => document.elementFromPoint(e.getBoundingClientRect().left + 5, "
    visible += "e.getBoundingClientRect().top + 5).closest('.cell') === e"
    assert at(page, 12, NAME).evaluate(visible)


def test_rows_keep_the_numbers_they_have_for_everybody(page):
    row = page.locator(".row", has=at(page, 3, 0))

    expect(row.locator(".number")).to_have_text("4")
    expect(row).to_have_attribute("aria-rowindex", "4")
    expect(row.get_by_role("gridcell").first).to_have_text("DEAL-0003")


def test_hidden_columns_are_not_there_and_widths_are_kept(page):
    assert page.get_by_text("DEAL-0001@1").count() == 0
    assert at(page, 1, NAME).evaluate("e => e.offsetWidth") == 190


def test_numbers_dates_and_colours_are_shown_as_the_sheet_says(page):
    expect(at(page, 1, DUE)).to_have_text("25 Nov 2026")
    expect(at(page, 1, STATUS)).to_have_css("background-color", "rgb(255, 242, 204)")
    expect(at(page, 3, STATUS)).to_have_css("background-color", "rgb(244, 204, 204)")
    expect(at(page, 1, SEATS)).to_have_css("justify-content", "flex-end")


def test_a_step_is_chosen_with_the_keyboard_alone(page, server):
    at(page, 2, ACTION).click()
    page.keyboard.press("Alt+ArrowDown")
    expect(page.get_by_role("option")).to_have_count(4)
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")

    expect(at(page, 2, ACTION).locator(".text")).to_have_text("Ask for information")
    saved(page)
    assert server.value(2, ACTION) == "Ask for information"


def test_typing_into_a_dropdown_narrows_it(page, server):
    at(page, 2, ACTION).click()
    page.keyboard.type("rej")
    expect(page.get_by_role("option")).to_have_count(1)
    page.keyboard.press("Tab")

    saved(page)
    assert server.value(2, ACTION) == "Reject"


def test_a_step_is_chosen_with_the_mouse(page, server):
    at(page, 2, ACTION).locator(".open").click()
    page.get_by_role("option", name="Extend").click()

    expect(at(page, 2, ACTION).locator(".text")).to_have_text("Extend")
    saved(page)
    assert server.value(2, ACTION) == "Extend"


def test_a_chosen_step_can_be_emptied_again(page, server):
    server.put(2, ACTION, "Extend")
    expect(at(page, 2, ACTION).locator(".text")).to_have_text("Extend")
    at(page, 2, ACTION).click()
    page.keyboard.press("Delete")

    expect(at(page, 2, ACTION).locator(".text")).to_have_text("")
    saved(page)
    assert server.value(2, ACTION) is None


def test_a_dropdown_refuses_what_it_does_not_list(page, server):
    at(page, 2, ACTION).click()
    page.keyboard.type("Dance")
    expect(page.get_by_text("No such entry")).to_be_visible()
    page.keyboard.press("Enter")

    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("F3 cannot take this value. Choose one of: Approve")
    dialog.get_by_role("button", name="Close").click()
    assert server.value(2, ACTION) is None
    expect(at(page, 2, ACTION).locator(".text")).to_have_text("")


def test_a_box_is_ticked_by_space_and_by_click(page, server):
    at(page, 1, CONFIRM).click(position={"x": 5, "y": 5})
    page.keyboard.press("Space")
    expect(at(page, 1, CONFIRM).get_by_role("checkbox")).to_have_attribute("aria-checked", "true")
    saved(page)
    assert server.value(1, CONFIRM) is True

    at(page, 1, CONFIRM).locator(".tick").click()
    expect(at(page, 1, CONFIRM).get_by_role("checkbox")).to_have_attribute("aria-checked", "false")
    saved(page)
    assert server.value(1, CONFIRM) is False


def test_a_protected_cell_is_grey_and_says_so(page, server):
    expect(at(page, 1, NAME)).to_have_attribute("aria-readonly", "true")
    expect(at(page, 1, REASON)).not_to_have_attribute("aria-readonly", "true")
    expect(at(page, 1, NAME)).to_have_css("background-color", "rgb(241, 243, 242)")
    at(page, 1, NAME).click()
    expect(page.locator(".detail .tag")).to_have_text("Read only")
    page.keyboard.type("x")

    expect(page.locator(".notice")).to_contain_text("B2 is read only")
    expect(page.locator(".editor")).to_be_hidden()
    assert server.value(1, NAME) == "Partner 1 GmbH & Co"


def test_a_reader_can_look_but_not_edit(enter):
    page = enter(RIA)
    expect(page.locator(".mode")).to_have_text("Read only")
    at(page, 1, REASON).click()
    page.keyboard.press("Enter")
    page.keyboard.type("x")

    expect(page.locator(".notice")).to_contain_text("You may read this workbook")


def test_a_note_is_shown_on_hover_on_focus_and_spoken(page):
    note = "Fill in Customer: who will run it?"
    at(page, 3, STATUS).hover()
    expect(page.get_by_role("tooltip")).to_have_text(note)
    at(page, 5, NAME).hover()
    expect(page.get_by_role("tooltip")).to_be_hidden()

    at(page, 2, STATUS).click()
    page.keyboard.press("ArrowDown")
    expect(page.get_by_role("tooltip")).to_have_text(note)
    expect(at(page, 3, STATUS)).to_have_attribute("aria-description", f"Note: {note}")
    expect(page.locator("#speech")).to_have_text(
        f"C4, Status, Needs a person, Read only, Note: {note}"
    )


def test_links_open_elsewhere_without_a_trace(page):
    link = at(page, 1, 12).locator("a")

    expect(link).to_have_attribute("href", "http://127.0.0.1:8080/deals/1")
    expect(link).to_have_attribute("rel", "noopener noreferrer")
    expect(link).to_have_attribute("target", "_blank")


def test_typing_replaces_enter_moves_on_and_escape_gives_up(page, server):
    at(page, 1, REASON).click()
    page.keyboard.type("Budget")
    page.keyboard.press("Enter")
    page.keyboard.type("never mind")
    page.keyboard.press("Escape")

    expect(at(page, 1, REASON)).to_have_text("Budget")
    expect(at(page, 2, REASON)).to_have_text("")
    expect(at(page, 2, REASON)).to_have_class(re.compile("active"))
    saved(page)
    assert server.value(1, REASON) == "Budget"
    assert server.value(2, REASON) is None


def test_a_cell_is_opened_as_it_is_with_f2_and_double_click(page, server):
    server.put(1, REASON, "Budget")
    expect(at(page, 1, REASON)).to_contain_text("Budget")
    at(page, 1, REASON).click()
    page.keyboard.press("F2")
    page.keyboard.press("End")
    page.keyboard.type(" is gone")
    page.keyboard.press("Tab")
    saved(page)
    assert server.value(1, REASON) == "Budget is gone"

    at(page, 1, REASON).dblclick()
    expect(page.locator(".editor textarea")).to_have_value("Budget is gone")
    page.keyboard.press("Escape")


def test_a_line_break_is_typed_with_alt_enter(page, server):
    at(page, 1, REASON).click()
    page.keyboard.type("one")
    page.keyboard.press("Alt+Enter")
    page.keyboard.type("two")
    page.keyboard.press("Enter")

    saved(page)
    assert server.value(1, REASON) == "one\ntwo"


def test_the_usual_keys_move_and_select(page):
    at(page, 1, 0).click()
    moves = [
        ("ArrowDown", "A3"), ("ArrowRight", "B3"), ("Home", "A3"), ("End", "M3"),
        ("Control+Home", "A2"), ("Control+ArrowDown", "A13"), ("Control+End", "M13"),
        ("Shift+Tab", "L13"), ("Tab", "M13"), ("Control+ArrowUp", "M1"),
    ]  # fmt: skip
    for key, name in moves:
        page.keyboard.press(key)
        expect(page.locator(".detail .name")).to_have_text(name)
    page.keyboard.press("Shift+ArrowDown")
    page.keyboard.press("Shift+ArrowLeft")
    expect(page.locator(".detail .name")).to_have_text(re.compile("2 . 2"))
    expect(page.locator("[aria-selected=true].cell")).to_have_count(4)


def test_the_keyboard_can_leave_the_grid(page):
    at(page, 1, 0).click()
    page.keyboard.press("Escape")
    page.keyboard.press("Tab")

    expect(page.locator("#grid")).not_to_be_focused()


def test_cells_are_copied_as_a_spreadsheet_takes_them(page, server):
    server.put(1, REASON, 'He said "no"\ttwice')
    server.put(1, REASON + 1, "line one\nline two")
    expect(at(page, 1, REASON)).to_contain_text("no")
    at(page, 1, REASON).click()
    page.keyboard.press("Shift+ArrowRight")
    page.keyboard.press("Shift+ArrowDown")

    text = copied(page)

    assert text.split("\n2")[0] == (
        '"He said ""no""\ttwice"\t"line one\nline two"\n\t✓ 14:02 In progress (ana@example.com)'
    )


def test_cells_of_another_spreadsheet_are_pasted(page, server):
    at(page, 1, REASON).click()
    paste(page, 'Budget\r\n"two\nlines"\r\n=1+1\r\n')

    saved(page)
    expect(at(page, 3, REASON)).to_have_text("=1+1")
    assert [server.value(row, REASON) for row in (1, 2, 3)] == ["Budget", "two\nlines", "=1+1"]


def test_one_value_is_pasted_into_all_that_is_selected(page, server):
    at(page, 1, ACTION).click()
    at(page, 4, ACTION).click(modifiers=["Shift"])
    paste(page, "Extend")

    saved(page)
    expect(at(page, 4, ACTION).locator(".text")).to_have_text("Extend")
    assert [server.value(row, ACTION) for row in range(1, 6)] == ["Extend"] * 4 + [None]


def test_a_paste_with_a_refused_cell_changes_nothing_and_says_which(page, server):
    at(page, 1, ACTION).click()
    paste(page, "Approve\tTRUE\nDance\tTRUE\nExtend\tTRUE")

    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("Nothing was changed: 1 cell refused.")
    expect(dialog.get_by_role("listitem")).to_have_count(1)
    expect(dialog.get_by_role("listitem")).to_contain_text("F3")
    page.keyboard.press("Escape")
    assert [server.value(row, ACTION) for row in (1, 2, 3)] == [None] * 3
    expect(at(page, 1, ACTION).locator(".text")).to_have_text("")


def test_a_paste_that_does_not_fit_is_refused_in_words(page):
    page.keyboard.press("Control+End")
    paste(page, "a\tb")

    expect(page.locator(".notice")).to_contain_text("do not fit here")


def test_copy_and_paste_within_the_grid_keeps_values_whole(page, server):
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    server.change(
        numbered(area(DEALS, 1, 3, REASON, REASON + 1), "NUMBER", "0.0"),
        write(DEALS, 1, REASON, [cell(3.14159)]),
    )
    expect(at(page, 1, REASON)).to_contain_text("3.1")
    at(page, 1, REASON).click()
    page.keyboard.press("Control+c")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Control+v")

    saved(page)
    expect(at(page, 2, REASON)).to_have_text("3.1")
    assert server.value(2, REASON) == 3.14159


def test_a_cell_is_typed_into_twice_before_the_server_has_answered(page, server):
    server.change(
        numbered(area(DEALS, 1, 2, REASON, REASON + 1), "NUMBER", "#,##0"),
        write(DEALS, 1, REASON, [cell(7)]),
    )
    expect(at(page, 1, REASON)).to_contain_text("7")
    held = []

    def hold(route):
        if held:
            route.continue_()
        held.append(route)

    page.route("**/edit", hold)
    at(page, 1, REASON).click()
    for text in ("1,234", "5,678"):
        page.keyboard.type(text)
        page.keyboard.press("Enter")
        page.keyboard.press("ArrowUp")
    held[0].continue_()

    saved(page)
    assert server.value(1, REASON) == 5678
    page.keyboard.press("Control+z")
    saved(page)
    assert server.value(1, REASON) == 1234


def test_edits_are_undone_and_done_again(page, server):
    at(page, 1, REASON).click()
    paste(page, "one\ntwo")
    saved(page)
    page.keyboard.press("Control+z")
    expect(at(page, 2, REASON)).to_have_text("")
    saved(page)
    assert server.value(1, REASON) is None

    page.keyboard.press("Control+y")
    expect(at(page, 2, REASON)).to_have_text("two")
    saved(page)
    assert server.value(1, REASON) == "one"


def test_undo_does_not_overwrite_what_somebody_wrote_since(page, server):
    at(page, 1, REASON).click()
    page.keyboard.type("mine")
    page.keyboard.press("Enter")
    saved(page)
    server.put(1, REASON, "theirs")
    expect(at(page, 1, REASON)).to_contain_text("theirs")
    page.get_by_role("button", name="Undo").click()

    expect(page.locator(".notice")).to_contain_text("cannot be undone")
    expect(at(page, 1, REASON)).to_contain_text("theirs")
    assert server.value(1, REASON) == "theirs"


def test_undo_finds_its_row_after_others_moved_it(page, server):
    at(page, 1, REASON).click()
    page.keyboard.type("mine")
    page.keyboard.press("Enter")
    saved(page)
    server.change(inserted(DEALS, 1, 4))
    expect(at(page, 4, REASON)).to_have_text("mine")
    page.locator("#grid").press("Control+z")

    expect(at(page, 4, REASON)).to_have_text("")
    saved(page)
    assert server.value(4, REASON) is None


def test_sorting_is_for_oneself_alone(enter, server):
    ana, ben = enter(ANA), enter(BEN)
    before = server.engine.read(server.book).revision
    at(ana, 1, STATUS).click()
    ana.get_by_role("button", name="Filter and sort").click()
    ana.get_by_role("menuitemradio", name="Sort by Status, A to Z").click()

    expect(ana.locator(".strip")).to_contain_text("sorted by Status, A to Z. 12 rows. Only you")
    assert names(ana)[:4] == ["DEAL-0004", "DEAL-0008", "DEAL-0012", "DEAL-0002"]
    assert names(ben)[:3] == ["DEAL-0001", "DEAL-0002", "DEAL-0003"]
    assert server.engine.read(server.book).revision == before
    ana.get_by_role("button", name="Show everything").click()
    assert names(ana)[:3] == ["DEAL-0001", "DEAL-0002", "DEAL-0003"]


def test_an_edit_in_a_sorted_tab_reaches_the_right_row(page, server):
    at(page, 1, DUE).click()
    page.keyboard.press("Control+Shift+L")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    assert names(page)[0] == "DEAL-0012"
    at(page, 12, REASON).click()
    page.keyboard.type("last")
    page.keyboard.press("Enter")

    saved(page)
    assert server.value(12, REASON) == "last"


def test_a_column_is_filtered_by_its_values_and_by_a_word(page):
    at(page, 1, STATUS).click()
    page.get_by_role("button", name="Filter and sort").click()
    page.get_by_role("menuitemradio", name="Filter Status").click()
    page.get_by_role("button", name="None").click()
    page.get_by_label("Waiting").check()
    page.get_by_role("button", name="Apply").click()
    assert names(page) == ["DEAL-0001", "DEAL-0005", "DEAL-0009"]

    at(page, 1, 0).click()
    page.keyboard.press("Control+Shift+L")
    page.get_by_role("menuitemradio", name="Filter ID").click()
    page.get_by_label("Contains").fill("0009")
    page.keyboard.press("Enter")
    expect(page.locator(".strip")).to_contain_text("ID contains “0009”")
    assert names(page) == ["DEAL-0009"]


def test_a_filter_view_is_opened(page):
    page.get_by_role("button", name="Views").click()
    page.get_by_role("menuitemradio", name="Needs a person").click()

    expect(page.locator(".strip")).to_contain_text("View “Needs a person”")
    assert names(page) == ["DEAL-0011", "DEAL-0007", "DEAL-0003"]


def test_a_word_is_found_and_the_next_one_too(page):
    page.keyboard.press("Control+f")
    page.keyboard.type("partner 1")
    expect(page.locator(".finder .count")).to_have_text("1 of 4")
    page.keyboard.press("Enter")
    expect(page.locator(".finder .count")).to_have_text("2 of 4")
    expect(page.locator(".detail .name")).to_have_text("B11")
    expect(page.locator(".cell.hit")).to_have_count(4)
    page.keyboard.press("Escape")
    expect(page.locator(".cell.hit")).to_have_count(0)


def test_rows_are_inserted_moved_and_deleted(enter, server):
    page = enter(sheet=HELP)
    at(page, 1, 0).click()
    page.get_by_role("button", name="Rows").click()
    page.get_by_role("menuitem", name="Insert row above").click()
    expect(at(page, 2, 0)).to_have_text("Approve")
    assert server.value(2, 0, HELP) == "Approve"

    at(page, 2, 0).click()
    page.keyboard.press("Shift+F10")
    page.get_by_role("menuitem", name="Move row up").click()
    expect(at(page, 1, 0)).to_have_text("Approve")

    page.get_by_role("button", name="Rows").click()
    page.get_by_role("menuitem", name="Delete row").click()
    page.get_by_role("dialog").get_by_role("button", name="Delete").click()
    expect(at(page, 1, 0)).to_have_text("")
    assert server.value(1, 0, HELP) is None


def test_a_protected_row_is_not_deleted_and_the_page_says_why(page, server):
    at(page, 1, 0).click()
    page.get_by_role("button", name="Rows").click()
    page.get_by_role("menuitem", name="Delete row").click()
    page.get_by_role("dialog").get_by_role("button", name="Delete").click()

    expect(page.get_by_role("alert")).to_contain_text("protected cell")
    assert server.value(1, 0) == "DEAL-0001"


def test_what_others_do_appears_by_itself_and_is_marked(page, server):
    server.put(2, STATUS, "Approved")

    expect(at(page, 2, STATUS)).to_contain_text("Approved")
    expect(at(page, 2, STATUS)).to_have_class(re.compile("changed"))
    expect(at(page, 2, STATUS)).to_have_css("background-color", "rgb(217, 234, 211)")


def test_two_people_see_each_other(enter):
    ana, ben = enter(ANA), enter(BEN)
    at(ana, 1, REASON).click()
    ana.keyboard.type("from Ana")
    ana.keyboard.press("Enter")

    expect(at(ben, 1, REASON)).to_contain_text("from Ana")


def test_an_open_editor_is_not_overwritten(page, server):
    at(page, 1, REASON).click()
    page.keyboard.type("mine")
    server.put(1, REASON, "theirs")

    warning = page.locator(".meanwhile")
    expect(warning).to_contain_text("Changed meanwhile. It now says “theirs”.")
    expect(page.locator(".editor textarea")).to_have_value("mine")
    page.keyboard.press("Enter")
    dialog = page.get_by_role("dialog", name="Changed meanwhile")
    expect(dialog).to_contain_text("H2 now says “theirs”. You wrote “mine”.")
    dialog.get_by_role("button", name="Keep theirs").click()
    expect(at(page, 1, REASON)).to_contain_text("theirs")
    assert server.value(1, REASON) == "theirs"


def test_after_a_conflict_ones_own_words_can_be_saved(page, server):
    at(page, 1, REASON).click()
    page.keyboard.type("mine")
    server.put(1, REASON, "theirs")
    expect(page.locator(".meanwhile")).to_be_visible()
    page.keyboard.press("Enter")
    page.get_by_role("button", name="Save mine").click()

    expect(at(page, 1, REASON)).to_contain_text("mine")
    saved(page)
    assert server.value(1, REASON) == "mine"


def test_what_is_typed_follows_its_row_when_rows_move(page, server):
    at(page, 3, REASON).click()
    page.keyboard.type("for deal three")
    server.change(inserted(DEALS, 1, 3))
    expect(at(page, 5, 0)).to_have_text("DEAL-0003")
    page.keyboard.press("Enter")

    expect(at(page, 5, REASON)).to_have_text("for deal three")
    saved(page)
    assert server.value(5, REASON) == "for deal three"


def test_a_renamed_and_a_new_tab_appear_by_themselves(page, server):
    properties = {"sheetId": HELP, "title": "Guide"}
    server.change(
        {"updateSheetProperties": {"properties": properties, "fields": "title"}},
        {"addSheet": {"properties": {"sheetId": 9, "title": "Leads"}}},
    )

    expect(page.get_by_role("tab", name="Guide")).to_be_visible()
    expect(page.get_by_role("tab", name="Leads")).to_be_visible()


def test_a_deleted_tab_is_left(page, server):
    server.change({"deleteSheet": {"sheetId": DEALS}})

    expect(page.get_by_role("alert")).to_contain_text("The tab “Deals” was removed.")
    expect(page.get_by_role("tab", name="Summary")).to_have_attribute("aria-selected", "true")


def test_a_lost_connection_is_told_and_what_was_missed_is_caught_up(page, server):
    page.context.set_offline(True)
    page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    at(page, 1, REASON).click()
    page.keyboard.type("offline")
    page.keyboard.press("Enter")
    expect(page.get_by_role("alert")).to_contain_text("Nothing was saved")
    expect(at(page, 1, REASON)).to_have_text("")
    server.put(2, REASON, "meanwhile")
    page.context.set_offline(False)

    expect(at(page, 2, REASON)).to_contain_text("meanwhile", timeout=10_000)


TRICKS = [
    "<img src=x onerror=\"window.ran='img'\">",
    "<script>window.ran='script'</script>",
    '"><svg onload="window.ran=\'svg\'">',
    "'-(window.ran='quote')-'",
    "javascript:window.ran='link'",
    "{{7*7}}${window.ran='template'}",
]


@pytest.mark.parametrize("trick", TRICKS)
def test_no_markup_in_any_text_ever_runs(enter, server, trick):
    link = {"textFormat": {"link": {"uri": trick}}}
    place = area(DEALS, 1, 2, ACTION, ACTION + 1)
    view = {"title": trick, "range": area(DEALS, 0, 13, 0, 14)}
    server.change(
        write(DEALS, 0, NAME, [cell(trick)]),
        write(
            DEALS, 1, NAME, [cell(trick, note=trick, userEnteredFormat=link)],
            fields="userEnteredValue,note,userEnteredFormat.textFormat",
        ),
        ruled(place, "ONE_OF_LIST", trick, "Approve", inputMessage=trick),
        {"addFilterView": {"filter": view}},
        {"updateSheetProperties": {
            "properties": {"sheetId": DEALS, "title": trick}, "fields": "title",
        }},
        {"updateSpreadsheetProperties": {"properties": {"title": trick}, "fields": "title"}},
    )  # fmt: skip
    page = enter()
    at(page, 1, NAME).click()
    at(page, 1, NAME).hover()
    expect(page.get_by_role("tooltip")).to_have_text(trick)
    assert at(page, 1, NAME).locator("a").count() == 0
    page.keyboard.press("Control+Enter")
    page.keyboard.press("Control+Shift+L")
    page.get_by_role("menuitemradio", name="Filter").click()
    expect(page.get_by_role("dialog")).to_contain_text(trick)
    page.get_by_role("button", name="Cancel").click()
    page.get_by_role("button", name="Views").click()
    page.get_by_role("menuitemradio").last.click()
    expect(page.locator(".strip")).to_contain_text(trick)
    at(page, 1, ACTION).click()
    page.keyboard.press("Alt+ArrowDown")
    expect(page.get_by_role("option").first).to_have_text(trick)
    page.keyboard.press("Enter")
    at(page, 1, REASON).click()
    paste(page, trick)
    saved(page)
    page.keyboard.press("Delete")
    saved(page)
    server.put(1, REASON, trick)
    expect(at(page, 1, REASON)).to_contain_text(trick)

    assert page.evaluate("window.ran") is None
    assert page.locator("#app img, #app svg:not(.chart), #app script").count() == 0


def test_the_grid_has_the_roles_a_screen_reader_needs(page):
    grid = page.get_by_role("grid", name="Deals")
    expect(grid).to_have_attribute("aria-rowcount", "33")
    expect(grid).to_have_attribute("aria-colcount", "14")
    expect(page.get_by_role("columnheader", name="Status")).to_have_attribute("aria-colindex", "3")
    expect(page.get_by_role("rowheader", name="2", exact=True)).to_have_count(1)
    at(page, 1, ACTION).click()
    expect(grid).to_have_attribute("aria-activedescendant", f"cell-1-{ACTION}")
    expect(at(page, 1, ACTION)).to_have_attribute("aria-haspopup", "listbox")
    expect(page.get_by_role("tablist", name="Tabs").get_by_role("tab")).to_have_count(3)
    expect(page.locator("#speech")).to_have_attribute("aria-live", "polite")
    page.keyboard.press("Alt+ArrowDown")
    box = page.get_by_role("combobox")
    expect(box).to_have_attribute("aria-activedescendant", "choice-0")
    expect(box).to_have_attribute("aria-label", "F2 Action")


CONTRAST = """
() => {
  const parse = (text) => text.match(/[\\d.]+/g).map(Number);
  const light = (colour) => {
    const [r, g, b] = colour.map((part) => {
      const each = part / 255;
      return each <= 0.04045 ? each / 12.92 : ((each + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const ground = (element) => {
    for (let at = element; at; at = at.parentElement) {
      const colour = parse(getComputedStyle(at).backgroundColor);
      if (colour.length < 4 || colour[3] === 1) return colour.slice(0, 3);
    }
    return [255, 255, 255];
  };
  const poor = [];
  for (const element of document.querySelectorAll("#app *")) {
    const own = [...element.childNodes].some((node) => node.nodeType === 3 && node.data.trim());
    if (!own || !element.checkVisibility() || element.matches(":disabled, .unseen")) continue;
    if (getComputedStyle(element).opacity === "0") continue;
    const [a, b] = [parse(getComputedStyle(element).color).slice(0, 3), ground(element)].map(light);
    const contrast = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    if (contrast < 4.5) poor.push(`${element.className} ${element.textContent} ${contrast}`);
  }
  return poor;
}
"""


def test_every_text_can_be_read_against_its_ground(page):
    at(page, 1, ACTION).click()
    page.keyboard.press("Alt+ArrowDown")
    assert page.evaluate(CONTRAST) == []
    page.keyboard.press("Escape")
    page.keyboard.press("Control+Shift+L")
    page.keyboard.press("Enter")
    assert page.evaluate(CONTRAST) == []


def test_where_one_is_can_always_be_seen(page):
    at(page, 1, REASON).click()
    assert "rgb(11, 99, 206)" in at(page, 1, REASON).evaluate("e => getComputedStyle(e).boxShadow")
    page.keyboard.press("Escape")
    page.keyboard.press("Shift+Tab")
    focused = page.locator(":focus")
    assert focused.evaluate("e => getComputedStyle(e).outlineStyle") == "solid"


def test_without_script_each_tab_is_a_table(chromium, server):
    context = chromium.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{server.root}/grid/{server.book}")
    page.get_by_role("button", name=ANA.name).click()
    page.get_by_role("link", name="Deals").click()

    table = page.get_by_role("table", name="Deals")
    expect(table.get_by_role("columnheader", name="Status")).to_be_visible()
    expect(table.get_by_role("row")).to_have_count(14)
    expect(table.get_by_role("cell", name="25 Nov 2026")).to_be_visible()
    context.close()


@pytest.fixture
def phone(enter):
    return enter(viewport={"width": 390, "height": 780}, has_touch=True, is_mobile=True)


def test_a_phone_shows_the_tab_without_a_wider_page(phone):
    assert phone.evaluate("document.documentElement.scrollWidth") <= 390
    expect(at(phone, 1, 0)).to_be_in_viewport()
    expect(phone.get_by_role("tab", name="Deals")).to_be_in_viewport()
    frozen = phone.locator(".head .frozen.heading")
    expect(frozen).to_have_count(1)


def test_a_step_is_chosen_on_a_phone_by_touch(phone, server):
    phone.locator(".scroller").evaluate("view => view.scrollTo(560, 0)")
    at(phone, 2, ACTION).tap()
    expect(at(phone, 2, ACTION)).to_have_class(re.compile("active"))
    at(phone, 2, ACTION).tap()
    phone.get_by_role("option", name="Extend").tap()

    saved(phone)
    assert server.value(2, ACTION) == "Extend"


def test_ten_thousand_rows_keep_the_page_small(enter, server):
    server.book = a_workbook(server.engine, rows=10_000)
    page = enter()
    page.locator("#grid").press("Control+End")

    expect(page.get_by_text("DEAL-10000", exact=True)).to_be_in_viewport()
    assert page.locator(".cell").count() < 1500


def chart(kind, title, top=3):
    def data(column):
        place = area(SUMMARY, top, 8, column, column + 1)
        return {"sourceRange": {"sources": [place]}}

    specs = {
        "pie": {"pieChart": {"domain": data(0), "series": data(1)}},
        "score": {"scorecardChart": {"keyValueData": {"sourceRange": {
            "sources": [area(SUMMARY, 7, 8, 1, 2)]}}}},
    }  # fmt: skip
    basic = {
        "basicChart": {
            "chartType": kind,
            "domains": [{"domain": data(0)}],
            "series": [{"series": data(1)}],
            "headerCount": 1,
        }
    }
    spec = {"title": title, **specs.get(kind, basic)}
    anchor = {"anchorCell": {"sheetId": SUMMARY, "rowIndex": 1, "columnIndex": 3}}
    return {"addChart": {"chart": {"spec": spec, "position": {"overlayPosition": anchor}}}}


@pytest.mark.parametrize("kind", ["COLUMN", "BAR", "LINE", "pie", "score"])
def test_the_charts_of_a_summary_are_drawn_and_said_in_words(enter, server, kind):
    server.change(chart(kind, "Deals by status"))
    page = enter(sheet=SUMMARY)

    picture = page.get_by_role("img", name=re.compile("Deals by status. .*22"))
    expect(picture).to_be_visible()
    server.change(write(SUMMARY, 7, 1, [cell(40)]))
    expect(page.get_by_role("img", name=re.compile("Deals by status. .*40"))).to_be_visible()


def test_a_column_is_made_wider_for_oneself_by_mouse_and_keys(enter, server):
    page = enter()
    grip = page.locator(f".letter[data-place='{NAME}'] .grip").bounding_box()
    page.mouse.move(grip["x"] + 4, grip["y"] + 8)
    page.mouse.down()
    page.mouse.move(grip["x"] + 64, grip["y"] + 8)
    page.mouse.up()
    assert at(page, 1, NAME).evaluate("e => e.offsetWidth") == 250
    expect(page.get_by_role("menu")).to_have_count(0)

    at(page, 1, NAME).click()
    page.keyboard.press("Control+Shift+L")
    page.get_by_role("menuitem", name="Narrower").click()
    page.reload()
    page.wait_for_selector("body[data-whole]")
    assert at(page, 1, NAME).evaluate("e => e.offsetWidth") == 200
    assert server.engine.read(server.book).tab(DEALS).column_properties[NAME]["pixelSize"] == 190


def test_a_long_text_is_wrapped_and_its_row_grows(enter):
    page = enter(sheet=HELP)

    assert at(page, 1, 1).evaluate("e => e.offsetHeight") >= 60
    assert at(page, 1, 1).evaluate("e => e.scrollHeight <= e.offsetHeight")


def test_a_cell_of_several_columns_is_as_wide_as_they_are(enter, server):
    place = area(SUMMARY, 0, 1, 0, 3)
    server.change({"mergeCells": {"range": place, "mergeType": "MERGE_ALL"}})
    page = enter(sheet=SUMMARY)

    assert at(page, 0, 0).evaluate("e => e.offsetWidth") == 160 + 100 + 100
    assert at(page, 0, 1).count() == 0


def test_a_strict_date_is_refused_with_its_own_message(page, server):
    place = area(DEALS, 1, 2, NOTES, NOTES + 1)
    server.change(
        styled(place, "numberFormat"),
        ruled(place, "DATE_IS_VALID", inputMessage="Type a date such as 2026-11-25."),
    )
    expect(at(page, 1, NOTES)).to_be_visible()
    at(page, 1, NOTES).click()
    expect(page.locator(".detail .tags")).to_contain_text("Type a date such as 2026-11-25.")
    page.keyboard.type("soon")
    page.keyboard.press("Enter")

    expect(page.get_by_role("dialog")).to_contain_text("Type a date such as 2026-11-25.")
    assert server.value(1, NOTES) is None


def test_the_workbook_is_downloaded(page):
    page.get_by_role("button", name="Download").click()
    with page.expect_download() as download:
        page.get_by_role("menuitem", name="This tab as text (.csv)").click()

    assert download.value.suggested_filename == "Partner desk - Deals.csv"
