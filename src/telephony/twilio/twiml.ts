import twilio from 'twilio';
import type { Reply, Utterance } from '../../survey/interview/conversation.ts';
import type { Language } from '../../survey/questionnaire/questionnaire.ts';
import { type Speaking, spoken } from '../words.ts';

/** What a caller hears, in Twilio's language. A wrong pair of voice and language ends the call, so they stand together. */
const voices: Readonly<
  Record<
    Language,
    { readonly voice: 'Polly.Zhiyu-Neural' | 'Polly.Joanna-Neural'; readonly language: 'cmn-CN' | 'en-US' }
  >
> = {
  'zh-CN': { voice: 'Polly.Zhiyu-Neural', language: 'cmn-CN' },
  en: { voice: 'Polly.Joanna-Neural', language: 'en-US' },
};

/** What a voice is listened to as, where one is waited for. */
const recognized: Readonly<Record<Language, 'cmn-Hans-CN' | 'en-US'>> = { 'zh-CN': 'cmn-Hans-CN', en: 'en-US' };

/** Keys that end a message: done, or what they mean everywhere. Any other one is taken for part of the noise. */
const endsMessage = '1#*789';

/**
 * One reply as TwiML. Listening: a Gather that takes one key, at any time from its first word, and reports silence
 * too; behind it a Redirect to the same turn, because a Gather that falls through ends the call in silence. A Record
 * asks its action with what was said; when nothing was it falls through to the Redirect as well.
 *
 * @param action where the next turn is taken, with attempt and turn number in it.
 */
export function twiml(reply: Reply, speaking: Speaking, action: string): string {
  const response = new twilio.twiml.VoiceResponse();
  if (reply.listenSeconds === null) {
    say(response, reply, speaking);
    response.hangup();
    return response.toString();
  }
  const { record, hearsVoice } = reply;
  const gather = response.gather({
    input: hearsVoice ? ['dtmf', 'speech'] : ['dtmf'],
    ...(hearsVoice && { language: recognized[speaking.language], speechTimeout: '1' }),
    numDigits: 1,
    finishOnKey: '',
    // Without a key it falls through to the recording, where there is one.
    actionOnEmptyResult: record === undefined,
    // Gather counts whole seconds.
    timeout: Math.max(1, Math.round(reply.listenSeconds)),
    action,
    method: 'POST',
  });
  say(gather, reply, speaking);
  if (record)
    response.record({
      playBeep: true,
      maxLength: record.longestSeconds,
      timeout: record.silenceSeconds,
      finishOnKey: endsMessage,
      action,
      method: 'POST',
    });
  response.redirect({ method: 'POST' }, action);
  return response.toString();
}

type Speaker = Pick<InstanceType<typeof twilio.twiml.VoiceResponse>, 'say'>;

function say(speaker: Speaker, { pauseSeconds, say: utterances }: Reply, speaking: Speaking): void {
  if (utterances.length === 0) return;
  const said = speaker.say(voices[speaking.language], '');
  if (pauseSeconds > 0) said.break({ time: `${Math.round(pauseSeconds * 1000)}ms` });
  for (const utterance of utterances) utter(said, utterance, speaking);
}

function utter(said: ReturnType<Speaker['say']>, utterance: Utterance, speaking: Speaking): void {
  const words = spoken(utterance, speaking);
  // The slow recording: every word has to be heard by somebody who asked twice.
  if (utterance.slow) said.prosody({ rate: '75%' }, words);
  else said.addText(words);
}

/** Ends a call without a word. */
export function hangUpTwiml(): string {
  const response = new twilio.twiml.VoiceResponse();
  response.hangup();
  return response.toString();
}

/** Lets the caller hear it ring and asks again: a Pause that comes first is waited out before the call is answered. */
export function holdTwiml(seconds: number, action: string): string {
  const response = new twilio.twiml.VoiceResponse();
  response.pause({ length: seconds });
  response.redirect({ method: 'POST' }, action);
  return response.toString();
}

/** Connects whoever hears this with a number, under ours; how that end went is told to `action`. */
export function dialTwiml(number: string, callerId: string, ringSeconds: number, action: string): string {
  const response = new twilio.twiml.VoiceResponse();
  response.dial({ callerId, timeout: ringSeconds, action, method: 'POST' }).number(number);
  return response.toString();
}
