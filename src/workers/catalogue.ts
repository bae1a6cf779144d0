import { z } from 'zod';
import type { Catalogue, Handlers } from '../platform/queue.ts';
import { mostInFlight } from '../platform/webhooks/delivery.ts';
import { mostEndpoints } from '../platform/webhooks/endpoint.ts';

/**
 * Every kind of job there is. Payloads are ids and nothing else: Redis keeps them in clear. A job is a hint that
 * something is due; the database says whether it still is.
 */
const roundId = z.strictObject({ roundId: z.string().min(1) });
const nothing = z.strictObject({});

export const catalogue = {
  /** Freezes and draws a committed round, and releases its first wave. */
  draw: { queue: 'office', payload: roundId, tries: 5 },
  /** Takes up due cases, as the carriers' pace allows. */
  dispatch: { queue: 'fieldwork', payload: nothing, tries: 1 },
  /** Asks the voice carrier for one call. */
  dial: { queue: 'fieldwork', payload: z.strictObject({ attemptId: z.uuid() }), tries: 3 },
  /** Sends one text of a thread. */
  text: { queue: 'fieldwork', payload: z.strictObject({ messageId: z.uuid() }), tries: 3 },
  /** Works on replies and reports that a carrier pushed. */
  'text-push': { queue: 'fieldwork', payload: nothing, tries: 3 },
  /** Fetches a voice message, seals it, and deletes it at the carrier. */
  'voice-message': {
    queue: 'office',
    payload: z.strictObject({ recordingId: z.string().regex(/^[\w.:-]{1,100}$/) }),
    tries: 3,
  },
  /** Draws conclusions from what was recorded. */
  settle: { queue: 'fieldwork', payload: nothing, tries: 3 },
  /** Asks for everything that is missing: lost jobs, unknown calls, silent threads, rounds that wait for a step. */
  reconcile: { queue: 'office', payload: nothing, tries: 1 },
  /** Releases what the round's finished managers still lack; closes it when that is nothing and every case is final. */
  close: { queue: 'office', payload: roundId, tries: 5 },
  /** Scores a closed round's period and puts it to public notice. */
  score: { queue: 'office', payload: roundId, tries: 5 },
  /** Makes a notice final whose appeals are over. */
  finalise: {
    queue: 'office',
    payload: z.strictObject({ period: z.string().regex(/^\d{4}-\d{2}$/) }),
    tries: 5,
  },
  /** Looks for what is out of order in the process. */
  alarms: { queue: 'office', payload: nothing, tries: 3 },
  /** Sends what is due at one endpoint of another program. */
  webhook: { queue: 'webhooks', payload: z.strictObject({ endpointId: z.uuid() }), tries: 1 },
} as const satisfies Catalogue;

export type Jobs = typeof catalogue;
export type JobHandlers = Handlers<Jobs>;

/**
 * How many jobs of a queue one process works at a time. Dialling waits on the carrier, so many may wait at once; and
 * every endpoint of another program may be slow at once without the last one having to wait.
 */
export const concurrency = { fieldwork: 50, office: 2, webhooks: mostEndpoints * mostInFlight };
