import type { Operation } from './operation.ts';
import { rosterOperations } from './roster-operations.ts';
import { roundOperations } from './round-operations.ts';
import { scheduleOperations } from './schedule-operations.ts';

/** Every operation of the API. What is not here is not served. */
export const operations: readonly Operation[] = [...roundOperations, ...scheduleOperations, ...rosterOperations];
