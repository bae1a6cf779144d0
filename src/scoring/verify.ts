/**
 * Whether publications are what their own inputs make them: each hash, each computed number, and the chain they form.
 * From the published documents alone, so that anybody can ask. Pure.
 */
import canonicalize from 'canonicalize';
import type { Fault } from '../platform/errors.ts';
import { written } from './exact.ts';
import { previousRating } from './periods/history.ts';
import type { Publication, PublishedManager } from './publication.ts';
import { makePublication, recomputable, verifyHash } from './publication.ts';
import { scoreDocument } from './score.ts';

/**
 * Every place in which they do not agree. They may come in any order; those in between may be missing, and then the
 * chain is looked at as far as it is there.
 *
 * @throws BadInput where one is no publication that could be computed at all.
 */
export function verifyPublications(publications: readonly Publication[]): Fault[] {
  return [
    ...publications.flatMap(computedFaults),
    ...publications.flatMap((one) => meanFaults(one, publications)),
    ...chainFaults(publications),
    ...memoryFaults(publications),
  ];
}

const nameOf = ({ period, stage = 'final', hash }: Publication): string =>
  `${period} ${stage} ${String(hash).slice(0, 8)}`;

/** The hash, and every number that follows from the inputs. */
function computedFaults(publication: Publication): Fault[] {
  const where = nameOf(publication);
  const sealed = verifyHash(publication)
    ? []
    : [{ where, message: '哈希不符，内容被改动过 · its hash is not that of what it says: something was changed' }];
  const again = makePublication({
    ...publication,
    appealsUntil: new Date(publication.appealsUntil ?? 0),
    scored: scoreDocument(recomputable(publication)),
    people: new Map(publication.managers.map((manager) => [manager.id, manager])),
    supersedes: publication.supersedes ?? '',
  });
  return [
    ...sealed,
    ...(['cityMean', 'withinVariance', 'effectiveShares'] as const).flatMap((field) =>
      differences(where, field, publication[field], again[field]),
    ),
    ...publication.managers.flatMap((manager, place) => managerFaults(where, manager, again.managers[place])),
  ];
}

/** The city's mean, which a first notice computes and every one that supersedes it takes over; so too the spread. */
function meanFaults(publication: Publication, publications: readonly Publication[]): Fault[] {
  const where = nameOf(publication);
  if (publication.supersedes) {
    const before = publications.find(({ hash }) => hash === publication.supersedes);
    if (!before) return [];
    return (['cityMean', 'withinVariance', 'degreesOfFreedom'] as const).flatMap((field) =>
      differences(where, field, publication[field], before[field]),
    );
  }
  const { cityMean: said, ...document } = recomputable(publication);
  const { cityMean } = scoreDocument(document);
  return differences(where, 'cityMean', said, cityMean && written(cityMean));
}

function managerFaults(where: string, said: PublishedManager, computed: PublishedManager | undefined): Fault[] {
  // What keeps him from rising is there only where something does: said without cause, it differs too.
  const fields = [...new Set([...Object.keys(computed ?? {}), 'missing'])] as (keyof PublishedManager)[];
  return fields
    .filter((field) => Object.hasOwn(said, field))
    .flatMap((field) => differences(`${where} ${said.id}`, field, said[field], computed?.[field]));
}

function differences(where: string, field: string, said: unknown, computed: unknown): Fault[] {
  // Canonical: a document that was stored or downloaded has its keys in another order.
  if (canonicalize(said) === canonicalize(computed)) return [];
  const message = `${field}: ${JSON.stringify(said)}，应为 · computed ${JSON.stringify(computed)}`;
  return [{ where, message }];
}

/** Each goes on from one other, which nobody else goes on from; a correction is of its own month. */
function chainFaults(publications: readonly Publication[]): Fault[] {
  const byHash = new Map(publications.map((one) => [one.hash, one]));
  const followed = new Map<string, Publication>();
  const faults: Fault[] = [];
  for (const publication of publications) {
    const where = nameOf(publication);
    const previous = publication.previousHash ?? 'the first of all';
    if (followed.has(previous) && followed.get(previous)?.hash !== publication.hash)
      faults.push({ where, message: '链条分叉 · goes on from where another one does: the chain forks' });
    followed.set(previous, publication);
    const before = publication.supersedes ? byHash.get(publication.supersedes) : undefined;
    if (before && before.period !== publication.period)
      faults.push({ where, message: `取代的是 ${before.period} · supersedes one of another month` });
  }
  return faults;
}

/** Tier and streak go on from the month before, where that is among them. */
function memoryFaults(publications: readonly Publication[]): Fault[] {
  const latest = new Map<string, Publication>();
  const superseded = new Set(publications.map(({ supersedes }) => supersedes));
  for (const one of publications) if (!superseded.has(one.hash)) latest.set(one.period, one);
  const months = [...latest.values()].sort((one, other) => (one.period < other.period ? -1 : 1));
  return months.flatMap((publication, place) =>
    publication.managers.flatMap((manager) => {
      const past = months
        .slice(0, place)
        .reverse()
        .flatMap((month) => {
          const line = month.managers.find(({ id }) => id === manager.id);
          return line ? [pastOf(month.period, line)] : [];
        });
      const [last] = past;
      if (!last) return [];
      const where = `${nameOf(publication)} ${manager.id}`;
      const first = manager.window?.first;
      return [
        ...differences(where, 'tierBefore', manager.tierBefore, last.tier),
        ...(first ? differences(where, 'previousRating', manager.previousRating, previousRating(past, first)) : []),
      ];
    }),
  );
}

const pastOf = (period: string, { rating, tier, streakRestarts, customer, window }: PublishedManager) => ({
  ...{ period, rating, tier, streakRestarts },
  windowLast: customer === null ? null : (window?.last ?? null),
});
