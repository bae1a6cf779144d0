import { quoted } from './faults.ts';
import type { Reading } from './reading.ts';

/**
 * Half-days of the week on which a shop orders or is delivered to, and is not called: `2-morning` is Tuesday morning.
 * Monday is 1, as in ISO 8601.
 */
export type HalfDay = `${number}-${Half}`;
type Half = 'morning' | 'afternoon';
const halves: readonly Half[] = ['morning', 'afternoon'];

const chineseDays = ['一', '二', '三', '四', '五', '六', '日'];
const dayWords: ReadonlyMap<string, number> = new Map(
  [
    ['一', '1', 'mon', 'monday'],
    ['二', '2', 'tue', 'tues', 'tuesday'],
    ['三', '3', 'wed', 'wednesday'],
    ['四', '4', 'thu', 'thur', 'thurs', 'thursday'],
    ['五', '5', 'fri', 'friday'],
    ['六', '6', 'sat', 'saturday'],
    ['日', '7', '天', 'sun', 'sunday'],
  ].flatMap((words, index) => words.map((word) => [word, index + 1])),
);
const halfWords: Readonly<Record<string, readonly Half[]>> = {
  上午: ['morning'],
  am: ['morning'],
  morning: ['morning'],
  下午: ['afternoon'],
  pm: ['afternoon'],
  afternoon: ['afternoon'],
  全天: halves,
};

const longestFirst = (words: Iterable<string>): string => [...words].sort((a, b) => b.length - a.length).join('|');
const day = `(?:每?(?:周|星期|礼拜))?(${longestFirst(dayWords.keys())})`;
/** One day, or from one to another, each whole or by its half: `周二上午`, `Tue am`, `2-morning`, `周一至周三`. */
const entry = new RegExp(
  `[\\s、,;/和及]*${day}(?:(?:至|到|~)${day})?[\\s-]*(${longestFirst(Object.keys(halfWords))})?`,
  'y',
);

/** What the cell lists, by day; nothing for an empty one. A day without a half is both. */
export function readHalfDays(cell: string): Reading<HalfDay[]> {
  const written = cell.normalize('NFKC').toLowerCase().trim();
  if (written === '' || written === '无' || written === 'none') return { value: [] };
  const found = new Set<HalfDay>();
  entry.lastIndex = 0;
  while (entry.lastIndex < written.length) {
    const [all, from = '', to = from, half = '全天'] = entry.exec(written) ?? [];
    if (all === undefined) return { fault: unreadable(cell) };
    for (const one of daysBetween(dayWords.get(from) ?? 1, dayWords.get(to) ?? 1))
      for (const each of halfWords[half] ?? halves) found.add(`${one}-${each}`);
  }
  return { value: [...found].sort(byTime) };
}

const unreadable = (cell: string): string =>
  `${quoted(cell)} 不能识别，请写成“周二上午、周四” · is not understood: write days like “Tue am, Thu”`;

/** Over the end of the week too: Saturday to Monday is three days. */
const daysBetween = (from: number, to: number): number[] =>
  Array.from({ length: ((to - from + 7) % 7) + 1 }, (_, index) => ((from - 1 + index) % 7) + 1);

const placeOf = (halfDay: HalfDay): number => {
  const [number, half] = halfDay.split('-');
  return 2 * Number(number) + halves.indexOf(half as Half);
};
const byTime = (a: HalfDay, b: HalfDay): number => placeOf(a) - placeOf(b);

/** The same as a file has it, `周二上午、周四`: what `readHalfDays` reads back. */
export function writeHalfDays(halfDays: readonly HalfDay[]): string {
  const given = new Set<string>(halfDays);
  return chineseDays
    .flatMap((name, index) => {
      const own = halves.filter((half) => given.has(`${index + 1}-${half}`));
      if (own.length === 0) return [];
      return [`周${name}${own.length === 2 ? '' : own[0] === 'morning' ? '上午' : '下午'}`];
    })
    .join('、');
}
