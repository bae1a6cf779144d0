import { audit } from '../../platform/audit.ts';
import type { Chance } from '../../platform/chance.ts';
import type { Clock } from '../../platform/clock.ts';
import type { Database, Query } from '../../platform/database.ts';
import type { Questionnaire } from '../questionnaire/questionnaire.ts';
import { findInAnswers } from './answers.ts';
import {
  readChangedPhones,
  readKeyed,
  readLateRechecks,
  readLateStaffNumbers,
  readRechecks,
  readResponses,
  storeFlags,
} from './flag-store.ts';
import { findChangedPhones, findHaste, findMismatches } from './single-cases.ts';
import type { Finding } from './thresholds.ts';

export interface FlagServices {
  readonly database: Database;
  readonly clock: Clock;
  readonly chance: Chance;
  readonly questionnaire: (id: string) => Promise<Questionnaire>;
}

/**
 * Looks a closed round through and raises a flag for whatever two people should look at (thresholds.ts). Asked again it
 * adds only what is new, such as a case that was called again since. Changes no response and no score.
 *
 * @returns how many flags are new; 0 of a round that is not closed.
 */
export async function raiseFlags(services: FlagServices, roundId: string): Promise<number> {
  return services.database.transaction(async (query) => {
    const [round] = await query<{ questionnaireId: string; frozenAt: Date }>({
      text: `
        SELECT r.questionnaire_id AS "questionnaireId", d.frozen_at AS "frozenAt" FROM round r JOIN draw d ON d.round_id = r.id
        WHERE r.id = $1 AND r.state = 'closed' AND d.frozen_at IS NOT NULL FOR UPDATE OF r`,
      values: [roundId],
    });
    if (!round) return 0;
    const questionnaire = await services.questionnaire(round.questionnaireId);
    const findings: Finding[] = [
      ...findInAnswers(await readResponses(query, roundId), questionnaire),
      ...findChangedPhones(await readChangedPhones(query, roundId), round.frozenAt),
      ...findMismatches(await readRechecks(query, roundId), questionnaire),
      ...findHaste(await readKeyed(query, roundId), questionnaire),
      ...(await readLateStaffNumbers(query, roundId)),
    ];
    return raise(services, query, roundId, findings);
  });
}

/**
 * The same for cases that the desk called again only after their round was closed, of the last thirty days. Adds what is
 * new, whenever it is asked.
 *
 * @returns how many flags are new.
 */
export async function raiseLateRechecks(services: FlagServices): Promise<number> {
  const { database, clock } = services;
  const late = await readLateRechecks(database.query, new Date(clock.now().getTime() - 30 * 24 * 3_600_000));
  let raised = 0;
  for (const { roundId, questionnaireId, ...recheck } of late) {
    const findings = findMismatches([recheck], await services.questionnaire(questionnaireId));
    if (findings.length > 0) raised += await database.transaction((query) => raise(services, query, roundId, findings));
  }
  return raised;
}

/** Stores what was found and is not there yet, and a line in the audit log if anything is new. */
async function raise(
  { clock, chance }: FlagServices,
  query: Query,
  roundId: string,
  findings: readonly Finding[],
): Promise<number> {
  const now = clock.now();
  const flags = findings.map((found) => ({ id: chance.id(), ...found }));
  const raised = await storeFlags(query, roundId, flags, now);
  if (raised.length === 0) return 0;
  const kinds: Record<string, number> = {};
  for (const kind of raised) kinds[kind] = (kinds[kind] ?? 0) + 1;
  await audit(query, now, { actor: 'system', action: 'flags.raise', subject: roundId, detail: kinds });
  return raised.length;
}
