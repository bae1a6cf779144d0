import { isUtf8 } from 'node:buffer';
import { BadInput, type Fault } from '../platform/errors.ts';
import { faultOfId, normaliseId } from '../survey/draw/identifier.ts';
import { order } from '../survey/draw/satq1.ts';

/**
 * `huifang draw order --seed S`: ids on standard input, one a line, in the order SATQ1 gives them under the seed.
 *
 * @throws BadInput with the number of every line that is blank, invalid, or a duplicate after normalisation.
 */
export async function drawOrder(seed: string, input: NodeJS.ReadableStream, out: NodeJS.WritableStream): Promise<void> {
  const ids = readIds(await readAll(input));
  out.write(
    order(seed, ids)
      .map((id) => `${id}\n`)
      .join(''),
  );
}

async function readAll(input: NodeJS.ReadableStream): Promise<string> {
  const parts: Buffer[] = [];
  for await (const part of input) parts.push(Buffer.from(part));
  const bytes = Buffer.concat(parts);
  try {
    // A byte-order mark at the start is dropped by the decoder.
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    throw new BadInput('the ids cannot be read', foreignLines(bytes));
  }
}

/** Every line that is not UTF-8. The byte of LF is part of no other character there. */
function foreignLines(bytes: Buffer): Fault[] {
  const faults: Fault[] = [];
  let begin = 0;
  for (let line = 1; begin < bytes.length; line += 1) {
    const feed = bytes.indexOf(0x0a, begin);
    const end = feed < 0 ? bytes.length : feed;
    if (!isUtf8(bytes.subarray(begin, end)))
      faults.push({ where: `line ${line}`, message: 'is not UTF-8: save it as UTF-8 不是 UTF-8，请另存为 UTF-8' });
    begin = end + 1;
  }
  return faults;
}

export function readIds(text: string): string[] {
  if (text === '') return [];
  const faults: Fault[] = [];
  const firstLine = new Map<string, number>();
  for (const [index, line] of text
    .replace(/\r?\n$/, '')
    .split(/\r?\n/)
    .entries()) {
    const id = normaliseId(line);
    const before = firstLine.get(id);
    const fault =
      faultOfId(id) ?? (before === undefined ? null : `is the same id as line ${before} 与第 ${before} 行重复`);
    if (fault) faults.push({ where: `line ${index + 1}`, message: fault });
    else firstLine.set(id, index + 1);
  }
  if (faults.length > 0) throw new BadInput('the ids cannot be ordered', faults);
  return [...firstLine.keys()];
}
