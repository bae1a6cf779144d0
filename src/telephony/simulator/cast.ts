import { readFileSync } from 'node:fs';
import { type Document, isMap, isScalar, LineCounter, parseDocument } from 'yaml';
import { z } from 'zod';
import { BadInput, type Fault } from '../../platform/errors.ts';
import { understand } from './asked.ts';
import { callFaults, type FaultShares, type Mischief, mischief, orderFaults } from './mischief.ts';
import type { Counts, Heard, Person, Reaction, Ring } from './person.ts';
import {
  asPerson,
  isLandline,
  KINDS,
  type Kind,
  machineOf,
  type Persona,
  retailers,
  type Weights,
} from './personas.ts';

/**
 * Who is on the lines and what goes wrong, from a file: shares of kinds of people and of faults, and, number by number,
 * what exactly somebody does. JSON or YAML. `example-cast.yaml` shows all of it.
 */
const names = <Name extends string>(list: readonly Name[]) => z.enum(list as [Name, ...Name[]]);
const share = z.number().min(0).max(1);
const seconds = z.number().min(0).max(86_400);
const phone = z.string().regex(/^\+[1-9]\d{6,14}$/, 'must be a number in E.164 form, such as +8613800000001');
const fault = names([...orderFaults, ...callFaults]);
const exactlyOne = (...keys: readonly string[]) => ({
  holds: (given: object) => keys.filter((key) => key in given).length === 1,
  message: `must say exactly one of ${keys.join(', ')}`,
});
const when = exactlyOne('question', 'words');
const what = exactlyOne('presses', 'says', 'hangsUp');

/** At a question, counted from 1, or at certain words; so many seconds after their end, or before it. */
const step = z
  .strictObject({
    question: z.int().min(1).optional(),
    words: z.string().min(1).optional(),
    presses: z
      .string()
      .regex(/^[0-9*#]{1,20}$/, 'must be keys: 0 to 9, * and #')
      .optional(),
    says: z.string().min(1).optional(),
    hangsUp: z.literal(true).optional(),
    after: z.number().min(-600).max(600).default(1),
  })
  .refine(when.holds, when.message)
  .refine(what.holds, what.message);

const call = z.strictObject({
  rings: z.enum(['answer', 'ring-out', 'busy', 'not-exist', 'off', 'suspended']).default('answer'),
  /** Seconds from the first ring until he picks up. */
  after: seconds.default(5),
  does: z.array(step).default([]),
});

const number = z.strictObject({
  /** Who he is wherever nothing else is said. */
  persona: names(KINDS).default('content'),
  /** His first call, his second, …; the last stands for all further ones. */
  calls: z.array(call).min(1).optional(),
  /** What he writes to the first text that reaches him, the second, …; null = nothing. Then nothing more. */
  writes: z.array(z.strictObject({ body: z.string().max(1600), after: seconds.default(60) }).nullable()).optional(),
  /** Seconds after which he rings back a call he missed. */
  ringsBack: seconds.optional(),
  /** What goes wrong with every order for a call to him, or every call. */
  faults: z.array(fault).optional(),
  /** How many orders and calls that holds for; without it for all. */
  faultyFor: z.int().min(1).optional(),
});

/** Somebody who gets in touch by himself, so many seconds after the start. */
const inbound = z
  .strictObject({
    from: phone,
    at: seconds,
    writes: z.string().max(1600).optional(),
    calls: z.literal(true).optional(),
  })
  .refine(exactlyOne('writes', 'calls').holds, exactlyOne('writes', 'calls').message);

const castFile = z.strictObject({
  seed: z.string().min(1).optional(),
  people: z.partialRecord(names(KINDS), z.number().min(0)).optional(),
  ringBacks: share.optional(),
  faults: z
    .partialRecord(fault, share)
    .refine(
      (shares) => sum(shares, orderFaults) <= 1 && sum(shares, callFaults) <= 1,
      'must add up to 1 at most, orders and calls apart',
    )
    .optional(),
  numbers: z.record(phone, number).optional(),
  inbound: z.array(inbound).optional(),
});

export type Cast = z.infer<typeof castFile>;
/** As it is written down: what has a default may be left out. */
export type CastFile = z.input<typeof castFile>;
type Script = z.infer<typeof number>;
type Scene = z.infer<typeof call>;

const sum = (shares: FaultShares, of: readonly (keyof FaultShares)[]): number =>
  of.reduce((total, name) => total + (shares[name] ?? 0), 0);

/**
 * Reads a cast.
 *
 * @throws BadInput naming the line of every fault
 */
export function readCast(path: string): Cast {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    throw unusable([{ where: path, message: `cannot be read: ${(error as { code?: string }).code ?? 'unknown'}` }]);
  }
  return parseCast(text, path);
}

/** @param name what the text is called in faults */
export function parseCast(text: string, name: string): Cast {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false });
  const at = (offset: number) => `${name}, line ${lines.linePos(offset).line}`;
  if (document.errors.length > 0)
    throw unusable(document.errors.map(({ message, pos: [offset] }) => ({ where: at(offset), message })));
  const read = castFile.safeParse(document.toJS() ?? {});
  if (read.success) return read.data;
  throw unusable(
    read.error.issues.flatMap(({ path, message, ...issue }) => {
      // Of an unknown field the place is the field's own, not that of what it stands in.
      const unknown = issue.code === 'unrecognized_keys' ? issue.keys : [];
      const places = unknown.length > 0 ? unknown.map((key) => [...path, key]) : [path];
      return places.map((place) => ({
        where: `${at(offsetOf(document, place))}, ${place.join('.') || 'the file'}`,
        message: unknown.length > 0 ? 'is not known here' : message,
      }));
    }),
  );
}

const unusable = (faults: readonly Fault[]): BadInput => new BadInput('The cast cannot be used', faults);

/** Where a field begins, or the nearest thing around it that is there. */
function offsetOf(document: Document, path: readonly PropertyKey[]): number {
  let offset = 0;
  for (let depth = 0; depth < path.length; depth++) {
    const parent = depth === 0 ? document.contents : document.getIn(path.slice(0, depth), true);
    const key = path[depth];
    const pair = isMap(parent) ? parent.items.find((item) => isScalar(item.key) && item.key.value === key) : null;
    const node = pair ? pair.key : document.getIn(path.slice(0, depth + 1), true);
    const range = (node as { range?: readonly [number, number, number] } | null | undefined)?.range;
    if (range) offset = range[0];
  }
  return offset;
}

/** The people of a cast; whoever it does not name follows from the seed and the shares. */
export function peopleOf(
  { people, ringBacks, numbers = {} }: Cast,
  seed: string,
  otherwise: number,
): (phone: string) => Person {
  const others = retailers(seed, ringBacks ?? otherwise, people as Weights | undefined);
  return (phone) => {
    const script = numbers[phone];
    return script
      ? scripted(script, { kind: script.persona, phone, seed, landline: isLandline(phone) })
      : others(phone);
  };
}

/** What goes wrong, by share and by number. */
export function mischiefOf({ faults = {}, numbers = {} }: Cast, seed: string, shares: FaultShares): Mischief {
  const others = mischief(seed, { ...shares, ...faults });
  const of = <Name extends string>(phone: string, count: number, list: readonly Name[]): Name | null | undefined => {
    const { faults: own, faultyFor = count } = numbers[phone] ?? {};
    if (own === undefined || count > faultyFor) return own && null;
    return list.find((name) => (own as readonly string[]).includes(name)) ?? null;
  };
  return {
    order: (phone, orders) => {
      const own = of(phone, orders, orderFaults);
      return own === undefined ? others.order(phone, orders) : own;
    },
    call: (phone, calls) => {
      const own = of(phone, calls, callFaults);
      return own === undefined ? others.call(phone, calls) : own;
    },
  };
}

function scripted(script: Script, persona: Persona): Person {
  const usual = asPerson(persona);
  const { calls, writes, ringsBack } = script;
  const scene = (counts: Counts) => calls?.[Math.min(counts.calls, calls.length) - 1];
  return {
    ...usual,
    ring: (counts) => {
      const now = scene(counts);
      return now ? ringOf(now) : usual.ring(counts);
    },
    hear: (heard, counts) => played(scene(counts), heard) ?? usual.hear(heard, counts),
    // Who is told what to do is no machine's double: he says hello.
    ...(calls && machineOf(persona) === null ? { greets: () => ({ seconds: 1, ends: 'silence' }) as const } : {}),
    ...(ringsBack === undefined ? {} : { ringsBack: () => ringsBack }),
    ...(writes === undefined ? {} : { read: ({ before }) => writes[before.length] ?? null }),
  };
}

const refusals: Readonly<Partial<Record<Scene['rings'], Kind>>> = { off: 'off', suspended: 'suspended' };

function ringOf({ rings, after }: Scene): Ring {
  switch (rings) {
    case 'answer':
      return { does: 'answer', connect: 1, after };
    case 'ring-out':
      return { does: 'ring-out', connect: 1 };
    case 'busy':
    case 'not-exist':
      return { does: rings };
    default:
      return asPerson({ kind: refusals[rings] ?? 'off', phone: '', seed: '', landline: false }).ring({
        calls: 1,
        texts: 0,
      });
  }
}

/** What the script has him do now; null = nothing in particular. */
function played(scene: Scene | undefined, { now, before }: Heard): Reaction | null {
  const asking = (words: string, earlier: readonly string[]) => {
    const { asked } = understand(words, earlier);
    // Ways out (call me later, never again) are offered with everything, and ask nothing.
    if (asked.asks === 'menu') return asked.keys.some((key) => !/[7-9*#]/.test(key));
    return asked.asks !== 'nothing' && asked.asks !== 'farewell';
  };
  const question = asking(now.words, before)
    ? 1 + before.filter((words, index) => asking(words, before.slice(0, index))).length
    : null;
  const step = scene?.does.find((one) =>
    one.words === undefined ? one.question === question : now.words.includes(one.words),
  );
  if (!step) return null;
  const at = Math.max(0, now.seconds + step.after);
  if (step.presses !== undefined)
    return { does: 'press', presses: [...step.presses].map((key, index) => ({ key, at: at + index / 2 })) };
  if (step.says !== undefined) return { does: 'speak', words: step.says, at };
  return { does: 'hang-up', at };
}
