import { createHash } from 'node:crypto';
import type { Query } from './database.ts';

/**
 * The audit log: who did or read what. Lines are only added, in the same transaction as what they tell of, and each
 * carries the hash of the one before, so that a line taken out or changed shows.
 */
export interface AuditLine {
  /** A user's id, or `system`, `cli`. */
  readonly actor: string;
  /** What was done, as `thing.verb`. */
  readonly action: string;
  /** The id of what it was done to. Never a number, never a name. */
  readonly subject: string;
  readonly detail?: Readonly<Record<string, unknown>>;
}

/** Held until its transaction ends by whoever adds to a chain: lines stand in the order in which they were committed. */
const chainLock = 7_310_002;
const start = '0'.repeat(64);

/** Waits for its turn to add to a chain, and keeps it until its transaction ends. Whoever locks rows too does this first. */
export async function takeTurn(query: Query): Promise<void> {
  await query({ text: 'SELECT pg_advisory_xact_lock($1)', values: [chainLock] });
}

export async function audit(
  query: Query,
  now: Date,
  { actor, action, subject, detail = {} }: AuditLine,
): Promise<void> {
  await takeTurn(query);
  const [last] = await query<{ sequence: string; hash: string }>({
    text: 'SELECT sequence, hash FROM audit ORDER BY sequence DESC LIMIT 1',
  });
  const previousHash = last?.hash ?? start;
  const line = {
    sequence: Number(last?.sequence ?? 0) + 1,
    at: now.toISOString(),
    actor,
    action,
    subject,
    detail,
    previousHash,
  };
  await query({
    text: `INSERT INTO audit (sequence, at, actor, action, subject, detail, previous_hash, hash) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`,
    values: [line.sequence, now, actor, action, subject, JSON.stringify(detail), previousHash, hashOf(line)],
  });
}

interface ChainedLine extends Required<AuditLine> {
  readonly sequence: number;
  readonly at: string;
  readonly previousHash: string;
}

const hashOf = ({ sequence, at, actor, action, subject, detail, previousHash }: ChainedLine): string =>
  createHash('sha256')
    .update(JSON.stringify([sequence, at, actor, action, subject, sorted(detail), previousHash]))
    .digest('hex');

/** JSONB does not keep the order of keys, so the hash must not depend on it. */
const sorted = (detail: Readonly<Record<string, unknown>>): [string, unknown][] =>
  Object.entries(detail).sort(([a], [b]) => (a < b ? -1 : 1));

/** The sequence number of the first line that does not fit the chain, or null when all fit. */
export async function firstBrokenLine(query: Query): Promise<number | null> {
  const rows = await query<{
    sequence: string;
    at: Date;
    actor: string;
    action: string;
    subject: string;
    detail: Record<string, unknown>;
    previous_hash: string;
    hash: string;
  }>({
    text: 'SELECT * FROM audit ORDER BY sequence',
  });
  let previousHash = start;
  for (const [index, row] of rows.entries()) {
    const line = { ...row, sequence: Number(row.sequence), at: row.at.toISOString(), previousHash };
    if (line.sequence !== index + 1 || row.previous_hash !== previousHash || row.hash !== hashOf(line))
      return line.sequence;
    previousHash = row.hash;
  }
  return null;
}
