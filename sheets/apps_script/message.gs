/**
 * What the doorbell says, and how it is signed: where something was edited and
 * by whom, and never what a cell holds. The desk reads the workbook itself.
 */

/**
 * Returns the message as compact JSON, its members in the order of the contract.
 *
 * @param {{type: string, event: ?string, at: string, workbook: string, sheetId: ?number,
 *     sheet: ?string, range: ?string, user: ?string}} told What was done; nothing else is sent.
 * @return {string}
 */
function deskMessage(told) {
  return JSON.stringify({
    v: 1,
    type: told.type,
    event: told.event ?? null,
    at: told.at,
    workbook: told.workbook,
    sheetId: told.sheetId ?? null,
    sheet: told.sheet ?? null,
    range: told.range ?? null,
    user: told.user || null,
  });
}

/**
 * Returns the path of an address as it is requested, without a query.
 *
 * @param {string} endpoint An https address.
 * @return {string}
 * @throws {Error} When it is no https address.
 */
function deskPath(endpoint) {
  const found = /^https:\/\/[^/?#]+([^?#]*)/.exec(endpoint);
  if (!found) {
    throw new Error('DESK_ENDPOINT must be an https address.');
  }
  return found[1] || '/';
}

/**
 * Returns bytes in hexadecimal. Apps Script counts a byte from -128 to 127.
 *
 * @param {number[]} bytes
 * @return {string}
 */
function deskHex(bytes) {
  return bytes.map((byte) => (byte & 0xff).toString(16).padStart(2, '0')).join('');
}

/**
 * Returns the text that is signed.
 *
 * @param {string} stamp Seconds since 1970.
 * @param {string} nonce
 * @param {string} path
 * @param {number[]} body The very bytes that are sent.
 * @return {string}
 */
function deskSignedText(stamp, nonce, path, body) {
  const digest = deskHex(Utilities.computeDigest(Utilities.DigestAlgorithm.SHA_256, body));
  return `v1.${stamp}.${nonce}.POST.${path}.${digest}`;
}

/**
 * Returns the signature of a text as the header has it.
 *
 * @param {string} secret
 * @param {string} text
 * @return {string}
 */
function deskSignature(secret, text) {
  const charset = Utilities.Charset.UTF_8;
  return `v1=${deskHex(Utilities.computeHmacSha256Signature(text, secret, charset))}`;
}
