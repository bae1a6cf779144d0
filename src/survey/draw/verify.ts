import { chosenUnder } from '../desk/chosen.ts';
import type { DrawBundle, LoggedRelease, ManagerDraw } from './bundle.ts';
import { byUtf8, faultOfId, normaliseId } from './identifier.ts';
import { commitmentOf, type FrameEntry, order, seedOf, sha256hex } from './satq1.ts';
import { monthlyCap, spotCheckCap } from './sizes.ts';

/**
 * Replays a draw from its bundle and names everything in which the two differ (method §1). Pure: whoever holds the
 * bundle needs no database and no trust in whoever wrote it.
 *
 * What a bundle cannot show: whether the frame was complete (the roster shows that), whether those who rest from an
 * earlier round really were released in it (that round's bundle shows it), and whether a wave was as large as the
 * responses of that day asked for (only that it kept within its cap).
 */
export interface Finding {
  readonly where: string;
  readonly message: string;
}

const finding = (where: string, message: string): Finding => ({ where, message });

/** Everything that is wrong, in the order of the protocol; empty when the draw is what its own inputs make it. */
export function verifyDraw(bundle: DrawBundle): Finding[] {
  const frame = readFrame(bundle.frame);
  const replay = replayDraw(bundle, frame.entries);
  return [
    ...frame.findings,
    ...seedFindings(bundle),
    ...sharedPhoneFindings(bundle, replay),
    ...excludedFindings(bundle, replay),
    ...strangersInTheLog(bundle),
    ...Object.entries(bundle.managers).flatMap(([managerId, manager]) => [
      ...frameSizeFindings(managerId, manager, replay),
      ...restingFindings(managerId, manager, replay),
      ...releaseFindings(managerId, manager, bundle, replay),
    ]),
    ...missingManagers(bundle, replay),
    ...deskFindings(bundle),
    ...visitFindings(bundle, replay),
  ];
}

// ── The frame ───────────────────────────────────────────────────────────────────────────────────────────────────────

function readFrame(text: string): { entries: FrameEntry[]; findings: Finding[] } {
  const lines = text.split('\n');
  const findings: Finding[] = [];
  if (lines.pop() !== '') findings.push(finding('frame', '最后一行没有以换行结束 · its last line is not ended by LF'));
  const seen = new Map<string, number>();
  const entries = lines.map((line, index) => {
    const where = `frame, line ${index + 1}`;
    const before = lines[index - 1];
    if (before !== undefined && byUtf8(before, line) >= 0)
      findings.push(
        finding(where, '没有按 UTF-8 字节排在上一行之后 · does not sort after the line before by UTF-8 bytes'),
      );
    const parts = line.split('|');
    const [managerId = '', retailerId = '', stratum = ''] = parts;
    const fault = parts.length === 3 ? parts.map(faultOfPart).find((each) => each !== null) : 'not three columns';
    if (fault)
      findings.push(
        finding(where, `应为 managerId|retailerId|stratum · must be managerId|retailerId|stratum, and it ${fault}`),
      );
    const twin = seen.get(retailerId);
    if (twin !== undefined)
      findings.push(finding(where, `${retailerId} 与第 ${twin} 行重复 · is in line ${twin} as well`));
    else seen.set(retailerId, index + 1);
    return { managerId, retailerId, stratum };
  });
  return { entries, findings };
}

const faultOfPart = (part: string): string | null =>
  normaliseId(part) === part ? faultOfId(part) : `has ${JSON.stringify(part)}, which is not in normal form 未规范化`;

// ── Commitments, hash, seed ─────────────────────────────────────────────────────────────────────────────────────────

function seedFindings(bundle: DrawBundle): Finding[] {
  const { drawId, frame, frameHash, nonces, commitments, publicValue, seed, operatorTrusted = false } = bundle;
  const needed = publicValue === 'NONE' && !operatorTrusted ? 2 : 1;
  return [
    ...when(
      nonces.length < needed,
      'nonces',
      `少于规程要求的 ${needed} 个 · fewer than the ${needed} the protocol asks for`,
    ),
    ...when(
      nonces.length !== commitments.length,
      'commitments',
      `${commitments.length} 个指纹对 ${nonces.length} 个随机数 · ${commitments.length} commitments for ${nonces.length} nonces`,
    ),
    ...nonces.flatMap((nonce, index) => [
      ...when(
        !/^[0-9a-f]{64}$/.test(nonce),
        `nonce ${index + 1}`,
        '应为 64 个小写十六进制字符 · must be 64 lowercase hexadecimal characters',
      ),
      ...when(
        commitments[index] !== undefined && commitments[index] !== commitmentOf(nonce),
        `nonce ${index + 1}`,
        '与事先公布的指纹不符 · is not the one that was committed to',
      ),
    ]),
    ...when(
      sha256hex(frame) !== frameHash,
      'frameHash',
      `不是抽样框的指纹 · is not the SHA-256 of the frame, which is ${sha256hex(frame)}`,
    ),
    ...when(
      seedOf({ drawId, frameHash, nonces, publicValue }) !== seed,
      'seed',
      '不是由轮次、抽样框指纹、随机数和公共值组成 · is not made of draw id, frame hash, nonces and public value',
    ),
  ];
}

const when = (wrong: boolean, where: string, message: string): Finding[] => (wrong ? [finding(where, message)] : []);

// ── Orders, and who rests ───────────────────────────────────────────────────────────────────────────────────────────

interface Replay {
  /** Place in the city order, by retailer. */
  readonly place: ReadonlyMap<string, number>;
  readonly managerOf: ReadonlyMap<string, string>;
  /** Each manager's order. */
  readonly orders: ReadonlyMap<string, readonly string[]>;
}

function replayDraw({ seed }: DrawBundle, entries: readonly FrameEntry[]): Replay {
  const managerOf = new Map(entries.map(({ managerId, retailerId }) => [retailerId, managerId]));
  const city = order(seed, managerOf.keys());
  const orders = new Map<string, string[]>();
  for (const retailerId of city) {
    const managerId = managerOf.get(retailerId) ?? '';
    const own = orders.get(managerId);
    if (own) own.push(retailerId);
    else orders.set(managerId, [retailerId]);
  }
  return { place: new Map(city.map((retailerId, place) => [retailerId, place])), managerOf, orders };
}

/** If one of a phone's shops rests from an earlier round, all rest; else all but the one with the lowest ticket. */
function sharedPhoneFindings({ sharedPhones, managers }: DrawBundle, { place }: Replay): Finding[] {
  const resting = new Set(Object.values(managers).flatMap((manager) => manager.resting));
  return [
    ...repeated(sharedPhones.flat()).map((id) => finding('sharedPhones', `${id} 出现两次 · ${id} is there twice`)),
    ...sharedPhones.flatMap((group, index) => {
      const where = `sharedPhones, group ${index + 1}`;
      const strangers = group.filter((id) => !place.has(id));
      const [lowest, ...others] = [...group].sort((a, b) => (place.get(a) ?? 0) - (place.get(b) ?? 0));
      return [
        ...when(group.length < 2, where, '不足两户 · is of fewer than two'),
        ...strangers.map((id) => finding(where, `${id} 不在抽样框内 · ${id} is not in the frame`)),
        ...others
          .filter((id) => !resting.has(id))
          .map((id) =>
            finding(
              where,
              `${id} 应轮休，因为 ${lowest} 同号且在前 · ${id} must rest: ${lowest} is before it on the same phone`,
            ),
          ),
      ];
    }),
  ];
}

function restingFindings(managerId: string, { resting }: ManagerDraw, { managerOf }: Replay): Finding[] {
  const where = `manager ${managerId}, resting`;
  return [
    ...repeated(resting).map((id) => finding(where, `${id} 出现两次 · ${id} is there twice`)),
    ...resting
      .filter((id) => managerOf.get(id) !== managerId)
      .map((id) => finding(where, `${id} 不在其抽样框内 · ${id} is not in his frame`)),
  ];
}

// ── Managers and the excluded ───────────────────────────────────────────────────────────────────────────────────────

function frameSizeFindings(managerId: string, { frameSize }: ManagerDraw, { orders }: Replay): Finding[] {
  const size = orders.get(managerId)?.length ?? 0;
  return when(
    size !== frameSize,
    `manager ${managerId}`,
    `frameSize 写 ${frameSize}，抽样框内有 ${size} 户 · frameSize is ${frameSize}, and the frame has ${size} lines of his`,
  );
}

const missingManagers = ({ managers }: DrawBundle, { orders }: Replay): Finding[] =>
  [...orders.keys()]
    .filter((managerId) => managers[managerId] === undefined)
    .map((managerId) => finding(`manager ${managerId}`, '在抽样框内却没有列出 · is in the frame and not listed'));

const exclusionReasons: readonly string[] = ['no-phone', 'opted-out', 'closed'];

function excludedFindings({ managers }: DrawBundle, { place }: Replay): Finding[] {
  const excluded = Object.entries(managers).flatMap(([managerId, manager]) =>
    manager.excluded.map((line) => ({ where: `manager ${managerId}, excluded`, ...line })),
  );
  return [
    ...repeated(excluded.map(({ id }) => id)).map((id) => finding('excluded', `${id} 出现两次 · ${id} is there twice`)),
    ...excluded.flatMap(({ where, id, reason }) => [
      ...when(place.has(id), where, `${id} 又在抽样框内 · ${id} is in the frame as well`),
      ...when(
        !exclusionReasons.includes(reason),
        where,
        `${id} 的原因 ${JSON.stringify(reason)} 不成立 · ${JSON.stringify(reason)} is no reason to leave ${id} out`,
      ),
    ]),
  ];
}

const repeated = (ids: readonly string[]): string[] => {
  const seen = new Set<string>();
  const twice = new Set<string>();
  for (const id of ids) (seen.has(id) ? twice : seen).add(id);
  return [...twice];
};

// ── What was released ───────────────────────────────────────────────────────────────────────────────────────────────

const strangersInTheLog = ({ managers, releases }: DrawBundle): Finding[] =>
  [...new Set(releases.map(({ manager }) => manager))]
    .filter((managerId) => managers[managerId] === undefined)
    .map((managerId) => finding('releases', `没有客户经理 ${managerId} · there is no manager ${managerId}`));

function releaseFindings(managerId: string, manager: ManagerDraw, bundle: DrawBundle, replay: Replay): Finding[] {
  const log = bundle.releases.filter((release) => release.manager === managerId);
  const resting = new Set(manager.resting);
  const available = (replay.orders.get(managerId) ?? []).filter((id) => !resting.has(id));
  return [
    ...timeFindings(managerId, log),
    ...gapFindings(managerId, log, available, resting, replay),
    ...unionFindings(managerId, manager, log, available),
    ...capFindings(managerId, manager, log, bundle),
  ];
}

const placeInLog = (managerId: string, index: number): string => `manager ${managerId}, release ${index + 1}`;

function timeFindings(managerId: string, log: readonly LoggedRelease[]): Finding[] {
  return log.flatMap(({ at }, index) => {
    const before = log[index - 1];
    return when(
      before !== undefined && Date.parse(at) < Date.parse(before.at),
      placeInLog(managerId, index),
      `时间 ${at} 早于前一次 · its time ${at} is before that of the one before`,
    );
  });
}

/** Waves go on from the front, spot checks from the back, neither leaving anybody out but those who rest. */
function gapFindings(
  managerId: string,
  log: readonly LoggedRelease[],
  available: readonly string[],
  resting: ReadonlySet<string>,
  replay: Replay,
): Finding[] {
  let front = 0;
  let back = available.length;
  return log.flatMap(({ kind, ids }, index) => {
    const left = Math.max(back - front, 0);
    const due =
      kind === 'wave'
        ? available.slice(front, front + ids.length)
        : available.slice(Math.max(back - ids.length, 0), back).reverse();
    if (kind === 'wave') front += ids.length;
    else back -= ids.length;
    const where = placeInLog(managerId, index);
    if (ids.length > left)
      return [finding(where, `取了 ${ids.length} 户，只剩 ${left} 户 · takes ${ids.length} where ${left} were left`)];
    // A spot check may also be written in the direction of the order.
    if (kind === 'spot-check' && same(ids, due.toReversed())) return [];
    const wrong = ids.findIndex((id, at) => id !== due[at]);
    return wrong < 0
      ? []
      : [finding(where, whyWrong(managerId, ids[wrong] ?? '', due[wrong] ?? '', wrong, resting, replay))];
  });
}

function whyWrong(
  managerId: string,
  found: string,
  due: string,
  index: number,
  resting: ReadonlySet<string>,
  { managerOf }: Replay,
): string {
  const owner = managerOf.get(found);
  if (owner === undefined) return `${found} 不在抽样框内 · ${found} is not in the frame`;
  if (owner !== managerId) return `${found} 属于 ${owner} · ${found} is of manager ${owner}`;
  if (resting.has(found)) return `${found} 在轮休 · ${found} rests`;
  return `第 ${index + 1} 户应为 ${due}，不是 ${found} · number ${index + 1} must be ${due} by the order, not ${found}`;
}

function unionFindings(
  managerId: string,
  { released }: ManagerDraw,
  log: readonly LoggedRelease[],
  available: readonly string[],
): Finding[] {
  const logged = log.flatMap(({ ids }) => ids);
  const inLog = new Set(logged);
  // As they were taken, or as the order has them.
  if (same(released, logged)) return [];
  const listed = available.filter((id) => inLog.has(id));
  if (listed.length === logged.length && same(released, listed)) return [];
  const where = `manager ${managerId}, released`;
  const inList = new Set(released);
  const findings = [
    ...released
      .filter((id) => !inLog.has(id))
      .map((id) => finding(where, `${id} 没有记入释放日志 · ${id} is in no release`)),
    ...logged
      .filter((id) => !inList.has(id))
      .map((id) => finding(where, `缺少 ${id} · lacks ${id}, which was released`)),
    ...repeated(released).map((id) => finding(where, `${id} 出现两次 · ${id} is there twice`)),
  ];
  return findings.length > 0
    ? findings
    : [finding(where, '次序与释放日志不符 · is not in the order of the release log')];
}

const same = (some: readonly string[], others: readonly string[]): boolean =>
  some.length === others.length && some.every((id, index) => id === others[index]);

function capFindings(
  managerId: string,
  { frameSize }: ManagerDraw,
  log: readonly LoggedRelease[],
  { rules }: DrawBundle,
): Finding[] {
  if (!rules) return [];
  const waves = log.filter(({ kind }) => kind === 'wave');
  const taken = (kind: LoggedRelease['kind']) =>
    log.reduce((sum, release) => sum + (release.kind === kind ? release.ids.length : 0), 0);
  const cap = monthlyCap(frameSize, rules.sampling);
  const spotCap = spotCheckCap(frameSize, rules.sampling);
  const where = `manager ${managerId}`;
  return [
    ...when(
      taken('wave') > cap,
      where,
      `各批共 ${taken('wave')} 户，上限 ${cap} · waves took ${taken('wave')}, the cap is ${cap}`,
    ),
    ...when(
      taken('spot-check') > spotCap,
      where,
      `抽查共 ${taken('spot-check')} 户，上限 ${spotCap} · spot checks took ${taken('spot-check')}, the cap is ${spotCap}`,
    ),
    ...when(
      waves.length > rules.sampling.waves,
      where,
      `${waves.length} 批，最多 ${rules.sampling.waves} 批 · ${waves.length} waves, at most ${rules.sampling.waves}`,
    ),
  ];
}

// ── Whom people call ────────────────────────────────────────────────────────────────────────────────────────────────

/** Whoever is chosen among the silent, and for a recheck, is chosen by the seed: nobody more and nobody less. */
function deskFindings({ desk, seed, releases }: DrawBundle): Finding[] {
  if (!desk) return [];
  const shares = { silent: shareOf(desk.silentShare), recheck: shareOf(desk.recheckShare) };
  const chosen = chosenUnder(seed, shares);
  const owed = new Set(desk.notRated);
  const released = releases.flatMap(({ manager, ids }) => ids.map((id) => ({ id, owed: owed.has(manager) })));
  const expected = {
    silent: released.filter((one) => !one.owed && chosen(one.id).ifSilent).map(({ id }) => id),
    recheck: released.filter(({ id }) => chosen(id).recheck).map(({ id }) => id),
  };
  return (['silent', 'recheck'] as const).flatMap((part) => {
    const [listed, due] = [new Set(desk[part]), new Set(expected[part])];
    return [
      ...desk[part]
        .filter((id) => !due.has(id))
        .map((id) => finding(`desk, ${part}`, `${id} 不是抽中的 · ${id} was not chosen by the seed`)),
      ...expected[part]
        .filter((id) => !listed.has(id))
        .map((id) => finding(`desk, ${part}`, `抽中的 ${id} 不在其中 · ${id} was chosen and is not among them`)),
    ];
  });
}

function shareOf(text: string): number {
  const [numerator = 0, denominator = 1] = text.split('/').map(Number);
  return numerator / denominator;
}

// ── Market visits ───────────────────────────────────────────────────────────────────────────────────────────────────

/** Each takes the last of the manager's order that had no visit yet, and leaves out nobody on the way. */
function visitFindings({ visits }: DrawBundle, { orders }: Replay): Finding[] {
  if (!visits) return [];
  const visited = new Set(visits.before);
  return visits.drawn.flatMap(({ manager, ids }, index) => {
    const left = (orders.get(manager) ?? []).toReversed().filter((id) => !visited.has(id));
    const wrong = ids.findIndex((id, at) => id !== left[at]);
    for (const id of ids) visited.add(id);
    return when(
      wrong >= 0,
      `visits, draw ${index + 1}, manager ${manager}`,
      `第 ${wrong + 1} 户应为 ${left[wrong] ?? '—'}，不是 ${ids[wrong]} · number ${wrong + 1} must be ${left[wrong] ?? '—'} by the order, not ${ids[wrong]}`,
    );
  });
}
