// Checks tests/vectors without a line of the Rust code: JSON, canonical JSON, JWS, the pairing digits and challenges with
// node:crypto alone ("node"), the same JWS with jose ("jose"), assertions and registrations with @simplewebauthn/server
// ("simplewebauthn"). Every vector of an area must be refused by exactly the checkers that its `refused_by` names.
//
//   node tests/js/check-vectors.mjs            compares
//   node tests/js/check-vectors.mjs --record   writes what these checkers refuse into `refused_by`
//
// To add an area, add it to CHECKERS.

import { createHash, createPublicKey, verify as verifySignature } from 'node:crypto';
import { readFileSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { verifyAuthenticationResponse, verifyRegistrationResponse } from '@simplewebauthn/server';
import { compactVerify, importJWK } from 'jose';

const VECTORS = join(dirname(fileURLToPath(import.meta.url)), '..', 'vectors');
const KEYS = JSON.parse(readFileSync(join(VECTORS, 'keys.json'), 'utf8')).keys;

class Refused extends Error {}

const refuse = (why) => {
  throw new Refused(why);
};

// --- bytes ---

const sha256 = (data) => createHash('sha256').update(data).digest();

function decodeBase64url(text) {
  if (!/^[A-Za-z0-9_-]*$/.test(text)) refuse('a character that base64url does not have');
  const bytes = Buffer.from(text, 'base64url');
  if (bytes.toString('base64url') !== text) refuse('not what the encoder writes');
  return bytes;
}

// --- I-JSON (RFC 7493): a reader of its own, since JSON.parse keeps the last of two names and rounds integers ---

class JsonReader {
  constructor(bytes) {
    if (bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf) refuse('byte order mark');
    try {
      this.text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
    } catch {
      refuse('not UTF-8');
    }
    this.at = 0;
  }

  document() {
    const value = this.value(0);
    this.space();
    if (this.at !== this.text.length) refuse('trailing data');
    return value;
  }

  space() {
    while (' \t\n\r'.includes(this.text[this.at] ?? 'x')) this.at += 1;
  }

  match(pattern) {
    pattern.lastIndex = this.at;
    const found = pattern.exec(this.text);
    if (found === null) return null;
    this.at = pattern.lastIndex;
    return found[0];
  }

  value(depth) {
    this.space();
    const next = this.text[this.at];
    if (next === '{' || next === '[') {
      if (depth === 16) refuse('too deep');
      this.at += 1;
      return next === '{' ? this.members(depth + 1) : this.items(depth + 1);
    }
    if (next === '"') return this.string();
    const word = this.match(/true|false|null/y);
    if (word !== null) return JSON.parse(word);
    const number = this.match(/-?(0|[1-9][0-9]*)/y);
    if (number === null) refuse('syntax');
    if (/[.eE]/.test(this.text[this.at] ?? '')) refuse('not an integer');
    if (number === '-0' || !Number.isSafeInteger(Number(number))) refuse('not within 53 bits');
    return Number(number);
  }

  /** Whether another element follows; consumes the comma or the end. */
  goesOn(end) {
    this.space();
    const next = this.text[this.at];
    this.at += 1;
    if (next !== ',' && next !== end) refuse('syntax');
    return next === ',';
  }

  endsAtOnce(end) {
    this.space();
    if (this.text[this.at] !== end) return false;
    this.at += 1;
    return true;
  }

  members(depth) {
    const object = Object.create(null);
    if (this.endsAtOnce('}')) return object;
    do {
      this.space();
      const name = this.string();
      if (name in object) refuse('duplicate name');
      this.space();
      if (this.text[this.at] !== ':') refuse('syntax');
      this.at += 1;
      object[name] = this.value(depth);
    } while (this.goesOn('}'));
    return object;
  }

  items(depth) {
    const array = [];
    if (this.endsAtOnce(']')) return array;
    do array.push(this.value(depth));
    while (this.goesOn(']'));
    return array;
  }

  string() {
    const written = this.match(/"(?:[^"\\\u0000-\u001f]|\\(?:["\\/bfnrt]|u[0-9A-Fa-f]{4}))*"/y);
    if (written === null) refuse('syntax');
    const text = JSON.parse(written);
    if (!text.isWellFormed()) refuse('unpaired surrogate');
    for (const character of text) {
      const code = character.codePointAt(0);
      if ((code >= 0xfdd0 && code <= 0xfdef) || (code & 0xfffe) === 0xfffe) refuse('noncharacter');
    }
    return text;
  }
}

function parseIJson(bytes, maxLength) {
  if (bytes.length > maxLength) refuse('too long');
  return new JsonReader(bytes).document();
}

// --- JCS (RFC 8785): strings sort by UTF-16 code units, which is what JavaScript compares ---

function canonicalize(value) {
  if (Array.isArray(value)) return `[${value.map(canonicalize).join(',')}]`;
  if (value !== null && typeof value === 'object') {
    const members = Object.keys(value).sort().map((name) => `${JSON.stringify(name)}:${canonicalize(value[name])}`);
    return `{${members.join(',')}}`;
  }
  return JSON.stringify(value);
}

const challengeOf = (object) => sha256(canonicalize(object)).toString('base64url');

// --- keys ---

const thumbprint = ({ crv, kty, x, y }) => sha256(JSON.stringify({ crv, kty, x, y })).toString('base64url');

function coseKey({ x, y }) {
  const head = Buffer.from([0xa5, 0x01, 0x02, 0x03, 0x26, 0x20, 0x01, 0x21, 0x58, 0x20]);
  return Buffer.concat([head, Buffer.from(x, 'base64url'), Buffer.from([0x22, 0x58, 0x20]), Buffer.from(y, 'base64url')]);
}

// --- JWS (RFC 7515) as section 2.3 narrows it ---

function verifyJws(text, typ, maxLength, jwks) {
  if (text.length > maxLength) refuse('too long');
  const parts = text.split('.');
  if (parts.length !== 3) refuse('not three parts');
  const [headerBytes, payload, signature] = parts.map(decodeBase64url);
  if (signature.length !== 64) refuse('not a 64-byte signature');
  const header = parseIJson(headerBytes, 512);
  if (header === null || typeof header !== 'object') refuse('not a header');
  if (Object.keys(header).sort().join() !== 'alg,kid,typ') refuse('other header members');
  if (header.alg !== 'ES256') refuse('algorithm');
  if (header.typ !== typ) refuse('type');
  const jwk = jwks.find((candidate) => thumbprint(candidate) === header.kid) ?? refuse('unknown key');
  const key = createPublicKey({ key: jwk, format: 'jwk' });
  const signed = Buffer.from(`${parts[0]}.${parts[1]}`);
  if (!verifySignature('sha256', signed, { key, dsaEncoding: 'ieee-p1363' }, signature)) refuse('signature');
  return parseIJson(payload, payload.length);
}

async function joseVerify(text, jwks) {
  const key = ({ kid }) => {
    const jwk = jwks.find((candidate) => thumbprint(candidate) === kid);
    return importJWK(jwk ?? refuse('unknown key'), 'ES256');
  };
  await compactVerify(text, key, { algorithms: ['ES256'] });
}

/** The type, the limit and the keys of the JWS that an area takes; null if the input is not one. */
function jwsOf(area, context) {
  const by = (names) => names.map((name) => KEYS[name].jwk);
  switch (area) {
    case 'jws':
      return { typ: context.typ, max: context.max_len, jwks: by(context.keys) };
    case 'offer':
      return { typ: 'pairing-offer+jwt', max: 8192, jwks: by(context.keys) };
    case 'reveal':
      return { typ: 'pairing-reveal+jwt', max: 8192, jwks: by(context.keys) };
    case 'prompt':
      return { typ: 'consent-prompt+jwt', max: 65536, jwks: by(context.keys) };
    case 'proof':
      return { typ: 'tegata-proof+jwt', max: 8192, jwks: by([context.key]) };
    case 'receipt':
      return receiptOf(context, by);
    default:
      return null;
  }
}

function receiptOf(context, by) {
  switch (context.kind) {
    case 'consent':
      return { typ: 'consent-receipt+jwt', max: 16384, jwks: by(context.keys) };
    case 'client':
      return { typ: 'client-receipt+jwt', max: 16384, jwks: by(context.keys) };
    case 'pairing':
      return { typ: 'pairing-receipt+jwt', max: 8192, jwks: by(context.keys) };
    case 'countersignature': {
      const payload = context.pairing_receipt.split('.')[1];
      const { possession } = JSON.parse(Buffer.from(payload, 'base64url'));
      return { typ: 'pairing-countersignature+jwt', max: 8192, jwks: [possession] };
    }
    default:
      throw new Error(`no such receipt: ${context.kind}`);
  }
}

// --- pairing digits ---

function pairingDigits(input) {
  const { offer, approval, possession, device_nonce, server_nonce } = input;
  for (const value of [offer, approval, possession, device_nonce, server_nonce]) {
    if (typeof value !== 'string') refuse('a member is missing');
  }
  const digest = sha256(
    canonicalize({
      typ: 'tegata.pairing-code',
      v: 1,
      offer: sha256(offer).toString('base64url'),
      possession,
      approval,
      device_nonce,
      server_nonce,
    }),
  );
  return String(digest.readBigUInt64BE(0) % 1000000n).padStart(6, '0');
}

// --- WebAuthn ---

async function authenticate(response, jwk, ceremony) {
  const { verified } = await verifyAuthenticationResponse({
    response,
    expectedChallenge: ceremony.challenge,
    expectedOrigin: ceremony.origin,
    expectedRPID: ceremony.rp_id,
    requireUserVerification: ceremony.role === 'approval',
    credential: { id: thumbprint(jwk), publicKey: coseKey(jwk), counter: 0 },
  });
  if (!verified) refuse('signature');
}

async function register(response, ceremony, expected) {
  const { verified, registrationInfo } = await verifyRegistrationResponse({
    response,
    expectedChallenge: ceremony.challenge,
    expectedOrigin: ceremony.origin,
    expectedRPID: ceremony.rp_id,
    requireUserVerification: ceremony.role === 'approval',
    supportedAlgorithmIDs: [-7],
  });
  if (!verified) refuse('attestation');
  if (expected && registrationInfo.credential.id !== expected.thumbprint) throw new Error('another key was registered');
}

/** What a FIDO2 library sees of a decision: the key by the verdict, the challenge from the detail. */
async function decide({ detail, assertion }, context, result) {
  const role = detail.decision === 'approve' ? 'approval' : 'possession';
  const challenge = challengeOf(detail);
  if (result && result.challenge !== challenge) throw new Error('another challenge was derived');
  await authenticate(assertion, KEYS[context[role]].jwk, { ...context, role, challenge });
}

// --- areas: for each, who looks at it and how. A checker refuses by throwing. ---

const parsed = (bytes) => JSON.parse(bytes.toString('utf8'));

function jwsCheckers(area) {
  return {
    node: (bytes, context) => {
      const { typ, max, jwks } = jwsOf(area, context);
      verifyJws(bytes.toString('utf8'), typ, max, jwks);
    },
    jose: (bytes, context) => joseVerify(bytes.toString('utf8'), jwsOf(area, context).jwks),
  };
}

const CHECKERS = {
  assertion: {
    simplewebauthn: (bytes, context) => authenticate(parsed(bytes), KEYS[context.key].jwk, context),
  },
  decision: { simplewebauthn: (bytes, context, result) => decide(parsed(bytes), context, result) },
  ijson: { node: (bytes, context) => void parseIJson(bytes, context.max_len) },
  jcs: {
    node: (bytes, context, result) => {
      const value = parseIJson(bytes, 65536);
      if (canonicalize(value) !== context.canonical) refuse('not canonical');
      if (result.sha256 !== challengeOf(value)) throw new Error('another hash');
    },
  },
  jws: jwsCheckers('jws'),
  metadata: {
    node: (bytes) => {
      const { metadata_jws: text, root } = parseIJson(bytes, 32768);
      verifyJws(text, 'tegata-metadata+jwt', 32768, [root]);
    },
  },
  offer: jwsCheckers('offer'),
  pairing_digits: {
    node: (bytes, context) => {
      if (pairingDigits(parseIJson(bytes, 32768)) !== context.digits) refuse('other digits');
    },
  },
  prompt: jwsCheckers('prompt'),
  proof: jwsCheckers('proof'),
  receipt: jwsCheckers('receipt'),
  registration: { simplewebauthn: (bytes, context, result) => register(parsed(bytes), context, result) },
  reveal: jwsCheckers('reveal'),
};

// --- the walk ---

function* vectors() {
  for (const area of readdirSync(VECTORS).sort()) {
    if (!statSync(join(VECTORS, area)).isDirectory()) continue;
    for (const file of readdirSync(join(VECTORS, area)).sort()) {
      const path = join(VECTORS, area, file);
      yield { area, path, label: `${area}/${file}`, vector: JSON.parse(readFileSync(path, 'utf8')) };
    }
  }
}

async function refuses(check, { input, context, result }) {
  const bytes = input.text === undefined ? Buffer.from(input.bytes, 'base64url') : Buffer.from(input.text, 'utf8');
  try {
    await check(bytes, context, result);
    return null;
  } catch (error) {
    return error;
  }
}

const record = process.argv.includes('--record');
let passed = 0;
let failed = 0;

const fail = (text) => {
  failed += 1;
  console.error(text);
};

for (const name of Object.keys(KEYS)) {
  if (thumbprint(KEYS[name].jwk) === KEYS[name].thumbprint) passed += 1;
  else fail(`keys.json: ${name}: another thumbprint`);
}

for (const { area, path, label, vector } of vectors()) {
  for (const [checker, check] of Object.entries(CHECKERS[area] ?? {})) {
    const error = await refuses(check, vector);
    const named = vector.refused_by.includes(checker);
    if (record && (error !== null) !== named) {
      const others = vector.refused_by.filter((name) => name !== checker);
      vector.refused_by = (error === null ? others : [...others, checker]).sort();
      writeFileSync(path, `${JSON.stringify(vector, null, 2)}\n`);
    }
    if (vector.expect === 'valid' && error !== null) {
      fail(`${label}: ${checker} refuses a valid message: ${error.message}`);
    } else if ((error !== null) !== vector.refused_by.includes(checker)) {
      fail(`${label}: ${checker} ${error === null ? 'accepts it' : `refuses it (${error.message})`}, the vector says otherwise`);
    } else {
      passed += 1;
    }
  }
}

console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed === 0 && passed > 0 ? 0 : 1;
