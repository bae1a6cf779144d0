import { readConfig } from '../config.ts';
import { openDatabase } from '../main.ts';
import { systemChance } from '../platform/chance.ts';
import { systemClock } from '../platform/clock.ts';
import { openLog } from '../platform/log.ts';
import { ensureFirstAdmin, signInLinkFor } from '../web/sign-in.ts';

/** `huifang sign-in`: whoever may read this machine's settings may sign in as its administrator. */
export async function signIn(out: NodeJS.WritableStream): Promise<void> {
  const config = readConfig(process.env);
  const { database, close } = await openDatabase(config, { log: openLog('warn') });
  try {
    const services = { database, clock: systemClock, chance: systemChance };
    const publicUrl = config.PUBLIC_URL ?? `http://127.0.0.1:${config.PORT}`;
    const admin = await database.prisma.user.findFirst({ where: { role: 'admin' } });
    const link = admin
      ? await signInLinkFor(services, publicUrl, admin.id)
      : await ensureFirstAdmin(services, publicUrl);
    out.write(`${link}\n`);
  } finally {
    await close();
  }
}
