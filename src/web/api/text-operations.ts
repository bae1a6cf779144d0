import { z } from 'zod';
import { languages } from '../../survey/questionnaire/questionnaire.ts';
import { announceQuarter, readQuarter, readTexts } from '../texts/texts.ts';
import { type Operation, operation } from './operation.ts';

/** What is written to shops, for the questionnaire that the next round asks, and the quarter's announcement. */
const quarter = z
  .string()
  .regex(/^\d{4}Q[1-4]$/)
  .describe('such as `2026Q4`');

export const textOperations: readonly Operation[] = [
  operation({
    ...{ id: 'texts.list', method: 'get', path: '/texts/{language}', scope: 'texts:read' },
    summary: 'Every text: its words as a carrier registers them, its length, and how it stands there',
    params: z.object({ language: z.enum(languages) }),
    answer: z.object({
      questionnaireId: z.string(),
      items: z.array(
        z.object({
          ...{
            id: z.string(),
            words: z.string().describe('without the signature; what differs from text to text is left open'),
          },
          ...{ units: z.int(), segments: z.int().describe('as it is paid for, with the longest name') },
          registration: z
            .object({
              status: z.enum(['approved', 'in-review', 'rejected', 'other-words', 'no-code', 'unknown']),
              code: z.string().nullable(),
            })
            .nullable()
            .describe('null where the carrier sends any words; `unknown` where it could not be asked'),
        }),
      ),
    }),
    async run({ services, params: { language } }) {
      const { questionnaireId, texts } = await readTexts(services, language);
      return { questionnaireId, items: [...texts] };
    },
  }),
  operation({
    ...{ id: 'announcements.current', method: 'get', path: '/announcements/current', scope: 'texts:read' },
    summary: 'The current quarter’s announcement to every shop: how far it is, and what the rest comes to',
    answer: z.object({
      quarter,
      ...{ planned: z.int(), sent: z.int(), failed: z.int(), segments: z.int() },
      left: z.object({ shops: z.int(), segments: z.int() }).describe('numbers that were not told yet'),
    }),
    run: ({ services }) => readQuarter(services),
  }),
  operation({
    ...{ id: 'announcements.send', method: 'post', path: '/announcements', scope: 'texts:write' },
    ...{ status: 202, creates: true, body: z.strictObject({ quarter }), answer: z.object({ planned: z.int() }) },
    summary: 'Announce the current quarter to every mobile that did not opt out and was not told yet',
    async run({ services, actor, body }) {
      return { planned: await announceQuarter(services, body.quarter, actor) };
    },
  }),
];
