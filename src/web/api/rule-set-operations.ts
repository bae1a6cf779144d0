import { Readable } from 'node:stream';
import { z } from 'zod';
import type { Query } from '../../platform/database.ts';
import { readSignatures } from '../../scoring/rule-sets/acknowledge.ts';
import { changeInWords, compareRules } from '../../scoring/rule-sets/compare.ts';
import { limitInWords } from '../../scoring/rule-sets/limits.ts';
import { publishDraft, saveDraft } from '../../scoring/rule-sets/publish.ts';
import { examine } from '../../scoring/rule-sets/publishable.ts';
import { readDraft, readPastMonths, readStanding, readVersion, readVersions } from '../../scoring/rule-sets/store.ts';
import { whatIf } from '../../scoring/rule-sets/what-if.ts';
import { parseRules } from '../../scoring/rules.ts';
import { NotFound } from '../faults.ts';
import { moment, type Operation, operation, period } from './operation.ts';

/**
 * Rule sets (考核办法) as versions: looked at, compared, checked, kept as drafts, tried on past months, published for
 * good. Acknowledgements are read and not given: a signature is a person's own.
 */
const version = z.object({
  ...{ id: z.string(), effectiveFrom: period.describe('it holds for the whole company from this month on') },
  hash: z.string().describe('sha256 of the document as canonical JSON'),
  publishedAt: moment.nullable().describe('null = it came with Huifang'),
  publishedBy: z.string().nullable(),
  rounds: z.int().describe('launched under it'),
  acknowledged: z.int().describe('managers who have acknowledged it'),
});

const document = z.record(z.string(), z.unknown()).describe('as huifang rules check reads it');
const params = z.object({ version: z.string().min(1).max(64).describe('RS-1') });
const draftParams = z.object({ draft: z.string().min(1).max(64).describe('the id in its document') });

const inWords = z.object({ zh: z.string(), en: z.string() });
const change = z.object({
  pattern: z.string().describe('such as unit.indicators.*.weightBp'),
  keys: z.array(z.string()).readonly().describe('what stands for each *'),
  ...{ name: inWords, before: inWords, after: inWords },
});

const fault = z.object({ where: z.string(), message: z.string() });

const counts = z.object({
  ratings: z.record(z.string(), z.int()),
  tiers: z.record(z.string(), z.int()),
  moves: z.record(z.string(), z.int()),
});
const outcome = z.object({
  ...{ score: z.string().nullable(), rating: z.string(), tier: z.int(), move: z.string() },
});

/** @throws NotFound */
async function find(query: Query, id: string) {
  const found = await readVersion(query, id);
  if (!found) throw new NotFound();
  return found;
}

/** @throws NotFound */
async function findDraft(query: Query, id: string) {
  const found = await readDraft(query, id);
  if (!found) throw new NotFound();
  return found;
}

export const ruleSetOperations: readonly Operation[] = [
  operation({
    ...{ id: 'rule-sets.list', method: 'get', path: '/rule-sets', scope: 'rules:read' },
    summary: 'Published versions, the one that holds last first',
    answer: z.object({ items: z.array(version) }),
    async run({ services }) {
      return { items: await readVersions(services.database.query) };
    },
  }),
  operation({
    ...{ id: 'rule-sets.read', method: 'get', path: '/rule-sets/{version}', scope: 'rules:read' },
    ...{ summary: 'One version', params, answer: version },
    run: ({ services, params: { version: id } }) => find(services.database.query, id),
  }),
  operation({
    ...{ id: 'rule-sets.export', method: 'get', path: '/rule-sets/{version}/document', scope: 'rules:read' },
    summary: 'The version itself, every number of it',
    ...{ params, download: ['application/json'] },
    async run({ services, params: { version: id } }) {
      const { document: whole } = await find(services.database.query, id);
      const content = Readable.from([`${JSON.stringify(whole, null, 2)}\n`]);
      return { type: 'application/json', fileName: `${id}.json`, content };
    },
  }),
  operation({
    ...{ id: 'rule-sets.compare', method: 'get', path: '/rule-sets/{version}/comparison', scope: 'rules:read' },
    summary: 'What differs from another version, number by number, in words',
    params,
    query: z.object({ with: z.string().min(1).max(64).describe('the earlier one') }),
    answer: z.object({ changes: z.array(change) }),
    async run({ services, params: { version: id }, query: { with: earlier } }) {
      const before = parseRules((await find(services.database.query, earlier)).document);
      const after = parseRules((await find(services.database.query, id)).document);
      return {
        changes: compareRules(before, after).map((one) => {
          const [zh, en] = [changeInWords(one, 'zh-CN'), changeInWords(one, 'en')];
          return {
            ...{ pattern: one.pattern, keys: one.keys, name: { zh: zh.name, en: en.name } },
            ...{ before: { zh: zh.before, en: en.before }, after: { zh: zh.after, en: en.after } },
          };
        }),
      };
    },
  }),
  operation({
    id: 'rule-sets.acknowledgements',
    ...{ method: 'get', path: '/rule-sets/{version}/acknowledgements', scope: 'users:read', personal: true },
    summary: 'Who has acknowledged it (签收) and who has not, by district',
    params,
    answer: z.object({
      items: z.array(
        z.object({
          ...{ managerId: z.string(), districtId: z.string(), district: z.string() },
          at: moment.nullable().describe('null = not yet'),
        }),
      ),
    }),
    async run({ services, params: { version: id } }) {
      await find(services.database.query, id);
      return { items: await readSignatures(services.database.query, id, null) };
    },
  }),
  operation({
    ...{ id: 'rule-sets.check', method: 'post', path: '/rule-sets/check', scope: 'rules:read' },
    summary: 'Every fault that keeps a document from being published now; keeps nothing',
    body: document,
    answer: z.object({ faults: z.array(fault) }),
    async run({ services: { database, clock }, body }) {
      const now = clock.now();
      return { faults: examine(body, await readStanding(database.query, now), now).faults };
    },
  }),
  operation({
    ...{ id: 'rule-sets.draft', method: 'post', path: '/rule-sets/drafts', scope: 'rules:write' },
    ...{ status: 201, creates: true },
    summary: 'Keep a draft, in place of an earlier draft of the same id',
    ...{ body: document, answer: z.object({ id: z.string(), hash: z.string() }) },
    run: ({ services, actor, body }) => saveDraft(services, body, actor),
  }),
  operation({
    ...{ id: 'rule-sets.what-if', method: 'get', path: '/rule-sets/drafts/{draft}/what-if', scope: 'rules:write' },
    personal: true,
    summary: 'Past months as they would have been under a draft, beside what was published',
    params: draftParams,
    answer: z.object({
      limits: z.array(inWords).describe('what could not be tried, and what is taken instead'),
      months: z.array(
        z.object({
          ...{ period, ruleSet: z.string(), managers: z.int(), published: counts, draft: counts },
          differing: z.array(z.object({ id: z.string(), published: outcome, draft: outcome })).readonly(),
        }),
      ),
    }),
    async run({ services, params: { draft } }) {
      const { query } = services.database;
      const rules = parseRules((await findDraft(query, draft)).document);
      const { months, limits } = whatIf(rules, await readPastMonths(query));
      return {
        months: [...months],
        limits: limits.map((limit) => ({ zh: limitInWords(limit, 'zh-CN'), en: limitInWords(limit, 'en') })),
      };
    },
  }),
  operation({
    ...{ id: 'rule-sets.publish', method: 'post', path: '/rule-sets/drafts/{draft}/publication', scope: 'rules:write' },
    summary: 'Publish a draft for good, at least 7 whole days before the month from which it holds',
    params: draftParams,
    body: z.strictObject({
      hash: z.string().describe('of the draft that was looked at; another one is not published'),
    }),
    answer: version,
    async run({ services, actor, params: { draft }, body: { hash } }) {
      await findDraft(services.database.query, draft);
      await publishDraft(services, draft, hash, actor);
      return find(services.database.query, draft);
    },
  }),
];
