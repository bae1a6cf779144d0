import { normaliseId } from '../draw/identifier.ts';
import { readDayOrNone, readId, readManager, readOneOf } from '../roster/cells.ts';
import { type Faults, quoted } from '../roster/faults.ts';
import type { Reading } from '../roster/reading.ts';
import { type Line, refuseTwice, Table, wholeLines } from '../roster/table.ts';
import { type EventKind, eventKinds } from './kinds.ts';

/** One dated event of one manager. */
export interface EventRow {
  /** Where it stands in its file; 0 = in none. */
  readonly row: number;
  readonly manager: string;
  readonly kind: EventKind;
  /** The number under which its source keeps it. */
  readonly reference: string;
  /** `2026-12-01`. */
  readonly day: string;
  /** Decimals; `due` is null where the rule set says of how much. */
  readonly done: string;
  readonly due: string | null;
  readonly evidence: string;
}

/** What one thing by itself is called when it was done, or not. */
const outcomes: Readonly<Record<string, string>> = {
  ...Object.fromEntries('合格 是 完成 已完成 及时 通过 yes done passed'.split(' ').map((word) => [word, '1'])),
  ...Object.fromEntries('不合格 否 未完成 逾期 未通过 no missed failed'.split(' ').map((word) => [word, '0'])),
};

const amount = /^\d{1,8}(?:\.\d{1,4})?$/;

function readDone(cell: string): Reading<string> {
  const written = cell.normalize('NFKC').toLowerCase();
  const value = outcomes[written] ?? written;
  if (amount.test(value)) return { value };
  return {
    fault: `${cell === '' ? '不能为空' : `${quoted(cell)} 不能识别`}：请填 0 以上的数量，如 18，或“合格”“不合格” · must be an amount from 0 such as 18, or “passed”, “failed”`,
  };
}

function readDue(cell: string): Reading<string | null> {
  if (cell === '') return { value: null };
  const written = cell.normalize('NFKC');
  if (amount.test(written) && Number(written) > 0) return { value: written };
  return {
    fault: `${quoted(cell)} 不是大于 0 的数量：请填应完成的数量，如 20，只有一项则留空 · must be an amount above 0 such as 20; empty for a single thing`,
  };
}

function readDay(cell: string, row: number, today: string): Reading<string> {
  const reading = readDayOrNone(cell, row);
  if ('fault' in reading) return reading;
  if (reading.value === null) return { fault: '不能为空：请填日期，如 2026-12-01 · must be a day such as 2026-12-01' };
  if (reading.value > today) return { fault: `${quoted(cell)} 是将来的日期 · is still to come` };
  return { value: reading.value };
}

export const longestEvidence = 300;

function readEvidence(cell: string): Reading<string> {
  const length = [...cell].length;
  if (length <= longestEvidence) return { value: cell };
  return {
    fault: `有 ${length} 个字符，最多 ${longestEvidence} 个 · has ${length} characters, at most ${longestEvidence} are allowed`,
  };
}

const columns = (managers: ReadonlySet<string> | null, today: string) =>
  ({
    day: { names: ['日期', 'day', 'date', '时间'], read: (cell: string, row: number) => readDay(cell, row, today) },
    manager: {
      names: ['工号', 'manager', '客户经理工号', '员工编号', '客户经理', 'manager id', 'employee number'],
      read: readManager(managers),
    },
    kind: {
      names: ['类别', 'kind', '类型', '事项', 'type'],
      read: readOneOf<EventKind>(
        Object.entries(eventKinds).map(([kind, { words }]) => [kind as EventKind, ...words] as const),
      ),
    },
    reference: { names: ['编号', 'reference', '单号', '记录编号', '序号', 'number', 'id'], read: readId },
    done: { names: ['完成', 'done', '完成数', '结果', '合格数', '数量', 'result', 'amount'], read: readDone },
    due: {
      names: ['应完成', 'due', '计划', '计划数', '应完成数', '总数', 'planned', 'of'],
      absent: { value: null },
      read: readDue,
    },
    evidence: {
      names: ['依据', 'evidence', '证据', '备注', '说明', 'note'],
      absent: { value: '' },
      read: readEvidence,
    },
  }) as const;

type EventColumns = ReturnType<typeof columns>;

/**
 * The file of dated events.
 *
 * @param managers those we have; null where that is not to be checked.
 * @param today the company's day: nothing is recorded of a day that is still to come.
 */
export const eventsTable = (managers: ReadonlySet<string> | null, today: string, faults: Faults) =>
  new Table<EventColumns>(() => columns(managers, today), faults);

export const eventFields = ['day', 'manager', 'kind', 'reference', 'done', 'due', 'evidence'] as const;
export type EventField = (typeof eventFields)[number];

/** One event as somebody writes it into a form, each field read like a cell of a file; or what is wrong with which. */
export function readEvent(
  fields: Readonly<Record<EventField, string>>,
  today: string,
): EventRow | { readonly faults: Partial<Record<EventField, string>> } {
  const table = columns(null, today);
  const read = <T>(field: EventField, by: (cell: string, row: number) => Reading<T>): T | undefined => {
    const reading = by(normaliseId(fields[field].replace(/\p{Cc}+/gu, ' ')), 0);
    if ('value' in reading) return reading.value;
    faults[field] = reading.fault;
    return undefined;
  };
  const faults: Partial<Record<EventField, string>> = {};
  const [day, manager, kind] = [
    read('day', table.day.read),
    read('manager', table.manager.read),
    read('kind', table.kind.read),
  ];
  const [reference, done] = [read('reference', table.reference.read), read('done', table.done.read)];
  const [due, evidence] = [read('due', table.due.read), read('evidence', table.evidence.read)];
  if (kind && due != null && !eventKinds[kind].of) faults.due = saidByRules(kind);
  if (Object.keys(faults).length > 0 || !day || !manager || !kind || !reference || !done) return { faults };
  return { row: 0, day, manager, kind, reference, done, due: dueOf(kind, due ?? null), evidence: evidence ?? '' };
}

const saidByRules = (kind: EventKind): string =>
  `${eventKinds[kind].words[0]}的应完成数由考核办法规定：请留空 · of how much is said by the rule set: leave it empty`;

/** One thing by itself is one of one. */
const dueOf = (kind: EventKind, due: string | null): string | null => due ?? (eventKinds[kind].of ? '1' : null);

/**
 * The events that those lines tell of.
 *
 * @throws BadFile with every fault; one is an event that is told twice, or a share of which nobody said of how much.
 */
export function eventsOf(lines: readonly Line<EventColumns>[], faults: Faults): EventRow[] {
  refuseTwice(lines, ['manager', 'kind', 'reference'], faults);
  for (const { row, values } of lines) {
    const { kind, due } = values;
    if (kind !== undefined && !eventKinds[kind].of && due != null) faults.inRow(row, saidByRules(kind));
  }
  return wholeLines(lines, faults).map(({ due, kind, ...rest }) => ({
    ...rest,
    kind,
    due: dueOf(kind, due),
  }));
}
