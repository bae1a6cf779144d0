import { describe, expect, test } from 'vitest';
import { BadInput } from '../../platform/errors.ts';
import { eventKinds } from '../../survey/events/kinds.ts';
import { exact, written } from '../exact.ts';
import { changed, defaultRules, rulesWith } from '../examples.fixture.ts';
import { parseRules } from '../rules.ts';
import { computed, evidenceKinds, evidenceOf, type KindSum, standardEvidence } from './evidence.ts';

const share = (kind: string, done: number, due: number, events = 1): KindSum => ({
  ...{ kind, events, done: exact(done), due: exact(due) },
});
const hours = (done: number): KindSum => ({ kind: 'training', events: 1, done: exact(done), due: null });
const evidenceFor = (code: string) => {
  const found = standardEvidence.find((one) => one.code === code);
  if (!found) throw new Error(`no evidence for ${code}`);
  return found;
};
const value = (code: string, ...sums: KindSum[]) => {
  const found = computed(evidenceFor(code), sums);
  return found && written(found.value);
};

describe('an indicator from dated events', () => {
  test('is what was done of what was due, in per cent, rounded half-up once', () => {
    expect(value('price-marking', share('price-label-check', 2, 3))).toBe('66.67');
    expect(value('price-marking', share('price-label-check', 1, 800))).toBe('0.13');
  });

  test('sums over its kinds before it divides: 45 of 50 visits and 1 of 2 reports are 46 of 52', () => {
    expect(value('daily-work', share('planned-visit', 45, 50, 20), share('market-report', 1, 2, 2))).toBe('88.46');
  });

  test('of amounts, is held against what the rule set requires of a month, and may be over 100', () => {
    expect(value('knowledge', hours(3))).toBe('75.00');
    expect(value('knowledge', hours(5))).toBe('125.00');
  });

  test('is missing without an event, and 0 only where nothing was done', () => {
    expect(value('service')).toBeNull();
    expect(value('service', share('price-label-check', 1, 1))).toBeNull();
    expect(value('service', share('request', 0, 4, 4))).toBe('0.00');
  });

  test('says what it was made of', () => {
    const made = computed(evidenceFor('service'), [share('request', 7, 8, 8), hours(2)]);
    expect(made && { ...made, value: null, done: written(made.done), due: written(made.due) }).toEqual({
      ...{ value: null, events: 8, done: '7.00', due: '8.00' },
    });
  });
});

describe('what indicators are made of', () => {
  const faultsOf = (evidence: unknown): string[] => {
    try {
      parseRules(changed(defaultRules, { evidence }));
      return [];
    } catch (error) {
      if (error instanceof BadInput) return error.faults.map(({ where }) => where);
      throw error;
    }
  };

  test('is the standard where a rule set does not say, and only for indicators that it has', () => {
    const rules = rulesWith();
    expect(evidenceOf(rules)).toEqual(standardEvidence);
    const [first] = rules.unit.indicators;
    if (!first) throw new Error('no indicator');
    expect(evidenceOf({ ...rules, unit: { ...rules.unit, indicators: [{ ...first, code: 'service' }] } })).toEqual([
      evidenceFor('service'),
    ]);
  });

  test('is what the rule set says, where it says it', () => {
    const evidence = [{ code: 'knowledge', kinds: ['training'], required: '8' }];
    const [own, ...others] = evidenceOf(parseRules(changed(defaultRules, { evidence })));
    expect([own?.required?.equals(8), others]).toEqual([true, []]);
  });

  test('is refused with every fault where it contradicts itself', () => {
    expect(
      faultsOf([
        { code: 'weather', kinds: ['request'] },
        { code: 'service', kinds: ['training'] },
        { code: 'service', kinds: ['request'], required: '4' },
      ]),
    ).toEqual(['evidence[0].code', 'evidence[1].kinds[0]', 'evidence[2].code', 'evidence[2].kinds[0]']);
    expect(faultsOf([{ code: 'service', kinds: ['gossip'] }])).toEqual(['evidence[0].kinds[0]']);
  });

  test('names the kinds that events can be recorded as', () => {
    expect(Object.entries(evidenceKinds).map(([kind, counted]) => [kind, counted === 'share'])).toEqual(
      Object.entries(eventKinds).map(([kind, { of }]) => [kind, of]),
    );
  });
});
