import { audit, takeTurn } from '../../platform/audit.ts';
import { canonicalHash } from '../../platform/canonical.ts';
import type { Clock } from '../../platform/clock.ts';
import type { Database, Query } from '../../platform/database.ts';
import { BadInput, Refused } from '../../platform/errors.ts';
import { announce } from '../../platform/webhooks/announce.ts';
import { ruleSetPublished } from '../events.ts';
import { parseRules } from '../rules.ts';
import { examine } from './publishable.ts';
import { dropDraft, insertVersion, readDraft, readStanding, readVersion, writeDraft } from './store.ts';

/** A rule set's life: a draft that may be replaced, and from its publication on a version that never changes. */
export interface RuleSetServices {
  readonly database: Database;
  readonly clock: Clock;
}

/**
 * Keeps a draft, in place of an earlier draft of the same id. Its month may be past, for whoever only wants to try it.
 *
 * @throws BadInput with every fault of the document; Refused `published` where the id is a published version's.
 */
export async function saveDraft(
  { database, clock }: RuleSetServices,
  document: unknown,
  actor: string,
): Promise<{ id: string; hash: string }> {
  const rules = parseRules(document);
  const { id } = rules;
  const hash = canonicalHash(rules.document);
  const now = clock.now();
  await database.transaction(async (query) => {
    await takeTurn(query);
    if (await readVersion(query, id)) throw published(id);
    await writeDraft(query, { id, document: rules.document, hash, savedAt: now, savedBy: actor });
    await audit(query, now, { actor, action: 'rule-set.draft', subject: id, detail: { hash } });
  });
  return { id, hash };
}

/** @throws Refused `no-draft` */
export async function discardDraft({ database, clock }: RuleSetServices, id: string, actor: string): Promise<void> {
  const now = clock.now();
  await database.transaction(async (query) => {
    if (!(await dropDraft(query, id))) throw noDraft(id);
    await audit(query, now, { actor, action: 'rule-set.discard', subject: id });
  });
}

/**
 * Publishes a draft for good.
 *
 * @param hash of the draft that was looked at: one that was replaced meanwhile is not published unseen.
 * @throws BadInput with every fault, of the document and of its time; Refused `no-draft`, or `changed`.
 */
export async function publishDraft(
  { database, clock }: RuleSetServices,
  id: string,
  hash: string,
  actor: string,
): Promise<void> {
  const now = clock.now();
  await database.transaction(async (query) => {
    await takeTurn(query);
    const draft = await readDraft(query, id);
    if (!draft) throw noDraft(id);
    if (draft.hash !== hash)
      throw new Refused(
        'changed',
        `草稿 ${id} 已被改动，请重新查看后再发布 · draft ${id} has changed: look at it again, then publish`,
      );
    await publish(query, draft.document, actor, now);
    await dropDraft(query, id);
  });
}

/**
 * Publishes a document as a version. The very same version published before is left as it is.
 *
 * @returns whether it was published now.
 * @throws BadInput with every fault, of the document and of its time.
 */
export async function publishDocument(
  { database, clock }: RuleSetServices,
  document: unknown,
  actor: string,
): Promise<{ id: string; hash: string; published: boolean }> {
  const now = clock.now();
  return database.transaction(async (query) => {
    // One at a time, and no launch meanwhile: whoever launches waits for the same turn.
    await takeTurn(query);
    const hash = canonicalHash(document);
    const [same] = await query<{ id: string }>({ text: 'SELECT id FROM rule_set WHERE hash = $1', values: [hash] });
    if (same) return { id: same.id, hash, published: false };
    return { ...(await publish(query, document, actor, now)), published: true };
  });
}

async function publish(query: Query, document: unknown, actor: string, now: Date) {
  const { rules, faults } = examine(document, await readStanding(query, now), now);
  if (rules === undefined || faults.length > 0)
    throw new BadInput('考核办法不能发布 · the rule set cannot be published', faults);
  const { id, effectiveFrom } = rules;
  const hash = canonicalHash(rules.document);
  await insertVersion(query, { id, effectiveFrom, document: rules.document, hash }, actor, now);
  await audit(query, now, { actor, action: 'rule-set.publish', subject: id, detail: { effectiveFrom, hash } });
  await announce(query, now, ruleSetPublished({ ruleSet: id, effectiveFrom, hash, publishedAt: now.toISOString() }));
  return { id, hash };
}

const published = (id: string): Refused =>
  new Refused(
    'published',
    `考核办法 ${id} 已发布，不能再改；请换一个新编号 · rule set ${id} is published and never changes: give the changed one a new id`,
  );

const noDraft = (id: string): Refused => new Refused('no-draft', `没有草稿 ${id} · there is no draft ${id}`);
