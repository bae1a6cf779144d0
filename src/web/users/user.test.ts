import { describe, expect, test } from 'vitest';
import { roles } from '../roles.ts';
import { faultsOfUser, type Known, type UserWish } from './user.ts';

const known: Known = { districtId: 'D1', managerId: 'K01', managerTakenBy: null };
const faults = (wish: Partial<UserWish>, found: Partial<Known> = {}) =>
  faultsOfUser({ name: '李娜', role: 'auditor', district: null, managerId: null, ...wish }, { ...known, ...found }).map(
    ({ where }) => where,
  );

describe('what a role needs and may have', () => {
  test.each([
    ['admin', [], ['district'], ['managerId']],
    ['supervisor', ['district'], [], ['district', 'managerId']],
    ['desk', [], [], ['managerId']],
    ['manager', ['managerId'], ['district', 'managerId'], []],
    ['auditor', [], ['district'], ['managerId']],
  ])('%s', (role, withNothing, withDistrict, withManager) => {
    expect(faults({ role })).toEqual(withNothing);
    expect(faults({ role, district: '城东' })).toEqual(withDistrict);
    expect(faults({ role, managerId: 'K01' })).toEqual(withManager);
  });

  test('is said of every role there is', () => {
    for (const role of roles) expect(faults({ role })).not.toContain('role');
    expect(faults({ role: 'root' })).toEqual(['role']);
  });
});

test('what is named must be there, and a manager is one user', () => {
  expect(faults({ role: 'supervisor', district: '火星' }, { districtId: null })).toEqual(['district']);
  expect(faults({ role: 'manager', managerId: 'K99' }, { managerId: null })).toEqual(['managerId']);
  expect(faults({ role: 'manager', managerId: 'K01' }, { managerTakenBy: '王敏' })).toEqual(['managerId']);
});

test('a name is needed, and every fault is told at once', () => {
  for (const name of ['', '  ', '长'.repeat(65), 'a\u0007b']) expect(faults({ name })).toEqual(['name']);
  expect(faults({ name: '', role: 'supervisor', managerId: 'K01' })).toEqual(['name', 'district', 'managerId']);
});
