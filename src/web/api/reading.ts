import { z } from 'zod';
import { BadInput, type Fault } from '../../platform/errors.ts';
import type { Operation } from './operation.ts';

/** What a request brings, read by its operation's schemas: every fault of every part at once, in both languages. */
export interface Brought {
  readonly params: unknown;
  readonly query: unknown;
  readonly body: unknown;
}

/** @throws BadInput with every fault. */
export function readRequest({ params, query, body, upload }: Operation, brought: Brought): Brought {
  const faults: Fault[] = [];
  const read = (part: keyof Brought, schema: z.ZodType | undefined) => {
    const result = (schema ?? nothing).safeParse(brought[part] ?? {}, chinese);
    if (result.success) return result.data;
    const english = (schema ?? nothing).safeParse(brought[part] ?? {}, inEnglish);
    faults.push(...result.error.issues.map((issue, index) => told(part, issue, english.error?.issues[index])));
    return undefined;
  };
  const whole = {
    params: read('params', params),
    query: read('query', query),
    body: upload ? brought.body : read('body', body),
  };
  if (faults.length > 0) throw new BadInput('请求有误 · the request cannot be used', faults);
  return whole;
}

const nothing = z.object({});
const chinese = { error: z.locales.zhCN().localeError };
const inEnglish = { error: z.locales.en().localeError };

function told(part: string, issue: z.core.$ZodIssue, english: z.core.$ZodIssue | undefined): Fault {
  const where = [part, ...issue.path.map(String)].join('.');
  // A schema that says it in its own words says it in both languages already.
  const same = english === undefined || english.message === issue.message;
  return { where, message: same ? issue.message : `${issue.message} · ${english.message}` };
}
