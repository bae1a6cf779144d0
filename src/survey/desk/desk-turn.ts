import { type Turn, type TurnServices, takeVoiceTurn } from '../fieldwork/turn.ts';
import { type Input, type Key, keys } from '../interview/conversation.ts';
import { talkOf } from './call.ts';
import { ownTask } from './queue.ts';

/** What a person of the desk keys in at a turn. */
export interface Told {
  /** As the shop would key it; what is no key is no answer, or simply going on. */
  readonly key: string | null;
  /** What it said in its own words, where a comment is asked for. */
  readonly words: string;
}

/**
 * One turn of a conversation that he holds: the same machine and the same statement as a call's.
 *
 * @throws Refused `not-yours`, `no-call` where nobody can have spoken with him yet, `future-turn`.
 */
export async function takeDeskTurn(
  services: TurnServices,
  callerId: string,
  taskId: string,
  turn: number,
  told: Told,
): Promise<Turn> {
  const { query } = services.database;
  await ownTask(query, taskId, callerId);
  const { attemptId } = await talkOf(query, taskId);
  return takeVoiceTurn(services, attemptId, turn, turn === 0 ? { kind: 'answered' } : heard(told));
}

function heard({ key, words }: Told): Input {
  const known: Key | undefined = keys.find((one) => one === key);
  if (known) return { kind: 'key', key: known };
  return words === '' ? { kind: 'silence' } : { kind: 'words', text: words };
}
