// The table on the screen: only the rows and columns in sight are in the document.

import { cellName, letters } from "./address.js";
import { ROW_HEIGHT } from "./model.js";

const HEADER_WIDTH = 52;
const HEADER_HEIGHT = 26;
const SPARE = 12; // rows drawn beyond each edge
const WRAP_LINE = 18;
const NARROW = 0.6; // frozen columns may take this part of the width

export const element = (name, attributes = {}, ...children) => {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (key === "class") made.className = value;
    else if (value === true) made.setAttribute(key, "");
    else if (value !== false && value !== undefined) made.setAttribute(key, value);
  }
  made.append(...children);
  return made;
};

export class Table {
  constructor(place) {
    this.head = element("div", { class: "head", role: "rowgroup" });
    this.body = element("div", { class: "body", role: "rowgroup" });
    this.grid = element("div", { class: "sheet", role: "grid", tabindex: "0", id: "grid" });
    this.grid.setAttribute("aria-multiselectable", "true");
    this.grid.append(this.head, this.body);
    this.scroller = element("div", { class: "scroller" }, this.grid);
    place.append(this.scroller);
    this.drawn = new Map(); // line -> element
    this.pen = document.createElement("canvas").getContext("2d");
    this.selection = { line: 0, place: 0, toLine: 0, toPlace: 0 };
    this.hits = new Set();
    this.scroller.addEventListener("scroll", () => this.later());
    new ResizeObserver(() => this.tab && this.resized()).observe(this.scroller);
  }

  later() {
    if (this.waiting) return;
    this.waiting = requestAnimationFrame(() => {
      this.waiting = 0;
      this.draw();
      this.onscroll?.();
    });
  }

  // Layout

  show(tab) {
    this.tab = tab;
    this.arrange();
  }

  arrange() {
    const { head, body } = this.tab.lines();
    this.headLines = head;
    this.lines = [...head, ...body];
    this.measureColumns();
    this.measureRows();
    this.grid.setAttribute("aria-rowcount", this.tab.rowCount);
    this.grid.setAttribute("aria-colcount", this.tab.heading.columnCount);
    this.grid.setAttribute("aria-label", this.tab.heading.title);
    this.grid.setAttribute("aria-readonly", String(!this.tab.heading.mayEdit));
    this.clampSelection();
    this.redraw();
  }

  measureColumns() {
    const { columns, heading } = this.tab;
    this.widths = columns.map((each) => this.tab.width(each));
    this.lefts = [0];
    this.widths.forEach((width, at) => this.lefts.push(this.lefts[at] + width));
    const wanted = columns.filter((each) => each < heading.frozenColumns).length;
    const room = this.scroller.clientWidth * NARROW - HEADER_WIDTH;
    this.frozen = wanted;
    while (this.frozen && this.lefts[this.frozen] > room) this.frozen -= 1;
  }

  measureRows() {
    const count = this.lines.length;
    this.tops = new Float64Array(count + 1);
    for (let line = 0; line < count; line += 1) {
      this.tops[line + 1] = this.tops[line] + this.height(this.lines[line]);
    }
    this.headHeight = HEADER_HEIGHT + this.tops[this.headLines.length];
    const width = HEADER_WIDTH + this.lefts[this.lefts.length - 1];
    this.grid.style.width = `${width}px`;
    this.grid.style.height = `${HEADER_HEIGHT + this.tops[count] + 8}px`;
    this.grid.style.setProperty("--row-header", `${HEADER_WIDTH}px`);
  }

  height(index) {
    const set = this.tab.heights[index];
    let height = set ? Math.max(set, ROW_HEIGHT) : ROW_HEIGHT;
    if (!this.tab.isLoaded(index)) return height;
    this.tab.row(index).forEach((cell, column) => {
      if (cell.look.wrap && cell.text) height = Math.max(height, this.wrapped(index, cell, column));
    });
    return height;
  }

  wrapped(index, cell, column) {
    const width = this.cellWidth(index, column) - 14;
    this.pen.font = `${cell.look.b ? "bold " : ""}13px system-ui, sans-serif`;
    let lines = 0;
    for (const paragraph of cell.text.split("\n")) {
      let used = 0;
      lines += 1;
      for (const word of paragraph.split(/(?<= )/)) {
        const size = this.pen.measureText(word).width;
        if (used && used + size > width) {
          lines += 1;
          used = 0;
        }
        used += size;
      }
    }
    return lines * WRAP_LINE + 10;
  }

  cellWidth(index, column) {
    const merge = this.merge(index, column);
    const place = this.tab.columns.indexOf(column);
    if (!merge) return this.widths[place] ?? 0;
    const last = this.tab.columns.findLastIndex((each) => each < merge.right);
    return this.lefts[last + 1] - this.lefts[place];
  }

  merge(index, column) {
    const merges = this.tab.covered.get(index);
    return merges?.find((each) => each.left <= column && column < each.right);
  }

  resized() {
    this.measureColumns();
    this.redraw();
  }

  // Drawing

  redraw() {
    this.drawn.clear();
    this.body.replaceChildren();
    this.head.replaceChildren(this.letterRow());
    this.headLines.forEach((_, line) => this.head.append(this.rowElement(line)));
    this.range = null;
    this.draw();
  }

  draw() {
    const columns = this.columnsInSight();
    if (this.range && (this.range[0] !== columns[0] || this.range[1] !== columns[1])) {
      this.range = columns;
      this.redrawWith(columns);
      return;
    }
    this.range = columns;
    const [first, last] = this.linesInSight();
    for (const [line, made] of this.drawn) {
      if (line < first || line >= last) {
        made.remove();
        this.drawn.delete(line);
      }
    }
    const fresh = document.createDocumentFragment();
    for (let line = first; line < last; line += 1) {
      if (!this.drawn.has(line)) {
        const made = this.rowElement(line);
        this.drawn.set(line, made);
        fresh.append(made);
      }
    }
    this.body.append(fresh);
    this.paintSelection();
  }

  redrawWith(columns) {
    this.redraw();
    this.range = columns;
  }

  columnsInSight() {
    const left = this.scroller.scrollLeft;
    const right = left + this.scroller.clientWidth;
    let first = this.frozen;
    const count = this.widths.length;
    while (first < count - 1 && this.lefts[first + 1] < left) first += 1;
    let last = first;
    while (last < count && this.lefts[last] < right) last += 1;
    // In steps, so that a little scrolling does not redraw.
    return [Math.max(this.frozen, first - (first % 4) - 4), Math.min(count, last - (last % 4) + 8)];
  }

  linesInSight() {
    const top = this.scroller.scrollTop;
    const start = this.headLines.length;
    const shift = this.tops[start] ?? 0;
    const first = Math.max(start, this.lineAt(top + shift) - SPARE);
    const last = this.lineAt(top + this.scroller.clientHeight) + SPARE;
    return [first, Math.min(this.lines.length, last)];
  }

  lineAt(offset) {
    let [low, high] = [0, this.lines.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.tops[middle + 1] <= offset) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  letterRow() {
    const row = element("div", { class: "row letters", "aria-hidden": "true" });
    row.style.height = `${HEADER_HEIGHT}px`;
    row.append(element("div", { class: "corner" }));
    this.eachPlace((place) => {
      const column = this.tab.columns[place];
      const made = element("div", { class: "letter", "data-place": place }, letters(column));
      if (this.tab.filters.has(column)) made.classList.add("filtered");
      if (this.tab.sort?.column === column) {
        made.append(element("span", { class: "sorted" }, this.tab.sort.falling ? " ↓" : " ↑"));
      }
      made.append(element("span", { class: "open" }, "▾"), element("span", { class: "grip" }));
      this.fit(made, place);
      return made;
    }, row);
    return row;
  }

  // Adds frozen places, a gap, and the places in sight.
  eachPlace(make, row) {
    const [first, last] = this.columnsInSight();
    for (let place = 0; place < this.frozen; place += 1) append(row, make(place));
    const gap = this.lefts[first] - this.lefts[this.frozen];
    if (gap > 0) row.append(gapOf(gap));
    for (let place = first; place < last; place += 1) append(row, make(place));
  }

  fit(made, place, width = this.widths[place]) {
    made.style.width = `${width}px`;
    if (place < this.frozen) {
      made.classList.add("frozen");
      made.style.left = `${HEADER_WIDTH + this.lefts[place]}px`;
      if (place === this.frozen - 1) made.classList.add("edge");
    }
  }

  rowElement(line) {
    const index = this.lines[line];
    const row = element("div", { class: "row", role: "row", "aria-rowindex": index + 1 });
    row.style.height = `${this.tops[line + 1] - this.tops[line]}px`;
    row.dataset.line = line;
    const isHead = line < this.headLines.length;
    if (!isHead) row.style.top = `${this.tops[line] - this.tops[this.headLines.length]}px`;
    const number = element("div", { class: "number", role: "rowheader" }, String(index + 1));
    row.append(number);
    this.eachPlace((place) => this.cellElement(line, index, place, isHead), row);
    return row;
  }

  cellElement(line, index, place, isHead) {
    const column = this.tab.columns[place];
    const cell = this.tab.cell(index, column);
    const merge = this.merge(index, column);
    if (merge && column !== merge.left && this.tab.columns[place - 1] >= merge.left) return null;
    const made = element("div", {
      class: "cell",
      role: isHead ? "columnheader" : "gridcell",
      id: `cell-${index}-${column}`,
      "aria-colindex": column + 1,
      "data-place": place,
    });
    this.fit(made, place, merge ? this.cellWidth(index, column) : undefined);
    if (merge) made.classList.add("merged");
    if (isHead) made.classList.add("heading");
    if (!merge || merge.top === index) this.fill(made, cell, index, column);
    return made;
  }

  fill(made, cell, index, column) {
    const { look } = cell;
    dress(made, cell);
    if (look.lock) {
      made.classList.add("locked");
      made.setAttribute("aria-readonly", "true");
    }
    made.append(contentOf(cell));
    if (cell.note) {
      made.classList.add("noted");
      made.setAttribute("aria-description", `Note: ${cell.note}`);
    }
    if (look.rule?.kind === "list" && !look.lock) {
      made.classList.add("choice");
      made.setAttribute("aria-haspopup", "listbox");
      made.append(element("span", { class: "open", "aria-hidden": "true" }, "▾"));
    }
    if (cell.expected) made.classList.add("expected");
    const room = this.spill(cell, index, column);
    if (room) {
      made.classList.add("spills");
      made.firstElementChild.style.maxWidth = `${room}px`;
    }
    if (this.tab.changed.has(`${this.tab.key(index)}/${column}`)) {
      made.classList.add("changed");
      made.append(element("span", { class: "unseen" }, " changed just now"));
    }
    if (this.hits.has(`${index}/${column}`)) made.classList.add("hit");
  }

  // A long text runs on over blank cells beside it; returns the width it has, 0 for its own cell.
  spill(cell, index, column) {
    const plain = cell.text && !cell.look.wrap && !cell.look.rule && cell.value === undefined;
    if (!plain || (cell.look.al ?? "left") !== "left") return 0;
    const first = this.tab.columns.indexOf(column);
    let place = first + 1;
    const isBlank = (at) => {
      const next = this.tab.cell(index, this.tab.columns[at]);
      return !next.text && !next.look.rule && (at < this.frozen) === (first < this.frozen);
    };
    while (place < this.widths.length && isBlank(place)) place += 1;
    return place > first + 1 ? this.lefts[place] - this.lefts[first] - 12 : 0;
  }

  refreshRow(index) {
    const line = this.lines.indexOf(index);
    if (line < 0) return;
    if (line < this.headLines.length) {
      this.head.children[line + 1].replaceWith(this.rowElement(line));
    } else if (this.drawn.has(line)) {
      const made = this.rowElement(line);
      this.drawn.get(line).replaceWith(made);
      this.drawn.set(line, made);
    }
    this.paintSelection();
  }

  // Selection

  get row() {
    return this.lines[this.selection.line];
  }

  get column() {
    return this.tab.columns[this.selection.place];
  }

  get cell() {
    return this.row === undefined ? undefined : this.tab.cell(this.row, this.column);
  }

  area() {
    const { line, place, toLine, toPlace } = this.selection;
    return {
      top: Math.min(line, toLine),
      bottom: Math.max(line, toLine),
      left: Math.min(place, toPlace),
      right: Math.max(place, toPlace),
    };
  }

  get isMany() {
    const { top, bottom, left, right } = this.area();
    return top !== bottom || left !== right;
  }

  cellsSelected() {
    const { top, bottom, left, right } = this.area();
    const rows = [];
    for (let line = top; line <= bottom; line += 1) {
      const row = [];
      for (let place = left; place <= right; place += 1) {
        row.push({ row: this.lines[line], column: this.tab.columns[place] });
      }
      rows.push(row);
    }
    return rows;
  }

  select(line, place, extend = false) {
    const at = {
      line: clamp(line, 0, this.lines.length - 1),
      place: clamp(place, 0, this.widths.length - 1),
    };
    if (extend) Object.assign(this.selection, { toLine: at.line, toPlace: at.place });
    else this.selection = { ...at, toLine: at.line, toPlace: at.place };
    this.reveal(at.line, at.place);
    this.draw();
    this.onselect?.();
  }

  selectCell(row, column) {
    const line = this.lines.indexOf(row);
    if (line >= 0) this.select(line, Math.max(0, this.tab.columns.indexOf(column)));
    return line >= 0;
  }

  clampSelection() {
    const [lines, places] = [Math.max(1, this.lines.length), Math.max(1, this.widths.length)];
    for (const name of ["line", "toLine"]) {
      this.selection[name] = clamp(this.selection[name], 0, lines - 1);
    }
    for (const name of ["place", "toPlace"]) {
      this.selection[name] = clamp(this.selection[name], 0, places - 1);
    }
  }

  reveal(line, place) {
    const view = this.scroller;
    if (line >= this.headLines.length) {
      const shift = this.tops[this.headLines.length];
      const [top, bottom] = [this.tops[line] - shift, this.tops[line + 1] - shift];
      const room = view.clientHeight - this.headHeight;
      if (top < view.scrollTop) view.scrollTop = top;
      else if (bottom > view.scrollTop + room) view.scrollTop = bottom - room;
    }
    if (place >= this.frozen) {
      const shift = this.lefts[this.frozen];
      const [left, right] = [this.lefts[place] - shift, this.lefts[place + 1] - shift];
      const room = view.clientWidth - HEADER_WIDTH - shift;
      if (left < view.scrollLeft || right - left > room) view.scrollLeft = left;
      else if (right > view.scrollLeft + room) view.scrollLeft = right - room;
    }
  }

  paintSelection() {
    const area = this.area();
    for (const made of this.grid.querySelectorAll(".row:not(.letters)")) {
      const line = Number(made.dataset.line);
      const inside = line >= area.top && line <= area.bottom;
      made.firstElementChild.classList.toggle("touched", inside);
      for (const cell of made.querySelectorAll(".cell")) {
        const place = Number(cell.dataset.place);
        const selected = inside && place >= area.left && place <= area.right;
        const active = line === this.selection.line && place === this.selection.place;
        cell.classList.toggle("selected", selected);
        cell.classList.toggle("active", active);
        if (selected) cell.setAttribute("aria-selected", "true");
        else cell.removeAttribute("aria-selected");
      }
    }
    for (const made of this.head.querySelectorAll(".letter")) {
      const place = Number(made.dataset.place);
      made.classList.toggle("touched", place >= area.left && place <= area.right);
    }
    const active = this.activeElement();
    if (active) this.grid.setAttribute("aria-activedescendant", active.id);
    else this.grid.removeAttribute("aria-activedescendant");
  }

  activeElement() {
    return this.row === undefined
      ? null
      : document.getElementById(`cell-${this.row}-${this.column}`);
  }

  place(target) {
    const cell = target.closest?.(".cell");
    if (!cell) return null;
    return {
      line: Number(cell.parentElement.dataset.line),
      place: Number(cell.dataset.place),
      element: cell,
    };
  }

  name() {
    return cellName(this.row, this.column);
  }

  linesPerPage() {
    return Math.max(1, Math.floor((this.scroller.clientHeight - this.headHeight) / ROW_HEIGHT) - 1);
  }
}

const clamp = (number, least, most) => Math.max(least, Math.min(most, number));

function append(row, made) {
  if (made) row.append(made);
}

function gapOf(width) {
  const gap = element("div", { class: "gap" });
  gap.style.width = `${width}px`;
  return gap;
}

function dress(made, { look, value }) {
  const { style } = made;
  if (look.bg) style.backgroundColor = look.bg;
  if (look.fg) style.color = look.fg;
  if (look.b) style.fontWeight = "650";
  if (look.size) style.fontSize = `${Math.max(9, Math.min(20, look.size * 1.3))}px`;
  if (look.i) style.fontStyle = "italic";
  if (look.u || look.s) {
    style.textDecoration = `${look.u ? "underline" : ""} ${look.s ? "line-through" : ""}`;
  }
  const aligned = look.al ?? (value !== undefined && look.rule?.kind !== "tick" ? "right" : "");
  if (aligned) made.classList.add(`to-${aligned}`);
  if (look.wrap) made.classList.add("wraps");
}

export const isTicked = (cell) => cell.text === cell.look.rule.on;

function contentOf(cell) {
  if (cell.look.rule?.kind === "tick") {
    const ticked = isTicked(cell);
    return element("span", {
      class: "tick",
      role: "checkbox",
      "aria-checked": String(ticked),
      "aria-label": ticked ? "ticked" : "not ticked",
    });
  }
  if (cell.link) {
    const made = element("a", {
      href: cell.link,
      target: "_blank",
      rel: "noopener noreferrer",
      tabindex: "-1",
    });
    made.textContent = cell.text;
    return made;
  }
  return element("span", { class: "text" }, cell.text);
}
