import { BadInput } from '../../platform/errors.ts';

/** What was found wrong, one line a fault: where, and what. Fails if nothing was. */
export function faultsOf(read: () => unknown): string[] {
  try {
    read();
  } catch (error) {
    if (error instanceof BadInput) return error.faults.map(({ where, message }) => `${where}: ${message}`);
    throw error;
  }
  throw new Error('no fault was found');
}

/** Rows of cells as CSV, without quoting. */
export const lines = (...rows: readonly string[]): string => rows.map((row) => `${row}\n`).join('');
