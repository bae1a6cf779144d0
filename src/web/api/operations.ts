import type { Operation } from './operation.ts';
import { roundOperations } from './round-operations.ts';

/** Every operation of the API. What is not here is not served. */
export const operations: readonly Operation[] = [...roundOperations];
