import { audit } from '../../platform/audit.ts';
import type { Clock } from '../../platform/clock.ts';
import type { Database, Query } from '../../platform/database.ts';
import { BadInput } from '../../platform/errors.ts';
import type { Vault } from '../../platform/vault.ts';
import { maskPhone, readPhone } from '../roster/phone.ts';

/** A caller's own telephone, which rings before a shop's does. Sealed like every other number. */
export async function setOwnPhone(
  { database, clock, vault }: { readonly database: Database; readonly clock: Clock; readonly vault: Vault },
  userId: string,
  text: string,
): Promise<void> {
  const reading = readPhone(text);
  if (!('value' in reading)) throw new BadInput('没有保存 · not saved', [{ where: 'phone', message: reading.fault }]);
  const sealed = vault.seal(reading.value.e164);
  await database.transaction(async (query) => {
    await query({ text: 'UPDATE app_user SET phone = $2 WHERE id = $1', values: [userId, sealed] });
    await audit(query, clock.now(), { actor: userId, action: 'desk.own-phone', subject: userId });
  });
}

/** Masked; null = none yet. */
export async function readOwnPhone(query: Query, vault: Vault, userId: string): Promise<string | null> {
  const [user] = await query<{ phone: Buffer | null }>({
    text: 'SELECT phone FROM app_user WHERE id = $1',
    values: [userId],
  });
  return user?.phone ? maskPhone(vault.open(user.phone)) : null;
}
