import { Validator } from '@seriousme/openapi-schema-validator';
import express from 'express';
import supertest from 'supertest';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { BadInput } from '../../../src/platform/errors.ts';
import { once } from '../../../src/web/api/idempotency.ts';
import { findKey, listKeys, makeKey, revokeKey } from '../../../src/web/api/keys.ts';
import { operations } from '../../../src/web/api/operations.ts';
import { pageOut, placeIn } from '../../../src/web/api/paging.ts';
import { readRequest } from '../../../src/web/api/reading.ts';
import { apiRouter } from '../../../src/web/api/router.ts';
import { scopes } from '../../../src/web/api/scopes.ts';
import { cityManagers, type Field, openField, workField } from '../../support/field.ts';
import { openSite } from '../site.ts';
import { openProgram, type Program } from './program.ts';

/** The API's frame: who gets in, what is told to whom does not, and that the document is what is served. */
let field: Field;
let app: ReturnType<typeof openSite>;
let program: Program;

beforeAll(async () => {
  field = await openField('web-api', cityManagers(2));
  await workField(field, 0.5);
  app = openSite(field);
  program = await openProgram(field, app);
});
afterAll(() => field.close());

const filledIn = (path: string): string => path.replaceAll('{round}', '2026-12-R1').replace(/\{\w+\}/g, 'x');

describe('who gets in', () => {
  test.each([
    ['no key', undefined],
    ['a key that was never made', 'Bearer huifang_0123456789012345678901234567890123456789abc'],
    ['another scheme', 'Basic aGVsbG86d29ybGQ='],
    ['nonsense', 'Bearer'],
  ])('%s: 401 as a problem, for whatever address', async (_, authorization) => {
    for (const path of ['/api/v1/rounds', '/api/v1/openapi.json', '/api/v1/no/such/thing']) {
      const asked = supertest(app).get(path);
      const { status, headers, body } = await (authorization ? asked.set('Authorization', authorization) : asked);
      expect({ path, status, code: body.code }).toEqual({ path, status: 401, code: 'unauthenticated' });
      expect(headers['content-type']).toMatch(/^application\/problem\+json/);
      expect(headers['www-authenticate']).toMatch(/^Bearer/);
    }
  });

  test('a session of the console opens nothing here', async () => {
    const { status } = await supertest(app).get('/api/v1/rounds').set('Cookie', 'huifang-session=s%3Aany.thing');
    expect(status).toBe(401);
  });

  test('every operation refuses a key without its scope, before it looks at the request', async () => {
    for (const { method, path, scope, id } of operations) {
      const others = scopes.filter((one) => one !== scope);
      const { status, body, headers } = await asking(await openProgram(field, app, others), method, filledIn(path));
      expect({ id, status, detail: body.detail }).toEqual({ id, status: 403, detail: scope });
      expect(headers['content-type']).toMatch(/^application\/problem\+json/);
    }
  });

  test('an address that does not exist is 404, as is a round', async () => {
    for (const path of ['/no/such/thing', '/rounds/2031-01-R9']) {
      const { status, body } = await program.get(path);
      expect({ path, status, code: body.code }).toEqual({ path, status: 404, code: 'not-found' });
    }
  });

  test('whoever tries keys is stopped', async () => {
    const alone = express().use('/api/v1', apiRouter(field.services, { publicUrl: '' }));
    const statuses: number[] = [];
    for (let i = 0; i < 32; i++) statuses.push((await supertest(alone).get('/api/v1/rounds')).status);
    expect(statuses.slice(0, 30).every((status) => status === 401)).toBe(true);
    expect(statuses.slice(30)).toEqual([429, 429]);
  });
});

const asking = (by: Program, method: string, path: string) =>
  method === 'get'
    ? by.get(path)
    : method === 'put'
      ? by.put(path)
      : method === 'delete'
        ? by.delete(path)
        : by.post(path);

describe('a key', () => {
  const { name, actor } = { name: '评分系统', actor: 'cli' };

  test('is kept as a digest alone, and its making is in the audit log without it', async () => {
    const key = await makeKey(field.services, { name, actor, scopes: ['rounds:read'] });
    const everything = await field.city.database.query<{ all: string }>({
      text: `SELECT row_to_json(k)::text AS all FROM api_key k UNION ALL SELECT row_to_json(a)::text FROM audit a`,
    });
    expect(everything.length).toBeGreaterThan(1);
    for (const { all } of everything) expect(all).not.toContain(key.slice(8));
    const found = await findKey(field.city.database.query, key);
    expect(found).toMatchObject({ name, scopes: ['rounds:read'] });
  });

  test('opens nothing once it is revoked, and is still listed', async () => {
    const { query } = field.city.database;
    const key = await makeKey(field.services, { name: '要吊销的', actor, scopes: ['rounds:read'] });
    const id = (await findKey(query, key))?.id ?? '';
    await revokeKey(field.services, id, actor);
    expect(await findKey(query, key)).toBeNull();
    expect((await listKeys(query)).find((one) => one.id === id)?.revokedAt).toEqual(field.city.clock.now());
    await expect(revokeKey(field.services, id, actor)).rejects.toMatchObject({ code: 'no-such-key' });
  });

  test('of no name and of scopes there are not is refused with every fault', async () => {
    const wanted = makeKey(field.services, { name: ' ', actor, scopes: ['rounds:read', 'everything', 'all'] });
    const faults = await wanted.catch((error: BadInput) => error.faults.map(({ where }) => where));
    expect(faults).toEqual(['--name', '--scopes', '--scopes']);
  });
});

describe('the document', () => {
  test('is valid OpenAPI 3.1', async () => {
    const { body } = await program.get('/openapi.json');
    const { valid, errors } = await new Validator().validate(body);
    expect(errors).toBeUndefined();
    expect(valid).toBe(true);
    expect(body.openapi).toBe('3.1.0');
  });

  test('holds every route that is served, and no other', async () => {
    const { body } = await program.get('/openapi.json');
    const documented = Object.entries<object>(body.paths).flatMap(([path, methods]) =>
      Object.keys(methods).map((method) => `${method} ${path}`),
    );
    interface Layer {
      readonly route?: { readonly path: string; readonly methods: Readonly<Record<string, boolean>> };
    }
    const { stack } = apiRouter(field.services, { publicUrl: '' }) as unknown as { readonly stack: readonly Layer[] };
    const routes = stack.flatMap(({ route }) =>
      route ? Object.keys(route.methods).map((method) => `${method} ${route.path.replace(/:(\w+)/g, '{$1}')}`) : [],
    );
    expect(routes.filter((route) => route !== 'get /openapi.json').sort()).toEqual(documented.sort());
  });

  test('names each operation once, with its scope', () => {
    expect(new Set(operations.map(({ id }) => id)).size).toBe(operations.length);
    expect(new Set(operations.map(({ method, path }) => `${method} ${path}`)).size).toBe(operations.length);
    for (const { scope } of operations) expect(scopes).toContain(scope);
  });

  test('makes every creation idempotent', () => {
    for (const { id, status, creates } of operations)
      expect({ id, creates }).toEqual({ id, creates: status === 201 ? true : creates });
  });
});

describe('a request', () => {
  test('at fault is told every fault, in both languages', () => {
    const body = z.strictObject({ a: z.int(), b: z.string().min(2) });
    const operation = { ...operations[0], params: undefined, query: undefined, body } as never;
    const faults = (() => {
      try {
        readRequest(operation, { params: {}, query: {}, body: { a: 'x', b: '' } });
      } catch (error) {
        return error instanceof BadInput ? error.faults : [];
      }
    })();
    expect(faults?.map(({ where }) => where)).toEqual(['body.a', 'body.b']);
    for (const { message } of faults ?? []) expect(message).toMatch(/\p{Script=Han}.* · .*[a-z]/u);
  });

  test('that is no JSON is 400 as a problem', async () => {
    const first = operations.find(({ method, body }) => method === 'post' && body);
    if (!first) return expect(operations.every(({ method, upload }) => method === 'get' || upload)).toBe(true);
    const ask = async (text: string) => (await program.post(filledIn(first.path), text)).body;
    for (const [text, message] of [
      ['{"a": 1,\n"b": ', 'here it stops being JSON'],
      ['{"reason": "a",\n"reason": "b"}', '"reason" is there a second time'],
      [`{"a":\n${'['.repeat(200_000)}${']'.repeat(200_000)}}`, 'is nested more than 64 levels deep'],
    ] as const)
      expect(await ask(text)).toMatchObject({
        ...{ status: 400, code: 'bad-input' },
        faults: [{ where: 'body', message: expect.stringMatching(new RegExp(`^line 2: .*${message}`)) }],
      });
  });

  test('with a bad query is answered with where it is', async () => {
    const { status, body } = await program.get('/rounds?limit=0&after=xx');
    expect(status).toBe(400);
    expect(body.faults.map(({ where }: { where: string }) => where)).toEqual(['query.limit']);
    const second = await program.get('/rounds?after=xx');
    expect(second.body.faults[0]).toMatchObject({ where: 'query.after' });
  });

  test('is limited in number, and told how many are left', async () => {
    const { headers } = await program.get('/rounds');
    expect(headers['ratelimit-policy']).toContain('q=600');
  });
});

describe('pages', () => {
  test('follow one another without gap or repetition, also when lines are added meanwhile', () => {
    const lines = [5, 4, 3, 2, 1];
    const read = (after: number | null, all: readonly number[]) =>
      pageOut(all.filter((n) => after === null || n < after).slice(0, 3), 2, (last) => last);
    const first = read(null, lines);
    const second = read(placeIn(z.int(), first.next ?? ''), [6, ...lines]);
    const third = read(placeIn(z.int(), second.next ?? ''), [7, 6, ...lines]);
    expect([first.items, second.items, third.items]).toEqual([[5, 4], [3, 2], [1]]);
    expect(third.next).toBeNull();
  });
});

describe('an Idempotency-Key', () => {
  const asked = async (name: string, body: unknown) => ({
    keyId: (await listKeys(field.city.database.query))[0]?.id ?? '',
    ...{ name, request: ['POST', '/things', body] as const, now: field.city.clock.now() },
  });
  const count = () => {
    let made = 0;
    return { work: async () => ({ status: 201, answer: { made: ++made } }), made: () => made };
  };

  test('gives the first answer again, also to many at once', async () => {
    const thing = count();
    const wish = await asked('the-same-key-1', { a: 1 });
    const first = await once(field.city.database, wish, thing.work);
    const again = await Promise.all([1, 2, 3].map(() => once(field.city.database, wish, thing.work)));
    expect(again).toEqual([first, first, first]);
    expect(thing.made()).toBe(1);
  });

  test('of two at once lets one work', async () => {
    const thing = count();
    const wish = await asked('the-same-key-2', { a: 1 });
    const both = await Promise.allSettled([1, 2].map(() => once(field.city.database, wish, thing.work)));
    expect(thing.made()).toBe(1);
    for (const one of both) if (one.status === 'rejected') expect(one.reason).toMatchObject({ code: 'under-way' });
  });

  test('for something else is refused', async () => {
    await once(field.city.database, await asked('the-same-key-3', { a: 1 }), count().work);
    const other = once(field.city.database, await asked('the-same-key-3', { a: 2 }), count().work);
    await expect(other).rejects.toMatchObject({ code: 'key-reused' });
  });

  test('may be used again after a refusal, and not after we were cut off', async () => {
    const wish = await asked('the-same-key-4', {});
    const refused = once(field.city.database, wish, async () => {
      throw new BadInput('no', []);
    });
    await expect(refused).rejects.toMatchObject({ code: 'bad-input' });
    const cutOff = once(field.city.database, wish, async () => {
      throw new Error('the process is gone');
    });
    await expect(cutOff).rejects.toThrow('gone');
    await expect(once(field.city.database, wish, count().work)).rejects.toMatchObject({ code: 'under-way' });
  });
});

test('what leaves is what the document names, and nothing besides', async () => {
  const { body } = await program.get('/rounds/2026-12-R1');
  expect(Object.keys(body).sort()).toEqual(
    [
      ...['closedAt', 'closesAt', 'fieldingAt', 'id', 'launchedAt', 'open', 'period', 'questionnaireId', 'reason'],
      ...['released', 'ruleSetId', 'state', 'valid'],
    ].sort(),
  );
  expect(body).toMatchObject({ id: '2026-12-R1', state: 'fielding', launchedAt: '2026-12-01T01:30:00.000Z' });
  const { body: list } = await program.get('/rounds');
  expect(list).toEqual({ items: [body], next: null });
});
