import { readFileSync } from 'node:fs';
import { BadInput } from '../platform/errors.ts';
import { parseJson } from '../platform/json.ts';

/**
 * A JSON document that somebody names on the command line. `where` is what a fault of the file itself is reported under.
 *
 * @throws BadInput where it cannot be read, is no UTF-8, or is no JSON of ours, with the line (src/platform/json.ts).
 */
export function readJson(path: string, where: string): unknown {
  return parseJson(readUtf8(path, where), where, `${path}, `);
}

function readUtf8(path: string, where: string): string {
  let bytes: Buffer;
  try {
    bytes = readFileSync(path);
  } catch (error) {
    throw unreadable(where, `cannot read ${path}: ${reason(error)}`);
  }
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    throw unreadable(where, `${path} is not UTF-8: save it as UTF-8`);
  }
}

function unreadable(where: string, message: string): BadInput {
  return new BadInput('the document cannot be read', [{ where, message }]);
}

const REASONS: Readonly<Record<string, string>> = {
  EACCES: 'no permission',
  EISDIR: 'it is a folder',
  ENOENT: 'there is no such file',
};

function reason(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown';
  return REASONS[code] ?? code;
}
