/**
 * 严格兑现: what a final result promises is written down with it, honoured with proof, and never edited. What was wrong is
 * taken back by a line of the opposite amount.
 */
import { audit, takeTurn } from '../../platform/audit.ts';
import type { Clock } from '../../platform/clock.ts';
import type { Database, Query } from '../../platform/database.ts';
import { BadInput, Refused } from '../../platform/errors.ts';
import type { Publication } from '../publication.ts';
import { parseRules } from '../rules.ts';
import { type Open, openOf, settleOpen } from './lines.ts';
import { dueDay, kindsThatDiffer, type Promised, promisesOf } from './promises.ts';

export interface LedgerServices {
  readonly database: Database;
  readonly clock: Clock;
}

/** Writes what a final publication promises, in its own transaction. Asked again it writes nothing. */
export async function writePromises(query: Query, publication: Publication, now: Date): Promise<void> {
  const { ledger } = parseRules(publication.rules);
  if (ledger) await write(query, publication, promisesOf(publication.managers, ledger), now);
}

/**
 * After a final result was corrected: what the one before promised this manager is taken back, and what the new one
 * promises him is written, each only where they differ. Nobody else's promises hang on it.
 */
export async function rewritePromises(
  query: Query,
  {
    before,
    after,
    managerId,
  }: { readonly before: Publication; readonly after: Publication; readonly managerId: string },
  now: Date,
): Promise<void> {
  const rules = parseRules(after.rules);
  if (!rules.ledger) return;
  const own = ({ managers }: Publication) => managers.filter(({ id }) => id === managerId);
  const [was, is] = [promisesOf(own(before), rules.ledger), promisesOf(own(after), rules.ledger)];
  const kinds = kindsThatDiffer(was, is);
  if (kinds.length === 0) return;
  const taken = await query({
    text: `
      INSERT INTO ledger_line (id, manager_id, period, publication_hash, kind, about, amount, due_on, reverses, reason, by, at)
      SELECT gen_random_uuid(), manager_id, period, publication_hash, kind, about, -amount, $3, id, $4, 'system', $5
      FROM ledger_line l
      WHERE period = $1 AND manager_id = $2 AND kind = ANY($6) AND reverses IS NULL
        AND NOT EXISTS (SELECT FROM ledger_line x WHERE x.reverses = l.id)
      ORDER BY sequence RETURNING id`,
    values: [after.period, managerId, dueDay(now, rules, rules.ledger), `更正 · corrected: ${after.hash}`, now, kinds],
  });
  const detail = { period: after.period, lines: taken.length };
  if (taken.length > 0)
    await audit(query, now, { actor: 'system', action: 'ledger.reverse', subject: after.hash, detail });
  await write(
    query,
    after,
    is.filter(({ kind }) => kinds.includes(kind)),
    now,
  );
}

async function write(
  query: Query,
  { period, hash, rules: document }: Publication,
  promised: readonly Promised[],
  now: Date,
): Promise<void> {
  const rules = parseRules(document);
  if (!rules.ledger || promised.length === 0) return;
  const written = await query({
    text: `
      INSERT INTO ledger_line (id, manager_id, period, publication_hash, kind, about, amount, due_on, by, at)
      SELECT gen_random_uuid(), manager_id, $1, $2, kind, about, amount, $3, 'system', $4
      FROM unnest($5::text[], $6::text[], $7::text[], $8::numeric[]) WITH ORDINALITY AS p (manager_id, kind, about, amount, place)
      ORDER BY place ON CONFLICT DO NOTHING RETURNING id`,
    values: [
      ...[period, hash, dueDay(now, rules, rules.ledger), now],
      promised.map(({ managerId }) => managerId),
      promised.map(({ kind }) => kind),
      promised.map(({ about }) => about),
      promised.map(({ amount }) => amount),
    ],
  });
  const detail = { period, lines: written.length };
  if (written.length > 0) await audit(query, now, { actor: 'system', action: 'ledger.promise', subject: hash, detail });
}

export const longestProof = 500;

/**
 * Writes that a line was honoured. Said again with the same proof it changes nothing.
 *
 * @returns whether it was written now.
 * @throws BadInput without proof; Refused `no-such-line`, `line-settled` by another proof, `line-cancelled`.
 */
export async function settleLine(
  { database, clock }: LedgerServices,
  { id, proof, actor }: { readonly id: string; readonly proof: string; readonly actor: string },
): Promise<boolean> {
  const said = words(proof, 'proof', '凭证');
  const now = clock.now();
  return database.transaction(async (query) => {
    await takeTurn(query);
    const line = await standingOf(query, id);
    if (line.proof === said) return false;
    if (line.proof !== null)
      throw new Refused('line-settled', `已凭“${line.proof}”兑现 · was honoured already, by “${line.proof}”`);
    refuseCancelled(line);
    await query({
      text: 'INSERT INTO ledger_settlement (line_id, proof, by, at) VALUES ($1, $2, $3, $4)',
      values: [id, said, actor, now],
    });
    await audit(query, now, { actor, action: 'ledger.settle', subject: id, detail: { proof: said } });
    return true;
  });
}

/**
 * Writes that everything of a month that is still open was honoured, by one proof: a payroll run.
 *
 * @param seen how many lines, and their sum, as they were looked at, so that nothing is settled that nobody saw.
 * @returns how many lines.
 * @throws BadInput without proof; Refused `ledger-changed` where they are others by now, `nothing-open`.
 */
export async function settleMonth(
  { database, clock }: LedgerServices,
  { period, proof, seen, actor }: { period: string; proof: string; seen: Open; actor: string },
): Promise<number> {
  const said = words(proof, 'proof', '凭证');
  const now = clock.now();
  return database.transaction(async (query) => {
    await takeTurn(query);
    const open = await openOf(query, period);
    if (open.lines === 0)
      throw new Refused('nothing-open', `${period} 没有未兑现的事项 · nothing of ${period} is still to be honoured`);
    if (open.lines !== seen.lines || open.sum !== seen.sum)
      throw new Refused(
        'ledger-changed',
        `台账有变，现为 ${open.lines} 项、${open.sum} 元，没有记录：请再看一次 · the ledger has changed since you looked, ${open.lines} lines come to ${open.sum} now, and nothing was recorded: look once more`,
      );
    await settleOpen(query, { period, proof: said, actor, now });
    const detail = { proof: said, ...open };
    await audit(query, now, { actor, action: 'ledger.settle-month', subject: period, detail });
    return open.lines;
  });
}

/**
 * Takes a line back by another of the opposite amount. Before it was honoured both come to nothing; afterwards the new
 * one is owed the other way, due as the line it takes back would be now.
 *
 * @returns the new line's id; of one that was taken back for the same reason, the id it got then.
 * @throws BadInput without a reason; Refused `no-such-line`, `line-cancelled`, `line-is-a-reversal`.
 */
export async function reverseLine(
  { database, clock }: LedgerServices,
  { id, reason, actor }: { readonly id: string; readonly reason: string; readonly actor: string },
): Promise<string> {
  const said = words(reason, 'reason', '理由');
  const now = clock.now();
  return database.transaction(async (query) => {
    await takeTurn(query);
    const line = await standingOf(query, id);
    if (line.reversedBy !== null && line.reversedFor === said) return line.reversedBy;
    if (line.reverses !== null)
      throw new Refused('line-is-a-reversal', '冲销本身不能再冲销 · a line that takes another back is not taken back');
    refuseCancelled(line);
    const rules = parseRules(line.rules);
    const dueOn = dueDay(now, rules, rules.ledger ?? { dueWorkdays: 0 });
    const [written] = await query<{ id: string }>({
      text: `
        INSERT INTO ledger_line (id, manager_id, period, publication_hash, kind, about, amount, due_on, reward_id, reverses, reason, by, at)
        SELECT gen_random_uuid(), manager_id, period, publication_hash, kind, about, -amount, $2, reward_id, id, $3, $4, $5
        FROM ledger_line WHERE id = $1 RETURNING id`,
      values: [id, dueOn, said, actor, now],
    });
    if (!written) throw new Error(`line ${id} is gone`);
    const detail = { by: written.id, reason: said };
    await audit(query, now, { actor, action: 'ledger.reverse', subject: id, detail });
    return written.id;
  });
}

interface StandingLine {
  readonly reverses: string | null;
  readonly proof: string | null;
  readonly reversedBy: string | null;
  readonly reversedFor: string | null;
  /** It takes back what was never honoured. */
  readonly closes: boolean;
  readonly rules: unknown;
}

/** A line as it stands; nobody else settles or reverses one meanwhile, for each takes his turn. */
async function standingOf(query: Query, id: string): Promise<StandingLine> {
  const [line] = await query<StandingLine>({
    text: `
      SELECT l.reverses, s.proof, back.id AS "reversedBy", back.reason AS "reversedFor", p.document->'rules' AS rules,
             l.reverses IS NOT NULL AND NOT EXISTS (SELECT FROM ledger_settlement paid WHERE paid.line_id = l.reverses) AS closes
      FROM ledger_line l JOIN publication p ON p.hash = l.publication_hash
      LEFT JOIN ledger_settlement s ON s.line_id = l.id LEFT JOIN ledger_line back ON back.reverses = l.id
      WHERE l.id::text = $1`,
    values: [id],
  });
  if (line) return line;
  throw new Refused('no-such-line', '台账里没有这一条 · there is no such line in the ledger');
}

function refuseCancelled({ reversedBy, closes }: StandingLine): void {
  if (reversedBy !== null || closes)
    throw new Refused('line-cancelled', '这一条已经冲销 · this line was taken back already');
}

function words(given: string, where: string, chinese: string): string {
  const said = given.normalize('NFC').trim();
  if (said.length > 0 && said.length <= longestProof) return said;
  throw new BadInput('没有记录 · nothing was recorded', [
    { where, message: `请填写${chinese}，1–${longestProof} 字 · must be 1 to ${longestProof} characters` },
  ]);
}
