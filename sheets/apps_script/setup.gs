/** Installs what rings at the desk. Run setUpDesk once, and again whenever in doubt. */

/** What each function is to be woken by. */
const DESK_TRIGGERS = {
  onDeskEdit: (builder, workbook) => builder.forSpreadsheet(workbook).onEdit(),
  onDeskChange: (builder, workbook) => builder.forSpreadsheet(workbook).onChange(),
  onDeskHeartbeat: (builder) => builder.timeBased().everyMinutes(10),
};

/**
 * Installs each of the three triggers that is missing, removes doubles, and tests the connection.
 *
 * It sees the triggers of the account that runs it and no others: let one account do it.
 */
function setUpDesk() {
  const workbook = SpreadsheetApp.getActiveSpreadsheet();
  const installed = ScriptApp.getProjectTriggers();
  for (const [name, wake] of Object.entries(DESK_TRIGGERS)) {
    const [first, ...doubles] = installed.filter((each) => each.getHandlerFunction() === name);
    doubles.forEach((each) => ScriptApp.deleteTrigger(each));
    if (!first) {
      wake(ScriptApp.newTrigger(name), workbook).create();
    }
  }
  deskTestConnection();
}
