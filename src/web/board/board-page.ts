import type { Request } from 'express';
import Fraction from 'fraction.js';
import type { Query } from '../../platform/database.ts';
import { readCorrections } from '../../scoring/appeals/appealable.ts';
import { type Publication, type PublishedManager, recomputable, verifyHash } from '../../scoring/publication.ts';
import { mostSelling, sellingShare } from '../../scoring/shares.ts';
import { findPublished, type Published } from '../../scoring/store.ts';
import { groupOf } from '../../survey/disposition/disposition.ts';
import { readTallies } from '../../survey/disposition/progress.ts';
import { note } from '../audited.ts';
import type { Visit } from '../console.ts';
import { NotFound } from '../faults.ts';
import { count, dayOf, groupsOf, lastMoment, month, percent, plain, plainPercent, shortHash } from '../figures.ts';
import { type Language, languageOf } from '../language.ts';
import { type Messages, messagesIn } from '../messages.ts';
import { sendPage } from '../page.ts';
import { may } from '../roles.ts';
import { ratesOf } from '../round/bar.ts';
import { casesIn } from '../round/standing.ts';
import { drawing, type Scale, scaleFor } from './drawing.ts';
import { indicatorName, ratingReasons, tierReason } from './reasons.ts';

/** `/board`, `/board/:period` */
export async function showBoard(visit: Visit): Promise<void> {
  const { web, request, response, viewer } = visit;
  const { services } = web;
  const { query } = services.database;
  const language = languageOf(response);
  const m = messagesIn(language);
  const period = periodIn(request);
  const hung = await findPublished(query, period);
  if (!hung && period !== null) throw new NotFound();
  if (!hung) return sendPage(web, request, response, 'board-empty', { title: m.board.title, at: 'board' });
  const { document } = hung;
  await web.look({ actor: viewer.id, action: 'board.read', subject: document.hash });
  const view = {
    ...boardView(hung, await readFieldwork(query, document), language, m),
    corrections: (await readCorrections(query, document.period)).map(({ at, name }) =>
      m.board.corrected(dayOf(at, { language, timeZone: document.rules.timeZone }), name),
    ),
    periods: await otherPeriods(query, document.period, language),
    poster: m.board.seal.poster(`${web.publicUrl}/board/${document.period}`),
  };
  const title = `${m.board.title} ${month(document.period, language)}`;
  sendPage(
    web,
    request,
    response,
    'board',
    { title, at: 'board' },
    {
      view,
      letters: may(viewer.role, 'letters.print') !== null,
      corrects: hung.stage === 'final' && may(viewer.role, 'result.correct') !== null,
    },
  );
}

/** `/board/:period/publication.json` */
export const downloadPublication = (visit: Visit): Promise<void> =>
  download(visit, 'publication.json', (publication) => publication);

/** `/board/:period/score-input.json`: what `huifang score` recomputes the board from. */
export const downloadInput = (visit: Visit): Promise<void> => download(visit, 'score-input.json', recomputable);

async function download(
  { web, request, response, viewer }: Visit,
  file: string,
  part: (publication: Publication) => object,
): Promise<void> {
  const { services } = web;
  const hung = await findPublished(services.database.query, periodIn(request));
  if (!hung) throw new NotFound();
  const { document } = hung;
  await note(services, { actor: viewer.id, action: 'publication.download', subject: document.hash, detail: { file } });
  response.attachment(`huifang-${document.period}-${file}`).type('application/json');
  response.send(`${JSON.stringify(part(document), null, 2)}\n`);
}

const periodIn = ({ params }: Request): string | null => (typeof params.period === 'string' ? params.period : null);

async function otherPeriods(query: Query, shown: string, language: Language) {
  const rows = await query<{ period: string }>({
    text: 'SELECT DISTINCT period FROM publication ORDER BY period DESC',
  });
  if (rows.length < 2) return [];
  return rows.map(({ period }) => ({
    href: `/board/${period}`,
    name: month(period, language),
    current: period === shown,
  }));
}

/** Released and rates of the round that was published, over the city; null where the round is not in this database. */
export async function readFieldwork(query: Query, { drawId }: Publication) {
  const tallies = await readTallies(query, drawId);
  if (tallies.length === 0) return null;
  const cases = tallies.map(({ disposition, proven, cases, struck }) => ({
    ...{ disposition, cases, struck, open: false },
    group: groupOf(disposition, proven),
  }));
  return { released: casesIn(cases), rr2: ratesOf(cases).RR2 };
}

/** All that the board says, in words: what the notice on paper says too. */
export function boardView(
  { document: publication, sequence, stage, appealsUntil, publishedAt }: Published,
  fieldwork: Awaited<ReturnType<typeof readFieldwork>>,
  language: Language,
  m: Messages,
) {
  const words = m.board;
  const { rules, managers } = publication;
  const number = (n: number) => count(n, language);
  const total = (pick: (manager: PublishedManager) => number) =>
    number(managers.reduce((sum, manager) => sum + pick(manager), 0));
  const ranked = byRank(managers);
  const scale = scaleFor(
    managers.flatMap(({ scoreInterval }) => (scoreInterval ? [Number(scoreInterval[0])] : [])),
    rules.rating.cutoffs.map(({ from }) => Number(from)),
  );
  const valid = total(({ responses }) => responses);
  return {
    month: month(publication.period, language),
    period: publication.period,
    summary: [
      words.edition(number(sequence)),
      words.published(dayOf(publishedAt, { language, timeZone: rules.timeZone })),
      stage === 'final'
        ? words.final
        : words.notice(dayOf(lastMoment(appealsUntil), { language, timeZone: rules.timeZone })),
      ...(publication.supersedes && stage === 'notice' ? [words.supersedes] : []),
    ].join(' · '),
    lead: [
      words.lead(
        number(managers.length),
        total(({ frameSize }) => frameSize),
      ),
      fieldwork ? words.leadSample(number(fieldwork.released), valid, percent(fieldwork.rr2)) : words.leadValid(valid),
      words.formula(weight(rules.combined.customerWeightBp), weight(rules.combined.unitWeightBp), rules.id),
    ].join(language === 'en' ? ' ' : ''),
    ticks: scale.ticks,
    rows: ranked.map((manager) => rowView(manager, publication, scale, language, m)),
    samples: ranked.map((manager) => sampleView(manager, language, m)),
    method: methodView(publication, m),
    genuine: verifyHash(publication),
    seal: {
      short: shortHash(publication.hash),
      hash: groupsOf(publication.hash),
      previous: publication.previousHash && groupsOf(publication.previousHash),
      drawId: publication.drawId,
      command: `huifang score huifang-${publication.period}-score-input.json`,
    },
  };
}

/** Those without a rank last, by name of id. */
const byRank = (managers: readonly PublishedManager[]): PublishedManager[] =>
  [...managers].sort(
    (a, b) =>
      (a.rank ?? Number.POSITIVE_INFINITY) - (b.rank ?? Number.POSITIVE_INFINITY) || (a.id < b.id ? -1 : 1) || 0,
  );

const weight = (basisPoints: number): string => plainPercent(new Fraction(basisPoints, 10_000));

function rowView(manager: PublishedManager, publication: Publication, scale: Scale, language: Language, m: Messages) {
  const words = m.board;
  const { rank, rankInterval, score, scoreInterval, rating, status, tier, tierBefore } = manager;
  const comma = language === 'en' ? ', ' : '，';
  return {
    rank: rank === null ? null : count(rank, language),
    rankInterval: rankInterval && `${rankInterval[0]}–${rankInterval[1]}`,
    rankSpoken:
      rank !== null && rankInterval
        ? words.rankOf(String(rank), String(rankInterval[0]), String(rankInterval[1]))
        : words.unranked,
    name: manager.name,
    district: manager.district,
    customer: manager.customer ?? '—',
    unit: manager.unit ?? '—',
    score: score ?? '—',
    interval: scoreInterval && `${scoreInterval[0]}–${scoreInterval[1]}`,
    drawing: score !== null && scoreInterval ? drawing(scale, score, scoreInterval) : null,
    drawingSpoken:
      score !== null && scoreInterval
        ? words.interval(score, Number(scoreInterval[0]).toFixed(1), Number(scoreInterval[1]).toFixed(1))
        : '',
    firm: status === 'firm',
    rating: { name: words.ratings[rating], class: rating },
    provisional: score !== null && status === 'provisional',
    reasons: ratingReasons(manager, publication, words, comma),
    tier: words.tiers[tier],
    tierBefore: tierBefore === tier ? null : words.tiers[tierBefore],
    tierReason: tierReason(manager, publication.rules, words),
  };
}

function sampleView(manager: PublishedManager, language: Language, m: Messages) {
  const { fieldwork } = manager;
  return {
    name: manager.name,
    responses: `${count(manager.responses, language)} / ${count(manager.frameSize, language)}`,
    reliability: manager.reliability,
    rr1: percent(fieldwork?.rr1 ?? null),
    rr2: percent(fieldwork?.rr2 ?? null),
    channels: fieldwork
      ? [fieldwork.channels.voice, fieldwork.channels.sms, fieldwork.channels.desk]
          .map((n) => count(n, language))
          .join(' / ')
      : '—',
    badNumbers: percent(manager.badNumberShare),
    optOuts: percent(fieldwork?.optOutShare ?? null),
    status: m.board.sample.statuses[manager.status],
    statusClass: manager.status,
  };
}

function methodView({ rules, cityMean, effectiveShares }: Publication, m: Messages) {
  const words = m.board.method;
  const { customer, rating, unit } = rules;
  const selling = sellingShare(effectiveShares, unit.indicators);
  return {
    sentences: [
      ...(cityMean === null ? [] : [words.mean(cityMean)]),
      words.shrink(String(customer.priorStrength)),
      words.gates(plain(rating.excellentGates.minimumCustomer), plain(rating.excellentGates.minimumEachIndicator)),
      words.firm(
        customer.firmReliability,
        plainPercent(customer.firmCoverage),
        plainPercent(customer.maximumBadNumberShare),
      ),
      words.errors,
    ],
    shares: Object.entries(effectiveShares)
      .sort(([, a], [, b]) => Number(b ?? 0) - Number(a ?? 0))
      .map(([code, share]) => ({ name: indicatorName(code, m.board), share: percent(share) })),
    alarm: selling.gt(mostSelling) ? words.sellingAlarm(percent(selling)) : null,
  };
}
