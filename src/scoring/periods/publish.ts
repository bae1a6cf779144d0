/**
 * A period's way to its final result (method §5): public notice (公示), corrections by appeal, final. Each step is another
 * publication on the chain; nothing is edited.
 */
import { audit } from '../../platform/audit.ts';
import type { Query } from '../../platform/database.ts';
import { lockPeriod } from '../../platform/period-lock.ts';
import { announce } from '../../platform/webhooks/announce.ts';
import { storeComments } from '../comments/comments.ts';
import { publicationFinalized, publicationNoticed } from '../events.ts';
import { storeComputed } from '../evidence/compute.ts';
import { storeItemSummaries } from '../items/summaries.ts';
import { rewritePromises, writePromises } from '../ledger/keep.ts';
import { makePublication, type Person, type Publication, type PublicationFacts, recomputable } from '../publication.ts';
import { parseRules } from '../rules.ts';
import { scoreDocument } from '../score.ts';
import { findPublished, lastHash, type Published, storePublication } from '../store.ts';
import { obligeTraining } from '../training/follow-up.ts';
import { appealsEnd } from './calendar.ts';
import { readAnswersAgain, readPeriodInput } from './input.ts';
import { makeRoomToSum, readIndicators } from './read.ts';

/** What a period is published of. */
export interface PeriodBasis {
  readonly period: string;
  /** The round that was drawn for it. */
  readonly drawId: string;
  readonly questionnaire: string;
  /** Its rating items, by id. */
  readonly items: readonly string[];
  readonly rules: unknown;
  /** By manager id; what the board says of each beyond his scores. */
  readonly people: ReadonlyMap<string, Person>;
}

/**
 * Puts a period on the board, open to appeals for the working days of its rule set. All of it in the caller's
 * transaction.
 */
export async function publishNotice(query: Query, basis: PeriodBasis, now: Date): Promise<Publication> {
  const { period, items, people } = basis;
  await lockPeriod(query, period);
  await storeComputed(query, period, parseRules(basis.rules));
  await makeRoomToSum(query);
  const { input, provenance } = await readPeriodInput(query, period, basis.rules);
  const scored = scoreDocument(input);
  await storeItemSummaries(query, { period, items, provenance, rules: scored.rules });
  const known = [...people].map(([id, person]): [string, Person] => [id, { ...person, ...provenance.get(id) }]);
  return publish(query, now, {
    ...{ period, drawId: basis.drawId, questionnaire: basis.questionnaire, scored, people: new Map(known) },
    ...{ stage: 'notice', appealsUntil: appealsEnd(now, scored.rules) },
  });
}

/**
 * The notice once more, with the facts of one manager as they are now. μ, s_w and k stay as they were published, so that
 * his C, U and S change and nobody else's, while every rank follows.
 */
export async function publishCorrection(
  query: Query,
  period: string,
  managerId: string,
  now: Date,
): Promise<Publication> {
  return correct(query, await standing(query, period, 'notice'), managerId, now);
}

/**
 * The same of a final result: another final one supersedes it. What was promised by the one before is taken back, where it
 * is not promised any more, and comments stay as they were put up.
 */
export async function correctFinal(query: Query, period: string, managerId: string, now: Date): Promise<Publication> {
  const before = await standing(query, period, 'final');
  const after = await correct(query, before, managerId, now);
  await rewritePromises(query, { before: before.document, after, managerId }, now);
  const his = { ...after, managers: after.managers.filter(({ id }) => id === managerId) };
  await obligeTraining(query, his, now);
  return after;
}

async function correct(
  query: Query,
  { document, stage }: Published,
  managerId: string,
  now: Date,
): Promise<Publication> {
  const before = recomputable(document);
  const corrected: object[] = [];
  for (const manager of before.managers)
    corrected.push(manager.id === managerId ? await readAgain(query, document, manager) : manager);
  const people = peopleOf(document);
  const person = people.get(managerId);
  if (person) people.set(managerId, { ...person, standing: false });
  return supersede(query, document, now, {
    stage,
    scored: scoreDocument({ ...before, managers: corrected }),
    people,
  });
}

/** Makes a notice final, word for word but for its stage, writes down what it promises and whom it obliges, and lets the comments be read. */
export async function finalise(query: Query, period: string, now: Date): Promise<Publication> {
  const { document } = await standing(query, period, 'notice');
  const scored = scoreDocument(recomputable(document));
  const final = await supersede(query, document, now, { stage: 'final', scored, people: peopleOf(document) });
  await writePromises(query, final, now);
  await obligeTraining(query, final, now);
  await storeComments(query, period, scored.rules);
  return final;
}

type Recomputable = ReturnType<typeof recomputable>['managers'][number];

async function readAgain(query: Query, { period, managers }: Publication, manager: Recomputable) {
  const { id, unit: published, tier, previousRating, requirementsMet, qualifications } = manager;
  const window = managers.find((one) => one.id === id)?.window;
  const now = (await readIndicators(query, period)).get(id);
  return {
    ...{ id, tier, previousRating, requirementsMet, ...(qualifications && { qualifications }) },
    ...(window ? await readAnswersAgain(query, id, window) : {}),
    unit: Object.fromEntries(Object.keys(published).map((code) => [code, now?.[code] ?? null])),
  };
}

/** Each manager's own line, without what is computed. */
function peopleOf({ managers }: Publication): Map<string, Person> {
  return new Map(managers.map((manager) => [manager.id, manager]));
}

type Superseding = Pick<PublicationFacts, 'stage' | 'scored' | 'people'>;

function supersede(query: Query, before: Publication, now: Date, facts: Superseding): Promise<Publication> {
  const { period, drawId, questionnaire, hash, appealsUntil } = before;
  return publish(query, now, {
    ...{ period, drawId, questionnaire, ...facts },
    ...{ appealsUntil: new Date(appealsUntil), supersedes: hash },
  });
}

async function publish(query: Query, now: Date, facts: Omit<PublicationFacts, 'previousHash'>): Promise<Publication> {
  const publication = makePublication({ ...facts, previousHash: await lastHash(query) });
  await storePublication(query, publication, now);
  const { period, stage, hash, supersedes } = publication;
  const detail = { period, stage, hash, supersedes };
  await audit(query, now, { actor: 'system', action: 'publication.publish', subject: facts.drawId, detail });
  const events = stage === 'final' ? publicationFinalized(publication) : [publicationNoticed(publication)];
  await announce(query, now, ...events);
  return publication;
}

async function standing(query: Query, period: string, stage: Published['stage']): Promise<Published> {
  const published = await findPublished(query, period);
  if (published?.stage !== stage) throw new Error(`period ${period} has no ${stage} that stands`);
  return published;
}
