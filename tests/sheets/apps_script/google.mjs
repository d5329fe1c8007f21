/** Loads the script files as Apps Script does, among small stand-ins for Google's services. */

import { createHash, createHmac } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import vm from 'node:vm';

const HERE = dirname(fileURLToPath(import.meta.url));
const SCRIPTS = join(HERE, '..', '..', '..', 'sheets', 'apps_script');
const FILES = ['doorbell.gs', 'menu.gs', 'message.gs', 'setup.gs'];

export const NOW = Date.parse('2026-11-25T12:00:00.000Z');
export const NONCE = '0b9a7f43-7c61-4a3b-9d53-0c1d2e3f4a5b';
export const SETTINGS = {
  DESK_ENDPOINT: 'https://desk.example/v1/sheet-edits',
  DESK_SECRET: 'Glöckchen 🔔',
};
const HEARD = { status: 202, body: '{"workbook": "known"}' };
const CELL = 'what a cell holds: 4,200 EUR';

/** Bytes as Apps Script counts them, from -128 to 127. */
const signed = (bytes) => [...bytes].map((byte) => (byte << 24) >> 24);
export const unsigned = (bytes) => Buffer.from(bytes.map((byte) => byte & 0xff));

const Utilities = {
  Charset: { UTF_8: 'utf-8', US_ASCII: 'us-ascii' },
  DigestAlgorithm: { SHA_256: 'sha256' },
  computeDigest: (algorithm, bytes) =>
    signed(createHash(algorithm).update(unsigned(bytes)).digest()),
  computeHmacSha256Signature: (value, key, charset = 'us-ascii') => {
    const encode = (text) => Buffer.from(text, charset === 'utf-8' ? 'utf8' : 'ascii');
    return signed(createHmac('sha256', encode(key)).update(encode(value)).digest());
  },
  newBlob: (text) => ({ getBytes: () => signed(Buffer.from(text, 'utf8')) }),
};

/** A sheet whose cells nobody may read. */
export function aSheet({ id = 7, name = 'Trials', cell = 'A5' } = {}) {
  const sheet = { getSheetId: () => id, getName: () => name };
  sheet.getActiveCell = () => aRange({ a1: cell, sheet });
  return sheet;
}

export function aRange({ a1 = 'G5', sheet = aSheet() } = {}) {
  const secret = () => {
    throw new Error('a cell was read');
  };
  return {
    getA1Notation: () => a1,
    getSheet: () => sheet,
    getValue: secret,
    getValues: secret,
    getDisplayValue: secret,
    getDisplayValues: secret,
    getFormula: secret,
  };
}

export const aUser = (email) => ({ getEmail: () => email });

export function anEdit({ range = aRange(), user = aUser('ana@vendor.example') } = {}) {
  return { range, user, value: CELL, oldValue: CELL };
}

/** One workbook with the script in it, and all that the script did. */
export class Google {
  constructor({ settings = SETTINGS, answer = HEARD, nonce = NONCE } = {}) {
    this.answer = answer;
    this.nonce = nonce;
    this.fetched = [];
    this.toasts = [];
    this.warnings = [];
    this.menu = [];
    this.triggers = [];
    this.me = 'sam@vendor.example';
    this.sheet = aSheet();
    this.script = vm.createContext(this.services(settings));
    for (const file of FILES) {
      vm.runInContext(readFileSync(join(SCRIPTS, file), 'utf8'), this.script, { filename: file });
    }
  }

  services(settings) {
    const workbook = {
      getId: () => 'book-1',
      getActiveSheet: () => this.sheet,
      toast: (text, title) => this.toasts.push([text, title]),
    };
    class Today extends Date {
      constructor(...given) {
        super(...(given.length ? given : [NOW]));
      }

      static now() {
        return NOW;
      }
    }
    return {
      Date: Today,
      PropertiesService: {
        getScriptProperties: () => ({ getProperty: (name) => settings[name] ?? null }),
      },
      ScriptApp: this.scriptApp(),
      Session: { getActiveUser: () => aUser(this.me) },
      SpreadsheetApp: { getActiveSpreadsheet: () => workbook, getUi: () => this.ui() },
      UrlFetchApp: { fetch: (url, options) => this.fetch(url, options) },
      Utilities: { ...Utilities, getUuid: () => this.nonce },
      console: { warn: (text) => this.warnings.push(text) },
    };
  }

  fetch(url, options) {
    this.fetched.push({ url, ...options });
    if (this.answer instanceof Error) {
      throw this.answer;
    }
    const { status, body } = this.answer;
    if (status >= 400 && !options.muteHttpExceptions) {
      throw new Error(`Request failed with ${status}`);
    }
    return { getResponseCode: () => status, getContentText: () => body };
  }

  ui() {
    const building = {
      createMenu: (title) => this.menu.push(title) && building,
      addItem: (label, name) => this.menu.push([label, name]) && building,
      addSeparator: () => building,
      addToUi: () => {},
    };
    return building;
  }

  scriptApp() {
    return {
      getProjectTriggers: () => this.triggers.map(({ name }, at) => ({
        at: this.triggers[at],
        getHandlerFunction: () => name,
      })),
      deleteTrigger: ({ at }) => {
        this.triggers = this.triggers.filter((each) => each !== at);
      },
      newTrigger: (name) => {
        const finish = (on) => ({ create: () => this.triggers.push({ name, on }) });
        return {
          forSpreadsheet: (workbook) => ({
            onEdit: () => finish(`edit of ${workbook.getId()}`),
            onChange: () => finish(`change of ${workbook.getId()}`),
          }),
          timeBased: () => ({ everyMinutes: (minutes) => finish(`every ${minutes} minutes`) }),
        };
      },
    };
  }

  /** Returns the one request that was sent, its body as bytes. */
  get sent() {
    if (this.fetched.length !== 1) {
      throw new Error(`${this.fetched.length} requests were sent`);
    }
    const [{ url, method, contentType, headers, payload }] = this.fetched;
    return { url, method, contentType, headers, body: unsigned(payload) };
  }

  get told() {
    return JSON.parse(this.sent.body.toString('utf8'));
  }
}
