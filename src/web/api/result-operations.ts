import { z } from 'zod';
import type { Query } from '../../platform/database.ts';
import { customerEvaluation, customerEvaluationOf } from '../../scoring/events.ts';
import { findByHash, findResult, findStanding, listResults } from '../../scoring/results.ts';
import { NotFound } from '../faults.ts';
import { moment, type Operation, operation, period } from './operation.ts';
import { pageOut, pageQuery, placeIn } from './paging.ts';

/** Results by API: of each manager the same as the webhook `customer-evaluation.finalized` has it. */
const stage = z
  .enum(['final', 'standing'])
  .default('final')
  .describe('`standing`: the notice too, which appeals may still change');

const told = { stage: z.enum(['notice', 'final']), publishedAt: moment };
/** A page goes on in the publication it began in, whatever was published meanwhile. */
const place = z.tuple([z.string(), z.string()]);

async function standing(query: Query, of: string, which: 'final' | 'standing', hash?: string) {
  const found = hash === undefined ? await findStanding(query, of, which) : await findByHash(query, of, hash);
  if (!found) throw new NotFound();
  return found;
}

export const resultOperations: readonly Operation[] = [
  operation({
    ...{ id: 'results.list', method: 'get', path: '/results', scope: 'results:read', personal: true },
    summary: 'Every manager’s customer evaluation of a period, page by page',
    query: pageQuery.extend({ period, stage }),
    answer: z.object({
      ...told,
      publication: z.string().describe('its hash'),
      items: z.array(customerEvaluation),
      next: z.string().nullable().describe('null on the last page'),
    }),
    async run({ services: { database }, query: { period: of, stage: which, limit, after } }) {
      const [hash, manager = ''] = placeIn(place, after) ?? [];
      const { head, ...rest } = await standing(database.query, of, which, hash);
      const rows = await listResults(database.query, head.hash, { after: manager, limit });
      const { items, next } = pageOut(rows, limit, ({ id }) => [head.hash, id]);
      return { ...rest, publication: head.hash, items: items.map((one) => customerEvaluationOf(head, one)), next };
    },
  }),
  operation({
    ...{
      id: 'results.read',
      method: 'get',
      path: '/results/{period}/{manager}',
      scope: 'results:read',
      personal: true,
    },
    summary: 'One manager’s customer evaluation of a period',
    params: z.object({ period, manager: z.string().min(1).max(64).describe('employee number') }),
    query: z.object({ stage }),
    answer: z.object({ ...told, result: customerEvaluation }),
    async run({ services: { database }, params, query: { stage: which } }) {
      const { head, ...rest } = await standing(database.query, params.period, which);
      const found = await findResult(database.query, head.hash, params.manager);
      if (!found) throw new NotFound();
      return { ...rest, result: customerEvaluationOf(head, found) };
    },
  }),
];
