import { createWriteStream } from 'node:fs';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { BadInput } from '../platform/errors.ts';
import type { LedgerServices } from '../scoring/ledger/keep.ts';
import { exportPayroll } from '../scoring/ledger/payroll.ts';
import { sheetFormatOf } from './export.ts';

/**
 * `huifang ledger export PERIOD FILE`, CSV or XLSX by the file's name. Readable by its owner alone: it says who is paid
 * what.
 *
 * @throws BadInput where period or name make no sense; Refused where nothing is promised.
 */
export async function exportLedger(
  services: LedgerServices,
  period: string,
  path: string,
  out: NodeJS.WritableStream,
): Promise<void> {
  if (!/^\d{4}-(0[1-9]|1[0-2])$/.test(period))
    throw new BadInput('无法导出 · cannot be exported', [
      { where: period, message: '考核期应写成“年-月” · must be a month such as 2026-12' },
    ]);
  const bytes = await exportPayroll(services, { period, format: sheetFormatOf(path), actor: 'cli' });
  await pipeline(Readable.from(bytes), createWriteStream(path, { mode: 0o600 }));
  out.write(`${path}：已导出 · exported\n`);
}
