import type Fraction from 'fraction.js';
import { audit } from '../platform/audit.ts';
import { uniqueViolation } from '../platform/database.ts';
import { makePublication, type Person } from '../scoring/publication.ts';
import { scoreDocument } from '../scoring/score.ts';
import { lastHash, readScoreInput, storePublication } from '../scoring/store.ts';
import { groupCounts, readChannels, readTallies, type Tally } from '../survey/disposition/progress.ts';
import { rates } from '../survey/disposition/rates.ts';
import { overallItem } from '../survey/questionnaire/questionnaire.ts';
import type { Services } from './services.ts';

interface ClosedRound {
  readonly id: string;
  readonly period: string;
  readonly questionnaireId: string;
}

/** Scores a closed round and publishes, once: a period that is published already is left as it is. */
export async function score(services: Services, roundId: string): Promise<void> {
  const { database, clock } = services;
  const now = clock.now();
  await database
    .transaction(async (query) => {
      const [round] = await query<ClosedRound>({
        text: `
          SELECT r.id, r.period, r.questionnaire_id AS "questionnaireId" FROM round r
          WHERE r.id = $1 AND r.state = 'closed' AND NOT EXISTS (SELECT FROM publication p WHERE p.period = r.period) FOR UPDATE`,
        values: [roundId],
      });
      if (!round) return;
      const scored = scoreDocument(await readScoreInput(query, roundId));
      const publication = makePublication({
        period: round.period,
        drawId: round.id,
        questionnaire: round.questionnaireId,
        scored,
        people: await readPeople(services, round),
        previousHash: await lastHash(query),
      });
      await storePublication(query, publication, now);
      const detail = { period: round.period, hash: publication.hash };
      await audit(query, now, { actor: 'system', action: 'publication.publish', subject: roundId, detail });
    })
    .catch((error: { code?: string }) => {
      // Another worker joined the same publication to the chain first.
      if (error.code !== uniqueViolation) throw error;
    });
}

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
