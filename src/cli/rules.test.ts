import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { changed, defaultRules, documentOf, manager } from '../scoring/examples.fixture.ts';
import { makePublication } from '../scoring/publication.ts';
import { scoreDocument } from '../scoring/score.ts';
import { checkRules, diffRules, whatIfRules } from './rules.ts';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'huifang-rules-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

const file = (name: string, content: unknown): string => {
  const path = join(folder, name);
  writeFileSync(path, JSON.stringify(content));
  return path;
};
const rules = (name: string, changes: Record<string, unknown> = {}) => file(name, changed(defaultRules, changes));

/** What a command writes. */
function heard() {
  const said: string[] = [];
  const out = new Writable({
    write(chunk, _encoding, done) {
      said.push(String(chunk));
      done();
    },
  });
  return { out, text: () => said.join('') };
}

describe('huifang rules', () => {
  it('check says what a rule set comes to, or every fault of it', () => {
    const [fine, faults] = [heard(), heard()];
    expect(checkRules(rules('good.json'), fine.out, faults.out)).toBe(true);
    expect(fine.text()).toContain('综合得分  客户评价占综合得分：40 % · weight of the customer score');
    const bad = rules('bad.json', {
      ...{ 'combined.maximumSellingShareBp': 2600, 'rating.cutoffs.1.from': '95.00', 'privacy.minimumForComments': 3 },
    });
    expect(checkRules(bad, fine.out, faults.out)).toBe(false);
    expect(faults.text()).toMatch(
      /maximumSellingShareBp: .*25 %[\s\S]*rating\.cutoffs: must descend[\s\S]*minimumForComments: 至少为 10[\s\S]*3 处错误/,
    );
  });

  it('diff says what differs in both languages, or that nothing does', async () => {
    const said = heard();
    const other = rules('other.json', { id: 'RS-2', 'tiers.upStreak': 1 });
    await diffRules(rules('one.json'), other, said.out);
    expect(said.text()).toContain(
      '升一档所需连续优秀: 2 个月 → 1 个月 · excellent months in a row that rise: 2 months',
    );
    const same = heard();
    await diffRules(other, other, same.out);
    expect(same.text()).toContain('没有不同');
  });

  it('what-if tries a draft on publications, and says who would differ', async () => {
    const managers = [
      manager('K01', { unit: { sales: '95', brand: '95' } }),
      manager('K02', { unit: { sales: '60', brand: '61' } }),
    ];
    const publication = makePublication({
      ...{ period: '2026-12', stage: 'final', appealsUntil: new Date(0), drawId: 'D', questionnaire: 'HF-1' },
      scored: scoreDocument(documentOf(managers)),
      people: new Map(['K01', 'K02'].map((id) => [id, { name: `经理${id}`, district: '东湖' }])),
      previousHash: null,
    });
    const said = heard();
    const draft = rules('draft.json', {
      id: 'RS-2',
      'rating.cutoffs.0.from': '89.95',
      'rating.cutoffs.1.from': '89.90',
      'sampling.waves': 2,
    });
    await whatIfRules(draft, [file('publication.json', publication)], said.out);
    expect(said.text()).toMatch(/2026-12 {2}2 名客户经理.*不同 · other: 1/);
    expect(said.text()).toMatch(/K01 经理K01（东湖）.*称职 3 不变 → .*基本称职 3 不变/);
    expect(said.text()).toMatch(/注意 · note {2}抽样、联系/);
  });
});
