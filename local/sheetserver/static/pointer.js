// What mouse and finger do in the table.

import { cellMenu, columnMenu } from "./commands.js";
import { edit, toggle } from "./editing.js";
import { closeMenus } from "./menus.js";
import { editor, here, stage, start, table } from "./page.js";

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

const widthsName = () => `widths ${start.book} ${here.tab.heading.sheetId}`;

export function resize(column, width) {
  here.tab.widths[column] = Math.round(width);
  const { row, column: current } = table;
  table.arrange();
  table.selectCell(row, current);
  localStorage.setItem(widthsName(), JSON.stringify(here.tab.widths));
}

export function rememberedWidths() {
  try {
    return JSON.parse(localStorage.getItem(widthsName())) ?? {};
  } catch {
    return {};
  }
}

function dragWidth(grip, event) {
  event.preventDefault();
  const column = here.tab.columns[Number(grip.parentElement.dataset.place)];
  const [from, width] = [event.clientX, here.tab.width(column)];
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
