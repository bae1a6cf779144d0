import type { Answers, Conversation, Ending, Place } from '../interview/conversation.ts';
import type { Thread } from '../interview/thread.ts';
import type { Questionnaire } from '../questionnaire/questionnaire.ts';
import type { Disposition } from './disposition.ts';

/** What a carrier says became of a call, in our words. `lost` = nobody knows whether it was ever made. */
export const callResults = [
  'completed',
  'busy',
  'no-answer',
  'rejected',
  'bad-number',
  'blocked',
  'technical',
  'lost',
] as const;
export type CallResult = (typeof callResults)[number];

const unanswered: Readonly<Record<Exclude<CallResult, 'completed'>, Disposition>> = {
  busy: 'busy',
  'no-answer': 'no-answer',
  rejected: 'rejected',
  'bad-number': 'bad-number',
  blocked: 'blocked',
  technical: 'technical',
  lost: 'technical',
};

/** How far the answers go: everything asked for, at least the overall rating, or neither. */
export function responseOf(answers: Answers, { items }: Questionnaire): 'complete' | 'partial' | null {
  const overall = items.find((item) => item.overall);
  if (!overall || !((answers[overall.id] ?? 0) > 0)) return null;
  const ratings = items.filter((item) => item.kind === 'rating');
  return ratings.every((item) => answers[item.id] !== undefined) ? 'complete' : 'partial';
}

/** What one call came to (method §2), from the carrier's word, how the conversation stood at its end, and the answers. */
export function outcomeOfCall(
  result: CallResult,
  conversation: Conversation | null,
  answers: Answers,
  questionnaire: Questionnaire,
): Disposition {
  if (conversation === null) return result === 'completed' ? 'no-answer' : unanswered[result];
  const response = responseOf(answers, questionnaire);
  const ending = endingOf(conversation);
  // "Stop for good" takes back no answer: a stored rating stays one.
  if (response) return response;
  if (ending === 'opted-out') return 'opted-out';
  if (result === 'technical' || result === 'lost') return 'technical';
  if (ending === 'appointment' || ending === 'person') return 'appointment';
  if (conversation.keyed) return 'broke-off';
  return heardNobody[ending] ?? (ending === 'hung-up' ? 'refused' : 'silent');
}

/** A machine answered. One that sends faxes is a shop that did not come to the telephone. */
const heardNobody: Partial<Record<Ending, Disposition>> = {
  voicemail: 'voicemail',
  screened: 'screened',
  fax: 'no-answer',
};

/** What hanging up means while the machine confirms what was asked of it: yes. Anywhere else it is a hang-up. */
const hungUpAt: Partial<Record<Place['is'], Ending>> = {
  stopping: 'opted-out',
  later: 'appointment',
  person: 'person',
  screened: 'screened',
};

function endingOf({ place }: Conversation): Ending {
  return place.is === 'over' ? place.because : (hungUpAt[place.is] ?? 'hung-up');
}

/** What a person of the desk says became of a call of his. `finished`: all was asked, or he rang off. */
export const deskResults = [
  'finished',
  'no-answer',
  'busy',
  'refused',
  'language',
  'unable',
  'bad-number',
  'not-eligible',
  'opted-out',
  'technical',
] as const;
export type DeskResult = (typeof deskResults)[number];

/** What a call of the desk came to. What was answered counts, whatever was said afterwards. */
export function outcomeOfDesk(
  result: DeskResult,
  conversation: Conversation | null,
  answers: Answers,
  questionnaire: Questionnaire,
): Disposition {
  const response = responseOf(answers, questionnaire);
  const ending = conversation && endingOf(conversation);
  if (response && conversation) return response;
  if (ending === 'opted-out') return 'opted-out';
  if (result !== 'finished') return result;
  if (conversation?.wanted || ending === 'appointment') return 'appointment';
  return conversation?.keyed ? 'broke-off' : 'silent';
}

/** Whether a call's conversation reached its own end, so that nothing of it is left to resume. */
export const reachedItsEnd = (conversation: Conversation | null): boolean =>
  conversation?.place.is === 'over' ? conversation.place.because === 'finished' : conversation?.place.is === 'farewell';

/** What one text thread came to; null = nobody ever replied. `delivered` is what the carrier says of our first text. */
export function outcomeOfThread(
  result: 'delivered' | 'bad-number' | 'blocked' | 'technical' | 'lost',
  thread: Thread | null,
  answers: Answers,
  questionnaire: Questionnaire,
): Disposition {
  const response = responseOf(answers, questionnaire);
  const ending = thread?.is === 'over' ? thread.because : null;
  if (ending === 'opted-out') return response ?? 'opted-out';
  // A rating given here counts, however the thread went on; one from the telephone is that call's.
  if (response && (ending === 'finished' || (thread?.ratedAt ?? null) !== null)) return response;
  if (result !== 'delivered') return unanswered[result];
  if (ending === 'person') return 'appointment';
  return ending === 'misread' ? 'broke-off' : 'sms-silent';
}
