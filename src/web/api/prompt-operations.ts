import { Readable } from 'node:stream';
import { z } from 'zod';
import { languages } from '../../survey/questionnaire/questionnaire.ts';
import { promptOf, type Reading, readings } from '../../telephony/asterisk/prompts.ts';
import { hear, keepUpload, promptAsked, readPrompts, removeRecording, soundsOf } from '../prompts/prompts.ts';
import { type Operation, operation } from './operation.ts';

/** Recordings of what an exchange of one's own plays, for the questionnaire that the next round asks. */
const language = z.enum(languages);
const params = z.object({
  ...{ language, piece: z.string().min(1).max(64).describe('a clip, or one part of it: Q1, A1.2') },
  reading: z.enum(readings).describe('`slow` for whoever asked for a sentence twice'),
});

const reading = z.object({
  source: z
    .enum(['recorded', 'uploaded', 'usual', 'spoken'])
    .describe('read by a person (imported or uploaded); `usual` in place of a slow one; `spoken` by the program'),
  seconds: z.number().nullable(),
  loudness: z.int().nullable().describe('of the speech, in dB below full scale; −20 is usual'),
  clipped: z.boolean().nullable().describe('cut off at full scale'),
});

const described = ({ source, measure }: Reading): z.infer<typeof reading> => ({
  ...{ source, seconds: measure && measure.milliseconds / 1000 },
  ...{ loudness: measure?.loudness ?? null, clipped: measure?.clipped ?? null },
});

const at = { path: '/prompts/{language}/{piece}/{reading}', params } as const;

export const promptOperations: readonly Operation[] = [
  operation({
    ...{ id: 'prompts.list', method: 'get', path: '/prompts/{language}', scope: 'questionnaires:read' },
    summary: 'Every sentence that is played, and who reads it',
    params: z.object({ language }),
    answer: z.object({
      items: z.array(z.object({ piece: z.string(), words: z.string(), usual: reading, slow: reading })),
    }),
    async run({ services, params: { language: asked } }) {
      const prompts = await readPrompts(services, asked);
      return {
        items: prompts.map(({ name, words, usual, slow }) => ({
          ...{ piece: name, words, usual: described(usual), slow: described(slow) },
        })),
      };
    },
  }),
  operation({
    ...{ id: 'prompts.hear', method: 'get', ...at, scope: 'questionnaires:read' },
    summary: 'What is heard of a sentence now',
    download: ['audio/wav'],
    async run({ services, params: asked }) {
      const audio = await hear(services, await promptAsked(services, asked));
      const fileName = `${asked.piece}${asked.reading === 'slow' ? '-slow' : ''}.wav`;
      return { type: 'audio/wav', fileName, content: Readable.from([audio]) };
    },
  }),
  operation({
    ...{ id: 'prompts.upload', method: 'put', ...at, scope: 'questionnaires:write' },
    summary: 'Keep what a person read: a WAV of 0.1 to 30 seconds, in place of an earlier one',
    upload: ['audio/wav', 'audio/x-wav', 'audio/wave', 'application/octet-stream'],
    answer: reading,
    async run({ services, actor, params: named, body }) {
      const asked = await promptAsked(services, named);
      // What came under another type was not read.
      await keepUpload(services, asked, Buffer.isBuffer(body) ? body : Buffer.alloc(0), 'body', actor);
      return described((await promptOf(soundsOf(services), asked.piece))[asked.reading]);
    },
  }),
  operation({
    ...{ id: 'prompts.remove', method: 'delete', ...at, scope: 'questionnaires:write' },
    summary: 'Remove what a person read; the program says it from then on',
    async run({ services, actor, params: named }) {
      await removeRecording(services, await promptAsked(services, named), actor);
    },
  }),
];
