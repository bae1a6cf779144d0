import { Readable } from 'node:stream';
import { z } from 'zod';
import type { Query } from '../../platform/database.ts';
import { Refused } from '../../platform/errors.ts';
import { compareQuestionnaires } from '../../survey/questionnaire/compare.ts';
import { longestCallSeconds, warningsOf } from '../../survey/questionnaire/measure.ts';
import { languages, parseQuestionnaire, type Questionnaire } from '../../survey/questionnaire/questionnaire.ts';
import { readVersions, type StoredVersion } from '../../survey/questionnaire/store.ts';
import { existing, publishVersion, saveDraft } from '../../survey/questionnaire/versions.ts';
import { NotFound } from '../faults.ts';
import { moment, type Operation, operation } from './operation.ts';

/** Questionnaires as versions: looked at, checked, kept as drafts, published for good, compared. */
const version = z.object({
  ...{ id: z.string(), hash: z.string().describe('sha256 of the document as canonical JSON') },
  publishedAt: moment.nullable().describe('null = a draft'),
  publishedBy: z.string().nullable(),
  rounds: z.int().describe('that have asked it'),
});

const measure = {
  seconds: z.record(z.enum(languages), z.int()).describe('of the whole call, heard out'),
  warnings: z.array(z.object({ where: z.string(), message: z.string() })),
};

const document = z.record(z.string(), z.unknown()).describe('as docs/questionnaires.md describes it');

const params = z.object({ version: z.string().min(1).max(64).describe('HF-1') });

const comparison = z.object({
  comparable: z.boolean().describe('the overall ratings of both may be set side by side'),
  items: z
    .array(
      z.object({
        item: z.string(),
        differences: z
          .array(z.object({ what: z.string(), where: z.string(), before: z.string(), after: z.string() }))
          .readonly(),
      }),
    )
    .readonly(),
  onlyBefore: z.array(z.string()).readonly(),
  onlyAfter: z.array(z.string()).readonly(),
  around: z.array(z.string()).readonly().describe('what else differs, and leaves the items comparable'),
});

const measured = (questionnaire: Questionnaire) => {
  const [zh, en] = languages.map((language) => Math.round(longestCallSeconds('A1', language, questionnaire)));
  return { seconds: { 'zh-CN': zh ?? 0, en: en ?? 0 }, warnings: warningsOf(questionnaire) };
};

/** @throws NotFound */
async function find(query: Query, id: string): Promise<StoredVersion> {
  try {
    return await existing(query, id);
  } catch (error) {
    throw error instanceof Refused ? new NotFound() : error;
  }
}

export const questionnaireOperations: readonly Operation[] = [
  operation({
    ...{ id: 'questionnaires.list', method: 'get', path: '/questionnaires', scope: 'questionnaires:read' },
    summary: 'Versions, drafts first, then the latest published',
    answer: z.object({ items: z.array(version) }),
    async run({ services }) {
      return { items: await readVersions(services.database.query) };
    },
  }),
  operation({
    ...{ id: 'questionnaires.check', method: 'post', path: '/questionnaires/check', scope: 'questionnaires:read' },
    summary: 'Check a questionnaire: every fault, or what it amounts to; keeps nothing',
    body: document,
    answer: z.object({ id: z.string(), ...measure }),
    async run({ body }) {
      const questionnaire = parseQuestionnaire(body);
      return { id: questionnaire.id, ...measured(questionnaire) };
    },
  }),
  operation({
    ...{ id: 'questionnaires.draft', method: 'post', path: '/questionnaires', scope: 'questionnaires:write' },
    ...{ status: 201, creates: true },
    summary: 'Keep a draft, in place of an earlier draft of the same id',
    body: document,
    answer: z.object({ id: z.string(), hash: z.string() }),
    run: ({ services, actor, body }) => saveDraft(services, body, actor),
  }),
  operation({
    ...{ id: 'questionnaires.read', method: 'get', path: '/questionnaires/{version}', scope: 'questionnaires:read' },
    summary: 'One version, how long it takes, and what its author should know',
    ...{ params, answer: version.extend(measure) },
    async run({ services, params: { version: id } }) {
      const found = await find(services.database.query, id);
      return { ...found, ...measured(parseQuestionnaire(found.document)) };
    },
  }),
  operation({
    id: 'questionnaires.export',
    ...{ method: 'get', path: '/questionnaires/{version}/document', scope: 'questionnaires:read' },
    summary: 'The version itself, every word of it',
    ...{ params, download: ['application/json'] },
    async run({ services, params: { version: id } }) {
      const { document: whole } = await find(services.database.query, id);
      const content = Readable.from([`${JSON.stringify(whole, null, 2)}\n`]);
      return { type: 'application/json', fileName: `${id}.json`, content };
    },
  }),
  operation({
    id: 'questionnaires.compare',
    ...{ method: 'get', path: '/questionnaires/{version}/comparison', scope: 'questionnaires:read' },
    summary: 'What differs from an earlier version, and whether answers to both are comparable',
    params,
    query: z.object({ with: z.string().min(1).max(64).describe('the earlier one') }),
    answer: comparison,
    async run({ services, params: { version: id }, query: { with: earlier } }) {
      const [before, after] = await Promise.all([earlier, id].map((one) => find(services.database.query, one)));
      return compareQuestionnaires(parseQuestionnaire(before?.document), parseQuestionnaire(after?.document));
    },
  }),
  operation({
    id: 'questionnaires.publish',
    ...{ method: 'post', path: '/questionnaires/{version}/publication', scope: 'questionnaires:write' },
    summary: 'Publish a draft for good',
    params,
    body: z.strictObject({
      hash: z.string().describe('of the draft that was looked at; another one is not published'),
    }),
    answer: version,
    async run({ services, actor, params: { version: id }, body: { hash } }) {
      await find(services.database.query, id);
      await publishVersion(services, id, hash, actor);
      return find(services.database.query, id);
    },
  }),
];
