import { BadInput } from '../platform/errors.ts';
import { drawBundle } from '../survey/draw/bundle.ts';
import { verifyDraw } from '../survey/draw/verify.ts';
import { readJson } from './read-json.ts';

/**
 * `huifang draw verify BUNDLE.json`: replays a draw and names everything in which it is not what its own inputs make it.
 *
 * @returns whether nothing was found.
 * @throws BadInput where the file cannot be read or has not the form of a bundle, with every fault.
 */
export function drawVerify(path: string, out: NodeJS.WritableStream, errors: NodeJS.WritableStream): boolean {
  const read = drawBundle.safeParse(readJson(path, path));
  if (!read.success)
    throw new BadInput(
      '不是抽样复算包 · this is not the bundle of a draw',
      read.error.issues.map(({ path: place, message }) => ({ where: place.join('.') || path, message })),
    );
  const bundle = read.data;
  const findings = verifyDraw(bundle);
  for (const { where, message } of findings) errors.write(`${where}: ${message}\n`);
  if (findings.length > 0) {
    errors.write(
      `huifang: ${bundle.drawId} 复核不通过，${findings.length} 处 · does not verify, ${findings.length} findings\n`,
    );
    return false;
  }
  const { managers, releases } = bundle;
  const released = releases.reduce((sum, { ids }) => sum + ids.length, 0);
  const frame = Object.values(managers).reduce((sum, { frameSize }) => sum + frameSize, 0);
  out.write(
    `${bundle.drawId} 复核无误：抽样框 ${frame} 户，释放 ${released} 户，${releases.length} 次 · verified: ${frame} in the frame, ${released} released in ${releases.length} releases\n`,
  );
  if (bundle.operatorTrusted)
    out.write(
      '注意：随机数由运营方自持，种子只能信任运营方 · operator-trusted: nobody but the operator kept the nonces, so that he could have chosen the seed\n',
    );
  return true;
}
