import { z } from 'zod';
import { doubleCalls, readCallLog } from '../../src/cli/demo/bundle.ts';
import type { Database } from '../../src/platform/database.ts';

/**
 * What must hold when all is over, counted from the carrier's own log and from the database. Each count is of something
 * that must not be: nought is right.
 */
export interface Reckoning {
  readonly figures: Readonly<Record<string, number>>;
  readonly wrongs: Readonly<Record<string, number>>;
}

export interface CarrierLog {
  /** NDJSON of the simulator's control addresses. */
  readonly calls: string;
  readonly transcripts: string;
  readonly probes: Readonly<Record<string, number>>;
}

/** Calls to one phone are this far apart, and this many at the most (standard rules; 7 buys two more). */
const hoursBetween = 2;
const mostCalls = 4;
const mostWithWish = 6;

export async function reckon({ query }: Database, carrier: CarrierLog): Promise<Reckoning> {
  const calls = readCallLog(carrier.calls);
  const log = readTranscripts(carrier.transcripts);
  const count = async (text: string) => Number((await query<{ count: string }>({ text }))[0]?.count);
  const turns = await turnFaults(query, log);
  return {
    figures: {
      cases: await count('SELECT count(*) FROM survey_case'),
      'valid responses': await count('SELECT count(*) FROM survey_case WHERE overall IS NOT NULL'),
      calls: calls.length,
      'calls that people made to us': log.filter(({ direction, call }) => call && direction === 'inbound').length,
      texts: await count('SELECT count(*) FROM message WHERE sent_at IS NOT NULL'),
      turns: await count('SELECT count(*) FROM turn'),
      answers: await count('SELECT count(*) FROM answer'),
      'attempts the carrier did not know at the first look': await count(
        'SELECT count(*) FROM attempt WHERE checks > 0',
      ),
      'attempts lost for good': await count(`SELECT count(*) FROM attempt WHERE result = 'lost'`),
      ...Object.fromEntries(Object.entries(carrier.probes).map(([probe, times]) => [`turned away: ${probe}`, times])),
    },
    wrongs: {
      'calls beyond one an attempt, or while another was on': doubleCalls(calls),
      'calls of no attempt': await strayCalls(query, calls),
      'calls above the cap of their case': await callsAboveCap(query, calls),
      'calls too soon after the last': await callsTooSoon(query, calls),
      'calls at a forbidden hour': calls.filter(({ created }) => !isTheHour(new Date(created))).length,
      'texts sent twice': textsTwice(log),
      ...turns,
      'answers of no turn': await count(
        'SELECT count(*) FROM answer a WHERE NOT EXISTS (SELECT FROM turn t WHERE t.attempt_id = a.attempt_id AND t.number = a.turn)',
      ),
      'cases whose answers are not the last given': await count(lastAnswers),
      'cases not done': await count(`SELECT count(*) FROM survey_case WHERE state <> 'done'`),
      'cases never attempted': await count(`SELECT count(*) FROM survey_case WHERE disposition = 'never-attempted'`),
      'attempts left open': await count(`SELECT count(*) FROM attempt WHERE state <> 'ended'`),
      'texts left open': await count(`SELECT count(*) FROM message WHERE state IN ('planned', 'sending', 'unknown')`),
      'outbox rows left': await count('SELECT count(*) FROM outbox'),
      'requests not turned away': Object.entries(carrier.probes)
        .filter(([probe]) => probe !== 'forged 403' && probe !== 'unknown-attempt 404')
        .reduce((sum, [, times]) => sum + times, 0),
    },
  };
}

const lastAnswers = `
  SELECT count(*) FROM survey_case c
  WHERE c.answers <> coalesce((
    SELECT jsonb_object_agg(item, value) FROM (
      SELECT DISTINCT ON (a.item) a.item, a.value FROM answer a WHERE a.case_id = c.id ORDER BY a.item, a.at DESC, a.turn DESC
    ) AS last), '{}')`;

const logged = z.object({
  call: z.string().optional(),
  attempt: z.string().nullish(),
  direction: z.string(),
  events: z.array(
    z.object({
      what: z.string(),
      url: z.string().optional(),
      keys: z.string().optional(),
      answer: z.string().optional(),
    }),
  ),
});
type Logged = z.infer<typeof logged>;

const readTranscripts = (ndjson: string): Logged[] =>
  ndjson
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => logged.parse(JSON.parse(line)));

/** What the carrier says it brought us and we took, against what we stored: nothing lost, nothing twice. */
async function turnFaults(query: Database['query'], log: readonly Logged[]): Promise<Record<string, number>> {
  const stored = await query<{ at: string; key: string | null }>({
    text: `
      SELECT t.attempt_id || '/' || t.number AS at, t.input ->> 'key' AS key FROM turn t JOIN attempt a ON a.id = t.attempt_id
      WHERE a.channel = 'voice' AND NOT (a.inbound AND t.number = 0)`,
  });
  const kept = new Map(stored.map(({ at, key }) => [at, key]));
  const brought = new Map<string, Set<string>>();
  for (const { events } of log)
    for (const { what, url = '', keys = '', answer } of events) {
      const at = /\/twilio\/voice\/([0-9a-f-]{36}\/\d+)$/.exec(url)?.[1];
      if (what === 'asked' && at && answer === '200') brought.set(at, (brought.get(at) ?? new Set()).add(keys));
    }
  return {
    'turns taken and not stored': [...brought.keys()].filter((at) => !kept.has(at)).length,
    'keys stored otherwise than pressed': [...brought].filter(
      ([at, keys]) => kept.has(at) && kept.get(at) !== null && !keys.has(kept.get(at) ?? ''),
    ).length,
  };
}

function textsTwice(log: readonly Logged[]): number {
  const sent = log.flatMap(({ call, direction, events }) =>
    call || direction === 'inbound' ? [] : [events.find(({ what }) => what === 'told')?.url ?? ''],
  );
  const told = sent.filter((url) => url !== '');
  return told.length - new Set(told).size;
}

type Call = ReturnType<typeof readCallLog>[number];

async function strayCalls(query: Database['query'], calls: readonly Call[]): Promise<number> {
  const attempts = new Set((await query<{ id: string }>({ text: 'SELECT id FROM attempt' })).map(({ id }) => id));
  return calls.filter(({ attempt }) => attempt === null || !attempts.has(attempt)).length;
}

async function callsAboveCap(query: Database['query'], calls: readonly Call[]): Promise<number> {
  const rows = await query<{ id: string; caseId: string; wished: boolean }>({
    text: `
      SELECT a.id, a.case_id AS "caseId", bool_or(a.conversation ->> 'wanted' IS NOT NULL OR a.conversation #>> '{place,is}' = 'later')
             OVER (PARTITION BY a.case_id) AS wished
      FROM attempt a WHERE a.channel = 'voice'`,
  });
  const attempts = new Map(rows.map((row) => [row.id, row]));
  const made = new Map<string, { calls: number; wished: boolean }>();
  for (const { attempt } of calls) {
    const known = attempts.get(attempt ?? '');
    if (!known) continue;
    made.set(known.caseId, { calls: (made.get(known.caseId)?.calls ?? 0) + 1, wished: known.wished });
  }
  return [...made.values()].filter((one) => one.calls > (one.wished ? mostWithWish : mostCalls)).length;
}

/** Two hours lie between two calls that rang: one that the carrier could not make disturbed nobody. */
async function callsTooSoon(query: Database['query'], calls: readonly Call[]): Promise<number> {
  const failed = await query<{ id: string }>({ text: `SELECT id FROM attempt WHERE result = 'technical'` });
  const technical = new Set(failed.map(({ id }) => id));
  const last = new Map<string, number>();
  let soon = 0;
  for (const { phone, created, attempt } of [...calls].sort((a, b) => (a.created < b.created ? -1 : 1))) {
    const at = Date.parse(created);
    if (at - (last.get(phone) ?? Number.NEGATIVE_INFINITY) < hoursBetween * 3_600_000) soon += 1;
    if (!technical.has(attempt ?? '')) last.set(phone, at);
  }
  return soon;
}

function isTheHour(at: Date): boolean {
  const time = new Intl.DateTimeFormat('sv-SE', { timeZone: 'Asia/Shanghai', timeStyle: 'medium' }).format(at);
  return (time >= '09:30' && time < '11:30:01') || (time >= '14:00' && time < '17:00:01');
}
