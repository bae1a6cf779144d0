import { audit } from '../../platform/audit.ts';
import { Refused } from '../../platform/errors.ts';
import { type SheetFormat, writeSheet } from '../../platform/sheet.ts';
import type { LedgerServices } from './keep.ts';
import { type LineState, type PayrollRow, readPayroll } from './lines.ts';

/**
 * A month of the ledger as a file for the payroll office: every line, each manager's sum below his own and the sum of
 * all at the end, with the hash of the publication that promises it.
 */
export interface PayrollWish {
  readonly period: string;
  readonly format: SheetFormat;
  /** A user's id, a key's, or `cli`. */
  readonly actor: string;
}

const headings = [
  ...['类型', '考核期', '工号', '姓名', '区域', '事项', '金额（元）', '未兑现（元）'],
  ...['应付日', '状态', '凭证', '冲销理由', '公布哈希'],
];

/** The file's bytes. That somebody took it is in the audit log. @throws Refused `nothing-promised`. */
export async function exportPayroll(
  { database, clock }: LedgerServices,
  { period, format, actor }: PayrollWish,
): Promise<AsyncGenerator<Uint8Array>> {
  const rows = await database.transaction(async (query) => {
    const found = await readPayroll(query, period);
    if (found.length === 0)
      throw new Refused('nothing-promised', `${period} 没有要兑现的事项 · nothing is promised for ${period}`);
    await audit(query, clock.now(), { actor, action: 'ledger.export', subject: period, detail: { format } });
    return found;
  });
  return writeSheet(format, period, { headings, pages: [rows.map((row) => cellsOf(period, row))] });
}

function cellsOf(period: string, { managerId, managerName, districtName, line, amount, open }: PayrollRow): string[] {
  const type = line ? '明细' : managerId ? '小计' : '合计';
  const whose = [managerId ?? '', managerName ?? '', districtName ?? ''];
  if (!line) return [type, period, ...whose, '', amount, open, '', '', '', '', ''];
  const { kind, about, dueOn, state, proof, reason, publication } = line;
  return [
    ...[type, period, ...whose, `${kinds[kind]}：${matters[about] ?? about}`, amount, open],
    ...[dueOn, states[state], proof ?? '', reason ?? '', publication],
  ];
}

const kinds = { rating: '定等', tier: '档位', move: '升降', reward: '区域奖励' } as const;
const states = { open: '未兑现', settled: '已兑现', cancelled: '已冲销' } as const satisfies Record<LineState, string>;
const matters: Readonly<Record<string, string>> = {
  ...{ excellent: '优秀', competent: '称职', 'basically-competent': '基本称职', 'not-competent': '不称职' },
  ...{ 1: '一档', 2: '二档', 3: '三档', up: '升档', down: '降档', floor: '三档不降' },
  ...{ 'over-fulfilment': '超额完成', service: '服务突出', other: '其他' },
};
