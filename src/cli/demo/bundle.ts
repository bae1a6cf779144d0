import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import canonicalize from 'canonicalize';
import { z } from 'zod';
import { readScoreInput } from '../../scoring/periods/input.ts';
import { findPublication } from '../../scoring/store.ts';
import { isOfRound } from '../../survey/fieldwork/message.ts';
import { validResponse } from '../../survey/quality/invalidate.ts';
import { readDrawBundle } from '../../survey/round/bundle.ts';
import type { Services } from '../../workers/services.ts';

/** What an auditor gets of a round: enough to replay the draw, recompute every score and count every call. */
export interface Summary {
  readonly managers: number;
  readonly retailers: number;
  readonly released: number;
  readonly calls: number;
  readonly texts: number;
  readonly responses: number;
  /** By the names of method §2; sums to `released`. */
  readonly dispositions: Readonly<Record<string, number>>;
  /** Calls beyond one an attempt, and calls to one phone that overlap in time, counted from the carrier's own log. */
  readonly doubleCalls: number;
  /** Real seconds from the start of the demo to the publication. */
  readonly seconds: number;
}

export async function summarise(
  { database }: Services,
  roundId: string,
  callLog: string,
  seconds: number,
): Promise<Summary> {
  const [counts] = await database.query<Omit<Summary, 'calls' | 'dispositions' | 'doubleCalls' | 'seconds'>>({
    text: `
      SELECT (SELECT count(*)::int FROM manager) AS managers, (SELECT count(*)::int FROM retailer) AS retailers,
             count(*)::int AS released, (count(*) FILTER (WHERE ${validResponse}))::int AS responses,
             (SELECT count(*)::int FROM message m WHERE m.sent_at IS NOT NULL AND ${isOfRound('$1')}) AS texts
      FROM survey_case c WHERE round_id = $1`,
    values: [roundId],
  });
  const dispositions = await database.query<{ disposition: string; cases: number }>({
    text: 'SELECT disposition, count(*)::int AS cases FROM survey_case WHERE round_id = $1 GROUP BY 1 ORDER BY 2 DESC, 1',
    values: [roundId],
  });
  if (!counts) throw new Error('a count without a row');
  const { managers, retailers, released, texts, responses } = counts;
  const calls = readCallLog(callLog);
  return {
    ...{ managers, retailers, released, calls: calls.length, texts, responses },
    dispositions: Object.fromEntries(dispositions.map(({ disposition, cases }) => [disposition, cases])),
    doubleCalls: doubleCalls(calls),
    seconds,
  };
}

const loggedCall = z.object({
  sid: z.string(),
  attempt: z.string().nullable(),
  phone: z.string(),
  created: z.iso.datetime(),
  ended: z.iso.datetime().nullable(),
});
type LoggedCall = z.infer<typeof loggedCall>;

export const readCallLog = (callLog: string): LoggedCall[] =>
  callLog
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => loggedCall.parse(JSON.parse(line)));

/** Calls beyond one per attempt, and calls that began while another to the same phone had not ended. */
export function doubleCalls(calls: readonly LoggedCall[]): number {
  const attempts = new Set(calls.map(({ attempt, sid }) => attempt ?? sid));
  const busyUntil = new Map<string, number>();
  let overlapping = 0;
  for (const { phone, created, ended } of [...calls].sort((a, b) => (a.created < b.created ? -1 : 1))) {
    const begins = Date.parse(created);
    const before = busyUntil.get(phone) ?? Number.NEGATIVE_INFINITY;
    if (begins < before) overlapping += 1;
    busyUntil.set(phone, Math.max(before, ended ? Date.parse(ended) : Number.POSITIVE_INFINITY));
  }
  return calls.length - attempts.size + overlapping;
}

/** Writes the bundle into `folder`, made where it is missing. Equal rounds write equal `draw.json` and `score-input.json`. */
export async function writeBundle(
  { database, vault }: Services,
  roundId: string,
  period: string,
  folder: string,
  { summary, callLog }: { summary: Summary; callLog: string },
): Promise<void> {
  mkdirSync(folder, { recursive: true });
  const write = (name: string, text: string) => writeFileSync(join(folder, name), text);
  const pretty = (document: unknown) => `${JSON.stringify(document, null, 2)}\n`;
  write('summary.json', pretty(summary));
  write('draw.json', pretty(await readDrawBundle({ database, vault }, roundId)));
  write('score-input.json', pretty(await readScoreInput(database.query, roundId)));
  // Byte for byte what its hash was taken of, but for the hash itself.
  write('publication.json', canonicalize(await findPublication(database.query, period)) ?? '');
  write('calls.jsonl', callLog);
}
