import { audit } from '../../platform/audit.ts';
import type { Query } from '../../platform/database.ts';
import { BadInput, Refused } from '../../platform/errors.ts';

/**
 * How a round gets from one state to another, by whitelist: draft → committed → fielding ⇄ paused → closed, and
 * cancelled from any of the open ones. Launching, drawing and closing have work of their own and stand beside this;
 * what is here is one conditional update, which is also the lock.
 */
export const moves = {
  pause: { from: ['fielding'], to: 'paused' },
  resume: { from: ['paused'], to: 'fielding' },
  // A draft too: one whose holders never commit would keep its month for ever.
  cancel: { from: ['draft', 'committed', 'fielding', 'paused'], to: 'cancelled' },
} as const;
type Move = keyof typeof moves;

export interface RoundChange {
  readonly roundId: string;
  readonly actor: string;
  /** Shown beside the state, and kept in the audit log. */
  readonly reason: string;
}

const longestReason = 500;

/** @throws BadInput where there is no reason, or it is too long to be read. */
export function reasonOf({ reason }: Pick<RoundChange, 'reason'>): string {
  const said = reason.normalize('NFC').trim();
  if (said.length > 0 && said.length <= longestReason) return said;
  const message = `请写明原因，1–${longestReason} 字 · say why, in 1 to ${longestReason} characters`;
  throw new BadInput('没有执行 · nothing was done', [{ where: 'reason', message }]);
}

/** @throws Refused `no-such-round`, or `wrong-state` where the round does not stand so that it can be moved. */
export async function moveRound(
  query: Query,
  now: Date,
  move: Move,
  { roundId, actor, reason }: Omit<RoundChange, 'reason'> & { readonly reason: string | null },
): Promise<void> {
  const { from, to } = moves[move];
  const moved = await query({
    text: `UPDATE round SET state = $2::round_state, reason = $3 WHERE id = $1 AND state = ANY($4::round_state[]) RETURNING id`,
    values: [roundId, to, reason, from],
  });
  if (moved.length === 0) throw await refusal(query, roundId);
  await audit(query, now, {
    ...{ actor, action: `round.${move}`, subject: roundId },
    ...(reason !== null && { detail: { reason } }),
  });
}

const stateNames: Readonly<Record<string, string>> = {
  draft: '草稿',
  committed: '抽样中',
  fielding: '进行中',
  paused: '已暂停',
  closed: '已结束',
  cancelled: '已取消',
};

/** Why a round could not be changed as it stands. */
export async function refusal(query: Query, roundId: string): Promise<Refused> {
  const [round] = await query<{ state: string }>({ text: 'SELECT state FROM round WHERE id = $1', values: [roundId] });
  if (!round) return new Refused('no-such-round', `没有轮次 ${roundId} · there is no round ${roundId}`);
  const { state } = round;
  return new Refused('wrong-state', `轮次 ${roundId} ${stateNames[state] ?? state} · round ${roundId} is ${state}`);
}
