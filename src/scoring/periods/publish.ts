/**
 * A period's way to its final result (method §5): public notice (公示), corrections by appeal, final. Each step is another
 * publication on the chain; nothing is edited.
 */
import { audit } from '../../platform/audit.ts';
import type { Query } from '../../platform/database.ts';
import { never } from '../../platform/errors.ts';
import { lockPeriod } from '../../platform/period-lock.ts';
import { announce } from '../../platform/webhooks/announce.ts';
import type { AppealedFact } from '../appeals/mend.ts';
import { storeComments } from '../comments/comments.ts';
import { tally } from '../customer.ts';
import { publicationFinalized, publicationNoticed } from '../events.ts';
import { storeComputed } from '../evidence/compute.ts';
import { unrounded } from '../exact.ts';
import { storeItemSummaries } from '../items/summaries.ts';
import { rewritePromises, writePromises } from '../ledger/keep.ts';
import { makePublication, type Person, type Publication, type PublicationFacts, recomputable } from '../publication.ts';
import { parseRules } from '../rules.ts';
import { scoreDocument } from '../score.ts';
import { findPublished, lastHash, type Published, storePublication } from '../store.ts';
import { obligeTraining } from '../training/follow-up.ts';
import { appealsEnd } from './calendar.ts';
import { readPeriodInput, readSumsAgain } from './input.ts';
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

/** Whose fact of which month was mended, and what kind of fact it is. */
type Mended = Pick<AppealedFact, 'period' | 'managerId' | 'kind'>;

/**
 * The notice once more, with the mended fact of one manager. μ, s_w and k stay as they were published, so that his C, U and
 * S change and nobody else's, while every rank follows.
 */
export async function publishCorrection(query: Query, mended: Mended, now: Date): Promise<Publication> {
  return correct(query, await standing(query, mended.period, 'notice'), mended, now);
}

/**
 * The same of a final result: another final one supersedes it. What was promised by the one before is taken back, where it
 * is not promised any more, and comments stay as they were put up.
 */
export async function correctFinal(query: Query, mended: Mended, now: Date): Promise<Publication> {
  const { period, managerId } = mended;
  const before = await standing(query, period, 'final');
  const after = await correct(query, before, mended, now);
  await rewritePromises(query, { before: before.document, after, managerId }, now);
  const his = { ...after, managers: after.managers.filter(({ id }) => id === managerId) };
  await obligeTraining(query, his, now);
  return after;
}

async function correct(query: Query, { document, stage }: Published, mended: Mended, now: Date): Promise<Publication> {
  const before = recomputable(document);
  const people = peopleOf(document);
  const managers: Recomputable[] = [];
  for (const manager of before.managers) {
    const corrected = manager.id === mended.managerId ? await readAgain(query, document, mended, manager) : manager;
    const person = people.get(manager.id);
    if (person?.standing && corrected.customer === undefined) people.set(manager.id, { ...person, standing: false });
    managers.push(corrected);
  }
  return supersede(query, document, now, { stage, scored: scoreDocument({ ...before, managers }), people });
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

/** Only what was mended is read again: an indicator moves U alone, an answer C alone. */
function readAgain(query: Query, before: Publication, { kind }: Mended, manager: Recomputable): Promise<Recomputable> {
  switch (kind) {
    case 'indicator':
      return withIndicators(query, before, manager);
    case 'wrong-assignment':
    case 'invalid-call':
      return withAnswers(query, before, manager);
    default:
      return never(kind);
  }
}

async function withIndicators(query: Query, { period }: Publication, manager: Recomputable): Promise<Recomputable> {
  const now = (await readIndicators(query, period)).get(manager.id);
  const unit = Object.fromEntries(Object.keys(manager.unit).map((code) => [code, now?.[code] ?? null]));
  return { ...manager, unit };
}

/**
 * A score that stands goes on standing while the same answers are behind it. Computed anew it would be drawn towards
 * another month's μ than it was.
 */
async function withAnswers(query: Query, { rules, managers }: Publication, manager: Recomputable) {
  const window = managers.find(({ id }) => id === manager.id)?.window;
  if (!window) return manager;
  const { frameSize, badNumberShare, ratings } = await readSumsAgain(query, manager.id, window);
  const now = tally(ratings, parseRules(rules).customer.points);
  const { customer, ...rest } = manager;
  const answers = { responses: now.responses, points: unrounded(now.points) };
  const same = answers.responses === manager.responses && answers.points === manager.points;
  return {
    ...{ ...rest, ...answers, frameSize, badNumberShare: unrounded(badNumberShare) },
    ...(same && customer !== undefined && { customer }),
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
