import type Fraction from 'fraction.js';
import { uniqueViolation } from '../platform/database.ts';
import { lockBoard, lockPeriod } from '../platform/period-lock.ts';
import { finalise, publishNotice } from '../scoring/periods/publish.ts';
import type { Person } from '../scoring/publication.ts';
import { groupCounts, readChannels, readTallies, type Tally } from '../survey/disposition/progress.ts';
import { rates } from '../survey/disposition/rates.ts';
import { overallItem, type Questionnaire } from '../survey/questionnaire/questionnaire.ts';
import type { Services } from './services.ts';

interface ClosedRound {
  readonly id: string;
  readonly period: string;
  readonly questionnaireId: string;
  readonly rules: unknown;
}

/**
 * A closed round whose month can be scored: nothing of it or of a later month is published yet, no other round of it is
 * under way, and no earlier month, whose outcome this one's tiers start from, is still asked about, waits to be scored
 * or is open to appeals. `r` is the round.
 */
export const scorable = `(
  r.state = 'closed'
  AND NOT EXISTS (SELECT FROM publication p WHERE p.period >= r.period)
  AND NOT EXISTS (SELECT FROM round other WHERE other.period <= r.period AND other.state IN ('committed', 'fielding', 'paused'))
  AND NOT EXISTS (
    SELECT FROM round earlier WHERE earlier.period < r.period AND earlier.state = 'closed'
      AND NOT EXISTS (SELECT FROM publication p WHERE p.period >= earlier.period))
  AND NOT EXISTS (
    SELECT FROM publication p WHERE p.period < r.period AND p.stage = 'notice'
      AND NOT EXISTS (SELECT FROM publication later WHERE later.period = p.period AND later.sequence > p.sequence)))`;

/** Scores a closed round's month and puts it to public notice, once: a month that was is left as it is. */
export async function score(services: Services, roundId: string): Promise<void> {
  const { database, clock } = services;
  await once(
    database.transaction(async (query) => {
      await lockBoard(query);
      const [round] = await query<ClosedRound>({
        text: `
          SELECT r.id, r.period, r.questionnaire_id AS "questionnaireId", s.document AS rules
          FROM round r JOIN rule_set s ON s.id = r.rule_set_id WHERE r.id = $1 AND ${scorable} FOR UPDATE OF r`,
        values: [roundId],
      });
      if (!round) return;
      const { id: drawId, period, questionnaireId: questionnaire, rules } = round;
      const people = await readPeople(services, round);
      const items = ratingItems(await services.questionnaire(questionnaire));
      await publishNotice(query, { period, drawId, questionnaire, items, rules, people }, clock.now());
    }),
  );
}

/** A notice whose appeals are over and decided: `p` is the publication, `$1` now. */
export const finalisable = `(
  p.stage = 'notice' AND p.appeals_until <= $1
  AND NOT EXISTS (SELECT FROM publication later WHERE later.period = p.period AND later.sequence > p.sequence)
  AND NOT EXISTS (SELECT FROM appeal a WHERE a.period = p.period AND a.state = 'open'))`;

/** Makes a month's result final, once. */
export async function finalisePeriod({ database, clock }: Services, period: string): Promise<void> {
  const now = clock.now();
  await once(
    database.transaction(async (query) => {
      await lockPeriod(query, period);
      const [due] = await query({
        text: `SELECT FROM publication p WHERE p.period = $2 AND ${finalisable}`,
        values: [now, period],
      });
      if (due) await finalise(query, period, now);
    }),
  );
}

/** Another worker that joined the same publication to the chain first has done what was asked. */
async function once(publishing: Promise<void>): Promise<void> {
  await publishing.catch((error: { code?: string }) => {
    if (error.code !== uniqueViolation) throw error;
  });
}

const ratingItems = ({ items }: Questionnaire): string[] =>
  items.filter(({ kind }) => kind === 'rating').map(({ id }) => id);

/** Who is scored, and how his responses came about. */
async function readPeople({ database, questionnaire }: Services, round: ClosedRound): Promise<Map<string, Person>> {
  const overall = overallItem(await questionnaire(round.questionnaireId)).id;
  const managers = await database.query<{ id: string; name: string; district: string }>({
    text: 'SELECT m.id, m.name, d.name AS district FROM manager m JOIN district d ON d.id = m.district_id',
  });
  const tallies = await readTallies(database.query, round.id);
  const channels = await readChannels(database.query, round.id, overall);
  return new Map(
    managers.map(({ id, name, district }) => {
      const own = tallies.filter(({ managerId }) => managerId === id);
      const heard = (channel: 'voice' | 'sms' | 'desk') =>
        channels.find((each) => each.managerId === id && each.channel === channel)?.responses ?? 0;
      const { RR1, RR2 } = rates(groupCounts(own));
      const fieldwork = {
        released: countOf(own),
        rr1: written(RR1),
        rr2: written(RR2),
        channels: { voice: heard('voice'), sms: heard('sms'), desk: heard('desk') },
        badNumberShare: shareOf(own, 'bad-number'),
        optOutShare: shareOf(own, 'opted-out'),
      };
      return [id, { name, district, fieldwork }];
    }),
  );
}

const written = (rate: Fraction | null): string | null => rate?.toFraction() ?? null;

const countOf = (tallies: readonly Tally[]): number => tallies.reduce((sum, { cases }) => sum + cases, 0);

function shareOf(tallies: readonly Tally[], disposition: Tally['disposition']): string | null {
  const released = countOf(tallies);
  return released === 0 ? null : `${countOf(tallies.filter((tally) => tally.disposition === disposition))}/${released}`;
}
