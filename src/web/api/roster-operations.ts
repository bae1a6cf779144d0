import { Readable } from 'node:stream';
import { z } from 'zod';
import { periodToConfirm, readConfirmations } from '../../survey/roster/confirmation.ts';
import { exportRoster } from '../../survey/roster/export.ts';
import { checkFrame } from '../../survey/roster/frame-check.ts';
import { imports } from '../../survey/roster/import.ts';
import { NotFound } from '../faults.ts';
import { moment, type Operation, operation, period } from './operation.ts';

/** The roster by API: files in and out, and what a look at the lists before a freeze shows. */
const types = {
  csv: 'text/csv',
  xlsx: 'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet',
} as const;

const kind = z.enum(['retailers', 'managers', 'indicators']);
const yesOrNo = z.enum(['true', 'false']).default('false');

const phones = z.array(z.string()).describe('masked');
const shown = z
  .object({
    created: z.array(z.string()),
    changed: z.array(z.object({ id: z.string(), fields: z.array(z.string()) })),
    moved: z.array(z.object({ id: z.string(), from: z.string(), to: z.string(), day: z.iso.date() })),
    phones: z.array(z.object({ id: z.string(), before: phones, after: phones })),
    stopped: z.array(z.string()),
    gone: z.array(z.string()),
  })
  .describe('the first thousand of each');

const report = z.object({
  rows: z.int(),
  created: z.int(),
  changed: z.int(),
  unchanged: z.int(),
  moved: z.int().optional().describe('of retailers: with another manager'),
  phones: z.int().optional().describe('of retailers: with other numbers'),
  stopped: z.int().optional().describe('of retailers: newly opted out'),
  gone: z.int().optional().describe('of retailers: active in the roster and not in the file'),
  shown: shown.optional(),
});

const lists = z.object({
  roundId: z.string().nullable().describe('null: the roster as it stands'),
  formerId: z.string().nullable().describe('the round whose frame it is compared with'),
  managers: z
    .array(
      z.object({
        managerId: z.string(),
        before: z.int(),
        now: z.int(),
        added: z.int(),
        vanished: z
          .array(z.object({ retailerId: z.string(), why: z.enum(['gone', 'closed', 'opted-out']) }))
          .readonly(),
        moved: z.array(z.object({ retailerId: z.string(), to: z.string() })).readonly(),
        lostPhone: z.array(z.string()).readonly(),
        changedPhone: z.array(z.string()).readonly().describe('within seven days before the freeze'),
      }),
    )
    .readonly(),
});

export const rosterOperations: readonly Operation[] = [
  operation({
    ...{ id: 'roster.import', method: 'post', path: '/roster/imports', scope: 'roster:write' },
    summary: 'Import a CSV or XLSX file, all or nothing, or say what it would change',
    query: z.object({
      kind,
      dryRun: yesOrNo.describe('say what would change, and change nothing'),
      full: yesOrNo.describe('every retailer is in the file: close those who are not'),
      fileName: z.string().max(200).default('').describe('for the record'),
    }),
    upload: [...Object.values(types), 'application/octet-stream'],
    answer: report,
    run: ({ services, actor, query: { kind: what, dryRun, full, fileName }, body }) =>
      imports[what](services, body, {
        ...{ actor, fileName, dryRun: dryRun === 'true' },
        full: what === 'retailers' && full === 'true',
      }),
  }),
  operation({
    ...{ id: 'roster.export', method: 'get', path: '/roster/exports/{kind}', scope: 'roster:read' },
    summary: 'A file that is imported again without a change; numbers are masked',
    params: z.object({ kind }),
    query: z.object({ format: z.enum(['csv', 'xlsx']).default('csv') }),
    download: Object.values(types),
    async run({ services, actor, params, query: { format } }) {
      const content = Readable.from(exportRoster(services, { kind: params.kind, format, actor }));
      return { type: types[format], fileName: `${params.kind}.${format}`, content };
    },
  }),
  operation({
    ...{ id: 'roster.completeness', method: 'get', path: '/roster/completeness', scope: 'roster:read' },
    summary: 'Who vanished, lost his number or got another one since the last frame, by manager',
    personal: true,
    query: z.object({ round: z.string().max(64).optional().describe('a frozen round; without it, the roster now') }),
    answer: lists,
    async run({ services: { database, clock }, query: { round } }) {
      const found = await checkFrame(database.query, clock.now(), round ?? null);
      if (!found) throw new NotFound();
      return found;
    },
  }),
  operation({
    ...{ id: 'roster.confirmations', method: 'get', path: '/roster/confirmations', scope: 'roster:read' },
    summary: 'Which managers confirmed their lists for a period; without one, for the freeze that comes next',
    query: z.object({ period: period.optional() }),
    answer: z.object({
      period,
      items: z.array(
        z.object({ managerId: z.string(), at: moment, retailers: z.int(), remark: z.string().nullable() }),
      ),
    }),
    async run({ services: { database, clock }, query }) {
      const wanted = query.period ?? (await periodToConfirm(database.query, clock.now()));
      return { period: wanted, items: await readConfirmations(database.query, wanted) };
    },
  }),
];
