import { existsSync } from 'node:fs';
import type { Query } from '../platform/database.ts';
import { BadInput, type Fault, Refused } from '../platform/errors.ts';
import { attempted } from '../scoring/faults.ts';
import { changeInWords, compareRules, placeInWords, placesOf } from '../scoring/rule-sets/compare.ts';
import { called, type Language, sectionName } from '../scoring/rule-sets/fields.ts';
import { limitInWords } from '../scoring/rule-sets/limits.ts';
import { publishDocument } from '../scoring/rule-sets/publish.ts';
import { readPastMonths, readVersion } from '../scoring/rule-sets/store.ts';
import {
  type Counts,
  movesShown,
  ratingsShown,
  tiersShown,
  type WhatIf,
  whatIf,
} from '../scoring/rule-sets/what-if.ts';
import { floorFaults, parseRules, type RuleSet } from '../scoring/rules.ts';
import { inThisInstallation } from './installation.ts';
import { readJson } from './read-json.ts';
import { publicationsIn } from './verify.ts';

/** `huifang rules check|diff|what-if|publish`. A rule set is a JSON file, or the id of a published version. */

const languages = ['zh-CN', 'en'] as const;

/**
 * Says what a draft comes to, number by number, or every fault of it.
 *
 * @returns whether there was none.
 * @throws BadInput where the file itself cannot be read.
 */
export function checkRules(path: string, out: NodeJS.WritableStream, errors: NodeJS.WritableStream): boolean {
  const document = readJson(path, path);
  const faults: Fault[] = [];
  const rules = attempted(() => parseRules(document), faults);
  faults.push(...floorFaults(document));
  if (rules === undefined || faults.length > 0) {
    for (const { where, message } of faults) errors.write(`${where}: ${message}\n`);
    errors.write(`huifang: ${path} 有 ${faults.length} 处错误 · has ${faults.length} faults\n`);
    return false;
  }
  out.write(`${rules.id}：自 ${rules.effectiveFrom} 起，没有错误 · from ${rules.effectiveFrom} on, no fault\n`);
  for (const place of placesOf(rules)) {
    const { section, name, value } = placeInWords(place, 'zh-CN');
    out.write(`  ${sectionName(section, 'zh-CN')}  ${name}：${value} · ${placeInWords(place, 'en').name}\n`);
  }
  return true;
}

/** What `after` says otherwise than `before`. */
export async function diffRules(before: string, after: string, out: NodeJS.WritableStream): Promise<void> {
  const [was, is] = await readBoth(before, after);
  const changes = compareRules(was, is);
  const months = `${was.id} (${was.effectiveFrom}) → ${is.id} (${is.effectiveFrom})`;
  out.write(
    changes.length === 0
      ? `${months}：没有不同 · no difference\n`
      : `${months}：${changes.length} 处不同 · ${changes.length} differences\n`,
  );
  for (const change of changes)
    out.write(`  ${languages.map((language) => inOneLine(changeInWords(change, language))).join(' · ')}\n`);
}

const inOneLine = ({ name, before, after }: ReturnType<typeof changeInWords>): string =>
  `${name}: ${before} → ${after}`;

/** Past months under a draft: those of the installation, or of the publications that are named. */
export async function whatIfRules(path: string, publications: readonly string[], out: NodeJS.WritableStream) {
  const draft = parseRules(readJson(path, path));
  const months =
    publications.length > 0
      ? publications.flatMap((one) => publicationsIn(one))
      : await inThisInstallation(({ database }) => readPastMonths(database.query));
  if (months.length === 0)
    throw new Refused(
      'no-months',
      '还没有公布过结果 · no month has been published yet, so there is nothing to try it on',
    );
  out.write(told(whatIf(draft, months), draft.id));
}

export const publishRules = (path: string, out: NodeJS.WritableStream): Promise<void> =>
  inThisInstallation(async (services) => {
    const { id, hash, published } = await publishDocument(services, readJson(path, path), 'cli');
    out.write(
      `${published ? '已发布 · published' : '早已发布，内容相同 · published before, the same'}: ${id}  sha256 ${hash}\n`,
    );
  });

function told({ months, limits }: WhatIf, draft: string): string {
  const lines = months.flatMap(({ period, ruleSet, managers, published, draft: under, differing }) => [
    `${period}  ${managers} 名客户经理 · managers；不同 · other: ${differing.length}`,
    `  ${ruleSet}  ${countsInWords(published)}`,
    `  ${draft}  ${countsInWords(under)}`,
    ...differing.map(
      ({ id, name, district, published: was, draft: is }) =>
        `    ${id} ${name}（${district}）  ${was.score ?? '—'} ${said(was.rating)} ${was.tier} ${said(was.move)} → ${is.score ?? '—'} ${said(is.rating)} ${is.tier} ${said(is.move)}`,
    ),
  ]);
  const left = limits.flatMap((limit) => languages.map((language) => `注意 · note  ${limitInWords(limit, language)}`));
  return `${[...lines, ...left].join('\n')}\n`;
}

const said = (word: string, language: Language = 'zh-CN'): string => called(word, language);

const countsInWords = ({ ratings, tiers, moves }: Counts): string =>
  [
    ratingsShown.map((rating) => `${said(rating)} ${ratings[rating]}`).join(' '),
    tiersShown.map((tier) => `${tier} 档 ${tiers[tier]}`).join(' '),
    movesShown.map((move) => `${said(move)} ${moves[move]}`).join(' '),
  ].join('；');

async function readBoth(before: string, after: string): Promise<[RuleSet, RuleSet]> {
  if (isFile(before) && isFile(after)) return [fromFile(before), fromFile(after)];
  return inThisInstallation(async ({ database: { query } }) => [await read(before, query), await read(after, query)]);
}

const fromFile = (path: string): RuleSet => parseRules(readJson(path, path));

async function read(name: string, query: Query): Promise<RuleSet> {
  if (isFile(name)) return fromFile(name);
  const version = await readVersion(query, name);
  if (version) return parseRules(version.document);
  throw new BadInput('没有这个考核办法 · no such rule set', [
    { where: name, message: '既不是文件，也不是已发布的版本 · is neither a file nor a published version' },
  ]);
}

const isFile = (name: string): boolean => /\.json$/i.test(name) || existsSync(name);
