import { readId } from './cells.ts';
import type { Faults } from './faults.ts';
import { type PhoneNumber, readPhone } from './phone.ts';
import type { Reading } from './reading.ts';
import { Table } from './table.ts';

/** A line of the file of the company's own numbers. Somebody may have several. */
export interface StaffRow {
  readonly row: number;
  readonly employee: string;
  readonly phone: PhoneNumber;
}

const columns = () =>
  ({
    employee: { names: ['工号', 'employee', '员工编号', '编号', 'id', 'employee number'], read: readId },
    phone: { names: ['电话', 'phone', '手机', '手机号', '号码', '联系电话', 'number', 'mobile'], read: readOnce() },
  }) as const;

/** No number twice in a file: it could not be told whose it is. The fault does not repeat the number. */
function readOnce(): (cell: string, row: number) => Reading<PhoneNumber> {
  const firstRow = new Map<string, number>();
  return (cell, row) => {
    const reading = readPhone(cell);
    if ('fault' in reading) return reading;
    const before = firstRow.get(reading.value.e164);
    if (before !== undefined) return { fault: `与第 ${before} 行是同一号码 · is the number of row ${before} again` };
    firstRow.set(reading.value.e164, row);
    return reading;
  };
}

/** The staff's file, to be read row by row. */
export const staffTable = (faults: Faults) => new Table(columns, faults);
