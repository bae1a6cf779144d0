import { ensureFirstAdmin, signInLinkFor } from '../web/sign-in.ts';
import { inThisInstallation } from './installation.ts';

/** `huifang sign-in`: whoever may read this machine's settings may sign in as its administrator. */
export async function signIn(out: NodeJS.WritableStream): Promise<void> {
  await inThisInstallation(async ({ publicUrl, ...services }) => {
    const admin = await services.database.prisma.user.findFirst({ where: { role: 'admin' } });
    const link = admin
      ? await signInLinkFor(services, publicUrl, admin.id)
      : await ensureFirstAdmin(services, publicUrl);
    out.write(`${link}\n`);
  });
}
