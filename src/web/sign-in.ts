import { createHash } from 'node:crypto';
import { audit } from '../platform/audit.ts';
import type { Services } from '../workers/services.ts';

/**
 * Signing in by a link that works once. There are no passwords: whoever may read the machine's settings makes a link
 * (`huifang sign-in`), or the first start prints one. Of its secret only the sha256 is kept.
 */
type SignInServices = Pick<Services, 'database' | 'clock' | 'chance'>;

/** How long a link waits for its one use, by the injected clock. */
const usualMinutes = 60;
const secretBytes = 32;

export const digestOf = (secret: string): Buffer => createHash('sha256').update(secret).digest();

/** A link that signs this user in, once, within `minutes`. */
export async function makeSignInLink(
  { database, clock, chance }: SignInServices,
  publicUrl: string,
  userId: string,
  { minutes, actor = 'cli' }: { readonly minutes: number; readonly actor?: string },
): Promise<string> {
  const now = clock.now();
  const secret = chance.bytes(secretBytes).toString('base64url');
  await database.transaction(async (query) => {
    await query({
      text: 'INSERT INTO sign_in_link (digest, user_id, expires_at) VALUES ($1, $2, $3)',
      values: [digestOf(secret), userId, new Date(now.getTime() + minutes * 60_000)],
    });
    await audit(query, now, { actor, action: 'sign-in-link.make', subject: userId, detail: { minutes } });
  });
  return `${publicUrl}/sign-in/${secret}`;
}

export const signInLinkFor = (
  services: SignInServices,
  publicUrl: string,
  userId: string,
  actor?: string,
): Promise<string> => makeSignInLink(services, publicUrl, userId, { minutes: usualMinutes, ...(actor && { actor }) });

/** Any number of our own, so that two first starts at once make one admin. */
const firstAdminLock = 7_310_003;

/** Makes the first admin where there is no user at all. @returns his sign-in link, or null where somebody is there. */
export async function ensureFirstAdmin(services: SignInServices, publicUrl: string): Promise<string | null> {
  const { database, clock, chance } = services;
  const now = clock.now();
  const userId = await database.transaction(async (query) => {
    await query({ text: 'SELECT pg_advisory_xact_lock($1)', values: [firstAdminLock] });
    const [made] = await query<{ id: string }>({
      text: `
        INSERT INTO app_user (id, name, role, created_at)
        SELECT $1, '管理员', 'admin', $2 WHERE NOT EXISTS (SELECT FROM app_user) RETURNING id`,
      values: [chance.id(), now],
    });
    if (made)
      await audit(query, now, { actor: 'system', action: 'user.make', subject: made.id, detail: { role: 'admin' } });
    return made?.id ?? null;
  });
  return userId && signInLinkFor(services, publicUrl, userId);
}

/** How a link stands, without using it: link previews look, too. */
export async function linkStands({ database, clock }: SignInServices, secret: string): Promise<boolean> {
  const rows = await database.query({
    text: 'SELECT FROM sign_in_link WHERE digest = $1 AND used_at IS NULL AND expires_at > $2',
    values: [digestOf(secret), clock.now()],
  });
  return rows.length > 0;
}

/** Uses a link up. One conditional update, so that of two at once one signs in. @returns whom it signs in, or null. */
export async function useLink({ database, clock }: SignInServices, secret: string): Promise<string | null> {
  const now = clock.now();
  return database.transaction(async (query) => {
    const [used] = await query<{ userId: string }>({
      text: `
        UPDATE sign_in_link SET used_at = $2 WHERE digest = $1 AND used_at IS NULL AND expires_at > $2
        RETURNING user_id AS "userId"`,
      values: [digestOf(secret), now],
    });
    if (!used) return null;
    await audit(query, now, { actor: used.userId, action: 'user.sign-in', subject: used.userId });
    return used.userId;
  });
}
