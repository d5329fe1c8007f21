/** What rings, what it says, and that it never disturbs whoever edits. */

import assert from 'node:assert/strict';
import test from 'node:test';

import { Google, NONCE, NOW, aRange, aSheet, aUser, anEdit } from './google.mjs';

test('an edit tells where and who, and not what', () => {
  const google = new Google();
  google.script.onDeskEdit(anEdit());

  assert.deepEqual(google.told, {
    v: 1,
    type: 'edit',
    event: null,
    at: '2026-11-25T12:00:00.000Z',
    workbook: 'book-1',
    sheetId: 7,
    sheet: 'Trials',
    range: 'G5',
    user: 'ana@vendor.example',
  });
  assert.ok(!google.sent.body.includes('4,200'));
});

test('the request is signed and follows nobody', () => {
  const google = new Google();
  google.script.onDeskEdit(anEdit());

  const [{ url, method, contentType, headers, followRedirects, muteHttpExceptions }] = google.fetched;
  assert.equal(url, 'https://desk.example/v1/sheet-edits');
  assert.deepEqual([method, contentType], ['post', 'application/json']);
  assert.deepEqual([followRedirects, muteHttpExceptions], [false, true]);
  assert.equal(headers['X-Desk-Timestamp'], String(NOW / 1000));
  assert.equal(headers['X-Desk-Nonce'], NONCE);
  assert.match(headers['X-Desk-Signature'], /^v1=[0-9a-f]{64}$/);
});

test('many cells of a tab with any name are one range', () => {
  const google = new Google();
  const sheet = aSheet({ id: 0, name: '🎉 Löschen "1"' });
  google.script.onDeskEdit(anEdit({ range: aRange({ a1: 'B2:D9', sheet }) }));

  assert.deepEqual([google.told.sheetId, google.told.sheet], [0, '🎉 Löschen "1"']);
  assert.equal(google.told.range, 'B2:D9');
});

for (const [name, user] of [
  ['no user', undefined],
  ['a user without an address', aUser('')],
  ['a user of another kind', {}],
]) {
  test(`${name} is nobody, and never whoever installed the trigger`, () => {
    const google = new Google();
    google.script.onDeskEdit(anEdit({ user: user ?? null }));
    assert.equal(google.told.user, null);
  });
}

test('rows that come and go are told, edits and formats are not told twice', () => {
  const google = new Google();
  google.script.onDeskChange({ changeType: 'EDIT', user: aUser('ana@vendor.example') });
  google.script.onDeskChange({ changeType: 'FORMAT' });
  assert.deepEqual(google.fetched, []);

  google.script.onDeskChange({ changeType: 'REMOVE_ROW', user: aUser('ana@vendor.example') });
  assert.deepEqual([google.told.type, google.told.event], ['change', 'REMOVE_ROW']);
  assert.deepEqual([google.told.sheetId, google.told.range], [null, null]);
});

test('the heart beats', () => {
  const google = new Google();
  google.script.onDeskHeartbeat({});
  assert.deepEqual([google.told.type, google.told.workbook], ['heartbeat', 'book-1']);
});

for (const answer of [
  { status: 500, body: '' },
  { status: 401, body: '{}' },
  { status: 202, body: 'not JSON' },
  new Error('Address unavailable: https://desk.example/?s=Glöckchen'),
]) {
  test(`whoever edits is not disturbed by ${answer.status ?? 'a thrown fetch'}`, () => {
    const google = new Google({ answer });
    google.script.onDeskEdit(anEdit());
    google.script.onDeskHeartbeat({});
    assert.equal(google.fetched.length, 2);
    assert.equal(google.warnings.length, 2);
    assert.ok(!google.warnings.join().includes('Glöckchen'));
  });
}

test('an event without a range disturbs nobody either', () => {
  const google = new Google();
  google.script.onDeskEdit({});
  assert.deepEqual([google.fetched, google.warnings], [[], ['The desk was not told: TypeError']]);
});

test('a script that is not set up sends nothing', () => {
  for (const settings of [{}, { DESK_ENDPOINT: 'https://desk.example' }, { DESK_SECRET: 's' }]) {
    const google = new Google({ settings });
    google.script.onDeskEdit(anEdit());
    assert.deepEqual(google.fetched, []);
  }
});
