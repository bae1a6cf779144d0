import { randomUUID } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { audit } from '../../src/platform/audit.ts';
import { connect, type Database } from '../../src/platform/database.ts';
import { type Announcement, announce } from '../../src/platform/webhooks/announce.ts';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';

/** Events are written with the fact they tell of, in the order of the facts, for whoever wants them. */
const now = new Date('2026-12-08T09:00:00Z');
let server: TestDatabase;
let database: Database;

beforeEach(async () => {
  server = await createTestDatabase('announce');
  database = connect(server.url);
});
afterEach(async () => {
  await database.close();
  await server.drop();
});

async function endpoint(types: readonly string[], disabledAt: Date | null = null): Promise<string> {
  const id = randomUUID();
  await database.query({
    text: `
      INSERT INTO webhook_endpoint (id, url, description, types, secret, created_by, created_at, disabled_at)
      VALUES ($1, 'https://scores.example.com', '', $2, '', 'test', $3, $4)`,
    values: [id, types, now, disabledAt],
  });
  return id;
}

const tell = (...facts: readonly Announcement[]) => database.transaction((query) => announce(query, now, ...facts));
const told = (subject: string | null, type = 'thing.happened') => ({ type, subject, payload: { of: subject } });
const events = () =>
  database.query<{ id: string; subject: string | null; payload: object }>({
    text: 'SELECT id, subject, payload FROM webhook_event ORDER BY sequence',
  });
const deliveries = () =>
  database.query({ text: 'SELECT endpoint_id AS "endpointId", event_id AS "eventId", state FROM webhook_delivery' });

describe('announcing', () => {
  test('is for endpoints that want the type and are not disabled', async () => {
    const wants = await endpoint(['thing.happened', 'other.happened']);
    await endpoint(['other.happened']);
    await endpoint(['thing.happened'], now);
    const [id] = await tell(told('W01'));
    expect(await deliveries()).toEqual([{ endpointId: wants, eventId: id, state: 'waiting' }]);
  });

  test('keeps the order given, and answers with the ids in it', async () => {
    const subjects = Array.from({ length: 200 }, (_, index) => `W${(index * 77) % 200}`);
    const ids = await tell(...subjects.map((subject) => told(subject)), told(null));
    const written = await events();
    expect(written.map(({ subject }) => subject)).toEqual([...subjects, null]);
    expect(written.map(({ id }) => id)).toEqual(ids);
    expect(written.at(0)?.payload).toEqual({ of: 'W0' });
  });

  test('leaves nothing behind where the fact is rolled back', async () => {
    await endpoint(['thing.happened']);
    const fact = database.transaction(async (query) => {
      await announce(query, now, told('W01'));
      throw new Error('the fact did not hold');
    });
    await expect(fact).rejects.toThrow('the fact did not hold');
    expect([await events(), await deliveries()]).toEqual([[], []]);
  });

  test('numbers events in the order of their commits, so that whoever reads on by number misses none', async () => {
    const seen: string[] = [];
    let commit = () => {};
    const held = new Promise<void>((resolve) => {
      commit = resolve;
    });
    const first = database.transaction(async (query) => {
      await announce(query, now, told('first'));
      await held;
      seen.push('first');
    });
    await expect.poll(() => locksHeld()).toBe(1);
    const second = tell(told('second')).then(() => seen.push('second'));
    await expect.poll(() => locksAwaited()).toBe(1);
    commit();
    await Promise.all([first, second]);
    expect(seen).toEqual(['first', 'second']);
    expect((await events()).map(({ subject }) => subject)).toEqual(['first', 'second']);
  });

  test('and the audit log lock each other out at no point, whichever is written first', async () => {
    const line = { actor: 'test', action: 'thing.do', subject: 'W01' };
    const one = (index: number) =>
      database.transaction(async (query) => {
        if (index % 2) await audit(query, now, line);
        await announce(query, now, told(`W${index}`));
        await audit(query, now, line);
      });
    await Promise.all(Array.from({ length: 20 }, (_, index) => one(index)));
    expect(await events()).toHaveLength(20);
  });
});

const locks = async (granted: boolean): Promise<number> => {
  const rows = await database.query({
    text: `
      SELECT FROM pg_locks WHERE locktype = 'advisory' AND granted = $1
        AND database = (SELECT oid FROM pg_database WHERE datname = current_database())`,
    values: [granted],
  });
  return rows.length;
};
const locksHeld = () => locks(true);
const locksAwaited = () => locks(false);
