import { describe, expect, it } from 'vitest';
import { exact } from '../exact.ts';
import { rulesWith } from '../examples.fixture.ts';
import { type FieldStanding, fieldFindings, shareFindings } from './findings.ts';

const rules = rulesWith();
const fine: FieldStanding = {
  ...{ subjectKind: 'manager', subjectId: 'K01', period: '2026-12', closed: true, released: 50, finished: 50 },
  ...{ badNumbers: 5, rr2: exact(1, 5), neverAttempted: 0 },
};
const found = (...standings: Partial<FieldStanding>[]) =>
  fieldFindings(
    standings.map((one) => ({ ...fine, ...one })),
    rules,
  ).map(({ kind, value, limit }) => [kind, value, limit]);

describe('a round in the field is out of order', () => {
  it.each([
    ['not at the limits themselves', {}, []],
    ['below a fifth of responses', { rr2: exact(9, 50) }, [['response-rate', '9/50', '0.2']]],
    ['above a tenth of bad numbers', { badNumbers: 6 }, [['bad-numbers', '3/25', '0.1']]],
    ['with anybody never tried at its close', { neverAttempted: 1 }, [['never-attempted', '1', '0']]],
    ['not for somebody who is still to be tried', { neverAttempted: 1, closed: false }, []],
    ['not by the first few cases', { rr2: exact(0), finished: 9, released: 9, badNumbers: 9 }, []],
    ['by ten', { rr2: exact(0), finished: 10 }, [['response-rate', '0', '0.2']]],
  ] as const)('%s', (_, standing, expected) => {
    expect(found(standing)).toEqual(expected);
  });

  it('until a later round is in order; one with too few to judge by says nothing', () => {
    const low = { rr2: exact(1, 10) };
    expect(found(low, {})).toEqual([]);
    expect(found(low, { finished: 3 })).toHaveLength(1);
    expect(found({}, low)).toHaveLength(1);
    expect(found({ neverAttempted: 2 }, { neverAttempted: 2, closed: false })).toHaveLength(1);
  });
});

describe('selling', () => {
  const deciding = (sales: string | null, brand: string | null) =>
    shareFindings({
      period: '2026-12',
      rules: rules.document,
      effectiveShares: { sales, brand, service: '0.9', customer: '0.1' },
    });

  it('decides too much above a quarter, both of its indicators together', () => {
    expect(deciding('0.15', '0.11')).toEqual([
      {
        ...{ kind: 'selling-share', subjectKind: 'city', subjectId: 'city', period: '2026-12' },
        ...{ value: '13/50', limit: '0.25' },
      },
    ]);
    expect(deciding('0.15', '0.10')).toEqual([]);
  });

  it('decides nothing where all scores are equal, or none is published', () => {
    expect(deciding(null, null)).toEqual([]);
    expect(shareFindings(null)).toEqual([]);
  });
});
