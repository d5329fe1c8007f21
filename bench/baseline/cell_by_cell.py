"""The usual way to keep a sheet up to date with gspread: find the row, write each changed cell."""

from gspread.exceptions import APIError

TOO_MANY = 429


class CellByCell:
    """
    Writes records into a worksheet as they change, in their order, one call for each cell.

    It writes only cells whose value differs and adds an event's row with one
    call. At the quota it waits for the next minute, as Google advises.
    """

    def __init__(self, rows, events, *, wait):
        self._rows, self._events, self._wait = rows, events, wait
        self._shown = {}

    def knows(self, ref, cells):
        """Take what a row shows already."""
        self._shown[ref] = dict(cells)

    def show(self, ref, cells, event):
        """Let the row of a record say what it should, and the events end with this one."""
        row = self._call(lambda: self._rows.find(ref, in_column=1)).row
        for column, value in cells.items():
            if self._shown[ref].get(column) != value:
                self._call(
                    lambda column=column, value=value: self._rows.update_cell(row, column, value)
                )
        self._call(lambda: self._events.append_row(event))
        self._shown[ref] = dict(cells)

    def _call(self, call):
        while True:
            try:
                return call()
            except APIError as refused:
                if refused.code != TOO_MANY:
                    raise
                self._wait()
