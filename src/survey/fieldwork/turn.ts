import type { Clock } from '../../platform/clock.ts';
import type { Database } from '../../platform/database.ts';
import { Refused } from '../../platform/errors.ts';
import type { Vault } from '../../platform/vault.ts';
import { followUpDue } from '../desk/times.ts';
import type { Conversation, Decision, Detected, Input, Reply } from '../interview/conversation.ts';
import { decide, isStoppedBy } from '../interview/interview.ts';
import { type Language, overallItem, type Questionnaire } from '../questionnaire/questionnaire.ts';
import { deskAt } from './calendar.ts';
import { messageWasLeft, replyGivenAt, type Standing, sealedComment, standingOf, takeTurn } from './turn-store.ts';
import { noteRecording } from './voice-message.ts';

/** What a carrier's adapter has to say next, and the number the answer to it will have. */
export interface Turn {
  readonly reply: Reply;
  readonly next: number;
  readonly speaking: {
    readonly language: Language;
    readonly managerName: string;
    readonly questionnaire: Questionnaire;
  };
}

export interface TurnServices {
  readonly database: Database;
  readonly clock: Clock;
  readonly questionnaire: (id: string) => Promise<Questionnaire>;
  /** Seals what people say in their own words. */
  readonly vault: Vault;
}

const goodbye: Reply = { pauseSeconds: 0, say: [], listenSeconds: null };

/**
 * One turn of a call, by machine or by a person of the desk: takes in what was heard, exactly once, and says what comes next. Read, decide, write once; no
 * transaction is held open in between, because on this path one fails under a burst of duplicates.
 *
 * A turn that was taken gets its first reply again, whatever it brings now. What comes after a later call began, or
 * after the round closed, is answered politely and not recorded, but for a stop: that holds whenever it is said. Whoever
 * said stop elsewhere, since he was called, is told so and left alone. A recording that no turn took in is noted, so that it
 * is deleted at the carrier.
 *
 * @throws Refused `unknown-attempt` where there is none, `future-turn` for a number not reached yet.
 */
export async function takeVoiceTurn(
  services: TurnServices,
  attemptId: string,
  number: number,
  input: Input,
): Promise<Turn> {
  const turn = await takeOnce(services, attemptId, number, input);
  if (input.kind === 'recorded') await noteRecording(services.database.query, attemptId, input, services.clock.now());
  return turn;
}

async function takeOnce(services: TurnServices, attemptId: string, number: number, input: Input): Promise<Turn> {
  const { query } = services.database;
  const now = services.clock.now();
  const standing = await standingOf(query, attemptId, now);
  if (!standing) throw new Refused('unknown-attempt', 'no such attempt');
  if (number > standing.turn)
    throw new Refused('future-turn', `turn ${number} has not come, the next is ${standing.turn}`);
  const questionnaire = await services.questionnaire(standing.questionnaireId);
  const { language, managerName } = standing;
  const answered = (reply: Reply): Turn => ({
    reply,
    next: number + 1,
    speaking: { language, managerName, questionnaire },
  });
  const given = () => replyGivenAt(query, attemptId, number);

  if (number < standing.turn) return answered((await given()) ?? goodbye);
  const reply = (await decideAndStore(services, attemptId, standing, input, { questionnaire, now })) ?? (await given());
  // Nobody took the turn: while we decided it ceased to count.
  return reply ? answered(reply) : takeOnce(services, attemptId, number, input);
}

/**
 * The carrier's verdict on who answered, as the turn that comes next, whichever that is. The call is still saying what
 * it was told before: whoever calls this has it go on with that turn. Where he does not get to, the call does so
 * itself, because the next request for this turn is answered with the reply that is stored now.
 *
 * @returns the turn's number; null where the verdict changes nothing, also where it was taken in before.
 * @throws Refused `unknown-attempt` where there is none.
 */
export async function takeDetection(services: TurnServices, attemptId: string, who: Detected): Promise<number | null> {
  for (;;) {
    const now = services.clock.now();
    const standing = await standingOf(services.database.query, attemptId, now);
    if (!standing) throw new Refused('unknown-attempt', 'no such attempt');
    if (!standing.counts || !isStoppedBy(standing.conversation as Conversation | null, who)) return null;
    const questionnaire = await services.questionnaire(standing.questionnaireId);
    const messageLeft = await messageWasLeft(services.database.query, attemptId);
    const input = { kind: 'detected', who } as const;
    const reply = await decideAndStore(services, attemptId, standing, input, { questionnaire, now, messageLeft });
    if (reply) return standing.turn;
    // What was heard took this turn meanwhile; the verdict is taken in after it.
  }
}

/** The reply, or null where the turn was taken by somebody else meanwhile. */
async function decideAndStore(
  { database: { query }, vault }: TurnServices,
  attemptId: string,
  standing: Standing,
  input: Input,
  about: { readonly questionnaire: Questionnaire; readonly now: Date; readonly messageLeft?: boolean },
): Promise<Reply | null> {
  const { channel, language, rotation, managerChanged, inbound, timeZone, counts } = standing;
  const { questionnaire, now } = about;
  const before = standing.conversation as Conversation | null;
  const interview = { conversation: before, answers: standing.answers };
  const decision = decide(interview, input, {
    ...{ questionnaire, language, now, rotation, managerChanged, inbound, byPerson: channel === 'desk' },
    optedOut: standing.optedOut,
    messageLeft: about.messageLeft ?? false,
    // Worked out only where somebody asks for a person: the calendar would be a tenth of every turn's processor time.
    get desk() {
      return deskAt(now, timeZone, questionnaire.desk);
    },
  });
  const counting = counts ? decision : stopOnly(decision, before);
  if (counting === null) return goodbye;
  const { conversation, reply, effects } = counting;
  const taken = await takeTurn(
    query,
    {
      attemptId,
      turn: standing.turn,
      now,
      input: input.kind === 'words' ? { kind: 'comment' } : input,
      reply,
      conversation,
      effects,
      overallItem: overallItem(questionnaire).id,
      proves: input.kind === 'key' || (input.kind === 'recorded' && input.seconds > 0),
      source: channel,
      ends: false,
      comment: sealedComment(vault, effects),
      followUpDue: followUpDue(effects, { now, timeZone, hours: questionnaire.desk }),
      counts,
    },
    null,
  );
  return taken ? reply : null;
}

/** Of a call that counts no more: a stop, and the # that takes it back, after which there is nothing to go on with. */
function stopOnly({ conversation, reply, effects }: Decision, before: Conversation | null): Decision | null {
  const stops = effects.filter(({ kind }) => kind === 'opt-out' || kind === 'opt-out-undone');
  if (stops.length === 0 && before?.place.is !== 'stopping') return null;
  if (!stops.some(({ kind }) => kind === 'opt-out-undone')) return { conversation, reply, effects: stops };
  const over = { ...conversation, place: { is: 'over', because: 'hung-up' } } as const;
  return { conversation: over, reply: goodbye, effects: stops };
}
