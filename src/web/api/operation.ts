import type { Readable } from 'node:stream';
import { z } from 'zod';
import type { Services } from '../../workers/services.ts';
import type { KnownKey } from './keys.ts';
import type { Scope } from './scopes.ts';

/**
 * One operation of the API, as data. Routes and the OpenAPI document are both made from it (router.ts, document.ts), so
 * what is documented is what runs, and nothing runs that is not documented.
 */
export interface Operation {
  /** Unique; also the action under which the audit log tells of it. */
  readonly id: string;
  readonly method: 'get' | 'post' | 'put' | 'patch' | 'delete';
  /** Below /api/v1, in OpenAPI's form: `/rounds/{round}`. */
  readonly path: string;
  readonly scope: Scope;
  readonly summary: string;
  readonly params?: z.ZodObject;
  readonly query?: z.ZodObject;
  readonly body?: z.ZodType;
  /** Instead of a body: a file of one of these types, taken as it is. */
  readonly upload?: readonly string[];
  /** What leaves: fields it does not name stay here. Without one the answer has no body. */
  readonly answer?: z.ZodType;
  /** Instead of an answer: a file of one of these types. */
  readonly download?: readonly string[];
  /** 200, or 204 without an answer, where it is not given. */
  readonly status?: 201 | 202;
  /** Makes something: asked for again under the same Idempotency-Key, it gives its first answer again. */
  readonly creates?: boolean;
  /** Personal data leaves: every request is a line of the audit log. Changes write their own line. */
  readonly personal?: boolean;
  readonly run: (call: Call) => Promise<unknown>;
}

/** One request that was let in, with what it brings already read by the operation's schemas. */
export interface Call<Params = unknown, Query = unknown, Body = unknown> {
  readonly services: Services;
  readonly key: KnownKey;
  /** Who asks, for the audit log. */
  readonly actor: string;
  /** Where browsers reach us, for links that are handed over. */
  readonly publicUrl: string;
  readonly params: Params;
  readonly query: Query;
  readonly body: Body;
}

/** A file as an answer. */
export interface Download {
  readonly type: string;
  readonly fileName: string;
  readonly content: Readable;
}

type Empty = Readonly<Record<never, never>>;
type OutputOf<Schema> = Schema extends z.ZodType ? z.output<Schema> : Empty;

/** An operation whose `run` is checked against its own schemas. */
export function operation<
  Params extends z.ZodObject | undefined = undefined,
  Query extends z.ZodObject | undefined = undefined,
  Body extends z.ZodType | undefined = undefined,
  Answer extends z.ZodType | undefined = undefined,
  Upload extends readonly string[] | undefined = undefined,
  Types extends readonly string[] | undefined = undefined,
>(
  described: Omit<Operation, 'params' | 'query' | 'body' | 'answer' | 'upload' | 'download' | 'run'> & {
    readonly params?: Params;
    readonly query?: Query;
    readonly body?: Body;
    readonly answer?: Answer;
    readonly upload?: Upload;
    readonly download?: Types;
    readonly run: (
      call: Call<OutputOf<Params>, OutputOf<Query>, Upload extends readonly string[] ? Buffer : OutputOf<Body>>,
    ) => Promise<Types extends readonly string[] ? Download : Answer extends z.ZodType ? z.input<Answer> : void>;
  },
): Operation {
  // The router hands over exactly what these schemas let through.
  return described as unknown as Operation;
}

/** A moment: a Date inside, ISO 8601 in UTC outside. */
export const moment = z
  .date()
  .transform((at) => at.toISOString())
  .pipe(z.iso.datetime());

/** `2026-12`. */
export const period = z.string().regex(/^\d{4}-(0[1-9]|1[0-2])$/, '应写成“年-月” · must be a month such as 2026-12');

export const roundParams = z.object({ round: z.string().min(1).max(64).describe('2026-12-R1') });
