import { type AppealWish, decideAppeal, fileAppeal } from '../../src/scoring/appeals/appeal.ts';
import type { Services } from '../../src/workers/services.ts';

/** Appeals of suites that look at what comes of them, not at how they are filed and decided. */
type About = AppealWish['about'];

/** Somebody who may decide about every district's managers. */
export async function judge({ database, chance }: Services): Promise<string> {
  const id = chance.id();
  await database.query({
    text: `INSERT INTO app_user (id, name, role, created_at) VALUES ($1, 'judge', 'admin', now())`,
    values: [id],
  });
  return id;
}

export const appellant = (managerId: string) => ({ managerId, actor: `user of ${managerId}` });

export const file = (services: Services, period: string, managerId: string, about: About): Promise<string> =>
  fileAppeal(services, period, appellant(managerId), { about, statement: '有误', evidence: '记录第 3 页' });

/** Filed, and upheld by two. */
export async function upheld(services: Services, period: string, managerId: string, about: About): Promise<void> {
  const id = await file(services, period, managerId, about);
  for (const actor of [await judge(services), await judge(services)])
    await decideAppeal(services, id, { actor, uphold: true, reason: '属实' });
}
