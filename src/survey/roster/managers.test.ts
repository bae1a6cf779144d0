import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { BadInput } from '../../platform/errors.ts';
import { faultsOf, lines, parseManagers } from './faults.fixture.ts';

const zhang = { id: 'K001', name: '张三', district: '城东' };
const li = { id: 'K002', name: '李四', district: '西苑' };

describe('the managers’ file', () => {
  it.each([
    ['Chinese headings', lines('工号,姓名,区域', 'K001,张三,城东', 'K002,李四,西苑')],
    ['English headings', lines('id,name,district', 'K001,张三,城东', 'K002,李四,西苑')],
    ['both, in any order and spelling', lines('营销部,ID,客户经理', '城东,K001,张三', '西苑,K002,李四')],
    [
      'headings with signs and full-width letters',
      lines('员工 编号,（姓名）,Ｄｉｓｔｒｉｃｔ', 'K001,张三,城东', 'K002,李四,西苑'),
    ],
    ['a byte-order mark', `\uFEFF${lines('工号,姓名,区域', 'K001,张三,城东', 'K002,李四,西苑')}`],
    ['CRLF', '工号,姓名,区域\r\nK001,张三,城东\r\nK002,李四,西苑\r\n'],
    ['no last line break', '工号,姓名,区域\nK001,张三,城东\nK002,李四,西苑'],
    ['a title above the table', lines('2026 年名册,,', '', '工号,姓名,区域', 'K001,张三,城东', 'K002,李四,西苑')],
    ['quotes', '"工号","姓名","区域"\n"K001","张三","城东"\n"K002","李四","西苑"\n'],
    ['blanks around cells', lines(' 工号 , 姓名,区域', ' K001 ,张三\u3000, 城东', 'K002,"李四" ,西苑')],
    [
      'what spreadsheets leave at the edge',
      lines('工号,姓名,区域,,', 'K001,张三,城东,,', 'K002,李四,西苑,,', ',,,,', ''),
    ],
  ])('reads %s', (_, text) => {
    expect(parseManagers(text)).toEqual([
      { row: expect.any(Number), ...zhang },
      { row: expect.any(Number), ...li },
    ]);
  });

  it('counts rows as a spreadsheet does: headings and blank rows count', () => {
    const text = lines('', '工号,姓名,区域', 'K001,张三,城东', '', 'K002,李四,西苑');
    expect(parseManagers(text).map(({ row }) => row)).toEqual([3, 5]);
  });

  it('takes composed and decomposed letters for the same id', () => {
    expect(faultsOf(() => parseManagers(lines('id,name,district', 'E\u0301,a,b', '\u00C9,c,d')))).toEqual([
      '第 3 行，列“id” (row 3, column id): “\u00C9” 与第 2 行重复 · is in row 2 already',
    ]);
  });

  it('keeps quotes that stand inside a cell, written twice or not', () => {
    const text = lines('工号,姓名,区域', 'K001,张"三"哥,"城""东"""');
    expect(parseManagers(text)).toEqual([{ row: 2, id: 'K001', name: '张"三"哥', district: '城"东"' }]);
  });

  it.each([
    ['an empty file', '', ['文件 (file): 文件是空的']],
    ['a byte-order mark alone', '\uFEFF', ['文件 (file): 文件是空的']],
    ['blank rows alone', ',,\n\n', ['文件 (file): 文件是空的']],
    ['headings alone', '工号,姓名,区域\n', ['文件 (file): 只有表头']],
    ['a missing column', lines('工号,姓名', 'K001,张三'), ['第 1 行 (row 1): 缺少列“区域” · the column district']],
    [
      'no headings',
      lines('K001,张三,城东', 'K002,李四,西苑'),
      [
        '第 1 行，列“K001” (row 1, column K001): 不认识',
        '第 1 行，列“张三” (row 1, column 张三): 不认识',
        '第 1 行，列“城东” (row 1, column 城东): 不认识',
        '第 1 行 (row 1): 缺少列“工号”',
        '第 1 行 (row 1): 缺少列“姓名”',
        '第 1 行 (row 1): 缺少列“区域”',
      ],
    ],
    [
      'an unknown column',
      lines('工号,姓名,区域,籍贯', 'K001,张三,城东,南昌'),
      ['第 1 行，列“籍贯” (row 1, column 籍贯): 不认识这一列'],
    ],
    [
      'a column given twice',
      lines('工号,姓名,区域,营销部', 'K001,张三,城东,城东'),
      ['第 1 行，列“营销部” (row 1, column 营销部): 与第 3 列'],
    ],
    ['content without a heading', lines('工号,姓名,区域,', 'K001,张三,城东,x'), ['第 1 行 (row 1): 第 4 列没有表头']],
    ['tabs instead of commas', '工号\t姓名\t区域\nK001\t张三\t城东\n', ['文件 (file): 不是用英文逗号分隔的']],
    [
      'too few and too many cells',
      lines('工号,姓名,区域', 'K001,张三', 'K002,李四,西苑,x'),
      ['第 2 行 (row 2): 有 2 格，表头有 3 格', '第 3 行 (row 3): 有 4 格，表头有 3 格'],
    ],
    [
      'an id twice',
      lines('工号,姓名,区域', 'K001,张三,城东', 'K002,李四,西苑', 'K001,王五,城东'),
      ['第 4 行，列“工号” (row 4, column 工号): “K001” 与第 2 行重复'],
    ],
    [
      'ids that no frame could hold',
      lines('工号,姓名,区域', ',张三,城东', 'K|2,李四,西苑', `${'K'.repeat(65)},王五,城东`, '3.6E+11,赵六,城东'),
      [
        '第 2 行，列“工号” (row 2, column 工号): is empty',
        '第 3 行，列“工号” (row 3, column 工号): contains "|"',
        '第 4 行，列“工号” (row 4, column 工号): has 65 characters',
        '第 5 行，列“工号” (row 5, column 工号): “3.6E+11” 是被 Excel',
      ],
    ],
    [
      'names empty or too long',
      lines('工号,姓名,区域', 'K001,,城东', `K002,${'四'.repeat(101)},`),
      [
        '第 2 行，列“姓名” (row 2, column 姓名): 不能为空',
        '第 3 行，列“姓名” (row 3, column 姓名): 有 101 个字符',
        '第 3 行，列“区域” (row 3, column 区域): 不能为空',
      ],
    ],
    [
      'a quote that never closes',
      lines('工号,姓名,区域', 'K001,"张三,城东', 'K002,李四,西苑'),
      ['第 2 行 (row 2): 从这一行开始的引号'],
    ],
    [
      'a missing quote that swallows the next row',
      lines('工号,姓名,区域', 'K001,"张三,城东', 'K002,李四",西苑'),
      ['第 2 行，列“姓名” (row 2, column 姓名): “张三,城东 K002,李四” 含有换行'],
    ],
    [
      'text after a closing quote, and what is wrong further down',
      lines('工号,姓名,区域', 'K001,"张"三,城东', 'K002,,西苑'),
      ['第 2 行 (row 2): 引号后面还有文字', '第 3 行，列“姓名” (row 3, column 姓名): 不能为空'],
    ],
    ['a broken first row', lines('"工"号,姓名,区域', 'K001,张三,城东'), ['第 1 行 (row 1): 引号后面还有文字']],
    [
      'control characters',
      lines('工号,姓名,区域', 'K001,张\u0007三,城东'),
      ['第 2 行，列“姓名” (row 2, column 姓名): “张 三” 含有换行'],
    ],
    [
      'traces of a wrong conversion',
      lines('工号,姓名,区域', 'K001,\uFFFD\uFFFD,城东', 'K002,\uD800,西苑'),
      ['第 2 行，列“姓名” (row 2, column 姓名): 含有无法识别', '第 3 行，列“姓名” (row 3, column 姓名): 含有无法识别'],
    ],
  ])('refuses %s, saying where and what', (_, text, expected) => {
    const found = faultsOf(() => parseManagers(text));
    expect(found).toHaveLength(expected.length);
    for (const [index, beginning] of expected.entries())
      expect(found[index]?.slice(0, beginning.length)).toBe(beginning);
  });

  it('says in Chinese and in English what to do', () => {
    const [fault] = faultsOf(() => parseManagers(lines('工号,姓名', 'K001,张三')));
    expect(fault).toMatch(/缺少列“区域” · the column district is missing$/);
  });

  it('finds faults of all kinds at once, by row', () => {
    const text = lines('工号,姓名,区域', 'K001,,城东', 'K002', 'K001,王五,');
    expect(faultsOf(() => parseManagers(text)).map((fault) => fault.slice(0, 5))).toEqual([
      '第 2 行',
      '第 3 行',
      '第 4 行',
      '第 4 行',
    ]);
  });
});

describe('any text at all', () => {
  const scraps = fc.constantFrom(
    '工号',
    '姓名',
    '区域',
    'K1',
    '"',
    '""',
    ',',
    '\n',
    '\r\n',
    '\r',
    ' ',
    '\uFEFF',
    '\t',
    '\0',
    '\uD800',
  );
  const texts = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.array(scraps, { maxLength: 60 }).map((parts) => parts.join('')),
  );

  it('is either rows or a BadInput with at least one fault', () => {
    fc.assert(
      fc.property(texts, (text) => {
        const outcome = attempt(() => parseManagers(text));
        if (outcome instanceof BadInput) expect(outcome.faults.length).toBeGreaterThan(0);
        else expect(outcome).not.toHaveLength(0);
      }),
      { numRuns: 2000 },
    );
  });
});

function attempt<T>(work: () => T): T | BadInput {
  try {
    return work();
  } catch (error) {
    if (error instanceof BadInput) return error;
    throw error;
  }
}
