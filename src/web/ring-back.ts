import { never } from '../platform/errors.ts';
import { afterWorkingHours, followUpHours } from '../survey/desk/times.ts';
import { noteWanted, takeRingBack } from '../survey/fieldwork/ring-back.ts';
import { type Turn, takeVoiceTurn } from '../survey/fieldwork/turn.ts';
import type { Reply } from '../survey/interview/conversation.ts';
import type { Language } from '../survey/questionnaire/questionnaire.ts';
import { phoneForm } from '../survey/roster/phone.ts';
import type { Speaking } from '../telephony/words.ts';
import type { Services } from '../workers/services.ts';
import { note } from './audited.ts';
import { companyTimeZone } from './round/rounds-page.ts';

/** What somebody hears who rings the number that called him (script §6), whichever carrier he rings through. */
export type RingAnswer =
  /** His case goes on: this is its first turn. */
  | { readonly kind: 'case'; readonly attemptId: string; readonly turn: Turn }
  /** Words, and nothing is asked of him; where the reply listens, for whether a person is wanted. */
  | ({ readonly kind: 'words' } & Words)
  /** He hears it ring while our own call to him does: to be looked at again. */
  | { readonly kind: 'hold' };

export interface Words {
  readonly reply: Reply;
  readonly speaking: Speaking;
}

export interface Ringing {
  /** The carrier's id of this call. */
  readonly carrierId: string;
  /** As the carrier gives it; may be withheld, or of no form that we know. */
  readonly from: string;
}

/** Looked at again after so many seconds, so many times. */
export const lookAfterSeconds = 5;
const mostLooks = 9;

/** @param looked how often this call was looked at before. */
export async function answerRing(
  services: Services,
  { carrierId, from, looked }: Ringing & { readonly looked: number },
): Promise<RingAnswer> {
  const ringing = await takeRingBack(services, { carrierId, phoneIndex: callerIndex(services, from) });
  switch (ringing.kind) {
    case 'case': {
      const { attemptId } = ringing;
      return { kind: 'case', attemptId, turn: await takeVoiceTurn(services, attemptId, 0, { kind: 'answered' }) };
    }
    case 'known':
      return said(services, 'I2', ringing.language, 4);
    case 'unknown':
      return said(services, 'I3', 'zh-CN', null);
    case 'ringing':
      return looked >= mostLooks ? said(services, 'G1', ringing.language, null) : { kind: 'hold' };
    case 'talking':
      // Kindly, and with no promise that the other call would break.
      return said(services, 'G1', ringing.language, null);
    default:
      return never(ringing);
  }
}

/** What a shop that was not drawn keys at I2: 8 asks for a person; any other key, or none, says goodbye (null). */
export async function afterNotDrawn(
  services: Services,
  { carrierId, from }: Ringing,
  keyed: string,
): Promise<Words | null> {
  const phoneIndex = callerIndex(services, from);
  if (keyed !== '8' || phoneIndex === null) return null;
  const words = await said(services, 'Z8', 'zh-CN', null);
  const now = services.clock.now();
  const time = {
    timeZone: await companyTimeZone(services),
    hours: words.speaking.questionnaire.desk,
  };
  await noteWanted(services.database.query, phoneIndex, now, afterWorkingHours(now, followUpHours, time));
  await note(services, { actor: 'system', action: 'ring-back.person-wanted', subject: carrierId });
  return words;
}

async function said(
  services: Services,
  clip: string,
  language: Language,
  listenSeconds: number | null,
): Promise<Extract<RingAnswer, { kind: 'words' }>> {
  const reply: Reply = { pauseSeconds: 0, say: [{ clip }], listenSeconds };
  return { kind: 'words', reply, speaking: await speakingTo(services, language) };
}

const callerIndex = ({ vault }: Services, from: string): Buffer | null => {
  const number = phoneForm(from);
  return number ? vault.digest(number) : null;
};

/** The words of the questionnaire that was published last: whoever has no case is asked nothing of it. */
async function speakingTo({ database, questionnaire }: Services, language: Language): Promise<Speaking> {
  const [latest] = await database.query<{ id: string }>({
    name: 'ring-back-words',
    text: 'SELECT id FROM questionnaire WHERE published_at IS NOT NULL ORDER BY published_at DESC, id DESC LIMIT 1',
  });
  if (!latest) throw new Error('no questionnaire is published');
  return { language, managerName: '', questionnaire: await questionnaire(latest.id) };
}
