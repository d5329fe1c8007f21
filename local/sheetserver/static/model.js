// One tab as the page knows it: its rows, and how this viewer has filtered and sorted them.

const EMPTY = Object.freeze({ text: "", look: Object.freeze({}) });
export const ROW_HEIGHT = 28;

const NARROWEST = 24;
const WIDEST = 900;

const collator = new Intl.Collator("en", { numeric: true, sensitivity: "base" });

// What an editor opens with, and the `old` of an edit.
export const typed = (cell) => cell.typed ?? cell.text;
export const before = (cell) => cell.before ?? cell.text;

export class Tab {
  constructor(heading) {
    this.sort = null; // {column, falling}
    this.filters = new Map(); // column -> {hidden: Set} or {contains: text}
    this.view = null; // {id, title, order: rows in order}
    this.raw = []; // rows as they came
    this.cells = []; // rows as they are used
    this.changed = new Set(); // keys of cells that others changed
    this.widths = {}; // by column, where this viewer wants another width than the sheet has
    this.takeHeading(heading);
  }

  takeHeading(heading) {
    this.heading = heading;
    this.revision = heading.revision;
    const hidden = new Set(heading.hiddenColumns);
    this.columns = [...Array(heading.columnCount).keys()].filter((each) => !hidden.has(each));
    this.hiddenRows = new Set(heading.hiddenRows);
    this.heights = heading.heights;
    this.covered = mergesByRow(heading.merges);
  }

  get rowCount() {
    return this.heading.rowCount;
  }

  width(column) {
    const wanted = this.widths[column] ?? this.heading.widths[column];
    return Math.max(NARROWEST, Math.min(WIDEST, wanted));
  }

  take(index, row, looks) {
    this.raw[index] = { key: row[0], cells: row[1], looks };
    this.cells[index] = undefined;
  }

  takeAll(start, rows, looks) {
    rows.forEach((row, at) => this.take(start + at, row, looks));
  }

  isLoaded(index) {
    return this.raw[index] !== undefined;
  }

  key(index) {
    return this.raw[index]?.key ?? 0;
  }

  // A row is found again by its lasting key after others have moved it.
  find(key, index) {
    if (!key || this.key(index) === key) return index;
    return this.raw.findIndex((each) => each?.key === key);
  }

  cell(index, column) {
    return this.row(index)[column] ?? EMPTY;
  }

  row(index) {
    const known = this.cells[index];
    if (known) return known;
    const raw = this.raw[index];
    if (!raw) return [];
    const made = raw.cells.map((each) => decoded(each, raw.looks));
    this.cells[index] = made;
    return made;
  }

  // What the server last told of a cell, whatever has been typed since.
  settled(index, column) {
    const raw = this.raw[index];
    return raw?.cells[column] === undefined ? EMPTY : decoded(raw.cells[column], raw.looks);
  }

  // Shows what was typed until the server has answered.
  expect(index, column, text) {
    const row = this.row(index);
    while (row.length <= column) row.push(EMPTY);
    row[column] = { ...row[column], text, typed: text, expected: true };
    this.cells[index] = row;
  }

  forgetExpected(index) {
    this.cells[index] = undefined;
  }

  lastFilled() {
    for (let index = this.raw.length - 1; index >= 0; index -= 1) {
      if (this.raw[index]?.cells.some((each) => typeof each !== "number")) return index;
    }
    return -1;
  }

  get isArranged() {
    return Boolean(this.view || this.sort || this.filters.size);
  }

  // Returns the rows to show, frozen ones first; what others see does not change.
  lines() {
    const frozen = Math.min(this.heading.frozenRows, this.rowCount);
    const head = range(0, frozen).filter((each) => !this.hiddenRows.has(each));
    const wanted = this.view ? this.view.order : range(frozen, this.rowCount);
    const top = this.isArranged ? Math.max(frozen, 1) : frozen;
    const last = this.isArranged ? this.lastFilled() : this.rowCount - 1;
    const titles = range(frozen, top).filter((each) => !this.hiddenRows.has(each));
    const body = wanted.filter(
      (each) => each >= top && each <= last && !this.hiddenRows.has(each) && this.passes(each),
    );
    if (this.sort) body.sort(this.comparison(this.sort));
    return { head, body: [...titles, ...body] };
  }

  passes(index) {
    for (const [column, filter] of this.filters) {
      const text = this.cell(index, column).text;
      if (filter.hidden?.has(text)) return false;
      if (filter.contains && !text.toLowerCase().includes(filter.contains.toLowerCase())) {
        return false;
      }
    }
    return true;
  }

  // Blank cells come last either way; numbers come before texts.
  comparison({ column, falling }) {
    const sign = falling ? -1 : 1;
    return (one, other) => {
      const [a, b] = [this.cell(one, column), this.cell(other, column)];
      if (a.text === "" || b.text === "") return (a.text === "") - (b.text === "") || one - other;
      const bothNumbers = a.value !== undefined && b.value !== undefined;
      if (bothNumbers) return sign * (a.value - b.value) || one - other;
      if ((a.value === undefined) !== (b.value === undefined)) {
        return sign * (a.value === undefined ? 1 : -1);
      }
      return sign * collator.compare(a.text, b.text) || one - other;
    };
  }

  choices(column) {
    const top = Math.max(this.heading.frozenRows, 1);
    const found = new Map();
    for (let index = top; index <= this.lastFilled(); index += 1) {
      const { text } = this.cell(index, column);
      found.set(text, (found.get(text) ?? 0) + 1);
    }
    return [...found].sort((one, other) => collator.compare(one[0], other[0]));
  }

  title(column) {
    return this.heading.frozenRows ? this.cell(this.heading.frozenRows - 1, column).text : "";
  }
}

function range(start, end) {
  return Array.from({ length: Math.max(0, end - start) }, (_, at) => start + at);
}

function decoded(cell, looks) {
  if (typeof cell === "number") return cell ? { text: "", look: looks[cell] } : EMPTY;
  const [text, look, more = {}] = cell;
  return {
    text,
    look: looks[look],
    typed: more.i,
    before: more.o,
    value: more.v,
    note: more.n,
    link: safeLink(more.l),
  };
}

// The server has checked it already; a page that trusts nobody checks again.
function safeLink(address) {
  return address && /^(https?|mailto):/i.test(address) ? address : undefined;
}

function mergesByRow(merges) {
  const rows = new Map();
  for (const [top, left, bottom, right] of merges) {
    for (let row = top; row < bottom; row += 1) {
      if (!rows.has(row)) rows.set(row, []);
      rows.get(row).push({ top, left, bottom, right });
    }
  }
  return rows;
}
