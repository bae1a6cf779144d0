import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { Activity } from '../../src/platform/activity.ts';
import { systemChance } from '../../src/platform/chance.ts';
import { silentLog } from '../../src/platform/log.ts';
import { openQueues, type QueueSettings } from '../../src/platform/queue.ts';
import { createEmptyDatabase } from '../support/database.ts';
import { redisIsHere, startRedis } from '../support/redis.ts';

const catalogue = {
  greet: { queue: 'one', payload: z.strictObject({ id: z.string() }), tries: 3 },
  part: { queue: 'two', payload: z.strictObject({}), tries: 1 },
};

/** One suite for both stores: whoever passes it can carry Huifang's jobs. */
function suite(
  name: string,
  open: () => Promise<{ settings: Pick<QueueSettings, 'redisUrl' | 'databaseUrl'>; close(): Promise<void> }>,
) {
  describe(`queues on ${name}`, () => {
    let store: Awaited<ReturnType<typeof open>>;
    const closing: (() => Promise<void>)[] = [];
    beforeAll(async () => {
      store = await open();
    });
    afterAll(async () => {
      for (const close of closing.reverse()) await close();
      await store.close();
    });

    /** An installation of its own in the store, and what it has handled. */
    async function installation(handle: (id: string) => Promise<void> = async () => {}) {
      const activity = new Activity();
      const prefix = `test_${randomUUID().replaceAll('-', '')}`;
      const queues = await openQueues(
        catalogue,
        { ...store.settings, prefix, alone: true },
        { activity, chance: systemChance, log: silentLog },
      );
      closing.push(() => queues.close());
      const handlers = { greet: ({ id }: { id: string }) => handle(id), part: async () => {} };
      return { queues, activity, work: () => queues.work(handlers, { one: 5, two: 1 }) };
    }

    it('hands every job to its handler, each once', async () => {
      const seen: string[] = [];
      const { queues, activity, work } = await installation(async (id) => void seen.push(id));
      await work();
      const ids = Array.from({ length: 50 }, (_, index) => String(index));
      await queues.add('greet', ...ids.map((id) => ({ id })));
      await activity.quiet();
      expect(seen.sort()).toEqual(ids.sort());
    });

    it('keeps jobs until somebody works them', async () => {
      const seen: string[] = [];
      const { queues, activity, work } = await installation(async (id) => void seen.push(id));
      await queues.add('greet', { id: 'early' });
      expect(activity.busy).toBe(true);
      expect(await queues.waiting()).toBe(1);
      await work();
      await activity.quiet();
      expect(seen).toEqual(['early']);
      expect(await queues.waiting()).toBe(0);
    });

    it('tries a job that throws again, and is busy until its last try is over', async () => {
      let tries = 0;
      const { queues, activity, work } = await installation(async () => {
        tries += 1;
        if (tries < 2) throw new Error('not yet');
      });
      await work();
      await queues.add('greet', { id: 'stubborn' });
      await activity.quiet();
      expect(tries).toBe(2);
    });

    it('gives up after the last try', async () => {
      let tries = 0;
      const { queues, activity, work } = await installation(async () => {
        tries += 1;
        throw new Error('never');
      });
      await work();
      await queues.add('greet', { id: 'hopeless' });
      await activity.quiet();
      expect(tries).toBe(3);
    });

    it('refuses a payload that is not of the schema, before it is queued', async () => {
      const { queues, activity } = await installation();
      await expect(queues.add('greet', { id: 7 } as never)).rejects.toThrow();
      await expect(queues.add('greet', { id: 'x', phone: '+8613800138000' } as never)).rejects.toThrow();
      expect(activity.busy).toBe(false);
    });

    it('does not start without a handler for every kind', async () => {
      const { queues } = await installation();
      await expect(queues.work({ greet: async () => {} } as never, {})).rejects.toThrow(/part has no handler/);
    });

    it('throws everything away when told to', async () => {
      const seen: string[] = [];
      const { queues, work } = await installation(async (id) => void seen.push(id));
      await queues.add('greet', { id: 'gone' });
      await queues.clear();
      await work();
      await queues.ping();
      await queues.close();
      expect(seen).toEqual([]);
    });

    it('finishes what runs before it closes', async () => {
      let finished = false;
      let begun = () => {};
      const running = new Promise<void>((resolve) => {
        begun = resolve;
      });
      const { queues, work } = await installation(async () => {
        begun();
        await new Promise((resolve) => setImmediate(resolve));
        finished = true;
      });
      await work();
      await queues.add('greet', { id: 'last' });
      await running;
      await queues.close();
      expect(finished).toBe(true);
    });
  });
}

suite('PostgreSQL', async () => {
  const database = await createEmptyDatabase('queues');
  return { settings: { redisUrl: null, databaseUrl: database.url }, close: () => database.drop() };
});

if (redisIsHere())
  suite('Redis', async () => {
    const redis = await startRedis();
    return { settings: { redisUrl: redis.url, databaseUrl: '' }, close: () => redis.stop() };
  });
else console.error('not run: queues on Redis (no redis-server on this machine)');
