import { createWriteStream } from 'node:fs';
import { extname } from 'node:path';
import { BadInput } from '../platform/errors.ts';
import { parseQuestionnaire } from '../survey/questionnaire/questionnaire.ts';
import { type ExportKind, exportFormats, exportResults } from '../survey/round/results-export.ts';
import { inThisInstallation } from './installation.ts';

/**
 * `huifang results export ROUND --kind cases|attempts|tallies FILE`; the format is the file's ending.
 *
 * @throws BadInput for another ending; Refused where there is no such round.
 */
export async function exportRoundResults(
  roundId: string,
  kind: ExportKind,
  path: string,
  out: NodeJS.WritableStream,
): Promise<void> {
  const format = exportFormats.find((known) => `.${known}` === extname(path).toLowerCase());
  if (!format)
    throw new BadInput('无法导出 · cannot export', [
      { where: path, message: '文件名应以 .csv 或 .json 结尾 · the name must end in .csv or .json' },
    ]);
  await inThisInstallation(async ({ database, clock }) => {
    const questionnaire = async (id: string) =>
      parseQuestionnaire((await database.prisma.questionnaire.findUniqueOrThrow({ where: { id } })).document);
    const services = { database, clock, questionnaire };
    await exportResults(services, { roundId, kind, format, actor: 'cli' }, createWriteStream(path));
    out.write(`${path}\n`);
  });
}
