import { existsSync, readFileSync } from 'node:fs';
import { Ajv, type ValidateFunction } from 'ajv';
import formats from 'ajv-formats';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Person } from './person.ts';
import { type Simulator, startSimulator } from './server.ts';

/**
 * Every answer of the REST API against Twilio's own OpenAPI description. It marks nothing as required and forbids
 * nothing; its examples show that every property is always there and no other, so that is what is asked here.
 */

const DESCRIPTION = new URL('../../../../shared/twilio/twilio_api_v2010.json', import.meta.url);
const present = existsSync(DESCRIPTION);
if (!present) console.error(`Twilio's OpenAPI description is not at ${DESCRIPTION.pathname}: its fit is not tested`);

type Schema = Record<string, unknown>;
interface Media {
  readonly schema: Schema;
  readonly examples?: Record<string, { readonly value: unknown }>;
}
type Operation = { readonly responses: Record<string, { readonly content?: Record<string, Media> }> };

/** Everything named is required, everything else forbidden; references lead into the registered description. */
function strict(schema: unknown): unknown {
  if (Array.isArray(schema)) return schema.map(strict);
  if (typeof schema !== 'object' || schema === null) return schema;
  const made: Schema = Object.fromEntries(Object.entries(schema).map(([key, value]) => [key, strict(value)]));
  // OpenAPI's word for "or null"; where no type stands anything may.
  if (made.type === undefined) delete made.nullable;
  if (typeof made.$ref === 'string') made.$ref = made.$ref.replace('#/', 'twilio#/');
  if (typeof made.properties === 'object' && made.properties !== null) {
    made.required = Object.keys(made.properties);
    made.additionalProperties = false;
  }
  return made;
}

const ajv = new Ajv({ strict: false, allErrors: true });
formats.default(ajv);
/** Twilio's own formats, and `uri`, which in Twilio's examples is relative to its host. */
for (const [name, form] of Object.entries({
  uri: /^(https?:\/)?\/\S+$/,
  'date-time-rfc-2822':
    /^(Mon|Tue|Wed|Thu|Fri|Sat|Sun), \d{2} (Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec) \d{4} \d{2}:\d{2}:\d{2} \+0000$/,
  'phone-number': /^\+?[\w ]+$/,
  currency: /^[A-Za-z]{3}$/,
  'uri-map': /^/,
})) {
  ajv.addFormat(name, form);
}

const checks = new Map<string, { check: ValidateFunction; examples: unknown[] }>();

function load(): void {
  const { paths, components } = JSON.parse(readFileSync(DESCRIPTION, 'utf8')) as {
    paths: Record<string, Record<string, Operation>>;
    components: Schema;
  };
  ajv.addSchema({ $id: 'twilio', components: strict(components) as Schema });
  const account = '/2010-04-01/Accounts/{AccountSid}';
  for (const [name, path, verb, status] of [
    ['create call', `${account}/Calls.json`, 'post', '201'],
    ['list calls', `${account}/Calls.json`, 'get', '200'],
    ['fetch call', `${account}/Calls/{Sid}.json`, 'get', '200'],
    ['update call', `${account}/Calls/{Sid}.json`, 'post', '200'],
    ['create message', `${account}/Messages.json`, 'post', '201'],
    ['list messages', `${account}/Messages.json`, 'get', '200'],
    ['fetch message', `${account}/Messages/{Sid}.json`, 'get', '200'],
    ['list recordings', `${account}/Calls/{CallSid}/Recordings.json`, 'get', '200'],
    ['fetch recording', `${account}/Recordings/{Sid}.json`, 'get', '200'],
    ['fetch account', '/2010-04-01/Accounts/{Sid}.json', 'get', '200'],
  ] as const) {
    const media = paths[path]?.[verb]?.responses[status]?.content?.['application/json'];
    if (!media) throw new Error(`${verb} ${path} is not described`);
    const examples = Object.values(media.examples ?? {}).map(({ value }) => value);
    checks.set(name, { check: ajv.compile(strict(media.schema) as Schema), examples });
  }
}

/** What Twilio's description finds wrong with a body. */
function faults(name: string, body: unknown): unknown {
  const known = checks.get(name);
  if (!known) throw new Error(`unknown answer: ${name}`);
  known.check(body);
  return known.check.errors ?? [];
}

describe.runIf(present)("Twilio's OpenAPI description", () => {
  const ACCOUNT = 'AC0123456789abcdef0123456789abcdef';
  const START = new Date('2026-03-02T01:30:00.000Z');
  let simulator: Simulator;

  beforeAll(async () => {
    load();
    const person: Person = {
      texts: { arrive: true },
      patience: 60,
      ring: ({ calls }) => (calls === 1 ? { does: 'answer', connect: 1, after: 3 } : { does: 'not-exist' }),
      hear: () => ({ does: 'nothing' }),
      speak: () => ({ seconds: 7, ends: '#' }),
      read: () => ({ body: '👍', after: 60 }),
      nameIn: () => null,
    };
    const landline: Person = { ...person, texts: { arrive: false, status: 'undelivered', error: 30006 } };
    simulator = await startSimulator({
      accountSid: ACCOUNT,
      authToken: 'token',
      seed: 'test',
      controlToken: 'control',
      start: START,
      smsUrl: 'http://127.0.0.1:9/',
      personBehind: (phone) => (phone.startsWith('+861') ? person : landline),
    });
  });
  afterAll(() => simulator?.close());

  async function rest(path: string, form?: Record<string, string>): Promise<Record<string, unknown>> {
    const response = await fetch(`${simulator.url}/2010-04-01/Accounts/${ACCOUNT}${path}`, {
      method: form ? 'POST' : 'GET',
      headers: { Authorization: `Basic ${btoa(`${ACCOUNT}:token`)}` },
      ...(form ? { body: new URLSearchParams(form) } : {}),
    });
    return (await response.json()) as Record<string, unknown>;
  }

  async function until(seconds: number): Promise<void> {
    const body = JSON.stringify({ to: new Date(START.getTime() + seconds * 1000) });
    await fetch(`${simulator.url}/_control/control/advance`, { method: 'POST', body });
  }

  it("is understood so that Twilio's own examples fit it", () => {
    for (const [name, { examples }] of checks) {
      expect(examples, name).not.toEqual([]);
      // Of recordings Twilio's examples contradict its schema: in the price, and in the zone of their times.
      if (name.endsWith('recordings') || name.endsWith('recording')) continue;
      for (const example of examples) expect(faults(name, example), name).toEqual([]);
    }
  });

  it('a missing or an unknown property would be noticed', () => {
    const example = checks.get('fetch call')?.examples[0] as Record<string, unknown>;
    const { queue_time: _taken, ...less } = example;
    expect(faults('fetch call', less)).not.toEqual([]);
    expect(faults('fetch call', { ...example, colour: 'red' })).not.toEqual([]);
    expect(faults('fetch call', { ...example, date_created: '2026-03-02' })).not.toEqual([]);
  });

  it('calls fit it at every stage of their life', async () => {
    const order = { To: '+8613800000001', From: '+14155550100', Twiml: '<Response><Pause length="20"/></Response>' };
    const created = await rest('/Calls.json', order);
    expect(faults('create call', created)).toEqual([]);
    for (const second of [2, 5, 60]) {
      await until(second);
      expect(faults('fetch call', await rest(`/Calls/${created.sid}.json`))).toEqual([]);
    }
    const failing = await rest('/Calls.json', order);
    await until(120);
    const failed = await rest(`/Calls/${failing.sid}.json`, { Status: 'completed' });
    expect(failed.status).toBe('failed');
    expect(faults('update call', failed)).toEqual([]);
    const page = await rest('/Calls.json?PageSize=1&Status=completed');
    expect(faults('list calls', page)).toEqual([]);
    expect(faults('list calls', await rest('/Calls.json?PageSize=1&Page=1'))).toEqual([]);
    expect(faults('list calls', await rest('/Calls.json?To=%2B8613900000000'))).toEqual([]);
  });

  it('a call fits it that a machine answered, and that has its price', async () => {
    const order = { To: '+8613800000021', From: '+14155550100', Twiml: '<Response><Pause length="20"/></Response>' };
    const { sid } = await rest('/Calls.json', { ...order, MachineDetection: 'DetectMessageEnd', AsyncAmd: 'true' });
    await until(600);
    const call = await rest(`/Calls/${sid}.json`);
    expect(call).toMatchObject({ answered_by: 'human', price: '-0.01400' });
    expect(faults('fetch call', call)).toEqual([]);
  });

  it('recordings fit it, of a call and by themselves', async () => {
    const twiml = '<Response><Record maxLength="60"/></Response>';
    const { sid } = await rest('/Calls.json', { To: '+8613800000009', From: '+14155550100', Twiml: twiml });
    await until(1100);
    const list = await rest(`/Calls/${sid}/Recordings.json`);
    expect(faults('list recordings', list)).toEqual([]);
    const [{ sid: recording } = { sid: '' }] = list.recordings as { sid: string }[];
    expect(recording).toMatch(/^RE[0-9a-f]{32}$/);
    expect(faults('fetch recording', await rest(`/Recordings/${recording}.json`))).toEqual([]);
  });

  it('messages fit it both ways', async () => {
    const created = await rest('/Messages.json', { To: '+8613800000001', From: '+14155550100', Body: '您打几分?' });
    expect(faults('create message', created)).toEqual([]);
    await rest('/Messages.json', {
      To: '+8679188000000',
      MessagingServiceSid: `MG${'0'.repeat(32)}`,
      Body: '您打几分?',
    });
    await until(1600);
    const list = await rest('/Messages.json');
    expect(faults('list messages', list)).toEqual([]);
    const statuses = (list.messages as { status: string }[]).map(({ status }) => status).sort();
    expect(statuses).toEqual(['delivered', 'received', 'undelivered']);
    const message = await rest(`/Messages/${created.sid}.json`);
    expect(message).toMatchObject({ price: '-0.00790' });
    expect(faults('fetch message', message)).toEqual([]);
  });

  it('the account fits it', async () => {
    expect(faults('fetch account', await rest('.json'))).toEqual([]);
  });
});
