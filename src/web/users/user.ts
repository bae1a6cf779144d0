import type { Fault } from '../../platform/errors.ts';
import { type Role, roles } from '../roles.ts';

/** Who may use Huifang and as what: the rules, by themselves. Pure. */
export interface UserWish {
  readonly name: string;
  readonly role: string;
  /** A district's id or its name; null or empty = none. */
  readonly district: string | null;
  /** An employee number of the roster's; null or empty = none. */
  readonly managerId: string | null;
}

/** What stands in the database where the wish names it. */
export interface Known {
  readonly districtId: string | null;
  readonly managerId: string | null;
  /** The other user who is this manager already. */
  readonly managerTakenBy: string | null;
}

type Need = 'needed' | 'allowed' | 'none';

/**
 * A supervisor sees his own district alone, a manager his own list alone, so each must say which. The desk may have one:
 * it never calls its own district. The others look at the whole city.
 */
const needs: Readonly<Record<Role, { readonly district: Need; readonly managerId: Need }>> = {
  admin: { district: 'none', managerId: 'none' },
  supervisor: { district: 'needed', managerId: 'none' },
  desk: { district: 'allowed', managerId: 'none' },
  manager: { district: 'none', managerId: 'needed' },
  auditor: { district: 'none', managerId: 'none' },
};

export const longestName = 64;

export const isRole = (text: string): text is Role => (roles as readonly string[]).includes(text);

/** Every fault of a wish. */
export function faultsOfUser(wish: UserWish, known: Known): Fault[] {
  const { name, role } = wish;
  const faults: Fault[] = [];
  if (name.trim() === '' || name.trim().length > longestName || /\p{Cc}/u.test(name))
    faults.push({
      where: 'name',
      message: `请写姓名，最多 ${longestName} 字 · must be a name of at most ${longestName} characters`,
    });
  if (!isRole(role)) {
    faults.push({ where: 'role', message: `没有这个角色，可用 · is no role; there are: ${roles.join(', ')}` });
    return faults;
  }
  const { district, managerId } = needs[role];
  faults.push(...faultsOfField('district', wish.district, known.districtId, district, role));
  faults.push(...faultsOfField('managerId', wish.managerId, known.managerId, managerId, role));
  if (wish.managerId && known.managerTakenBy)
    faults.push({
      where: 'managerId',
      message: `${wish.managerId} 已是用户 ${known.managerTakenBy} · ${wish.managerId} is the user ${known.managerTakenBy} already`,
    });
  return faults;
}

const fieldNames = {
  district: { chinese: '营销部', english: 'district' },
  managerId: { chinese: '工号', english: 'employee number' },
} as const;

function faultsOfField(
  where: keyof typeof fieldNames,
  wished: string | null,
  found: string | null,
  need: Need,
  role: Role,
): Fault[] {
  const { chinese, english } = fieldNames[where];
  if (!wished)
    return need === 'needed' ? [{ where, message: `${role} 须有${chinese} · a ${role} needs a ${english}` }] : [];
  if (need === 'none')
    return [{ where, message: `${role} 没有${chinese} · a ${role} has no ${english}: leave it out` }];
  if (found) return [];
  return [{ where, message: `没有${chinese} ${wished} · there is no ${english} ${wished} in the roster` }];
}
