"""Tables and charts: kept with their tab, moved with its cells, given back as they came."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sheetserver import errors, masks
from sheetserver.schema import sheets

if TYPE_CHECKING:
    from sheetserver.book import Tab
    from sheetserver.draft import Draft
    from sheetserver.messages import Message

_WIDTH, _HEIGHT = 600, 371  # pixels of a chart that does not say


def add_table(draft: Draft, request: Message) -> Message:
    """Make a table of a range; its column names become the headings that are still empty."""
    given = {"range": {}, **request.get("table", {})}
    given.setdefault("tableId", draft.ids.text()[:12])
    tab = _checked(draft, given)
    if any(each["tableId"] == given["tableId"] for _, each in _tables(draft)):
        msg = f"A table with id {given['tableId']} already exists."
        raise errors.invalid(msg)
    fresh = {**given, "columnProperties": _columns(tab, given)}
    _write_headings(draft, tab, fresh)
    tab.features["tables"].append(fresh)
    tab.restyled = True
    return {"table": fresh}


def _tables(draft: Draft) -> list[tuple[Tab, Message]]:
    return [(tab, each) for tab in draft.book.tabs for each in tab.features["tables"]]


def _checked(draft: Draft, given: Message) -> Tab:
    tab, rect = draft.target(given["range"])
    name = given.get("name", "")
    if not name:
        why = "A table needs a name."
        raise errors.invalid(why)
    for other_tab, other in _tables(draft):
        if other["tableId"] == given["tableId"]:
            continue
        if other["name"].casefold() == name.casefold():
            msg = f"A table named {name} already exists."
            raise errors.invalid(msg)
        if other_tab.sheet_id == tab.sheet_id and tab.rect(other["range"]).meets(rect):
            why = "Tables cannot overlap."
            raise errors.invalid(why)
    return tab


def _columns(tab: Tab, given: Message) -> list[Message]:
    """Return the properties of every column of a table, named by its heading or its number."""
    rect = tab.rect(given["range"])
    known = {each.get("columnIndex", 0): each for each in given.get("columnProperties", ())}
    columns = []
    for at in range(rect.width):
        heading = tab.row(rect.top).value(rect.left + at)
        name = heading if isinstance(heading, str) else f"Column {at + 1}"
        index = {"columnIndex": at} if at else {}
        columns.append({**index, "columnName": name, **known.get(at, {})})
    return columns


def _write_headings(draft: Draft, tab: Tab, table: Message) -> None:
    rect = tab.rect(table["range"])
    draft.guard(tab, rect._replace(bottom=rect.top + 1))
    for column in table["columnProperties"]:
        at = rect.left + column.get("columnIndex", 0)
        if tab.row(rect.top).value(at) is None and at < rect.right:
            tab.put(rect.top, at, column["columnName"])


def _table(draft: Draft, number: str) -> tuple[Tab, Message]:
    for tab, table in _tables(draft):
        if table["tableId"] == number:
            return draft.tab(tab.sheet_id), table
    msg = f"No table with id: {number}"
    raise errors.invalid(msg)


def update_table(draft: Draft, request: Message) -> None:
    """Change what a mask names of a table."""
    mask = sheets().mask("Table", request.get("fields", ""))
    given = request.get("table", {})
    tab, known = _table(draft, given.get("tableId", ""))
    merged = {"range": {}, **masks.replace(known, given, mask), "tableId": known["tableId"]}
    if _checked(draft, merged) is not tab:
        why = "A table cannot move to another sheet."
        raise errors.invalid(why)
    fresh = {**merged, "columnProperties": _columns(tab, merged)}
    kept = tab.features["tables"]
    tab.features["tables"] = [fresh if each is known else each for each in kept]
    tab.restyled = True


def delete_table(draft: Draft, request: Message) -> None:
    """Make plain cells of a table; their values stay. [assumed]."""
    tab, known = _table(draft, request.get("tableId", ""))
    tab.features["tables"] = [each for each in tab.features["tables"] if each is not known]
    tab.restyled = True


def add_chart(draft: Draft, request: Message) -> Message:
    """Put a chart on a tab."""
    given = dict(request.get("chart", {}))
    given.setdefault("chartId", draft.ids.number())
    if any(each["chartId"] == given["chartId"] for _, each in _charts(draft)):
        msg = f"An embedded object with id {given['chartId']} already exists."
        raise errors.invalid(msg)
    if "spec" not in given:
        why = "A chart needs a spec."
        raise errors.invalid(why)
    tab, fresh = _placed(draft, given)
    tab.features["charts"].append(fresh)
    tab.restyled = True
    return {"chart": fresh}


def _charts(draft: Draft) -> list[tuple[Tab, Message]]:
    return [(tab, each) for tab in draft.book.tabs for each in tab.features["charts"]]


def _placed(draft: Draft, given: Message) -> tuple[Tab, Message]:
    position = given.get("position", {})
    if position.get("newSheet") or "sheetId" in position:
        msg = "charts on a sheet of their own"
        raise errors.not_modelled(msg)
    overlay = position.get("overlayPosition", {})
    anchor = overlay.get("anchorCell", {})
    tab = draft.tab(anchor.get("sheetId", 0))
    size = {"widthPixels": _WIDTH, "heightPixels": _HEIGHT}
    return tab, {**given, "position": {"overlayPosition": {"anchorCell": {}, **size, **overlay}}}


def _chart(draft: Draft, number: int) -> tuple[Tab, Message]:
    for tab, chart in _charts(draft):
        if chart["chartId"] == number:
            return draft.tab(tab.sheet_id), chart
    msg = f"No embedded object with id: {number}"
    raise errors.invalid(msg)


def update_chart(draft: Draft, request: Message) -> None:
    """Replace what a chart shows."""
    tab, known = _chart(draft, request.get("chartId", 0))
    if "spec" not in request:
        why = "A chart needs a spec."
        raise errors.invalid(why)
    fresh = {**known, "spec": request["spec"]}
    tab.features["charts"] = [fresh if each is known else each for each in tab.features["charts"]]
    tab.restyled = True


def delete_object(draft: Draft, request: Message) -> None:
    """Remove a chart."""
    tab, known = _chart(draft, request.get("objectId", 0))
    tab.features["charts"] = [each for each in tab.features["charts"] if each is not known]
    tab.restyled = True


KINDS = {
    "addTable": add_table,
    "updateTable": update_table,
    "deleteTable": delete_table,
    "addChart": add_chart,
    "updateChartSpec": update_chart,
    "deleteEmbeddedObject": delete_object,
}
