import { createHash } from 'node:crypto';
import { ceil, divided, type Exact, exact, least, most, parse, times } from './exact.ts';

/** Replays a draw (method §1): frame, commitments, seed, orders, who rests, who was released. */
export interface Draw {
  readonly drawId: string;
  readonly frame: string;
  readonly frameHash: string;
  readonly nonces: readonly string[];
  readonly commitments: readonly string[];
  readonly publicValue: string;
  readonly seed: string;
  readonly sharedPhones: readonly (readonly string[])[];
  readonly managers: Readonly<Record<string, ManagerDraw>>;
  readonly releases: readonly Release[];
}

export interface Release {
  readonly at: string;
  readonly kind: string;
  readonly manager: string;
  readonly ids: readonly string[];
}

export interface ManagerDraw {
  readonly frameSize: number;
  readonly released: readonly string[];
  readonly resting: readonly string[];
  readonly excluded: readonly { readonly id: string; readonly reason: string }[];
}

export interface SamplingRules {
  readonly z: string;
  readonly sigma: string;
  readonly marginOfError: string;
  readonly censusUpTo: number;
  readonly monthlyShare: string;
  readonly completionRate: { readonly default: string; readonly least: string; readonly most: string };
}

export interface FrameLine {
  readonly managerId: string;
  readonly retailerId: string;
}

const sha256 = (text: string): string => createHash('sha256').update(text, 'utf8').digest('hex');
const byBytes = (a: string, b: string): number => Buffer.compare(Buffer.from(a, 'utf8'), Buffer.from(b, 'utf8'));

/** Everything in which the draw is not what its own inputs make it; empty when it is. */
export function auditDraw(draw: Draw, rules: SamplingRules): string[] {
  const lines = linesOf(draw.frame);
  return [
    ...frameFaults(draw.frame),
    ...seedFaults(draw),
    ...managerFaults(draw, lines),
    ...sampleFaults(draw, lines, rules),
  ];
}

export const linesOf = (frame: string): FrameLine[] =>
  frame
    .split('\n')
    .slice(0, -1)
    .map((line) => {
      const [managerId = '', retailerId = ''] = line.split('|');
      return { managerId, retailerId };
    });

function frameFaults(frame: string): string[] {
  const faults: string[] = [];
  const lines = frame.split('\n');
  if (lines.pop() !== '') faults.push('the frame: its last line is not ended by a line feed');
  for (const [index, line] of lines.entries()) {
    const parts = line.split('|');
    if (parts.length !== 3 || !parts.every(isId))
      faults.push(`the frame, line ${index + 1}: not managerId|retailerId|stratum in normal form`);
    const before = lines[index - 1];
    if (before !== undefined && byBytes(before, line) >= 0)
      faults.push(`the frame, line ${index + 1}: not sorted by UTF-8 bytes`);
  }
  return [
    ...faults,
    ...twice(
      linesOf(frame).map(({ retailerId }) => retailerId),
      'the frame',
    ),
  ];
}

const isId = (text: string): boolean =>
  text === text.normalize('NFC').trim() && [...text].length >= 1 && [...text].length <= 64 && !/[|\p{Cc}]/u.test(text);

function seedFaults({ drawId, frame, frameHash, nonces, commitments, publicValue, seed }: Draw): string[] {
  const faults: string[] = [];
  if (sha256(frame) !== frameHash) faults.push('the frame hash is not the SHA-256 of the frame');
  for (const [index, nonce] of nonces.entries()) {
    if (!/^[0-9a-f]{64}$/.test(nonce)) faults.push(`nonce ${index + 1} is not 64 lower-case hexadecimal characters`);
    if (sha256(nonce) !== commitments[index]) faults.push(`commitment ${index + 1} is not the SHA-256 of its nonce`);
  }
  if (commitments.length !== nonces.length)
    faults.push(`${commitments.length} commitments for ${nonces.length} nonces`);
  if (nonces.length < (publicValue === 'NONE' ? 2 : 1)) faults.push('too few nonces for a draw that nobody steers');
  if (seed !== ['SATQ1', drawId, frameHash, nonces.join(':'), publicValue].join('|'))
    faults.push('the seed is not made of draw id, frame hash, nonces and public value');
  return faults;
}

const reasons: readonly string[] = ['no-phone', 'opted-out', 'closed'];

/** Who is in whose frame, and who is outside and why. */
function managerFaults({ managers }: Draw, lines: readonly FrameLine[]): string[] {
  const inFrame = new Set(lines.map(({ retailerId }) => retailerId));
  const framed = [...new Set(lines.map(({ managerId }) => managerId))];
  const excluded = Object.values(managers).flatMap((manager) => manager.excluded);
  return [
    ...framed.filter((id) => !managers[id]).map((id) => `${id} is in the frame and not among the managers`),
    ...Object.entries(managers).flatMap(([id, { frameSize }]) => {
      const size = lines.filter(({ managerId }) => managerId === id).length;
      return size === frameSize ? [] : [`${id}: frame size ${frameSize}, the frame has ${size} lines of his`];
    }),
    ...excluded.flatMap(({ id, reason }) => [
      ...(reasons.includes(reason) ? [] : [`${id} is excluded for ${JSON.stringify(reason)}, which is no reason`]),
      ...(inFrame.has(id) ? [`${id} is excluded and in the frame`] : []),
    ]),
    ...twice(
      excluded.map(({ id }) => id),
      'the excluded',
    ),
  ];
}

function sampleFaults(draw: Draw, lines: readonly FrameLine[], rules: SamplingRules): string[] {
  const order = inOrder(
    draw.seed,
    lines.map(({ retailerId }) => retailerId),
  );
  const place = new Map(order.map((id, index) => [id, index]));
  const resting = restingOf(draw.sharedPhones, place);
  const managerOf = new Map(lines.map(({ managerId, retailerId }) => [retailerId, managerId]));
  return [
    ...groupFaults(draw.sharedPhones, place),
    ...Object.entries(draw.managers).flatMap(([id, manager]) => {
      const own = order.filter((retailer) => managerOf.get(retailer) === id);
      return [
        ...restingFaults(
          id,
          manager.resting,
          own.filter((retailer) => resting.has(retailer)),
        ),
        ...releasedFaults(id, manager.released, own, resting, rules),
        ...waveFaults(id, manager, draw.releases, own, resting, rules),
      ];
    }),
  ];
}

/** Tickets ascending, ties by UTF-8 bytes of the id. */
export function inOrder(seed: string, ids: readonly string[]): string[] {
  const h0 = sha256(seed);
  return ids
    .map((id) => ({ id, ticket: ticketOf(h0, id) }))
    .sort((a, b) => (a.ticket === b.ticket ? byBytes(a.id, b.id) : a.ticket < b.ticket ? -1 : 1))
    .map(({ id }) => id);
}

function ticketOf(h0: string, id: string): string {
  const digits = BigInt(`0x${sha256(h0 + id)}`).toString(10);
  return `0.${[...digits.padStart(64, '0')].reverse().join('')}`;
}

/** In a first round nobody rests from an earlier one: only those whose phone also reaches somebody with a lower ticket. */
function restingOf(groups: Draw['sharedPhones'], place: ReadonlyMap<string, number>): Set<string> {
  const at = (id: string) => place.get(id) ?? 0;
  return new Set(groups.flatMap((group) => [...group].sort((a, b) => at(a) - at(b)).slice(1)));
}

const groupFaults = (groups: Draw['sharedPhones'], place: ReadonlyMap<string, number>): string[] => [
  ...groups.filter(({ length }) => length < 2).map((group) => `one phone shared by ${group.length}: ${group.join()}`),
  ...groups.flat().flatMap((id) => (place.has(id) ? [] : [`${id} shares a phone and is not in the frame`])),
  ...twice(groups.flat(), 'those who share phones'),
];

function restingFaults(manager: string, stated: readonly string[], due: readonly string[]): string[] {
  return [
    ...due
      .filter((id) => !stated.includes(id))
      .map((id) => `${manager}: ${id} should rest (shared phone) and does not`),
    ...stated.filter((id) => !due.includes(id)).map((id) => `${manager}: ${id} rests without a reason`),
    ...twice(stated, `${manager}, resting`),
  ];
}

function releasedFaults(
  manager: string,
  released: readonly string[],
  order: readonly string[],
  resting: ReadonlySet<string>,
  rules: SamplingRules,
): string[] {
  const available = order.filter((id) => !resting.has(id));
  const cap = Number(sizes(order.length, rules).cap);
  const wrong = released.findIndex((id, index) => available[index] !== id);
  return [
    ...(released.length > cap ? [`${manager}: ${released.length} released, the month's cap is ${cap}`] : []),
    ...(wrong < 0
      ? []
      : [
          `${manager}: the order has ${available[wrong]} in place ${wrong + 1} of those released, not ${released[wrong]}`,
        ]),
    ...released.filter((id) => !order.includes(id)).map((id) => `${manager}: ${id} is released and not in his frame`),
    ...released.filter((id) => resting.has(id)).map((id) => `${manager}: ${id} rests and is released`),
    ...twice(released, `${manager}, released`),
  ];
}

/** The log says how those released came to be so: at most three waves, the first of the size that the rules give. */
function waveFaults(
  manager: string,
  { released }: ManagerDraw,
  releases: readonly Release[],
  order: readonly string[],
  resting: ReadonlySet<string>,
  rules: SamplingRules,
): string[] {
  const log = releases.filter((release) => release.manager === manager);
  const size = firstWave(order.length, order.filter((id) => resting.has(id)).length, rules);
  const first = log[0]?.ids.length ?? 0;
  return [
    ...(first === size ? [] : [`${manager}: the first wave is of ${first} and should be of ${size}`]),
    ...(log.length > 3 ? [`${manager}: ${log.length} waves`] : []),
    ...log.filter(({ kind }) => kind !== 'wave').map(({ kind }) => `${manager}: a ${kind} that nobody asked for`),
    ...log
      .slice(1)
      .flatMap(({ at }, index) => (at > (log[index]?.at ?? '') ? [] : [`${manager}: waves out of order in time`])),
    ...(log.flatMap(({ ids }) => ids).join() === released.join()
      ? []
      : [`${manager}: the log has others than those released`]),
  ];
}

/** How many are released at the start of a first round, where no response rate is known yet. */
export function firstWave(frameSize: number, resting: number, rules: SamplingRules, rate?: string): number {
  const { target, cap } = sizes(frameSize, rules);
  const available = BigInt(frameSize - resting);
  if (frameSize <= rules.censusUpTo) return Number(available);
  const { completionRate: limits } = rules;
  const r = most(least(parse(rate ?? limits.default), parse(limits.most)), parse(limits.least));
  const wanted = ceil(divided(exact(target), r));
  return Number([wanted, cap, available].reduce((a, b) => (a < b ? a : b)));
}

/** Target of completes q = min(N, ⌈(z·σ/E)²⌉), and the cap of a month. */
export function sizes(frameSize: number, rules: SamplingRules): { target: bigint; cap: bigint } {
  const n = BigInt(frameSize);
  const root: Exact = divided(times(parse(rules.z), parse(rules.sigma)), parse(rules.marginOfError));
  const needed = ceil(times(root, root));
  const cap = frameSize <= rules.censusUpTo ? n : ceil(times(exact(n), parse(rules.monthlyShare)));
  return { target: needed < n ? needed : n, cap };
}

/** Which stand in a list more than once. */
export const twice = (ids: readonly string[], where: string): string[] =>
  [...new Set(ids.filter((id, index) => ids.indexOf(id) !== index))].map((id) => `${where}: ${id} is there twice`);
