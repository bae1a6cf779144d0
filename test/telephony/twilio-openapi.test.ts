import { existsSync, readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { describe, expect, test } from 'vitest';
import { startSimulator } from '../../src/telephony/simulator/server.ts';
import { openTwilio } from '../../src/telephony/twilio/twilio.ts';
import { closed, listening, openNetwork, type Seen } from './weather.ts';

/**
 * Every request that we send against Twilio's own OpenAPI description: the address, each parameter by name, type, list
 * of values, form and pattern, and whatever must be there. That the simulator's answers fit it, its own suite shows.
 */

const DESCRIPTION = new URL('../../../shared/twilio/twilio_api_v2010.json', import.meta.url);
const present = existsSync(DESCRIPTION);
if (!present)
  console.error(`Twilio's OpenAPI description is not at ${DESCRIPTION.pathname}: our requests are not held against it`);

interface Schema {
  readonly type?: string;
  readonly enum?: readonly string[];
  readonly format?: string;
  readonly pattern?: string;
  readonly items?: Schema;
  readonly $ref?: string;
}
interface Operation {
  readonly parameters?: readonly {
    readonly name: string;
    readonly in: string;
    readonly required?: boolean;
    readonly schema: Schema;
  }[];
  readonly requestBody?: {
    readonly content: Readonly<
      Record<
        string,
        { readonly schema: { readonly properties: Record<string, Schema>; readonly required?: readonly string[] } }
      >
    >;
  };
}
interface Description {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly components: { readonly schemas: Readonly<Record<string, Schema>> };
}

const forms: Readonly<Record<string, RegExp>> = {
  uri: /^https?:\/\/[^\s/]+(\/\S*)?$/,
  'http-method': /^(GET|POST)$/,
  'phone-number': /^\+[1-9]\d{6,14}$/,
  endpoint: /^\+[1-9]\d{6,14}$/,
  'date-time': /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d+)?Z$/,
};

/** What the description finds wrong with a request. */
function faults({ paths, components }: Description, { method, url, body }: Seen): string[] {
  const [address = '', query = ''] = url.split('?', 2);
  const found = Object.entries(paths).find(([path]) =>
    new RegExp(`^${path.replaceAll('.', '\\.').replace(/\{\w+\}/g, '[A-Z]{2}[0-9a-fA-F]{32}')}$`).test(address),
  );
  const operation = found?.[1][method.toLowerCase()];
  if (!operation) return [`${method} ${address} is not described`];
  const inQuery = (operation.parameters ?? []).filter((one) => one.in === 'query');
  const form = Object.values(operation.requestBody?.content ?? {})[0]?.schema;
  return [
    ...misfits(
      Object.fromEntries(inQuery.map(({ name, schema }) => [name, schema])),
      inQuery.flatMap(({ name, required }) => (required ? [name] : [])),
      query,
    ),
    ...misfits(form?.properties ?? {}, form?.required ?? [], body),
  ];

  function misfits(known: Readonly<Record<string, Schema>>, required: readonly string[], text: string): string[] {
    const given = new URLSearchParams(text);
    return [
      ...required.filter((name) => !given.has(name)).map((name) => `${name} is missing`),
      ...[...given].flatMap(([name, value]) => {
        const schema = known[name];
        if (!schema) return [`${name} is not described`];
        return fits(schema.items ?? schema, value) ? [] : [`${name} ${value}`];
      }),
      ...[...new Set(given.keys())].flatMap((name) =>
        given.getAll(name).length > 1 && known[name]?.type !== 'array' ? [`${name} more than once`] : [],
      ),
    ];
  }

  function fits(schema: Schema, value: string): boolean {
    const { type, format, pattern, ...rest } = schema.$ref
      ? (components.schemas[schema.$ref.split('/').at(-1) ?? ''] ?? {})
      : schema;
    return (
      (type !== 'integer' || /^\d+$/.test(value)) &&
      (type !== 'boolean' || /^(true|false)$/.test(value)) &&
      (!rest.enum || rest.enum.includes(value)) &&
      (!pattern || new RegExp(pattern).test(value)) &&
      (!format || !forms[format] || forms[format].test(value))
    );
  }
}

describe.runIf(present)("Twilio's OpenAPI description", () => {
  const description = () => JSON.parse(readFileSync(DESCRIPTION, 'utf8')) as Description;
  const account = { accountSid: 'AC0123456789abcdef0123456789abcdef', authToken: 'token' };

  test('fits every request that our adapter sends', async () => {
    const app = createServer((_request, response) => response.writeHead(200).end('<Response/>'));
    const publicUrl = await listening(app);
    const simulator = await startSimulator({ ...account, seed: 'openapi', start: new Date('2026-03-02T01:30:00Z') });
    const network = await openNetwork(simulator.url);
    const open = (messagingServiceSid: string | null) =>
      openTwilio({ ...account, fromNumbers: ['+8679188000000'], messagingServiceSid, publicUrl, baseUrl: network.url });
    const { voice, text } = open(null);
    const id = crypto.randomUUID();
    const to = '+8613800000001';
    const from = '+8679188000000';
    const [since, until] = [new Date('2026-03-02T01:00:00Z'), new Date('2026-03-02T02:00:00.123Z')];
    const placing = await voice.place({ attemptId: id, to, from, ringSeconds: 30, limitSeconds: 240 });
    const carrierId = placing.kind === 'placed' ? placing.carrierId : '';
    await voice.connect({ callId: id, to, from, ringSeconds: 30, limitSeconds: 720 });
    await voice.callsTo(to, since, from);
    await voice.callsTo(to, since, null);
    await voice.call(carrierId);
    await voice.interrupt(carrierId, id, 3);
    await voice.hangUp(carrierId);
    await voice.recordingsOf(carrierId);
    await voice.deleteRecording(`RE${'0'.repeat(32)}`);
    await voice.prices?.(since, until);
    await voice.health();
    const words = { messageId: id, to, body: '【东湖烟草】您打几分?' };
    const template = { id: 'S1', language: 'zh-CN', words: '', values: {} } as const;
    for (const port of [text, open(`MG${'0'.repeat(32)}`).text]) await port.send({ ...words, template });
    await text.textsTo(to, since);
    await text.prices?.(since, until);
    await text.health();
    const described = description();
    const shown = network.seen.map((seen) => ({
      request: `${seen.method} ${seen.url.split('?')[0]?.split('/').slice(4).join('/')}`,
      faults: faults(described, seen),
    }));
    expect(shown.filter((one) => one.faults.length > 0)).toEqual([]);
    expect(new Set(shown.map(({ request }) => request.replace(/[A-Z]{2}[0-9a-f]{32}/g, 'SID')))).toEqual(
      new Set([
        ...[
          'POST Calls.json',
          'GET Calls.json',
          'GET Calls/SID.json',
          'POST Calls/SID.json',
          'GET Calls/SID/Recordings.json',
        ],
        ...['DELETE Recordings/SID.json', 'POST Messages.json', 'GET Messages.json', 'GET '],
      ]),
    );
    await network.close();
    await simulator.close();
    await closed(app);
  });

  test.each<[what: string, change: (form: URLSearchParams) => void, fault: string]>([
    ['a parameter it does not have', (form) => form.set('Colour', 'red'), 'Colour is not described'],
    ['a number that is none', (form) => form.set('Timeout', 'half a minute'), 'Timeout half a minute'],
    ['a method there is not', (form) => form.set('Method', 'PUT'), 'Method PUT'],
    ['an address that is none', (form) => form.set('Url', 'voice'), 'Url voice'],
    ['the same twice', (form) => form.append('Timeout', '30'), 'Timeout more than once'],
    ['no number to call', (form) => form.delete('To'), 'To is missing'],
  ])('would notice %s', (_what, change, fault) => {
    const form = new URLSearchParams({
      To: '+8613800000001',
      From: '+8679188000000',
      Url: 'https://a.example/x',
      Timeout: '30',
    });
    const request = () => ({
      method: 'POST',
      url: `/2010-04-01/Accounts/${account.accountSid}/Calls.json`,
      body: form.toString(),
    });
    expect(faults(description(), request())).toEqual([]);
    change(form);
    expect(faults(description(), request())).toEqual([fault]);
  });
});
