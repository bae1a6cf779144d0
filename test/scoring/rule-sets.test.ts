import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { BadInput } from '../../src/platform/errors.ts';
import { acknowledge, acknowledgedAt, readSignatures } from '../../src/scoring/rule-sets/acknowledge.ts';
import { discardDraft, publishDocument, publishDraft, saveDraft } from '../../src/scoring/rule-sets/publish.ts';
import { readDrafts, readInForce, readVersions } from '../../src/scoring/rule-sets/store.ts';
import type { RuleSetDocument } from '../../src/scoring/rules.ts';
import { launchRound } from '../../src/survey/round/launch.ts';
import { termsFor } from '../../src/survey/round/terms.ts';
import { type City, openCity, settleIn, shopsOf } from '../support/city.ts';

/** Rule sets: drafts, publication ahead of their month and for good, one for the whole company, and who took note. */
let city: City;
beforeAll(async () => {
  city = await openCity('rule sets');
  await settleIn(city, [...shopsOf('W01', 6), ...shopsOf('W02', 6)]);
});
afterAll(() => city.close());

const version = async (id: string, effectiveFrom: string, changes: Partial<RuleSetDocument> = {}) => ({
  ...(await city.rules('RS-1')).document,
  ...{ id, effectiveFrom },
  ...changes,
});
const all = <Row>(text: string) => city.database.query<Row>({ text });
const faultsOf = (refused: Promise<unknown>): Promise<string[]> =>
  refused.then(
    () => [],
    (error: BadInput) => error.faults.map(({ where }) => where),
  );
const launch = (period: string, ruleSetId: string) =>
  launchRound(city, { roundId: `${period}-R1`, period, questionnaireId: 'HF-1', ruleSetId, actor: 'test' });

describe('a draft', () => {
  test('is kept, replaced, and published only as it was looked at', async () => {
    await saveDraft(city, await version('RS-2', '2027-01'), 'A1');
    const first = (await readDrafts(city.database.query))[0];
    const { hash } = await saveDraft(city, await version('RS-2', '2027-02'), 'A1');
    expect(await readDrafts(city.database.query)).toMatchObject([{ id: 'RS-2', hash, savedBy: 'A1' }]);
    await expect(publishDraft(city, 'RS-2', first?.hash ?? '', 'A1')).rejects.toMatchObject({ code: 'changed' });
    await publishDraft(city, 'RS-2', hash, 'A1');
    expect(await readDrafts(city.database.query)).toEqual([]);
    expect((await readVersions(city.database.query)).map(({ id, publishedBy }) => [id, publishedBy])).toEqual([
      ['RS-2', 'A1'],
      ['RS-1', null],
    ]);
    await expect(saveDraft(city, await version('RS-2', '2027-05'), 'A1')).rejects.toMatchObject({ code: 'published' });
    expect(await all(`SELECT action FROM audit WHERE subject = 'RS-2' ORDER BY sequence`)).toEqual(
      ['rule-set.draft', 'rule-set.draft', 'rule-set.publish'].map((action) => ({ action })),
    );
    expect(await all(`SELECT type, payload->>'ruleSet' AS id FROM webhook_event`)).toEqual([
      { type: 'rule-set.published', id: 'RS-2' },
    ]);
  });

  test('may be thrown away', async () => {
    await saveDraft(city, await version('RS-9', '2020-01'), 'A1');
    await discardDraft(city, 'RS-9', 'A1');
    await expect(discardDraft(city, 'RS-9', 'A1')).rejects.toMatchObject({ code: 'no-draft' });
  });
});

describe('a published version', () => {
  test('never changes, not even in the database', async () => {
    await expect(all(`UPDATE rule_set SET effective_from = '2027-09' WHERE id = 'RS-2'`)).rejects.toThrow(
      /append-only/,
    );
    await expect(all(`DELETE FROM rule_set WHERE id = 'RS-2'`)).rejects.toThrow(/append-only/);
  });

  test('published once more, as it is, changes nothing; anything else under its id or in its month is refused', async () => {
    const again = await publishDocument(city, await version('RS-2', '2027-02'), 'A1');
    expect(again).toMatchObject({ id: 'RS-2', published: false });
    const other = version('RS-2', '2027-02', { tiers: { start: 2, upStreak: 1, downStreak: 1, requirements: {} } });
    expect(await faultsOf(publishDocument(city, await other, 'A1'))).toEqual(['id', 'effectiveFrom']);
    expect(await readVersions(city.database.query)).toHaveLength(2);
  });

  test('holds from its month on, and not a day before', async () => {
    const inForce = async (period: string) => (await readInForce(city.database.query, period))?.id;
    expect(await Promise.all(['2026-11', '2026-12', '2027-01', '2027-02', '2028-01'].map(inForce))).toEqual([
      ...[undefined, 'RS-1', 'RS-1', 'RS-2', 'RS-2'],
    ]);
  });
});

describe('a round', () => {
  test('is under the version of its month, whatever is to come, and under no other', async () => {
    expect(await termsFor(city.database.query, '2027-01')).toMatchObject({ ruleSetId: 'RS-1' });
    expect(await termsFor(city.database.query, '2027-02', { ruleSetId: 'RS-2' })).toMatchObject({ ruleSetId: 'RS-2' });
    const other = { code: 'other-rules', message: expect.stringContaining('2027-02 全公司只按考核办法 RS-2') };
    await expect(termsFor(city.database.query, '2027-02', { ruleSetId: 'RS-1' })).rejects.toMatchObject(other);
    await expect(launch('2027-02', 'RS-1')).rejects.toMatchObject(other);
    await launch('2027-02', 'RS-2');
  });

  test('keeps every version out that would hold in its month or before', async () => {
    expect(await faultsOf(publishDocument(city, await version('RS-3', '2027-01'), 'A1'))).toEqual(['effectiveFrom']);
    expect(await faultsOf(publishDocument(city, await version('RS-3', '2027-03'), 'A1'))).toEqual([]);
  });

  test('launched in the very moment a version is published is under one of the two, and the other one waits', async () => {
    const came = await Promise.allSettled([
      publishDocument(city, await version('RS-4', '2027-06'), 'A1'),
      launch('2027-06', 'RS-3'),
    ]);
    expect(came.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    const [round] = await all<{ rules: string; inForce: string }>(
      `SELECT rule_set_id AS rules, rule_set_in_force(period) AS "inForce" FROM round WHERE period = '2027-06'`,
    );
    expect(round?.rules).toBe(round?.inForce);
  });
});

describe('an acknowledgement', () => {
  test('is given once, with its time, and stays', async () => {
    const signing = { ruleSetId: 'RS-2', managerId: 'W02', actor: 'user of W02' };
    const signedAt = city.clock.now();
    await acknowledge(city, signing);
    city.clock.advance(new Date(signedAt.getTime() + 60_000));
    await acknowledge(city, signing);
    expect(await acknowledgedAt(city.database.query, 'RS-2', 'W02')).toEqual(signedAt);
    expect(await acknowledgedAt(city.database.query, 'RS-2', 'W01')).toBeNull();
    expect(await all(`SELECT detail FROM audit WHERE action = 'rule-set.acknowledge'`)).toEqual([
      { detail: { managerId: 'W02' } },
    ]);
    await expect(all('DELETE FROM rule_set_acknowledgement')).rejects.toThrow(/append-only/);
    await expect(acknowledge(city, { ...signing, ruleSetId: 'RS-8' })).rejects.toMatchObject({ code: 'no-version' });
  });

  test('is listed by district, whoever has not given it first', async () => {
    const signatures = await readSignatures(city.database.query, 'RS-2', null);
    expect(signatures.map(({ managerId, at }) => [managerId, at !== null])).toEqual([
      ['W01', false],
      ['W02', true],
    ]);
    expect(await readSignatures(city.database.query, 'RS-2', 'D9')).toEqual([]);
  });
});
