import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { BadInput } from '../../platform/errors.ts';
import { faultsOf, lines, parseRetailers } from './faults.fixture.ts';

const headings = '许可证号,店名,客户经理工号,电话,市场类型,状态,语言,拒访';
const shop = {
  row: 2,
  id: '360100000001',
  name: '老王烟酒店',
  address: null,
  manager: 'K001',
  phone: { e164: '+8613800138000', kind: 'mobile' },
  phone2: undefined,
  phone3: undefined,
  timeZone: null,
  orderingDays: null,
  deliveryDays: null,
  from: null,
  stratum: 'urban',
  status: 'active',
  language: 'zh-CN',
  optedOut: false,
};

describe('the retailers’ file', () => {
  it('reads every column, by Chinese words', () => {
    const text = lines(headings, '360100000001,老王烟酒店,K001,138-0013-8000,乡村,停业,英语,是');
    expect(parseRetailers(text)).toEqual([
      { ...shop, stratum: 'rural', status: 'closed', language: 'en', optedOut: true },
    ]);
  });

  it('reads where the shop is, and empty is known to be empty', () => {
    const text = lines(
      '许可证号,店名,地址,客户经理工号,电话,市场类型',
      '360100000001,老王烟酒店,解放路 8 号,K001,13800138000,城镇',
    );
    expect(parseRetailers(text)).toEqual([{ ...shop, status: null, language: null, address: '解放路 8 号' }]);
  });

  it('reads every column, by English words', () => {
    const text = lines(
      'licence number,shop name,manager id,mobile,market type,status,language,opted_out',
      '360100000001,老王烟酒店,K001,0766-1234567,Urban,CLOSED,en,Yes',
    );
    expect(parseRetailers(text)).toEqual([
      { ...shop, phone: { e164: '+867661234567', kind: 'landline' }, status: 'closed', language: 'en', optedOut: true },
    ]);
  });

  it('takes an empty phone for none, and empty choices for the usual', () => {
    expect(parseRetailers(lines(headings, '360100000001,老王烟酒店,K001,,城镇,,,'))).toEqual([
      { ...shop, phone: null },
    ]);
  });

  it('says nothing of status and language where the file has no such column', () => {
    const text = lines('许可证号,店名,客户经理工号,电话,市场类型', '360100000001,老王烟酒店,K001,13800138000,城镇');
    expect(parseRetailers(text)).toEqual([{ ...shop, status: null, language: null }]);
  });

  it('lets shops share a phone', () => {
    const text = lines(headings, '1,甲,K001,13800138000,城镇,,,', '2,乙,K002,+86 138 0013 8000,城镇,,,');
    expect(new Set(parseRetailers(text).map(({ phone }) => JSON.stringify(phone))).size).toBe(1);
  });

  it.each([
    ['1,甲,K001,12345,城镇,,,', '电话', '不是有效的手机'],
    ['1,甲,K001,4008123456,城镇,,,', '电话', '不是手机也不是固定电话'],
    ['1,甲,K001,无,城镇,,,', '电话', '含有不属于电话号码的字符'],
    ['1,甲,K001,,,,,', '市场类型', '不能为空，请填：城镇 (urban)、乡村 (rural)'],
    ['1,甲,K001,,郊区,,,', '市场类型', '“郊区” 不能识别，请填：城镇 (urban)、乡村 (rural)'],
    ['1,甲,K001,,城镇,在修,,', '状态', '“在修” 不能识别，请填：正常 (active)、停业 (closed)'],
    ['1,甲,K001,,城镇,,粤语,', '语言', '“粤语” 不能识别，请填：中文 (zh-CN)、英语 (en)'],
    ['1,甲,K001,,城镇,,,也许', '拒访', '“也许” 不能识别，请填：是 (yes)、否 (no)'],
    ['1,甲,,,城镇,,,', '客户经理工号', 'is empty 不能为空'],
    ['1,甲,K009,,城镇,,,', '客户经理工号', '没有工号为“K009”的客户经理'],
    ['3.601E+11,甲,K001,,城镇,,,', '许可证号', '“3.601E+11” 是被 Excel'],
  ])('refuses %s at %s: %s', (line, column, message) => {
    const [fault, ...others] = faultsOf(() => parseRetailers(lines(headings, line), new Set(['K001'])));
    expect(others).toEqual([]);
    expect(fault).toContain(`第 2 行，列“${column}” (row 2, column ${column}): ${message}`);
  });

  it('lists every fault of every row', () => {
    const text = lines(headings, '1,,K009,110,郊区,?,?,?', '1,乙,K001,13800138000,城镇,,,', '2,丙,K009,,城镇,,,');
    const found = faultsOf(() => parseRetailers(text, new Set(['K001'])));
    expect(found.map((fault) => fault.slice(0, fault.indexOf(' (')))).toEqual([
      '第 2 行，列“店名”',
      '第 2 行，列“客户经理工号”',
      '第 2 行，列“电话”',
      '第 2 行，列“市场类型”',
      '第 2 行，列“状态”',
      '第 2 行，列“语言”',
      '第 2 行，列“拒访”',
      '第 3 行，列“许可证号”',
      '第 4 行，列“客户经理工号”',
    ]);
  });

  it('says no number in a fault, nor in the error', () => {
    const text = lines(headings, '1,甲,K001,1380013800,城镇,,,', '2,乙,K001,4008123456,城镇,,,');
    const error = attempt(text);
    expect(error).toBeInstanceOf(BadInput);
    expect(JSON.stringify([(error as BadInput).faults, (error as BadInput).message])).not.toMatch(
      /1380013800|4008123456/,
    );
  });

  it('makes of any cells either rows or a BadInput', () => {
    const cell = fc.oneof(
      fc.string({ unit: 'binary', maxLength: 12 }),
      fc.constantFrom('', '城镇', '乡村', 'K001', '13800138000', '是', 'en', '"', '停业', '1'),
    );
    const row = fc.array(cell, { minLength: 7, maxLength: 9 }).map((cells) => cells.join(','));
    fc.assert(
      fc.property(fc.array(row, { maxLength: 4 }), (rows) => {
        const outcome = attempt(lines(headings, ...rows));
        expect(outcome instanceof BadInput ? outcome.faults : outcome).not.toHaveLength(0);
      }),
      { numRuns: 1000 },
    );
  });
});

function attempt(text: string) {
  try {
    return parseRetailers(text);
  } catch (error) {
    if (error instanceof BadInput) return error;
    throw error;
  }
}
