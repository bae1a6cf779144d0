import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { z } from 'zod';
import { dayIn } from '../../platform/day.ts';
import { BadInput } from '../../platform/errors.ts';
import { type SheetFormat, sheetTypes } from '../../platform/sheet.ts';
import { longestProof, reverseLine, settleLine, settleMonth } from '../../scoring/ledger/keep.ts';
import {
  findLine,
  type Line,
  ledgerPeriods,
  lineStates,
  listLines,
  openOf,
  readBalances,
} from '../../scoring/ledger/lines.ts';
import { exportPayroll } from '../../scoring/ledger/payroll.ts';
import { period as periodForm } from '../api/operation.ts';
import type { Visit } from '../console.ts';
import { NotFound } from '../faults.ts';
import { count, moment, month, yuan } from '../figures.ts';
import { languageOf } from '../language.ts';
import { type Messages, messagesIn } from '../messages.ts';
import { reachOf } from '../own-manager.ts';
import { sendPage } from '../page.ts';
import { may } from '../roles.ts';
import { companyTimeZone } from '../round/rounds-page.ts';

/** The ledger: a month's promises with their sums, one line by itself, and saying that something was honoured. */
const at = 'ledger' as const;
const shown = 200;
const mostPeriods = 24;
/** One line each: no city has more. */
const mostManagers = 2000;

const todayOf = async ({ web: { services } }: Visit): Promise<string> =>
  dayIn(services.clock.now(), await companyTimeZone(services));

const wanted = z.object({
  period: periodForm.optional().catch(undefined),
  manager: z.string().max(64).optional().catch(undefined),
  state: z
    .enum([...lineStates, 'overdue'])
    .optional()
    .catch(undefined),
  after: z
    .string()
    .regex(/^\d{1,18}$/)
    .optional()
    .catch(undefined),
});

/** `GET /ledger?period=&manager=&state=`: the latest month, unless it is asked for what is overdue in all of them. */
export async function showLedger(visit: Visit): Promise<void> {
  const { web, request, response, viewer } = visit;
  const { query } = web.services.database;
  const language = languageOf(response);
  const m = messagesIn(language);
  const today = await todayOf(visit);
  const reach = await reachOf(visit);
  const periods = await ledgerPeriods(query, reach, mostPeriods);
  const { period: chosen, manager, state, after } = wanted.parse(request.query);
  const period = chosen ?? (state === 'overdue' ? undefined : periods[0]);
  const found = await listLines(
    query,
    reach,
    { period, managerId: manager, state, today, after: after ?? null },
    shown + 1,
  );
  const balances = period ? await readBalances(query, reach, { period, today }, null, mostManagers) : [];
  await web.look({ actor: viewer.id, action: 'ledger.read', subject: period ?? 'all' });
  const lines = found.slice(0, shown);
  const own = reach.managerId !== null;
  const keeps = may(viewer.role, 'ledger.keep') !== null;
  const link = (change: Readonly<Record<string, string | undefined>>): string => {
    const asked = Object.entries({ period, manager, state, ...change });
    return `/ledger?${new URLSearchParams(asked.flatMap(([key, value]) => (value ? [[key, value] as [string, string]] : [])))}`;
  };
  sendPage(
    web,
    request,
    response,
    'ledger',
    { title: m.ledger.title, at },
    {
      lead: own ? m.ledger.ownLead : m.ledger.lead,
      periods: periods.map((one) => ({
        ...{ href: `/ledger?period=${one}`, name: month(one, language), current: one === period },
      })),
      overdue: { href: '/ledger?state=overdue', current: state === 'overdue' && period === undefined },
      empty: periods.length === 0 ? m.ledger.empty : null,
      rewards: may(viewer.role, 'reward.see') ? '/rewards' : null,
      keep:
        keeps && period
          ? {
              settle: (await openOf(query, period)).lines > 0 ? `/ledger/${period}/settlement` : null,
              ...{ csv: payrollPath(period, 'csv'), xlsx: payrollPath(period, 'xlsx') },
            }
          : null,
      balances: balances.map((balance) => ({
        ...{ name: balance.managerName, id: balance.managerId, month: month(balance.period, language) },
        href: link({ manager: balance.managerId, period: balance.period, after: undefined }),
        ...{ promised: yuan(balance.promised, language), settled: yuan(balance.settled, language) },
        ...{
          open: yuan(balance.open, language),
          overdue: Number(balance.overdue) === 0 ? null : yuan(balance.overdue, language),
        },
      })),
      filter: manager
        ? {
            words: m.ledger.onlyOf(lines[0]?.managerName ?? manager),
            href: link({ manager: undefined, after: undefined }),
          }
        : null,
      lines: lines.map((line) => ({
        ...{ href: `/ledger/lines/${line.id}`, what: lineInWords(line, m), own },
        ...{ manager: line.managerName, id: line.managerId, month: month(line.period, language) },
        ...{ amount: yuan(line.amount, language), dueOn: line.dueOn, state: stateOf(line, m) },
      })),
      next: found.length > shown ? link({ after: lines.at(-1)?.sequence }) : null,
    },
  );
}

const payrollPath = (period: string, format: SheetFormat): string => `/ledger/${period}/payroll.${format}`;

const stateOf = ({ state, overdue }: Pick<Line, 'state' | 'overdue'>, { ledger }: Messages) =>
  overdue
    ? { name: ledger.states.overdue, class: 'line-overdue' }
    : { name: ledger.states[state], class: `line-${state}` };

/** What a line is for: 「定等：优秀」. */
function lineInWords({ kind, about, reverses }: Pick<Line, 'kind' | 'about' | 'reverses'>, m: Messages): string {
  const matters: Readonly<Record<string, string>> = {
    rating: m.board.ratings[about as keyof typeof m.board.ratings],
    tier: m.board.tiers[Number(about) as keyof typeof m.board.tiers],
    move: m.ledger.moves[about as keyof typeof m.ledger.moves],
    reward: m.rewards.kinds[about as keyof typeof m.rewards.kinds],
  };
  const words = m.ledger.what(m.ledger.kinds[kind], matters[kind] ?? about);
  return reverses === null ? words : m.ledger.takenBack(words);
}

/** `GET /ledger/:period/payroll.csv`, `.xlsx` */
export const downloadPayroll =
  (format: SheetFormat) =>
  async ({ web, request, response, viewer }: Visit): Promise<void> => {
    const period = periodOf(request.params.period);
    const bytes = await exportPayroll(web.services, { period, format, actor: viewer.id });
    response.attachment(`payroll-${period}.${format}`).type(sheetTypes[format]);
    await pipeline(Readable.from(bytes), response);
  };

function periodOf(given: unknown): string {
  const { success, data } = periodForm.safeParse(given);
  if (!success) throw new NotFound();
  return data;
}

async function lineAsked(visit: Visit): Promise<Line> {
  const { web, request } = visit;
  const { query } = web.services.database;
  const line = await findLine(query, await reachOf(visit), String(request.params.line), await todayOf(visit));
  if (!line) throw new NotFound();
  return line;
}

const field = z.string().catch('').default('');

/** `GET /ledger/lines/:line` */
export const showLine = async (visit: Visit): Promise<void> => sendLine(visit, await lineAsked(visit), null);

async function sendLine({ web, request, response, viewer }: Visit, line: Line, fault: string | null): Promise<void> {
  const { clock } = web.services;
  const language = languageOf(response);
  const m = messagesIn(language);
  const place = { language, timeZone: await companyTimeZone(web.services) };
  const now = clock.now();
  await web.look({ actor: viewer.id, action: 'ledger.read', subject: line.id });
  const keeps = may(viewer.role, 'ledger.keep') !== null;
  sendPage(
    web,
    request,
    response,
    'ledger-line',
    { title: lineInWords(line, m), at },
    {
      ...{ title: lineInWords(line, m), state: stateOf(line, m), amount: yuan(line.amount, language), fault },
      whose: m.ledger.whose(line.managerName, line.managerId, line.districtName, month(line.period, language)),
      ...{ dueOn: line.dueOn, written: moment(line.at, now, place), publication: line.publication },
      settled: line.settledAt && m.ledger.settledBy(line.proof ?? '', moment(line.settledAt, now, place)),
      ...{ reason: line.reason, reverses: line.reverses && `/ledger/lines/${line.reverses}` },
      reversedBy: line.reversedBy && `/ledger/lines/${line.reversedBy}`,
      reward: line.rewardId && may(viewer.role, 'reward.see') ? `/rewards/${line.rewardId}` : null,
      settle: keeps && line.state === 'open' ? `/ledger/lines/${line.id}/settlement` : null,
      reverse: keeps && line.reverses === null && line.reversedBy === null ? `/ledger/lines/${line.id}/reversal` : null,
      ...{ longestProof, back: `/ledger?period=${line.period}` },
    },
  );
}

/** `POST /ledger/lines/:line/settlement` */
export async function honourLine(visit: Visit): Promise<void> {
  const { web, request, response, viewer } = visit;
  const line = await lineAsked(visit);
  const { proof } = z.object({ proof: field }).parse(request.body ?? {});
  try {
    await settleLine(web.services, { id: line.id, proof, actor: viewer.id });
  } catch (error) {
    if (!(error instanceof BadInput)) throw error;
    response.status(400);
    return sendLine(visit, line, messagesIn(languageOf(response)).ledger.needsProof);
  }
  response.redirect(303, `/ledger/lines/${line.id}`);
}

/** `GET /ledger/lines/:line/reversal`: what will happen, and only its button does it. */
export const confirmReversal = async (visit: Visit): Promise<void> => sendReversal(visit, await lineAsked(visit), null);

function sendReversal({ web, request, response }: Visit, line: Line, fault: string | null): void {
  const language = languageOf(response);
  const m = messagesIn(language);
  const back = yuan(line.amount.startsWith('-') ? line.amount.slice(1) : `-${line.amount}`, language);
  sendPage(
    web,
    request,
    response,
    'ledger-reversal',
    { title: m.ledger.reverseTitle, at },
    {
      ...{ path: `/ledger/lines/${line.id}/reversal`, back: `/ledger/lines/${line.id}`, fault, longestProof },
      what: m.ledger.reversing(line.managerName, lineInWords(line, m), yuan(line.amount, language)),
      follows: line.state === 'settled' ? m.ledger.reversalOwed(back) : m.ledger.reversalOpen(back),
    },
  );
}

/** `POST /ledger/lines/:line/reversal` */
export async function takeLineBack(visit: Visit): Promise<void> {
  const { web, request, response, viewer } = visit;
  const line = await lineAsked(visit);
  const { reason } = z.object({ reason: field }).parse(request.body ?? {});
  try {
    await reverseLine(web.services, { id: line.id, reason, actor: viewer.id });
  } catch (error) {
    if (!(error instanceof BadInput)) throw error;
    response.status(400);
    return sendReversal(visit, line, messagesIn(languageOf(response)).ledger.needsReason);
  }
  response.redirect(303, `/ledger/lines/${line.id}`);
}

/** `GET /ledger/:period/settlement`: what of the month is open, to be honoured by one payroll run. */
export const confirmMonth = async (visit: Visit): Promise<void> =>
  sendMonth(visit, periodOf(visit.request.params.period), null);

async function sendMonth({ web, request, response }: Visit, period: string, fault: string | null): Promise<void> {
  const language = languageOf(response);
  const m = messagesIn(language);
  const open = await openOf(web.services.database.query, period);
  if (open.lines === 0) throw new NotFound();
  const title = m.ledger.monthTitle(month(period, language));
  sendPage(
    web,
    request,
    response,
    'ledger-month',
    { title, at },
    {
      ...{ title, fault, seen: open, path: `/ledger/${period}/settlement`, back: `/ledger?period=${period}` },
      ...{ longestProof, lead: m.ledger.monthLead(count(open.lines, language), yuan(open.sum, language)) },
    },
  );
}

/** `POST /ledger/:period/settlement` */
export async function honourMonth(visit: Visit): Promise<void> {
  const { web, request, response, viewer } = visit;
  const period = periodOf(request.params.period);
  const { proof, lines, sum } = z.object({ proof: field, lines: field, sum: field }).parse(request.body ?? {});
  try {
    const seen = { lines: Number(lines), sum };
    await settleMonth(web.services, { period, proof, seen, actor: viewer.id });
  } catch (error) {
    if (!(error instanceof BadInput)) throw error;
    response.status(400);
    return sendMonth(visit, period, messagesIn(languageOf(response)).ledger.needsProof);
  }
  response.redirect(303, `/ledger?period=${period}`);
}
