import { audit } from '../../platform/audit.ts';
import { canonicalHash } from '../../platform/canonical.ts';
import type { Clock } from '../../platform/clock.ts';
import type { Database, Query } from '../../platform/database.ts';
import { Refused } from '../../platform/errors.ts';
import { parseQuestionnaire, type Questionnaire } from './questionnaire.ts';
import { markPublished, readVersion, type StoredVersion, writeDraft } from './store.ts';

/** A questionnaire's life: a draft that may be replaced, and from its publication on a version that never changes. */
export interface VersionServices {
  readonly database: Database;
  readonly clock: Clock;
}

/**
 * Keeps a draft, in place of an earlier draft of the same id.
 *
 * @throws BadInput with every fault of the document; Refused `published` where the id is a published version's.
 */
export async function saveDraft(
  { database, clock }: VersionServices,
  document: unknown,
  actor: string,
): Promise<{ id: string; hash: string }> {
  const questionnaire = parseQuestionnaire(document);
  const now = clock.now();
  return database.transaction((query) => keepDraft(query, questionnaire, actor, now));
}

async function keepDraft(query: Query, questionnaire: Questionnaire, actor: string, now: Date) {
  const { id } = questionnaire;
  const hash = canonicalHash(questionnaire);
  if (!(await writeDraft(query, id, questionnaire, hash))) throw alreadyPublished(id);
  await audit(query, now, { actor, action: 'questionnaire.draft', subject: id, detail: { hash } });
  return { id, hash };
}

/**
 * Publishes a draft for good.
 *
 * @param hash of the draft that was looked at: one that was replaced meanwhile is not published unseen.
 * @throws Refused `no-version`, `published`, or `changed` where it is another draft by now.
 */
export async function publishVersion(
  { database, clock }: VersionServices,
  id: string,
  hash: string,
  actor: string,
): Promise<void> {
  const now = clock.now();
  await database.transaction((query) => publish(query, id, hash, actor, now));
}

async function publish(query: Query, id: string, hash: string, actor: string, now: Date): Promise<void> {
  const there = await existing(query, id);
  if (there.publishedAt) throw alreadyPublished(id);
  if (!(await markPublished(query, id, hash, actor, now)))
    throw new Refused(
      'changed',
      `草稿 ${id} 已被改动，请重新查看后再发布 · draft ${id} has changed: look at it again, then publish`,
    );
  await audit(query, now, { actor, action: 'questionnaire.publish', subject: id, detail: { hash } });
}

/**
 * Keeps a document and publishes it, or neither. The very same version published before is left as it is.
 *
 * @returns its hash, and whether it was published now.
 * @throws BadInput, Refused `published` where another document has this id.
 */
export async function publishDocument(
  { database, clock }: VersionServices,
  document: unknown,
  actor: string,
): Promise<{ id: string; hash: string; published: boolean }> {
  const questionnaire = parseQuestionnaire(document);
  const { id } = questionnaire;
  const hash = canonicalHash(questionnaire);
  const now = clock.now();
  return database.transaction(async (query) => {
    const there = await readVersion(query, id);
    if (there?.publishedAt && there.hash === hash) return { id, hash, published: false };
    await keepDraft(query, questionnaire, actor, now);
    await publish(query, id, hash, actor, now);
    return { id, hash, published: true };
  });
}

/** @throws Refused `no-version` */
export async function existing(query: Query, id: string): Promise<StoredVersion> {
  const version = await readVersion(query, id);
  if (version) return version;
  throw new Refused('no-version', `没有问卷 ${id} · there is no questionnaire ${id}`);
}

const alreadyPublished = (id: string): Refused =>
  new Refused(
    'published',
    `问卷 ${id} 已发布，不能再改；请换一个新编号 · questionnaire ${id} is published and never changes: give the changed one a new id`,
  );
