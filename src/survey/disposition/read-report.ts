import type { Query } from '../../platform/database.ts';
import { countInvalid } from '../quality/invalidate.ts';
import { overallItem, type Questionnaire } from '../questionnaire/questionnaire.ts';
import { readChannels, readTallies } from './progress.ts';
import { type ReportLine, type ReportManager, report } from './report.ts';

/** A round's report as the database has it. `query` should see one moment, so that its counts fit together. */
export async function readReport(query: Query, roundId: string, questionnaire: Questionnaire): Promise<ReportLine[]> {
  const managers = await query<ReportManager>({
    text: 'SELECT id, district_id AS "districtId" FROM manager ORDER BY id',
  });
  const tallies = await readTallies(query, roundId);
  const channels = await readChannels(query, roundId, overallItem(questionnaire).id);
  return report(roundId, managers, tallies, channels, await countInvalid(query, roundId));
}
