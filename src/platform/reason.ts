import { BadInput } from './errors.ts';

/** Of whatever somebody takes back or calls off, in characters. */
export const longestReason = 300;

/**
 * A reason as it is kept.
 *
 * @param refused what is then not done, in both languages.
 * @throws BadInput where there is none, or it is too long.
 */
export function readReason(written: string, refused: string): string {
  const reason = written.normalize('NFC').trim();
  if (reason !== '' && [...reason].length <= longestReason) return reason;
  const message = `请写明原因，最多 ${longestReason} 字 · say why, in at most ${longestReason} characters`;
  throw new BadInput(refused, [{ where: 'reason', message }]);
}
