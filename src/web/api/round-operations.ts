import { z } from 'zod';
import { listRounds, readRound } from '../../survey/round/listing.ts';
import { NotFound } from '../faults.ts';
import { moment, type Operation, operation, period, roundParams } from './operation.ts';
import { pageOf, pageOut, pageQuery, placeIn } from './paging.ts';

/** Rounds by API. */
const round = z.object({
  id: z.string(),
  period,
  state: z.enum(['draft', 'committed', 'fielding', 'paused', 'closed', 'cancelled']),
  questionnaireId: z.string(),
  ruleSetId: z.string(),
  launchedAt: moment,
  fieldingAt: moment.nullable(),
  closesAt: moment.nullable().describe('nothing new is begun from here on'),
  closedAt: moment.nullable(),
  reason: z.string().nullable().describe('why it was paused or cancelled'),
  released: z.int().describe('retailers drawn and released so far'),
  open: z.int().describe('of these, how many are not final'),
  valid: z.int().describe('of these, how many gave an overall rating'),
});

const place = z.tuple([z.coerce.date(), z.string()]).transform(([launchedAt, id]) => ({ launchedAt, id }));

export const roundOperations: readonly Operation[] = [
  operation({
    ...{ id: 'rounds.list', method: 'get', path: '/rounds', scope: 'rounds:read' },
    summary: 'Rounds, the latest first',
    query: pageQuery,
    answer: pageOf(round),
    async run({ services, query: { limit, after } }) {
      const rounds = await listRounds(services.database.query, placeIn(place, after), limit + 1);
      return pageOut(rounds, limit, ({ launchedAt, id }) => [launchedAt, id]);
    },
  }),
  operation({
    ...{ id: 'rounds.read', method: 'get', path: '/rounds/{round}', scope: 'rounds:read' },
    summary: 'One round',
    params: roundParams,
    answer: round,
    async run({ services, params }) {
      const found = await readRound(services.database.query, params.round);
      if (!found) throw new NotFound();
      return found;
    },
  }),
];
