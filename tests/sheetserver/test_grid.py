"""The pages of the browser grid, over HTTP."""

import asyncio
import json

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sheetserver import accounts, errors, gridcells, typing_in
from tests.gridbook import (
    ACTION,
    AMOUNT,
    ANA,
    CONFIRM,
    DEALS,
    DUE,
    HELP,
    NAME,
    NOTES,
    PERSONAS,
    REASON,
    SEATS,
    STATUS,
    a_server,
    a_workbook,
    area,
    cell,
    change,
    coloured,
    guarded,
    inserted,
    numbered,
    put,
    ruled,
    styled,
    value_at,
    write,
)

ROOT = "http://127.0.0.1:8787"
HTML = {"accept": "text/html"}


@pytest.fixture
def server(tmp_path):
    app = a_server(tmp_path)
    yield app
    app.close()


@pytest.fixture
def book(server):
    return a_workbook(server.engine)


class Browser:
    """Sends requests as a page would, and keeps cookies."""

    def __init__(self, app):
        self._app = app
        self.cookies = httpx.Cookies()

    def send(self, method, path, **parts):
        async def once():
            transport = httpx.ASGITransport(self._app)
            async with httpx.AsyncClient(
                transport=transport, base_url=ROOT, cookies=self.cookies
            ) as client:
                answer = await client.request(method, path, **parts)
                self.cookies = client.cookies
                return answer

        return asyncio.run(once())

    def get(self, path, **parts):
        return self.send("GET", path, **parts)

    def post(self, path, **parts):
        return self.send("POST", path, **parts)

    def be(self, persona):
        self.post("/persona", data={"email": persona.email, "next": "/"})
        return self

    def edit(self, book, *edits, **parts):
        listed = [dict(zip(("a1", "old", "new"), each, strict=True)) for each in edits]
        body = {"sheetId": DEALS, "revision": 1000, "edits": listed} | parts
        return self.post(f"/grid/{book}/edit", json=body)


@pytest.fixture
def browser(server):
    return Browser(server)


@pytest.fixture
def ana(browser):
    return browser.be(ANA)


def rows(browser, book, sheet=DEALS, query=""):
    return browser.get(f"/grid/{book}/tabs/{sheet}{query}").json()


def test_a_person_chooses_who_to_be_in_plain_words(browser):
    page = browser.get("/").text

    assert "Local console: choose who you are. This is not a sign-in." in page
    assert all(persona.name in page for persona in PERSONAS)


def test_the_choice_is_kept_where_no_script_can_read_it(browser):
    answer = browser.post("/persona", data={"email": ANA.email, "next": "/"})

    kept = answer.headers["set-cookie"].lower()
    assert answer.status_code == 303
    assert "httponly" in kept
    assert "samesite=strict" in kept
    assert ANA.email not in kept


def test_nobody_becomes_somebody_unknown(browser):
    answer = browser.post("/persona", data={"email": "eve@example.com"})

    assert answer.status_code == 403
    assert "set-cookie" not in answer.headers


@pytest.mark.usefixtures("book")
def test_a_program_cannot_be_chosen(browser):
    answer = browser.post("/persona", data={"email": "desk@sheetserver.local"})

    assert answer.status_code == 403


def test_from_elsewhere_a_persona_needs_its_secret(tmp_path):
    hashes = {ANA.email: accounts.secret_hash("open sesame", b"salt" * 4)}
    app = a_server(tmp_path, secrets=hashes)
    browser = Browser(app)

    page = browser.get("/").text
    wrong = browser.post("/persona", data={"email": ANA.email, "secret": "open"})
    unknown = browser.post("/persona", data={"email": PERSONAS[1].email, "secret": ""})
    right = browser.post("/persona", data={"email": ANA.email, "secret": "open sesame"})
    app.close()

    assert "This is not a sign-in" not in page
    assert 'type="password"' in page
    assert (wrong.status_code, unknown.status_code, right.status_code) == (403, 403, 303)
    assert "set-cookie" not in wrong.headers


@pytest.mark.parametrize("then", ["https://example.com", "//example.com", "/\\example.com"])
def test_the_choice_never_leads_to_another_server(browser, then):
    answer = browser.post("/persona", data={"email": ANA.email, "next": then})

    assert answer.headers["location"] == "/"


def test_another_page_cannot_choose_for_us(browser):
    answer = browser.post(
        "/persona", data={"email": ANA.email}, headers={"origin": "http://evil.example"}
    )

    assert answer.status_code == 403


@pytest.mark.usefixtures("book")
def test_only_the_workbooks_of_the_persona_are_listed(server, ana):
    a_workbook(server.engine, "Compliance")

    page = ana.get("/").text

    assert "Partner desk" in page
    assert "Compliance" not in page


@pytest.mark.parametrize(
    "path", ["", "/tabs", "/tabs/1", "/tabs/1/views/0", "/tabs/1/export.csv", "/events"]
)
def test_a_workbook_without_a_right_is_not_there(server, ana, path):
    secret = a_workbook(server.engine, "Compliance")

    assert ana.get(f"/grid/{secret}{path}").status_code == 404
    assert ana.get(f"/grid/unknown{path}").status_code == 404


def test_a_workbook_without_a_right_cannot_be_edited(server, ana):
    secret = a_workbook(server.engine, "Compliance")

    assert ana.edit(secret, ("H2", "", "mine now")).status_code == 404


def test_without_a_persona_the_workbook_asks_for_one(browser, book):
    answer = browser.get(f"/grid/{book}")

    assert answer.status_code == 303
    assert answer.headers["location"] == f"/persona?next=/grid/{book}"


@pytest.mark.parametrize("path", ["/", "/persona", "/static/grid.js", "/grid/unknown"])
def test_pages_run_no_script_but_our_own_and_are_never_framed(ana, path):
    policy = ana.get(path, headers=HTML).headers["content-security-policy"]

    assert "default-src 'none'" in policy
    assert "script-src 'self';" in policy
    assert "frame-ancestors 'none'" in policy


def test_no_page_names_another_server(ana, book):
    for path in ("/", "/persona", f"/grid/{book}?sheet=0", "/static/grid.css", "/static/grid.js"):
        text = ana.get(path).text.replace("http://www.w3.org/2000/svg", "")
        assert "http://" not in text
        assert "https://" not in text


@pytest.mark.parametrize("name", ["../grid.py", "..%2Fgrid.py", "grid.py", "", "pages"])
def test_only_scripts_and_style_sheets_are_given_out(browser, name):
    assert browser.get(f"/static/{name}").status_code == 404


def test_an_unchanged_script_is_not_sent_again(browser):
    tag = browser.get("/static/grid.js").headers["etag"]

    answer = browser.get("/static/grid.js", headers={"if-none-match": tag})

    assert answer.status_code == 304


def test_a_foreign_host_name_is_refused(browser):
    assert browser.get("/", headers={"host": "evil.example"}).status_code == 421


def test_a_cell_is_a_text_and_a_look(ana, book):
    told = rows(ana, book)

    name = told["rows"][1][1][NAME]
    assert name[0] == "Partner 1 GmbH & Co"
    assert told["looks"][name[1]] == {"lock": True}


def test_numbers_and_dates_are_shown_in_their_format(ana, book):
    shown = rows(ana, book)["rows"][1][1]

    assert shown[AMOUNT][0] == "EUR 1,234.50"
    assert shown[AMOUNT][2]["v"] == 1234.5
    assert shown[AMOUNT][2]["i"] == "1234.5"
    assert shown[DUE][0] == "25 Nov 2026"
    assert shown[DUE][2]["i"] == "2026-11-25"


def test_a_colour_rule_colours_the_cell(ana, book):
    told = rows(ana, book)

    looks = [told["looks"][told["rows"][at][1][STATUS][1]]["bg"] for at in (4, 1, 2, 3)]
    assert looks == ["#d9ead3", "#fff2cc", "#cfe2f3", "#f4cccc"]


def test_dropdown_checkbox_and_note_are_told(ana, book):
    told = rows(ana, book)

    action = told["looks"][told["rows"][1][1][ACTION]]["rule"]
    assert action["kind"] == "list"
    assert action["choices"] == ["Approve", "Ask for information", "Reject", "Extend"]
    assert told["looks"][told["rows"][1][1][CONFIRM][1]]["rule"]["kind"] == "tick"
    assert told["rows"][3][1][STATUS][2]["n"] == "Fill in Customer: who will run it?"


def test_what_staff_may_write_is_open_and_the_rest_is_locked(ana, book):
    told = rows(ana, book)

    row = told["rows"][20][1]
    locked = [bool(told["looks"][look].get("lock")) for look in row if isinstance(look, int)]
    assert locked[ACTION] is False
    assert locked[NOTES] is False
    assert locked[NAME] is True


def test_a_reader_finds_everything_locked(browser, book):
    told = rows(browser.be(PERSONAS[2]), book)

    assert all(look.get("lock") for look in told["looks"][1:])
    assert told["heading"]["mayEdit"] is False


def test_the_heading_tells_of_widths_frozen_parts_and_hidden_columns(ana, book):
    heading = rows(ana, book)["heading"]

    assert heading["widths"][NAME] == 190
    assert (heading["frozenRows"], heading["frozenColumns"]) == (1, 2)
    assert heading["hiddenColumns"] == [13]


def test_rows_come_in_parts(ana, book):
    told = rows(ana, book, query="?start=5&count=2")

    assert [row[1][0][0] for row in told["rows"]] == ["DEAL-0005", "DEAL-0006"]
    assert "heading" not in told


def test_a_filter_view_picks_and_orders_rows_without_moving_them(server, ana, book):
    before = server.engine.read(book).revision
    view = rows(ana, book)["heading"]["views"][0]

    order = ana.get(f"/grid/{book}/tabs/{DEALS}/views/{view['id']}").json()["rows"]

    assert view["title"] == "Needs a person"
    assert order == [0, 11, 7, 3]
    assert server.engine.read(book).revision == before


def test_the_filter_of_a_tab_is_one_of_its_views(server, ana, book):
    place = area(DEALS, 0, 13, 0, 14)
    criteria = {str(STATUS): {"hiddenValues": ["Approved", "Waiting", "In progress"]}}
    change(
        server.engine, book, {"setBasicFilter": {"filter": {"range": place, "criteria": criteria}}}
    )

    assert rows(ana, book)["heading"]["views"][0] == {"id": 0, "title": "Filter of this tab"}
    order = ana.get(f"/grid/{book}/tabs/{DEALS}/views/0").json()["rows"]
    assert order == [0, 3, 7, 11]


def test_an_unknown_view_or_tab_is_not_there(ana, book):
    assert ana.get(f"/grid/{book}/tabs/{DEALS}/views/12345").status_code == 404
    assert ana.get(f"/grid/{book}/tabs/77").status_code == 404


@pytest.mark.parametrize(
    ("address", "clickable"),
    [
        ("https://example.com/a?b=1#c", True),
        ("HTTP://example.com", True),
        ("mailto:ana@example.com", True),
        ("javascript:alert(1)", False),
        ("JaVaScRiPt:alert(1)", False),
        ("java\tscript:alert(1)", False),
        ("\x01javascript:alert(1)", False),
        ("data:text/html,<script>alert(1)</script>", False),
        ("vbscript:x", False),
        ("file:///etc/passwd", False),
        ("//example.com", False),
        ("http://[bad", False),
        ("", False),
    ],
)
def test_only_the_web_and_mail_are_clickable(address, clickable):
    assert bool(gridcells.clickable(address)) is clickable


@pytest.mark.parametrize(
    ("value", "number_format", "typed"),
    [
        ("00123", {"type": "TEXT"}, "00123"),
        ("00123", {}, "'00123"),
        ("=1+1", {}, "'=1+1"),
        ("true", {}, "'true"),
        ("'quoted", {}, "''quoted"),
        ("plain", {}, "plain"),
        ("3/4", {}, "'3/4"),
        ("", {}, ""),
        (None, {}, ""),
        (True, {}, "TRUE"),
        (0.1, {"type": "NUMBER", "pattern": "0"}, "0.1"),
        (0.5, {"type": "PERCENT", "pattern": "0%"}, "50%"),
        (46_351, {"type": "DATE", "pattern": "d mmm yyyy"}, "2026-11-25"),
        (46_351.5, {"type": "DATE_TIME"}, "2026-11-25 12:00:00"),
        (0.25, {"type": "TIME"}, "06:00:00"),
        (1e12, {"type": "DATE"}, "1000000000000"),
    ],
)
def test_an_editor_opens_with_what_gives_the_same_value_again(value, number_format, typed):
    assert gridcells.typed_text(value, number_format) == typed


@given(st.text(st.characters(codec="utf-8"), min_size=1))
def test_any_text_opened_and_entered_again_stays_the_same_text(text):
    assert typing_in.read(gridcells.typed_text(text, {}), year=2026).value == text


@given(st.integers(-(10**12), 10**12) | st.floats(-1e12, 1e12))
def test_any_number_opened_and_entered_again_stays_the_same_number(number):
    assert typing_in.read(gridcells.typed_text(number, {}), year=2026).value == number


@pytest.mark.parametrize(
    ("style", "look"),
    [
        ({}, {}),
        ({"backgroundColor": {"red": 1, "green": 1, "blue": 1}}, {}),
        ({"backgroundColor": {}}, {"bg": "#000000", "fg": "#ffffff"}),
        ({"textFormat": {"foregroundColor": {"red": 1}}}, {"fg": "#1a1a1a"}),
        ({"textFormat": {"foregroundColor": {"red": 0.6}}}, {"fg": "#990000"}),
        ({"textFormat": {"bold": True, "italic": True, "fontSize": 14}}, {"b", "i", "size"}),
        ({"horizontalAlignment": "CENTER", "wrapStrategy": "WRAP"}, {"al": "center", "wrap": True}),
    ],
)
def test_a_pale_text_is_made_readable_on_its_ground(style, look):
    found = gridcells.styled(style)

    assert (set(found) if isinstance(look, set) else found) == look


def test_typing_is_saved_and_answered_with_the_row(server, ana, book):
    answer = ana.edit(book, ("H2", "", "They asked twice"))

    assert answer.status_code == 200
    assert answer.json()["rows"]["1"][1][REASON][0] == "They asked twice"
    assert value_at(server.engine, book, 1, REASON) == "They asked twice"


def test_a_text_cell_keeps_what_looks_like_a_formula(server, ana, book):
    ana.edit(book, ("H2", "", '=IMPORTXML("x")'))

    assert value_at(server.engine, book, 1, REASON) == '=IMPORTXML("x")'


def test_other_cells_take_what_is_typed_as_numbers_and_dates(server, ana, book):
    change(server.engine, book, styled(area(DEALS, 1, 5, REASON, REASON + 1), "numberFormat"))

    ana.edit(book, ("H2", "", "1,234.5"), ("H3", "", "2026-11-25"), ("H4", "", "TRUE"))

    kept = [value_at(server.engine, book, row, REASON) for row in (1, 2, 3)]
    assert kept == [1234.5, 46_351, True]


def test_what_somebody_else_wrote_meanwhile_is_told_and_kept(server, ana, book):
    put(server.engine, book, 1, REASON, "theirs")

    answer = ana.edit(book, ("H2", "", "mine"))

    told = answer.json()["error"]
    assert answer.status_code == 409
    assert told["cells"] == [{"a1": "H2", "text": "theirs", "old": "theirs"}]
    assert "Nothing of yours was saved" in told["message"]
    assert value_at(server.engine, book, 1, REASON) == "theirs"


def test_an_edit_from_before_rows_moved_is_refused(server, ana, book):
    seen = server.engine.read(book).revision
    change(server.engine, book, inserted(DEALS, 1, 2))

    answer = ana.edit(book, ("H2", "", "mine"), revision=seen)

    assert answer.status_code == 409
    assert "moved" in answer.json()["error"]["message"]


def test_a_paste_is_all_or_nothing_and_names_the_refused_cells(server, ana, book):
    answer = ana.edit(
        book, ("H2", "", "fine"), ("B2", "Partner 1 GmbH & Co", "mine"), ("F3", "", "Dance")
    )

    told = answer.json()["error"]
    assert answer.status_code == 422
    assert [each["a1"] for each in told["cells"]] == ["B2", "F3"]
    assert "Approve" in told["cells"][1]["reason"]
    assert value_at(server.engine, book, 1, REASON) is None


def test_a_reader_cannot_edit(server, browser, book):
    answer = browser.be(PERSONAS[2]).edit(book, ("H2", "", "mine"))

    assert answer.status_code == 403
    assert value_at(server.engine, book, 1, REASON) is None


@pytest.mark.parametrize(
    "headers",
    [
        {"content-type": "text/plain"},
        {"content-type": "application/x-www-form-urlencoded"},
        {"content-type": "application/json", "origin": "http://evil.example"},
        {"content-type": "application/json", "origin": "null"},
        {"content-type": "application/json", "sec-fetch-site": "cross-site"},
        {"content-type": "application/json", "sec-fetch-site": "same-site"},
    ],
)
def test_another_page_cannot_edit_for_us(server, ana, book, headers):
    edits = [{"a1": "H2", "old": "", "new": "x"}]
    body = json.dumps({"sheetId": DEALS, "revision": 1000, "edits": edits})

    assert ana.post(f"/grid/{book}/edit", content=body, headers=headers).status_code == 403
    assert value_at(server.engine, book, 1, REASON) is None


GOOD = {"a1": "H2", "old": "", "new": "x"}


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"[" * 100_000,
        b"[]",
        b"null",
        b"{}",
        {"sheetId": DEALS, "revision": 1},
        {"sheetId": "1", "revision": 1, "edits": [GOOD]},
        {"sheetId": True, "revision": 1, "edits": [GOOD]},
        {"sheetId": DEALS, "revision": 1.5, "edits": [GOOD]},
        {"sheetId": DEALS, "revision": 1, "edits": []},
        {"sheetId": DEALS, "revision": 1, "edits": {}},
        {"sheetId": DEALS, "revision": 1, "edits": [GOOD], "operation": {}},
        {"sheetId": DEALS, "revision": 1, "edits": [GOOD], "more": 1},
        {"sheetId": DEALS, "revision": 1, "edits": [GOOD | {"a1": "H2:H3"}]},
        {"sheetId": DEALS, "revision": 1, "edits": [GOOD | {"a1": "Deals!H2"}]},
        {"sheetId": DEALS, "revision": 1, "edits": [GOOD | {"a1": "H"}]},
        {"sheetId": DEALS, "revision": 1, "edits": [GOOD | {"new": 7}]},
        {"sheetId": DEALS, "revision": 1, "edits": [{"a1": "H2", "new": "x"}]},
        {"sheetId": DEALS, "revision": 1, "edits": ["H2"]},
        {"sheetId": DEALS, "revision": 1, "operation": []},
        {"sheetId": DEALS, "revision": 1000, "operation": {}},
        {"sheetId": DEALS, "revision": 1000, "operation": {"deleteSheet": {"sheetId": DEALS}}},
        {"sheetId": 99, "revision": 1000, "edits": [GOOD]},
    ],
)
def test_a_broken_edit_changes_nothing(server, ana, book, body):
    before = server.engine.read(book).revision
    content = body if isinstance(body, bytes) else json.dumps(body).encode()

    answer = ana.post(
        f"/grid/{book}/edit", content=content, headers={"content-type": "application/json"}
    )

    assert answer.status_code == 400
    assert answer.json()["error"]["message"]
    assert server.engine.read(book).revision == before


def test_too_much_at_once_is_refused(ana, book):
    answer = ana.edit(book, ("H2", "", "x" * 5 * 2**20))

    assert answer.status_code == 413


def test_a_text_too_long_for_a_cell_is_refused(ana, book):
    answer = ana.edit(book, ("H2", "", "x" * (errors.TEXT_LIMIT + 1)))

    assert answer.status_code == 422
    assert "50000 characters" in answer.json()["error"]["cells"][0]["reason"]


def test_rows_are_inserted_by_the_same_door(server, ana, book):
    body = {"sheetId": HELP, "revision": 1000, "operation": inserted(HELP, 1, 3)}

    answer = ana.post(f"/grid/{book}/edit", json=body)

    assert answer.status_code == 200
    assert value_at(server.engine, book, 3, 0, sheet=HELP) == "Approve"


def test_protected_rows_are_not_deleted(server, ana, book):
    place = {"sheetId": DEALS, "dimension": "ROWS", "startIndex": 1, "endIndex": 2}
    body = {
        "sheetId": DEALS, "revision": 1000, "operation": {"deleteDimension": {"range": place}},
    }  # fmt: skip

    answer = ana.post(f"/grid/{book}/edit", json=body)

    assert answer.status_code == 400
    assert "protected" in answer.json()["error"]["message"]
    assert value_at(server.engine, book, 1, 0) == "DEAL-0001"


def test_each_tab_is_a_readable_table_without_script(ana, book):
    page = ana.get(f"/grid/{book}?sheet={DEALS}").text

    plain = page.partition("<noscript>")[2]
    assert "<caption>Deals</caption>" in plain
    assert "Partner 1 GmbH &amp; Co" in plain
    assert "EUR 1,234.50" in plain
    assert "Note: Fill in Customer: who will run it?" in plain
    assert 'href="http://127.0.0.1:8080/deals/1" rel="noopener noreferrer"' in plain
    assert "DEAL-0001@1" not in plain  # hidden column


def test_a_long_table_comes_in_pages(server, ana):
    book = a_workbook(server.engine, rows=450)

    page = ana.get(f"/grid/{book}?sheet={DEALS}&from=201").text

    assert "DEAL-0199<" not in page
    assert "DEAL-0200<" in page
    assert "DEAL-0399<" in page
    assert "from=401" in page
    assert "from=1&#34;" in page or 'from=1"' in page


TRICKS = ("<img src=x onerror=alert(1)>", "</script><script>alert(1)</script>", "\"'><b>")


@pytest.mark.parametrize("trick", TRICKS)
def test_markup_in_any_text_leaves_as_text(server, ana, trick):
    engine = server.engine
    book = a_workbook(engine)
    put(engine, book, 1, REASON, trick, note=trick)
    change(engine, book, ruled(area(DEALS, 1, 2, ACTION, ACTION + 1), "ONE_OF_LIST", trick))
    properties = {"properties": {"sheetId": DEALS, "title": trick}, "fields": "title"}
    change(engine, book, {"updateSheetProperties": properties})
    change(
        engine, book,
        {"updateSpreadsheetProperties": {"properties": {"title": trick}, "fields": "title"}},
    )  # fmt: skip

    pages = [ana.get(f"/grid/{book}?sheet={DEALS}").text, ana.get("/").text]

    assert all(trick not in page for page in pages)


def test_exports_are_offered_under_the_name_of_the_workbook(ana, book):
    csv = ana.get(f"/grid/{book}/tabs/{DEALS}/export.csv")
    xlsx = ana.get(f"/grid/{book}/tabs/{DEALS}/export.xlsx")

    assert csv.text.splitlines()[0].startswith('"ID","Name","Status"')
    assert "Partner%20desk%20-%20Deals.csv" in csv.headers["content-disposition"]
    assert xlsx.content.startswith(b"PK")
    assert "Partner%20desk.xlsx" in xlsx.headers["content-disposition"]
    assert ana.get(f"/grid/{book}/tabs/{DEALS}/export.pdf").status_code == 404


def test_a_protection_that_leaves_nothing_open_locks_its_cells_alone(server, ana, book):
    change(server.engine, book, guarded(area(DEALS, 2, 3, REASON, REASON + 1)))

    told = rows(ana, book)

    locked = [told["looks"][told["rows"][at][1][REASON]].get("lock", False) for at in (1, 2, 3)]
    assert locked == [False, True, False]


def test_a_pale_colour_rule_keeps_its_text_readable(server, ana, book):
    change(server.engine, book, coloured(area(DEALS, 1, 9, SEATS, SEATS + 1), "10", "101010"))

    told = rows(ana, book)

    assert told["looks"][told["rows"][1][1][SEATS][1]]["fg"] == "#ffffff"


def test_a_number_in_a_text_cell_is_told_apart_from_its_text(server, ana, book):
    change(
        server.engine, book,
        numbered(area(DEALS, 1, 2, REASON, REASON + 1), "PERCENT", "0%"),
        write(DEALS, 1, REASON, [cell(0.257)]),
    )  # fmt: skip

    shown = rows(ana, book)["rows"][1][1][REASON]

    assert shown[0] == "26%"
    assert shown[2] == {"i": "25.7%", "v": 0.257, "o": "0.257"}
