// From what was typed to what is saved, refused, or undone.

import { parseCellName } from "./address.js";
import { openTab, showTab, workbook } from "./grid.js";
import { step } from "./keys.js";
import { dialog, listOf, notice, paragraph } from "./menus.js";
import { buttons, editor, here, say, start, table, tip } from "./page.js";
import { isTicked } from "./table.js";
import { RefusedError } from "./workbook.js";

editor.actions = { commit, cancelled: () => table.grid.focus() };

export function edit(text) {
  const cell = table.cell;
  if (!cell) return false;
  if (cell.look.lock) {
    refuse(start.mayEdit
      ? `${table.name()} is read only: it is kept up by the desk, or belongs to others.`
      : "You may read this workbook, but not change it.");
    return true;
  }
  if (cell.look.rule?.kind === "tick" && text === undefined) {
    toggle();
    return true;
  }
  tip.hidden = true;
  table.select(table.selection.line, table.selection.place);
  editor.open(text);
  return true;
}

export function refuse(text) {
  notice(text);
  say(text);
}

function commit(done, text, move) {
  if (document.activeElement === document.body || move) table.grid.focus({ preventScroll: true });
  if (text !== done.opened) {
    if (done.row < 0) notice("Its row was deleted. Nothing was saved.", { alarming: true });
    else save(done.tab, [{ row: done.row, column: done.column, text, old: done.old }]);
  }
  const steps = { down: [1, 0], up: [-1, 0], left: [0, -1], right: [0, 1] };
  if (move) step(steps[move], false);
}

export function toggle() {
  const cells = table.cellsSelected().flat()
    .map((each) => ({ ...each, cell: here.tab.cell(each.row, each.column) }))
    .filter(({ cell }) => cell.look.rule?.kind === "tick" && !cell.look.lock);
  const on = !isTicked(table.cell);
  save(here.tab, cells.map(({ row, column, cell: { look } }) => ({
    row, column, text: on ? look.rule.on : look.rule.off,
  })));
  say(on ? "ticked" : "not ticked");
}

export function empty() {
  const filled = ({ row, column }) => here.tab.cell(row, column).text;
  const cells = table.cellsSelected().flat().filter(filled);
  if (cells.length) save(here.tab, cells.map((each) => ({ ...each, text: "" })));
}

export async function save(where, edits) {
  const promise = workbook.edit(where, edits);
  for (const row of new Set(edits.map((each) => each.row))) table.refreshRow(row);
  try {
    await promise;
  } catch (error) {
    await explain(error, where, edits);
  }
  showUndo();
}

async function explain(error, where, edits) {
  if (!(error instanceof RefusedError)) {
    return void notice("The server cannot be reached. Nothing was saved.", { alarming: true });
  }
  if (error.status === 409) return conflict(error, where, edits);
  if (error.cells.length) {
    say(`${error.message} ${error.cells[0].a1}: ${error.cells[0].reason}`);
    const lines = error.cells.slice(0, 50).map(({ a1, reason }) =>
      reason.startsWith(a1) ? reason : `${a1}: ${reason}`);
    if (error.cells.length > 50) lines.push(`and ${error.cells.length - 50} more`);
    await dialog("Not saved", [paragraph(error.message), listOf(lines)], [["", "Close"]]);
  } else {
    await dialog("Not saved", [paragraph(error.message)], [["", "Close"]]);
  }
  table.grid.focus();
  return undefined;
}

async function conflict(error, where, edits) {
  const keys = edits.map((each) => where.key(each.row));
  await workbook.reload(where);
  if (where === here.tab) showTab(here.tab);
  const again = edits
    .map(({ row, column, text }, at) => ({ row: where.find(keys[at], row), column, text }))
    .filter((each) => each.row >= 0);
  const lines = error.cells.map((each) => {
    const { row, column } = parseCellName(each.a1);
    const mine = edits.find((one) => one.row === row && one.column === column);
    return `${each.a1} now says “${each.text}”. You wrote “${mine?.text ?? ""}”.`;
  });
  say(error.message);
  const answer = await dialog(
    "Changed meanwhile",
    [paragraph(error.message), listOf(lines)],
    again.length ? [["theirs", "Keep theirs"], ["mine", "Save mine"]] : [["theirs", "Close"]],
  );
  if (answer === "mine") await save(where, again);
  table.grid.focus();
}

export function failed(error) {
  notice(error.message, { alarming: true });
  return null;
}

export function showUndo() {
  buttons.undo.disabled = !workbook.done.length;
  buttons.redo.disabled = !workbook.undone.length;
}

export async function undo(redoing = false) {
  try {
    const done = await (redoing ? workbook.redo() : workbook.undo());
    if (!done) return say("There is nothing to undo.");
    if (done.tab !== here.tab) await openTab(done.tab.heading.sheetId);
    table.selectCell(done.cells[0].row, done.cells[0].column);
    say(`${redoing ? "Done again" : "Undone"}: ${done.cells.length} cells. ${table.name()}`);
  } catch (error) {
    const message = error.status === 409
      ? "Somebody else changed this meanwhile, so it cannot be undone."
      : error.message;
    notice(message, { alarming: true });
  }
  return showUndo();
}

export const redo = () => undo(true);
