import { KnownError } from '../errors.ts';

/** The embedded PostgreSQL cannot be had here, or not now. Says what is missing and the way around it. */
export class EmbeddedPostgresFailed extends KnownError {
  readonly code = 'embedded-postgres';

  constructor(what: string, options?: ErrorOptions) {
    super(`The embedded PostgreSQL ${what}. DATABASE_URL can name another PostgreSQL server instead.`, options);
    this.name = 'EmbeddedPostgresFailed';
  }
}

const reasons: Readonly<Record<string, string>> = {
  ENOSPC: 'the disk is full',
  EDQUOT: 'the disk quota is used up',
  EROFS: 'the file system is read-only',
  EACCES: 'it belongs to another user; run as that user, or remove it to start with an empty database',
  EPERM: 'it belongs to another user; run as that user, or remove it to start with an empty database',
};

/** A file system's refusal, somewhere in `folder`, as a sentence; any other error is passed on as it is. */
export function explain(error: unknown, folder: string): unknown {
  if (!(error instanceof Error)) return error;
  const { code = '', path = folder } = error as NodeJS.ErrnoException;
  const reason = reasons[code];
  return reason ? new EmbeddedPostgresFailed(`cannot use ${path}: ${reason}`, { cause: error }) : error;
}

/** The programs' own last words, where one of them names a cause that somebody can mend. */
export const diskIsFull = (output: string): boolean => /No space left on device|Disk quota exceeded/.test(output);

export const lastLines = (output: string, count = 12): string =>
  output.trim().split('\n').slice(-count).join('\n').trim();
