import { normaliseId } from '../draw/identifier.ts';
import { readDayOrNone, readManager, readName, readOneOf } from '../roster/cells.ts';
import { type Faults, quoted } from '../roster/faults.ts';
import type { Reading } from '../roster/reading.ts';
import { type Line, refuseTwice, Table, wholeLines } from '../roster/table.ts';

/** One course, certificate or exam of one manager, as a file or a form tells of it. */
export interface TrainingRow {
  /** Where it stands in its file; 0 = in none. */
  readonly row: number;
  readonly manager: string;
  readonly kind: TrainingKind;
  readonly name: string;
  /** Of a course, `"7.5"`; null of anything else. */
  readonly hours: string | null;
  /** When it was completed, `2027-01-15`. */
  readonly day: string;
  readonly evidence: string;
}

/** Each with the words people use for it. */
const kinds = {
  course: ['课程', 'course', '培训'],
  certificate: ['证书', 'certificate', '资格证'],
  exam: ['考试', 'exam', '考核考试'],
} as const;
export type TrainingKind = keyof typeof kinds;
export const trainingKinds = Object.keys(kinds) as readonly TrainingKind[];

const amount = /^\d{1,4}(?:\.\d{1,2})?$/;

function readHours(cell: string): Reading<string | null> {
  if (cell === '') return { value: null };
  const written = cell.normalize('NFKC');
  if (amount.test(written) && Number(written) > 0) return { value: written };
  return { fault: `${quoted(cell)} 不是学时：请填大于 0 的数，如 7.5 · must be hours above 0, such as 7.5` };
}

function readDay(cell: string, row: number, today: string): Reading<string> {
  const reading = readDayOrNone(cell, row);
  if ('fault' in reading) return reading;
  if (reading.value === null) return { fault: '不能为空：请填日期，如 2027-01-15 · must be a day such as 2027-01-15' };
  if (reading.value > today) return { fault: `${quoted(cell)} 是将来的日期 · is still to come` };
  return { value: reading.value };
}

const longestEvidence = 300;

function readEvidence(cell: string): Reading<string> {
  const length = [...cell].length;
  if (length > 0 && length <= longestEvidence) return { value: cell };
  return {
    fault: `请写明依据，最多 ${longestEvidence} 字，如证书号、成绩单 · say what proves it, in at most ${longestEvidence} characters`,
  };
}

const columns = (managers: ReadonlySet<string> | null, today: string) =>
  ({
    manager: {
      names: ['工号', 'manager', '客户经理工号', '员工编号', '客户经理', 'manager id', 'employee number'],
      read: readManager(managers),
    },
    kind: {
      names: ['类别', 'kind', '类型', 'type'],
      read: readOneOf<TrainingKind>(trainingKinds.map((kind) => [kind, ...kinds[kind]] as const)),
    },
    name: { names: ['名称', 'name', '课程名称', '证书名称', '考试名称', 'title'], read: readName },
    hours: { names: ['学时', 'hours', '课时'], absent: { value: null }, read: readHours },
    day: { names: ['日期', 'day', 'date', '完成日期'], read: (cell: string, row: number) => readDay(cell, row, today) },
    evidence: { names: ['依据', 'evidence', '证据', '证书号', '凭证', 'proof'], read: readEvidence },
  }) as const;

type TrainingColumns = ReturnType<typeof columns>;

/**
 * The file of training records.
 *
 * @param managers those we have. @param today nothing is recorded of a day that is still to come.
 */
export const trainingTable = (managers: ReadonlySet<string>, today: string, faults: Faults) =>
  new Table<TrainingColumns>(() => columns(managers, today), faults);

const wrongHours = (kind: TrainingKind, hours: string | null): string | null => {
  if (kind === 'course' && hours === null) return '课程须有学时 · a course needs its hours';
  if (kind !== 'course' && hours !== null) return '只有课程有学时：请留空 · only a course has hours: leave it empty';
  return null;
};

/** The records that those lines tell of. @throws BadFile with every fault; one is a record that is told twice. */
export function recordsOf(lines: readonly Line<TrainingColumns>[], faults: Faults): TrainingRow[] {
  refuseTwice(lines, ['manager', 'kind', 'name', 'day'], faults);
  for (const { row, values } of lines) {
    const fault = values.kind && values.hours !== undefined ? wrongHours(values.kind, values.hours) : null;
    if (fault) faults.inRow(row, fault);
  }
  return wholeLines(lines, faults);
}

export const trainingFields = ['manager', 'kind', 'name', 'hours', 'day', 'evidence'] as const;
export type TrainingField = (typeof trainingFields)[number];

/** One record as somebody writes it into a form; or what is wrong with which field. */
export function readTraining(
  fields: Readonly<Record<TrainingField, string>>,
  today: string,
): TrainingRow | { readonly faults: Partial<Record<TrainingField, string>> } {
  const table = columns(null, today);
  const faults: Partial<Record<TrainingField, string>> = {};
  const read = <T>(field: TrainingField, by: (cell: string, row: number) => Reading<T>): T | undefined => {
    const reading = by(normaliseId(fields[field].replace(/\p{Cc}+/gu, ' ')), 0);
    if ('value' in reading) return reading.value;
    faults[field] = reading.fault;
    return undefined;
  };
  const [manager, kind, name] = [
    read('manager', table.manager.read),
    read('kind', table.kind.read),
    read('name', table.name.read),
  ];
  const [hours, day, evidence] = [
    read('hours', table.hours.read),
    read('day', table.day.read),
    read('evidence', table.evidence.read),
  ];
  const fault = kind && hours !== undefined ? wrongHours(kind, hours) : null;
  if (fault) faults.hours = fault;
  if (Object.keys(faults).length > 0 || !manager || !kind || !name || !day || !evidence) return { faults };
  return { row: 0, manager, kind, name, hours: hours ?? null, day, evidence };
}
