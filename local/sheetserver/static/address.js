// Names of cells, and the tab-separated text that spreadsheets exchange.

export function letters(column) {
  let name = "";
  for (let rest = column + 1; rest > 0; rest = Math.floor((rest - 1) / 26)) {
    name = String.fromCharCode(65 + ((rest - 1) % 26)) + name;
  }
  return name;
}

export function cellName(row, column) {
  return letters(column) + (row + 1);
}

export function parseCellName(name) {
  const found = /^([A-Z]{1,3})([0-9]+)$/.exec(name);
  const column = [...found[1]].reduce((sum, each) => sum * 26 + each.charCodeAt(0) - 64, 0) - 1;
  return { row: Number(found[2]) - 1, column };
}

// Quotes as Excel and Google Sheets do: only where a tab, a line break or a quote needs it.
export function toText(matrix) {
  const cell = (text) => (/[\t\n\r"]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);
  return matrix.map((row) => row.map(cell).join("\t")).join("\n");
}

export function fromText(text) {
  const source = text.replace(/\r\n?/g, "\n").replace(/\n$/, "");
  const rows = [[]];
  let at = 0;
  while (at <= source.length) {
    const cell = source[at] === '"' ? quoted(source, at) : plain(source, at);
    rows[rows.length - 1].push(cell.text);
    if (source[cell.end] === "\n") rows.push([]);
    at = cell.end + 1;
  }
  return rows;
}

function plain(source, start) {
  let end = start;
  while (end < source.length && source[end] !== "\t" && source[end] !== "\n") end += 1;
  return { text: source.slice(start, end), end };
}

// A cell that begins with a quote but does not end with one was never quoted.
function quoted(source, start) {
  let text = "";
  for (let at = start + 1; at < source.length; at += 1) {
    if (source[at] !== '"') {
      text += source[at];
    } else if (source[at + 1] === '"') {
      text += '"';
      at += 1;
    } else {
      const after = source[at + 1];
      const ends = after === undefined || after === "\t" || after === "\n";
      return ends ? { text, end: at + 1 } : plain(source, start);
    }
  }
  return plain(source, start);
}
