/**
 * 签收: that a manager has taken note of a rule set. His own act, once, with its time; it does not make the rule set
 * hold, the publication does.
 */
import { audit } from '../../platform/audit.ts';
import type { Query } from '../../platform/database.ts';
import { Refused } from '../../platform/errors.ts';
import type { RuleSetServices } from './publish.ts';

export interface Acknowledging {
  readonly ruleSetId: string;
  readonly managerId: string;
  /** The user's id. */
  readonly actor: string;
}

/** The first time counts; again changes nothing. @throws Refused `no-version` */
export async function acknowledge(
  { database, clock }: RuleSetServices,
  { ruleSetId, managerId, actor }: Acknowledging,
): Promise<void> {
  const now = clock.now();
  await database.transaction(async (query) => {
    const [version] = await query({ text: 'SELECT FROM rule_set WHERE id = $1', values: [ruleSetId] });
    if (!version) throw new Refused('no-version', `没有考核办法 ${ruleSetId} · there is no rule set ${ruleSetId}`);
    const first = await query({
      text: `
        INSERT INTO rule_set_acknowledgement (rule_set_id, manager_id, by, at) VALUES ($1, $2, $3, $4)
        ON CONFLICT DO NOTHING RETURNING at`,
      values: [ruleSetId, managerId, actor, now],
    });
    if (first.length > 0)
      await audit(query, now, { actor, action: 'rule-set.acknowledge', subject: ruleSetId, detail: { managerId } });
  });
}

/** When he did, or null. */
export async function acknowledgedAt(query: Query, ruleSetId: string, managerId: string): Promise<Date | null> {
  const [found] = await query<{ at: Date }>({
    text: 'SELECT at FROM rule_set_acknowledgement WHERE rule_set_id = $1 AND manager_id = $2',
    values: [ruleSetId, managerId],
  });
  return found?.at ?? null;
}

export interface Signature {
  readonly managerId: string;
  readonly name: string;
  readonly districtId: string;
  readonly district: string;
  /** null = not yet. */
  readonly at: Date | null;
}

/** Every manager of the roster, or of one district of it; in each district those who have not come first. */
export function readSignatures(query: Query, ruleSetId: string, districtId: string | null): Promise<Signature[]> {
  return query<Signature>({
    text: `
      SELECT m.id AS "managerId", m.name, d.id AS "districtId", d.name AS district, a.at
      FROM manager m JOIN district d ON d.id = m.district_id
      LEFT JOIN rule_set_acknowledgement a ON a.rule_set_id = $1 AND a.manager_id = m.id
      WHERE $2::text IS NULL OR d.id = $2
      ORDER BY d.name, d.id, a.at IS NOT NULL, m.id COLLATE "C"`,
    values: [ruleSetId, districtId],
  });
}
