import { readId, readName, unique } from './cells.ts';
import type { Faults } from './faults.ts';
import { Table } from './table.ts';

/** A line of the managers' file. */
export interface ManagerRow {
  readonly row: number;
  readonly id: string;
  readonly name: string;
  readonly district: string;
}

const columns = () =>
  ({
    id: {
      names: ['工号', 'id', '客户经理工号', '员工编号', '编号', 'manager', 'manager id', 'employee number'],
      read: unique(readId),
    },
    name: { names: ['姓名', 'name', '客户经理', '客户经理姓名', 'manager name'], read: readName },
    district: { names: ['区域', 'district', '营销部', '所属区域', '所属营销部', '片区'], read: readName },
  }) as const;

/** The managers' file, to be read row by row. */
export const managersTable = (faults: Faults) => new Table(columns, faults);
