// Menus, dialogs and notices: small windows over the grid, all usable with keys alone.

import { element } from "./table.js";

// entries: [{label, work, checked, disabled, hint}] or null for a line between.
export function menu(anchor, entries, label, onclose) {
  closeMenus();
  const list = element("div", { class: "menu", role: "menu", "aria-label": label });
  for (const entry of entries) list.append(entry ? item(entry) : element("hr"));
  document.body.append(list);
  placeBeside(list, anchor);
  const items = () => [...list.querySelectorAll("[role^=menuitem]:not([disabled])")];
  const close = (back = true) => {
    if (!list.isConnected) return;
    list.remove();
    document.removeEventListener("pointerdown", outside, true);
    if (back) onclose?.();
  };
  const outside = (event) => !list.contains(event.target) && close(false);
  const steps = { ArrowDown: 1, ArrowUp: -1 };
  list.addEventListener("keydown", (event) => {
    event.stopPropagation();
    const all = items();
    const at = all.indexOf(document.activeElement);
    if (event.key in steps) all.at((at + steps[event.key] + all.length) % all.length)?.focus();
    else if (event.key === "Home") all[0]?.focus();
    else if (event.key === "End") all.at(-1)?.focus();
    else if (event.key === "Escape" || event.key === "Tab") close();
    else if (event.key.length === 1) jump(all, at, event.key);
    else return;
    if (event.key !== "Enter" && event.key !== " ") event.preventDefault();
  });
  list.addEventListener("click", (event) => {
    const made = event.target.closest("[role^=menuitem]");
    if (!made || made.disabled) return;
    close(false);
    onclose?.();
    made.work();
  });
  document.addEventListener("pointerdown", outside, true);
  list.close = close;
  items()[0]?.focus();
}

function item({ label, work, checked, disabled, hint }) {
  const role = checked === undefined ? "menuitem" : "menuitemradio";
  const made = element("button", { type: "button", role, disabled: Boolean(disabled) });
  if (checked !== undefined) made.setAttribute("aria-checked", String(checked));
  made.append(element("span", { class: "check", "aria-hidden": "true" }, checked ? "✓" : ""));
  made.append(element("span", { class: "label" }, label));
  if (hint) made.append(element("kbd", {}, hint));
  made.work = work;
  return made;
}

function jump(all, at, key) {
  const order = [...all.slice(at + 1), ...all.slice(0, at + 1)];
  const starts = (each) => each.querySelector(".label").textContent.toLowerCase().startsWith(key);
  if (key !== " ") order.find(starts)?.focus();
}

export function closeMenus() {
  for (const open of document.querySelectorAll(".menu")) open.close(false);
}

function placeBeside(list, anchor) {
  const at = anchor.getBoundingClientRect();
  const { innerWidth, innerHeight } = window;
  const left = Math.max(4, Math.min(at.left, innerWidth - list.offsetWidth - 4));
  const below = at.bottom + 2;
  const top = below + list.offsetHeight > innerHeight ? innerHeight - list.offsetHeight - 4 : below;
  Object.assign(list.style, { left: `${left}px`, top: `${Math.max(4, top)}px` });
}

// Shows a dialog and returns the name of the button that closed it, "" for Escape.
export function dialog(title, content, buttons) {
  const box = element("dialog", { class: "dialog", "aria-label": title });
  const form = element("form", { method: "dialog" }, element("h2", {}, title), ...content);
  const row = element("p", { class: "buttons" });
  // The main button comes first in the document, so that Enter in a field means it.
  buttons.forEach(([name, label], at) => {
    const main = at === buttons.length - 1;
    row.prepend(element("button", { value: name, class: main ? "button" : "button quiet" }, label));
  });
  form.append(row);
  box.append(form);
  document.body.append(box);
  box.addEventListener("keydown", (event) => event.stopPropagation());
  return new Promise((resolve) => {
    box.addEventListener("close", () => {
      resolve(box.returnValue);
      box.remove();
    });
    box.showModal();
    (box.querySelector("[autofocus]") ?? row.firstElementChild).focus();
  });
}

export function paragraph(text) {
  return element("p", {}, text);
}

export function listOf(lines) {
  return element("ul", { class: "reasons" }, ...lines.map((each) => element("li", {}, each)));
}

let timer = 0;

// A notice in words; an alarming one stays until it is closed.
export function notice(text, { alarming = false } = {}) {
  document.querySelector(".notice")?.remove();
  clearTimeout(timer);
  const made = element("div", { class: `notice ${alarming ? "alarming" : ""}` });
  if (alarming) made.setAttribute("role", "alert");
  const close = element("button", { type: "button", "aria-label": "Close" }, "×");
  close.addEventListener("click", () => made.remove());
  made.append(element("span", {}, text), close);
  document.body.append(made);
  if (!alarming) timer = setTimeout(() => made.remove(), 5000);
}
