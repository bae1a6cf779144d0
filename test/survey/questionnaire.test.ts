import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { firstBrokenLine } from '../../src/platform/audit.ts';
import { BadInput, Refused } from '../../src/platform/errors.ts';
import {
  parseQuestionnaire,
  type Questionnaire,
  standardQuestionnaire,
} from '../../src/survey/questionnaire/questionnaire.ts';
import { readVersion, readVersions } from '../../src/survey/questionnaire/store.ts';
import { publishDocument, publishVersion, saveDraft } from '../../src/survey/questionnaire/versions.ts';
import { launchRound } from '../../src/survey/round/launch.ts';
import { type City, fieldRound, openCity, settleIn, shopsOf } from '../support/city.ts';

/** Versions in a real database: what may still change, what never may, and what is written down of it. */
let city: City;
beforeAll(async () => {
  city = await openCity('questionnaire');
});
afterAll(() => city.close());

const version = (id: string, edit: (draft: Questionnaire) => void = () => {}): Questionnaire => {
  const draft = { ...structuredClone(standardQuestionnaire()), id };
  edit(draft);
  return draft;
};
const stored = async (id: string) => (await readVersion(city.database.query, id))?.document;
const refusal = (work: Promise<unknown>) =>
  work.then(
    () => expect.fail('it was done'),
    (error: unknown) => (error instanceof Refused ? error.code : error),
  );
const audited = (subject: string) =>
  city.database.query<{ actor: string; action: string; detail: object }>({
    text: 'SELECT actor, action, detail FROM audit WHERE subject = $1 ORDER BY sequence',
    values: [subject],
  });

describe('a draft', () => {
  it('is replaced by a later one of the same id, and both are written down', async () => {
    const first = await saveDraft(city, version('D-1'), 'ann');
    const second = await saveDraft(
      city,
      version('D-1', ({ limits }) => Object.assign(limits, { stars: 2 })),
      'bob',
    );
    expect(second.hash).not.toBe(first.hash);
    expect(parseQuestionnaire(await stored('D-1')).limits.stars).toBe(2);
    expect(await audited('D-1')).toEqual([
      { actor: 'ann', action: 'questionnaire.draft', detail: { hash: first.hash } },
      { actor: 'bob', action: 'questionnaire.draft', detail: { hash: second.hash } },
    ]);
  });

  it('with a fault is not kept', async () => {
    const faulty = version('D-2', ({ clips }) => delete clips.A1);
    await expect(saveDraft(city, faulty, 'ann')).rejects.toThrow(BadInput);
    expect(await stored('D-2')).toBeUndefined();
    expect(await audited('D-2')).toEqual([]);
  });

  it('is published only as it was looked at', async () => {
    const seen = await saveDraft(city, version('D-3'), 'ann');
    await saveDraft(
      city,
      version('D-3', ({ limits }) => Object.assign(limits, { stars: 2 })),
      'bob',
    );
    expect(await refusal(publishVersion(city, 'D-3', seen.hash, 'ann'))).toBe('changed');
    expect(await readVersion(city.database.query, 'D-3')).toMatchObject({ publishedAt: null });
  });
});

describe('a published version', () => {
  it('carries its hash, who published it and when', async () => {
    const { hash } = await saveDraft(city, version('P-1'), 'ann');
    await publishVersion(city, 'P-1', hash, 'bob');
    expect(await readVersion(city.database.query, 'P-1')).toMatchObject({
      ...{ hash, publishedBy: 'bob', publishedAt: city.clock.now(), rounds: 0 },
    });
    expect((await audited('P-1')).at(-1)).toEqual({ actor: 'bob', action: 'questionnaire.publish', detail: { hash } });
    expect(await firstBrokenLine(city.database.query)).toBeNull();
  });

  it('never changes: not by a draft, not by another publication, not by hand', async () => {
    const { hash } = await publishDocument(city, version('P-2'), 'ann');
    const other = version('P-2', ({ limits }) => Object.assign(limits, { stars: 1 }));
    expect(await refusal(saveDraft(city, other, 'bob'))).toBe('published');
    expect(await refusal(publishDocument(city, other, 'bob'))).toBe('published');
    expect(await refusal(publishVersion(city, 'P-2', hash, 'bob'))).toBe('published');
    for (const text of [
      `UPDATE questionnaire SET document = '{}' WHERE id = 'P-2'`,
      `DELETE FROM questionnaire WHERE id = 'P-2'`,
    ])
      await expect(city.database.query({ text })).rejects.toThrow(/is published/);
    expect(await stored('P-2')).toEqual(version('P-2'));
  });

  it('published again as it is, is left as it is', async () => {
    const first = await publishDocument(city, version('P-3'), 'ann');
    const again = await publishDocument(city, version('P-3'), 'bob');
    expect([first.published, again.published, again.hash === first.hash]).toEqual([true, false, true]);
    expect(await audited('P-3')).toHaveLength(2);
  });

  it('published twice at once is published once', async () => {
    const all = await Promise.allSettled([1, 2, 3].map((n) => publishDocument(city, version('P-4'), `user ${n}`)));
    const published = all.filter((one) => one.status === 'fulfilled' && one.value.published);
    expect(published).toHaveLength(1);
    expect((await audited('P-4')).filter(({ action }) => action === 'questionnaire.publish')).toHaveLength(1);
  });

  it('is what a round may ask; a draft is not', async () => {
    await settleIn(city, shopsOf('W01', 8));
    await saveDraft(city, version('D-9'), 'ann');
    const { query } = city.database;
    const wish = { roundId: '2027-01-R1', period: '2027-01', questionnaireId: 'D-9', ruleSetId: 'RS-1', actor: 'test' };
    expect(await refusal(launchRound(city, wish))).toBe('not-published');
    expect(await refusal(launchRound(city, { ...wish, questionnaireId: 'nowhere' }))).toBe('not-published');
    await fieldRound(city);
    expect((await readVersions(query)).find(({ id }) => id === 'HF-1')).toMatchObject({ rounds: 1 });
  });
});
