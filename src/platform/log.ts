import { type Logger, pino } from 'pino';

/**
 * Logs for operators: what happened to which round, case or attempt, by id. Numbers, names, answers and secrets never
 * go in. Errors are written by name, code, message and stack alone, because those of HTTP clients carry the request
 * with its credentials and form fields.
 */
export type Log = Pick<Logger, 'debug' | 'info' | 'warn' | 'error'>;

export function openLog(level: string, destination: NodeJS.WritableStream = process.stderr): Log {
  return pino({ level, base: null, serializers: { err: describeError } }, destination);
}

export const silentLog: Log = pino({ level: 'silent' });

interface DescribedError {
  readonly type: string;
  readonly message: string;
  readonly code?: unknown;
  readonly stack?: string;
  readonly cause?: DescribedError;
}

function describeError(error: unknown): DescribedError {
  if (!(error instanceof Error)) return { type: typeof error, message: 'not an Error' };
  const { code } = error as { code?: unknown };
  return {
    type: error.name,
    message: withoutNumbers(error.message),
    ...(code !== undefined && { code }),
    ...(error.stack && { stack: withoutNumbers(error.stack) }),
    ...(error.cause !== undefined && { cause: describeError(error.cause) }),
  };
}

/** Carriers and databases put the offending telephone number into their messages. */
const withoutNumbers = (text: string): string =>
  text.replace(/\+?\d[\d -]{5,}\d/g, (number) => `${number.slice(0, 3)}****`);
