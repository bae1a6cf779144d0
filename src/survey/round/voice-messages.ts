import type { Query } from '../../platform/database.ts';
import type { Vault } from '../../platform/vault.ts';

/**
 * A round's voice messages for those who may hear them (method §7): once the round is closed, from ten responses on,
 * in an order that says nothing of who spoke when, and beside nothing else that is known of a shop.
 */
export interface VoiceMessages {
  /** Why none may be heard (yet): the round goes on, or so few answered that a voice would be known. */
  readonly withheld: 'open' | 'few' | null;
  /** Seconds of each, in the order they are numbered in, from 1. */
  readonly seconds: readonly number[];
}

/** Responses of the round before a word of one of them is heard. */
export const fewestResponses = 10;

interface Kept {
  readonly id: string;
  readonly seconds: number;
}

export async function readVoiceMessages(query: Query, vault: Vault, roundId: string): Promise<VoiceMessages> {
  const { withheld, messages } = await audible(query, vault, roundId);
  return { withheld, seconds: messages.map(({ seconds }) => seconds) };
}

/** The audio of one as WAV; null where there is none of this number that may be heard. */
export async function openVoiceMessage(
  query: Query,
  vault: Vault,
  roundId: string,
  number: number,
): Promise<Buffer | null> {
  const message = (await audible(query, vault, roundId)).messages[number - 1];
  if (!message) return null;
  const [row] = await query<{ sealed: Buffer }>({
    text: 'SELECT sealed FROM voice_message WHERE recording_id = $1',
    values: [message.id],
  });
  return row ? vault.openBytes(row.sealed) : null;
}

async function audible(
  query: Query,
  vault: Vault,
  roundId: string,
): Promise<{ withheld: VoiceMessages['withheld']; messages: Kept[] }> {
  const [round] = await query<{ closed: boolean; responses: number }>({
    text: `
      SELECT r.state = 'closed' AS closed, (
        SELECT count(*)::int FROM survey_case c WHERE c.round_id = r.id AND c.disposition IN ('complete', 'partial')
      ) AS responses FROM round r WHERE r.id = $1`,
    values: [roundId],
  });
  if (!round?.closed) return { withheld: 'open', messages: [] };
  if (round.responses < fewestResponses) return { withheld: 'few', messages: [] };
  const kept = await query<Kept>({
    text: `
      SELECT v.recording_id AS id, v.seconds FROM voice_message v JOIN survey_case c ON c.id = v.case_id
      WHERE c.round_id = $1 AND v.counts AND v.sealed IS NOT NULL`,
    values: [roundId],
  });
  // By a keyed digest: the same for everybody who looks, and by nothing that could be looked up.
  const shuffled = kept
    .map((one) => ({ ...one, place: vault.digest(one.id).toString('hex') }))
    .sort((a, b) => (a.place < b.place ? -1 : 1));
  return { withheld: null, messages: shuffled };
}
