import { audit } from '../../platform/audit.ts';
import type { Chance } from '../../platform/chance.ts';
import { type Query, uniqueViolation } from '../../platform/database.ts';
import { afterWorkingHours, followUpDue, followUpHours } from '../desk/times.ts';
import { meansStop, read } from '../interview/reading.ts';
import { beginThread, decideText, type Thread } from '../interview/thread.ts';
import { overallItem } from '../questionnaire/questionnaire.ts';
import { askInWriting, noticeStop, noticeStranger, recordWishAnswer, wishInQuestion } from './notice.ts';
import { enterStop } from './opt-out.ts';
import type { TurnServices } from './turn.ts';
import { sealedComment, standingOf, takeTurn } from './turn-store.ts';

export interface InboundText {
  /** The carrier's id of this text: by it a repeated delivery is known. */
  readonly carrierId: string;
  /** Blind index of the sender's number. */
  readonly phoneIndex: Buffer;
  /** The sender's number, where it is a mobile and we can write back: who has no thread is answered on it alone. */
  readonly sealedMobile?: Buffer | null;
  readonly text: string;
}

/** A text of ours that is now to be sent. */
export interface ToSend {
  readonly messageId: string;
}

export interface TextServices extends TurnServices {
  readonly chance: Chance;
}

/** How often a turn lost to another text of the same moment is tried anew. */
const tries = 5;

/**
 * A text from a retailer: matched to the thread of its number, taken in once, and answered by a text. A reply carries
 * only the number, so there is one open thread a number; a thread that ended in silence still takes a late reply until
 * its round closes.
 *
 * @returns the text to send back, or null: nothing to say, a repeated delivery, or nobody we know.
 */
export async function takeText(services: TextServices, inbound: InboundText): Promise<ToSend | null> {
  const { query } = services.database;
  for (let attempt = 0; attempt < tries; attempt++) {
    if (await seenBefore(query, inbound.carrierId)) return null;
    const attemptId = await threadOf(query, inbound.phoneIndex);
    const standing = attemptId && (await standingOf(query, attemptId, services.clock.now()));
    if (await answerOnWish(services, inbound).catch(unlessSeen)) return null;
    if (!standing) return withoutThread(services, inbound);
    const taken = await takeOnce(services, attemptId, standing, inbound).catch(unlessSeen);
    if (taken) return taken.send;
  }
  throw new Error('too many texts at once on one thread');
}

async function takeOnce(
  services: TextServices,
  attemptId: string,
  standing: NonNullable<Awaited<ReturnType<typeof standingOf>>>,
  { carrierId, text }: InboundText,
): Promise<{ send: ToSend | null } | null> {
  const questionnaire = await services.questionnaire(standing.questionnaireId);
  const { answers, timeZone, open, optedOut, mayBeUndone, counts } = standing;
  const before = (standing.conversation as Thread | null) ?? beginThread(questionnaire, standing.firstText ?? '');
  const now = services.clock.now();
  const decision = decideText(before, text, { questionnaire, answers, now, timeZone, open, optedOut, mayBeUndone });
  const send = decision.send === null ? null : { id: services.chance.id(), text: decision.send };
  const effects = counts ? decision.effects : decision.effects.filter(({ kind }) => kind !== 'answer');
  const comment = effects.find((effect) => effect.kind === 'comment');
  const taken = await takeTurn(
    services.database.query,
    {
      attemptId,
      turn: standing.turn,
      now,
      input: comment ? { kind: 'comment' } : { kind: 'text', text },
      reply: { send: decision.send },
      conversation: decision.thread,
      effects,
      overallItem: overallItem(questionnaire).id,
      proves: true,
      source: 'sms',
      ends: decision.thread.is === 'over',
      comment: sealedComment(services.vault, effects),
      followUpDue: followUpDue(effects, { now, timeZone, hours: questionnaire.desk }),
      counts,
    },
    { carrierId, send },
  );
  return taken ? { send: send && { messageId: send.id } } : null;
}

/** What somebody replies who has no thread: a stop is a stop, and whoever is not one of ours is told so. */
async function withoutThread(
  services: TextServices,
  { carrierId, phoneIndex, sealedMobile = null, text }: InboundText,
): Promise<ToSend | null> {
  const now = services.clock.now();
  return services.database.transaction(async (query) => {
    if (!(await noteStranger(query, carrierId, now))) return null;
    const stops = meansStop(text);
    if (sealedMobile && !stops) await askInWriting(query, phoneIndex, now);
    const day = now.toISOString().slice(0, 10);
    const messageId = stops
      ? (await enterStop(query, phoneIndex, now)) && (await noticeStop(query, phoneIndex, now))
      : sealedMobile && (await noticeStranger(query, { phoneIndex, sealed: sealedMobile, day }, now));
    return messageId ? { messageId } : null;
  });
}

const confirmation = { kind: 'yes-no', overall: false } as const;

/** 1 or 2 from a number that was asked last whether its wish was seen to: 2 opens it again (script §8, SF). */
async function answerOnWish(services: TextServices, { carrierId, phoneIndex, text }: InboundText): Promise<boolean> {
  const meaning = read(text, confirmation);
  if (meaning.kind !== 'answer' || meaning.value === 0) return false;
  const now = services.clock.now();
  const asked = await wishInQuestion(services.database.query, phoneIndex, now);
  if (!asked) return false;
  const { desk } = await services.questionnaire(asked.questionnaireId);
  const dueAt = afterWorkingHours(now, followUpHours, { timeZone: asked.timeZone, hours: desk });
  const answer = { carrierId, messageId: asked.messageId, done: meaning.value === 1, dueAt };
  await services.database.transaction(async (query) => {
    const reopened = await recordWishAnswer(query, answer, now);
    if (reopened) await audit(query, now, { actor: 'system', action: 'follow-up.reopen', subject: reopened });
  });
  return true;
}

/** The same text was taken in while we decided: the next look finds it. */
function unlessSeen(error: { code?: string }): null {
  if (error.code === uniqueViolation) return null;
  throw error;
}

async function seenBefore(query: Query, carrierId: string): Promise<boolean> {
  const rows = await query({
    name: 'text-seen',
    text: 'SELECT FROM inbound_text WHERE carrier_id = $1',
    values: [carrierId],
  });
  return rows.length > 0;
}

/** The open thread of a number, else its latest one of a round that still counts answers. */
async function threadOf(query: Query, phoneIndex: Buffer): Promise<string | null> {
  const [row] = await query<{ id: string }>({
    name: 'text-thread',
    text: `
      SELECT a.id FROM attempt a JOIN phone p ON p.id = a.phone_id JOIN round r ON r.id = a.round_id
      WHERE p.blind_index = $1 AND a.channel = 'sms'
      ORDER BY (a.state <> 'ended') DESC, (r.state IN ('fielding', 'paused')) DESC, a.created_at DESC LIMIT 1`,
    values: [phoneIndex],
  });
  return row?.id ?? null;
}

/** Nobody with a thread. Kept by id alone, so that a repeated delivery is known. @returns whether it is new. */
async function noteStranger(query: Query, carrierId: string, now: Date): Promise<boolean> {
  const noted = await query({
    text: 'INSERT INTO inbound_text (carrier_id, attempt_id, at) VALUES ($1, NULL, $2) ON CONFLICT DO NOTHING RETURNING carrier_id',
    values: [carrierId, now],
  });
  return noted.length > 0;
}
