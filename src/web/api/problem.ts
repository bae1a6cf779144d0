import type { ErrorRequestHandler, Response } from 'express';
import { z } from 'zod';
import { BadInput, type Fault, Refused } from '../../platform/errors.ts';
import type { Services } from '../../workers/services.ts';
import { NotFound, TooMany } from '../faults.ts';

/**
 * Errors as RFC 9457 problem details: what is wrong in words, and every fault with where it stands. Of a defect only
 * the number goes out under which the log tells the cause.
 */
export const problem = z.object({
  type: z.string().describe('about:blank: the status says it all'),
  title: z.string(),
  status: z.int(),
  code: z.string().describe('what a program may go by'),
  detail: z.string().optional(),
  faults: z.array(z.object({ where: z.string(), message: z.string() })).optional(),
  id: z.string().optional().describe('under which our log tells the cause'),
});
type Problem = z.infer<typeof problem>;

/** A key is missing, was never made, or is revoked. */
export class Unauthenticated extends Error {}

/** The key holds, but not for this. */
export class ScopeMissing extends Error {
  readonly scope: string;

  constructor(scope: string) {
    super(scope);
    this.scope = scope;
  }
}

export function sendProblem(response: Response, told: Omit<Problem, 'type'>): void {
  if (told.status === 401) response.set('WWW-Authenticate', 'Bearer realm="huifang"');
  const body: Problem = { type: 'about:blank', ...told };
  response.status(told.status).type('application/problem+json').send(JSON.stringify(body));
}

export const tellProblems =
  (services: Services): ErrorRequestHandler =>
  (error: unknown, request, response, next) => {
    if (response.headersSent) return next(error);
    sendProblem(response, known(error) ?? defect(services, error, request.method, request.path));
  };

function known(error: unknown): Omit<Problem, 'type'> | null {
  if (error instanceof Unauthenticated)
    return {
      ...{ status: 401, code: 'unauthenticated', title: '需要有效的 API 密钥 · a valid API key is needed' },
      detail: 'Authorization: Bearer huifang_…',
    };
  if (error instanceof ScopeMissing)
    return {
      ...{ status: 403, code: 'scope-missing', title: '密钥没有这项权限 · the key lacks the scope' },
      detail: error.scope,
    };
  if (error instanceof NotFound)
    return { status: 404, code: 'not-found', title: '没有这一项 · there is no such thing' };
  if (error instanceof TooMany)
    return {
      status: 429,
      code: 'too-many-requests',
      title: '请求太频繁，请稍后再试 · too many requests, try again later',
    };
  if (error instanceof BadInput)
    return {
      status: 400,
      code: error.code,
      title: '输入有误，没有执行 · bad input, nothing was done',
      ...faultsOf(error),
    };
  if (error instanceof Refused)
    return { status: 409, code: error.code, title: '现在不能这样做 · refused as things stand', detail: error.message };
  const { status, type } = (error ?? {}) as { status?: unknown; type?: unknown };
  if (typeof status === 'number' && status >= 400 && status < 500)
    return {
      status,
      code: typeof type === 'string' ? type : 'bad-request',
      title: '看不懂这个请求 · the request cannot be read',
    };
  return null;
}

const faultsOf = ({ message, faults }: BadInput): { detail: string; faults: Fault[] } => ({
  detail: message,
  faults: faults.map(({ where, message }) => ({ where, message })),
});

function defect({ chance, log }: Services, error: unknown, method: string, path: string): Omit<Problem, 'type'> {
  const id = chance.id();
  log.error({ err: error, id, method, path }, 'request failed');
  return { status: 500, code: 'defect', title: '系统出错了 · something went wrong here', id };
}
