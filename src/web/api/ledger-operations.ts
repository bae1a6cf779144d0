import { Readable } from 'node:stream';
import { z } from 'zod';
import { dayIn } from '../../platform/day.ts';
import { sheetFormats, sheetTypes } from '../../platform/sheet.ts';
import { longestProof, reverseLine, settleLine } from '../../scoring/ledger/keep.ts';
import { findLine, lineStates, listLines, readBalances } from '../../scoring/ledger/lines.ts';
import { exportPayroll } from '../../scoring/ledger/payroll.ts';
import type { Services } from '../../workers/services.ts';
import { NotFound } from '../faults.ts';

import { companyTimeZone } from '../round/rounds-page.ts';
import { moment, type Operation, operation, period } from './operation.ts';
import { pageOf, pageOut, pageQuery, placeIn } from './paging.ts';

/** What final results promise, and what was honoured: for the payroll program, which says with what proof it paid. */
const yuan = z.string().describe('yuan with two decimals; below nought where it is taken');

const line = z.object({
  ...{ id: z.uuid(), managerId: z.string(), period },
  publication: z.string().describe('hash of the final publication it follows from'),
  kind: z.enum(['rating', 'tier', 'move', 'reward']),
  about: z.string().describe('which rating, tier, move or kind of reward'),
  amount: yuan,
  dueOn: z.iso.date(),
  state: z.enum(lineStates).describe('cancelled: taken back before it was honoured, and the line that takes it back'),
  overdue: z.boolean(),
  rewardId: z.uuid().nullable(),
  reverses: z.uuid().nullable().describe('the line it takes back'),
  reversedBy: z.uuid().nullable(),
  reason: z.string().nullable().describe('why it takes the other back'),
  ...{ at: moment, proof: z.string().nullable(), settledAt: moment.nullable() },
});

const balance = z.object({
  ...{ period, managerId: z.string() },
  promised: yuan.describe('all lines, those that take others back among them'),
  ...{ settled: yuan, open: yuan, overdue: yuan.describe('the part of what is open that should be honoured by now') },
});

const lineParams = z.object({ line: z.uuid() });
const linePlace = z.string().regex(/^\d{1,18}$/);
const balancePlace = z.tuple([period, z.string()]).transform(([of, managerId]) => ({ period: of, managerId }));
const everybody = { districtId: null, managerId: null };

const today = async (services: Services): Promise<string> =>
  dayIn(services.clock.now(), await companyTimeZone(services));

async function find(services: Services, id: string) {
  const found = await findLine(services.database.query, everybody, id, await today(services));
  if (!found) throw new NotFound();
  return found;
}

export const ledgerOperations: readonly Operation[] = [
  operation({
    ...{ id: 'ledger.list', method: 'get', path: '/ledger/lines', scope: 'ledger:read', personal: true },
    summary: 'Lines of the ledger, the latest first',
    query: pageQuery.extend({
      period: period.optional(),
      manager: z.string().optional(),
      state: z.enum([...lineStates, 'overdue']).optional(),
    }),
    answer: pageOf(line),
    async run({ services, query: { limit, after, manager, ...filter } }) {
      const wanted = {
        ...{ ...filter, managerId: manager, today: await today(services), after: placeIn(linePlace, after) },
      };
      const found = await listLines(services.database.query, everybody, wanted, limit + 1);
      return pageOut(found, limit, ({ sequence }) => sequence);
    },
  }),
  operation({
    ...{ id: 'ledger.balances', method: 'get', path: '/ledger/balances', scope: 'ledger:read', personal: true },
    summary: 'What each manager was promised for each month, and how much of it was honoured',
    query: pageQuery.extend({ period: period.optional() }),
    answer: pageOf(balance),
    async run({ services, query: { limit, after, period: of = null } }) {
      const wanted = { period: of, today: await today(services) };
      const { query } = services.database;
      const found = await readBalances(query, everybody, wanted, placeIn(balancePlace, after), limit + 1);
      return pageOut(found, limit, ({ period: last, managerId }) => [last, managerId]);
    },
  }),
  operation({
    ...{ id: 'ledger.settle', method: 'post', path: '/ledger/lines/{line}/settlement', scope: 'ledger:write' },
    summary: 'Say with what proof a line was honoured; said again with the same proof it changes nothing',
    params: lineParams,
    body: z.strictObject({ proof: z.string().max(longestProof).describe('such as the number of a payroll run') }),
    answer: line,
    async run({ services, actor, params, body: { proof } }) {
      await find(services, params.line);
      await settleLine(services, { id: params.line, proof, actor });
      return find(services, params.line);
    },
  }),
  operation({
    ...{ id: 'ledger.reverse', method: 'post', path: '/ledger/lines/{line}/reversal', scope: 'ledger:write' },
    ...{ status: 201, creates: true, params: lineParams, answer: line },
    summary: 'Take a line back by another of the opposite amount, which is answered',
    body: z.strictObject({ reason: z.string().max(longestProof) }),
    async run({ services, actor, params, body: { reason } }) {
      await find(services, params.line);
      return find(services, await reverseLine(services, { id: params.line, reason, actor }));
    },
  }),
  operation({
    ...{ id: 'ledger.payroll', method: 'get', path: '/ledger/{period}/payroll', scope: 'ledger:read' },
    summary: 'A month for the payroll office: every line, each manager’s sum and the sum of all',
    params: z.object({ period }),
    query: z.object({ format: z.enum(sheetFormats).default('csv') }),
    download: Object.values(sheetTypes),
    async run({ services, actor, params, query: { format } }) {
      const bytes = await exportPayroll(services, { period: params.period, format, actor });
      const fileName = `payroll-${params.period}.${format}`;
      return { type: sheetTypes[format], fileName, content: Readable.from(bytes) };
    },
  }),
];
