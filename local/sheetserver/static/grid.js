// The page of a workbook: opens tabs, and follows what others do.

import "./clipboard.js";
import * as arrange from "./arrange.js";
import { charts } from "./charts.js";
import { columnMenu, exportMenu, rowsMenu, showKeys, viewsMenu } from "./commands.js";
import { describe } from "./detail.js";
import { failed, redo, showUndo, undo } from "./editing.js";
import { search } from "./find.js";
import { notice } from "./menus.js";
import {
  button,
  buttons,
  editor,
  here,
  pictures,
  say,
  start,
  status,
  strip,
  tabBar,
  table,
  title,
} from "./page.js";
import { rememberedWidths } from "./pointer.js";
import { element } from "./table.js";
import { Workbook } from "./workbook.js";

export const workbook = new Workbook(start, {
  saving(count) {
    document.body.classList.toggle("saving", count > 0);
    showStatus();
  },
  live(on) {
    document.body.classList.toggle("lost", !on);
    showStatus();
  },
  changed(other, rows, cells) {
    if (other !== here.tab) return;
    for (const { index, column } of cells) markChanged(index, column);
    const hidden = [...rows].some((row) => !table.lines.includes(row));
    if (hidden && here.tab.isArranged) rearrange();
    else for (const row of rows) table.refreshRow(row);
    editor.heard(here.tab);
    describe(false);
    showUndo();
    drawCharts();
  },
  loaded(other) {
    if (other !== here.tab) return;
    table.arrange();
    drawCharts();
    search(false);
  },
  reloaded(other) {
    if (other === here.tab) showTab(here.tab);
  },
  async stale(sheetId) {
    await refreshTabs();
    const meant = sheetId === undefined || sheetId === here.tab?.heading.sheetId;
    if (meant && here.tab?.stale) {
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
  const name = `${here.tab.key(index)}/${column}`;
  const shown = here.tab;
  shown.changed.add(name);
  setTimeout(() => {
    shown.changed.delete(name);
    if (shown === here.tab) table.refreshRow(index);
  }, 6000);
}

// Rows have moved: what is selected and edited is found again by its row's lasting key.
export async function refresh() {
  const { row, column } = table;
  const key = here.tab.key(row);
  await workbook.reload(here.tab);
  const now = here.tab.find(key, row);
  showTab(here.tab);
  if (now >= 0) table.selectCell(now, column);
  if (editor.isOpen) {
    editor.heard(here.tab);
    editor.placeBox();
  }
}

async function refreshTabs() {
  const told = await workbook.list().catch(() => null);
  if (!told) return;
  here.tabs = told.tabs;
  title.textContent = told.title;
  document.title = told.title;
  drawTabs();
  if (here.tab && !here.tabs.some((each) => each.sheetId === here.tab.heading.sheetId)) {
    notice(`The tab “${here.tab.heading.title}” was removed.`, { alarming: true });
    await openTab(here.tabs[0].sheetId);
  }
}

// Tabs

function drawTabs() {
  const current = here.tab?.heading.sheetId;
  const focused = tabBar.contains(document.activeElement);
  tabBar.replaceChildren(
    ...here.tabs.map(({ sheetId, title: name, colour }) => {
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

export function nextTab(step) {
  const at = here.tabs.findIndex((each) => each.sheetId === here.tab.heading.sheetId);
  const next = here.tabs[(at + step + here.tabs.length) % here.tabs.length];
  return openTab(next.sheetId).then(() => say(`Tab ${next.title}`));
}

export async function openTab(sheetId) {
  editor.commit(null);
  remember();
  const opened = await workbook.open(sheetId).catch(failed);
  if (!opened) return;
  here.tab = opened;
  const url = new URL(location);
  url.searchParams.set("sheet", sheetId);
  history.replaceState(null, "", url);
  table.scroller.scrollTo(0, here.tab.scrolled?.[1] ?? 0);
  here.tab.widths = rememberedWidths();
  const first = here.tab.lines().head.length; // below the headings
  table.selection = here.tab.selection ?? { line: first, place: 0, toLine: first, toPlace: 0 };
  showTab(here.tab);
  table.scroller.scrollTo(...(here.tab.scrolled ?? [0, 0]));
  drawTabs();
}

function remember() {
  if (!here.tab) return;
  here.tab.selection = table.selection;
  here.tab.scrolled = [table.scroller.scrollLeft, table.scroller.scrollTop];
}

export function showTab(shown) {
  table.show(shown);
  showArrangement();
  search(false);
  drawCharts();
  describe(false);
}

export function rearrange() {
  const { row, column } = table;
  table.arrange();
  table.selectCell(row, column);
  showArrangement();
}

function showArrangement() {
  const words = arrange.inWords(here.tab, table.lines.length - table.headLines.length);
  strip.hidden = !words;
  const everything = button("Show everything");
  everything.addEventListener("click", () => {
    arrange.clear(here.tab);
    rearrange();
    say("Every row is shown.");
    table.grid.focus();
  });
  strip.replaceChildren(element("span", {}, words), everything);
}

function drawCharts() {
  const drawn = here.tab.heading.charts.length ? charts(here.tab) : [];
  pictures.hidden = !drawn.length;
  pictures.replaceChildren(...drawn);
}

// What the buttons do

const WORK = {
  undo: () => undo(),
  redo,
  column: columnMenu,
  views: viewsMenu,
  rows: rowsMenu,
  download: exportMenu,
  keys: showKeys,
};

for (const [name, made] of Object.entries(buttons)) {
  made.addEventListener("click", () => WORK[name](made));
}

// A page in the background gives its connection back: a browser has few to one server.

document.addEventListener("visibilitychange", () => {
  if (document.hidden) workbook.pause();
  else workbook.resume();
});
addEventListener("pagehide", () => workbook.pause());

async function begin() {
  const told = await workbook.list().catch(failed);
  if (!told) return;
  here.tabs = told.tabs;
  await openTab(start.sheet);
  showUndo();
  table.grid.focus({ preventScroll: true });
  workbook.listen();
  document.body.dataset.ready = "yes";
  await here.tab.whole;
  document.body.dataset.whole = "yes";
}

begin();
