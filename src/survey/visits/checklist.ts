import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { type EventKind, isEventKind } from '../events/kinds.ts';

/**
 * What a visitor looks at. Each item is answered yes, no, or that it does not apply here; `counts` says as what kind of
 * event, or null where it is only to be known. A visit keeps the id of the checklist it was made by.
 */
const checklist = z.strictObject({
  id: z.string().min(1),
  items: z
    .array(
      z.strictObject({
        id: z.string().min(1),
        zh: z.string().min(1),
        en: z.string().min(1),
        counts: z.custom<EventKind>((kind) => typeof kind === 'string' && isEventKind(kind)).nullable(),
      }),
    )
    .min(1),
});
export type Checklist = z.infer<typeof checklist>;

export const standardChecklist: Checklist = checklist.parse(
  JSON.parse(readFileSync(new URL('./checklist.json', import.meta.url), 'utf8')),
);

export const answers = ['yes', 'no', 'not-applicable'] as const;
export type Answer = (typeof answers)[number];
export type Findings = Readonly<Record<string, Answer>>;

/** What was found, or the items that were left open. */
export function readFindings(
  { items }: Checklist,
  given: Readonly<Record<string, unknown>>,
): { readonly findings: Findings } | { readonly open: readonly string[] } {
  const answerOf = (id: string) => answers.find((answer) => answer === given[id]);
  const open = items.filter(({ id }) => answerOf(id) === undefined).map(({ id }) => id);
  if (open.length > 0) return { open };
  return { findings: Object.fromEntries(items.flatMap(({ id }) => [[id, answerOf(id) ?? 'not-applicable']])) };
}

/** For each kind of event, how many of its items were in order, of those that applied; a kind of which none did is left out. */
export function tallied({ items }: Checklist, findings: Findings): { kind: EventKind; done: number; due: number }[] {
  const kinds = [...new Set(items.flatMap(({ counts }) => counts ?? []))];
  return kinds.flatMap((kind) => {
    const applied = items.filter(({ id, counts }) => counts === kind && findings[id] !== 'not-applicable');
    const done = applied.filter(({ id }) => findings[id] === 'yes').length;
    return applied.length === 0 ? [] : [{ kind, done, due: applied.length }];
  });
}
