import type { Query } from '../platform/database.ts';
import type { Price } from '../telephony/ports.ts';
import type { Services } from './services.ts';

/**
 * What calls and texts cost. A carrier settles a price some minutes after the end, so it is asked for afterwards: many
 * at once by the time they were made, again after a quarter of an hour where it was not settled yet, for three days.
 * Calls that nobody answered cost nothing, and are not asked for.
 */
export async function askPrices({ database: { query }, clock, voice, text }: Services): Promise<void> {
  const now = clock.now();
  await fill(query, 'attempt', await takeUnpriced(query, calls, now), voice.port.prices);
  await fill(query, 'message', await takeUnpriced(query, texts, now), text?.port.prices);
}

interface Unpriced {
  readonly carrierId: string;
  readonly at: Date;
}

const calls = {
  ...{ table: 'attempt', at: 'dialed_at' },
  settled: `channel = 'voice' AND state = 'ended' AND conversation IS NOT NULL AND ended_at < $1::timestamptz - interval '5 minutes'`,
} as const;
const texts = {
  ...{ table: 'message', at: 'sent_at' },
  settled: `state IN ('sent', 'delivered', 'failed') AND sent_at < $1::timestamptz - interval '5 minutes'`,
} as const;

/** Takes what is to be asked for, and puts the next asking off, so that two reconcilers do not ask for the same. */
function takeUnpriced(
  query: Query,
  { table, at, settled }: typeof calls | typeof texts,
  now: Date,
): Promise<Unpriced[]> {
  return query<Unpriced>({
    name: `prices-${table}`,
    text: `
      UPDATE ${table} SET price_asked_at = $1 WHERE id IN (
        SELECT id FROM ${table}
        WHERE price IS NULL AND carrier_id IS NOT NULL AND ${at} > $1::timestamptz - interval '3 days' AND ${settled}
          AND (price_asked_at IS NULL OR price_asked_at <= $1::timestamptz - interval '15 minutes')
        ORDER BY ${at} LIMIT 1000 FOR UPDATE SKIP LOCKED)
      RETURNING carrier_id AS "carrierId", ${at} AS at`,
    values: [now],
  });
}

async function fill(
  query: Query,
  table: 'attempt' | 'message',
  unpriced: readonly Unpriced[],
  ask: ((since: Date, until: Date) => Promise<Price[]>) | undefined,
): Promise<void> {
  if (!ask || unpriced.length === 0) return;
  const times = unpriced.map(({ at }) => at.getTime());
  const wanted = new Set(unpriced.map(({ carrierId }) => carrierId));
  const told = await ask(new Date(Math.min(...times)), new Date(Math.max(...times)));
  const prices = told.filter(({ carrierId }) => wanted.has(carrierId));
  await query({
    name: `prices-fill-${table}`,
    text: `
      UPDATE ${table} SET price = told.amount, price_unit = told.unit
      FROM unnest($1::text[], $2::numeric[], $3::text[]) AS told (carrier_id, amount, unit) WHERE ${table}.carrier_id = told.carrier_id`,
    values: [
      prices.map(({ carrierId }) => carrierId),
      prices.map(({ amount }) => amount),
      prices.map(({ unit }) => unit),
    ],
  });
}
