import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { decideAppeal, fileAppeal, withdrawAppeal } from '../../src/scoring/appeals/appeal.ts';
import { proposeCorrection } from '../../src/scoring/appeals/final-correction.ts';
import { previewIndicator } from '../../src/scoring/appeals/preview.ts';
import { readPeriodInput } from '../../src/scoring/periods/input.ts';
import type { Publication, PublishedManager } from '../../src/scoring/publication.ts';
import { recomputable, verifyHash } from '../../src/scoring/publication.ts';
import { expectedForm, scoreDocument } from '../../src/scoring/score.ts';
import { findPublished } from '../../src/scoring/store.ts';
import { verifyPublications } from '../../src/scoring/verify.ts';
import { importIndicators } from '../../src/survey/roster/import.ts';
import { agenda } from '../../src/workers/heartbeat.ts';
import { finalisePeriod, score } from '../../src/workers/score.ts';
import { appellant, file, judge, upheld } from '../support/appeals.ts';
import { cityManagers, type Field, openField, publishField } from '../support/field.ts';
import { playMonth, smallManagers } from '../support/final-month.ts';

/** A month's way to its final result, on a city of six managers whose round is closed and published. */
let field: Field;
const period = '2026-12';
const noticed = new Date('2026-12-08T16:40:00+08:00');

const standing = async () => {
  const published = await findPublished(field.city.database.query, period);
  if (!published) throw new Error('nothing is published');
  return published;
};
const managerIn = ({ managers }: Publication, id: string): PublishedManager => {
  const manager = managers.find((one) => one.id === id);
  if (!manager) throw new Error(`${id} is not in it`);
  return manager;
};
const all = <Row>(text: string, ...values: unknown[]) => field.city.database.query<Row>({ text, values });

/** A user who may decide, of a district or of none. */
async function user(role: string, district: string | null): Promise<string> {
  const id = field.city.chance.id();
  await all(
    'INSERT INTO app_user (id, name, role, district_id, created_at) VALUES ($1, $2, $3::role, $4, now())',
    id,
    role,
    role,
    district,
  );
  return id;
}

beforeAll(async () => {
  field = await openField('periods', cityManagers(6));
  await publishField(field);
});
afterAll(() => field.close());

describe('a month that was scored', () => {
  test('is put to public notice, for five working days', async () => {
    const { stage, appealsUntil, document } = await standing();
    expect({ stage, said: document.stage }).toEqual({ stage: 'notice', said: 'notice' });
    // Tuesday the 8th; the fifth working day after it is Tuesday the 15th, and all of that day counts.
    expect(appealsUntil).toEqual(new Date('2026-12-16T00:00:00+08:00'));
    expect(document.appealsUntil).toBe(appealsUntil.toISOString());
    expect(await all(`SELECT type, payload->>'hash' AS hash FROM webhook_event`)).toEqual([
      { type: 'publication.noticed', hash: document.hash },
    ]);
  });

  test('is scored once, however often it is asked for', async () => {
    await score(field.services, `${period}-R1`);
    expect(await all('SELECT count(*)::int AS notices FROM publication WHERE period = $1', period)).toEqual([
      { notices: 1 },
    ]);
  });

  test('has each manager’s line beside it', async () => {
    const { document } = await standing();
    const lines = await all<{ document: unknown }>(
      'SELECT document FROM result WHERE publication_hash = $1 ORDER BY manager_id',
      document.hash,
    );
    expect(lines.map((line) => line.document)).toEqual(JSON.parse(JSON.stringify(document.managers)));
  });

  test('is not final before its term is over, whoever asks', async () => {
    expect((await agenda(field.services)).reconcile).not.toBeNull();
    await finalisePeriod(field.services, period);
    expect((await standing()).stage).toBe('notice');
  });

  test('keeps its indicators: a file that would change them is refused whole, another month’s is taken', async () => {
    const file = (months: string[]) =>
      Buffer.from(`考核期,工号,销量,品牌\n${months.map((month) => `${month},K01,1,2\n`).join('')}`);
    await expect(importIndicators(field.services, file(['2027-01', period]))).rejects.toMatchObject({
      faults: [{ where: expect.stringContaining('第 3 行'), message: expect.stringContaining('申诉') }],
    });
    expect(await importIndicators(field.services, file(['2027-01']))).toMatchObject({ created: 2 });
  });

  test('cannot be changed, nor any line of it', async () => {
    await expect(all(`UPDATE publication SET document = '{}'`)).rejects.toThrow();
    await expect(all('DELETE FROM result')).rejects.toThrow();
  });
});

describe('an appeal', () => {
  const statement = '指标录入有误';
  const evidence = '走访记录 12 月第 3 页';
  const own = appellant('K04');
  const wish = { about: { kind: 'indicator', indicator: 'service', value: '99.5' }, statement, evidence } as const;
  let district: string;
  let other: string;
  let admin: string;

  beforeAll(async () => {
    const [row] = await all<{ district: string }>(`SELECT district_id AS district FROM manager WHERE id = 'K04'`);
    district = await user('supervisor', row?.district ?? null);
    const [elsewhere] = await all<{ id: string }>(
      'SELECT id FROM district WHERE id <> $1 ORDER BY id LIMIT 1',
      row?.district,
    );
    other = await user('supervisor', elsewhere?.id ?? null);
    admin = await user('admin', null);
  });

  test('is refused where it is about nothing of this manager’s', async () => {
    const about = { kind: 'indicator', indicator: 'weather', value: '1' } as const;
    await expect(fileAppeal(field.services, period, own, { about, statement, evidence })).rejects.toMatchObject({
      faults: [{ where: 'about.indicator' }],
    });
    const shop = { kind: 'invalid-call', retailerId: 'nobody' } as const;
    await expect(fileAppeal(field.services, period, own, { about: shop, statement, evidence })).rejects.toMatchObject({
      faults: [{ where: 'about.retailerId' }],
    });
    await expect(fileAppeal(field.services, period, { ...own, managerId: 'K99' }, wish)).rejects.toMatchObject({
      faults: [{ where: 'manager' }],
    });
    await expect(fileAppeal(field.services, '2026-11', own, wish)).rejects.toMatchObject({
      code: 'appeals-closed',
    });
  });

  test('is filed once about one thing, and can be taken back', async () => {
    const id = await fileAppeal(field.services, period, own, wish);
    await expect(fileAppeal(field.services, period, own, wish)).rejects.toMatchObject({ code: 'appeal-open' });
    await expect(withdrawAppeal(field.services, id, { managerId: 'K01', actor: 'x' })).rejects.toMatchObject({
      code: 'appeal-settled',
    });
    await withdrawAppeal(field.services, id, own);
    await expect(withdrawAppeal(field.services, id, own)).rejects.toMatchObject({ code: 'appeal-settled' });
  });

  test('is decided by two of one mind, nobody of the district, nobody twice; then one manager changes and every rank follows', async () => {
    const before = (await standing()).document;
    const id = await fileAppeal(field.services, period, own, wish);
    const decide = (actor: string, uphold = true) =>
      decideAppeal(field.services, id, { actor, uphold, reason: '记录属实' });

    await expect(decide(district)).rejects.toMatchObject({ code: 'own-district' });
    await expect(decide(own.actor)).rejects.toMatchObject({ code: 'not-a-judge' });
    expect(await decide(other)).toBe('open');
    await expect(decide(other)).rejects.toMatchObject({ code: 'verdict-given' });
    expect(await decide(admin)).toBe('upheld');
    await expect(decide(await user('admin', null))).rejects.toMatchObject({ code: 'appeal-settled' });

    const { document, stage, appealsUntil } = await standing();
    expect(stage).toBe('notice');
    expect(document).toMatchObject({ supersedes: before.hash, previousHash: before.hash, cityMean: before.cityMean });
    expect(appealsUntil.toISOString()).toBe(before.appealsUntil);
    expect(managerIn(document, 'K04').indicators.service).toBe('99.5');
    expect(managerIn(document, 'K04').unit).not.toBe(managerIn(before, 'K04').unit);
    for (const { id: own, customer, unit, score: whole } of before.managers)
      if (own !== 'K04') expect(managerIn(document, own)).toMatchObject({ customer, unit, score: whole });
    expect(verifyHash(document)).toBe(true);
  });

  test('that two dismiss changes nothing, and one of each mind waits for a third', async () => {
    const before = (await standing()).document;
    const id = await fileAppeal(field.services, period, { managerId: 'K03', actor: 'user-of-K03' }, wish);
    const third = await user('admin', null);
    const verdicts = [];
    for (const [actor, uphold] of [
      [admin, true],
      [third, false],
      [await user('admin', null), false],
    ] as const)
      verdicts.push(await decideAppeal(field.services, id, { actor, uphold, reason: '看过记录' }));
    expect(verdicts).toEqual(['open', 'open', 'dismissed']);
    expect((await standing()).document).toEqual(before);
  });

  /** The first of a manager's shops that answered. */
  async function heardOf(managerId: string) {
    const [heard] = await all<{ shop: string; overall: number }>(
      `SELECT retailer_id AS shop, overall FROM survey_case WHERE manager_id = $1 AND overall IS NOT NULL ORDER BY position LIMIT 1`,
      managerId,
    );
    return heard ?? expect.fail(`nobody answered about ${managerId}`);
  }

  test('about a shop that was not his takes it out of his frame, with what it said', async () => {
    const before = managerIn((await standing()).document, 'K05');
    const { shop, overall } = await heardOf('K05');
    await upheld(field.services, period, 'K05', { kind: 'wrong-assignment', retailerId: shop });
    const after = managerIn((await standing()).document, 'K05');
    expect([after.frameSize, after.responses]).toEqual([before.frameSize - 1, before.responses - 1]);
    expect(Number(after.points)).toBe(Number(before.points) - 25 * (overall - 1));
    expect(after.fieldwork).toEqual(before.fieldwork);
  });

  test('about a call that was none strikes what was said, and the shop stays in the frame', async () => {
    const before = managerIn((await standing()).document, 'K06');
    const { shop } = await heardOf('K06');
    await upheld(field.services, period, 'K06', { kind: 'invalid-call', retailerId: shop });
    const after = managerIn((await standing()).document, 'K06');
    expect([after.frameSize, after.responses]).toEqual([before.frameSize, before.responses - 1]);
  });
});

describe('without end', () => {
  test('nobody appeals: what was dismissed is not taken again, and no more than twenty wait at a time', async () => {
    const about = { kind: 'indicator', indicator: 'service', value: '77' } as const;
    const id = await file(field.services, period, 'K03', about);
    for (const actor of [await judge(field.services), await judge(field.services)])
      await decideAppeal(field.services, id, { actor, uphold: false, reason: '记录不符' });
    await expect(file(field.services, period, 'K03', about)).rejects.toMatchObject({ code: 'appeal-dismissed' });

    const shops = await all<{ id: string }>('SELECT id FROM retailer ORDER BY id LIMIT 21');
    const open = [];
    for (const { id: retailerId } of shops.slice(0, 20))
      open.push(await file(field.services, period, 'K03', { kind: 'invalid-call', retailerId }));
    const another = { kind: 'invalid-call', retailerId: shops[20]?.id ?? '' } as const;
    await expect(file(field.services, period, 'K03', another)).rejects.toMatchObject({ code: 'too-many-appeals' });
    for (const one of open) await withdrawAppeal(field.services, one, appellant('K03'));
    await withdrawAppeal(field.services, await file(field.services, period, 'K03', another), appellant('K03'));
  });
});

describe('the end of the term', () => {
  test('waits for appeals that are open', async () => {
    const about = { kind: 'indicator', indicator: 'service', value: '50' } as const;
    const id = await file(field.services, period, 'K01', about);
    const { appealsUntil } = await standing();
    field.city.clock.advance(appealsUntil);
    await finalisePeriod(field.services, period);
    expect((await standing()).stage).toBe('notice');
    await expect(file(field.services, period, 'K02', about)).rejects.toMatchObject({ code: 'appeals-closed' });
    await withdrawAppeal(field.services, id, appellant('K01'));
  });

  test('makes the notice final, word for word but for its stage, once', async () => {
    const notice = (await standing()).document;
    await finalisePeriod(field.services, period);
    await finalisePeriod(field.services, period);
    const { document, stage, sequence } = await standing();
    expect(stage).toBe('final');
    const { stage: _one, hash: _two, previousHash: _three, supersedes: _four, ...same } = document;
    expect(notice).toMatchObject(same);
    expect(document).toMatchObject({ supersedes: notice.hash, previousHash: notice.hash });
    expect(await all('SELECT max(sequence) AS last FROM publication WHERE period = $1', period)).toEqual([
      { last: sequence },
    ]);
    expect(expectedForm(scoreDocument(recomputable(document))).managers).toEqual(
      document.managers.map((manager) =>
        expect.objectContaining({ id: manager.id, score: manager.score, rank: manager.rank }),
      ),
    );
  });

  test('tells other programs of each manager, once', async () => {
    expect(
      await all(`SELECT subject FROM webhook_event WHERE type = 'customer-evaluation.finalized' ORDER BY sequence`),
    ).toEqual(['K01', 'K02', 'K03', 'K04', 'K05', 'K06'].map((subject) => ({ subject })));
    expect(await all(`SELECT count(*)::int AS told FROM webhook_event WHERE type = 'publication.finalized'`)).toEqual([
      { told: 1 },
    ]);
  });

  test('notices were of the day they were made', async () => {
    expect(await all('SELECT min(published_at) AS first FROM publication WHERE period = $1', period)).toEqual([
      { first: noticed },
    ]);
  });
});

describe('a final result in which an error is found', () => {
  const about = { kind: 'indicator', indicator: 'service', value: '77.25' } as const;
  const wish = { about, statement: '录入时错行', evidence: '原始记录第 9 页' };
  let first: string;
  let second: string;
  let id: string;

  test('is corrected on the word of an admin, not of the manager’s district, and of nobody else', async () => {
    [first, second] = [await user('admin', null), await user('admin', null)];
    const [own] = await all<{ district: string }>(`SELECT district_id AS district FROM manager WHERE id = 'K02'`);
    for (const actor of [await user('supervisor', 'D4'), await user('admin', own?.district ?? '')])
      await expect(proposeCorrection(field.services, period, { managerId: 'K02', actor }, wish)).rejects.toMatchObject({
        code: 'not-an-admin',
      });
    const nothing = { ...wish, about: { ...about, indicator: 'weather' } };
    const proposal = { managerId: 'K02', actor: first };
    await expect(proposeCorrection(field.services, period, proposal, nothing)).rejects.toMatchObject({
      faults: [{ where: 'about.indicator' }],
    });
    await expect(proposeCorrection(field.services, '2026-11', proposal, wish)).rejects.toMatchObject({
      code: 'not-final',
    });
    id = await proposeCorrection(field.services, period, proposal, wish);
    await expect(proposeCorrection(field.services, period, proposal, wish)).rejects.toMatchObject({
      code: 'appeal-open',
    });
  });

  test('waits for a second admin: neither the first nor a supervisor will do', async () => {
    const before = await standing();
    const decide = (actor: string) => decideAppeal(field.services, id, { actor, uphold: true, reason: '核对过' });
    await expect(decide(first)).rejects.toMatchObject({ code: 'own-appeal' });
    await expect(decide(await user('supervisor', 'D4'))).rejects.toMatchObject({ code: 'not-an-admin' });
    expect((await standing()).sequence).toBe(before.sequence);
    expect(await decide(second)).toBe('upheld');

    const { document, stage, sequence } = await standing();
    expect([stage, sequence]).toEqual(['final', before.sequence + 1]);
    expect(document).toMatchObject({ supersedes: before.document.hash, cityMean: before.document.cityMean });
    expect(managerIn(document, 'K02').indicators.service).toBe('77.25');
    for (const { id: other, customer, unit, score: whole } of before.document.managers)
      if (other !== 'K02') expect(managerIn(document, other)).toMatchObject({ customer, unit, score: whole });
    expect(verifyPublications([before.document, document])).toEqual([]);
    expect(
      await all(
        `SELECT payload->>'publication' AS publication FROM webhook_event
         WHERE type = 'customer-evaluation.finalized' AND subject = 'K02' ORDER BY sequence DESC LIMIT 1`,
      ),
    ).toEqual([{ publication: document.hash }]);
    expect(await all(`SELECT action FROM audit WHERE subject = $1 ORDER BY sequence`, id)).toEqual([
      { action: 'correction.propose' },
      { action: 'appeal.verdict' },
    ]);
  });

  test('is corrected no more once a later month goes on from it', async () => {
    await all(
      `INSERT INTO publication (hash, period, sequence, stage, appeals_until, document, published_at, previous_hash)
       SELECT 'later', '2027-01', 1, 'notice', now(), '{}', now(), hash FROM publication
       WHERE period = $1 ORDER BY sequence DESC LIMIT 1`,
      period,
    );
    const proposal = { managerId: 'K02', actor: first };
    await expect(proposeCorrection(field.services, period, proposal, wish)).rejects.toMatchObject({
      code: 'later-month-stands',
    });
  });
});

describe('at the same moment', () => {
  test('two appeals that are upheld are both in what stands, one after the other', async () => {
    const twice = await openField('periods-at-once', cityManagers(5));
    await publishField(twice);
    const judges = [await judge(twice.services), await judge(twice.services)];
    const about = { kind: 'indicator', indicator: 'service', value: '12.5' } as const;
    const ids = [];
    for (const managerId of ['K04', 'K05']) ids.push(await file(twice.services, period, managerId, about));
    for (const actor of judges)
      await Promise.all(ids.map((id) => decideAppeal(twice.services, id, { actor, uphold: true, reason: '属实' })));
    const document =
      (await findPublished(twice.city.database.query, period))?.document ?? expect.fail('nothing is published');
    expect(['K04', 'K05'].map((id) => managerIn(document, id).indicators.service)).toEqual(['12.5', '12.5']);
    await twice.close();
  });
});

describe('a score that stands for want of new answers', () => {
  let field: Field;
  const period = '2027-02';
  const read = async () => (await findPublished(field.city.database.query, period))?.document ?? expect.fail(period);

  beforeAll(async () => {
    field = await openField('periods-standing', smallManagers(3));
    const results = { K01: { overall: 4, unit: 90, mixed: true }, K02: { overall: 3, unit: 80, mixed: true } };
    await playMonth(field, '2027-01', { ruleSet: 'RS-1', results });
    // K01's shops are heard anew and are more content, so that the month has a μ of its own; K02 has three new answers.
    const later = { K01: { overall: 5, unit: 90, mixed: true, answers: 31 }, K02: { ...results.K02, answers: 3 } };
    await playMonth(field, period, { ruleSet: 'RS-1', results: later, final: false });
  });
  afterAll(() => field.close());

  test.each([
    ['takes more answers', { minimumResponses: 31, minimumNewResponses: 40 }],
    ['has another scale', { points: ['20', '40', '60', '80', '100'], minimumNewResponses: 40 }],
    ['draws by another k', { priorStrength: 12, minimumNewResponses: 40 }],
  ])('stands no longer under a rule set that %s: the month is scored of what was answered', async (_, changes) => {
    const { document } = await field.city.rules('RS-1');
    const rules = { ...document, customer: { ...document.customer, ...changes } };
    const { input } = await readPeriodInput(field.city.database.query, period, rules);
    expect(input.managers.map(({ id, ratings }) => [id, ratings !== undefined])).toEqual([
      ['K01', true],
      ['K02', true],
    ]);
    expect(scoreDocument(input).managers).toHaveLength(2);
  });

  test('is not touched by an appeal about an indicator: the judges were shown what is published', async () => {
    const before = await read();
    expect(managerIn(before, 'K02')).toMatchObject({ standing: true, window: { last: '2027-01' } });
    const about = { kind: 'indicator', indicator: 'service', value: '80.01' } as const;
    const shown = previewIndicator(before, { managerId: 'K02', indicator: about.indicator, value: about.value });
    await upheld(field.services, period, 'K02', about);
    const after = await read();
    const { customer, points, responses } = managerIn(before, 'K02');
    expect(managerIn(after, 'K02')).toMatchObject({ ...shown?.after, customer, points, responses, standing: true });
    expect(verifyPublications([before, after])).toEqual([]);
  });

  test('stands on where a shop that never answered leaves the frame, and gives way where an answer is struck', async () => {
    const before = managerIn(await read(), 'K02');
    const [silent] = await field.city.database.query<{ shop: string }>({
      text: `
        SELECT f.retailer_id AS shop FROM frame_line f WHERE f.manager_id = 'K02'
          AND NOT EXISTS (SELECT FROM survey_case c WHERE c.manager_id = 'K02' AND c.retailer_id = f.retailer_id) LIMIT 1`,
    });
    await upheld(field.services, period, 'K02', { kind: 'wrong-assignment', retailerId: silent?.shop ?? '' });
    const smaller = managerIn(await read(), 'K02');
    expect(smaller).toMatchObject({ ...before, frameSize: before.frameSize - 1 });

    const [heard] = await field.city.database.query<{ shop: string }>({
      text: `SELECT retailer_id AS shop FROM survey_case WHERE manager_id = 'K02' ORDER BY position LIMIT 1`,
    });
    await upheld(field.services, period, 'K02', { kind: 'invalid-call', retailerId: heard?.shop ?? '' });
    const fewer = managerIn(await read(), 'K02');
    expect(fewer).toMatchObject({ responses: before.responses - 1, frameSize: smaller.frameSize, standing: false });
    expect(fewer.customer).not.toBe(before.customer);
  });

  test('lends its spread to a month in which nobody is scored anew, whoever has two answers', async () => {
    const { appealsUntil, withinVariance, degreesOfFreedom } = await read();
    field.city.clock.advance(new Date(appealsUntil));
    await finalisePeriod(field.services, period);
    const few = { overall: 4, unit: 90, answers: 2 };
    const results = { K01: few, K02: few, K03: { ...few, overall: 5 } };
    const { document } = await playMonth(field, '2027-03', { ruleSet: 'RS-1', results, final: false });
    expect(document.managers.map(({ id, status, standing }) => [id, status === 'not-rated', standing])).toEqual([
      ['K01', false, true],
      ['K02', false, true],
      ['K03', true, false],
    ]);
    expect(document).toMatchObject({ withinVariance, degreesOfFreedom });
  });
});
