import { Readable } from 'node:stream';
import { z } from 'zod';
import type { Query } from '../../platform/database.ts';
import { readRound } from '../../survey/round/listing.ts';
import { openVoiceMessage, readVoiceMessages } from '../../survey/round/voice-messages.ts';
import { NotFound } from '../faults.ts';
import { type Operation, operation, roundParams } from './operation.ts';

/** Voice messages by API, as the page shows them. */
export const messageOperations: readonly Operation[] = [
  operation({
    ...{ id: 'messages.list', method: 'get', path: '/rounds/{round}/messages', scope: 'messages:read', personal: true },
    summary: 'Voice messages of a closed round with ten responses or more, shuffled and undated',
    params: roundParams,
    answer: z.object({
      withheld: z.enum(['open', 'few']).nullable().describe('why none may be heard (yet)'),
      messages: z.array(z.object({ number: z.int(), seconds: z.int() })),
    }),
    async run({ services: { database, vault }, params }) {
      await demandRound(database.query, params.round);
      const { withheld, seconds } = await readVoiceMessages(database.query, vault, params.round);
      return { withheld, messages: seconds.map((each, index) => ({ number: index + 1, seconds: each })) };
    },
  }),
  operation({
    ...{ id: 'messages.hear', method: 'get', path: '/rounds/{round}/messages/{number}', scope: 'messages:read' },
    summary: 'One voice message as WAV',
    personal: true,
    params: roundParams.extend({ number: z.coerce.number().int().min(1).max(1_000_000) }),
    download: ['audio/wav'],
    async run({ services: { database, vault }, params: { round, number } }) {
      await demandRound(database.query, round);
      const audio = await openVoiceMessage(database.query, vault, round, number);
      if (!audio) throw new NotFound();
      return { type: 'audio/wav', fileName: `huifang-${round}-message-${number}.wav`, content: Readable.from([audio]) };
    },
  }),
];

async function demandRound(query: Query, roundId: string): Promise<void> {
  if (!(await readRound(query, roundId))) throw new NotFound();
}
