// Tells of the selected cell: in the line above the table, in a tip, and aloud.

import { typed } from "./model.js";
import { detail, editor, here, say, stage, table, tip } from "./page.js";
import { element, isTicked } from "./table.js";

table.onselect = () => describe(true);
table.onscroll = () => {
  tip.hidden = true;
  if (editor.isOpen) editor.placeBox();
};

export function describe(aloud) {
  const cell = table.cell;
  if (!cell) return;
  const isTitle = table.selection.line < table.headLines.length;
  const column = isTitle ? "" : here.tab.title(table.column);
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

export function areaName() {
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
  const cell = here.tab.cell(table.lines[at.line], here.tab.columns[at.place]);
  showTip(at.element, cell.note);
});
stage.addEventListener("pointerleave", () => showTip(null));
