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
    words,
)
from console.tabs import MEANINGS, ROWS, SIGNS, STEPS, TITLES, WHOSE, all_tabs_of

FILE: Final = Path("docs/console.md")
"""Where the guide lies, from the root of the repository."""

INTRODUCTION: Final = """\
# The console

This guide is made from the tabs (`python -m console.reference`); do not edit it.
The tab Help of each workbook says the same.

The ledger is the record, and a tab is a view of it with an inbox. Nobody types a status: you
choose the next step under **Action**, and the desk answers in **Result**, usually within seconds.
"""

KINDS: Final = {
    Cell.TEXT: "text",
    Cell.NUMBER: "number",
    Cell.INSTANT: "date and time",
    Cell.TICK: "tick",
}


def guide() -> str:
    """Return the staff guide as Markdown."""
    lines = ["## How a step goes", "", *(f"{n}. {it}" for n, it in enumerate(STEPS, start=1))]
    legend = [(name, meaning) for name, meaning in MEANINGS.values()]
    for title, pairs in (("Colours", [*WHOSE, *legend]), ("Signs", SIGNS), ("Rows", ROWS)):
        lines += ["", f"## {title}", "", "| | |", "|---|---|"]
        lines += [f"| {words(name)} | {meaning} |" for name, meaning in pairs]
    lines += ["", "## The columns of every queue", "", *_table((*QUEUE_START, *QUEUE_END))]
    for workbook, title in TITLES.items():
        tabs = all_tabs_of(workbook)
        if tabs:
            lines += ["", f"## Workbook {title}"]
        for tab in tabs:
            lines += _tab(tab)
    return INTRODUCTION + "\n" + "\n".join(lines) + "\n"


def _tab(tab: Tab) -> Iterator[str]:
    yield from ("", f"### {tab.title}", "", tab.purpose)
    if isinstance(tab, QueueTab):
        yield from ("", "| Step | What it does |", "|---|---|")
        for action in tab.actions:
            yield f"| {action.shown} | {action.help} |"
        yield from ("", "| Status | Colour |", "|---|---|")
        for word, tone in tab.tones.items():
            yield f"| {word} | {MEANINGS[tone][0]} |"
        yield from ("", f"Views: {', '.join(view.title for view in tab.views)}.")
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
