import type { Visit } from './console.ts';
import { Forbidden } from './faults.ts';

/** The manager that the viewer himself is. @throws Forbidden where nobody said which. */
export async function ownManager({ web, viewer }: Pick<Visit, 'web' | 'viewer'>): Promise<string> {
  const [user] = await web.services.database.query<{ managerId: string | null }>({
    text: 'SELECT manager_id AS "managerId" FROM app_user WHERE id = $1',
    values: [viewer.id],
  });
  if (!user?.managerId) throw new Forbidden('noManager');
  return user.managerId;
}
