// The menus: of columns, views, rows, cells and files.

import * as arrange from "./arrange.js";
import { edit } from "./editing.js";
import { rearrange, refresh, workbook } from "./grid.js";
import { followLink } from "./keys.js";
import { dialog, menu, notice, paragraph } from "./menus.js";
import { here, say, start, strip, table } from "./page.js";
import { resize } from "./pointer.js";
import { element } from "./table.js";

export const back = () => table.grid.focus();

export function columnMenu(anchor) {
  const { column } = table;
  const name = arrange.nameOf(here.tab, column);
  const { sort } = here.tab;
  const sorted = (falling) => sort?.column === column && sort.falling === falling;
  const by = (falling) => async () => {
    await here.tab.whole;
    arrange.sortBy(here.tab, column, falling);
    rearrange();
    say(`Sorted by ${name}, only for you.`);
  };
  menu(anchor, [
    { label: `Sort by ${name}, A to Z`, work: by(false), checked: sorted(false) },
    { label: `Sort by ${name}, Z to A`, work: by(true), checked: sorted(true) },
    { label: `Filter ${name}`, work: () => filter(column), checked: here.tab.filters.has(column) },
    null,
    { label: "Wider", work: () => resize(column, here.tab.width(column) * 1.25) },
    { label: "Narrower", work: () => resize(column, here.tab.width(column) * 0.8) },
    null,
    { label: "Show everything", work: showEverything, disabled: !here.tab.isArranged },
  ], `Column ${name}`, back);
}

async function filter(column) {
  await here.tab.whole;
  if (await arrange.askFilter(here.tab, column)) {
    rearrange();
    say(strip.textContent);
  }
  back();
}

function showEverything() {
  arrange.clear(here.tab);
  rearrange();
}

export function viewsMenu(anchor) {
  const entries = here.tab.heading.views.map((view) => ({
    label: view.title,
    checked: here.tab.view?.id === view.id,
    work: async () => {
      await here.tab.whole;
      await arrange.openView(workbook, here.tab, view);
      rearrange();
      say(strip.textContent);
    },
  }));
  if (!entries.length) entries.push({ label: "This tab has no views", work() {}, disabled: true });
  const disabled = !here.tab.isArranged;
  entries.push(null, { label: "Show everything", work: showEverything, disabled });
  menu(anchor, entries, "Views", back);
}

function rowEntries() {
  const { top: first, bottom } = table.area();
  const rows = table.lines.slice(first, bottom + 1);
  const count = rows.length;
  const [low, high] = [Math.min(...rows), Math.max(...rows)];
  const together = high - low + 1 === count;
  const words = count === 1 ? "row" : `${count} rows`;
  const frozen = here.tab.heading.frozenRows > low;
  const disabled = !start.mayEdit;
  const moving = disabled || here.tab.isArranged || !together || frozen;
  return [
    {
      label: `Insert ${words} above`, work: () => insert(low, count),
      disabled: disabled || frozen,
    },
    { label: `Insert ${words} below`, work: () => insert(high + 1, count), disabled },
    {
      label: `Move ${words} up`, work: () => move(low, high + 1, low - 1),
      disabled: moving || !low,
    },
    {
      label: `Move ${words} down`, work: () => move(low, high + 1, high + 2),
      disabled: moving || high + 1 >= here.tab.rowCount,
    },
    {
      label: "Add 20 rows at the end", disabled,
      work: () => operate({
        appendDimension: { sheetId: here.tab.heading.sheetId, dimension: "ROWS", length: 20 },
      }, "20 rows added at the end"),
    },
    {
      label: `Delete ${words}`, work: () => remove(low, high + 1),
      disabled: disabled || !together || frozen,
    },
  ];
}

export function rowsMenu(anchor) {
  menu(anchor, rowEntries(), "Rows", back);
}

export function cellMenu(anchor) {
  const entries = [
    { label: "Edit", work: () => edit(), hint: "F2" },
    { label: "Filter and sort", work: () => columnMenu(table.activeElement()) },
  ];
  if (table.cell.link) entries.push({ label: "Open link", work: followLink, hint: "Ctrl+Enter" });
  menu(anchor, [...entries, null, ...rowEntries()], "Cell", back);
}

const span = (startIndex, endIndex) => ({
  sheetId: here.tab.heading.sheetId, dimension: "ROWS", startIndex, endIndex,
});

async function operate(operation, words) {
  try {
    await workbook.operate(here.tab, operation);
    say(words);
  } catch (error) {
    if (error.status === 409) await refresh();
    const message = error.message?.replace(/^Invalid requests\[0\]\.\w+: /, "");
    notice(message ?? "Nothing was changed.", { alarming: true });
  }
}

async function insert(at, count) {
  const inheritFromBefore = at > here.tab.heading.frozenRows;
  const operation = { insertDimension: { range: span(at, at + count), inheritFromBefore } };
  await operate(operation, `${count} rows inserted`);
  table.selectCell(at, table.column);
}

async function move(first, end, to) {
  const operation = { moveDimension: { source: span(first, end), destinationIndex: to } };
  await operate(operation, "Rows moved");
  table.selectCell(to < first ? to : to - (end - first), table.column);
}

async function remove(first, end) {
  const what = end - first === 1 ? `row ${first + 1}` : `rows ${first + 1} to ${end}`;
  const sure = await dialog(
    `Delete ${what}?`,
    [paragraph("It goes for everybody, and Undo does not bring it back.")],
    [["", "Cancel"], ["yes", "Delete"]],
  );
  if (sure) await operate({ deleteDimension: { range: span(first, end) } }, `Deleted ${what}`);
  back();
}

export function exportMenu(anchor) {
  const names = { xlsx: "Workbook as Excel file (.xlsx)", csv: "This tab as text (.csv)" };
  const path = `${workbook.path}/tabs/${here.tab.heading.sheetId}`;
  const entries = start.exports.map((ending) => ({
    label: names[ending] ?? ending,
    work: () => location.assign(`${path}/export.${ending}`),
  }));
  menu(anchor, entries, "Download", back);
}

export async function showKeys() {
  const keys = [
    ["Arrows, Tab, Enter", "move"], ["Shift + arrows", "select more"],
    ["Ctrl + arrows", "jump to the edge of what is filled"], ["Home, End", "ends of the row"],
    ["Ctrl + Home, Ctrl + End", "first and last cell"], ["Page Up, Page Down", "one screen"],
    ["Ctrl + Page Up, Page Down", "other tab"], ["F2 or type", "edit"],
    ["Alt + Down", "open a dropdown"], ["Space", "tick or untick"], ["Delete", "empty"],
    ["Ctrl + C, X, V", "copy, cut, paste"], ["Ctrl + Z, Y", "undo, redo"], ["Ctrl + F", "find"],
    ["Ctrl + Enter", "open a link"], ["Ctrl + Shift + L", "filter and sort"],
    ["Shift + F10", "menu of the cell"], ["Escape, then Tab", "leave the table"],
  ];
  const rows = keys.map(([key, what]) =>
    element("tr", {}, element("th", { scope: "row" }, key), element("td", {}, what)));
  await dialog("Keys", [element("table", { class: "keys" }, ...rows)], [["", "Close"]]);
  back();
}
