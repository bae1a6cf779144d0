import { monthsLater } from '../../platform/months.ts';
import { parseQuantity, written } from '../../scoring/exact.ts';
import { type ExplainedLine, explain } from '../../scoring/explain.ts';
import { type CityItem, type ItemSummary, readCityItems, readItemSummaries } from '../../scoring/items/summaries.ts';
import { type ComparedItem, compareItems, worthWork } from '../../scoring/items/work-on.ts';
import type { PublishedManager } from '../../scoring/publication.ts';
import { type ManagerMonth, readManagerMonths } from '../../scoring/results.ts';
import type { Published } from '../../scoring/store.ts';
import { overallItem, type Questionnaire } from '../../survey/questionnaire/questionnaire.ts';
import type { Services } from '../../workers/services.ts';
import { drawing, scaleFor } from '../board/drawing.ts';
import { indicatorName, ratingReasons, tierReason } from '../board/reasons.ts';
import { count, dayOf, groupsOf, lastMoment, month, percent, plain } from '../figures.ts';
import type { Language } from '../language.ts';
import type { Messages } from '../messages.ts';
import { trend } from './trend.ts';

/**
 * What one manager is told of one month, on the screen and on paper: every number from the publication or from what was
 * put up with it, and how each came about.
 */
export interface Account {
  readonly published: Published;
  readonly manager: PublishedManager;
  /** Earliest first; the last is this one. */
  readonly months: readonly ManagerMonth[];
  readonly items: readonly ItemSummary[];
  readonly city: readonly CityItem[];
  readonly questionnaire: Questionnaire;
}

/** A year of months. */
const remembered = 12;
export const yearBefore = (period: string) => ({ from: monthsLater(period, 1 - remembered), to: period });

/** null where he is not in the publication. */
export async function readAccount(
  { database: { query }, questionnaire }: Services,
  published: Published,
  managerId: string,
): Promise<Account | null> {
  const { document } = published;
  const manager = document.managers.find(({ id }) => id === managerId);
  if (!manager) return null;
  const months = await readManagerMonths(query, [managerId], yearBefore(document.period));
  return {
    ...{ published, manager, months: months.get(managerId) ?? [] },
    items: await readItemSummaries(query, document.period, managerId),
    city: await readCityItems(query, document.period),
    questionnaire: await questionnaire(document.questionnaire),
  };
}

export function accountView(account: Account, language: Language, m: Messages) {
  const { published, manager } = account;
  const { document } = published;
  const comma = language === 'en' ? ', ' : '，';
  const { rank, rankInterval, score, scoreInterval, rating, tier, tierBefore } = manager;
  return {
    ...{ id: manager.id, name: manager.name, district: manager.district },
    ...{ period: document.period, month: month(document.period, language) },
    standing: standingInWords(published, language, m),
    result: {
      score: score ?? '—',
      rating: { name: m.board.ratings[rating], class: rating },
      provisional: score !== null && manager.status === 'provisional',
      reasons: ratingReasons(manager, document, m.board, comma),
      rank: rank === null ? m.board.unranked : m.score.rank(count(rank, language), count(ranked(published), language)),
      rankInterval: rankInterval && m.score.rankInterval(String(rankInterval[0]), String(rankInterval[1])),
      tier: m.board.tiers[tier],
      tierBefore: tierBefore === tier ? null : m.board.tiers[tierBefore],
      tierReason: tierReason(manager, document.rules, m.board),
      interval: scoreInterval && m.score.interval(scoreInterval[0], scoreInterval[1]),
    },
    drawn: score === null || !scoreInterval ? null : drawnScore(account, score, scoreInterval, m),
    lines: explain(document, manager).map((line) => lineInWords(line, account, language, m)),
    mean: meanInWords(manager, m),
    sample: sampleInWords(account, language, m),
    ...itemsView(account, language, m),
    ...trendView(account, language, m),
    trace: traceView(published, language, m),
  };
}

const ranked = ({ document }: Published): number => document.managers.filter(({ rank }) => rank !== null).length;

function standingInWords({ document, stage, appealsUntil }: Published, language: Language, m: Messages): string {
  const place = { language, timeZone: document.rules.timeZone };
  return stage === 'final' ? m.board.final : m.board.notice(dayOf(lastMoment(appealsUntil), place));
}

const cutoffsOf = ({ document }: Published): number[] => document.rules.rating.cutoffs.map(({ from }) => Number(from));

function drawnScore(
  { published, manager }: Account,
  score: string,
  [low, high]: readonly [string, string],
  m: Messages,
) {
  const scale = scaleFor([Number(low)], cutoffsOf(published));
  return {
    ...{ ticks: scale.ticks, drawing: drawing(scale, score, [low, high]), firm: manager.status === 'firm' },
    label: m.board.interval(score, low, high),
  };
}

/** The lines that end a part of the sum. */
const results: readonly ExplainedLine['what'][] = ['customer', 'customer-stands', 'unit', 'score'];

function lineInWords(line: ExplainedLine, { published, manager }: Account, language: Language, m: Messages) {
  const { lines: words } = m.score;
  const name = { name: indicatorName(line.code ?? '', m.board) };
  const { rules, cityMean } = published.document;
  const told = {
    mean: { name: words.mean, why: words.meanWhy },
    reliability: { name: words.reliability, why: words.reliabilityWhy(String(rules.customer.priorStrength)) },
    customer: { name: words.customer, why: cityMean === null ? null : words.customerWhy(cityMean) },
    'customer-stands': {
      name: words.customer,
      why: words.standsWhy(month(manager.window?.last ?? '', language), String(rules.customer.minimumNewResponses)),
    },
    indicator: { ...name, why: null },
    missing: { ...name, why: words.missingWhy },
    unit: { name: words.unit, why: null },
    score: { name: words.score, why: null },
  } satisfies Record<ExplainedLine['what'], { name: string; why: string | null }>;
  const sum = line.what === 'customer-stands' ? null : line.sum;
  return { ...told[line.what], sum, result: line.result ?? '—', total: results.includes(line.what) };
}

function meanInWords({ points, responses, meanInterval }: PublishedManager, m: Messages): string | null {
  const sum = points === null ? undefined : parseQuantity(points);
  if (!sum || !meanInterval) return null;
  return m.score.meanInterval(written(sum.div(responses)), meanInterval[0], meanInterval[1]);
}

function sampleInWords({ published, manager }: Account, language: Language, m: Messages) {
  const words = m.score.sample;
  const { responses, frameSize, fieldwork, window, status } = manager;
  const number = (n: number) => count(n, language);
  const from = window && (window.first === window.last ? [window.first] : [window.first, window.last]);
  return [
    { name: words.status, value: m.board.sample.statuses[status] },
    { name: words.responses, value: words.of(number(responses), number(frameSize)) },
    { name: words.months, value: from ? from.map((one) => month(one, language)).join(' – ') : '—' },
    { name: words.released, value: fieldwork ? number(fieldwork.released) : '—' },
    { name: words.rates, value: `${percent(fieldwork?.rr1 ?? null)} · ${percent(fieldwork?.rr2 ?? null)}` },
    { name: words.badNumbers, value: percent(manager.badNumberShare) },
    { name: words.cityMean, value: published.document.cityMean ?? '—' },
  ];
}

function itemsView({ items, city, questionnaire, published }: Account, language: Language, m: Messages) {
  const rating = questionnaire.items.filter(({ kind }) => kind === 'rating').map(({ id }) => id);
  const compared = compareItems(rating, items, city);
  const least = String(published.document.rules.privacy.minimumForDistribution);
  return {
    items: compared.map((one) => itemRow(one, questionnaire, language, m)),
    noItems: m.score.items.none(least),
    itemsLead: m.score.items.lead(least),
    work: worthWork(compared, overallItem(questionnaire).id).map((one) => ({
      name: itemName(one.item, m),
      asked: askedIn(questionnaire, one.item, language),
      why: workWhy(one, m),
      advice: (m.score.items.advice as Readonly<Record<string, string>>)[one.item] ?? null,
    })),
  };
}

function itemRow(
  { item, own, mean, cityMean, gap }: ComparedItem,
  questionnaire: Questionnaire,
  language: Language,
  m: Messages,
) {
  return {
    ...{ name: itemName(item, m), asked: askedIn(questionnaire, item, language) },
    ...{ responses: count(own.responses, language), mean: written(mean), city: cityMean ? written(cityMean) : '—' },
    gap: cityMean ? signed(written(gap)) : '—',
    distribution: own.distribution.map((one) => count(one, language)).join(' / '),
    months:
      own.first === own.last
        ? month(own.last, language)
        : `${month(own.first, language)} – ${month(own.last, language)}`,
  };
}

/** With its sign, and a minus as wide as a plus. */
const signed = (figure: string): string => (figure.startsWith('-') ? figure.replace('-', '−') : `+${figure}`);

function workWhy({ own, cityMean, mean, gap }: ComparedItem, m: Messages): string {
  const [one, two, three] = own.distribution;
  const low = String(one + two + three);
  if (cityMean === null) return m.score.items.alone(written(mean), low, String(own.responses));
  const words = gap.s < 0n ? m.score.items.behind : m.score.items.ahead;
  return words(written(mean), written(cityMean), low, String(own.responses));
}

/** An item that this catalogue does not know goes by its id, with the question beside it. */
const itemName = (item: string, m: Messages): string =>
  (m.score.items.names as Readonly<Record<string, string>>)[item] ?? item;

const askedIn = ({ clips }: Questionnaire, item: string, language: Language): string => clips[item]?.[language] ?? '';

function trendView({ months, published }: Account, language: Language, m: Messages) {
  const drawn = trend(
    months.map(({ period, manager }) => ({
      ...{ period, score: manager.score, interval: manager.scoreInterval, firm: manager.status === 'firm' },
    })),
    cutoffsOf(published),
  );
  return {
    trend: { ...drawn, label: m.score.trend.label },
    months: [...months].reverse().map(({ period, stage, manager }) => ({
      month: month(period, language),
      stage: m.score.stages[stage],
      score: manager.score ?? '—',
      interval: manager.scoreInterval ? manager.scoreInterval.map((bound) => plain(bound)).join('–') : '—',
      customer: manager.customer ?? '—',
      responses: count(manager.responses, language),
      rating: { name: m.board.ratings[manager.rating], class: manager.rating },
      href: `/score/${period}`,
    })),
  };
}

/** Where a publication’s numbers come from, and how anybody computes them anew. */
export function traceView({ document, sequence, publishedAt }: Published, language: Language, m: Messages) {
  const { hash, previousHash, drawId, questionnaire, rules, period } = document;
  return {
    hash: groupsOf(hash),
    rows: [
      { name: m.score.trace.sequence, value: m.board.edition(count(sequence, language)) },
      { name: m.score.trace.publishedAt, value: dayOf(publishedAt, { language, timeZone: rules.timeZone }) },
      { name: m.score.trace.rules, value: rules.id },
      { name: m.score.trace.draw, value: drawId },
      { name: m.score.trace.questionnaire, value: questionnaire },
    ],
    previous: previousHash && groupsOf(previousHash),
    file: `/board/${period}/publication.json`,
    command: `huifang verify huifang-${period}-publication.json`,
  };
}
