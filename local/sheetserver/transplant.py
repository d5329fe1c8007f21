"""A tab copied into another spreadsheet, where its formats and rules get new numbers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sheetserver.kinds import tabs

if TYPE_CHECKING:
    from sheetserver.book import Book, Tab
    from sheetserver.draft import Draft


def copy_tab(draft: Draft, source: Book, tab: Tab) -> Tab:
    """
    Add a copy of another spreadsheet's tab and return it.

    :raises ApiError: if the spreadsheet would have too many cells
    """
    copy = tabs.new_tab(draft, {"title": tabs.copy_title(draft.book, tab.title)})
    tabs.fill_copy(draft, tab, copy)
    numbers = {0: 0}
    for row in copy.rows:
        if not row.key:
            continue
        for places in (row.styles, row.rules):
            for at, number in enumerate(places):
                if number not in numbers:
                    numbers[number] = draft.book.pool.number(source.pool.get(number))
                places[at] = numbers[number]
    draft.add_tab(copy, len(draft.book.tabs))
    draft.check_size()
    return copy


def copy_book(draft: Draft, source: Book, title: str) -> None:
    """Fill a new spreadsheet with everything another one holds, its tab ids included."""
    book = draft.book
    book.properties = {**source.properties, "title": title}
    book.names = list(source.names)
    book.metadata = list(source.metadata)
    for at in range(1, len(source.pool)):
        book.pool.number(source.pool.get(at))
    for tab in source.tabs:
        draft.add_tab(tab.fork(), len(book.tabs))
