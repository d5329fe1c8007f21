/** The menu Partner Desk: four things to ask of the desk. No step of any work needs it. */

/** What a menu item asks for, and what to expect of it. */
const DESK_ITEMS = {
  'process-now': 'The desk looks at this workbook now; answers stand in Result in a few seconds.',
  'explain-row': 'The row tells in Result where it stands, in a few seconds.',
  'repair-tab': 'The desk compares every cell of this tab with its record now.',
  'test-connection': 'The desk answers, and knows this workbook.',
};

/** Adds the menu when the workbook is opened. */
function onOpen() {
  SpreadsheetApp.getUi()
    .createMenu('Partner Desk')
    .addItem('Process now', 'deskProcessNow')
    .addItem('Explain this row', 'deskExplainRow')
    .addItem('Repair this tab', 'deskRepairTab')
    .addSeparator()
    .addItem('Test the connection', 'deskTestConnection')
    .addToUi();
}

function deskProcessNow() {
  deskAsk('process-now');
}

function deskExplainRow() {
  deskAsk('explain-row');
}

function deskRepairTab() {
  deskAsk('repair-tab');
}

function deskTestConnection() {
  deskAsk('test-connection');
}

/** Rings for a menu item, and tells whoever chose it what came of it. */
function deskAsk(item) {
  const workbook = SpreadsheetApp.getActiveSpreadsheet();
  const answer = deskRing(() => {
    const sheet = workbook.getActiveSheet();
    return {
      type: `menu:${item}`,
      sheetId: sheet.getSheetId(),
      sheet: sheet.getName(),
      range: sheet.getActiveCell().getA1Notation(),
      // Here, other than in a trigger, the script runs as whoever chose the item (assumed).
      user: deskUser(Session.getActiveUser()),
    };
  });
  workbook.toast(deskWords(answer, DESK_ITEMS[item]), 'Partner Desk');
}

/**
 * Returns what to tell a person of the desk's answer.
 *
 * @param {{status: number, known: boolean}} answer
 * @param {string} success
 * @return {string}
 */
function deskWords(answer, success) {
  const anyway = 'Edits are picked up every minute all the same.';
  switch (answer.status) {
    case 202:
      return answer.known
        ? success
        : 'The desk answers, but does not know this workbook. Give whoever runs it the id in the address.';
    case -1:
      return 'Not set up: DESK_ENDPOINT or DESK_SECRET is missing in the script properties.';
    case 0:
      return `The desk cannot be reached. ${anyway}`;
    case 401:
      return `The desk did not accept this: DESK_SECRET is not the desk's. ${anyway}`;
    default:
      return `The desk answered ${answer.status}. ${anyway}`;
  }
}
