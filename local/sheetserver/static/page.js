// What is always on the page: bars, table, editor, and which tab is open.

import { Editor } from "./editor.js";
import { Table, element } from "./table.js";

export const start = JSON.parse(document.body.dataset.start);
const app = document.getElementById("app");

export function button(label, attributes = {}) {
  return element("button", { type: "button", class: "tool", ...attributes }, label);
}

export const find = {
  box: element("input", {
    type: "search", id: "find", placeholder: "Find in this tab", "aria-label": "Find in this tab",
  }),
  count: element("span", { class: "count", "aria-live": "polite" }),
};
export const buttons = {
  undo: button("Undo", { title: "Undo (Ctrl+Z)" }),
  redo: button("Redo", { title: "Redo (Ctrl+Y)" }),
  column: button("Filter and sort", { "aria-haspopup": "menu" }),
  views: button("Views", { "aria-haspopup": "menu" }),
  rows: button("Rows", { "aria-haspopup": "menu" }),
  download: button("Download", { "aria-haspopup": "menu" }),
  keys: button("Keys", { title: "Keyboard keys" }),
};
export const status = element("span", { class: "status", role: "status" }, "Connecting");
const personas = element("a", {
  class: "persona", href: `/persona?next=${encodeURIComponent(location.pathname)}`,
  title: "Choose who you are",
}, start.name);
export const title = element("h1", {}, start.title);
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
  ...Object.values(buttons),
  element("span", { class: "spring" }),
  element("span", { class: "finder" }, find.box, find.count),
);
export const detail = {
  name: element("output", { class: "name" }),
  title: element("span", { class: "title" }),
  text: element("span", { class: "value" }),
  tags: element("span", { class: "tags" }),
};
const detailBar = element(
  "div", { class: "detail" }, detail.name, detail.title, detail.text, detail.tags,
);
export const strip = element("div", { class: "strip", hidden: true });
export const pictures = element(
  "section", { class: "pictures", "aria-label": "Charts", hidden: true },
);
export const stage = element("main", { class: "stage" });
export const tabBar = element("div", { class: "tabbar", role: "tablist", "aria-label": "Tabs" });
const speech = element("div", { class: "unseen", "aria-live": "polite", id: "speech" });
export const tip = element("div", { class: "tip", role: "tooltip", id: "tip", hidden: true });
app.append(top, tools, detailBar, strip, pictures, stage, tabBar, speech, tip);
app.hidden = false;

export const table = new Table(stage);
export const editor = new Editor(stage, table);
export const here = { tab: null, tabs: [] }; // the open tab, and the list of all

export function say(text) {
  speech.textContent = text;
}
