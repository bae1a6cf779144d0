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

/** Whose lines the viewer sees: of his district, of himself where he is a manager, or everybody's. */
export const reachOf = async (
  visit: Visit,
): Promise<{ readonly districtId: string | null; readonly managerId: string | null }> => ({
  districtId: visit.districtId,
  managerId: visit.viewer.role === 'manager' ? await ownManager(visit) : null,
});
