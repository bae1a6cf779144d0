import { existsSync } from 'node:fs';
import type { Database } from '../platform/database.ts';
import { type Comparison, compareQuestionnaires, type Difference } from '../survey/questionnaire/compare.ts';
import { exampleLength, longestCallSeconds, warningsOf } from '../survey/questionnaire/measure.ts';
import { languages, parseQuestionnaire, type Questionnaire } from '../survey/questionnaire/questionnaire.ts';
import { existing, publishDocument } from '../survey/questionnaire/versions.ts';
import { inThisInstallation } from './installation.ts';
import { readJson } from './read-json.ts';

/** `huifang questionnaire check|publish|compare|export`. A version is an id in the database, or a JSON file. */

/** Every fault, or what the questionnaire amounts to and what its author should know. */
export function checkFile(path: string, out: NodeJS.WritableStream): void {
  const questionnaire = parseQuestionnaire(readJson(path, path));
  out.write(described(questionnaire));
}

export const publishFile = (path: string, out: NodeJS.WritableStream): Promise<void> =>
  inThisInstallation(async ({ database, clock }) => {
    const document = readJson(path, path);
    out.write(described(parseQuestionnaire(document)));
    const { id, hash, published } = await publishDocument({ database, clock }, document, 'cli');
    out.write(
      `${published ? '已发布 · published' : '早已发布，内容相同 · published before, the same'}: ${id}  sha256 ${hash}\n`,
    );
  });

export async function compareVersions(before: string, after: string, out: NodeJS.WritableStream): Promise<void> {
  const [a, b] = await readBoth(before, after);
  out.write(told(compareQuestionnaires(a, b), a.id, b.id));
}

export const exportVersion = (id: string, out: NodeJS.WritableStream): Promise<void> =>
  inThisInstallation(async ({ database: { query } }) => {
    out.write(`${JSON.stringify((await existing(query, id)).document, null, 2)}\n`);
  });

function described(questionnaire: Questionnaire): string {
  const { id, items, thread, texts } = questionnaire;
  const takes = languages.map(
    (language) => `${language} ${Math.round(longestCallSeconds('A1', language, questionnaire))} s`,
  );
  const longest = Math.max(...Object.keys(texts).map((text) => exampleLength(text, 'zh-CN', questionnaire).units));
  const lines = [
    `${id}：${items.map((item) => item.id).join(' ')}；短信 ${thread.map((step) => step.item).join(' ')} · by text`,
    `  全程听完 · heard out: ${takes.join(', ')}；最长短信 · longest text: ${longest}`,
    ...warningsOf(questionnaire).map(({ where, message }) => `  注意 · note  ${where}: ${message}`),
  ];
  return `${lines.join('\n')}\n`;
}

const differenceNames: Readonly<Record<Difference['what'], string>> = {
  kind: '题型 · kind',
  scale: '尺度 · scale',
  'asked-of': '问谁 · asked of',
  order: '前面的题 · asked after',
  spoken: '读法 · spoken',
  written: '短信写法 · written',
};

function told({ comparable, items, onlyBefore, onlyAfter, around }: Comparison, before: string, after: string): string {
  const lines = [
    comparable
      ? `${before} 与 ${after} 的总体评分可比 · the overall ratings can be compared`
      : `${before} 与 ${after} 的总体评分不可比 · the overall ratings cannot be compared`,
    ...items.flatMap(({ item, differences }) => [
      `  ${item}  ${differences.length === 0 ? '可比 · comparable' : '不可比 · not comparable'}`,
      ...differences.flatMap(({ what, where, before: was, after: is }) => [
        `    ${differenceNames[what]}  ${where}`,
        `      - ${was || '（无 none）'}`,
        `      + ${is || '（无 none）'}`,
      ]),
    ]),
    ...(onlyBefore.length > 0 ? [`  只在 ${before} · only there: ${onlyBefore.join(' ')}`] : []),
    ...(onlyAfter.length > 0 ? [`  只在 ${after} · only there: ${onlyAfter.join(' ')}`] : []),
    ...(around.length > 0 ? [`  其他不同，不影响可比 · differs besides: ${around.join(' ')}`] : []),
  ];
  return `${lines.join('\n')}\n`;
}

async function readBoth(before: string, after: string): Promise<[Questionnaire, Questionnaire]> {
  const read = async (name: string, database: Database | null): Promise<Questionnaire> =>
    parseQuestionnaire(
      isFile(name) || !database ? readJson(name, name) : (await existing(database.query, name)).document,
    );
  if (isFile(before) && isFile(after)) return [await read(before, null), await read(after, null)];
  return inThisInstallation(async ({ database }) => [await read(before, database), await read(after, database)]);
}

const isFile = (name: string): boolean => /\.json$/i.test(name) || existsSync(name);
