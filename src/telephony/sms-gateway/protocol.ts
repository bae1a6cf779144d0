import { z } from 'zod';
import type { Placing, TextReport, Trouble } from '../ports.ts';

/** The small protocol of a company's own SMS gateway, as docs/sms.md tells it to whoever writes one. */

/**
 * Why a gateway sends nothing, or why a text did not arrive. `blocked`: he told it to stop. What it says in any other
 * word concerns this one text.
 */
export const gatewayErrors = ['bad-number', 'blocked', 'settings', 'busy', 'failed'] as const;
export type GatewayError = (typeof gatewayErrors)[number];

const results: Readonly<Record<GatewayError, 'bad-number' | 'blocked' | 'technical'>> = {
  'bad-number': 'bad-number',
  blocked: 'blocked',
  settings: 'technical',
  busy: 'technical',
  failed: 'technical',
};
const troubles: Partial<Record<GatewayError, Trouble>> = { settings: 'settings', busy: 'busy' };

const id = z.string().regex(/^[\w.:-]{1,100}$/);
const error = z.enum(gatewayErrors).catch('failed');

/** Its answer to a text it takes. */
export const accepted = z.object({ id });
/** Its answer to one that it does not. */
export const refused = z.object({ error: z.string() });

export const known = z.object({
  messages: z
    .array(
      z.object({
        ...{ id, messageId: z.uuid() },
        ...{ state: z.enum(['sent', 'delivered', 'failed']), error: error.optional() },
      }),
    )
    .max(1000),
});

/** What it tells us of one text. */
export const report = z.object({
  ...{ messageId: z.uuid(), id, state: z.enum(['sent', 'delivered', 'failed']), error: error.optional() },
});

/** What somebody replied. PostgreSQL keeps no NUL. */
export const reply = z.object({
  id,
  from: z.string().min(1).max(40),
  text: z
    .string()
    .max(5000)
    .transform((text) => text.replaceAll('\u0000', '')),
});

export function refusal(word: string): Extract<Placing, { kind: 'refused' }> {
  const known = gatewayErrors.find((each) => each === word) ?? 'failed';
  const trouble = troubles[known];
  return {
    ...{ kind: 'refused', result: results[known], errorCode: null, errorName: word.slice(0, 100) },
    ...(trouble && { trouble }),
    ...(known === 'blocked' && { optedOut: true }),
  };
}

export function textReport({ state, error: word }: Pick<z.infer<typeof report>, 'state' | 'error'>): TextReport {
  if (state !== 'failed') return { state };
  const name = word ?? 'failed';
  return {
    state,
    result: results[name],
    errorCode: null,
    errorName: name,
    ...(name === 'blocked' && { optedOut: true }),
  };
}
