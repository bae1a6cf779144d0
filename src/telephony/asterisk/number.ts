import { writePhone } from '../../survey/roster/phone.ts';

/**
 * Numbers as trunks want them dialled. `{number}` in a pattern is the form people dial here (13800138000,
 * 079188123456, 00852… abroad), `{e164}` the international one (+8613800138000).
 */
export function dialled(pattern: string, e164: string): string {
  return pattern.replaceAll('{e164}', e164).replaceAll('{number}', asDialledHere(e164));
}

export function asDialledHere(e164: string): string {
  return e164.startsWith('+86') ? writePhone(e164).replaceAll('-', '') : `00${e164.slice(1)}`;
}

/** Our own number as the trunk is to show it: in the form in which it takes others. */
export const asShown = (pattern: string, e164: string): string =>
  dialled(pattern.includes('{e164}') ? '{e164}' : '{number}', e164);
