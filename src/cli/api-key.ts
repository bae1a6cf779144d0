import { listKeys, makeKey, revokeKey } from '../web/api/keys.ts';
import { inThisInstallation } from './installation.ts';

/** `huifang api-key create|list|revoke`: whoever may read this machine's settings decides which programs may call it. */
/** The key alone on standard output, so that a script can take it; what to know about it on standard error. */
export const createKey = (
  { name, scopes }: { readonly name: string; readonly scopes: string },
  out: NodeJS.WritableStream,
): Promise<void> =>
  inThisInstallation(async (services) => {
    const wanted = scopes.split(',').flatMap((scope) => (scope.trim() ? [scope.trim()] : []));
    const key = await makeKey(services, { name, scopes: wanted, actor: 'cli' });
    process.stderr.write('只显示这一次，请妥善保存 · shown this once, keep it safe\n');
    out.write(`${key}\n`);
  });

export const listAllKeys = (out: NodeJS.WritableStream): Promise<void> =>
  inThisInstallation(async ({ database }) => {
    for (const { id, name, scopes, createdAt, revokedAt } of await listKeys(database.query)) {
      const state = revokedAt ? `已吊销 revoked ${revokedAt.toISOString()}` : '有效 holds';
      out.write(`${id}  ${createdAt.toISOString()}  ${state}  ${name}  ${scopes.join(',')}\n`);
    }
  });

export const endKey = (id: string, out: NodeJS.WritableStream): Promise<void> =>
  inThisInstallation(async (services) => {
    await revokeKey(services, id, 'cli');
    out.write(`已吊销 · revoked: ${id}\n`);
  });
