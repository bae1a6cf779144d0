import type Fraction from 'fraction.js';
import { DateTime } from 'luxon';
import type { Query } from '../platform/database.ts';
import { dayIn } from '../platform/day.ts';
import { grouped } from '../platform/grouped.ts';
import { keepAlarms } from '../scoring/alarms/alarms.ts';
import { type Chart, chartedWeeks, chartsOf, weeksBefore, weeksCharted } from '../scoring/alarms/chart.ts';
import {
  chartFindings,
  type FieldStanding,
  type Finding,
  fieldFindings,
  promiseFindings,
  shareFindings,
} from '../scoring/alarms/findings.ts';
import { countWeeks, keepWeeks, readWeeks, roundsToChart } from '../scoring/alarms/weeks.ts';
import { readOverdue } from '../scoring/ledger/lines.ts';
import type { RuleSet } from '../scoring/rules.ts';
import { findPublication } from '../scoring/store.ts';
import { groupCounts, readTallies, type Tally } from '../survey/disposition/progress.ts';
import { rates } from '../survey/disposition/rates.ts';
import {
  answerRateLimit,
  countAnswers,
  type NumberStanding,
  numberStandings,
  rateOf,
} from '../survey/fieldwork/answer-rates.ts';
import type { Services } from './services.ts';

/**
 * Looks at the whole process once a day and after each round: what is out of order becomes an alarm, and an alarm whose
 * matter is over closes (method §6). Looked at again, it finds the same.
 */
export async function lookForAlarms(services: Services): Promise<void> {
  const { database, clock } = services;
  const now = clock.now();
  const rules = await latestRules(services);
  if (!rules) return;
  await keepWeeksOfClosedRounds(services, now);
  const findings = [
    ...chartFindings(await readCharts(database.query, rules, now), rules),
    ...fieldFindings(await readFieldStandings(database.query, now), rules),
    ...(await numberFindings(services, mondayOf(now, rules.timeZone).toFormat('yyyy-MM-dd'))),
    ...shareFindings(await findPublication(database.query, null)),
    ...promiseFindings(await readOverdue(database.query, dayIn(now, rules.timeZone))),
  ];
  await keepAlarms(database, findings, now);
  await noteLook(database.query, now);
}

/** The rule set of the round that was launched last. */
async function latestRules({ database, rules }: Services): Promise<RuleSet | null> {
  const [latest] = await database.query<{ id: string }>({
    name: 'alarms-rules',
    text: 'SELECT rule_set_id AS id FROM round ORDER BY launched_at DESC, id DESC LIMIT 1',
  });
  return latest ? rules(latest.id) : null;
}

const mondayOf = (now: Date, timeZone: string) => DateTime.fromJSDate(now, { zone: timeZone }).startOf('week');
const firstCharted = (now: Date, timeZone: string) => mondayOf(now, timeZone).minus({ weeks: weeksCharted - 1 });

async function keepWeeksOfClosedRounds({ database, rules }: Services, now: Date): Promise<void> {
  const longAgo = DateTime.fromJSDate(now)
    .minus({ weeks: weeksCharted + weeksBefore })
    .toJSDate();
  for (const { id, ruleSetId } of await roundsToChart(database.query, longAgo)) {
    const ruleSet = await rules(ruleSetId);
    const counted = await countWeeks(database.query, id, ruleSet.timeZone);
    await keepWeeks(database.query, id, chartedWeeks(counted, ruleSet));
  }
}

async function readCharts(query: Query, rules: RuleSet, now: Date): Promise<readonly Chart[]> {
  const since = firstCharted(now, rules.timeZone);
  const weeks = await readWeeks(query, since.minus({ weeks: weeksBefore }).toFormat('yyyy-MM-dd'));
  return chartsOf(weeks, since.toFormat('yyyy-MM-dd'), rules);
}

/** A manager's or district's chart as it stands now; null where there is none. */
export async function readChart(
  services: Services,
  subject: Pick<Finding, 'subjectKind' | 'subjectId'>,
): Promise<Chart | null> {
  const rules = await latestRules(services);
  if (!rules) return null;
  const charts = await readCharts(services.database.query, rules, services.clock.now());
  return charts.find((one) => one.subjectKind === subject.subjectKind && one.subjectId === subject.subjectId) ?? null;
}

/** Rounds of a quarter: what was out of order before is over, or a later round has the same. */
const roundsBack = { days: 100 };

async function readFieldStandings(query: Query, now: Date): Promise<FieldStanding[]> {
  const rounds = await query<{ id: string; period: string; closed: boolean }>({
    name: 'alarms-field',
    text: `
      SELECT id, period, state = 'closed' AS closed FROM round
      WHERE state IN ('fielding', 'paused', 'closed') AND launched_at > $1 ORDER BY launched_at, id`,
    values: [DateTime.fromJSDate(now).minus(roundsBack).toJSDate()],
  });
  const managers = await query<{ id: string; districtId: string }>({
    name: 'alarms-managers',
    text: 'SELECT id, district_id AS "districtId" FROM manager',
  });
  const districtOf = new Map(managers.map(({ id, districtId }) => [id, districtId]));
  const standings: FieldStanding[] = [];
  for (const round of rounds) {
    const tallies = await readTallies(query, round.id);
    const of = (subjectKind: FieldStanding['subjectKind'], idOf: (tally: Tally) => string | undefined) =>
      [...grouped(tallies, idOf)].flatMap(([id, own]) => (id ? [standingOf(round, subjectKind, id, own)] : []));
    standings.push(
      ...of('manager', ({ managerId }) => managerId),
      ...of('district', ({ managerId }) => districtOf.get(managerId)),
    );
  }
  return standings;
}

function standingOf(
  { period, closed }: { readonly period: string; readonly closed: boolean },
  subjectKind: FieldStanding['subjectKind'],
  subjectId: string,
  own: readonly Tally[],
): FieldStanding {
  const finished = own.filter(({ state }) => state === 'done');
  return {
    ...{ subjectKind, subjectId, period, closed, finished: countOf(finished), rr2: rates(groupCounts(finished)).RR2 },
    released: countOf(own),
    badNumbers: countOf(own.filter(({ disposition }) => disposition === 'bad-number')),
    neverAttempted: countOf(own.filter(({ disposition }) => disposition === 'never-attempted')),
  };
}

const countOf = (tallies: readonly Tally[]): number => tallies.reduce((sum, { cases }) => sum + cases, 0);

/** Numbers of ours that are answered less by 30 % or more, than before or than the others. */
async function numberFindings({ database, clock, voice }: Services, period: string): Promise<Finding[]> {
  const standings = numberStandings(await countAnswers(database.query, voice.port.numbers, clock.now()));
  return standings.flatMap((one) => {
    const measure = measureOf(one);
    const lately = rateOf(one.lately);
    if (!measure || !lately) return [];
    const figures = { value: lately.toFraction(), limit: measure.mul(answerRateLimit).toFraction() };
    return [{ ...figures, kind: 'answer-rate', subjectKind: 'number', subjectId: one.number, period }];
  });
}

/** What the number is held against: where it alarms by both, how it was before. */
function measureOf({ alarms, before, others }: NumberStanding): Fraction | null {
  if (alarms.includes('before')) return rateOf(before);
  return alarms.includes('others') ? rateOf(others) : null;
}

const lookKey = 'alarms.looked-at';

async function noteLook(query: Query, now: Date): Promise<void> {
  await query({
    text: `INSERT INTO installation (key, value) VALUES ($1, to_jsonb($2::text)) ON CONFLICT (key) DO UPDATE SET value = excluded.value`,
    values: [lookKey, now.toISOString()],
  });
}

/** Asks for a look where none was had today, or since then a round was closed or an overdue promise honoured. */
export async function askForAlarms({ database, clock, queues }: Services): Promise<void> {
  const [look] = await database.query<{ due: boolean }>({
    name: 'alarms-due',
    text: `
      WITH looked AS (SELECT (SELECT value #>> '{}' FROM installation WHERE key = $1)::timestamptz AS at),
           place AS (SELECT coalesce((SELECT document->>'timeZone' FROM rule_set WHERE id = rule_set_at($2)), 'Asia/Shanghai') AS zone)
      SELECT looked.at IS NULL OR (looked.at AT TIME ZONE place.zone)::date < ($2::timestamptz AT TIME ZONE place.zone)::date
             OR EXISTS (SELECT FROM round r WHERE r.closed_at > looked.at)
             OR EXISTS (
               SELECT FROM alarm a WHERE a.kind = 'promise-overdue' AND a.closed_at IS NULL AND (
                 EXISTS (SELECT FROM ledger_settlement s WHERE s.line_id::text = a.subject_id)
                 OR EXISTS (SELECT FROM ledger_line back WHERE back.reverses::text = a.subject_id))) AS due
      FROM looked, place`,
    values: [lookKey, clock.now()],
  });
  if (look?.due) await queues.add('alarms', {});
}
