/** Prints every request of a day with the script, for the desk's real door to judge. */

import { Google, NONCE, aRange, aSheet, anEdit } from './google.mjs';

const RUNS = [
  ({ script }) => script.onDeskEdit(anEdit({ range: aRange({ a1: 'G5:H6' }) })),
  ({ script }) => {
    const sheet = aSheet({ id: 0, name: '🎉 "Löschen"' });
    script.onDeskEdit(anEdit({ user: null, range: aRange({ a1: 'B:B', sheet }) }));
  },
  ({ script }) => script.onDeskChange({ changeType: 'INSERT_ROW' }),
  ({ script }) => script.onDeskHeartbeat({}),
  ({ script }) => script.deskProcessNow(),
  ({ script }) => script.deskExplainRow(),
  ({ script }) => script.deskRepairTab(),
  ({ script }) => script.deskTestConnection(),
];

const sent = RUNS.map((run, at) => {
  const google = new Google({ nonce: NONCE.replace(/^./, at) });
  run(google);
  return { ...google.sent, body: google.sent.body.toString('base64') };
});
console.log(JSON.stringify(sent));
