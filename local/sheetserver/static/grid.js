// The page of a workbook: puts table, editor, menus and server together.

import { fromText, parseCellName, toText } from "./address.js";
import * as arrange from "./arrange.js";
import { charts } from "./charts.js";
import { Editor } from "./editor.js";
import { closeMenus, dialog, listOf, menu, notice, paragraph } from "./menus.js";
import { typed } from "./model.js";
import { Table, element, isTicked } from "./table.js";
import { RefusedError, Workbook } from "./workbook.js";

const start = JSON.parse(document.body.dataset.start);
const app = document.getElementById("app");
const MOST_PASTED = 20000;

// The page

const button = (label, work, attributes = {}) => {
  const made = element("button", { type: "button", class: "tool", ...attributes }, label);
  made.addEventListener("click", () => work(made));
  return made;
};

const find = {
  box: element("input", {
    type: "search", id: "find", placeholder: "Find in this tab", "aria-label": "Find in this tab",
  }),
  count: element("span", { class: "count", "aria-live": "polite" }),
};
const undoButton = button("Undo", () => undo(), { title: "Undo (Ctrl+Z)" });
const redoButton = button("Redo", () => redo(), { title: "Redo (Ctrl+Y)" });
const status = element("span", { class: "status", role: "status" }, "Connecting");
const personas = element("a", {
  class: "persona", href: `/persona?next=${encodeURIComponent(location.pathname)}`,
  title: "Choose who you are",
}, start.name);
const title = element("h1", {}, start.title);
const top = element(
  "header", { class: "topbar" },
  element("a", { class: "home", href: "/", title: "All workbooks" }, "Workbooks"),
  title,
  element("span", { class: "mode" }, start.mayEdit ? "" : "Read only"),
  element("span", { class: "spring" }),
  status,
  personas,
);
const tools = element(
  "div", { class: "tools", role: "toolbar", "aria-label": "Tools" },
  undoButton,
  redoButton,
  button("Filter and sort", (made) => columnMenu(made), { "aria-haspopup": "menu" }),
  button("Views", (made) => viewsMenu(made), { "aria-haspopup": "menu" }),
  button("Rows", (made) => rowsMenu(made), { "aria-haspopup": "menu" }),
  button("Download", (made) => exportMenu(made), { "aria-haspopup": "menu" }),
  button("Keys", () => showKeys(), { title: "Keyboard keys" }),
  element("span", { class: "spring" }),
  element("span", { class: "finder" }, find.box, find.count),
);
const detail = {
  name: element("output", { class: "name" }),
  title: element("span", { class: "title" }),
  text: element("span", { class: "value" }),
  tags: element("span", { class: "tags" }),
};
const detailBar = element(
  "div", { class: "detail" }, detail.name, detail.title, detail.text, detail.tags,
);
const strip = element("div", { class: "strip", hidden: true });
const pictures = element("section", { class: "pictures", "aria-label": "Charts", hidden: true });
const stage = element("main", { class: "stage" });
const tabBar = element("div", { class: "tabbar", role: "tablist", "aria-label": "Tabs" });
const speech = element("div", { class: "unseen", "aria-live": "polite", id: "speech" });
const tip = element("div", { class: "tip", role: "tooltip", id: "tip", hidden: true });
app.append(top, tools, detailBar, strip, pictures, stage, tabBar, speech, tip);
app.hidden = false;

const table = new Table(stage);
const editor = new Editor(stage, table, { commit, cancelled: () => table.grid.focus() });
let tab = null;
let tabList = [];
let copied = null;

function say(text) {
  speech.textContent = text;
}

// What the workbook tells us

const workbook = new Workbook(start, {
  saving(count) {
    document.body.classList.toggle("saving", count > 0);
    showStatus();
  },
  live(on) {
    document.body.classList.toggle("lost", !on);
    showStatus();
  },
  changed(other, rows, cells) {
    if (other !== tab) return;
    for (const { index, column } of cells) markChanged(index, column);
    const hidden = [...rows].some((row) => !table.lines.includes(row));
    if (hidden && tab.isArranged) rearrange();
    else for (const row of rows) table.refreshRow(row);
    editor.heard(tab);
    describe(false);
    showUndo();
    drawCharts();
  },
  loaded(other) {
    if (other !== tab) return;
    table.arrange();
    drawCharts();
    search(false);
  },
  reloaded(other) {
    if (other === tab) showTab(tab);
  },
  async stale(sheetId) {
    await refreshTabs();
    if (tab && (sheetId === undefined || sheetId === tab.heading.sheetId) && tab.stale) {
      await refresh();
    }
  },
  gone() {
    workbook.pause();
    notice("This workbook was deleted, or is no longer shared with you.", { alarming: true });
  },
});

function showStatus() {
  const { classList } = document.body;
  const saving = classList.contains("saving");
  status.textContent = classList.contains("lost") ? "Reconnecting" : saving ? "Saving" : "Live";
}

function markChanged(index, column) {
  const name = `${tab.key(index)}/${column}`;
  const shown = tab;
  shown.changed.add(name);
  setTimeout(() => {
    shown.changed.delete(name);
    if (shown === tab) table.refreshRow(index);
  }, 6000);
}

// Rows have moved: what is selected and edited is found again by its row's lasting key.
async function refresh() {
  const { row, column } = table;
  const key = tab.key(row);
  await workbook.reload(tab);
  const now = tab.find(key, row);
  showTab(tab);
  if (now >= 0) table.selectCell(now, column);
  if (editor.isOpen) {
    editor.heard(tab);
    editor.placeBox();
  }
}

async function refreshTabs() {
  const told = await workbook.list().catch(() => null);
  if (!told) return;
  tabList = told.tabs;
  title.textContent = told.title;
  document.title = told.title;
  drawTabs();
  if (tab && !tabList.some((each) => each.sheetId === tab.heading.sheetId)) {
    notice(`The tab “${tab.heading.title}” was removed.`, { alarming: true });
    await openTab(tabList[0].sheetId);
  }
}

// Tabs

function drawTabs() {
  const current = tab?.heading.sheetId;
  const focused = tabBar.contains(document.activeElement);
  tabBar.replaceChildren(
    ...tabList.map(({ sheetId, title: name, colour }) => {
      const chosen = sheetId === current;
      const made = element("button", {
        type: "button", role: "tab", "aria-selected": String(chosen), tabindex: chosen ? "0" : "-1",
        "aria-controls": "grid", "data-sheet": sheetId,
      }, name);
      if (colour) made.style.setProperty("--mark", colour);
      made.addEventListener("click", () => openTab(sheetId));
      return made;
    }),
  );
  const chosen = tabBar.querySelector("[aria-selected=true]");
  if (focused) chosen?.focus();
  chosen?.scrollIntoView({ block: "nearest", inline: "nearest" });
}

tabBar.addEventListener("keydown", (event) => {
  const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
  if (step) {
    event.preventDefault();
    nextTab(step);
  }
});

function nextTab(step) {
  const at = tabList.findIndex((each) => each.sheetId === tab.heading.sheetId);
  const next = tabList[(at + step + tabList.length) % tabList.length];
  return openTab(next.sheetId).then(() => say(`Tab ${next.title}`));
}

async function openTab(sheetId) {
  editor.commit(null);
  remember();
  const opened = await workbook.open(sheetId).catch(failed);
  if (!opened) return;
  tab = opened;
  const url = new URL(location);
  url.searchParams.set("sheet", sheetId);
  history.replaceState(null, "", url);
  table.scroller.scrollTo(0, tab.scrolled?.[1] ?? 0);
  tab.widths = rememberedWidths();
  const first = tab.lines().head.length; // below the headings
  table.selection = tab.selection ?? { line: first, place: 0, toLine: first, toPlace: 0 };
  showTab(tab);
  table.scroller.scrollTo(...(tab.scrolled ?? [0, 0]));
  drawTabs();
}

function remember() {
  if (!tab) return;
  tab.selection = table.selection;
  tab.scrolled = [table.scroller.scrollLeft, table.scroller.scrollTop];
}

function showTab(shown) {
  table.show(shown);
  showArrangement();
  search(false);
  drawCharts();
  describe(false);
}

function rearrange() {
  const { row, column } = table;
  table.arrange();
  table.selectCell(row, column);
  showArrangement();
}

function showArrangement() {
  const words = arrange.inWords(tab, table.lines.length - table.headLines.length);
  strip.hidden = !words;
  strip.replaceChildren(element("span", {}, words), button("Show everything", () => {
    arrange.clear(tab);
    rearrange();
    say("Every row is shown.");
    table.grid.focus();
  }));
}

function drawCharts() {
  const drawn = tab.heading.charts.length ? charts(tab) : [];
  pictures.hidden = !drawn.length;
  pictures.replaceChildren(...drawn);
}

// What is selected

table.onselect = () => describe(true);
table.onscroll = () => {
  tip.hidden = true;
  if (editor.isOpen) editor.placeBox();
};

function describe(aloud) {
  const cell = table.cell;
  if (!cell) return;
  const isTitle = table.selection.line < table.headLines.length;
  const column = isTitle ? "" : tab.title(table.column);
  detail.name.textContent = table.isMany ? areaName() : table.name();
  detail.title.textContent = column;
  detail.text.textContent = typed(cell);
  const tags = tagsOf(cell);
  detail.tags.replaceChildren(
    ...tags.map((each) => element("span", { class: "tag" }, each)),
    ...(cell.note ? [element("span", { class: "note-text" }, cell.note)] : []),
  );
  showTip(table.activeElement(), cell.note, aloud);
  if (aloud) say(spoken(cell, column, tags));
}

function areaName() {
  const cells = table.cellsSelected();
  return `${cells.length} × ${cells[0].length}`;
}

function tagsOf(cell) {
  const { rule, lock } = cell.look;
  const tags = [];
  if (lock) tags.push("Read only");
  else if (rule?.kind === "list") tags.push(rule.strict ? "Choose from the list" : "List");
  if (rule?.message) tags.push(rule.message);
  return tags;
}

function spoken(cell, column, tags) {
  const value = cell.look.rule?.kind === "tick"
    ? (isTicked(cell) ? "ticked" : "not ticked")
    : cell.text || "blank";
  const parts = [table.name(), column, value, ...tags];
  if (cell.note) parts.push(`Note: ${cell.note}`);
  if (table.isMany) parts.push(`${areaName()} cells selected`);
  return parts.filter(Boolean).join(", ");
}

function showTip(anchor, text, wanted = true) {
  tip.hidden = !text || !anchor || !wanted || editor.isOpen;
  if (tip.hidden) return;
  tip.textContent = text;
  const at = anchor.getBoundingClientRect();
  const left = Math.max(4, Math.min(at.right + 6, innerWidth - tip.offsetWidth - 8));
  const fits = at.bottom + tip.offsetHeight < innerHeight;
  const top_ = fits ? at.bottom + 4 : at.top - tip.offsetHeight - 4;
  Object.assign(tip.style, { left: `${left}px`, top: `${Math.max(4, top_)}px` });
}

stage.addEventListener("pointerover", (event) => {
  const at = table.place(event.target);
  if (!at || event.pointerType === "touch") return;
  const cell = tab.cell(table.lines[at.line], tab.columns[at.place]);
  showTip(at.element, cell.note);
});
stage.addEventListener("pointerleave", () => showTip(null));

// Mouse and touch

let dragged = false; // the click that ends a drag means nothing
let touched = false; // a finger selects first and edits with the second tap

stage.addEventListener("pointerdown", (event) => {
  const at = table.place(event.target);
  const number = event.target.closest?.(".number");
  const grip = event.target.closest?.(".grip");
  dragged = false;
  closeMenus();
  if (editor.isOpen && !editor.box.contains(event.target)) editor.commit(null);
  if (grip) return dragWidth(grip, event);
  if (number) return selectRow(number, event);
  if (!at || event.button > 0 || event.target.closest("a")) return undefined;
  touched = event.pointerType === "touch";
  const again = at.line === table.selection.line && at.place === table.selection.place;
  table.wasActive = again && document.activeElement === table.grid;
  if (touched) return undefined;
  event.preventDefault();
  table.grid.focus({ preventScroll: true });
  table.select(at.line, at.place, event.shiftKey);
  drag(event);
  return undefined;
});

// Each viewer has widths of their own; the browser remembers them.

const widthsName = () => `widths ${start.book} ${tab.heading.sheetId}`;

function resize(column, width) {
  tab.widths[column] = Math.round(width);
  const { row, column: current } = table;
  table.arrange();
  table.selectCell(row, current);
  localStorage.setItem(widthsName(), JSON.stringify(tab.widths));
}

function rememberedWidths() {
  try {
    return JSON.parse(localStorage.getItem(widthsName())) ?? {};
  } catch {
    return {};
  }
}

function dragWidth(grip, event) {
  event.preventDefault();
  const column = tab.columns[Number(grip.parentElement.dataset.place)];
  const [from, width] = [event.clientX, tab.width(column)];
  const move = (moved) => resize(column, width + moved.clientX - from);
  const end = () => {
    removeEventListener("pointermove", move);
    removeEventListener("pointerup", end);
    dragged = true;
  };
  addEventListener("pointermove", move);
  addEventListener("pointerup", end);
}

function selectRow(number, event) {
  event.preventDefault();
  table.grid.focus({ preventScroll: true });
  const line = Number(number.parentElement.dataset.line);
  const last = table.widths.length - 1;
  if (event.shiftKey) table.select(line, last, true);
  else {
    table.select(line, 0);
    table.select(line, last, true);
  }
}

function drag(event) {
  const move = (moved) => {
    const at = table.place(document.elementFromPoint(moved.clientX, moved.clientY) ?? stage);
    const { toLine, toPlace } = table.selection;
    if (at && (at.line !== toLine || at.place !== toPlace)) table.select(at.line, at.place, true);
  };
  const end = () => {
    removeEventListener("pointermove", move);
    removeEventListener("pointerup", end);
  };
  if (event.pointerType === "mouse") {
    addEventListener("pointermove", move);
    addEventListener("pointerup", end);
  }
}

stage.addEventListener("click", (event) => {
  const letter = event.target.closest?.(".letter");
  if (dragged || event.target.closest?.(".grip")) return;
  if (letter) {
    table.select(table.selection.line, Number(letter.dataset.place));
    columnMenu(letter);
    return;
  }
  const at = table.place(event.target);
  if (!at || event.target.closest("a") || event.shiftKey) return;
  if (event.pointerType === "touch") {
    table.grid.focus({ preventScroll: true });
    table.select(at.line, at.place);
  }
  const { rule, lock } = table.cell.look;
  if (table.isMany || lock) return;
  if (rule?.kind === "tick" && event.target.closest(".tick")) toggle();
  else if (event.target.closest(".open")) edit();
  else if (event.pointerType === "touch" && table.wasActive) edit();
});

stage.addEventListener("dblclick", (event) => {
  if (!touched && table.place(event.target) && !event.target.closest("a, .tick")) edit();
});

stage.addEventListener("contextmenu", (event) => {
  const at = table.place(event.target);
  if (!at || event.target.closest("a")) return;
  event.preventDefault();
  const { top: first, bottom, left, right } = table.area();
  const inside = at.line >= first && at.line <= bottom && at.place >= left && at.place <= right;
  if (!inside) table.select(at.line, at.place);
  cellMenu(at.element);
});

// Keys

const STEPS = {
  ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1],
};
let leaving = false; // Escape, then Tab leaves the grid

table.grid.addEventListener("keydown", (event) => {
  if (event.isComposing || !tab) return;
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

function step([down, right], extend) {
  const from = extend ? target() : table.selection;
  table.select(from.line + down, from.place + right, extend);
  return true;
}

// Jumps to the edge of a block of filled cells, as spreadsheets do.
function jump([down, right], extend) {
  const from = extend ? target() : table.selection;
  let { line, place } = from;
  const filled = (a, b) => Boolean(tab.cell(table.lines[a], tab.columns[b])?.text);
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
  const last = tab.lastFilled();
  return tab.isArranged ? table.lines.length - 1 : Math.max(0, table.lines.indexOf(last));
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

function followLink() {
  const { link } = table.cell;
  if (link) window.open(link, "_blank", "noopener,noreferrer");
  return true;
}

// Editing

function edit(text) {
  const cell = table.cell;
  if (!cell) return false;
  if (cell.look.lock) {
    refuse(start.mayEdit
      ? `${table.name()} is read only: it is kept up by the desk, or belongs to others.`
      : "You may read this workbook, but not change it.");
    return true;
  }
  if (cell.look.rule?.kind === "tick" && text === undefined) {
    toggle();
    return true;
  }
  tip.hidden = true;
  table.select(table.selection.line, table.selection.place);
  editor.open(text);
  return true;
}

function refuse(text) {
  notice(text);
  say(text);
}

function commit(done, text, move) {
  if (document.activeElement === document.body || move) table.grid.focus({ preventScroll: true });
  if (text !== done.opened) {
    if (done.row < 0) notice("Its row was deleted. Nothing was saved.", { alarming: true });
    else save(done.tab, [{ row: done.row, column: done.column, text, old: done.old }]);
  }
  const steps = { down: [1, 0], up: [-1, 0], left: [0, -1], right: [0, 1] };
  if (move) step(steps[move], false);
}

function toggle() {
  const cells = table.cellsSelected().flat()
    .map((each) => ({ ...each, cell: tab.cell(each.row, each.column) }))
    .filter(({ cell }) => cell.look.rule?.kind === "tick" && !cell.look.lock);
  const on = !isTicked(table.cell);
  save(tab, cells.map(({ row, column, cell: { look } }) => ({
    row, column, text: on ? look.rule.on : look.rule.off,
  })));
  say(on ? "ticked" : "not ticked");
}

function empty() {
  const cells = table.cellsSelected().flat().filter(({ row, column }) => tab.cell(row, column).text);
  if (cells.length) save(tab, cells.map((each) => ({ ...each, text: "" })));
}

async function save(where, edits) {
  const promise = workbook.edit(where, edits);
  for (const row of new Set(edits.map((each) => each.row))) table.refreshRow(row);
  try {
    await promise;
  } catch (error) {
    await explain(error, where, edits);
  }
  showUndo();
}

async function explain(error, where, edits) {
  if (!(error instanceof RefusedError)) {
    return void notice("The server cannot be reached. Nothing was saved.", { alarming: true });
  }
  if (error.status === 409) return conflict(error, where, edits);
  if (error.cells.length) {
    say(`${error.message} ${error.cells[0].a1}: ${error.cells[0].reason}`);
    const lines = error.cells.slice(0, 50).map(({ a1, reason }) =>
      reason.startsWith(a1) ? reason : `${a1}: ${reason}`);
    if (error.cells.length > 50) lines.push(`and ${error.cells.length - 50} more`);
    await dialog("Not saved", [paragraph(error.message), listOf(lines)], [["", "Close"]]);
  } else {
    await dialog("Not saved", [paragraph(error.message)], [["", "Close"]]);
  }
  table.grid.focus();
  return undefined;
}

async function conflict(error, where, edits) {
  const keys = edits.map((each) => where.key(each.row));
  await workbook.reload(where);
  if (where === tab) showTab(tab);
  const again = edits
    .map((each, at) => ({ row: where.find(keys[at], each.row), column: each.column, text: each.text }))
    .filter((each) => each.row >= 0);
  const lines = error.cells.map((each) => {
    const { row, column } = parseCellName(each.a1);
    const mine = edits.find((one) => one.row === row && one.column === column);
    return `${each.a1} now says “${each.text}”. You wrote “${mine?.text ?? ""}”.`;
  });
  say(error.message);
  const answer = await dialog(
    "Changed meanwhile",
    [paragraph(error.message), listOf(lines)],
    again.length ? [["theirs", "Keep theirs"], ["mine", "Save mine"]] : [["theirs", "Close"]],
  );
  if (answer === "mine") await save(where, again);
  table.grid.focus();
}

function failed(error) {
  notice(error.message, { alarming: true });
  return null;
}

function showUndo() {
  undoButton.disabled = !workbook.done.length;
  redoButton.disabled = !workbook.undone.length;
}

async function undo(redoing = false) {
  try {
    const done = await (redoing ? workbook.redo() : workbook.undo());
    if (!done) return say("There is nothing to undo.");
    if (done.tab !== tab) await openTab(done.tab.heading.sheetId);
    table.selectCell(done.cells[0].row, done.cells[0].column);
    say(`${redoing ? "Done again" : "Undone"}: ${done.cells.length} cells. ${table.name()}`);
  } catch (error) {
    const message = error.status === 409
      ? "Somebody else changed this meanwhile, so it cannot be undone."
      : error.message;
    notice(message, { alarming: true });
  }
  return showUndo();
}

const redo = () => undo(true);

// Copy and paste

const inGrid = () => document.activeElement === table.grid;

function matrixOf(read) {
  return table.cellsSelected().map((row) => row.map((each) => read(tab.cell(each.row, each.column))));
}

function copy(event) {
  if (!inGrid()) return;
  event.preventDefault();
  const text = toText(matrixOf((cell) => cell.text));
  copied = { text, typed: matrixOf(typed) };
  event.clipboardData.setData("text/plain", text);
  say(`Copied ${areaName()} cells`);
}

addEventListener("copy", copy);
addEventListener("cut", (event) => {
  copy(event);
  if (inGrid()) empty();
});
addEventListener("paste", (event) => {
  if (!inGrid()) return;
  event.preventDefault();
  const text = event.clipboardData.getData("text/plain");
  if (text) paste(copied?.text === text ? copied.typed : fromText(text));
});

function paste(matrix) {
  const area = table.area();
  const size = { height: matrix.length, width: Math.max(...matrix.map((row) => row.length)) };
  const fills = size.height === 1 && size.width === 1;
  const height = fills ? area.bottom - area.top + 1 : size.height;
  const width = fills ? area.right - area.left + 1 : size.width;
  if (area.top + height > table.lines.length || area.left + width > table.widths.length) {
    refuse(`${height} × ${width} cells do not fit here: the tab ends before. Nothing was pasted.`);
    return;
  }
  const edits = [];
  for (let down = 0; down < height; down += 1) {
    for (let right = 0; right < width; right += 1) {
      const text = fills ? matrix[0][0] : matrix[down][right];
      const [row, column] = [table.lines[area.top + down], tab.columns[area.left + right]];
      const cell = tab.cell(row, column);
      const same = text === undefined || text === typed(cell) || text === cell.text;
      if (!same) edits.push({ row, column, text });
    }
  }
  if (edits.length > MOST_PASTED) {
    refuse(`${edits.length} cells are too many at once. At most ${MOST_PASTED} can be pasted.`);
    return;
  }
  if (edits.length) save(tab, edits);
  table.select(area.top, area.left);
  table.select(area.top + height - 1, area.left + width - 1, true);
  say(`Pasted ${height} × ${width} cells`);
}

// Menus

const back = () => table.grid.focus();

function columnMenu(anchor) {
  const { column } = table;
  const name = arrange.nameOf(tab, column);
  const { sort } = tab;
  const sorted = (falling) => sort?.column === column && sort.falling === falling;
  const by = (falling) => async () => {
    await tab.whole;
    arrange.sortBy(tab, column, falling);
    rearrange();
    say(`Sorted by ${name}, only for you.`);
  };
  menu(anchor, [
    { label: `Sort by ${name}, A to Z`, work: by(false), checked: sorted(false) },
    { label: `Sort by ${name}, Z to A`, work: by(true), checked: sorted(true) },
    { label: `Filter ${name}`, work: () => filter(column), checked: tab.filters.has(column) },
    null,
    { label: "Wider", work: () => resize(column, tab.width(column) * 1.25) },
    { label: "Narrower", work: () => resize(column, tab.width(column) * 0.8) },
    null,
    { label: "Show everything", work: showEverything, disabled: !tab.isArranged },
  ], `Column ${name}`, back);
}

async function filter(column) {
  await tab.whole;
  if (await arrange.askFilter(tab, column)) {
    rearrange();
    say(strip.textContent);
  }
  back();
}

function showEverything() {
  arrange.clear(tab);
  rearrange();
}

function viewsMenu(anchor) {
  const entries = tab.heading.views.map((view) => ({
    label: view.title,
    checked: tab.view?.id === view.id,
    work: async () => {
      await tab.whole;
      await arrange.openView(workbook, tab, view);
      rearrange();
      say(strip.textContent);
    },
  }));
  if (!entries.length) entries.push({ label: "This tab has no views", work() {}, disabled: true });
  entries.push(null, { label: "Show everything", work: showEverything, disabled: !tab.isArranged });
  menu(anchor, entries, "Views", back);
}

function rowEntries() {
  const { top: first, bottom } = table.area();
  const rows = table.lines.slice(first, bottom + 1);
  const count = rows.length;
  const [low, high] = [Math.min(...rows), Math.max(...rows)];
  const together = high - low + 1 === count;
  const words = count === 1 ? "row" : `${count} rows`;
  const frozen = tab.heading.frozenRows > low;
  const disabled = !start.mayEdit;
  const moving = disabled || tab.isArranged || !together || frozen;
  return [
    { label: `Insert ${words} above`, work: () => insert(low, count), disabled: disabled || frozen },
    { label: `Insert ${words} below`, work: () => insert(high + 1, count), disabled },
    { label: `Move ${words} up`, work: () => move(low, high + 1, low - 1), disabled: moving || !low },
    {
      label: `Move ${words} down`, work: () => move(low, high + 1, high + 2),
      disabled: moving || high + 1 >= tab.rowCount,
    },
    {
      label: "Add 20 rows at the end", disabled,
      work: () => operate({
        appendDimension: { sheetId: tab.heading.sheetId, dimension: "ROWS", length: 20 },
      }, "20 rows added at the end"),
    },
    {
      label: `Delete ${words}`, work: () => remove(low, high + 1),
      disabled: disabled || !together || frozen,
    },
  ];
}

function rowsMenu(anchor) {
  menu(anchor, rowEntries(), "Rows", back);
}

function cellMenu(anchor) {
  const entries = [
    { label: "Edit", work: () => edit(), hint: "F2" },
    { label: "Filter and sort", work: () => columnMenu(table.activeElement()) },
  ];
  if (table.cell.link) entries.push({ label: "Open link", work: followLink, hint: "Ctrl+Enter" });
  menu(anchor, [...entries, null, ...rowEntries()], "Cell", back);
}

const span = (startIndex, endIndex) => ({
  sheetId: tab.heading.sheetId, dimension: "ROWS", startIndex, endIndex,
});

async function operate(operation, words) {
  try {
    await workbook.operate(tab, operation);
    say(words);
  } catch (error) {
    if (error.status === 409) await refresh();
    const message = error.message?.replace(/^Invalid requests\[0\]\.\w+: /, "");
    notice(message ?? "Nothing was changed.", { alarming: true });
  }
}

async function insert(at, count) {
  const inheritFromBefore = at > tab.heading.frozenRows;
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

function exportMenu(anchor) {
  const names = { xlsx: "Workbook as Excel file (.xlsx)", csv: "This tab as text (.csv)" };
  const entries = start.exports.map((ending) => ({
    label: names[ending] ?? ending,
    work: () => location.assign(`${workbook.path}/tabs/${tab.heading.sheetId}/export.${ending}`),
  }));
  menu(anchor, entries, "Download", back);
}

async function showKeys() {
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

// Find

const hits = { list: [], at: -1 };

function search(moves = true) {
  const wanted = find.box.value.trim().toLowerCase();
  hits.list = [];
  if (wanted) {
    for (const index of table.lines) {
      for (const column of tab.columns) {
        if (tab.cell(index, column).text.toLowerCase().includes(wanted)) {
          hits.list.push({ index, column });
        }
      }
    }
  }
  table.hits = new Set(hits.list.map(({ index, column }) => `${index}/${column}`));
  table.redraw();
  if (moves) {
    hits.at = -1;
    nextHit(1);
  }
  countHits(wanted);
}

function countHits(wanted = find.box.value.trim()) {
  const at = hits.list.length ? `${Math.max(1, hits.at + 1)} of ${hits.list.length}` : "None";
  find.count.textContent = wanted ? at : "";
}

function nextHit(by) {
  if (!hits.list.length) return;
  hits.at = (hits.at + by + hits.list.length) % hits.list.length;
  table.selectCell(hits.list[hits.at].index, hits.list[hits.at].column);
  countHits();
}

find.box.addEventListener("input", () => {
  clearTimeout(find.timer);
  find.timer = setTimeout(search, 150);
});
find.box.addEventListener("keydown", (event) => {
  if (event.key === "Enter") nextHit(event.shiftKey ? -1 : 1);
  if (event.key !== "Escape") return;
  find.box.value = "";
  search(false);
  back();
});

addEventListener("keydown", (event) => {
  if ((event.ctrlKey || event.metaKey) && event.key === "f" && !event.defaultPrevented) {
    event.preventDefault();
    find.box.select();
  }
});

document.addEventListener("visibilitychange", () => {
  if (document.hidden) workbook.pause();
  else workbook.resume();
});
addEventListener("pagehide", () => workbook.pause());

// Begin

async function begin() {
  const told = await workbook.list().catch(failed);
  if (!told) return;
  tabList = told.tabs;
  await openTab(start.sheet);
  showUndo();
  table.grid.focus({ preventScroll: true });
  workbook.listen();
  document.body.dataset.ready = "yes";
  await tab.whole;
  document.body.dataset.whole = "yes";
}

begin();
