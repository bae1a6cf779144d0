import type { City } from './city.ts';

/** A round that is over, as it would stand in the database: for suites that look at months, not at calls. */
export interface StoredRound {
  /** `2027-01`; the round is its `-R1`. */
  readonly period: string;
  readonly ruleSet?: string;
  readonly frame: readonly { readonly shop: string; readonly manager: string }[];
  readonly asked: readonly {
    readonly shop: string;
    readonly manager: string;
    /** null = nobody answered. */
    readonly overall: number | null;
    /** By item; the overall one is put to them. */
    readonly answers?: Readonly<Record<string, number>>;
  }[];
}

export async function storeRound({ database: { query } }: City, round: StoredRound): Promise<string> {
  const { period, ruleSet = 'RS-1', frame, asked } = round;
  const roundId = `${period}-R1`;
  await query({
    text: `INSERT INTO round (id, period, state, questionnaire_id, rule_set_id, launched_at, closed_at) VALUES ($1, $2, 'closed', 'HF-1', $3, $4, $4)`,
    values: [roundId, period, ruleSet, new Date(`${period}-05T09:30:00+08:00`)],
  });
  await query({
    text: `
      INSERT INTO frame_line (round_id, retailer_id, manager_id, stratum, position, phone_id)
      SELECT $1, s.shop, s.manager, 'urban', place, r.phone_id
      FROM unnest($2::text[], $3::text[]) WITH ORDINALITY AS s (shop, manager, place) JOIN retailer r ON r.id = s.shop`,
    values: [roundId, frame.map(({ shop }) => shop), frame.map(({ manager }) => manager)],
  });
  await query({
    text: `
      INSERT INTO survey_case (id, round_id, retailer_id, manager_id, phone_id, position, wave, time_zone, state, disposition, overall, answers)
      SELECT gen_random_uuid(), $1, s.shop, s.manager, r.phone_id, place, 1, 'Asia/Shanghai', 'done',
             CASE WHEN s.overall IS NULL THEN 'no-answer' ELSE 'complete' END, s.overall, s.answers::jsonb
      FROM unnest($2::text[], $3::text[], $4::int[], $5::text[]) WITH ORDINALITY AS s (shop, manager, overall, answers, place)
      JOIN retailer r ON r.id = s.shop`,
    values: [
      ...[roundId, asked.map(({ shop }) => shop), asked.map(({ manager }) => manager)],
      asked.map(({ overall }) => overall),
      asked.map(({ answers = {} }) => JSON.stringify(answers)),
    ],
  });
  return roundId;
}
