import { createHash } from 'node:crypto';
import { loadavg } from 'node:os';
import { freeze, orderFrame, type RosterEntry } from '../src/survey/round/frame.ts';

/*
 * node --import tsx bench/draw.ts
 *
 * Frame, hash and order of 1,000,000 retailers of 4,000 managers, against hashing the same million tickets in a bare
 * loop; in turns, three rounds, processor time. Goal: at most twice the bare loop, and less than 1 GiB. Not in it:
 * storing the frame.
 */
const retailers = 1_000_000;
const managers = 4000;
const rounds = 3;

const roster = Array.from({ length: retailers }, (_, index): RosterEntry & { phoneId: string } => ({
  ...{ retailerId: String(360_100_000_000 + index * 7), managerId: `M${String(index % managers).padStart(4, '0')}` },
  ...{ stratum: 'urban', phoneId: String(index), closed: false, optedOut: false, rested: false },
}));
const seed = 'SATQ1|bench|frame|nonce:nonce|NONE';

function bareLoop(): void {
  const seedHash = createHash('sha256').update(seed).digest('hex');
  for (const { retailerId } of roster)
    BigInt(
      `0x${createHash('sha256')
        .update(seedHash + retailerId)
        .digest('hex')}`,
    ).toString();
}

function draw(): void {
  const { hash } = freeze(roster);
  const lines = orderFrame(roster, seed);
  if (hash.length !== 64 || new Set(lines.map(({ retailerId }) => retailerId)).size !== retailers)
    throw new Error('the order is not one of the whole frame');
}

function processorSeconds(work: () => void): number {
  const before = process.cpuUsage();
  work();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1e6;
}

const median = (figures: readonly number[]): number => [...figures].sort((a, b) => a - b)[figures.length >> 1] ?? 0;
const bare: number[] = [];
const whole: number[] = [];
for (let round = 0; round < rounds; round++) {
  bare.push(processorSeconds(bareLoop));
  whole.push(processorSeconds(draw));
}
const range = (figures: readonly number[]) =>
  `${median(figures).toFixed(1)} s (${Math.min(...figures).toFixed(1)}–${Math.max(...figures).toFixed(1)})`;
process.stdout.write(
  `draw of ${retailers} retailers: ${range(whole)}, bare loop ${range(bare)}, ratio ${(median(whole) / median(bare)).toFixed(1)} (goal ≤ 2), ` +
    `peak ${Math.round(process.resourceUsage().maxRSS / 1024)} MB (goal < 1024); node ${process.version}, load ${loadavg()[0]?.toFixed(1)}\n`,
);
