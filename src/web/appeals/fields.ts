import { z } from 'zod';
import type { BadInput, Fault } from '../../platform/errors.ts';
import type { appealed } from '../../scoring/appeals/appeal.ts';

/** The fields of a form that says that a fact is wrong, and which of its faults belongs beside which. */
export type AppealKind = z.output<typeof appealed>['kind'];
export const appealKinds: readonly AppealKind[] = ['indicator', 'wrong-assignment', 'invalid-call'];

const text = z.string().default('');
const fields = z.object({ retailerId: text, indicator: text, value: text, statement: text, evidence: text });
export type AppealFields = z.output<typeof fields>;

export const blankFields: AppealFields = fields.parse({});
export const fieldsIn = (body: unknown): AppealFields => fields.parse(body ?? {});

export function wishOf(kind: AppealKind, { retailerId, indicator, value, statement, evidence }: AppealFields): object {
  const about = kind === 'indicator' ? { kind, indicator, value: value.trim() } : { kind, retailerId };
  return { about, statement, evidence };
}

export const faultsIn = ({ issues }: z.ZodError): Fault[] =>
  issues.map(({ path, message }) => ({ where: path.join('.'), message }));

/** Each fault under the name of its field, in the reader's words; one that is about no field is not among them. */
export function byField<Words extends Readonly<Record<string, string>>>(
  { faults }: BadInput,
  words: Words,
): Record<string, string> {
  const named = faults.flatMap(({ where }): [string, string][] => {
    const field = where.split('.').at(-1) ?? '';
    const said = words[field];
    return said === undefined ? [] : [[field, said]];
  });
  return Object.fromEntries(named);
}
