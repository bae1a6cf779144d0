import { describe, expect, it, test } from 'vitest';
import { exact, parseQuantity, written } from '../exact.ts';
import { changed, defaultRules, faultsOf, rulesWith } from '../examples.fixture.ts';
import { parseRules } from '../rules.ts';
import { perCentOfTarget, targetOf } from './targets.ts';

/** Each ten kilometres beyond 30 lower the target by 2 %, each ten shops beyond 150 by 1 %. */
const formula = {
  code: 'sales',
  factors: [
    { fact: '距离', from: '30', per: '10', change: '-0.02' },
    { fact: '户数', from: '150', per: '10', change: '-1/100' },
  ],
  least: '0.80',
  most: '1.10',
};
const [rules] = rulesWith({ targets: [formula] }).targets ?? [];
const target = (base: string, distance: string, shops: string) => {
  const facts = new Map([
    ['距离', parseQuantity(distance) ?? exact(0)],
    ['户数', parseQuantity(shops) ?? exact(0)],
  ]);
  if (!rules) throw new Error('no formula');
  const found = targetOf(parseQuantity(base) ?? exact(0), facts, rules);
  return found && [found.factor.toFraction(), written(found.target)];
};

describe('a target', () => {
  it.each([
    ['is the base where nothing is out of the ordinary', '1000', '30', '150', '1', '1000.00'],
    ['is lower in a far area with many shops', '1000', '45', '170', '19/20', '950.00'],
    ['is higher in a near one with few', '1000', '10', '130', '53/50', '1060.00'],
    ['is never below the least', '1000', '500', '150', '4/5', '800.00'],
    ['is never above the most', '1000', '0', '0', '11/10', '1100.00'],
    ['is exact, and rounded once', '333.33', '33', '151', '993/1000', '331.00'],
  ])('%s', (_what, base, distance, shops, factor, expected) =>
    expect(target(base, distance, shops)).toEqual([factor, expected]),
  );

  it('makes the indicator per cent of it, above 100 too', () => {
    expect(written(perCentOfTarget(exact(475), exact(950)))).toBe('50.00');
    expect(written(perCentOfTarget(exact(1000), exact(950)))).toBe('105.26');
  });

  it('is none where a fact is missing, or nothing is left of the base', () => {
    if (!rules) throw new Error('no formula');
    expect(targetOf(exact(1), new Map([['距离', exact(30)]]), rules)).toBeNull();
    expect(target('0.0001', '30', '150')).toBeNull();
  });
});

describe('formulas of targets in a rule set', () => {
  const faults = (targets: unknown) =>
    faultsOf(() => parseRules(changed(defaultRules, { targets }))).map(({ where, message }) => `${where}: ${message}`);

  it('are refused with every fault', () => {
    expect(
      faults([
        { ...formula, code: 'nothing', least: '0', most: '3' },
        { ...formula, factors: [formula.factors[0], formula.factors[0]] },
        formula,
        { ...formula, factors: [{ fact: ' ', from: '0', per: '0', change: 'much' }] },
      ]).map((fault) => fault.split(':')[0]),
    ).toEqual([
      ...['targets[0].least', 'targets[0].most', 'targets[3].factors[0].fact', 'targets[3].factors[0].per'],
      'targets[3].factors[0].change',
    ]);
    expect(
      faults([
        { ...formula, code: 'nothing' },
        { ...formula, factors: [formula.factors[0], formula.factors[0]] },
        formula,
      ]),
    ).toEqual([
      'targets[0].code: "nothing" is none of the indicators: add it there, or leave it out here',
      'targets[1].factors[1].fact: "距离" is in this formula already: put its change together',
      'targets[2].code: "sales" has a formula already: one target, one formula',
    ]);
  });

  it('and evidence do not make one indicator twice', () => {
    const evidence = [{ code: 'service', kinds: ['request'] }];
    const both = changed(defaultRules, { evidence, targets: [{ ...formula, code: 'service' }] });
    expect(faultsOf(() => parseRules(both)).map(({ where }) => where)).toEqual(['targets[0].code']);
  });

  test('left out, they leave the rule set as it was', () => {
    expect(rulesWith().targets).toBeUndefined();
    expect(rulesWith().document).toEqual(defaultRules);
  });
});
