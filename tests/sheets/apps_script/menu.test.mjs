/** The menu, what each item asks for, and what whoever chose it is told; and the setting up. */

import assert from 'node:assert/strict';
import test from 'node:test';

import { Google, SETTINGS, aSheet } from './google.mjs';

const THREE = [
  { name: 'onDeskEdit', on: 'edit of book-1' },
  { name: 'onDeskChange', on: 'change of book-1' },
  { name: 'onDeskHeartbeat', on: 'every 10 minutes' },
];

test('the menu has its four items, and each is a function', () => {
  const google = new Google();
  google.script.onOpen();

  const [title, ...items] = google.menu;
  assert.equal(title, 'Partner Desk');
  assert.deepEqual(
    items.map(([label]) => label),
    ['Process now', 'Explain this row', 'Repair this tab', 'Test the connection'],
  );
  assert.ok(items.every(([, name]) => typeof google.script[name] === 'function'));
});

for (const [name, type] of [
  ['deskProcessNow', 'menu:process-now'],
  ['deskExplainRow', 'menu:explain-row'],
  ['deskRepairTab', 'menu:repair-tab'],
  ['deskTestConnection', 'menu:test-connection'],
]) {
  test(`${name} tells which tab and row, and who`, () => {
    const google = new Google();
    google.sheet = aSheet({ id: 9, name: 'Licences', cell: 'K12' });
    google.script[name]();

    const { sheetId, range, user } = google.told;
    assert.equal(google.told.type, type);
    assert.deepEqual([sheetId, range, user], [9, 'K12', 'sam@vendor.example']);
    assert.equal(google.toasts.length, 1);
  });
}

for (const [answer, words] of [
  [{ status: 202, body: '{"workbook": "known"}' }, /knows this workbook/],
  [{ status: 202, body: '{"workbook": "unknown"}' }, /does not know this workbook/],
  [{ status: 401, body: '{}' }, /DESK_SECRET is not the desk's/],
  [{ status: 503, body: '' }, /answered 503/],
  [new Error('Address unavailable'), /cannot be reached/],
]) {
  test(`whoever chose an item is told what came of it: ${words}`, () => {
    const google = new Google({ answer });
    google.script.deskTestConnection();
    const [[text, title]] = google.toasts;
    assert.match(text, words);
    assert.equal(title, 'Partner Desk');
    assert.ok(!text.includes(SETTINGS.DESK_SECRET));
  });
}

test('whoever has not set it up is told what is missing', () => {
  const google = new Google({ settings: {} });
  google.script.deskProcessNow();
  assert.match(google.toasts[0][0], /DESK_ENDPOINT or DESK_SECRET is missing/);
});

test('setting up installs three triggers, however often', () => {
  const google = new Google();
  google.script.setUpDesk();
  google.script.setUpDesk();

  assert.deepEqual(google.triggers, THREE);
  assert.match(google.toasts[0][0], /The desk answers/);
});

test('doubles go, and what belongs to others stays', () => {
  const google = new Google();
  google.triggers = [...THREE, ...THREE.map((each) => ({ ...each })), { name: 'theirs', on: 'every 5 minutes' }];
  google.script.setUpDesk();

  assert.deepEqual(google.triggers, [...THREE, { name: 'theirs', on: 'every 5 minutes' }]);
});
