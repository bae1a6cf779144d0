import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { BadInput } from '../../platform/errors.ts';
import { faultsOf, lines, parseIndicators } from './faults.fixture.ts';

const rules = JSON.parse(
  readFileSync(new URL('../../../test/vectors/rules.default.json', import.meta.url), 'utf8'),
) as { unit: { indicators: { code: string }[] } };
const codes = rules.unit.indicators.map(({ code }) => code);

describe('the indicators’ file', () => {
  it('has one line a value', () => {
    const text = lines(
      '考核期,工号,指标,得分',
      '2026-12,K001,销量,104.25',
      '2026-12,K001,品牌,',
      '2026-12,K002,sales,0',
    );
    expect(parseIndicators(text)).toEqual([
      { row: 2, period: '2026-12', manager: 'K001', code: 'sales', value: '104.25' },
      { row: 3, period: '2026-12', manager: 'K001', code: 'brand', value: null },
      { row: 4, period: '2026-12', manager: 'K002', code: 'sales', value: '0' },
    ]);
  });

  it('or one line a manager; a column that is not there says nothing', () => {
    const text = lines('考核期,工号,销量,市场走访', '2026-12,K001,98.5,', '2026-12,K002,88,77');
    expect(parseIndicators(text)).toEqual([
      { row: 2, period: '2026-12', manager: 'K001', code: 'sales', value: '98.5' },
      { row: 2, period: '2026-12', manager: 'K001', code: 'market-visits', value: null },
      { row: 3, period: '2026-12', manager: 'K002', code: 'sales', value: '88' },
      { row: 3, period: '2026-12', manager: 'K002', code: 'market-visits', value: '77' },
    ]);
  });

  it('knows every indicator of the standard rule set, in both languages', () => {
    const chinese = ['销量', '品牌', '明码标价', '电子结算', '业务知识', '服务', '日常工作', '市场走访'];
    const values = codes.map((_, index) => `${index}`);
    for (const names of [chinese, codes, codes.map((code) => code.toUpperCase().replace('-', ' '))]) {
      const wide = lines(`period,manager,${names.join(',')}`, `2026-12,K001,${values.join(',')}`);
      expect(parseIndicators(wide).map(({ code, value }) => [code, value])).toEqual(
        codes.map((code, index) => [code, `${index}`]),
      );
    }
    for (const names of [chinese, codes]) {
      const long = lines('period,manager,code,value', ...names.map((name) => `2026-12,K001,${name},1`));
      expect(parseIndicators(long).map(({ code }) => code)).toEqual(codes);
    }
  });

  it('knows the indicators of the company’s own rule sets by their codes, in either form', () => {
    const own = (...text: string[]) => parseIndicators(lines(...text), null, ['sales', '陈列']);
    expect(own('考核期,工号,指标,得分', '2026-12,K001,陈列,88').map(({ code }) => code)).toEqual(['陈列']);
    expect(own('考核期,工号,陈列,销量', '2026-12,K001,88,90').map(({ code, value }) => [code, value])).toEqual(
      expect.arrayContaining([
        ['陈列', '88'],
        ['sales', '90'],
      ]),
    );
    expect(() => own('考核期,工号,指标,得分', '2026-12,K001,天气,1')).toThrow(BadInput);
  });

  it.each(['2026-12', '2026/12', '2026.12', '202612', '2026年12月', '２０２６－１２'])(
    'reads the period %s',
    (period) => {
      expect(parseIndicators(lines('考核期,工号,销量', `${period},K001,1`))[0]?.period).toBe('2026-12');
    },
  );

  it.each([
    ['2026-13,K001,销量,1', '考核期', '不是考核期：请填年月，如 2026-12'],
    ['Dec-26,K001,销量,1', '考核期', '不是考核期'],
    [',K001,销量,1', '考核期', '不是考核期'],
    ['2026-12,K009,销量,1', '工号', '没有工号为“K009”的客户经理'],
    ['2026-12,K001,身高,1', '指标', '“身高” 不能识别，请填：销量 (sales)、品牌 (brand)'],
    ['2026-12,K001,,1', '指标', '不能为空'],
    ['2026-12,K001,销量,-1', '得分', '“-1” 不是数值'],
    ['2026-12,K001,销量,95%', '得分', '“95%” 不是数值'],
    ['2026-12,K001,销量,1e3', '得分', '“1e3” 不是数值'],
    ['2026-12,K001,销量,1.23456', '得分', '“1.23456” 不是数值'],
    ['2026-12,K001,销量,123456789', '得分', '“123456789” 不是数值'],
    ['2026-12,K001,销量,无', '得分', '没有此项则留空'],
  ])('refuses %s at %s: %s', (line, column, message) => {
    const [fault, ...others] = faultsOf(() => parseIndicators(lines('考核期,工号,指标,得分', line), new Set(['K001'])));
    expect(others).toEqual([]);
    expect(fault).toContain(`第 2 行，列“${column}”`);
    expect(fault).toContain(message);
  });

  it.each([
    [
      'one line a value',
      lines('考核期,工号,指标,得分', '2026-12,K001,销量,1', '2026-11,K001,销量,1', '202612,K001,sales,2'),
    ],
    ['one line a manager', lines('考核期,工号,销量', '2026-12,K001,1', '2026-11,K001,1', '202612,K001,2')],
  ])('refuses a value given twice, in %s', (_, text) => {
    expect(faultsOf(() => parseIndicators(text))).toEqual([
      expect.stringMatching(/^第 4 行 \(row 4\): 与第 2 行重复（2026-12，K001/),
    ]);
  });

  it('refuses a mixture of both forms', () => {
    const found = faultsOf(() => parseIndicators(lines('考核期,工号,指标,得分,品牌', '2026-12,K001,销量,1,2')));
    expect(found).toEqual([expect.stringContaining('列“品牌”')]);
  });

  it('asks for the first form where it can tell neither', () => {
    const found = faultsOf(() => parseIndicators(lines('考核期,工号', '2026-12,K001')));
    expect(found).toEqual([expect.stringContaining('缺少列“指标”'), expect.stringContaining('缺少列“得分”')]);
  });

  it('makes of any text either rows or a BadInput', () => {
    const scraps = fc.constantFrom(
      '考核期',
      '工号',
      '指标',
      '得分',
      '销量',
      '2026-12',
      '1',
      '"',
      ',',
      ',',
      '\n',
      '\n',
      '\r\n',
    );
    const texts = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.array(scraps, { maxLength: 80 }).map((parts) => parts.join('')),
    );
    fc.assert(
      fc.property(texts, (text) => {
        try {
          expect(parseIndicators(text)).not.toHaveLength(0);
        } catch (error) {
          expect(error).toBeInstanceOf(BadInput);
          expect((error as BadInput).faults).not.toHaveLength(0);
        }
      }),
      { numRuns: 2000 },
    );
  });
});
