import { audit } from '../audit.ts';
import type { Chance } from '../chance.ts';
import type { Clock } from '../clock.ts';
import type { Database, Query } from '../database.ts';
import { BadInput, type Fault, Refused } from '../errors.ts';
import type { Vault } from '../vault.ts';
import { addressFault } from './address.ts';

/** Where events go, and the secret each is signed with: shown when it is made, sealed from then on. */
export interface Endpoint {
  readonly id: string;
  readonly url: string;
  readonly description: string;
  readonly types: string[];
  /** Until then the secret before the current one signs too. */
  readonly previousUntil: Date | null;
  readonly createdAt: Date;
  readonly createdBy: string;
  readonly disabledAt: Date | null;
  /** Who did; `gone`: it said itself that it wants no more (410). */
  readonly disabledBy: string | null;
  readonly waiting: number;
  readonly givenUp: number;
  readonly lastDeliveredAt: Date | null;
}

export interface EndpointServices {
  readonly database: Database;
  readonly clock: Clock;
  readonly chance: Chance;
  readonly vault: Vault;
}

export interface Wish {
  readonly url: string;
  readonly description: string;
  readonly types: readonly string[];
}

/** Each is served by itself, so that none keeps another waiting; that holds for so many. */
export const mostEndpoints = 20;

/** @throws BadInput with every fault; `known` are the types there are. */
function check({ url, types }: Partial<Wish>, known: readonly string[]): void {
  const address = url === undefined ? null : addressFault(url);
  const unknown = (types ?? []).filter((type) => !known.includes(type));
  const faults: Fault[] = [
    ...(address === null ? [] : [{ where: 'url', message: address }]),
    ...(types?.length === 0 ? [{ where: 'types', message: `至少一种 · at least one of: ${known.join(', ')}` }] : []),
    ...unknown.map((type) => ({
      where: 'types',
      message: `没有事件 ${type}，可用 · there is no event ${type}; there are: ${known.join(', ')}`,
    })),
  ];
  if (faults.length > 0) throw new BadInput('接收地址有误 · the endpoint cannot be used', faults);
}

const freshSecret = (chance: Chance) => `whsec_${chance.bytes(32).toString('base64')}`;

/**
 * @returns its id and its secret, the latter for the last time.
 * @throws BadInput with every fault; Refused `too-many-endpoints`.
 */
export async function addEndpoint(
  { database, clock, chance, vault }: EndpointServices,
  wish: Wish,
  { known, actor }: { readonly known: readonly string[]; readonly actor: string },
): Promise<{ id: string; secret: string }> {
  check(wish, known);
  const now = clock.now();
  const id = chance.id();
  const secret = freshSecret(chance);
  const types = [...new Set(wish.types)];
  await database.transaction(async (query) => {
    await audit(query, now, { actor, action: 'webhook-endpoint.add', subject: id, detail: { types } });
    const [{ there } = { there: 0 }] = await query<{ there: number }>({
      text: 'SELECT count(*)::int AS there FROM webhook_endpoint',
    });
    if (there >= mostEndpoints)
      throw new Refused(
        'too-many-endpoints',
        `最多 ${mostEndpoints} 个接收地址 · there are ${mostEndpoints} endpoints, and there can be no more: delete one`,
      );
    await query({
      text: `
        INSERT INTO webhook_endpoint (id, url, description, types, secret, created_by, created_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7)`,
      values: [id, new URL(wish.url).href, wish.description.trim(), types, vault.seal(secret), actor, now],
    });
  });
  return { id, secret };
}

/** What is not named stays. A disabled one is given up on; enabled again it hears of what comes then, and of what is replayed. */
export async function changeEndpoint(
  { database, clock }: Pick<EndpointServices, 'database' | 'clock'>,
  id: string,
  wish: Partial<Wish> & { readonly enabled?: boolean },
  { known, actor }: { readonly known: readonly string[]; readonly actor: string },
): Promise<void> {
  check(wish, known);
  const now = clock.now();
  await database.transaction(async (query) => {
    const { url, description, types, enabled } = wish;
    const detail = { changed: Object.keys(wish) };
    await audit(query, now, { actor, action: 'webhook-endpoint.change', subject: id, detail });
    await query({
      text: `
        UPDATE webhook_endpoint
        SET url = coalesce($2, url), description = coalesce($3, description), types = coalesce($4, types),
            rest_until = CASE WHEN $2::text IS NULL THEN rest_until END,
            disabled_at = CASE WHEN $5 THEN NULL ELSE disabled_at END, disabled_by = CASE WHEN $5 THEN NULL ELSE disabled_by END
        WHERE id = $1`,
      values: [id, url && new URL(url).href, description?.trim(), types && [...new Set(types)], enabled ?? false],
    });
    if (enabled === false) await disable(query, now, id, actor);
  });
}

/**
 * Nothing is sent to it any more, and what waited for it is given up. After `takeTurn`.
 *
 * @returns false where it was disabled already.
 */
export async function disable(query: Query, now: Date, id: string, by: string): Promise<boolean> {
  const disabled = await query({
    text: `UPDATE webhook_endpoint SET disabled_at = $2, disabled_by = $3 WHERE id = $1 AND disabled_at IS NULL RETURNING id`,
    values: [id, now, by],
  });
  if (disabled.length === 0) return false;
  await query({
    text: `
      UPDATE webhook_delivery SET state = 'given-up', last_error = 'disabled', leased_until = NULL, ended_at = $2
      WHERE endpoint_id = $1 AND state = 'waiting'`,
    values: [id, now],
  });
  return true;
}

/** It is forgotten, with what was sent to it; the events stay. */
export async function removeEndpoint(
  { database, clock }: Pick<EndpointServices, 'database' | 'clock'>,
  id: string,
  actor: string,
): Promise<void> {
  const now = clock.now();
  await database.transaction(async (query) => {
    await audit(query, now, { actor, action: 'webhook-endpoint.remove', subject: id });
    await query({ text: 'DELETE FROM webhook_endpoint WHERE id = $1', values: [id] });
  });
}

/** The longest that two secrets sign, in hours: three days, as long as a message may be on its way. */
export const longestOverlap = 72;

/**
 * A new secret. The one before signs too for `overlapHours`, so that the receiver may change over when it likes.
 *
 * @returns the new secret, for the last time.
 */
export async function rotateSecret(
  { database, clock, chance, vault }: EndpointServices,
  id: string,
  { overlapHours, actor }: { readonly overlapHours: number; readonly actor: string },
): Promise<{ secret: string; previousUntil: Date }> {
  const now = clock.now();
  const secret = freshSecret(chance);
  const previousUntil = new Date(now.getTime() + overlapHours * 3_600_000);
  await database.transaction(async (query) => {
    await audit(query, now, { actor, action: 'webhook-endpoint.rotate', subject: id, detail: { overlapHours } });
    await query({
      text: 'UPDATE webhook_endpoint SET previous_secret = secret, previous_until = $2, secret = $3 WHERE id = $1',
      values: [id, previousUntil, vault.seal(secret)],
    });
  });
  return { secret, previousUntil };
}

/** Every endpoint, or the one of this id; the oldest first. */
export const readEndpoints = (query: Query, id: string | null = null): Promise<Endpoint[]> =>
  query<Endpoint>({
    text: `
      SELECT e.id, e.url, e.description, e.types, e.previous_until AS "previousUntil", e.created_at AS "createdAt",
             e.created_by AS "createdBy", e.disabled_at AS "disabledAt", e.disabled_by AS "disabledBy",
             d.waiting, d.given_up AS "givenUp", d.last AS "lastDeliveredAt"
      FROM webhook_endpoint e CROSS JOIN LATERAL (
        SELECT count(*) FILTER (WHERE state = 'waiting')::int AS waiting, count(*) FILTER (WHERE state = 'given-up')::int AS given_up,
               max(ended_at) FILTER (WHERE state = 'delivered') AS last
        FROM webhook_delivery WHERE endpoint_id = e.id
      ) AS d
      WHERE $1::uuid IS NULL OR e.id = $1 ORDER BY e.created_at, e.id`,
    values: [id],
  });
