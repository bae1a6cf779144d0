import { z } from 'zod';
import type { CallResult } from '../../survey/disposition/outcome.ts';
import type { CallReport } from '../../survey/fieldwork/call.ts';
import type { Detected } from '../../survey/interview/conversation.ts';
import type { TextReport } from '../ports.ts';
import { meaningOf, resultOf } from './errors.ts';

/** Twilio's words for the life of calls and texts, in ours. */
const callStatuses = [
  'queued',
  'initiated',
  'ringing',
  'in-progress',
  'completed',
  'busy',
  'no-answer',
  'canceled',
  'failed',
] as const;
export const callStatus = z.enum(callStatuses);
export type CallStatus = z.infer<typeof callStatus>;

/**
 * What Twilio's ear made of who answered (AnsweredBy, with DetectMessageEnd). A machine that went silent without a tone
 * waits for something: it screens calls, or is a mailbox without a tone, which our words to an assistant harm little.
 * Whatever else it says is a person: a machine that is talked to costs a minute, a person that is hung up on a shop.
 */
const answeredBy: Readonly<Record<string, Detected>> = {
  human: 'person',
  unknown: 'person',
  fax: 'fax',
  machine_start: 'voicemail',
  machine_end_beep: 'voicemail',
  machine_end_silence: 'assistant',
  machine_end_other: 'assistant',
};
export const detectedBy = (word: string): Detected => answeredBy[word] ?? 'person';

/** SIP answers that say the number itself is no good: not found, gone, address incomplete, does not exist anywhere. */
const noSuchNumber = [404, 410, 484, 604];
const declined = [403, 603];

/** @param sip the SIP answer the callee's network gave, where Twilio tells it. */
export function callReport(status: CallStatus, sip: number | null, errorCode: number | null): CallReport {
  switch (status) {
    case 'queued':
    case 'initiated':
      return { state: 'queued' };
    case 'ringing':
    case 'in-progress':
      return { state: status };
    case 'completed':
    case 'busy':
    case 'no-answer':
      return { state: 'ended', result: status, errorCode };
    case 'canceled':
      return { state: 'ended', result: 'technical', errorCode };
    case 'failed':
      return { state: 'ended', result: failure(sip, errorCode), errorCode: errorCode ?? sip };
  }
}

function failure(sip: number | null, errorCode: number | null): CallResult {
  if (sip !== null && noSuchNumber.includes(sip)) return 'bad-number';
  if (sip !== null && declined.includes(sip)) return 'rejected';
  return resultOf(errorCode);
}

export const textStatus = z.enum([
  ...(['accepted', 'scheduled', 'queued', 'sending', 'sent', 'delivered', 'read'] as const),
  ...(['undelivered', 'failed', 'canceled', 'receiving', 'received', 'partially_delivered'] as const),
]);
export type TextStatus = z.infer<typeof textStatus>;

export function textReport(status: TextStatus, errorCode: number | null): TextReport {
  if (status === 'delivered' || status === 'read') return { state: 'delivered' };
  if (status === 'undelivered' || status === 'failed' || status === 'canceled')
    return {
      ...{ state: 'failed', result: resultOf(errorCode), errorCode },
      ...(meaningOf(errorCode) === 'opted-out' && { optedOut: true }),
    };
  return { state: 'sent' };
}
