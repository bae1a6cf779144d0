import { audit } from '../../platform/audit.ts';
import type { Query } from '../../platform/database.ts';
import { BadInput, Refused } from '../../platform/errors.ts';
import { faultOfId, normaliseId } from '../draw/identifier.ts';
import { commitmentOf } from '../draw/satq1.ts';
import type { RoundServices } from './launch.ts';

/**
 * What the holders of a draw do, in this order: commit, while nobody knows the frame; hand in, once it is frozen. And
 * the one thing that the assessment group adds: the outcome of the public event, once it has happened.
 */
export interface HolderAct {
  readonly roundId: string;
  /** A user's id; `cli` for whoever sits at the server, who is told the nonce by its holder. */
  readonly actor: string;
  /** Whose act it is, where a program brings it; otherwise the actor's own. */
  readonly onBehalfOf?: string;
}

const hex64 = /^[0-9a-f]{64}$/;

function sixtyFour(where: string, text: string): string {
  if (hex64.test(text)) return text;
  const message =
    '应为 64 个小写十六进制字符（huifang draw nonce 会生成）· must be 64 lowercase hexadecimal characters, as huifang draw nonce makes them';
  throw new BadInput('没有执行 · nothing was done', [{ where, message }]);
}

/**
 * Takes a holder's commitment. Once given it stays. With the last one the round is committed, and its frame may be
 * frozen.
 *
 * @param holder whose place it is: the actor's own id, or, from the command line or a program, the holder's.
 * @returns whether every commitment is in.
 * @throws Refused `not-a-holder`, `committed-already`, or `event-over` where the public event happened before.
 */
export async function commitNonce(
  { database, clock }: RoundServices,
  { roundId, actor }: HolderAct,
  holder: string,
  commitment: string,
): Promise<boolean> {
  const now = clock.now();
  sixtyFour('commitment', commitment);
  return database.transaction(async (query) => {
    const draw = await lockDraw(query, roundId, 'draft');
    if (draw.publicEventAt && draw.publicEventAt <= now)
      throw new Refused(
        'event-over',
        '公共事件已经发生，指纹来不及了：请取消本轮重新启动 · the public event is over, a commitment would prove nothing: cancel the round and launch it anew',
      );
    const taken = await query({
      text: `
        UPDATE nonce SET commitment = $3, committed_at = $4
        WHERE round_id = $1 AND holder = $2 AND commitment IS NULL
          AND NOT EXISTS (SELECT FROM nonce n WHERE n.round_id = $1 AND n.commitment = $3) RETURNING place`,
      values: [roundId, holder, commitment, now],
    });
    if (taken.length === 0)
      throw new Refused(
        'committed-already',
        '您不是本轮的随机数保管人，或已经交过指纹，或指纹与他人相同 · you hold no nonce of this round, have committed already, or gave the commitment of another',
      );
    await audit(query, now, { actor, action: 'draw.commit', subject: roundId, detail: { holder, commitment } });
    const committed = await query({
      text: `
        UPDATE round SET state = 'committed' WHERE id = $1
          AND NOT EXISTS (SELECT FROM nonce WHERE round_id = $1 AND commitment IS NULL) RETURNING id`,
      values: [roundId],
    });
    return committed.length > 0;
  });
}

/**
 * Takes a nonce, sealed until the round closes. It must be the one that was committed to, and comes from its holder or
 * his substitute, after the freeze: known earlier, it could have shaped the frame.
 *
 * @throws BadInput where it is no nonce; Refused `not-frozen`, `no-such-commitment`, `handed-in`.
 */
export async function handInNonce(
  { database, clock, vault }: RoundServices,
  { roundId, actor, onBehalfOf }: HolderAct,
  nonce: string,
): Promise<void> {
  const now = clock.now();
  sixtyFour('nonce', nonce);
  await database.transaction(async (query) => {
    await lockFrozen(query, roundId);
    const [own] = await query<{ place: number; handedIn: boolean }>({
      text: `
        SELECT place, sealed IS NOT NULL AS "handedIn" FROM nonce
        WHERE round_id = $1 AND commitment = $2 AND ($3 IN (holder, substitute) OR $3 = 'cli')`,
      values: [roundId, commitmentOf(nonce), onBehalfOf ?? actor],
    });
    if (!own)
      throw new Refused('no-such-commitment', '与您事先交的指纹不符 · this is not the nonce that you committed to');
    if (own.handedIn) throw new Refused('handed-in', '这个随机数已经交过 · this nonce was handed in already');
    await query({
      text: `UPDATE nonce SET sealed = $3, handed_in_at = $4, handed_in_by = $5 WHERE round_id = $1 AND place = $2`,
      values: [roundId, own.place, vault.seal(nonce), now, onBehalfOf ?? actor],
    });
    const detail = { place: own.place, ...(onBehalfOf !== undefined && { onBehalfOf }) };
    await audit(query, now, { actor, action: 'draw.hand-in', subject: roundId, detail });
  });
}

/**
 * Takes the outcome of the public event, after its time, once and for good: everybody can look up what it was.
 *
 * @throws BadInput where it cannot stand in a seed; Refused `not-frozen`, `no-event`, `event-to-come`.
 */
export async function enterPublicValue(
  { database, clock }: RoundServices,
  { roundId, actor }: HolderAct,
  written: string,
): Promise<void> {
  const now = clock.now();
  const value = normaliseId(written);
  const fault = value === 'NONE' ? 'NONE 表示没有公共事件 · NONE means that there is no event' : faultOfId(value);
  if (fault) throw new BadInput('没有执行 · nothing was done', [{ where: 'value', message: fault }]);
  await database.transaction(async (query) => {
    const draw = await lockFrozen(query, roundId);
    if (!draw.publicEventAt || draw.publicValue !== null)
      throw new Refused('no-event', '没有在等公共事件的结果 · no outcome of an event is awaited');
    if (draw.publicEventAt > now)
      throw new Refused('event-to-come', '公共事件还没有发生 · the public event is still to come');
    await query({ text: 'UPDATE draw SET public_value = $2 WHERE round_id = $1', values: [roundId, value] });
    await audit(query, now, { actor, action: 'draw.public-value', subject: roundId, detail: { value } });
  });
}

interface LockedDraw {
  readonly publicEventAt: Date | null;
  readonly publicValue: string | null;
  readonly frozen: boolean;
}

async function lockDraw(query: Query, roundId: string, state: 'draft' | 'committed'): Promise<LockedDraw> {
  const [draw] = await query<LockedDraw>({
    text: `
      SELECT d.public_event_at AS "publicEventAt", d.public_value AS "publicValue", d.frozen_at IS NOT NULL AS frozen
      FROM round r JOIN draw d ON d.round_id = r.id WHERE r.id = $1 AND r.state = $2::round_state FOR UPDATE OF r`,
    values: [roundId, state],
  });
  if (draw) return draw;
  throw new Refused(
    'wrong-state',
    `轮次 ${roundId} 现在不能这样做 · round ${roundId} does not stand so that this could be done`,
  );
}

async function lockFrozen(query: Query, roundId: string): Promise<LockedDraw> {
  const draw = await lockDraw(query, roundId, 'committed');
  if (draw.frozen) return draw;
  throw new Refused('not-frozen', '抽样框还没有冻结 · the frame is not frozen yet');
}
