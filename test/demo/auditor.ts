import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { argv } from 'node:process';
import { pathToFileURL } from 'node:url';
import { auditCalls, byPhone, type ContactRules, doubleCalls, readCalls } from './audit/calls.ts';
import { canonical } from './audit/canonical.ts';
import { auditDraw, type Draw, type SamplingRules } from './audit/draw.ts';
import { compare, exact, parse, times, written } from './audit/exact.ts';
import { type Rules, type ScoreInput, type Scores, scoresOf } from './audit/scores.ts';

/**
 * An auditor who trusts nobody: recomputes a round from its bundle and tells every place where the two differ. It
 * follows the method's text and shares no line with the program that it checks (nothing of src/ is imported here or
 * below audit/), so that the same mistake must be made twice to go unseen.
 *
 *   node --import tsx test/demo/auditor.ts DIR     prints what it finds; exit status 1 if that is anything
 *
 * What it cannot know: the number of texts, the seconds, why a retailer is outside the frame, who asked for an
 * appointment (so everybody may have been called six times), and which of a manager's cases got which disposition.
 */
export function audit(folder: string): string[] {
  const read = <T>(name: string, parseText: (text: string) => T): T | string => {
    try {
      return parseText(readFileSync(join(folder, name), 'utf8'));
    } catch (error) {
      return `${name} cannot be read: ${(error as Error).message}`;
    }
  };
  const json = <T>(name: string) => read(name, (text) => JSON.parse(text) as T);
  const parts = {
    summary: json<Summary>('summary.json'),
    draw: json<Draw>('draw.json'),
    input: json<Input>('score-input.json'),
    publication: json<Publication>('publication.json'),
    publicationText: read('publication.json', (text) => ({ text })),
    calls: read('calls.jsonl', readCalls),
  };
  const unreadable = Object.values(parts).filter((part) => typeof part === 'string');
  return unreadable.length > 0 ? [...new Set(unreadable)] : auditParts(parts as Bundle);
}

interface Summary {
  readonly managers: number;
  readonly retailers: number;
  readonly released: number;
  readonly calls: number;
  readonly responses: number;
  readonly dispositions: Readonly<Record<string, number>>;
  readonly doubleCalls: number;
}

interface Input extends ScoreInput {
  readonly rules: Rules & { readonly sampling: SamplingRules; readonly contact: ContactRules };
}

interface Publication {
  readonly drawId: string;
  readonly rules: unknown;
  readonly cityMean: string | null;
  readonly withinVariance: string | null;
  readonly previousHash: string | null;
  readonly managers: readonly PublishedManager[];
  readonly hash: string;
}

interface PublishedManager {
  readonly id: string;
  readonly badNumberShare: string;
  readonly fieldwork: {
    readonly rr1: string | null;
    readonly rr2: string | null;
    readonly channels: Readonly<Record<string, number>>;
    readonly badNumberShare: string | null;
    readonly optOutShare: string | null;
  };
}

interface Bundle {
  readonly summary: Summary;
  readonly draw: Draw;
  readonly input: Input;
  readonly publication: Publication;
  readonly publicationText: { readonly text: string };
  readonly calls: ReturnType<typeof readCalls>;
}

/** One part that is not even of its form does not keep the others from being audited. */
function auditParts(bundle: Bundle): string[] {
  const { draw, input, calls } = bundle;
  const checks: Readonly<Record<string, () => string[]>> = {
    'draw.json': () => auditDraw(draw, input.rules.sampling),
    'score-input.json': () => inputFaults(bundle),
    'publication.json': () => publicationFaults(bundle),
    'summary.json': () => summaryFaults(bundle),
    'calls.jsonl': () => [...auditCalls(calls, input.rules.contact), ...callFaults(bundle)],
  };
  return Object.entries(checks).flatMap(([name, check]) => {
    try {
      return check().map((fault) => `${name}: ${fault}`);
    } catch (error) {
      return [`${name}: cannot be audited: ${(error as Error).message}`];
    }
  });
}

const differs = (what: string, found: unknown, expected: unknown): string[] =>
  canonical(found) === canonical(expected)
    ? []
    : [`${what} is ${JSON.stringify(found)} and should be ${JSON.stringify(expected)}`];

const total = (counts: readonly number[]): number => counts.reduce((a, b) => a + b, 0);
const releasedBy = ({ managers }: Draw, id: string): number => managers[id]?.released.length ?? 0;
const isCount = (value: unknown): boolean => Number.isInteger(value) && Number(value) >= 0;

/** What is scored is what was drawn and asked. */
function inputFaults({ draw, input, summary }: Bundle): string[] {
  const ids = input.managers.map(({ id }) => id);
  return [
    ...Object.keys(draw.managers)
      .filter((id) => !ids.includes(id))
      .map((id) => `${id} was drawn and is not scored`),
    ...input.managers.flatMap((manager) => {
      const { id, frameSize, ratings = {}, badNumberShare = '' } = manager;
      const released = releasedBy(draw, id);
      const counts = Object.values(ratings);
      const responses = total(counts);
      return [
        ...differs(`${id}: the frame size`, frameSize, draw.managers[id]?.frameSize ?? 0),
        ...differs(`${id}: the ratings`, Object.keys(ratings).sort(), ['1', '2', '3', '4', '5']),
        ...(counts.every(isCount) ? [] : [`${id}: rating counts are not whole numbers`]),
        ...(responses > released ? [`${id}: ${responses} responses of ${released} released`] : []),
        ...(casesOf(badNumberShare, released) === null
          ? [`${id}: a bad-number share of ${badNumberShare} cannot be of ${released} released`]
          : []),
      ];
    }),
    ...differs(
      'the sum of ratings',
      total(input.managers.flatMap(({ ratings = {} }) => Object.values(ratings))),
      summary.responses,
    ),
    ...differs(
      'the number of bad numbers by their shares',
      total(input.managers.map(({ id, badNumberShare = '0' }) => casesOf(badNumberShare, releasedBy(draw, id)) ?? 0)),
      summary.dispositions['bad-number'] ?? 0,
    ),
  ];
}

/** How many cases a share of those released is; null where it is no whole number of them. */
function casesOf(share: string | null, released: number): number | null {
  if (share === null) return released === 0 ? 0 : null;
  const { over, under } = times(parse(share), exact(released));
  const cases = over / under;
  return over % under === 0n && cases >= 0n && cases <= BigInt(released) ? Number(cases) : null;
}

/** The published figures are those of the input, the hash is that of the document, and the field's shares add up. */
function publicationFaults({ draw, input, publication, publicationText: { text }, summary }: Bundle): string[] {
  const { hash, ...content } = publication;
  const scores = scoresOf(input);
  return [
    ...differs('the hash', hash, createHash('sha256').update(canonical(content), 'utf8').digest('hex')),
    ...(text === canonical(publication) ? [] : ['the document is not canonical JSON']),
    ...differs('the hash of the publication before the first', publication.previousHash, null),
    ...differs('the draw', publication.drawId, draw.drawId),
    ...(canonical(publication.rules) === canonical(input.rules) ? [] : ['its rules are not those of score-input.json']),
    ...scoreFaults(publication, scores),
    ...fieldworkFaults(publication, draw, input, summary),
  ];
}

function scoreFaults(publication: Publication, scores: Scores): string[] {
  const { cityMean, withinVariance, managers } = publication;
  const variance = withinVariance === null ? null : parse(withinVariance);
  const expected = scores.withinVariance;
  return [
    ...differs('the city mean', cityMean, scores.cityMean),
    ...(variance === expected || (variance && expected && compare(variance, expected) === 0)
      ? []
      : [`the variance within managers is ${withinVariance} and should be ${expected && written(expected)}`]),
    ...differs(
      'the list of managers',
      managers.map(({ id }) => id),
      scores.managers.map(({ id }) => id),
    ),
    ...scores.managers.flatMap((manager) => {
      const found: Readonly<Record<string, unknown>> = { ...managers.find(({ id }) => id === manager.id) };
      return Object.entries(manager).flatMap(([field, value]) =>
        differs(`${manager.id}: ${field}`, found[field], value),
      );
    }),
  ];
}

function fieldworkFaults({ managers }: Publication, draw: Draw, input: Input, { dispositions }: Summary): string[] {
  const { complete = 0, partial = 0, 'opted-out': optedOut = 0 } = dispositions;
  const countedBy = (share: (manager: PublishedManager) => string | null) =>
    total(managers.map((manager) => casesOf(share(manager), releasedBy(draw, manager.id)) ?? Number.NaN));
  return [
    ...differs(
      'completes by RR1',
      countedBy(({ fieldwork }) => fieldwork.rr1),
      complete,
    ),
    ...differs(
      'completes and partials by RR2',
      countedBy(({ fieldwork }) => fieldwork.rr2),
      complete + partial,
    ),
    ...differs(
      'opt-outs by their shares',
      countedBy(({ fieldwork }) => fieldwork.optOutShare),
      optedOut,
    ),
    ...managers.flatMap(({ id, badNumberShare, fieldwork }) => {
      const { ratings = {}, badNumberShare: share = '' } = input.managers.find((one) => one.id === id) ?? {};
      const released = releasedBy(draw, id);
      return [
        ...differs(
          `${id}: responses over all channels`,
          total(Object.values(fieldwork.channels)),
          total(Object.values(ratings)),
        ),
        ...differs(`${id}: bad numbers`, casesOf(badNumberShare, released), casesOf(share, released)),
        ...differs(
          `${id}: bad numbers in the field`,
          casesOf(fieldwork.badNumberShare, released),
          casesOf(share, released),
        ),
      ];
    }),
  ];
}

/** Method §2. */
const dispositionNames: readonly string[] = [
  ...['complete', 'partial', 'opted-out', 'refused', 'broke-off', 'appointment', 'silent', 'rejected', 'busy'],
  ...['no-answer', 'voicemail', 'screened', 'sms-silent', 'blocked', 'technical', 'bad-number', 'language', 'unable'],
  ...['not-eligible', 'never-attempted'],
];

function summaryFaults({ draw, input, summary }: Bundle): string[] {
  const drawn = Object.values(draw.managers);
  const { dispositions } = summary;
  const excluded = drawn.flatMap((manager) => manager.excluded).length;
  return [
    ...differs('managers', summary.managers, input.managers.length),
    ...differs('retailers', summary.retailers, total(drawn.map(({ frameSize }) => frameSize)) + excluded),
    ...differs('released', summary.released, total(drawn.map(({ released }) => released.length))),
    ...differs('the sum of dispositions', total(Object.values(dispositions)), summary.released),
    ...differs('responses', summary.responses, (dispositions.complete ?? 0) + (dispositions.partial ?? 0)),
    ...Object.entries(dispositions).flatMap(([name, cases]) => [
      ...(dispositionNames.includes(name) ? [] : [`${name} is no disposition`]),
      ...(isCount(cases) ? [] : [`${name} is of ${cases} cases`]),
    ]),
    ...differs('never-attempted', dispositions['never-attempted'] ?? 0, 0),
  ];
}

function callFaults({ calls, summary, draw }: Bundle): string[] {
  const double = doubleCalls(calls);
  const phones = byPhone(calls).size;
  const released = total(Object.values(draw.managers).map((manager) => manager.released.length));
  // Whoever opted out over another shop's phone after the freeze was released and never dialled.
  const mustHaveBeenCalled = released - (summary.dispositions['opted-out'] ?? 0);
  return [
    ...differs('the number of calls', calls.length, summary.calls),
    ...(double === 0 ? [] : [`${double} double calls`]),
    ...differs('double calls, by summary.json,', summary.doubleCalls, double),
    ...(phones > released ? [`${phones} phones were called for ${released} released`] : []),
    ...(phones < mustHaveBeenCalled ? [`only ${phones} phones were called of ${released} released`] : []),
  ];
}

if (argv[1] && import.meta.url === pathToFileURL(argv[1]).href) {
  const folders = argv.slice(2);
  const findings = folders.length === 1 ? audit(folders[0] ?? '') : ['usage: auditor.ts DIR'];
  for (const finding of findings) process.stdout.write(`${finding}\n`);
  if (findings.length === 0) process.stdout.write(`${folders[0]}: every order, score, rank, sum and call agrees\n`);
  process.exitCode = findings.length > 0 ? 1 : 0;
}
