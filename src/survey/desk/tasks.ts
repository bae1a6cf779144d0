import type { Query } from '../../platform/database.ts';
import type { Hours } from '../fieldwork/calendar.ts';
import type { DeskReason, InterviewReason } from './reason.ts';
import { spanOf } from './times.ts';

/** What a settled case means to the desk. */
export interface TaskFacts {
  readonly caseId: string;
  readonly timeZone: string;
  readonly hours: Hours;
  /** Why a person is to put its questions; null = nobody is, or no longer. */
  readonly reason: InterviewReason | null;
  /** Its number turned out not to be the shop's: somebody who is not its manager looks after that. */
  readonly numberFails: boolean;
  readonly recheck: boolean;
}

/**
 * Gives the desk what it is to do, once each, and takes back what nobody needs to do any more: he answered in another
 * channel meanwhile, or said stop. Somebody who is at it already is left to finish.
 */
export async function recordTasks(query: Query, settled: readonly TaskFacts[], now: Date): Promise<void> {
  const wanted = settled.flatMap((facts) =>
    reasonsOf(facts).map((reason) => ({ caseId: facts.caseId, reason, ...spanOf(reason, { now, ...facts }) })),
  );
  await query({
    name: 'desk-tasks-add',
    text: `
      INSERT INTO desk_task (id, case_id, reason, created_at, from_at, due_at)
      SELECT gen_random_uuid(), case_id, reason::desk_reason, $1, from_at, due_at
      FROM unnest($2::uuid[], $3::text[], $4::timestamptz[], $5::timestamptz[]) AS wanted (case_id, reason, from_at, due_at)
      ON CONFLICT (case_id, reason) DO NOTHING`,
    values: [
      now,
      wanted.map(({ caseId }) => caseId),
      wanted.map(({ reason }) => reason),
      wanted.map(({ from }) => from),
      wanted.map(({ due }) => due),
    ],
  });
  await query({
    name: 'desk-tasks-withdraw',
    text: `
      UPDATE desk_task SET state = 'done', outcome = 'withdrawn', done_at = $1
      WHERE case_id = ANY($2) AND state = 'waiting' AND reason NOT IN ('recheck', 'number-check')`,
    values: [now, settled.filter(({ reason }) => reason === null).map(({ caseId }) => caseId)],
  });
}

const reasonsOf = ({ reason, numberFails, recheck }: TaskFacts): DeskReason[] => [
  ...(reason ? [reason] : []),
  ...(numberFails ? (['number-check'] as const) : []),
  ...(recheck ? (['recheck'] as const) : []),
];

/**
 * What the desk still had to ask of a round that is over. Number checks go on, and rechecks of a closed round: they
 * change no score. Of a cancelled one nobody is called any more.
 */
export async function endTasks(
  query: Query,
  roundId: string,
  how: 'round-closed' | 'round-cancelled',
  now: Date,
): Promise<void> {
  await query({
    text: `
      UPDATE desk_task t SET state = 'done', outcome = coalesce(outcome, $3), done_at = $2
      FROM survey_case c WHERE c.id = t.case_id AND c.round_id = $1 AND t.state <> 'done' AND t.reason <> 'number-check'
        AND (t.reason <> 'recheck' OR $3 = 'round-cancelled')`,
    values: [roundId, now, how],
  });
}
