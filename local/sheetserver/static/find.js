// Finds a word in the open tab.

import { back } from "./commands.js";
import { find, here, table } from "./page.js";

const hits = { list: [], at: -1 };

export function search(moves = true) {
  const wanted = find.box.value.trim().toLowerCase();
  hits.list = [];
  if (wanted) {
    for (const index of table.lines) {
      for (const column of here.tab.columns) {
        if (here.tab.cell(index, column).text.toLowerCase().includes(wanted)) {
          hits.list.push({ index, column });
        }
      }
    }
  }
  table.hits = new Set(hits.list.map(({ index, column }) => `${index}/${column}`));
  table.redraw();
  if (moves) {
    hits.at = -1;
    nextHit(1);
  }
  countHits(wanted);
}

function countHits(wanted = find.box.value.trim()) {
  const at = hits.list.length ? `${Math.max(1, hits.at + 1)} of ${hits.list.length}` : "None";
  find.count.textContent = wanted ? at : "";
}

function nextHit(by) {
  if (!hits.list.length) return;
  hits.at = (hits.at + by + hits.list.length) % hits.list.length;
  table.selectCell(hits.list[hits.at].index, hits.list[hits.at].column);
  countHits();
}

find.box.addEventListener("input", () => {
  clearTimeout(find.timer);
  find.timer = setTimeout(search, 150);
});
find.box.addEventListener("keydown", (event) => {
  if (event.key === "Enter") nextHit(event.shiftKey ? -1 : 1);
  if (event.key !== "Escape") return;
  find.box.value = "";
  search(false);
  back();
});

addEventListener("keydown", (event) => {
  if ((event.ctrlKey || event.metaKey) && event.key === "f" && !event.defaultPrevented) {
    event.preventDefault();
    find.box.select();
  }
});
