import { expect, test } from 'vitest';
import { silentLog } from '../../platform/log.ts';
import type { Input, Utterance } from '../../survey/interview/conversation.ts';
import { standardQuestionnaire } from '../../survey/questionnaire/questionnaire.ts';
import type { Ari } from './ari.ts';
import type { Sounds } from './sounds.ts';
import { playbackOf, Talk } from './talk.ts';

/** A talk without an exchange: what it takes in, by what is told of its channel. The rest is tried on a real one (test/asterisk). */
async function talking() {
  const taken: { turn: number; input: Input }[] = [];
  let now = 0;
  const ari = { tell: async () => true } as unknown as Ari;
  const sounds = {
    say: async (utterances: readonly Utterance[]) =>
      utterances.map((utterance) => ({ utterance, sounds: [{ sound: 'a', milliseconds: 2000 }] })),
    silence: async () => ({ sound: 'silence', milliseconds: 1000 }),
  } as unknown as Sounds;
  const speaking = { language: 'zh-CN' as const, managerName: '王建国', questionnaire: standardQuestionnaire() };
  const reply = { pauseSeconds: 0, say: [{ clip: 'A1' }], listenSeconds: 8 };
  const take = async (turn: number, input: Input) => {
    taken.push({ turn, input });
    return { reply, next: turn + 1, speaking };
  };
  const talk = new Talk('c', take, { ari, sounds, log: silentLog, now: () => now });
  talk.begin(Promise.resolve({ reply, next: 1, speaking }));
  await new Promise((resolve) => setTimeout(resolve, 20));
  talk.playbackStarted(playbackOf('c', 1));
  now = 60_000;
  return { talk, taken };
}

test('a key and ringing off before it is told from noise is that key: 9 stops for good', async () => {
  const { talk, taken } = await talking();
  talk.tone('9', 100);
  talk.gone();
  await new Promise((resolve) => setTimeout(resolve, 20));
  expect(taken).toEqual([{ turn: 1, input: { kind: 'key', key: '9' } }]);
});

test('ringing off without a key is no turn, and nothing is heard after it', async () => {
  const { talk, taken } = await talking();
  talk.gone();
  talk.tone('5', 100);
  await new Promise((resolve) => setTimeout(resolve, 20));
  expect(taken).toEqual([]);
});
