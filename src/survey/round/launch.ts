import { audit, takeTurn } from '../../platform/audit.ts';
import type { Chance } from '../../platform/chance.ts';
import type { Clock } from '../../platform/clock.ts';
import { type Database, type Query, uniqueViolation } from '../../platform/database.ts';
import { BadInput, Refused } from '../../platform/errors.ts';
import type { Vault } from '../../platform/vault.ts';
import { commitmentOf } from '../draw/satq1.ts';
import { type Holder, isOperatorTrusted, ownNonces, type PublicEvent, readKeepers } from './holders.ts';
import { otherRules } from './terms.ts';

export interface RoundServices {
  readonly database: Database;
  readonly clock: Clock;
  readonly chance: Chance;
  readonly vault: Vault;
}

export interface LaunchWish {
  /** Also the draw's id: `2026-12-R1`. */
  readonly roundId: string;
  /** `2026-12`. */
  readonly period: string;
  readonly questionnaireId: string;
  readonly ruleSetId: string;
  readonly actor: string;
  /** Nothing new is begun from here on; left out, the round closes when its every case is final. */
  readonly closesAt?: Date | null;
  /** Who keeps the draw's nonces; nobody = the service makes and keeps them itself. */
  readonly holders?: readonly Holder[];
  /** A public event, named before it happens, whose outcome goes into the seed. */
  readonly publicEvent?: PublicEvent | null;
  /** Randomness for the nonces; the installation's own unless a demo has to repeat itself. */
  readonly nonceChance?: Pick<Chance, 'bytes'>;
}

/**
 * Launches a round, and commits to its nonces before anything of the frame is known to it. With holders it is a draft
 * until the last of them has committed; without, the service makes both nonces, which is why such a draw is marked
 * operator-trusted. The draw job freezes the frame and draws. Which questionnaire and rule set hold is fixed here and
 * never looked up again.
 *
 * @throws BadInput with every fault of holders and event, or where it would close before it begins; Refused `round-exists` where
 * the id is taken, `other-rules` where another rule set is in force in that month.
 */
export async function launchRound(services: RoundServices, wish: LaunchWish): Promise<void> {
  const now = services.clock.now();
  const { roundId, period, questionnaireId, ruleSetId, actor, holders = [], publicEvent = null } = wish;
  if (wish.closesAt && wish.closesAt <= now)
    throw new BadInput('没有启动 · not launched', [
      { where: 'closesAt', message: '截止时间已过 · the time at which it closes is past' },
    ]);
  const keepers = await readKeepers(services.database.query, { holders, publicEvent }, now);
  const operatorTrusted = isOperatorTrusted(keepers, publicEvent);
  const nonces = Array.from({ length: ownNonces(holders.length, publicEvent) }, () =>
    (wish.nonceChance ?? services.chance).bytes(32).toString('hex'),
  );
  const commitments = nonces.map(commitmentOf);
  await services.database
    .transaction(async (query) => {
      // A rule set that is published meanwhile waits for this round, or this round for it.
      await takeTurn(query);
      await needPublished(query, questionnaireId);
      await needInForce(query, period, ruleSetId);
      await query({
        text: `INSERT INTO round (id, period, state, questionnaire_id, rule_set_id, launched_at, closes_at) VALUES ($1, $2, $3, $4, $5, $6, $7)`,
        values: [
          ...[roundId, period, keepers.length > 0 ? 'draft' : 'committed'],
          ...[questionnaireId, ruleSetId, now, wish.closesAt ?? null],
        ],
      });
      await query({
        text: `
          INSERT INTO draw (round_id, public_event, public_event_at, public_value, operator_trusted)
          VALUES ($1, $2, $3, CASE WHEN $2::text IS NULL THEN 'NONE' END, $4)`,
        values: [roundId, publicEvent?.name ?? null, publicEvent?.at ?? null, operatorTrusted],
      });
      await query({
        text: `
          INSERT INTO nonce (round_id, place, holder, holder_name, substitute)
          SELECT $1, place - 1, holder, name, substitute
          FROM unnest($2::text[], $3::text[], $4::text[]) WITH ORDINALITY AS kept (holder, name, substitute, place)`,
        values: [
          roundId,
          keepers.map(({ userId }) => userId),
          keepers.map(({ name }) => name),
          keepers.map(({ substitute }) => substitute ?? null),
        ],
      });
      await query({
        text: `
          INSERT INTO nonce (round_id, place, holder, holder_name, commitment, committed_at, sealed, handed_in_at, handed_in_by)
          SELECT $1, $5 + place - 1, 'operator', '', commitment, $4, sealed, $4, 'operator'
          FROM unnest($2::text[], $3::bytea[]) WITH ORDINALITY AS made (commitment, sealed, place)`,
        values: [roundId, commitments, nonces.map((nonce) => services.vault.seal(nonce)), now, keepers.length],
      });
      await audit(query, now, {
        actor,
        action: 'round.launch',
        subject: roundId,
        detail: {
          ...{
            period,
            questionnaireId,
            ruleSetId,
            commitments,
            operatorTrusted,
            publicEvent: publicEvent?.name ?? null,
          },
          holders: keepers.map(({ userId }) => userId),
        },
      });
    })
    .catch((error: { code?: string }) => {
      if (error.code !== uniqueViolation) throw error;
      throw new Refused('round-exists', `round ${roundId} was launched already 轮次 ${roundId} 已经启动过`);
    });
}

/** A draft may still change, and then nobody could say what was asked. */
async function needPublished(query: Query, questionnaireId: string): Promise<void> {
  const published = await query({
    text: 'SELECT FROM questionnaire WHERE id = $1 AND published_at IS NOT NULL',
    values: [questionnaireId],
  });
  if (published.length === 0)
    throw new Refused(
      'not-published',
      `问卷 ${questionnaireId} 尚未发布 · questionnaire ${questionnaireId} is not published`,
    );
}

/** One rule set holds for the whole company. */
async function needInForce(query: Query, period: string, ruleSetId: string): Promise<void> {
  const [inForce] = await query<{ id: string | null }>({
    text: 'SELECT rule_set_in_force($1) AS id',
    values: [period],
  });
  if (inForce?.id !== ruleSetId) throw otherRules(period, inForce?.id ?? '—', ruleSetId);
}
