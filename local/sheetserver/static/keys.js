// What keys do in the table: those that people know from other spreadsheets.

import { cellMenu, columnMenu } from "./commands.js";
import { describe } from "./detail.js";
import { edit, empty, redo, toggle, undo } from "./editing.js";
import { nextTab } from "./grid.js";
import { find, here, table } from "./page.js";

const STEPS = {
  ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1],
};
let leaving = false; // Escape, then Tab leaves the grid

table.grid.addEventListener("keydown", (event) => {
  if (event.isComposing || !here.tab) return;
  const handled = event.ctrlKey || event.metaKey ? withControl(event) : alone(event);
  if (handled) event.preventDefault();
  if (event.key !== "Shift") leaving = event.key === "Escape";
});

function withControl(event) {
  const { key, shiftKey } = event;
  if (key in STEPS) return jump(STEPS[key], shiftKey);
  const work = {
    Home: () => table.select(table.headLines.length, 0, shiftKey),
    End: () => table.select(Math.max(0, lastLine()), table.widths.length - 1, shiftKey),
    PageUp: () => nextTab(-1),
    PageDown: () => nextTab(1),
    a: () => selectAll(),
    " ": () => selectColumn(),
    z: () => (shiftKey ? redo() : undo()),
    y: () => redo(),
    f: () => find.box.select(),
    Enter: () => followLink(),
    l: () => shiftKey && columnMenu(table.activeElement()),
  }[key.length === 1 ? key.toLowerCase() : key];
  if (!work) return false;
  work();
  return true;
}

function alone(event) {
  const { key, shiftKey, altKey } = event;
  if (altKey) return key === "ArrowDown" ? edit() : key === "Enter" ? followLink() : false;
  if (key in STEPS) return step(STEPS[key], shiftKey);
  const work = {
    Home: () => table.select(target().line, 0, shiftKey),
    End: () => table.select(target().line, table.widths.length - 1, shiftKey),
    PageUp: () => step([-table.linesPerPage(), 0], shiftKey),
    PageDown: () => step([table.linesPerPage(), 0], shiftKey),
    Enter: () => enter(shiftKey),
    F2: () => edit(),
    Delete: () => empty(),
    Backspace: () => empty(),
    ContextMenu: () => cellMenu(table.activeElement()),
    F10: () => shiftKey && cellMenu(table.activeElement()),
    Escape: () => table.select(table.selection.line, table.selection.place),
    Process: () => edit(""),
  }[key];
  if (key === "Tab") return leaving ? false : tabStep(shiftKey ? -1 : 1);
  if (key === " ") return space(shiftKey);
  if (work) {
    work();
    return key !== "Process";
  }
  if (key.length === 1) edit("");
  return false;
}

function target() {
  return { line: table.selection.toLine, place: table.selection.toPlace };
}

export function step([down, right], extend) {
  const from = extend ? target() : table.selection;
  table.select(from.line + down, from.place + right, extend);
  return true;
}

// Jumps to the edge of a block of filled cells, as spreadsheets do.
function jump([down, right], extend) {
  const from = extend ? target() : table.selection;
  let { line, place } = from;
  const filled = (a, b) => Boolean(here.tab.cell(table.lines[a], here.tab.columns[b])?.text);
  const inside = (a, b) => a >= 0 && b >= 0 && a < table.lines.length && b < table.widths.length;
  const run = inside(line + down, place + right) && filled(line, place)
    && filled(line + down, place + right);
  while (inside(line + down, place + right)) {
    if (run && !filled(line + down, place + right)) break;
    line += down;
    place += right;
    if (!run && filled(line, place)) break;
  }
  table.select(line, place, extend);
  return true;
}

function tabStep(right) {
  const { line, place } = table.selection;
  const past = place + right;
  if (past >= 0 && past < table.widths.length) table.select(line, past);
  else if (right > 0) table.select(line + 1, 0);
  else table.select(line - 1, table.widths.length - 1);
  return true;
}

function lastLine() {
  const last = here.tab.lastFilled();
  return here.tab.isArranged ? table.lines.length - 1 : Math.max(0, table.lines.indexOf(last));
}

function selectAll() {
  table.select(0, 0);
  Object.assign(table.selection, { toLine: lastLine(), toPlace: table.widths.length - 1 });
  table.draw();
  describe(true);
}

function selectColumn() {
  const { place } = table.selection;
  Object.assign(table.selection, { line: 0, toLine: lastLine(), toPlace: place });
  table.draw();
  describe(true);
}

function space(shift) {
  const { rule, lock } = table.cell.look;
  if (shift) {
    const { line } = table.selection;
    table.select(line, 0);
    table.select(line, table.widths.length - 1, true);
  } else if (rule?.kind === "tick" && !lock) {
    toggle();
  } else {
    edit("");
    return false;
  }
  return true;
}

function enter(up) {
  const { rule, lock } = table.cell.look;
  if (rule?.kind === "tick" && !lock) toggle();
  else if (lock) step([up ? -1 : 1, 0], false);
  else edit();
}

export function followLink() {
  const { link } = table.cell;
  if (link) window.open(link, "_blank", "noopener,noreferrer");
  return true;
}
