// The workbook on the server: reading tabs, sending edits one after another, hearing of changes.

import { cellName } from "./address.js";
import { Tab, before, typed } from "./model.js";

const CHUNK = 5000; // rows of one answer after the first

export class RefusedError extends Error {
  constructor(status, body) {
    super(body?.error?.message ?? "The server did not understand. Nothing was changed.");
    this.status = status;
    this.cells = body?.error?.cells ?? [];
  }
}

async function call(path, body) {
  const options = body && {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify(body),
  };
  const answer = await fetch(path, { ...options, credentials: "same-origin" });
  const told = await answer.json().catch(() => null);
  if (!answer.ok) throw new RefusedError(answer.status, told);
  return told;
}

export class Workbook {
  constructor(start, listener) {
    this.start = start;
    this.path = `/grid/${encodeURIComponent(start.book)}`;
    this.listener = listener;
    this.tabs = new Map();
    this.line = Promise.resolve(); // edits wait for each other
    this.done = [];
    this.undone = [];
    this.waiting = 0;
  }

  list() {
    return call(`${this.path}/tabs`);
  }

  // Reading

  async open(sheetId) {
    const known = this.tabs.get(sheetId);
    if (known && !known.stale) return known;
    return known ? this.reload(known) : this.load(sheetId);
  }

  async load(sheetId) {
    const first = await this.rows(sheetId, 0, this.start.firstRows);
    const tab = new Tab(first.heading);
    tab.takeAll(0, first.rows, first.looks);
    this.tabs.set(sheetId, tab);
    this.revision ??= first.revision;
    tab.whole = this.rest(tab, first.rows.length);
    return tab;
  }

  async rest(tab, start) {
    const { heading } = tab;
    let at = start;
    while (at < tab.rowCount) {
      const part = await this.rows(heading.sheetId, at, CHUNK);
      // After a reload every row is there already, and newer.
      if (!part.rows.length || tab.heading !== heading) break;
      tab.takeAll(at, part.rows, part.looks);
      at += part.rows.length;
    }
    if (start < tab.rowCount) this.listener.loaded(tab);
  }

  async reload(tab) {
    const { sheetId } = tab.heading;
    tab.stale = false;
    const first = await this.rows(sheetId, 0, this.start.firstRows);
    const rows = [first];
    for (let at = first.rows.length; at < first.heading.rowCount;) {
      const part = await this.rows(sheetId, at, CHUNK);
      if (!part.rows.length) break;
      rows.push(part);
      at += part.rows.length;
    }
    tab.raw = [];
    tab.cells = [];
    tab.takeHeading(first.heading);
    for (const part of rows) tab.takeAll(part.start, part.rows, part.looks);
    if (tab.view) tab.view.order = await this.order(tab, tab.view.id);
    return tab;
  }

  rows(sheetId, start, count) {
    return call(`${this.path}/tabs/${sheetId}?start=${start}&count=${count}`);
  }

  async order(tab, view) {
    return (await call(`${this.path}/tabs/${tab.heading.sheetId}/views/${view}`)).rows;
  }

  // Writing

  queue(work) {
    this.waiting += 1;
    this.listener.saving(this.waiting);
    const result = this.line.then(work);
    this.line = result.catch(() => {}).finally(() => {
      this.waiting -= 1;
      this.listener.saving(this.waiting);
    });
    return result;
  }

  // edits: [{row, column, text}]; what others changed since is refused by the server.
  edit(tab, edits, { remember = true } = {}) {
    const seen = edits.map((each) => {
      const cell = tab.cell(each.row, each.column);
      // What follows an edit on its way means the cell as that edit will leave it.
      const old = each.old ?? (cell.expected ? undefined : before(cell));
      return { ...each, old, undo: cell.expected ? undefined : typed(cell) };
    });
    for (const each of seen) tab.expect(each.row, each.column, each.text);
    return this.queue(() => this.send(tab, seen, remember));
  }

  async send(tab, wanted, remember) {
    const edits = wanted.map((each) => {
      const cell = tab.settled(each.row, each.column);
      return { ...each, old: each.old ?? before(cell), undo: each.undo ?? typed(cell) };
    });
    try {
      const told = await call(`${this.path}/edit`, {
        sheetId: tab.heading.sheetId,
        revision: tab.revision,
        edits: edits.map(({ row, column, old, text }) => ({
          a1: cellName(row, column),
          old,
          new: text,
        })),
      });
      this.apply(tab, told);
      if (remember) this.remember(tab, edits);
      return told;
    } finally {
      const rows = new Set(edits.map((each) => each.row));
      for (const row of rows) tab.forgetExpected(row);
      this.listener.changed(tab, rows, []);
    }
  }

  apply(tab, told) {
    for (const [index, row] of Object.entries(told.rows)) tab.take(Number(index), row, told.looks);
  }

  remember(tab, edits) {
    const kept = edits.map(({ row, column, undo }) => {
      const cell = tab.cell(row, column);
      return { row, column, key: tab.key(row), undo, redo: typed(cell), old: before(cell) };
    });
    this.done.push({ tab, cells: kept });
    if (this.done.length > 200) this.done.shift();
    this.undone = [];
  }

  // Undo is an edit like any other: it is refused where somebody has been meanwhile.
  async step(from, to, name) {
    const last = from.pop();
    if (!last) return null;
    const edits = last.cells
      .map((each) => ({
        row: last.tab.find(each.key, each.row),
        column: each.column,
        text: each[name],
        old: each.old,
      }))
      .filter((each) => each.row >= 0);
    if (!edits.length) return null;
    await this.edit(last.tab, edits, { remember: false });
    const cells = edits.map((each, at) => {
      const cell = last.tab.cell(each.row, each.column);
      return { ...last.cells[at], row: each.row, key: last.tab.key(each.row), old: before(cell) };
    });
    to.push({ tab: last.tab, cells });
    return { tab: last.tab, cells };
  }

  undo() {
    return this.step(this.done, this.undone, "undo");
  }

  redo() {
    return this.step(this.undone, this.done, "redo");
  }

  operate(tab, operation) {
    return this.queue(async () => {
      const { sheetId } = tab.heading;
      await call(`${this.path}/edit`, { sheetId, revision: tab.revision, operation });
      await this.reload(tab);
      this.listener.reloaded(tab);
    });
  }

  // Hearing

  listen() {
    const source = new EventSource(`${this.path}/events?after=${this.revision}`);
    this.source = source;
    source.onopen = () => this.listener.live(true);
    source.onerror = () => {
      this.listener.live(false);
      if (source.readyState === EventSource.CLOSED) this.again();
    };
    const on = (kind, work) => source.addEventListener(kind, (event) => {
      this.revision = Number(event.lastEventId);
      work(JSON.parse(event.data));
    });
    on("rows", (told) => this.hear(told));
    on("reload", (told) => this.hearReload(told));
    on("gone", () => this.listener.gone());
  }

  again() {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.listen(), 2000);
  }

  // A browser opens six connections to a server; pages in the background give theirs back.
  pause() {
    clearTimeout(this.timer);
    this.source?.close();
    this.source = null;
  }

  resume() {
    if (!this.source) this.listen();
  }

  hear(told) {
    const tab = this.tabs.get(told.sheetId);
    if (!tab || tab.stale) return;
    const changed = [];
    for (const [name, row] of Object.entries(told.rows)) {
      const index = Number(name);
      if (!tab.isLoaded(index)) continue;
      const old = tab.row(index).slice();
      tab.take(index, row, told.looks);
      const width = Math.max(old.length, row[1].length);
      for (let column = 0; column < width; column += 1) {
        const [was, is] = [old[column], tab.cell(index, column)];
        const known = was?.expected ? is.text : was?.text ?? "";
        if (known !== is.text) changed.push({ index, column });
      }
    }
    tab.revision = Math.max(tab.revision, told.revision);
    this.listener.changed(tab, new Set(Object.keys(told.rows).map(Number)), changed);
  }

  hearReload({ sheetId, revision }) {
    for (const tab of this.tabs.values()) {
      const meant = sheetId === undefined || sheetId === tab.heading.sheetId;
      if (meant && revision > tab.heading.revision) tab.stale = true;
    }
    this.listener.stale(sheetId);
  }
}
