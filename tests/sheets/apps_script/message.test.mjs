/** The bytes and signatures of the script against those of Python, which VECTORS names. */

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import test from 'node:test';

import { Google, unsigned } from './google.mjs';

const { script } = new Google();

for (const each of JSON.parse(readFileSync(process.env.VECTORS, 'utf8'))) {
  test(`the message and its signature are Python's: ${each.name}`, () => {
    const message = script.deskMessage(each.told);
    assert.equal(message, each.message);

    const body = script.Utilities.newBlob(message).getBytes();
    const text = script.deskSignedText(each.stamp, each.nonce, each.path, body);
    assert.equal(unsigned(body).toString('hex'), each.body);
    assert.equal(text, each.text);
    assert.equal(script.deskSignature(each.secret, text), each.signature);
  });
}

test('every byte has its two digits', () => {
  assert.equal(script.deskHex([0, 1, 15, 16, 127, -128, -1]), '00010f107f80ff');
});

test('the path is as requested, its stage included and its query not', () => {
  assert.equal(script.deskPath('https://desk.example/v1/sheet-edits'), '/v1/sheet-edits');
  assert.equal(script.deskPath('https://x.example:8443/prod/v1/sheet-edits?a=b#c'), '/prod/v1/sheet-edits');
  assert.equal(script.deskPath('https://desk.example'), '/');
  assert.throws(() => script.deskPath('http://desk.example/v1/sheet-edits'), /https/);
});

test('a message has no place for anything else', () => {
  const told = { type: 'edit', at: 'now', workbook: 'book-1', value: 'secret', oldValue: 'secret' };
  const names = Object.keys(JSON.parse(script.deskMessage(told)));
  assert.deepEqual(names, [
    'v', 'type', 'event', 'at', 'workbook', 'sheetId', 'sheet', 'range', 'user',
  ]);
});
