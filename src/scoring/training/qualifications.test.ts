import { describe, expect, test } from 'vitest';
import { exact } from '../exact.ts';
import { documentOf, everyIndicator, faultsOf, manager, ratings, rulesWith } from '../examples.fixture.ts';
import { makePublication, recomputable } from '../publication.ts';
import { expectedForm, scoreDocument } from '../score.ts';
import { verifyPublications } from '../verify.ts';
import { missingFor, relevantTo } from './qualifications.ts';

const requirements = {
  1: { certificates: ['高级'], trainingHours: 40 },
  2: { certificates: ['中级'], exams: ['业务'] },
};
const { tiers, document: rules } = rulesWith({ 'tiers.requirements': requirements });
const held = { certificates: ['中级', '驾照'], exams: ['业务', '英语'], trainingHours: exact(73, 2) };

describe('what is asked for a tier', () => {
  test('is held against what he can show, hours exactly', () => {
    expect(missingFor(3, held, tiers)).toBeNull();
    expect(missingFor(2, held, tiers)).toEqual({ certificates: ['高级'], exams: [], trainingHours: '3.5' });
    expect(missingFor(2, { ...held, certificates: ['高级'], trainingHours: exact(40) }, tiers)).toBeNull();
    expect(missingFor(1, held, tiers)).toBeNull();
  });

  test('is all of him that is looked at', () => {
    expect(relevantTo(3, held, tiers)).toMatchObject({ certificates: ['中级'], exams: ['业务'] });
    expect(relevantTo(2, held, tiers)).toMatchObject({ certificates: [], exams: [] });
    expect(relevantTo(1, held, tiers)).toBeNull();
  });
});

describe('a promotion that is held for a requirement', () => {
  const best = {
    frameSize: 60,
    ratings: ratings(40, 0, 0, 0, 0),
    unit: everyIndicator('100'),
    previousRating: 'excellent',
  };
  const shown = { certificates: ['中级'], exams: [], trainingHours: '12' };
  const scored = scoreDocument(
    documentOf(
      [
        manager('K1', { ...best, qualifications: shown }),
        manager('K2', { ...best, qualifications: { ...shown, exams: ['业务'] } }),
        manager('K3', { ...best, requirementsMet: false }),
        manager('K4', { qualifications: shown }),
      ],
      { rules },
    ),
  );
  const [held, risen, unsaid, other] = expectedForm(scored).managers;

  test('says what is missing; one that is not held says nothing', () => {
    expect(held).toMatchObject({ move: 'hold', missing: { certificates: [], exams: ['业务'], trainingHours: null } });
    expect(risen).toMatchObject({ move: 'up', tier: 2 });
    for (const one of [risen, unsaid, other]) expect(one).not.toHaveProperty('missing');
    expect(unsaid).toMatchObject({ move: 'hold' });
  });

  test('is published with what he can show, and recomputed from it', () => {
    const person = { name: '某', district: '城东' };
    const publication = makePublication({
      ...{ period: '2027-01', stage: 'final', appealsUntil: new Date(0), drawId: 'R', questionnaire: 'HF-1', scored },
      ...{ people: new Map(['K1', 'K2', 'K3', 'K4'].map((id) => [id, person])), previousHash: null },
    });
    expect(publication.managers[0]).toMatchObject({ qualifications: shown, requirementsMet: false });
    expect(publication.managers[2]).not.toHaveProperty('qualifications');
    expect(expectedForm(scoreDocument(recomputable(publication))).managers).toEqual(expectedForm(scored).managers);
    expect(verifyPublications([publication])).toEqual([]);
    const [first, ...rest] = publication.managers;
    if (!first) return expect.fail('nobody is in it');
    const forged = { ...publication, managers: [{ ...first, missing: { ...shown, trainingHours: null } }, ...rest] };
    expect(verifyPublications([forged]).map(({ message }) => message)).toEqual([
      expect.stringContaining('哈希不符'),
      expect.stringContaining('missing'),
    ]);
    const unfounded = { ...publication, managers: [first, { ...rest[0], missing: first.missing } as typeof first] };
    expect(verifyPublications([unfounded]).some(({ message }) => message.startsWith('missing'))).toBe(true);
  });

  test('must not be said to be met where it is not', () => {
    const said = documentOf([manager('K1', { qualifications: shown, requirementsMet: true })], { rules });
    expect(faultsOf(() => scoreDocument(said)).map(({ where }) => where)).toEqual(['managers[0].requirementsMet']);
    const silent = documentOf([manager('K1')], { rules });
    expect(faultsOf(() => scoreDocument(silent)).map(({ where }) => where)).toEqual(['managers[0].requirementsMet']);
  });
});
