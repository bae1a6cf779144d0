import { createHash } from 'node:crypto';
import { z } from 'zod';
import type { Database } from '../../platform/database.ts';
import { BadInput, KnownError, Refused } from '../../platform/errors.ts';

/**
 * Idempotency-Key: a program that never heard our answer asks again with the same key and gets the first one; nothing
 * is made twice. Committed before the work begins, as calls are: where we were cut off in the middle, asking again is
 * refused instead of risked, and whoever asks looks first at what is there.
 */
export interface Asked {
  readonly keyId: string;
  readonly name: string;
  /** Method, path and body: the same key for something else is a mistake of the caller's. */
  readonly request: readonly [method: string, path: string, body: unknown];
  readonly now: Date;
}

export interface Answered {
  readonly status: number;
  readonly answer: unknown;
}

const keptHours = 24;

const header = z
  .string()
  .min(8)
  .max(100)
  .regex(/^[\x21-\x7e]+$/);

/** @throws BadInput where the header cannot be used. */
export function readIdempotencyKey(text: string | undefined): string | null {
  if (text === undefined) return null;
  const read = header.safeParse(text);
  if (read.success) return read.data;
  const message = '应为 8–100 个可见的 ASCII 字符 · must be 8 to 100 visible ASCII characters, such as a UUID';
  throw new BadInput('请求头有误 · the header cannot be used', [{ where: 'header.Idempotency-Key', message }]);
}

/** @throws Refused `key-reused` for another request under the same key, `under-way` for one without an answer yet. */
export async function once(
  { query }: Pick<Database, 'query'>,
  { keyId, name, request, now }: Asked,
  work: () => Promise<Answered>,
): Promise<Answered> {
  const digest = digestOf(request);
  await query({
    text: 'DELETE FROM api_request WHERE at < $1',
    values: [new Date(now.getTime() - keptHours * 3_600_000)],
  });
  const begun = await query({
    text: 'INSERT INTO api_request (key_id, name, digest, at) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING RETURNING name',
    values: [keyId, name, digest, now],
  });
  if (begun.length === 0) return firstAnswer({ query }, keyId, name, digest);
  try {
    const answered = await work();
    await query({
      text: 'UPDATE api_request SET status = $3, answer = $4 WHERE key_id = $1 AND name = $2',
      values: [keyId, name, answered.status, JSON.stringify(answered.answer ?? null)],
    });
    return answered;
  } catch (error) {
    // What was refused made nothing, so it may be asked for again under the same key.
    if (error instanceof KnownError)
      await query({ text: 'DELETE FROM api_request WHERE key_id = $1 AND name = $2', values: [keyId, name] });
    throw error;
  }
}

function digestOf([method, path, body]: Asked['request']): Buffer {
  const sent = Buffer.isBuffer(body) ? body : JSON.stringify(body ?? null);
  return createHash('sha256').update(`${method} ${path}\n`).update(sent).digest();
}

async function firstAnswer(
  { query }: Pick<Database, 'query'>,
  keyId: string,
  name: string,
  digest: Buffer,
): Promise<Answered> {
  const [first] = await query<{ digest: Buffer; status: number | null; answer: unknown }>({
    text: 'SELECT digest, status, answer FROM api_request WHERE key_id = $1 AND name = $2',
    values: [keyId, name],
  });
  if (first && !first.digest.equals(digest))
    throw new Refused(
      'key-reused',
      '这个 Idempotency-Key 用于过别的请求 · this Idempotency-Key was used for another request',
    );
  if (!first || first.status === null)
    throw new Refused(
      'under-way',
      '同一请求尚未得到答复，请先查看结果 · the same request has no answer yet: look at what is there before asking anew',
    );
  return { status: first.status, answer: first.answer };
}
