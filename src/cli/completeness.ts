import { DateTime } from 'luxon';
import type { Database } from '../platform/database.ts';
import { BadInput, Refused } from '../platform/errors.ts';
import type { Loss, ManagerCompleteness } from '../survey/roster/completeness.ts';
import { periodToConfirm, readConfirmations } from '../survey/roster/confirmation.ts';
import { checkFrame } from '../survey/roster/frame-check.ts';
import { companyTimeZone } from '../survey/roster/import.ts';
import { inThisInstallation } from './installation.ts';

export interface CompletenessOptions {
  /** A frozen round's frame instead of the roster. */
  readonly round?: string;
  /** `2026-12-01`: the roster as a freeze on that day would find it; today, where it is left out. */
  readonly freezeDay?: string;
}

/**
 * `huifang completeness`: who vanished from each manager's list since the frame before, lost his number, or got another
 * one within a week before the freeze, and who has confirmed his list. One line a manager, and one below it for each
 * kind of loss, with the licence numbers.
 *
 * @throws BadInput for a day that is none; Refused where the round has no frozen frame.
 */
export async function printCompleteness(
  { query }: Database,
  now: Date,
  { round, freezeDay }: CompletenessOptions,
  out: NodeJS.WritableStream,
): Promise<void> {
  const check = await checkFrame(query, freezeDay === undefined ? now : endOf(freezeDay), round ?? null);
  if (!check) throw new Refused('no-frame', `轮次 ${round} 没有冻结的抽样框 · round ${round} has no frozen frame`);
  const period = await periodToConfirm(query, now);
  const confirmed = new Set((await readConfirmations(query, period)).map(({ managerId }) => managerId));
  const { roundId, formerId, managers } = check;
  out.write(
    `${roundId ?? '名册 · the roster'}，与 ${formerId ?? '—'} 相比；${period} 的名单 · compared with ${formerId ?? 'nothing'}; lists of ${period}\n`,
  );
  for (const line of managers) {
    const { managerId, before, now: size, added } = line;
    const said = confirmed.has(managerId) ? '已确认 confirmed' : '未确认 unconfirmed';
    out.write(`${managerId}  ${formerId === null ? '—' : before} → ${size}  +${added}  ${said}\n`);
    for (const { words, ids } of lossesOf(line)) out.write(`    ${words} ${ids.length}: ${ids.join(' ')}\n`);
  }
}

/** The same, of this installation's roster. */
export const completeness = (options: CompletenessOptions, out: NodeJS.WritableStream): Promise<void> =>
  inThisInstallation(({ database, clock }) => printCompleteness(database, clock.now(), options, out));

/** A freeze on that day may come as late as its last moment. */
function endOf(day: string): Date {
  const read = DateTime.fromFormat(day, 'yyyy-MM-dd', { zone: companyTimeZone });
  if (read.isValid) return read.endOf('day').toJSDate();
  const message = '请写成 2026-12-01 · must be a day such as 2026-12-01';
  throw new BadInput('用法有误 · wrong use', [{ where: '--freeze-day', message }]);
}

const lossNames: Readonly<Record<Loss, string>> = {
  gone: '不在名册 · not in the roster',
  closed: '已停业 · closed',
  'opted-out': '已拒访 · opted out',
};

function lossesOf({ vanished, lostPhone, changedPhone, moved }: ManagerCompleteness) {
  const losses = Object.entries(lossNames).map(([kind, words]) => ({
    words,
    ids: vanished.filter(({ why }) => why === kind).map(({ retailerId }) => retailerId),
  }));
  return [
    ...losses,
    { words: '没有号码了 · lost the number', ids: lostPhone },
    { words: '七天内换号 · another number within a week', ids: changedPhone },
    { words: '换了经理 · moved', ids: moved.map(({ retailerId, to }) => `${retailerId}→${to}`) },
  ].filter(({ ids }) => ids.length > 0);
}
