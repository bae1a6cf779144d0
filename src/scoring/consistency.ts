/**
 * What the single fields of a score document can't show: whether they agree with one another, with the other managers
 * and with the rule set. Asked of the document as it came, so that a slip in one field hides nothing about the others.
 */
import type { Fault } from '../platform/errors.ts';
import { unrounded, ZERO } from './exact.ts';
import { at, count, described, ifValid, quantity } from './faults.ts';
import { manager, ratingCounts } from './form.ts';
import type { RuleSet } from './rules.ts';
import { hasRequirements } from './tier.ts';
import { missingFor } from './training/qualifications.ts';

/** An object with anything in it: what can still be asked about where the whole is beyond reading. */
type Given = Readonly<Record<string, unknown>>;

/** Two spellings of one id, differing in Unicode form or outer white space, are one id, as in the frame (method §1). */
export function duplicateIds(list: readonly unknown[]): Fault[] {
  const first = new Map<string, number>();
  return list.flatMap((one, index) => {
    const id = partOf(one, 'id');
    if (typeof id !== 'string') return [];
    const before = first.get(id.normalize('NFC').trim());
    if (before === undefined) {
      first.set(id.normalize('NFC').trim(), index);
      return [];
    }
    const message = `${described(id)} is also managers[${before}]: list each manager once`;
    return [{ where: at('managers', index, 'id'), message }];
  });
}

/** What the single fields can't show: which form it is, and whether its numbers are possible. */
export function answerFaults(list: readonly unknown[], frozenVariance: unknown, rules: RuleSet | undefined): Fault[] {
  const faults = list.flatMap((one, index) => {
    const answers = objectOf(one);
    return answers ? [...formFaults(answers, index, rules), ...rangeFaults(answers, index, rules)] : [];
  });
  return [...faults, ...varianceFaults(list, frozenVariance)];
}

/**
 * Σy alone does not give s_w², so the public form brings it; as `null`, as it is published, only where nobody has the
 * two responses it takes. A score that stands takes no part in it beside others that are computed.
 */
function varianceFaults(list: readonly unknown[], frozen: unknown): Fault[] {
  const somebodyCounted = list.some((one) => partOf(one, 'ratings') !== undefined);
  const inPublicForm = list.findIndex(
    (one) =>
      partOf(one, 'ratings') === undefined &&
      partOf(one, 'responses') != null &&
      !(somebodyCounted && partOf(one, 'customer') !== undefined),
  );
  if (inPublicForm < 0 || (frozen !== undefined && frozen !== null)) return [];
  if (frozen === null && list.every((one) => (responsesOf(objectOf(one) ?? {}) ?? 0) < 2)) return [];
  const message = `is missing: managers[${inPublicForm}] gives no rating counts to compute it from`;
  return [{ where: 'withinVariance', message }];
}

function formFaults({ ratings, responses, points }: Given, index: number, rules: RuleSet | undefined): Fault[] {
  const where = at('managers', index);
  if (ratings !== undefined) {
    const both = responses !== undefined || points !== undefined;
    return both ? [{ where, message: 'gives ratings and responses or points: give one form only' }] : [];
  }
  if (responses === undefined && points === undefined) {
    return [{ where, message: 'gives no answers: give ratings, or responses and points' }];
  }
  const missing = (field: string) => ({
    where: at('managers', index, field),
    message: 'is missing beside the other one',
  });
  if (responses === undefined) return [missing('responses')];
  if (points === undefined) return [missing('points')];
  const enough = rules && typeof responses === 'number' && responses >= rules.customer.minimumResponses;
  if (points !== null || !enough) return [];
  const message = `may be null only below ${rules.customer.minimumResponses} responses: give the sum of points`;
  return [{ where: at('managers', index, 'points'), message }];
}

function rangeFaults(given: Given, index: number, rules: RuleSet | undefined): Fault[] {
  const responses = responsesOf(given);
  if (responses === undefined) return [];
  const faults: Fault[] = [];
  const frameSize = ifValid(count(), given.frameSize);
  if (frameSize !== undefined && responses > frameSize) {
    const where = at('managers', index, given.ratings === undefined ? 'responses' : 'ratings');
    faults.push({ where, message: `${responses} responses are more than the frame's ${frameSize} retailers` });
  }
  const points = ifValid(quantity({ least: 0 }), given.points);
  const [worst = ZERO, best = ZERO] = [rules?.customer.points[0], rules?.customer.points.at(-1)];
  if (points && rules && (points.lt(worst.mul(responses)) || points.gt(best.mul(responses)))) {
    const range = `${unrounded(worst.mul(responses))} to ${unrounded(best.mul(responses))}`;
    const message = `${unrounded(points)} cannot be the sum of ${responses} responses: it must be ${range}`;
    faults.push({ where: at('managers', index, 'points'), message });
  }
  return faults;
}

function responsesOf({ ratings, responses }: Given): number | undefined {
  if (ratings === undefined) return ifValid(count(), responses);
  const counts = ifValid(ratingCounts, ratings);
  return counts && Object.values(counts).reduce((n, some) => n + some, 0);
}

/** What stands was once published, so it had the responses that takes. */
export function standingFaults(list: readonly unknown[], rules: RuleSet): Fault[] {
  return list.flatMap((one, index) => {
    const responses = responsesOf(objectOf(one) ?? {});
    if (partOf(one, 'customer') === undefined || responses === undefined) return [];
    if (responses >= rules.customer.minimumResponses) return [];
    const message = `stands on ${responses} responses, and a score needs ${rules.customer.minimumResponses}: take it out`;
    return [{ where: at('managers', index, 'customer'), message }];
  });
}

/** Absent for everybody is dropped for all; absent for some, or unknown to the rule set, is a fault of the input. */
export function indicatorFaults(list: readonly unknown[], rules: RuleSet): Fault[] {
  const units = list.map((one) => objectOf(partOf(one, 'unit')));
  const known = new Set(rules.unit.indicators.map(({ code }) => code));
  const used = new Set(units.flatMap((unit) => Object.keys(unit ?? {})));
  const inUse = [...known].filter((code) => used.has(code));
  const faults = units.flatMap((unit, index) => {
    if (unit === undefined) return [];
    const fault = (code: string, message: string) => ({ where: at('managers', index, 'unit', code), message });
    const unknown = Object.keys(unit).filter((code) => !known.has(code));
    const absent = inUse.filter((code) => !Object.hasOwn(unit, code));
    return [
      ...unknown.map((code) => fault(code, 'is no indicator of the rule set: correct its spelling or take it out')),
      ...absent.map((code) => fault(code, 'is absent here but given for others: give its value, or null if missing')),
    ];
  });
  if (list.length > 0 && inUse.length === 0 && units.some((unit) => unit !== undefined)) {
    const message = 'give no unit indicator at all: give at least one, with null where it is missing';
    faults.push({ where: 'managers', message });
  }
  return faults;
}

/** Where the rule set asks something for the next tier, silence must not pass for an answer. */
export function requirementFaults(list: readonly unknown[], rules: RuleSet): Fault[] {
  return list.flatMap((one, index) => {
    if (objectOf(one) === undefined) return [];
    const tier = ifValid(manager.shape.tier, partOf(one, 'tier')) ?? rules.tiers.start;
    const said = partOf(one, 'requirementsMet');
    const where = at('managers', index, 'requirementsMet');
    const held = ifValid(manager.shape.qualifications, partOf(one, 'qualifications'));
    if (held !== undefined) {
      const met = missingFor(tier, held, rules.tiers) === null;
      if (said === undefined || said === met) return [];
      return [{ where, message: `is ${described(said)}, and his qualifications make it ${met}: leave it out` }];
    }
    if (said !== undefined || !hasRequirements(tier, rules.tiers)) return [];
    const message = `is missing: the rule set asks something for tier ${tier - 1}, so give qualifications, or say true or false`;
    return [{ where, message }];
  });
}

function objectOf(given: unknown): Given | undefined {
  return typeof given === 'object' && given !== null && !Array.isArray(given) ? (given as Given) : undefined;
}

function partOf(given: unknown, name: string): unknown {
  return objectOf(given)?.[name];
}
