import { audit } from '../../platform/audit.ts';
import type { Query } from '../../platform/database.ts';
import { BadInput, type Fault, Refused } from '../../platform/errors.ts';
import type { Services } from '../../workers/services.ts';
import { digestOf } from '../sign-in.ts';
import { isScope, type Scope, scopes } from './scopes.ts';

/**
 * Keys of other programs. A key is shown once, when it is made; what is kept is the sha256 of it, which is enough to
 * know it again and of no use to whoever reads the database. It holds until it is revoked.
 */
export interface KnownKey {
  readonly id: string;
  readonly name: string;
  readonly scopes: readonly Scope[];
}

export interface ListedKey extends KnownKey {
  readonly createdAt: Date;
  readonly createdBy: string;
  readonly revokedAt: Date | null;
}

type KeyServices = Pick<Services, 'database' | 'clock' | 'chance'>;

const secretBytes = 32;
/** Says what it is to whoever finds one in a file, and to programs that look for leaked keys. */
const prefix = 'huifang_';

/**
 * @returns the key itself, for the last time.
 * @throws BadInput where the name is empty, or with every scope there is not.
 */
export async function makeKey(
  { database, clock, chance }: KeyServices,
  {
    name,
    scopes: wanted,
    actor,
  }: { readonly name: string; readonly scopes: readonly string[]; readonly actor: string },
): Promise<string> {
  const faults = faultsOf(name, wanted);
  if (faults.length > 0) throw new BadInput('无法生成密钥 · the key cannot be made', faults);
  const now = clock.now();
  const key = `${prefix}${chance.bytes(secretBytes).toString('base64url')}`;
  const id = chance.id();
  await database.transaction(async (query) => {
    await query({
      text: 'INSERT INTO api_key (id, name, digest, scopes, created_by, created_at) VALUES ($1, $2, $3, $4, $5, $6)',
      values: [id, name.trim(), digestOf(key), [...new Set(wanted)], actor, now],
    });
    await audit(query, now, { actor, action: 'api-key.make', subject: id, detail: { scopes: [...new Set(wanted)] } });
  });
  return key;
}

function faultsOf(name: string, wanted: readonly string[]): Fault[] {
  const known = scopes.join(', ');
  return [
    ...(name.trim() === ''
      ? [{ where: '--name', message: '请写明用途，例如 "评分系统" · say what it is for, such as "scoring service"' }]
      : []),
    ...(wanted.length === 0 ? [{ where: '--scopes', message: `至少一项 · at least one of: ${known}` }] : []),
    ...wanted
      .filter((scope) => !isScope(scope))
      .map((scope) => ({
        where: '--scopes',
        message: `没有“${scope}”这一项，可用 · no scope "${scope}"; there are: ${known}`,
      })),
  ];
}

/** null for a key that was never made, or is revoked. */
export async function findKey(query: Query, key: string): Promise<KnownKey | null> {
  const [found] = await query<KnownKey>({
    name: 'api-key',
    text: 'SELECT id, name, scopes FROM api_key WHERE digest = $1 AND revoked_at IS NULL',
    values: [digestOf(key)],
  });
  return found ?? null;
}

/** Every key there ever was, the latest first. */
export const listKeys = (query: Query): Promise<ListedKey[]> =>
  query<ListedKey>({
    text: `
      SELECT id, name, scopes, created_at AS "createdAt", created_by AS "createdBy", revoked_at AS "revokedAt"
      FROM api_key ORDER BY created_at DESC, id`,
  });

/** From the next request on the key opens nothing. @throws Refused `no-such-key` where none of this id holds. */
export async function revokeKey({ database, clock }: KeyServices, id: string, actor: string): Promise<void> {
  const now = clock.now();
  await database.transaction(async (query) => {
    const revoked = await query({
      text: 'UPDATE api_key SET revoked_at = $2 WHERE id::text = $1 AND revoked_at IS NULL RETURNING id',
      values: [id, now],
    });
    if (revoked.length === 0) throw new Refused('no-such-key', `没有编号为 ${id} 的有效密钥 · no key ${id} that holds`);
    await audit(query, now, { actor, action: 'api-key.revoke', subject: id });
  });
}
