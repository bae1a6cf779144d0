/**
 * Errors that somebody outside can do something about. Each has a code; the edges (command line, HTTP, pages)
 * turn the code into an exit status, a response or a sentence. Anything else is a defect and is logged as one.
 */

/** One thing wrong with what we were given: where it stands, and what is wrong and would mend it. */
export interface Fault {
  readonly where: string;
  readonly message: string;
}

export abstract class KnownError extends Error {
  abstract readonly code: string;
}

/** What we were given cannot be used. Carries every fault that was found, not just the first; nothing was applied. */
export class BadInput extends KnownError {
  readonly code = 'bad-input';
  readonly faults: readonly Fault[];

  constructor(what: string, faults: readonly Fault[]) {
    super(`${what}: ${faults.length === 1 ? 'one fault' : `${faults.length} faults`}`);
    this.name = 'BadInput';
    this.faults = faults;
  }
}

/** It cannot be done now, though it was asked for correctly: the state of things forbids it. */
export class Refused extends KnownError {
  readonly code: string;

  constructor(code: string, message: string) {
    super(message);
    this.name = 'Refused';
    this.code = code;
  }
}

/** Closes a `switch` over a union: reaching it is a defect, and the compiler says so first. */
export function never(value: never): never {
  throw new Error(`unhandled case: ${JSON.stringify(value)}`);
}
