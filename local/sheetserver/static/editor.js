// The editor of one cell: a text field, with the entries of a dropdown below it.

import { before, typed } from "./model.js";
import { element } from "./table.js";

const LONG = 200; // entries shown at once

export class Editor {
  constructor(stage, table) {
    this.stage = stage;
    this.table = table;
    this.actions = null; // {commit(editor, text, move), cancelled()}, set by whoever saves
    this.box = element("div", { class: "editor", hidden: true });
    this.field = element("textarea", { rows: "1", spellcheck: "false", autocapitalize: "off" });
    this.list = element("ul", { class: "choices-list", role: "listbox", id: "choices" });
    this.list.hidden = true;
    this.warning = element("p", { class: "meanwhile", role: "alert", hidden: true });
    this.box.append(this.field, this.list, this.warning);
    stage.append(this.box);
    this.field.addEventListener("keydown", (event) => this.key(event));
    this.field.addEventListener("input", () => this.input());
    this.field.addEventListener("blur", () => this.isOpen && this.commit(null));
    this.list.addEventListener("pointerdown", (event) => {
      event.preventDefault();
      const entry = event.target.closest("li");
      if (entry) this.choose(entry.dataset.entry);
    });
  }

  get isOpen() {
    return !this.box.hidden;
  }

  // `text` replaces what is there, as typing does; without it the cell is opened as it is.
  open(text) {
    const { tab, row, column } = this.table;
    const cell = tab.cell(row, column);
    const old = cell.expected ? undefined : before(cell);
    Object.assign(this, { tab, row, column, rowKey: tab.key(row), old });
    this.opened = typed(cell);
    this.rule = cell.look.rule?.kind === "list" ? cell.look.rule : null;
    this.replaces = text !== undefined;
    this.box.hidden = false;
    this.warning.hidden = true;
    this.field.value = text ?? this.opened;
    this.field.setAttribute("aria-label", `${this.table.name()} ${tab.title(column)}`.trim());
    this.placeBox();
    this.describeList();
    this.field.focus({ preventScroll: true });
    if (!this.replaces) this.field.select();
    this.fit();
  }

  describeList() {
    const { field, rule } = this;
    for (const [name, value] of Object.entries({
      role: "combobox",
      "aria-controls": "choices",
      "aria-autocomplete": "list",
      "aria-expanded": "true",
    })) {
      if (rule) field.setAttribute(name, value);
      else field.removeAttribute(name);
    }
    this.list.hidden = !rule;
    if (rule) this.offer(this.replaces ? this.field.value : "");
  }

  offer(wanted) {
    const folded = wanted.trim().toLowerCase();
    const fits = this.rule.choices.filter((each) => each.toLowerCase().includes(folded));
    this.entries = fits.slice(0, LONG);
    const current = Math.max(0, this.entries.indexOf(this.opened));
    this.list.replaceChildren(
      ...this.entries.map((entry, at) =>
        element("li", { role: "option", id: `choice-${at}`, "data-entry": entry }, entry),
      ),
    );
    if (!fits.length) this.list.append(element("li", { class: "none" }, "No such entry"));
    this.mark(wanted ? 0 : current);
  }

  mark(at) {
    this.marked = at;
    [...this.list.children].forEach((each, index) =>
      each.setAttribute("aria-selected", String(index === at)),
    );
    const chosen = this.list.children[at];
    chosen?.scrollIntoView({ block: "nearest" });
    if (chosen?.id) this.field.setAttribute("aria-activedescendant", chosen.id);
    else this.field.removeAttribute("aria-activedescendant");
  }

  input() {
    this.fit();
    if (this.rule) this.offer(this.field.value);
  }

  fit() {
    this.field.style.height = "auto";
    this.field.style.height = `${Math.min(200, this.field.scrollHeight)}px`;
  }

  placeBox() {
    const cell = this.table.activeElement();
    this.box.classList.toggle("away", !cell);
    if (!cell) return;
    const [at, stage] = [cell.getBoundingClientRect(), this.stage.getBoundingClientRect()];
    const room = Math.max(80, stage.width - 8);
    const width = Math.min(room, Math.max(at.width, 140));
    const left = Math.max(0, Math.min(at.left - stage.left, stage.width - width - 4));
    Object.assign(this.box.style, {
      left: `${left}px`,
      top: `${at.top - stage.top}px`,
      width: `${width}px`,
    });
    this.field.style.minHeight = `${at.height}px`;
    this.box.classList.toggle("upwards", at.top - stage.top > stage.height * 0.6);
  }

  key(event) {
    if (event.isComposing) return;
    const work = this.keys()[event.key];
    if (work && work(event) !== false) event.preventDefault();
    event.stopPropagation();
  }

  keys() {
    const move = (step) => () => this.rule && this.entries.length
      ? this.mark((this.marked + step + this.entries.length) % this.entries.length)
      : this.replaces && this.commit(step > 0 ? "down" : "up");
    return {
      Enter: (event) => this.enter(event),
      Tab: (event) => this.take(event.shiftKey ? "left" : "right"),
      Escape: () => this.cancel(),
      ArrowDown: (event) => (this.rule || this.replaces ? move(1)(event) : false),
      ArrowUp: (event) => (this.rule || this.replaces ? move(-1)(event) : false),
      ArrowLeft: () => (this.replaces && !this.rule ? this.commit("left") : false),
      ArrowRight: () => (this.replaces && !this.rule ? this.commit("right") : false),
      F2: () => {
        this.replaces = false;
      },
    };
  }

  enter(event) {
    if (event.altKey || event.ctrlKey || event.metaKey) {
      this.field.setRangeText("\n", this.field.selectionStart, this.field.selectionEnd, "end");
      this.fit();
    } else {
      this.take(event.shiftKey ? "up" : "down");
    }
  }

  // With a dropdown, Enter and Tab take the marked entry, unless the field was emptied.
  take(move) {
    const emptied = this.field.value === "" && this.opened !== "" && !this.untouched;
    const entry = this.rule && !emptied ? this.entries[this.marked] : undefined;
    if (entry !== undefined && (this.rule.strict || this.entries.length)) this.field.value = entry;
    this.commit(move);
  }

  choose(entry) {
    if (entry === undefined) return;
    this.field.value = entry;
    this.commit(null);
  }

  commit(move) {
    if (!this.isOpen) return;
    const text = this.field.value;
    this.close();
    this.actions.commit(this, text, move);
  }

  cancel() {
    this.close();
    this.actions.cancelled();
  }

  close() {
    this.box.hidden = true;
    this.list.hidden = true;
  }

  // Somebody else changed the cell that is being edited: what is typed stays.
  heard(tab) {
    if (!this.isOpen || tab !== this.tab) return;
    const row = tab.find(this.rowKey, this.row);
    this.row = row;
    const cell = row >= 0 ? tab.cell(row, this.column) : null;
    if (cell && (this.old === undefined || before(cell) === this.old)) {
      this.warning.hidden = true;
      return;
    }
    const now = cell ? `It now says “${cell.text || "nothing"}”.` : "Its row was deleted.";
    this.warning.textContent = `Changed meanwhile. ${now} Your text is kept.`;
    this.warning.hidden = false;
  }
}
