import type { Chance } from '../platform/chance.ts';
import { commitmentOf } from '../survey/draw/satq1.ts';

/**
 * `huifang draw nonce`: 32 random bytes and their commitment. Needs nothing but itself, so that a holder can make his
 * on a machine that the operator never touches.
 */
export function drawNonce(chance: Pick<Chance, 'bytes'>, out: NodeJS.WritableStream): void {
  const nonce = chance.bytes(32).toString('hex');
  out.write(`随机数（自己保管，冻结后才交）· nonce (keep it to yourself until the frame is frozen)\n${nonce}\n`);
  out.write(`指纹（现在就交）· commitment (hand this in now)\n${commitmentOf(nonce)}\n`);
}
