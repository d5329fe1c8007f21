"""The same cells in a workbook of openpyxl that never leaves memory."""

from openpyxl import Workbook


class OpenpyxlSheet:
    def __init__(self):
        self.sheet = Workbook().active

    def write(self, rows, top=1):
        for at, row in enumerate(rows, start=top):
            for column, value in enumerate(row, start=1):
                self.sheet.cell(at, column, value)

    def read(self):
        return [list(row) for row in self.sheet.iter_rows(values_only=True)]
