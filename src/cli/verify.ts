import { z } from 'zod';
import { BadInput } from '../platform/errors.ts';
import type { Publication } from '../scoring/publication.ts';
import { verifyPublications } from '../scoring/verify.ts';
import { readJson } from './read-json.ts';

/**
 * `huifang verify PUBLICATION.json …`: computes published results anew from what was published, and follows their chain.
 *
 * @returns whether nothing was found.
 * @throws BadInput where a file cannot be read or holds no publication.
 */
export function verify(paths: readonly string[], out: NodeJS.WritableStream, errors: NodeJS.WritableStream): boolean {
  const publications = paths.flatMap((path) => publicationsIn(path));
  const findings = verifyPublications(publications);
  for (const { where, message } of findings) errors.write(`${where}: ${message}\n`);
  if (findings.length > 0) {
    errors.write(`huifang: 复核不通过，${findings.length} 处 · does not verify, ${findings.length} findings\n`);
    return false;
  }
  for (const { period, stage, managers, hash } of publications)
    out.write(
      `${period} ${stage === 'final' ? '最终结果 final' : '公示 notice'}：${managers.length} 名客户经理，得分、名次、档位复算一致 · ${managers.length} managers, every score, rank and tier agrees\n  sha256 ${hash}\n`,
    );
  return true;
}

/** As much of its form as it takes to compute it; what is in it is then looked at number by number. */
const publicationForm = z.looseObject({
  kind: z.literal('huifang-publication'),
  period: z.string(),
  hash: z.string(),
  rules: z.looseObject({}),
  effectiveShares: z.looseObject({}),
  managers: z.array(z.looseObject({ id: z.string(), indicators: z.record(z.string(), z.string().nullable()) })),
});

/** One publication, or a list of them. */
export function publicationsIn(path: string): Publication[] {
  const json = readJson(path, path);
  const read = z
    .array(publicationForm)
    .min(1)
    .safeParse(Array.isArray(json) ? json : [json]);
  if (!read.success)
    throw new BadInput(
      '不是公布文件 · not a publication as the board gives it',
      read.error.issues.map(({ path: place, message }) => ({ where: [path, ...place.slice(1)].join('.'), message })),
    );
  return read.data as unknown as Publication[];
}
