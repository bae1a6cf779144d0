import type { Query, Statement } from '../../platform/database.ts';
import type { Vault } from '../../platform/vault.ts';
import type { Answers, Conversation, Effect, Input, Reply } from '../interview/conversation.ts';
import type { Thread } from '../interview/thread.ts';
import type { Language, TextId } from '../questionnaire/questionnaire.ts';
import { isInForce, mayBeUndone } from './opt-out.ts';

/**
 * The statements of a turn. Whatever a carrier repeats, delays or reorders, turn `n` of an attempt is taken by one
 * conditional update (`… where turn = n`), and everything it causes hangs off the row that update returns, in the same
 * statement. Who comes second finds the turn taken.
 */

/** How an attempt stands before a turn. */
export interface Standing {
  readonly channel: 'voice' | 'sms' | 'desk';
  readonly turn: number;
  readonly conversation: Conversation | Thread | null;
  readonly answers: Answers;
  readonly language: Language;
  readonly managerName: string;
  readonly questionnaireId: string;
  readonly rotation: number;
  readonly timeZone: string;
  /** The shop rang us. */
  readonly inbound: boolean;
  /** The shop is somebody else's by now. */
  readonly managerChanged: boolean;
  /** Of a thread: the text that began it. */
  readonly firstText: TextId | null;
  /** The round still takes answers. */
  readonly open: boolean;
  /** The number said stop, in whatever channel. */
  readonly optedOut: boolean;
  /** It did so in a call that is still on: # may take it back. */
  readonly mayBeUndone: boolean;
  /** Whether what is heard still counts: the round is open and no later attempt of this kind has begun. */
  readonly counts: boolean;
}

export async function standingOf(query: Query, attemptId: string, now: Date): Promise<Standing | null> {
  const [row] = await query<Standing>({
    name: 'turn-standing',
    text: `
      SELECT a.channel, a.turn, a.conversation, c.answers, s.language, m.name AS "managerName", r.questionnaire_id AS "questionnaireId",
             c.rotation, a.inbound, c.time_zone AS "timeZone",
             EXISTS (
               SELECT FROM assignment now WHERE now.retailer_id = c.retailer_id AND now.manager_id <> c.manager_id
                 AND now.from_day <= ($2::timestamptz AT TIME ZONE c.time_zone)::date
                 AND (now.until_day IS NULL OR now.until_day > ($2::timestamptz AT TIME ZONE c.time_zone)::date)
             ) AS "managerChanged",
             CASE WHEN a.channel = 'sms' THEN (SELECT m.text FROM message m WHERE m.attempt_id = a.id ORDER BY m.created_at LIMIT 1) END AS "firstText",
             r.state IN ('fielding', 'paused') AS open, p.opted_out_at IS NOT NULL AS "optedOut",
             p.opted_out_at IS NOT NULL AND ${mayBeUndone('p.id')} AS "mayBeUndone",
             (r.state IN ('fielding', 'paused') AND NOT EXISTS (
               SELECT FROM attempt later WHERE later.case_id = a.case_id AND later.channel = a.channel AND later.number > a.number
             )) AS counts
      FROM attempt a
      JOIN survey_case c ON c.id = a.case_id
      JOIN retailer s ON s.id = c.retailer_id
      JOIN manager m ON m.id = c.manager_id
      JOIN round r ON r.id = a.round_id
      JOIN phone p ON p.id = a.phone_id
      WHERE a.id = $1`,
    values: [attemptId, now],
  });
  return row ?? null;
}

/** Whether a voicemail was told who called (W1) in any call of this attempt's case. */
export async function messageWasLeft(query: Query, attemptId: string): Promise<boolean> {
  const found = await query({
    name: 'turn-message-left',
    text: `
      SELECT FROM attempt a JOIN attempt o ON o.case_id = a.case_id JOIN turn t ON t.attempt_id = o.id
      WHERE a.id = $1 AND t.reply @> '{"say": [{"clip": "W1"}]}' LIMIT 1`,
    values: [attemptId],
  });
  return found.length > 0;
}

/** The reply that was given when the turn was taken. */
export async function replyGivenAt(query: Query, attemptId: string, turn: number): Promise<Reply | null> {
  const [row] = await query<{ reply: Reply }>({
    name: 'turn-reply',
    text: 'SELECT reply FROM turn WHERE attempt_id = $1 AND number = $2',
    values: [attemptId, turn],
  });
  return row?.reply ?? null;
}

/** All that one turn records. */
export interface TakenTurn {
  readonly attemptId: string;
  readonly turn: number;
  readonly now: Date;
  /** What somebody said in his own words stands sealed among the comments, and not here. */
  readonly input: Input | { readonly kind: 'text'; readonly text: string } | { readonly kind: 'comment' };
  readonly reply: Reply | { readonly send: TextId | null };
  readonly conversation: Conversation | Thread;
  readonly effects: readonly Effect[];
  /** The item whose value is copied to the case for sums. */
  readonly overallItem: string;
  /** A person was heard under this number: a key, or a text. */
  readonly proves: boolean;
  readonly source: 'voice' | 'sms' | 'desk';
  /** A thread that came to its end ends its attempt; a call is ended by its carrier. */
  readonly ends: boolean;
  /** By when somebody calls back; null where that is not asked for at this turn. */
  readonly followUpDue: Date | null;
  /** What he said in his own words, sealed. */
  readonly comment: Buffer | null;
  /** It was decided on as one that counts: taken only if it still does. */
  readonly counts: boolean;
}

/** What a text brings besides: its id at the carrier, so that it is known when it comes again, and what is sent back. */
export interface TextParts {
  readonly carrierId: string;
  readonly send: { readonly id: string; readonly text: TextId } | null;
}

const optOutEntry: Partial<Record<Effect['kind'], 'stop' | 'undo'>> = { 'opt-out': 'stop', 'opt-out-undone': 'undo' };

/** What there is of a comment among a turn's effects, sealed: it may name him. */
export function sealedComment(vault: Vault, effects: readonly Effect[]): Buffer | null {
  const comment = effects.find((effect) => effect.kind === 'comment');
  return comment ? vault.seal(comment.text) : null;
}

/**
 * Takes the turn if it is still to be taken. Answers merge into the case item by item, because a text thread and a call
 * of one case may answer at once; the last value of an item counts, and the log keeps all.
 *
 * Outbox topics: `rated` (another channel must stop asking), `opt-out` (all cases of the number are over),
 * `late` (the call was over already: its outcome may improve), `ended` (a thread came to its end).
 *
 * @returns whether this call took it.
 * @throws a unique violation when the text's carrier id was taken in before.
 */
export async function takeTurn(query: Query, taken: TakenTurn, text: TextParts | null): Promise<boolean> {
  const answer = taken.effects.find((effect) => effect.kind === 'answer') ?? null;
  const entry = taken.effects.map(({ kind }) => optOutEntry[kind]).find((found) => found !== undefined) ?? null;
  const followUp = taken.effects.find((effect) => effect.kind === 'follow-up-wanted') ?? null;
  const message = taken.effects.find((effect) => effect.kind === 'voice-message') ?? null;
  const rated = answer?.item === taken.overallItem && answer.value > 0;
  const topics = [...(rated ? ['rated'] : []), ...(entry ? ['opt-out'] : []), ...(taken.ends ? ['ended'] : [])];
  const [row] = await query<{ moved: number }>({
    ...(text ? takeText : takeVoice),
    values: [
      taken.attemptId,
      taken.turn,
      taken.now,
      JSON.stringify(taken.conversation),
      JSON.stringify(taken.input),
      JSON.stringify(taken.reply),
      answer?.item ?? null,
      answer?.value ?? null,
      taken.overallItem,
      entry,
      taken.source,
      taken.proves,
      topics,
      taken.followUpDue,
      followUp && !followUp.unnamed,
      taken.comment,
      taken.counts,
      ...(text
        ? [taken.ends, text.carrierId, text.send?.id ?? null, text.send?.text ?? null]
        : [message?.id ?? null, message?.seconds ?? null]),
    ],
  });
  return (row?.moved ?? 0) > 0;
}

const recorded = `
  logged AS (
    INSERT INTO turn (attempt_id, number, input, reply, at) SELECT id, $2, $5, $6, $3 FROM moved
  ), answered AS (
    INSERT INTO answer (attempt_id, turn, case_id, item, value, at)
    SELECT id, $2, case_id, $7, $8, $3 FROM moved WHERE $7::text IS NOT NULL
  ), kept AS (
    UPDATE survey_case c
    SET answers = c.answers || jsonb_build_object($7::text, $8::smallint),
        overall = CASE WHEN $7::text = $9::text THEN nullif($8::smallint, 0) ELSE c.overall END
    FROM moved WHERE c.id = moved.case_id AND $7::text IS NOT NULL
  ), entered AS (
    INSERT INTO opt_out (phone_id, entry, source, attempt_id, retailer_id, at)
    SELECT moved.phone_id, $10::opt_out_entry, $11::text::opt_out_source, moved.id, c.retailer_id, $3
    FROM moved JOIN survey_case c ON c.id = moved.case_id WHERE $10 IS NOT NULL
  ), phoned AS (
    UPDATE phone p
    SET proven_at = CASE WHEN $12::boolean THEN $3::timestamptz ELSE p.proven_at END,
        opted_out_at = CASE $10::opt_out_entry
          WHEN 'stop' THEN coalesce(p.opted_out_at, $3::timestamptz)
          WHEN 'undo' THEN (SELECT min(o.at) FROM opt_out o WHERE o.phone_id = p.id AND o.attempt_id IS DISTINCT FROM moved.id AND ${isInForce('o')})
          ELSE p.opted_out_at END
    FROM moved WHERE p.id = moved.phone_id AND ($12::boolean OR $10 IS NOT NULL)
  ), follow AS (
    INSERT INTO follow_up (id, case_id, phone_id, named, created_at, due_at)
    SELECT gen_random_uuid(), case_id, phone_id, $15::boolean, $3, $14 FROM moved WHERE $14::timestamptz IS NOT NULL
    ON CONFLICT (case_id) DO UPDATE
    SET state = CASE WHEN follow_up.state = 'done' THEN 'reopened' ELSE follow_up.state END, due_at = excluded.due_at, confirmed_at = NULL
  ), commented AS (
    INSERT INTO comment (case_id, attempt_id, channel, sealed, at)
    SELECT case_id, id, $11::text::channel, $16::bytea, $3 FROM moved WHERE $16 IS NOT NULL
  ), posted AS (
    INSERT INTO outbox (topic, case_id, at)
    SELECT topic, case_id, $3 FROM moved, unnest($13::text[] || CASE WHEN was_over THEN ARRAY['late'] ELSE ARRAY[]::text[] END) AS topic
  )`;

/** What {@link Standing.counts} says, once more in the statement that stores: the round may have closed in between. */
const stillCounts = `(NOT $17::boolean OR (
  EXISTS (SELECT FROM round r WHERE r.id = attempt.round_id AND r.state IN ('fielding', 'paused'))
  AND NOT EXISTS (
    SELECT FROM attempt later WHERE later.case_id = attempt.case_id AND later.channel = attempt.channel AND later.number > attempt.number)))`;

const takeVoice: Statement = {
  name: 'turn-take-voice',
  text: `
    WITH moved AS (
      UPDATE attempt
      SET turn = turn + 1, conversation = $4, touched_at = $3::timestamptz, answered_at = coalesce(answered_at, $3::timestamptz),
          state = CASE WHEN state = 'ended' THEN state ELSE 'in-progress' END
      WHERE id = $1 AND turn = $2 AND ${stillCounts}
      RETURNING id, case_id, phone_id, state = 'ended' AS was_over
    ), ${recorded}, spoken AS (
      INSERT INTO voice_message (recording_id, case_id, attempt_id, seconds, counts, at, check_at)
      SELECT $18::text, case_id, id, $19::int, true, $3, $3 FROM moved WHERE $18 IS NOT NULL ON CONFLICT (recording_id) DO NOTHING
    )
    SELECT count(*)::int AS moved FROM moved`,
};

const takeText: Statement = {
  name: 'turn-take-text',
  text: `
    WITH moved AS (
      UPDATE attempt
      SET turn = turn + 1, conversation = $4, touched_at = $3::timestamptz, answered_at = coalesce(answered_at, $3::timestamptz),
          state = CASE WHEN $18 THEN 'ended' ELSE state END, ended_at = CASE WHEN $18 THEN coalesce(ended_at, $3::timestamptz) ELSE ended_at END,
          check_at = CASE WHEN $18 THEN NULL ELSE check_at END
      WHERE id = $1 AND turn = $2 AND ${stillCounts}
      RETURNING id, case_id, phone_id, false AS was_over
    ), ${recorded}, received AS (
      INSERT INTO inbound_text (carrier_id, attempt_id, at) SELECT $19::text, id, $3 FROM moved
    ), sent AS (
      INSERT INTO message (id, attempt_id, text, created_at, check_at)
      SELECT $20::uuid, id, $21::text, $3, $3::timestamptz + interval '1 minute' FROM moved WHERE $20 IS NOT NULL
    )
    SELECT count(*)::int AS moved FROM moved`,
};
