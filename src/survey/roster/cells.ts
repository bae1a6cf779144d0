import { DateTime, IANAZone } from 'luxon';
import { faultOfId } from '../draw/identifier.ts';
import { quoted } from './faults.ts';
import { type PhoneNumber, readPhone } from './phone.ts';
import type { Reading } from './reading.ts';

/** How cells are read: one function a kind of cell. */
type Reader<T> = (cell: string, row: number) => Reading<T>;

/** An id as the draw wants it: 1–64 characters, no `|` (method §1). */
export const readId: Reader<string> = (cell) => {
  const fault = faultOfId(cell);
  if (fault) return { fault };
  if (/^\d(\.\d+)?E\+\d+$/i.test(cell))
    return {
      fault: `${quoted(cell)} 是被 Excel 变成科学计数的编号：请把该列设为“文本”后重新填写 · is a number that Excel has cut short: format the column as text and enter it again`,
    };
  return { value: cell };
};

const longestName = 100;

/** The name of a person, a shop or a district. */
export const readName: Reader<string> = (cell) => {
  const length = [...cell].length;
  if (length === 0) return { fault: '不能为空 · must not be empty' };
  if (length > longestName)
    return {
      fault: `有 ${length} 个字符，最多 ${longestName} 个 · has ${length} characters, at most ${longestName} are allowed`,
    };
  return { value: cell };
};

const longestAddress = 200;

/** Where a shop is; empty where that is not known. */
export const readAddress: Reader<string> = (cell) => {
  const length = [...cell].length;
  if (length <= longestAddress) return { value: cell };
  return {
    fault: `有 ${length} 个字符，最多 ${longestAddress} 个 · has ${length} characters, at most ${longestAddress} are allowed`,
  };
};

/** A number of the shop that stands in the file as we show it: `138****8000` is whichever of its numbers looks so. */
export interface MaskedPhone {
  readonly masked: string;
}

/** A number, or null where the shop has none. */
export const readPhoneOrNone: Reader<PhoneNumber | MaskedPhone | null> = (cell) => {
  if (cell === '') return { value: null };
  if (/^[\d+ -]*\*{4}\d{3,4}$/.test(cell)) return { value: { masked: cell } };
  return readPhone(cell);
};

/** One of a few meanings, each with the words people use for it, the Chinese one to ask for first. */
export function readOneOf<T extends string | boolean>(
  meanings: readonly (readonly [meaning: T, ...words: string[]])[],
  empty?: T,
): Reader<T> {
  const byWord = new Map(meanings.flatMap(([meaning, ...words]) => words.map((word) => [word.toLowerCase(), meaning])));
  const asked = meanings.map(([, first, second]) => `${first} (${second})`).join('、');
  return (cell) => {
    const value = cell === '' ? empty : byWord.get(cell.normalize('NFKC').toLowerCase());
    if (value !== undefined) return { value };
    return { fault: `${cell === '' ? '不能为空' : `${quoted(cell)} 不能识别`}，请填：${asked} · must be one of these` };
  };
}

const quantity = /^\d{1,8}(?:\.\d{1,4})?$/;

/** A decimal from 0, with up to eight digits before the point and four behind it, as written; null for an empty cell. */
export const readQuantityOrNone: Reader<string | null> = (cell) => {
  if (cell === '') return { value: null };
  const written = cell.normalize('NFKC');
  if (quantity.test(written)) return { value: written };
  return {
    fault: `${quoted(cell)} 不是数值：请填 0 以上的小数，如 96.5，没有此项则留空 · must be a decimal from 0 such as 96.5, with at most eight digits before and four after the point; empty where there is none`,
  };
};

/** A month, as `2026-12`, or as the first day of it that a spreadsheet makes of one. */
export const readPeriod: Reader<string> = (cell) => {
  const [, year, month] = /^(\d{4})[-/.年]?(\d{1,2})月?(?:[-/.]0?1)?$/.exec(cell.normalize('NFKC')) ?? [];
  if (year && month && Number(month) >= 1 && Number(month) <= 12) return { value: `${year}-${month.padStart(2, '0')}` };
  return {
    fault: `${quoted(cell)} 不是考核期：请填年月，如 2026-12 · is no period: give year and month, such as 2026-12`,
  };
};

const writtenDay = /^(\d{4})(?:[-/.年](\d{1,2})[-/.月](\d{1,2})日?|(\d{2})(\d{2}))$/;
/** Days since 30 December 1899, as spreadsheets count them, from 2000 to 2099. */
const serialDay = { least: 36_526, most: 73_050 };

/** A day, as `2026-12-01`; null for an empty cell. */
export const readDayOrNone: Reader<string | null> = (cell) => {
  if (cell === '') return { value: null };
  const written = cell.normalize('NFKC');
  const serial = /^\d{5}$/.test(written) ? Number(written) : 0;
  if (serial >= serialDay.least && serial <= serialDay.most)
    return { value: DateTime.utc(1899, 12, 30).plus({ days: serial }).toFormat('yyyy-MM-dd') };
  const [, year, month, date, shortMonth, shortDate] = writtenDay.exec(written) ?? [];
  const day = DateTime.utc(Number(year), Number(month ?? shortMonth), Number(date ?? shortDate));
  if (year && day.isValid) return { value: day.toFormat('yyyy-MM-dd') };
  return {
    fault: `${quoted(cell)} 不是日期：请写成 2026-12-01 · is no day: write it as 2026-12-01`,
  };
};

const zoneWords: Readonly<Record<string, string>> = {
  北京时间: 'Asia/Shanghai',
  北京: 'Asia/Shanghai',
  新疆时间: 'Asia/Urumqi',
  乌鲁木齐: 'Asia/Urumqi',
};

/** A time zone by its IANA name, `Asia/Urumqi`; null for an empty cell. */
export const readTimeZoneOrNone: Reader<string | null> = (cell) => {
  if (cell === '') return { value: null };
  const zone = zoneWords[cell] ?? cell;
  // The zone itself, not an offset: those do not know summer time.
  if (zone.includes('/') && IANAZone.isValidZone(zone)) return { value: zone };
  return {
    fault: `${quoted(cell)} 不是时区：请填“北京时间”“新疆时间”或 Asia/Shanghai 这样的名称 · is no time zone: give its IANA name, such as Asia/Shanghai`,
  };
};

/** The same, but no value twice in a file. */
export function unique(read: Reader<string>): Reader<string> {
  const firstRow = new Map<string, number>();
  return (cell, row) => {
    const reading = read(cell, row);
    if ('fault' in reading) return reading;
    const before = firstRow.get(reading.value);
    if (before !== undefined)
      return { fault: `${quoted(reading.value)} 与第 ${before} 行重复 · is in row ${before} already` };
    firstRow.set(reading.value, row);
    return reading;
  };
}

/** The employee number of a manager. `known`: those we have; null where that is not to be checked. */
export function readManager(known: ReadonlySet<string> | null): Reader<string> {
  return (cell, row) => {
    const reading = readId(cell, row);
    if ('fault' in reading || known === null || known.has(reading.value)) return reading;
    return {
      fault: `没有工号为${quoted(reading.value)}的客户经理：请先导入客户经理名册，或更正工号 · no manager has this id: import the managers first, or correct it`,
    };
  };
}
