import { describe, expect, it } from 'vitest';
import { standardQuestionnaire } from '../questionnaire/questionnaire.ts';
import { clipSeconds } from '../questionnaire/speech.ts';
import { findChangedPhones, findHaste, findMismatches, type Keyed } from './single-cases.ts';

const questionnaire = standardQuestionnaire();
const one = { caseId: 'c1', managerId: 'A' };

describe('a number that took another one’s place', () => {
  const frozenAt = new Date('2026-12-08T09:00:00+08:00');
  const at = (changedAt: string) => findChangedPhones([{ ...one, changedAt: new Date(changedAt) }], frozenAt);

  it('is looked at within the seven days before the freeze', () => {
    expect(at('2026-12-01T09:00:00+08:00')).toEqual([{ kind: 'phone-changed', ...one, evidence: { days: 7 } }]);
    expect(at('2026-12-08T09:00:00+08:00')).toMatchObject([{ evidence: { days: 0 } }]);
    expect(at('2026-12-01T08:59:59+08:00')).toEqual([]);
    expect(at('2026-12-08T09:00:01+08:00')).toEqual([]);
  });
});

describe('a case that was called again', () => {
  const compared = (first: Record<string, number>, again: Record<string, number>) =>
    findMismatches([{ ...one, first, again }], questionnaire).map(({ evidence }) => evidence);

  it('is looked at from two points at the overall item on', () => {
    expect(compared({ Q1: 5 }, { Q1: 3 })).toEqual([{ points: 2, items: [] }]);
    expect(compared({ Q1: 2 }, { Q1: 5 })).toEqual([{ points: 3, items: [] }]);
    expect(compared({ Q1: 5 }, { Q1: 4 })).toEqual([]);
  });

  it('is looked at where a fact became its opposite, and not where it became unsure', () => {
    expect(compared({ Q1: 5, Q6: 2 }, { Q1: 5, Q6: 1 })).toEqual([{ points: 0, items: ['Q6'] }]);
    expect(compared({ Q1: 5, Q6: 2 }, { Q1: 5, Q6: 0 })).toEqual([]);
    expect(compared({ Q1: 5, Q6: 2 }, { Q1: 5 })).toEqual([]);
  });

  it('is not looked at for its other ratings, nor where nobody was heard', () => {
    expect(compared({ Q1: 5, Q2: 5 }, { Q1: 5, Q2: 1 })).toEqual([]);
    expect(compared({ Q1: 5 }, {})).toEqual([]);
  });
});

describe('keys', () => {
  const items = ['Q2', 'Q3', 'Q4', 'Q5', 'Q6'] as const;
  const words = (item: string) => clipSeconds(item, 'zh-CN', questionnaire);
  const keyed = (item: string, share: number): Keyed => ({
    item,
    reply: { pauseSeconds: 0, say: [{ clip: item }] },
    seconds: share * words(item),
  });
  const found = (...all: Keyed[]) => findHaste([{ ...one, language: 'zh-CN', keyed: all }], questionnaire);

  it('are too fast where every answer came within a quarter of its words', () => {
    const fast = items.map((item) => keyed(item, 0.2));
    const total = items.reduce((sum, item) => sum + words(item), 0);
    expect(found(...fast)).toEqual([
      {
        ...{ kind: 'keys-too-fast', ...one },
        evidence: { answers: 5, seconds: (0.2 * total).toFixed(1), words: total.toFixed(1) },
      },
    ]);
    expect(found(...fast.slice(1), keyed('Q2', 0.26))).toEqual([]);
  });

  it('take four such answers, and the overall item is none of them', () => {
    const three = items.slice(0, 3).map((item) => keyed(item, 0.1));
    expect(found(...three, keyed('Q1', 0.1))).toEqual([]);
    expect(found(...three, keyed('Q5', 0.1), keyed('Q1', 0.9))).toHaveLength(1);
  });

  it('have longer where the slow recording was played, and after a pause', () => {
    const slow = items.map((item) => ({
      ...keyed(item, 0.3),
      reply: { pauseSeconds: 0, say: [{ clip: item, slow: true as const }] },
    }));
    expect(found(...slow)).toHaveLength(1);
    const paused = items.map((item) => ({ ...keyed(item, 0.26), reply: { pauseSeconds: 2, say: [{ clip: item }] } }));
    expect(found(...paused)).toHaveLength(1);
  });
});
