/**
 * What shops said of a manager in their own words (method §7): shown to him once a month is final, from ten shops on,
 * shuffled and undated. Put up once, in the transaction that makes the month final, and never made anew; what is too few
 * waits for the next month, and each comment is shown with one month only. So two months, a correction or a second look
 * never differ by less than the threshold.
 *
 * Threshold and finality stand in the statement, and a trigger refuses whatever else might try.
 */
import type { Query } from '../../platform/database.ts';
import { isCounted } from '../responses.ts';
import type { RuleSet } from '../rules.ts';

/**
 * Puts up the comments of valid responses that have not been shown yet, for each manager with enough shops among them. By
 * lot: the order is that of a digest of each sealed comment, whose nonce is random, so it is the same at every look and
 * tells nothing of time, shop or words.
 */
export async function storeComments(
  query: Query,
  period: string,
  { privacy }: Pick<RuleSet, 'privacy'>,
): Promise<void> {
  await query({
    name: 'comments-store',
    text: `
      WITH waiting AS (
        SELECT k.id, k.sealed, c.manager_id, c.retailer_id
        FROM comment k JOIN survey_case c ON c.id = k.case_id JOIN round r ON r.id = c.round_id
        WHERE k.released IS NULL AND r.state = 'closed' AND r.period <= $1 AND ${isCounted}
          AND EXISTS (SELECT FROM publication p WHERE p.period = $1 AND p.stage = 'final')
          AND NOT EXISTS (SELECT FROM published_comment x WHERE x.period = $1 AND x.manager_id = c.manager_id)
      ), told AS (
        SELECT * FROM waiting WHERE manager_id IN (
          SELECT manager_id FROM waiting GROUP BY manager_id HAVING count(DISTINCT retailer_id) >= $2)
      ), released AS (
        UPDATE comment k SET released = $1 FROM told WHERE k.id = told.id
      )
      INSERT INTO published_comment (period, manager_id, place, sealed)
      SELECT $1, manager_id, row_number() OVER (PARTITION BY manager_id ORDER BY sha256(sealed)), sealed FROM told`,
    values: [period, privacy.minimumForComments],
  });
}

/** A manager's comments as they were put up with a month, sealed; none where there were too few. */
export async function readComments(query: Query, period: string, managerId: string): Promise<Buffer[]> {
  const rows = await query<{ sealed: Buffer }>({
    name: 'comments-of-manager',
    text: 'SELECT sealed FROM published_comment WHERE period = $1 AND manager_id = $2 ORDER BY place',
    values: [period, managerId],
  });
  return rows.map(({ sealed }) => sealed);
}

/** Six digits and more, however they are set apart: a number somebody left, which is nobody's to read here. */
const numbers = /\p{Nd}(?:[\s-]?\p{Nd}){5,}/gu;

export const withoutNumbers = (words: string): string => words.replace(numbers, '…');
