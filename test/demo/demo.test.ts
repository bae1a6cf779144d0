import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ask, createEmptyDatabase } from '../support/database.ts';
import { redisIsHere, startRedis } from '../support/redis.ts';
import { audit } from './auditor.ts';
import { type Clone, cloneForDemos } from './running.ts';

/** The main job, for real: the command, its own servers, the simulated carrier over HTTP, and an auditor at the end. */

const small = ['--managers', '4', '--retailers', '200', '--seed', 'spring'];
const drawAndScores = (bundle: string) =>
  ['draw.json', 'score-input.json'].map((name) => readFileSync(join(bundle, name), 'utf8'));
const summaryOf = (bundle: string) => JSON.parse(readFileSync(join(bundle, 'summary.json'), 'utf8'));

/** One demo takes some ten seconds on two quiet cores; a busy machine takes six times as long. */
const oneDemo = 120_000;
const severalDemos = 240_000;

describe('the demo', () => {
  let clone: Clone;
  const bundle = (name: string) => join(clone.folder, name);
  const toItsEnd = async (name: string, args = small) => clone.demo([...args, '--exit', '--out', bundle(name)]);

  beforeAll(() => {
    clone = cloneForDemos();
  });
  afterAll(() => clone.remove());

  it(
    'runs a whole round, leaves a bundle that an independent program recomputes, and no process',
    async () => {
      const { status, errors, output } = await toItsEnd('first');
      expect(errors).toContain('a new demo');
      expect(output).toContain('公布栏');
      expect(status).toBe(0);
      expect(audit(bundle('first'))).toEqual([]);
      expect(summaryOf(bundle('first'))).toMatchObject({ managers: 4, retailers: 200, doubleCalls: 0 });
      expect(clone.processes()).toEqual([]);
    },
    oneDemo,
  );

  it(
    'with equal arguments draws and scores the same to the byte, and says that it starts anew',
    async () => {
      const { status, errors } = await toItsEnd('second');
      expect(errors).toContain('starting anew');
      expect(status).toBe(0);
      expect(drawAndScores(bundle('second'))).toEqual(drawAndScores(bundle('first')));
    },
    oneDemo,
  );

  it(
    'with another seed draws others',
    async () => {
      const { status } = await toItsEnd('autumn', [...small.slice(0, -1), 'autumn']);
      expect(status).toBe(0);
      expect(audit(bundle('autumn'))).toEqual([]);
      expect(drawAndScores(bundle('autumn'))).not.toEqual(drawAndScores(bundle('first')));
    },
    oneDemo,
  );

  it(
    'is resumed after kill -9 of everything, wherever it was: nothing lost, nobody called twice',
    async () => {
      const moments = [/名册 · roster/, /抽样 · draw/, /[1-9]\d* 通电话/, /[1-9]\d* 户已评/];
      for (const moment of moments) {
        const running = clone.begin([...small, '--exit', '--out', bundle('killed')]);
        await running.says(moment);
        await clone.killAll();
        await running.ended;
      }
      expect(clone.callsSoFar()).toBeGreaterThan(0);

      const { status, errors } = await toItsEnd('killed');
      expect(errors).toContain('resuming the unfinished demo');
      expect(status).toBe(0);
      expect(audit(bundle('killed'))).toEqual([]);
      expect(summaryOf(bundle('killed'))).toMatchObject({
        released: summaryOf(bundle('first')).released,
        doubleCalls: 0,
      });
      expect(drawAndScores(bundle('killed'))[0]).toBe(drawAndScores(bundle('first'))[0]);
    },
    severalDemos,
  );

  it(
    'stops on Ctrl-C and on SIGTERM with what runs finished, leaving no process',
    async () => {
      for (const signal of ['SIGINT', 'SIGTERM'] as const) {
        const running = clone.begin([...small, '--exit']);
        await running.says(/[1-9]\d* 通电话/);
        // npm passes on what the terminal has told us already: twice at once is one asking.
        running.signal(signal);
        running.signal(signal);
        expect(await running.ended).toMatchObject({
          status: 130,
          errors: expect.stringContaining('goes on from here'),
        });
        expect(clone.processes()).toEqual([]);
      }
    },
    oneDemo,
  );

  it(
    'refuses to go on with other arguments, and says how to resume or discard',
    async () => {
      const refused = await clone.demo(['--managers', '5', '--exit']);
      expect(refused.status).toBe(2);
      expect(refused.errors).toContain('npm run demo -- --managers 4 --retailers 200 --seed spring');
      expect(refused.errors).toContain('--discard');
      const discarded = await toItsEnd('discarded', [...small, '--discard']);
      expect(discarded.status).toBe(0);
      expect(drawAndScores(bundle('discarded'))).toEqual(drawAndScores(bundle('first')));
    },
    oneDemo,
  );

  it('names what is wrong with its arguments', async () => {
    const { status, errors } = await clone.demo(['--managers', 'many', '--retailers', '0']);
    expect(status).toBe(2);
    expect(errors).toMatch(/--managers: must be a whole number/);
    expect(errors).toMatch(/--retailers: must be at least 1/);
    expect(errors).not.toMatch(/^\s+at /m);
  });

  it('prints no telephone number', () => {
    expect(clone.printed.join('')).not.toMatch(/(\+86|\b)1[3-9]\d{9}\b/);
  });
});

if (!redisIsHere()) process.stderr.write('not run: the demo on Redis (no redis-server here)\n');

describe.skipIf(!redisIsHere())('the demo on servers', () => {
  let clone: Clone;
  let redis: Awaited<ReturnType<typeof startRedis>>;
  beforeAll(async () => {
    clone = cloneForDemos();
    redis = await startRedis();
  });
  afterAll(async () => {
    await clone.remove();
    await redis.stop();
  });

  it(
    'with DATABASE_URL and REDIS_URL set draws and scores the same, also after kill -9',
    async () => {
      const database = await createEmptyDatabase('demo');
      const servers = { DATABASE_URL: database.url, REDIS_URL: redis.url };
      const out = (name: string) => ['--exit', '--out', join(clone.folder, name)];
      const running = clone.begin([...small, ...out('servers')], servers);
      await running.says(/[1-9]\d* 通电话/);
      await clone.killAll();
      await running.ended;
      const resumed = await clone.demo([...small, ...out('servers')], servers);
      expect(resumed.errors).toContain('resuming the unfinished demo');
      expect(resumed.status).toBe(0);
      expect(audit(join(clone.folder, 'servers'))).toEqual([]);

      const whole = await clone.demo([...small, ...out('whole')], servers);
      expect(whole.status).toBe(0);
      const embedded = await clone.demo([...small, ...out('embedded')]);
      expect(embedded.status).toBe(0);
      expect(drawAndScores(join(clone.folder, 'whole'))).toEqual(drawAndScores(join(clone.folder, 'embedded')));
      await database.drop();
    },
    severalDemos,
  );

  it(
    'leaves a database alone that is somebody else’s',
    async () => {
      const database = await createEmptyDatabase('not the demos');
      await ask(database.url, 'CREATE TABLE accounts (id int)');
      await ask(database.url, 'INSERT INTO accounts VALUES (1)');
      const { status, errors } = await clone.demo([...small, '--exit'], { DATABASE_URL: database.url });
      expect(status).toBe(2);
      expect(errors).toContain("not the demo's");
      expect(await ask(database.url, 'SELECT * FROM accounts')).toEqual([{ id: 1 }]);
      await database.drop();
    },
    oneDemo,
  );
});
