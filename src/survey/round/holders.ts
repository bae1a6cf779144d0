import type { Query } from '../../platform/database.ts';
import { BadInput, type Fault } from '../../platform/errors.ts';
import { faultOfId, normaliseId } from '../draw/identifier.ts';

/** Who keeps the nonces of a draw, and which public event goes into its seed (method §1, "Order of events"). */
export interface Holder {
  /** A user's id. */
  readonly userId: string;
  /** Whoever may hand the nonce in when the holder cannot. */
  readonly substitute?: string | null;
}

export interface PublicEvent {
  /** `双色球 2026141 期`: by it everybody knows where to look its outcome up. */
  readonly name: string;
  readonly at: Date;
}

/** A holder as found among the users. */
export interface Keeper extends Holder {
  readonly name: string;
  /** An admin launches rounds: he is the operator, and a nonce in his hands keeps nothing from him. */
  readonly independent: boolean;
}

/** Two holders, none of them the operator, or one and a public event; anything weaker rests on trust in the operator. */
export function isOperatorTrusted(keepers: readonly Pick<Keeper, 'independent'>[], event: PublicEvent | null): boolean {
  const independent = keepers.filter((keeper) => keeper.independent).length;
  return independent < (event ? 1 : 2);
}

/** How many nonces the service adds of its own: never fewer than two go into a seed without an event. */
export function ownNonces(holders: number, event: PublicEvent | null): number {
  if (holders === 0) return 2;
  return holders === 1 && !event ? 1 : 0;
}

/** @throws BadInput with every fault: somebody unknown or named twice, an event without a name or in the past. */
export async function readKeepers(
  query: Query,
  { holders, publicEvent }: { readonly holders: readonly Holder[]; readonly publicEvent: PublicEvent | null },
  now: Date,
): Promise<Keeper[]> {
  const people = await query<{ id: string; name: string; admin: boolean }>({
    text: `SELECT id::text, name, role = 'admin' AS admin FROM app_user WHERE id::text = ANY($1)`,
    values: [holders.flatMap(({ userId, substitute }) => [userId, substitute ?? ''])],
  });
  const named = holders.flatMap(({ userId, substitute }) => [userId, ...(substitute ? [substitute] : [])]);
  const faults = [
    ...named.flatMap((id, index) => faultsOfPerson(id, named.indexOf(id) !== index, people)),
    ...(publicEvent ? faultsOfEvent(publicEvent, now) : []),
  ];
  if (faults.length > 0) throw new BadInput('轮次不能启动 · the round cannot be launched', faults);
  return holders.map((holder) => {
    const person = people.find(({ id }) => id === holder.userId);
    return { ...holder, name: person?.name ?? '', independent: person?.admin === false };
  });
}

function faultsOfPerson(id: string, again: boolean, people: readonly { readonly id: string }[]): Fault[] {
  if (again) return [{ where: 'holders', message: `${id} 不能担任两次 · ${id} is named twice` }];
  if (people.some((person) => person.id === id)) return [];
  return [{ where: 'holders', message: `没有用户 ${JSON.stringify(id)} · there is no such user` }];
}

function faultsOfEvent({ name, at }: PublicEvent, now: Date): Fault[] {
  const fault = faultOfId(normaliseId(name));
  return [
    ...(fault ? [{ where: 'publicEvent', message: fault }] : []),
    ...(at > now
      ? []
      : [{ where: 'publicEventAt', message: '公共事件必须还没有发生 · the event must lie in the future' }]),
  ];
}
