import { z } from 'zod';
import type { Query } from '../platform/database.ts';
import { recordMessageReport } from '../survey/fieldwork/message.ts';
import { failedReport } from '../telephony/aliyun/errors.ts';
import type { TextReport } from '../telephony/ports.ts';
import { receiveText } from './inbound-text.ts';
import type { Services } from './services.ts';
import { wakeSettle } from './wake.ts';

/**
 * What Aliyun pushes, many at a time, and wants acknowledged within 700 ms: stored first, sealed, in one statement,
 * and worked on afterwards. It comes again after 1, 5 and 10 minutes where it was not; under the same id it is the same.
 */
export interface Push {
  /** Aliyun's own id of it. */
  readonly id: string;
  readonly push: z.infer<typeof pushed>;
}

const pushed = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('reply'), from: z.string(), text: z.string() }),
  z.object({
    ...{ kind: z.literal('report'), messageId: z.uuid(), carrierId: z.string().nullable() },
    ...{ delivered: z.boolean(), error: z.string() },
  }),
]);

export async function storePushes(
  { database, vault, clock, queues }: Services,
  pushes: readonly Push[],
): Promise<void> {
  if (pushes.length === 0) return;
  await database.query({
    name: 'push-store',
    text: `
      INSERT INTO text_push (id, kind, sealed, at, due_at)
      SELECT id, kind, sealed, $4, $4 FROM unnest($1::text[], $2::text[], $3::bytea[]) AS pushed (id, kind, sealed)
      WHERE NOT EXISTS (SELECT FROM inbound_text WHERE carrier_id = pushed.id)
      ON CONFLICT (id) DO NOTHING`,
    values: [
      pushes.map(({ id }) => id),
      pushes.map(({ push }) => push.kind),
      pushes.map(({ push }) => vault.seal(JSON.stringify(push))),
      clock.now(),
    ],
  });
  await queues.add('text-push', {});
}

const batch = 100;

/** How long one that could not be worked on is left alone: a minute, then twice as long each time, up to six hours. */
const restMinutes = (tries: number): number => Math.min(2 ** tries, 360);

/**
 * Works on what was pushed, what is due longest first. Two workers may take up the same one: a reply counts once by its
 * id, a report moves a text only forward. One that cannot be worked on now is never given up, and keeps no other waiting.
 */
export async function workPushes(services: Services): Promise<void> {
  const { database, vault, log, queues, clock } = services;
  const { query } = database;
  const waiting = await query<{ id: string; sealed: Buffer; tries: number }>({
    name: 'push-take',
    text: `SELECT id, sealed, tries FROM text_push WHERE due_at <= $1 ORDER BY due_at, id LIMIT ${batch}`,
    values: [clock.now()],
  });
  let worked = 0;
  for (const { id, sealed, tries } of waiting)
    try {
      await workOn(services, id, pushed.parse(JSON.parse(vault.open(sealed))));
      await query({ name: 'push-done', text: 'DELETE FROM text_push WHERE id = $1', values: [id] });
      worked += 1;
    } catch (error) {
      log.warn({ err: error, tries: tries + 1 }, 'a pushed text could not be worked on');
      await query({
        name: 'push-rest',
        text: `UPDATE text_push SET tries = tries + 1, due_at = $2::timestamptz + make_interval(mins => $3) WHERE id = $1`,
        values: [id, clock.now(), restMinutes(tries)],
      });
    }
  if (waiting.length === batch) await queues.add('text-push', {});
  if (worked > 0) await wakeSettle(services);
}

async function workOn(services: Services, id: string, push: z.infer<typeof pushed>): Promise<void> {
  if (push.kind === 'reply') return receiveText(services, { carrierId: id, from: push.from, text: push.text });
  const report: TextReport = push.delivered ? { state: 'delivered' } : failedReport(push.error);
  await recordMessageReport(services.database.query, push.messageId, push.carrierId, report, services.clock.now());
}

/** Whether pushes are due whose job may have been lost. */
export async function pushesWait(query: Query, now: Date): Promise<boolean> {
  const due = { name: 'push-waits', text: 'SELECT FROM text_push WHERE due_at <= $1 LIMIT 1', values: [now] };
  return (await query(due)).length > 0;
}
