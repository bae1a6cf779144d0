import parsePhoneNumber, { type NumberType, type PhoneNumber as ParsedNumber } from 'libphonenumber-js/max';
import type { Reading } from './reading.ts';

/**
 * Telephone numbers as people write them, and the one form in which we keep them. Numbers without a country code are
 * Chinese. The full metadata is needed: the small set cannot tell a mobile from a landline, let alone from 400.
 */
export interface PhoneNumber {
  /** E.164: `+8613800138000`. */
  readonly e164: string;
  readonly kind: 'mobile' | 'landline';
}

/**
 * What a shop may be called on. In some countries (North America) a number does not show which of the two it is; it
 * counts as a mobile, since a text that does not arrive costs less than one that is never sent.
 */
const kinds: Partial<Record<NonNullable<NumberType>, PhoneNumber['kind']>> = {
  MOBILE: 'mobile',
  FIXED_LINE_OR_MOBILE: 'mobile',
  FIXED_LINE: 'landline',
};

const faults = {
  rounded:
    '号码被 Excel 变成了科学计数，尾数已丢失：请把该列设为“文本”后重新填写 · Excel has cut the number short: format the column as text and enter it again',
  characters:
    '含有不属于电话号码的字符：每格只写一个号码 · contains what belongs to no telephone number: write one number and nothing else',
  service:
    '不是手机也不是固定电话（400、800 等服务号码不能回访）：请填店主的手机或固话 · is neither a mobile nor a landline: service numbers cannot be surveyed, give the shop’s own',
  unknown:
    '不是有效的手机或固定电话号码：请核对位数，固话加区号、不带分机，如 0791-88123456 · is no valid mobile or landline number: check its digits, and give a landline with its area code and without extension',
} as const;

/** The number that `text` is, or why nobody can be called on it. No fault repeats the number: faults are shown and kept. */
export function readPhone(text: string): Reading<PhoneNumber> {
  const plain = text.normalize('NFKC').trim();
  if (/^\d(\.\d+)?E\+?\d+$/i.test(plain)) return { fault: faults.rounded };
  if (!/^[\p{Nd}\p{Pd}\p{Zs}+().−]+$/u.test(plain)) return { fault: faults.characters };
  const parsed = parsePhoneNumber(plain, { defaultCountry: 'CN', extract: false });
  if (!parsed?.isValid()) return { fault: faults.unknown };
  const type = parsed.getType();
  const kind = type && kinds[type];
  return kind ? { value: { e164: parsed.number, kind } } : { fault: faults.service };
}

/** The E.164 form of a number, under which the vault's digest finds it; null when `text` is no mobile or landline. */
export function phoneForm(text: string): string | null {
  const reading = readPhone(text);
  return 'value' in reading ? reading.value.e164 : null;
}

/**
 * What may be shown of a number: `138****1234` of a Chinese mobile; of any other line its area or country code and the
 * last three digits, `0791-****567`.
 *
 * @param e164 as `readPhone` gives it.
 */
export function maskPhone(e164: string): string {
  const mobile = /^\+86(1[3-9]\d)\d{4}(\d{4})$/.exec(e164);
  if (mobile) return `${mobile[1]}****${mobile[2]}`;
  return `${prefixOf(parsePhoneNumber(e164))}****${e164.slice(-3)}`;
}

/**
 * A number as people here write it: `13800138000`, `0791-88123456`; abroad `+852 91234567`. Read again it is the same.
 *
 * @param e164 as `readPhone` gives it.
 */
export function writePhone(e164: string): string {
  const prefix = prefixOf(parsePhoneNumber(e164));
  if (!e164.startsWith('+86')) return `${prefix}${e164.slice(prefix.trimEnd().length)}`;
  return /^\+861[3-9]\d{9}$/.test(e164) ? e164.slice(3) : `${prefix}${e164.slice(2 + prefix.length - 1)}`;
}

function prefixOf(parsed: ParsedNumber | undefined): string {
  if (!parsed) return '';
  const { countryCallingCode, nationalNumber } = parsed;
  // Peking (010) and the nine cities of 02x have short area codes; all others have three digits after the nought.
  return countryCallingCode === '86' ? `0${/^(?:10|2\d|\d{3})/.exec(nationalNumber)?.[0]}-` : `+${countryCallingCode} `;
}
