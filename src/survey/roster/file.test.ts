import { describe, expect, it } from 'vitest';
import { BadInput } from '../../platform/errors.ts';
import { writeXlsx } from '../../platform/sheet.ts';
import { Faults } from './faults.ts';
import { readRows } from './file.ts';

/** The cells of each row, or what is wrong with the file. */
async function read(bytes: Uint8Array): Promise<{ row: number; cells: readonly string[] }[] | string[]> {
  const faults = new Faults();
  try {
    const rows = [];
    for await (const row of readRows(bytes, faults)) rows.push(row);
    faults.throwIfAny();
    return rows;
  } catch (error) {
    if (error instanceof BadInput) return error.faults.map(({ where, message }) => `${where}: ${message}`);
    throw error;
  }
}

const text = '工号,姓名\nK001,张三\n';
const rows = [
  { row: 1, cells: ['工号', '姓名'] },
  { row: 2, cells: ['K001', '张三'] },
];
/** 工号,姓名 / K001,张三 */
const gbk = Buffer.from('b9a4bac52cd0d5c3fb0a4b3030312cd5c5c8fd0a', 'hex');

describe('a roster file', () => {
  it.each([
    ['UTF-8', Buffer.from(text)],
    ['UTF-8 with a byte-order mark', Buffer.from(`\uFEFF${text}`)],
    ['GBK', gbk],
    ['UTF-16 as Excel marks it', Buffer.from(`\uFEFF${text}`, 'utf16le')],
  ])('is read in %s', async (_, bytes) => {
    expect(await read(bytes)).toEqual(rows);
  });

  it('in GBK has its rare characters too (GB 18030)', async () => {
    // The second character takes four bytes.
    expect(await read(Buffer.from('cdf58139ee39', 'hex'))).toEqual([{ row: 1, cells: ['王\u3400'] }]);
  });

  it('is as long as it likes: rows are counted on through all of it', async () => {
    const lines = Array.from({ length: 2501 }, (_, index) => `${index + 1},店`);
    const found = await read(Buffer.from(lines.join('\r\n')));
    expect(found).toHaveLength(2501);
    expect(found.at(-1)).toEqual({ row: 2501, cells: ['2501', '店'] });
  });

  it('in UTF-8 with a few broken bytes is told by its rows, and not taken for GBK', async () => {
    const whole = Buffer.from(`${'工号,姓名,区域\n'.repeat(9)}K001,张三,城东\nK002,李四,西苑\n`);
    const place = whole.indexOf('李四');
    const broken = Buffer.concat([whole.subarray(0, place + 2), whole.subarray(place + 3)]);
    expect(await read(broken)).toEqual([expect.stringMatching(/^第 11 行 \(row 11\): 这一行有损坏的 UTF-8/)]);
  });

  it.each([
    ['an old workbook', Buffer.from('d0cf11e0a1b11ae1', 'hex'), /旧版 Excel/],
    ['a damaged workbook', Buffer.from('504b0304ffffffff', 'hex'), /不是可以读取的 Excel/],
    ['a picture', Buffer.from('ffd8ffe000104a46494600', 'hex'), /既不是 UTF-8 也不是 GBK/],
  ])('that is %s is refused', async (_, bytes, expected) => {
    expect(await read(bytes)).toEqual([expect.stringMatching(expected)]);
  });
});

describe('a workbook', () => {
  it('is read as it is written, ids as text, gaps and all', async () => {
    const written = [
      ['360100000001', '老王烟酒店', '', '周二上午'],
      ['', '', '', ''],
      ['000123456789012345', '=1+1', '13800138000', ''],
    ];
    const chunks: Uint8Array[] = [];
    for await (const chunk of writeXlsx('retailers', ['许可证号', '店名', '电话', '订货日'], written))
      chunks.push(chunk);
    expect(await read(Buffer.concat(chunks))).toEqual([
      { row: 1, cells: ['许可证号', '店名', '电话', '订货日'] },
      { row: 2, cells: written[0] },
      { row: 3, cells: written[1] },
      { row: 4, cells: written[2] },
    ]);
  });
});
