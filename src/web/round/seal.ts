import type { Query } from '../../platform/database.ts';
import type { Vault } from '../../platform/vault.ts';
import { count, groupsOf, moment, type Place } from '../figures.ts';
import type { Messages } from '../messages.ts';

/** The draw as it was sealed, and its nonces once they are revealed. Public figures of the whole city. */
export interface Seal {
  readonly commitments: readonly string[];
  readonly operatorTrusted: boolean;
  readonly frameHash: string | null;
  readonly frozenAt: Date | null;
  readonly revealedAt: Date | null;
  /** Only once revealed: before, nobody has to read them. */
  readonly sealedNonces: readonly Buffer[] | null;
  readonly frameSize: number;
  readonly resting: number;
  readonly closed: number;
  readonly optedOut: number;
  readonly noPhone: number;
}

export async function readSeal(query: Query, roundId: string): Promise<Seal | null> {
  const [seal] = await query<Seal>({
    name: 'web-seal',
    text: `
      SELECT n.commitments, d.operator_trusted AS "operatorTrusted", d.frame_hash AS "frameHash", d.frozen_at AS "frozenAt",
             d.revealed_at AS "revealedAt", CASE WHEN d.revealed_at IS NOT NULL THEN n.sealed END AS "sealedNonces",
             f.size AS "frameSize", f.resting, e.closed, e.opted_out AS "optedOut", e.no_phone AS "noPhone"
      FROM draw d,
        LATERAL (
          SELECT coalesce(array_agg(commitment ORDER BY place) FILTER (WHERE commitment IS NOT NULL), '{}') AS commitments,
                 array_agg(sealed ORDER BY place) FILTER (WHERE sealed IS NOT NULL) AS sealed
          FROM nonce WHERE round_id = d.round_id) n,
        LATERAL (SELECT count(*)::int AS size, count(resting)::int AS resting FROM frame_line WHERE round_id = d.round_id) f,
        LATERAL (
          SELECT count(*) FILTER (WHERE reason = 'closed')::int AS closed, count(*) FILTER (WHERE reason = 'opted-out')::int AS opted_out,
                 count(*) FILTER (WHERE reason = 'no-phone')::int AS no_phone
          FROM exclusion WHERE round_id = d.round_id) e
      WHERE d.round_id = $1`,
    values: [roundId],
  });
  return seal ?? null;
}

export function sealView(seal: Seal, vault: Vault, now: Date, place: Place, m: Messages) {
  const words = m.round.seal;
  const { language } = place;
  const nonces = (seal.sealedNonces ?? []).map((sealed) => vault.open(sealed));
  return {
    operatorTrusted: seal.operatorTrusted,
    prints: [
      ...seal.commitments.map((hash, index) => ({
        name: words.commitment(String(index + 1)),
        hash: groupsOf(hash),
      })),
      ...(seal.frameHash ? [{ name: words.frame, hash: groupsOf(seal.frameHash) }] : []),
    ],
    frame:
      seal.frozenAt &&
      [
        words.frozen(moment(seal.frozenAt, now, place)),
        words.frameSize(count(seal.frameSize, language)),
        ...(seal.resting > 0 ? [words.resting(count(seal.resting, language))] : []),
        words.excluded(
          ...([seal.closed, seal.optedOut, seal.noPhone].map((n) => count(n, language)) as [string, string, string]),
        ),
      ].join(' · '),
    reveal: seal.revealedAt ? words.revealed(moment(seal.revealedAt, now, place)) : words.sealedUntil,
    nonces: nonces.map((nonce, index) => ({ name: words.nonce(String(index + 1)), value: groupsOf(nonce) })),
  };
}
