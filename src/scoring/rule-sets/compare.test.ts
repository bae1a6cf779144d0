import { describe, expect, it, test } from 'vitest';
import { changed, defaultRules, rulesWith } from '../examples.fixture.ts';
import { parseRules } from '../rules.ts';
import { changeInWords, compareRules, placeInWords, placesOf } from './compare.ts';
import { fields, type Language } from './fields.ts';

/** Every section filled in that may be left out. */
const full = {
  roleModels: { excellentInARow: 3, firm: true, noOpenAlarm: true },
  'tiers.requirements': { 1: { certificates: ['高级'], exams: ['理论'], trainingHours: 16 } },
  evidence: [{ code: 'knowledge', kinds: ['training'], required: '8' }],
  targets: [
    { code: 'sales', factors: [{ fact: '距离', from: '30', per: '10', change: '-0.02' }], least: '0.8', most: '1.1' },
  ],
  ledger: {
    ...{ dueWorkdays: 10, rating: { excellent: '300.00' }, tier: { 1: '100.00' }, move: { floor: '-50.00' } },
  },
};

const changes = (edit: Record<string, unknown>, language: Language = 'zh-CN') =>
  compareRules(rulesWith(), rulesWith(edit)).map((change) => {
    const { name, before, after } = changeInWords(change, language);
    return `${name}: ${before} → ${after}`;
  });

test('every number of a rule set has a name, and every name a number', () => {
  const patterns = placesOf(rulesWith(full)).map(({ pattern }) => pattern);
  expect(patterns.filter((pattern) => !Object.hasOwn(fields, pattern))).toEqual([]);
  expect(Object.keys(fields).filter((pattern) => !patterns.includes(pattern))).toEqual([]);
});

test('numbers are said as people read them', () => {
  const words = (language: Language) =>
    Object.fromEntries(
      placesOf(rulesWith(full)).map((place) => {
        const { name, value } = placeInWords(place, language);
        return [name, value];
      }),
    );
  expect(words('zh-CN')).toMatchObject({
    ...{ 客户评价占综合得分: '40 %', 销售指标占综合得分: '12 %', 销售指标占单位评价: '20 %', 销售指标的类别: '销售类' },
    ...{ 优秀的最低得分: '90 分', '总体评分 2 的得分': '25 分', 可回看的月数: '1 个月、2 个月、3 个月、6 个月' },
    ...{ 每月抽查比例上限: '3.33 % (1/30)', 拨打时段: '09:30-11:30、14:00-17:00', 优秀须客户评价确定: '是' },
    ...{ 末档不称职的奖惩: '-50.00 元', '升入第 1 档所需培训': '16 小时', 起始档位: '第 3 档', 业务知识的依据: '培训' },
  });
  expect(words('en')).toMatchObject({
    ...{ 'weight of the customer score': '40 %', 'sales in the unit score': '20 %', 'excellent from': '90 points' },
  });
});

describe('what differs', () => {
  it('is nothing between a rule set and itself, nor where only its id, its month or its way of writing does', () => {
    expect(compareRules(rulesWith(full), rulesWith(full))).toEqual([]);
    const written = {
      id: 'RS-2',
      effectiveFrom: '2027-02',
      'sampling.monthlyShare': '0.30',
      'customer.priorStrength': '10',
    };
    expect(changes(written)).toEqual([]);
    expect(changes({ desk: { silentShare: '1/5', recheckShare: '0.05' } })).toEqual([]);
  });

  it('is said number by number, with what each indicator comes to in the combined score', () => {
    expect(changes({ 'unit.indicators.0.weightBp': 1500, 'unit.indicators.5.weightBp': 1500 })).toEqual([
      '销售指标占单位评价: 20 % → 15 %',
      '服务规范占单位评价: 10 % → 15 %',
      '销售指标占综合得分: 12 % → 9 %',
      '服务规范占综合得分: 6 % → 9 %',
    ]);
    expect(changes({ 'tiers.upStreak': 1, 'rating.cutoffs.0.from': '88.50' }, 'en')).toEqual([
      'excellent from: 90 points → 88.5 points',
      'excellent months in a row that rise: 2 months → 1 month',
    ]);
  });

  it('goes by what an indicator is, not by its place', () => {
    const indicators = structuredClone(defaultRules.unit.indicators);
    expect(changes({ 'unit.indicators': [...indicators.slice(1), indicators[0]] })).toEqual([]);
  });

  it('names what is new and what is gone', () => {
    const indicators = defaultRules.unit.indicators.map((one: { code: string }) =>
      one.code === 'market-visits' ? { ...one, code: '陈列' } : one,
    );
    expect(changes({ 'unit.indicators': indicators })).toEqual([
      '陈列占单位评价: 无 → 10 %',
      '陈列占综合得分: 无 → 6 %',
      '市场走访占单位评价: 10 % → 无',
      '市场走访占综合得分: 6 % → 无',
    ]);
    const before = parseRules(changed(defaultRules, full));
    expect(compareRules(before, rulesWith()).map(({ pattern, after }) => [pattern.split('.')[0], after])).toEqual(
      [
        ...[...Array(3).fill('tiers'), ...Array(4).fill('ledger')],
        ...[...Array(3).fill('roleModels'), ...Array(2).fill('evidence')],
        ...Array(5).fill('targets'),
      ].map((one) => [one, null]),
    );
  });
});
