import { describe, expect, it } from 'vitest';
import { standardQuestionnaire } from '../questionnaire/questionnaire.ts';
import { findInAnswers, type Response } from './answers.ts';

const questionnaire = standardQuestionnaire();
const rated = (...ratings: number[]) => Object.fromEntries(ratings.map((rating, index) => [`Q${index + 1}`, rating]));
const straight = rated(4, 4, 4, 4, 4);
const varied = rated(4, 3, 4, 5, 4);

let cases = 0;
const of = (managerId: string, count: number, answers: Response['answers'], before: Response['before'] = null) =>
  Array.from({ length: count }, (): Response => ({ caseId: `c${cases++}`, managerId, answers, before }));
const kinds = (...responses: Response[][]) =>
  findInAnswers(responses.flat(), questionnaire).map(({ kind, managerId }) => `${kind} ${managerId}`);

describe('fives', () => {
  it('are looked at where a manager has far more than the others, with the figures of both', () => {
    const found = findInAnswers(
      [...of('A', 25, { Q1: 5 }), ...of('B', 100, { Q1: 5 }), ...of('B', 100, { Q1: 4 })],
      questionnaire,
    );
    expect(found).toEqual([
      {
        ...{ kind: 'five-share', managerId: 'A', caseId: null },
        evidence: { counted: 25, responses: 25, othersCounted: 100, othersResponses: 200, z: '4.74' },
      },
    ]);
  });

  it('are counted at the overall item alone', () => {
    expect(kinds(of('A', 25, { Q1: 4, Q2: 5 }), of('B', 200, { Q1: 4, Q2: 1 }))).toEqual([]);
  });
});

describe('straight lines', () => {
  it('are looked at where there are far more than elsewhere', () => {
    expect(kinds(of('A', 25, straight), of('B', 200, varied))).toEqual(['straight-line A']);
  });

  it('take three ratings or more: two that are equal say nothing', () => {
    expect(kinds(of('A', 25, rated(4, 4)), of('B', 200, varied))).toEqual([]);
    expect(kinds(of('A', 25, rated(4, 4, 4)), of('B', 200, varied))).toEqual(['straight-line A']);
  });

  it('do not count what did not apply', () => {
    expect(kinds(of('A', 25, rated(4, 0, 4, 0, 4)), of('B', 200, varied))).toEqual(['straight-line A']);
    expect(kinds(of('A', 25, rated(4, 0, 4, 0, 0)), of('B', 200, varied))).toEqual([]);
  });

  it('are looked at where five shops drew one twice running, whatever others do', () => {
    const everywhere = of('B', 100, straight);
    expect(kinds(of('A', 4, straight, straight), of('A', 20, straight, varied), everywhere)).toEqual([]);
    const [found] = findInAnswers([of('A', 5, straight, straight), everywhere].flat(), questionnaire);
    expect(found).toMatchObject({ kind: 'straight-line', evidence: { counted: 5, responses: 5, repeated: 5 } });
    expect(kinds(of('A', 20, varied, straight), of('B', 20, varied))).toEqual([]);
  });
});

describe('“somebody told me how to rate”', () => {
  it('is looked at from ten who were asked, and counts those who said yes', () => {
    const others = of('B', 100, { Q1: 4, Q7b: 2 });
    expect(kinds(of('A', 4, { Q1: 4, Q7b: 1 }), of('A', 6, { Q1: 4, Q7b: 2 }), others)).toEqual(['told-how A']);
    expect(kinds(of('A', 4, { Q1: 4, Q7b: 1 }), of('A', 5, { Q1: 4, Q7b: 2 }), others)).toEqual([]);
    expect(kinds(of('A', 10, { Q1: 4, Q7b: 2 }), others)).toEqual([]);
  });

  it('does not count those who were not asked, or could not say', () => {
    const others = of('B', 100, { Q1: 4, Q7b: 2 });
    expect(kinds(of('A', 4, { Q1: 4, Q7b: 1 }), of('A', 5, { Q1: 4, Q7b: 0 }), of('A', 5, { Q1: 4 }), others)).toEqual(
      [],
    );
  });
});
