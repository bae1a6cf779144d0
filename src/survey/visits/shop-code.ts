import type { Vault } from '../../platform/vault.ts';

/**
 * A shop's code: eight digits on a card in the shop, by which a visitor proves that he was there. Seven are the keyed
 * digest of its licence number, so nobody can work one out and nothing has to be stored; the last is the check digit of
 * ISO/IEC 7064, MOD 11,10, which finds every wrong digit and nearly every pair of swapped ones, so that a slip of the
 * finger is told from another shop's code.
 */
const digits = 7;

export function shopCode({ digest }: Pick<Vault, 'digest'>, retailerId: string): string {
  const number = digest(`shop-code|${retailerId}`).readUIntBE(0, 6) % 10 ** digits;
  const body = String(number).padStart(digits, '0');
  return body + checkDigit(body);
}

/** `12345678` → `1234 5678`, as it stands on the card. */
export const asPrinted = (code: string): string => `${code.slice(0, 4)} ${code.slice(4)}`;

export type CodeReading = 'right' | 'wrong' | 'mistyped';

/** @param written as the visitor keyed it, in any width, with blanks or hyphens. */
export function readShopCode(vault: Pick<Vault, 'digest'>, retailerId: string, written: string): CodeReading {
  const code = written.normalize('NFKC').replace(/[\s-]/g, '');
  if (!new RegExp(`^\\d{${digits + 1}}$`).test(code) || checkDigit(code.slice(0, digits)) !== code.slice(digits))
    return 'mistyped';
  return code === shopCode(vault, retailerId) ? 'right' : 'wrong';
}

function checkDigit(body: string): string {
  let product = 10;
  for (const digit of body) {
    const sum = (product + Number(digit)) % 10 || 10;
    product = (sum * 2) % 11;
  }
  return String((11 - product) % 10);
}
