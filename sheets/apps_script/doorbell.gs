/**
 * Rings at the desk when somebody edits. Nothing here may ever disturb that
 * person: what goes wrong is logged, and the desk looks every minute anyway.
 */

/** Changes that onDeskEdit tells of better, or that change no cell. */
const DESK_QUIET = ['EDIT', 'FORMAT'];

/** Runs when somebody edits cells; e.value and e.oldValue are never read. */
function onDeskEdit(e) {
  deskRing(() => {
    const sheet = e.range.getSheet();
    return {
      type: 'edit',
      sheetId: sheet.getSheetId(),
      sheet: sheet.getName(),
      range: e.range.getA1Notation(),
      user: deskUser(e.user),
    };
  });
}

/** Runs when rows, columns or tabs come and go, which no edit tells of. */
function onDeskChange(e) {
  if (!DESK_QUIET.includes(e.changeType)) {
    deskRing(() => ({ type: 'change', event: e.changeType, user: deskUser(e.user) }));
  }
}

/** Runs every ten minutes, so that the desk can say when live edits have stopped. */
function onDeskHeartbeat() {
  deskRing(() => ({ type: 'heartbeat' }));
}

/**
 * Sends one signed message.
 *
 * @param {function(): !Object} tell Returns what was done, but for when and in which workbook.
 * @return {{status: number, known: boolean}} The desk's answer: status 0 when there was none, -1
 *     when this script is not set up; and whether the desk knows the workbook.
 */
function deskRing(tell) {
  try {
    const properties = PropertiesService.getScriptProperties();
    const endpoint = properties.getProperty('DESK_ENDPOINT');
    const secret = properties.getProperty('DESK_SECRET');
    if (!endpoint || !secret) {
      return { status: -1, known: false };
    }
    const workbook = SpreadsheetApp.getActiveSpreadsheet().getId();
    const message = deskMessage({ ...tell(), workbook, at: new Date().toISOString() });
    return deskSend(endpoint, secret, message);
  } catch (error) {
    console.warn(`The desk was not told: ${error.name}`);
    return { status: 0, known: false };
  }
}

/** Posts a message, and returns the answer. What is sent is bytes, since bytes are signed. */
function deskSend(endpoint, secret, message) {
  const body = Utilities.newBlob(message).getBytes();
  const stamp = String(Math.floor(Date.now() / 1000));
  const nonce = Utilities.getUuid();
  const text = deskSignedText(stamp, nonce, deskPath(endpoint), body);
  const answer = UrlFetchApp.fetch(endpoint, {
    method: 'post',
    contentType: 'application/json',
    payload: body,
    headers: {
      'X-Desk-Timestamp': stamp,
      'X-Desk-Nonce': nonce,
      'X-Desk-Signature': deskSignature(secret, text),
    },
    followRedirects: false,
    muteHttpExceptions: true,
  });
  const status = answer.getResponseCode();
  if (status !== 202) {
    console.warn(`The desk answered ${status}.`);
  }
  return { status, known: status === 202 && JSON.parse(answer.getContentText()).workbook === 'known' };
}

/**
 * Returns the address of a user, null where Google does not tell it.
 *
 * An installed trigger runs as whoever installed it: only the event knows who
 * edited, so nobody else is ever asked (assumed, to be confirmed on real Google).
 */
function deskUser(user) {
  return (user && user.getEmail && user.getEmail()) || null;
}
