"""A workbook as the desk would make it, for tests and measures of the sheet server's grid."""

from sheetserver import accounts, batch
from sheetserver.app import build
from sheetserver.draft import Caller
from sheetserver.settings import Persona, Settings

OWNER = Caller("desk@sheetserver.local", "Desk")
ANA = Persona("Ana Silva, partner manager", "ana@example.com", writes=frozenset({"Partner desk"}))
BEN = Persona("Ben Okoro, sales manager", "ben@example.com", writes=frozenset({"Partner desk"}))
RIA = Persona("Ria Novak, read-only", "ria@example.com", reads=frozenset({"Partner desk"}))
COR = Persona("Cor Maas, compliance", "cor@example.com", writes=frozenset({"Compliance"}))
PERSONAS = (ANA, BEN, RIA, COR)

COLUMNS = (  # title and width; the last one is hidden
    ("ID", 110), ("Name", 190), ("Status", 120), ("Flag", 90), ("Due", 100), ("Action", 150),
    ("Confirm", 84), ("Reason", 160), ("Result", 230), ("Seats", 60), ("Amount", 120),
    ("Notes", 200), ("Link", 80), ("_rev", 100),
)  # fmt: skip
WIDTH = len(COLUMNS)
NAME, STATUS, DUE, ACTION, CONFIRM, REASON, SEATS, AMOUNT, NOTES = 1, 2, 4, 5, 6, 7, 9, 10, 11
STAFF = (ACTION, CONFIRM, REASON, NOTES)
CHOICES = ("Approve", "Ask for information", "Reject", "Extend")
STATUSES = ("Approved", "Waiting", "In progress", "Needs a person")
COLOURS = ("D9EAD3", "FFF2CC", "CFE2F3", "F4CCCC")
SUMMARY, DEALS, HELP = 0, 1, 2
FIRST_DAY = 46_350  # 2026-11-24
SPARE = 20  # blank rows below the filled ones


def a_server(folder, port=8787, **parts):
    """A server with four personas and nothing in it."""
    root = f"http://127.0.0.1:{port}"
    parts = {"folder": folder, "root": root, "personas": PERSONAS} | parts
    return build(Settings(**parts))


def a_workbook(engine, title="Partner desk", *, rows=12):
    """Make a workbook with the tabs Summary, Deals and Help; return its id."""
    tabs = (("Summary", 30, 8), ("Deals", 1 + rows + SPARE, WIDTH), ("Help", 20, 4))
    sheets = [
        {
            "properties": {
                "sheetId": sheet_id,
                "title": name,
                "gridProperties": {"rowCount": height, "columnCount": width},
            }
        }
        for sheet_id, (name, height, width) in enumerate(tabs)
    ]
    given = {"properties": {"title": title}, "sheets": sheets}
    made = accounts.create_book(engine, OWNER, given)
    change(engine, made, *summary(), *deals(rows), *help_tab())
    return made


def change(engine, book, *requests, who=OWNER):
    """Apply requests of batchUpdate as one commit."""
    accepted = batch.accepted(list(requests))
    return engine.write(book, who, lambda draft: batch.run(draft, accepted))


def put(engine, book, row, column, value, **parts):
    """Write one cell as the desk does."""
    fields = ",".join(["userEnteredValue", *parts])
    change(engine, book, write(DEALS, row, column, [cell(value, **parts)], fields=fields))


def value_at(engine, book, row, column, *, sheet=DEALS):
    """Return what a cell holds."""
    return engine.read(book).tab(sheet).row(row).value(column)


def cell(value=None, **parts):
    kinds = {str: "stringValue", bool: "boolValue", int: "numberValue", float: "numberValue"}
    entered = {} if value is None else {"userEnteredValue": {kinds[type(value)]: value}}
    return {**entered, **parts}


def write(sheet, row, column, *rows, fields="userEnteredValue"):
    start = {"sheetId": sheet, "rowIndex": row, "columnIndex": column}
    listed = [{"values": list(each)} for each in rows]
    return {"updateCells": {"start": start, "rows": listed, "fields": fields}}


def area(sheet, top, bottom, left, right):
    return {
        "sheetId": sheet,
        "startRowIndex": top,
        "endRowIndex": bottom,
        "startColumnIndex": left,
        "endColumnIndex": right,
    }


def styled(place, fields, **style):
    body = {"range": place, "cell": {"userEnteredFormat": style}}
    return {"repeatCell": {**body, "fields": f"userEnteredFormat.{fields}"}}


def numbered(place, kind, pattern=None):
    shape = {"type": kind, **({"pattern": pattern} if pattern else {})}
    return styled(place, "numberFormat", numberFormat=shape)


def ruled(place, kind, *values, strict=True, **parts):
    listed = [{"userEnteredValue": value} for value in values]
    condition = {"type": kind, **({"values": listed} if listed else {})}
    rule = {"condition": condition, "strict": strict, "showCustomUi": True, **parts}
    return {"setDataValidation": {"range": place, "rule": rule}}


def columns(sheet, column, **properties):
    place = {"sheetId": sheet, "dimension": "COLUMNS", "startIndex": column, "endIndex": column + 1}
    body = {"range": place, "properties": properties, "fields": ",".join(properties)}
    return {"updateDimensionProperties": body}


def inserted(sheet, start, end):
    place = {"sheetId": sheet, "dimension": "ROWS", "startIndex": start, "endIndex": end}
    return {"insertDimension": {"range": place}}


def frozen(sheet, rows, count):
    grid = {"frozenRowCount": rows, "frozenColumnCount": count}
    properties = {"sheetId": sheet, "gridProperties": grid}
    fields = "gridProperties.frozenRowCount,gridProperties.frozenColumnCount"
    return {"updateSheetProperties": {"properties": properties, "fields": fields}}


def coloured(place, status, colour):
    parts = zip(("red", "green", "blue"), bytes.fromhex(colour), strict=True)
    ground = {name: part / 255 for name, part in parts}
    condition = {"type": "TEXT_EQ", "values": [{"userEnteredValue": status}]}
    rule = {"condition": condition, "format": {"backgroundColor": ground}}
    return {"addConditionalFormatRule": {"rule": {"ranges": [place], "booleanRule": rule}}}


def guarded(place, open_parts=()):
    editors = {"users": [OWNER.email]}
    protected = {"range": place, "unprotectedRanges": list(open_parts), "editors": editors}
    return {"addProtectedRange": {"protectedRange": protected}}


def a_view(title, rows):
    condition = {"type": "TEXT_EQ", "values": [{"userEnteredValue": "Needs a person"}]}
    view = {
        "title": title,
        "range": area(DEALS, 0, rows + 1, 0, WIDTH),
        "sortSpecs": [{"dimensionIndex": DUE, "sortOrder": "DESCENDING"}],
        "filterSpecs": [{"columnIndex": STATUS, "filterCriteria": {"condition": condition}}],
    }
    return {"addFilterView": {"filter": view}}


def deal(at):
    """One row of the tab Deals; some have a note."""
    status = STATUSES[at % 4]
    note = {"note": "Fill in Customer: who will run it?"} if at % 5 == 3 else {}
    link = {"textFormat": {"link": {"uri": f"http://127.0.0.1:8080/deals/{at}"}}}
    flags = {1: "Due soon", 3: "Overdue"}
    return [
        cell(f"DEAL-{at:04d}"),
        cell(f"Partner {at} GmbH & Co"),
        cell(status, **note),
        cell(flags.get(at % 4)),
        cell(FIRST_DAY + at),
        cell(),
        cell(value=False),
        cell(),
        cell(f"✓ 14:02 {status} (ana@example.com)"),
        cell(10 * at),
        cell(1234.5 * at),
        cell(),
        cell("Record", userEnteredFormat=link),
        cell(f"DEAL-{at:04d}@1"),
    ]


def deals(rows):
    last = 1 + rows + SPARE
    written = "userEnteredValue,note,userEnteredFormat.textFormat"
    body = [deal(at) for at in range(1, rows + 1)]
    yield write(DEALS, 0, 0, [cell(title) for title, _ in COLUMNS])
    yield write(DEALS, 1, 0, *body, fields=written)
    yield numbered(area(DEALS, 1, last, 0, CONFIRM), "TEXT")
    yield numbered(area(DEALS, 1, last, REASON, WIDTH), "TEXT")
    yield numbered(area(DEALS, 1, last, DUE, DUE + 1), "DATE", "d mmm yyyy")
    yield numbered(area(DEALS, 1, last, SEATS, SEATS + 1), "NUMBER", "#,##0")
    yield numbered(area(DEALS, 1, last, AMOUNT, AMOUNT + 1), "CURRENCY", '"EUR" #,##0.00')
    yield ruled(area(DEALS, 1, last, ACTION, ACTION + 1), "ONE_OF_LIST", *CHOICES)
    yield ruled(area(DEALS, 1, rows + 1, CONFIRM, CONFIRM + 1), "BOOLEAN")
    for status, colour in zip(STATUSES, COLOURS, strict=True):
        yield coloured(area(DEALS, 1, last, STATUS, STATUS + 1), status, colour)
    yield guarded(
        area(DEALS, 0, last, 0, WIDTH), [area(DEALS, 1, last, each, each + 1) for each in STAFF]
    )
    for column, (_, pixels) in enumerate(COLUMNS):
        yield columns(DEALS, column, pixelSize=pixels)
    yield columns(DEALS, WIDTH - 1, hiddenByUser=True)
    yield frozen(DEALS, 1, 2)
    yield a_view("Needs a person", rows)


def summary():
    lines = [
        [cell("Partner desk")],
        [cell("Last sync 14:02:10 UTC, live edits on (last 13:58), waiting rows 0, parked 0")],
        [],
        [cell("Status"), cell("Deals")],
        *([cell(status), cell(7 + 5 * at)] for at, status in enumerate(STATUSES)),
    ]
    title = {"textFormat": {"bold": True, "fontSize": 14}}
    yield write(SUMMARY, 0, 0, *lines)
    yield styled(area(SUMMARY, 0, 1, 0, 8), "textFormat", **title)
    yield styled(area(SUMMARY, 3, 4, 0, 2), "textFormat.bold", textFormat={"bold": True})
    yield columns(SUMMARY, 0, pixelSize=160)
    yield guarded(area(SUMMARY, 0, 30, 0, 8))


def help_tab():
    words = (
        "Choose a step in Action. The desk does it within seconds, empties Action and says in "
        "Result what has become of it."
    )
    yield write(HELP, 0, 0, [cell("Step"), cell("What it means")], [cell("Approve"), cell(words)])
    yield styled(area(HELP, 1, 2, 1, 2), "wrapStrategy", wrapStrategy="WRAP")
    yield columns(HELP, 1, pixelSize=340)
    yield frozen(HELP, 1, 0)
