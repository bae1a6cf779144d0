import { Readable } from 'node:stream';
import { z } from 'zod';
import { confirmList, periodToConfirm, readConfirmations, readOwnShops } from '../../survey/roster/confirmation.ts';
import { exportRoster } from '../../survey/roster/export.ts';
import { checkFrame } from '../../survey/roster/frame-check.ts';
import { imports } from '../../survey/roster/import.ts';
import { findManagerIds } from '../../survey/roster/store.ts';
import { NotFound } from '../faults.ts';
import { notForHim, personAsking, personField } from './on-behalf.ts';
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
    emptied: z.array(z.string()),
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
  active: z.int().optional().describe('of retailers: active in the roster'),
  gone: z.int().optional().describe('of these: not in the file'),
  emptied: z.int().optional().describe('managers of whose active retailers none is in the file'),
  shown: shown.optional(),
});

const confirmation = z.object({
  ...{ managerId: z.string(), period, at: moment, retailers: z.int(), remark: z.string().nullable() },
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
      kind: z
        .enum([...kind.options, 'events', 'targets', 'training', 'staff'])
        .describe(
          'events: dated events, which indicators are computed from; targets: bases, facts and what came of them, for formulas of the rule set; training: courses, certificates and exams; staff: the company’s own numbers',
        ),
      dryRun: yesOrNo.describe('say what would change, and change nothing'),
      full: yesOrNo.describe('every retailer is in the file: close those who are not'),
      closing: z
        .string()
        .regex(/^\d{1,9}$/, '应为户数 · must be a number of shops')
        .optional()
        .describe('how many retailers that closes; needed where it is over a fifth, or all of a manager’s'),
      fileName: z.string().max(200).default('').describe('for the record'),
    }),
    upload: [...Object.values(types), 'application/octet-stream'],
    answer: report,
    run: ({ services, actor, query: { kind: what, dryRun, full, closing, fileName }, body }) =>
      imports[what](services, body, {
        ...{ actor, fileName, dryRun: dryRun === 'true' },
        ...{ full: what === 'retailers' && full === 'true', closing: closing === undefined ? null : Number(closing) },
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
    ...{ id: 'roster.list', method: 'get', path: '/roster/managers/{manager}/retailers', scope: 'roster:read' },
    summary: 'One manager’s list as a freeze would find it now: whether a shop has a number, never which',
    personal: true,
    params: z.object({ manager: z.string().min(1).max(64).describe('employee number') }),
    answer: z.object({
      items: z.array(
        z.object({
          ...{ id: z.string(), name: z.string(), stratum: z.string(), status: z.string(), hasPhone: z.boolean() },
          ...{ orderingDays: z.array(z.string()).readonly(), deliveryDays: z.array(z.string()).readonly() },
        }),
      ),
    }),
    async run({ services: { database, clock }, params: { manager } }) {
      if (!(await findManagerIds(database.query)).has(manager)) throw new NotFound();
      return { items: await readOwnShops(database.query, manager, clock.now()) };
    },
  }),
  operation({
    ...{ id: 'roster.confirm', method: 'post', path: '/roster/confirmations', scope: 'roster:write' },
    ...{ status: 201, creates: true },
    summary: 'A manager confirms his own list before the freeze',
    body: z.strictObject({
      onBehalfOf: personField.describe('the user who is that manager'),
      period: period.optional().describe('the freeze that comes next, where it is left out'),
      remark: z.string().trim().max(500).nullable().default(null),
    }),
    answer: confirmation,
    async run({ services, actor, body: { onBehalfOf, remark, ...named } }) {
      const { query } = services.database;
      const { id: userId, managerId } = await personAsking(query, onBehalfOf, 'list.confirm');
      if (managerId === null) throw notForHim('此人没有工号 · has no employee number');
      const wanted = named.period ?? (await periodToConfirm(query, services.clock.now()));
      await confirmList(services, { managerId, userId, via: actor, period: wanted, remark });
      const made = (await readConfirmations(query, wanted)).find((one) => one.managerId === managerId);
      if (!made) throw new NotFound();
      return made;
    },
  }),
  operation({
    ...{ id: 'roster.confirmations', method: 'get', path: '/roster/confirmations', scope: 'roster:read' },
    summary: 'Which managers confirmed their lists for a period; without one, for the freeze that comes next',
    query: z.object({ period: period.optional() }),
    answer: z.object({
      period,
      items: z.array(confirmation),
    }),
    async run({ services: { database, clock }, query }) {
      const wanted = query.period ?? (await periodToConfirm(database.query, clock.now()));
      return { period: wanted, items: await readConfirmations(database.query, wanted) };
    },
  }),
];
