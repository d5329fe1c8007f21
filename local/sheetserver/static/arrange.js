// Filtering and sorting for oneself: what one viewer hides or reorders, nobody else notices.

import { letters } from "./address.js";
import { dialog, notice } from "./menus.js";
import { element } from "./table.js";

const MOST = 500; // different texts offered one by one

export function sortBy(tab, column, falling) {
  tab.view = null;
  tab.sort = { column, falling };
}

export function clear(tab) {
  tab.view = null;
  tab.sort = null;
  tab.filters.clear();
}

// Describes in words how a tab is arranged, or returns "" if it is not.
export function inWords(tab, shown) {
  const parts = [];
  if (tab.view) parts.push(`View “${tab.view.title}”`);
  for (const [column, filter] of tab.filters) {
    const what = filter.contains
      ? `contains “${filter.contains}”`
      : `without ${filter.hidden.size} of its values`;
    parts.push(`${nameOf(tab, column)} ${what}`);
  }
  if (tab.sort) {
    const way = tab.sort.falling ? "Z to A" : "A to Z";
    parts.push(`sorted by ${nameOf(tab, tab.sort.column)}, ${way}`);
  }
  return parts.length ? `${parts.join("; ")}. ${shown} rows. Only you see it so.` : "";
}

export function nameOf(tab, column) {
  return tab.title(column) || `Column ${letters(column)}`;
}

// Asks which values of a column to show.
export async function askFilter(tab, column) {
  const known = tab.filters.get(column) ?? {};
  const choices = tab.choices(column);
  const contains = element("input", { type: "search", value: known.contains ?? "" });
  contains.autofocus = true;
  const boxes = choices.slice(0, MOST).map(([text, count]) => box(text, count, known.hidden));
  const all = element("button", { type: "button", class: "link" }, "All");
  const none = element("button", { type: "button", class: "link" }, "None");
  const set = (on) => () => boxes.forEach(({ input }) => {
    input.checked = on;
  });
  all.addEventListener("click", set(true));
  none.addEventListener("click", set(false));
  const list = element("div", { class: "values" }, ...boxes.map((each) => each.label));
  const more = choices.length > MOST ? `The first ${MOST} of ${choices.length} values.` : "";
  const answer = await dialog(
    `Filter ${nameOf(tab, column)}`,
    [
      element("label", { class: "field" }, "Contains", contains),
      element("p", { class: "row-of-links" }, "Or show: ", all, none, more),
      list,
    ],
    [["", "Cancel"], ["clear", "Show all"], ["apply", "Apply"]],
  );
  if (answer === "clear") tab.filters.delete(column);
  if (answer === "apply") apply(tab, column, contains.value.trim(), boxes);
  return answer !== "";
}

function box(text, count, hidden) {
  const input = element("input", { type: "checkbox" });
  input.checked = !hidden?.has(text);
  const words = element("span", {}, text || "(blank)");
  const label = element("label", {}, input, words, element("small", {}, String(count)));
  return { text, input, label };
}

function apply(tab, column, contains, boxes) {
  const hidden = new Set(boxes.filter(({ input }) => !input.checked).map(({ text }) => text));
  tab.view = null;
  if (contains) tab.filters.set(column, { contains });
  else if (hidden.size) tab.filters.set(column, { hidden });
  else tab.filters.delete(column);
}

export async function openView(workbook, tab, { id, title }) {
  try {
    const order = await workbook.order(tab, id);
    clear(tab);
    tab.view = { id, title, order };
  } catch (refused) {
    notice(refused.message, { alarming: true });
  }
}
