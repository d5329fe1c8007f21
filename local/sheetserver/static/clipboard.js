// Copy, cut and paste, from and to other spreadsheets.

import { fromText, toText } from "./address.js";
import { areaName } from "./detail.js";
import { empty, refuse, save } from "./editing.js";
import { typed } from "./model.js";
import { here, say, table } from "./page.js";

const MOST_PASTED = 20000; // cells at once

let copied = null; // what was copied last, as an editor would open it

const inGrid = () => document.activeElement === table.grid;

function matrixOf(read) {
  const text = ({ row, column }) => read(here.tab.cell(row, column));
  return table.cellsSelected().map((row) => row.map(text));
}

function copy(event) {
  if (!inGrid()) return;
  event.preventDefault();
  const text = toText(matrixOf((cell) => cell.text));
  copied = { text, typed: matrixOf(typed) };
  event.clipboardData.setData("text/plain", text);
  say(`Copied ${areaName()} cells`);
}

addEventListener("copy", copy);
addEventListener("cut", (event) => {
  copy(event);
  if (inGrid()) empty();
});
addEventListener("paste", (event) => {
  if (!inGrid()) return;
  event.preventDefault();
  const text = event.clipboardData.getData("text/plain");
  if (text) paste(copied?.text === text ? copied.typed : fromText(text));
});

function paste(matrix) {
  const area = table.area();
  const size = { height: matrix.length, width: Math.max(...matrix.map((row) => row.length)) };
  const fills = size.height === 1 && size.width === 1;
  const height = fills ? area.bottom - area.top + 1 : size.height;
  const width = fills ? area.right - area.left + 1 : size.width;
  if (area.top + height > table.lines.length || area.left + width > table.widths.length) {
    refuse(`${height} × ${width} cells do not fit here: the tab ends before. Nothing was pasted.`);
    return;
  }
  const edits = [];
  for (let down = 0; down < height; down += 1) {
    for (let right = 0; right < width; right += 1) {
      const text = fills ? matrix[0][0] : matrix[down][right];
      const [row, column] = [table.lines[area.top + down], here.tab.columns[area.left + right]];
      const cell = here.tab.cell(row, column);
      const same = text === undefined || text === typed(cell) || text === cell.text;
      if (!same) edits.push({ row, column, text });
    }
  }
  if (edits.length > MOST_PASTED) {
    refuse(`${edits.length} cells are too many at once. At most ${MOST_PASTED} can be pasted.`);
    return;
  }
  if (edits.length) save(here.tab, edits);
  table.select(area.top, area.left);
  table.select(area.top + height - 1, area.left + width - 1, true);
  say(`Pasted ${height} × ${width} cells`);
}
