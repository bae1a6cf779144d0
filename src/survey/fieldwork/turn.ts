import type { Clock } from '../../platform/clock.ts';
import type { Database } from '../../platform/database.ts';
import { Refused } from '../../platform/errors.ts';
import type { Vault } from '../../platform/vault.ts';
import { followUpDue } from '../desk/times.ts';
import type { Conversation, Input, Reply } from '../interview/conversation.ts';
import { decide } from '../interview/interview.ts';
import { type Language, overallItem, type Questionnaire } from '../questionnaire/questionnaire.ts';
import { deskAt } from './calendar.ts';
import { replyGivenAt, sealedComment, standingOf, takeTurn } from './turn-store.ts';
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
 * after the round closed, is answered politely and not recorded. A recording that no turn took in is noted, so that it
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
  const { channel, language, managerName, rotation, managerChanged, inbound } = standing;
  const answered = (reply: Reply): Turn => ({
    reply,
    next: number + 1,
    speaking: { language, managerName, questionnaire },
  });
  const given = async () => answered((await replyGivenAt(query, attemptId, number)) ?? goodbye);

  if (number < standing.turn) return given();
  if (!standing.counts) return answered(goodbye);
  const interview = { conversation: standing.conversation as Conversation | null, answers: standing.answers };
  const { conversation, reply, effects } = decide(interview, input, {
    ...{ questionnaire, language, now, rotation, managerChanged, inbound, byPerson: channel === 'desk' },
    // Worked out only where somebody asks for a person: the calendar would be a tenth of every turn's processor time.
    get desk() {
      return deskAt(now, standing.timeZone, questionnaire.desk);
    },
  });
  const taken = await takeTurn(
    query,
    {
      attemptId,
      turn: number,
      now,
      input: input.kind === 'words' ? { kind: 'comment' } : input,
      reply,
      conversation,
      effects,
      overallItem: overallItem(questionnaire).id,
      proves: input.kind === 'key' || (input.kind === 'recorded' && input.seconds > 0),
      source: channel,
      ends: false,
      comment: sealedComment(services.vault, effects),
      followUpDue: followUpDue(effects, { now, timeZone: standing.timeZone, hours: questionnaire.desk }),
    },
    null,
  );
  return taken ? answered(reply) : given();
}
