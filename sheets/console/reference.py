"""Writes the staff guide from the tabs themselves, so that it cannot say anything else."""

import sys
from collections.abc import Iterable, Iterator, Sequence
from difflib import unified_diff
from pathlib import Path
from typing import Final

from console.schema import (
    QUEUE_END,
    QUEUE_START,
    BoardTab,
    Cell,
    Column,
    LogTab,
    QueueTab,
    Tab,
    Tone,
)
from console.tabs import TITLES, all_tabs_of

FILE: Final = Path("docs/console.md")
"""Where the guide lies, from the root of the repository."""

INTRODUCTION: Final = """\
# The console

This guide is made from the tabs (`python -m console.reference`); do not edit it.

The ledger is the record, and a tab is a view of it with an inbox. Nobody types a status: you
choose the next step under **Action**, and the desk answers in **Result**, usually within seconds.
Grey columns belong to the desk. White ones are yours; so is everything to the right of ours.

## How a step goes

1. **Action** lists what is possible now for this row. Choose one.
2. An ordinary step is done at once: Action is emptied, Result says
   `✓ 14:02 Sent again (ana@example.com)`.
3. A step marked with `!` is first tried without being done. **Preview** says what it would do.
   Write a **Reason**, read Preview, then tick **Confirm**. A tick that was set before the preview
   does not count, and neither does one for a record that has changed since: you get a new preview.
4. What cannot be done is refused with the reason, `✗ 14:02 Not done: ..`, and nothing happens.
5. More than 20 new steps at once ask first: `Held: 37 at once`. Tick Confirm where you mean it.

To take a step back before it is confirmed, empty Action.

Sort, filter, insert rows and add columns of your own as you like: rows are found by their ID.
A deleted row of an open record comes back; two rows with one ID are both left alone until you
delete one; a heading that was typed over is put back and the word kept in its note.
Times are UTC.

## Colours

| Colour | Means |
|---|---|
"""

MEANINGS: Final = {
    Tone.DONE: ("green", "done"),
    Tone.WAITING: ("yellow", "waits for somebody, or is due soon"),
    Tone.IN_PROGRESS: ("blue", "the desk is at work"),
    Tone.NEEDS_A_PERSON: ("red", "overdue, or needs a person"),
    Tone.CLOSED: ("grey text", "closed"),
}

KINDS: Final = {
    Cell.TEXT: "text",
    Cell.NUMBER: "number",
    Cell.INSTANT: "date and time",
    Cell.TICK: "tick",
}


def guide() -> str:
    """Return the staff guide as Markdown."""
    lines = [f"| {name} | {meaning} |" for name, meaning in MEANINGS.values()]
    lines += ["", "## The columns of every queue", "", *_table((*QUEUE_START, *QUEUE_END))]
    for workbook, title in TITLES.items():
        tabs = all_tabs_of(workbook)
        if tabs:
            lines += ["", f"## Workbook {title}"]
        for tab in tabs:
            lines += _tab(tab)
    return INTRODUCTION + "\n".join(lines) + "\n"


def _tab(tab: Tab) -> Iterator[str]:
    yield from ("", f"### {tab.title}", "", tab.purpose)
    if isinstance(tab, QueueTab):
        yield from ("", "| Step | What it does |", "|---|---|")
        for action in tab.actions:
            yield f"| {action.label}{'!' if action.is_dangerous else ''} | {action.help} |"
        yield from ("", "| Status | Colour |", "|---|---|")
        for word, tone in tab.tones.items():
            yield f"| {word} | {MEANINGS[tone][0]} |"
    if isinstance(tab, BoardTab):
        yield from ("", *(f"- {it.title}" for it in tab.sections if it.title))
        return
    if isinstance(tab, LogTab):
        yield from ("", f"It holds the latest {tab.most_rows:,} events.")
    own = tab.columns if isinstance(tab, QueueTab) else tab.every_column
    yield from ("", *_table(own))


def _table(columns: Iterable[Column]) -> Iterator[str]:
    yield from ("| Column | Yours | Holds | |", "|---|---|---|---|")
    for column in columns:
        if not column.is_hidden:
            yours = "yes" if column.is_staff else ""
            yield f"| {column.heading} | {yours} | {KINDS[column.cell]} | {column.note} |"


def main(arguments: Sequence[str]) -> int:
    """
    Write the guide, or with `--check` say how it differs from what the tabs say.

    Returns 1 when it differs, for whoever builds the project.
    """
    new = guide()
    old = FILE.read_text(encoding="utf-8") if FILE.exists() else ""
    if "--check" not in arguments:
        FILE.write_text(new, encoding="utf-8")
        return 0
    changes = unified_diff(
        old.splitlines(keepends=True), new.splitlines(keepends=True), str(FILE), "the tabs"
    )
    sys.stdout.writelines(changes)
    return int(old != new)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
