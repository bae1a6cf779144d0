import { readFileSync } from 'node:fs';
import { canonicalHash } from '../platform/canonical.ts';
import type { Database } from '../platform/database.ts';
import { parseRules } from '../scoring/rules.ts';
import { standardQuestionnaire } from '../survey/questionnaire/questionnaire.ts';

/** The questionnaire and the rule set that ship with Huifang, stored as versions like any other. */
export async function storeStandards({ query }: Pick<Database, 'query'>): Promise<void> {
  const questionnaire = standardQuestionnaire();
  const rules = parseRules(
    JSON.parse(readFileSync(new URL('../scoring/standard-rules.json', import.meta.url), 'utf8')),
  );
  await query({
    text: `INSERT INTO questionnaire (id, document, hash, published_at, published_by) VALUES ($1, $2, $3, now(), 'huifang') ON CONFLICT DO NOTHING`,
    values: [questionnaire.id, JSON.stringify(questionnaire), canonicalHash(questionnaire)],
  });
  await query({
    text: 'INSERT INTO rule_set (id, effective_from, document, hash) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING',
    values: [rules.id, rules.effectiveFrom, JSON.stringify(rules.document), canonicalHash(rules.document)],
  });
}
