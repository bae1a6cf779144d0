import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { listDuties, meetDuty } from '../../src/scoring/training/follow-up.ts';
import { verifyPublications } from '../../src/scoring/verify.ts';
import { importTraining } from '../../src/survey/roster/import.ts';
import { listTraining, recordOne, takeTrainingBack } from '../../src/survey/training/record.ts';
import { readTraining, type TrainingField } from '../../src/survey/training/table.ts';
import { type Field, openField } from '../support/field.ts';
import { playMonth, smallManagers, storeRules } from '../support/final-month.ts';

/** Training records on their way into promotions, and the training that follows a fall. */
let field: Field;
const all = <Row>(text: string, ...values: unknown[]) => field.city.database.query<Row>({ text, values });
const everybody = { districtId: null, managerId: null };
const actor = 'somebody of the tests';
const csv = (...lines: string[]) => Buffer.from(`工号,类别,名称,学时,日期,依据\n${lines.join('\n')}\n`);
const bring = (...lines: string[]) => importTraining(field.services, csv(...lines), { actor, fileName: 'train.csv' });
const blank = { manager: 'K01', kind: '考试', name: '业务', hours: '', day: '2027-01-20', evidence: '成绩单' };
const enter = (fields: Partial<Record<TrainingField, string>>) => {
  const row = readTraining({ ...blank, ...fields }, '2027-06-30');
  return 'faults' in row ? Promise.reject(row) : recordOne(field.services, row, { actor, source: 'page' });
};
const recordsOf = (managerId: string) =>
  listTraining(field.city.database.query, { ...everybody, managerId, after: null }, 50);

beforeAll(async () => {
  field = await openField('training', smallManagers(5));
  field.city.clock.advance(new Date('2027-01-25T10:00:00+08:00'));
  await storeRules(field, 'RS-T', {
    tiers: {
      ...{ start: 3, upStreak: 1, downStreak: 1 },
      requirements: { 2: { certificates: ['中级'], exams: ['业务'], trainingHours: 8 } },
    },
    training: { followUpDays: 14 },
  });
});
afterAll(() => field.close());

describe('records', () => {
  test('come by file, all or nothing, every fault by its row', async () => {
    const faults = await bring(
      'K01,课程,服务,,2027-01-10,签到表',
      'K01,证书,中级,3,2027-01-10,证书 17',
      'K99,考试,业务,,2028-01-10,',
      'K02,考试,业务,,2027-01-11,成绩单',
      'K02,考试,业务,,2027-01-11,成绩单',
    ).then(
      () => [],
      ({ found }) => found.map(({ row }: { row: number }) => row),
    );
    expect(faults).toEqual([2, 3, 4, 4, 4, 6]);
    expect(await recordsOf('K02')).toEqual([]);
    const lines = [
      'K01,课程,服务,6.5,2027-01-10,签到表',
      'K01,证书,中级,,2027-01-12,证书 17',
      'K02,证书,中级,,2027-01-12,证书 18',
    ];
    expect(await bring(...lines)).toMatchObject({ rows: 3, created: 3, unchanged: 0 });
    expect(await bring(...lines)).toMatchObject({ created: 0, unchanged: 3 });
    await expect(bring('K01,课程,服务,8,2027-01-10,签到表')).rejects.toMatchObject({ found: [{ row: 2 }] });
  });

  test('come by hand, and are taken back for a reason, never changed', async () => {
    await enter({});
    await enter({});
    await expect(enter({ evidence: '另一份' })).rejects.toMatchObject({ faults: [{ where: 'name' }] });
    await expect(enter({ manager: 'K99' })).rejects.toMatchObject({ faults: [{ where: 'manager' }] });
    await expect(enter({ hours: '3' })).rejects.toMatchObject({ faults: { hours: expect.any(String) } });
    await enter({ manager: 'K02', kind: '课程', name: '服务', hours: '9', day: '2027-01-18' });
    const [course] = await recordsOf('K02');
    const back = (reason: string) => takeTrainingBack(field.services, course?.id ?? '', { actor, reason });
    await expect(back(' ')).rejects.toMatchObject({ faults: [{ where: 'reason' }] });
    await back('未参加');
    await expect(back('再撤')).rejects.toMatchObject({ code: 'not-standing' });
    await expect(all('UPDATE training_record SET hours = 99')).rejects.toThrow('append-only');
    expect((await recordsOf('K02')).map(({ takenBackFor }) => takenBackFor)).toEqual(['未参加', null]);
  });
});

describe('a month', () => {
  const good = { overall: 5, unit: 100 };
  const bad = { overall: 1, unit: 40 };
  const results = { K01: good, K02: good, K03: bad };

  test('promotes by what could be shown on its last day, and says what is missing', async () => {
    await enter({ kind: '课程', name: '法规', hours: '1.5', day: '2027-02-01' });
    const { document } = await playMonth(field, '2027-01', { ruleSet: 'RS-T', results });
    const [k01, k02] = document.managers;
    expect(k01).toMatchObject({
      ...{ move: 'hold', qualifications: { certificates: ['中级'], exams: ['业务'], trainingHours: '6.5' } },
      missing: { certificates: [], exams: [], trainingHours: '1.5' },
    });
    expect(k02).toMatchObject({
      ...{ move: 'hold', qualifications: { certificates: ['中级'], exams: [], trainingHours: '0' } },
      missing: { certificates: [], exams: ['业务'], trainingHours: '8' },
    });
    const february = await playMonth(field, '2027-02', { ruleSet: 'RS-T', results });
    expect(february.document.managers[0]).toMatchObject({ move: 'up', tier: 2 });
    expect(february.document.managers[0]).not.toHaveProperty('missing');
    expect(verifyPublications([document, february.document])).toEqual([]);
  });

  test('obliges whoever fell, or could not fall further, to be trained, once for each', async () => {
    const duties = await listDuties(field.city.database.query, everybody, { today: '2027-04-01' }, 10);
    expect(duties.map(({ managerId, period, move, overdue }) => [managerId, period, move, overdue])).toEqual([
      ['K03', '2027-01', 'floor', true],
      ['K03', '2027-02', 'floor', true],
    ]);
    const [row] = await all<{ days: number }>('SELECT due_on - at::date AS days FROM training_duty LIMIT 1');
    expect(row?.days).toBeGreaterThanOrEqual(14);
  });

  test('is followed up with proof, by whoever may speak for the manager', async () => {
    const [duty] = await listDuties(field.city.database.query, everybody, { today: '2027-04-01' }, 1);
    const meet = (proof: string, districtId: string | null = 'D3') =>
      meetDuty(field.services, { id: duty?.id ?? '', proof, districtId, actor });
    await expect(meet('')).rejects.toMatchObject({ faults: [{ where: 'proof' }] });
    await expect(meet('培训记录 3', 'D1')).rejects.toMatchObject({ code: 'no-such-duty' });
    await meet('培训记录 3');
    await meet('培训记录 3');
    await expect(meet('另一份')).rejects.toMatchObject({ code: 'duty-met' });
    const open = await listDuties(field.city.database.query, everybody, { open: true, today: '2027-04-01' }, 10);
    expect(open.map(({ period }) => period)).toEqual(['2027-02']);
  });
});
