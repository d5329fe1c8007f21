"""Workbooks and tabs as files, in which no text can come alive as a formula."""

from __future__ import annotations

import csv
import io
import unicodedata
from typing import TYPE_CHECKING

from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.styles import Font

from sheetserver import numberformat
from sheetserver.book import CellError
from sheetserver.cells import result_of, shown
from sheetserver.clock import moment_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from openpyxl.cell.cell import Cell
    from openpyxl.worksheet._write_only import WriteOnlyWorksheet

    from sheetserver.book import Book, Row, Tab

_LIVE = ("=", "+", "-", "@", "\t", "\r")
_LONGEST_TITLE = 31  # of a tab in .xlsx
_FORBIDDEN = str.maketrans("[]:*?/\\", "_______")
_UNSEEN = ("Cf", "Cc", "Zs", "Zl", "Zp")


def neutral(text: str) -> str:
    """
    Return a text that no spreadsheet takes for a formula: a live one gets an apostrophe.

    It is judged after normalising and without invisible characters, because
    the receiving program may do the same. robustness.md B3.
    """
    normal = unicodedata.normalize("NFKC", text)
    seen = normal
    while seen and seen[0] not in _LIVE and unicodedata.category(seen[0]) in _UNSEEN:
        seen = seen[1:]
    return f"'{text}" if seen.startswith(_LIVE) else text


def to_csv(book: Book, sheet_id: int) -> bytes:
    """
    Return a tab as CSV, every cell as it is shown.

    :raises ApiError: if there is no such tab
    """
    tab = book.tab(sheet_id)
    used = tab.used()
    file = io.StringIO()
    writer = csv.writer(file, quoting=csv.QUOTE_ALL)
    for row in tab.rows[: used.bottom]:
        writer.writerow([_csv_text(book, row, column) for column in range(used.right)])
    return file.getvalue().encode()


def _csv_text(book: Book, row: Row, column: int) -> str:
    text = shown(book, row, column)
    return neutral(text) if isinstance(result_of(row.value(column)), str) else text


def to_xlsx(book: Book, _sheet_id: int = 0) -> bytes:
    """Return a whole spreadsheet as .xlsx: results instead of formulas, texts as texts."""
    workbook = Workbook(write_only=True)
    titles: set[str] = set()
    for tab in book.tabs:
        sheet = workbook.create_sheet(_title(tab, titles))
        _fill(book, tab, sheet)
    file = io.BytesIO()
    workbook.save(file)
    return file.getvalue()


def _title(tab: Tab, taken: set[str]) -> str:
    wanted = tab.title.translate(_FORBIDDEN).strip("'")[:_LONGEST_TITLE] or "Sheet"
    title, number = wanted, 2
    while title.casefold() in taken:
        end = f" {number}"
        title, number = wanted[: _LONGEST_TITLE - len(end)] + end, number + 1
    taken.add(title.casefold())
    return title


def _fill(book: Book, tab: Tab, sheet: WriteOnlyWorksheet) -> None:
    used = tab.used()
    for row in tab.rows[: used.bottom]:
        sheet.append([_xlsx_cell(book, row, column, sheet) for column in range(used.right)])


def _xlsx_cell(book: Book, row: Row, column: int, sheet: WriteOnlyWorksheet) -> Cell | None:
    result = result_of(row.value(column))
    if result is None:
        return None
    style = book.pool.get(row.style(column))
    number_format = style.get("numberFormat", {})
    cell = WriteOnlyCell(sheet)
    if isinstance(result, (str, CellError)):
        cell.value = _writable(neutral(result) if isinstance(result, str) else result.code)
        cell.data_type = "s"  # never a formula, whatever it begins with
    elif number_format.get("type") in numberformat.DATES and not isinstance(result, bool):
        cell.value = moment_of(result).replace(tzinfo=None)
    else:
        cell.value = result
        if number_format.get("pattern"):
            cell.number_format = number_format["pattern"]
    if style.get("textFormat", {}).get("bold"):
        cell.font = Font(bold=True)
    return cell


def _writable(text: str) -> str:
    """Return a text without the control characters that .xlsx cannot hold."""
    return "".join(each for each in text if each in "\t\n\r" or each >= " ")


EXPORTS: dict[str, tuple[str, Callable[[Book, int], bytes]]] = {
    "csv": ("text/csv; charset=utf-8", to_csv),
    "xlsx": ("application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", to_xlsx),
}
