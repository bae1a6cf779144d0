import { describe, expect, test } from 'vitest';
import { readFindings, standardChecklist, tallied } from './checklist.ts';

const all = Object.fromEntries(standardChecklist.items.map(({ id }) => [id, 'yes' as const]));

describe('a checklist', () => {
  test('is taken with every item answered, and names those that are open', () => {
    expect(readFindings(standardChecklist, { ...all, stranger: 'yes' })).toEqual({ findings: all });
    expect(readFindings(standardChecklist, { ...all, display: 'perhaps', licence: undefined })).toEqual({
      open: ['display', 'licence'],
    });
  });

  test('counts what was in order of what applied, by kind of event; a complaint counts for nothing', () => {
    expect(tallied(standardChecklist, { ...all, display: 'no', licence: 'not-applicable', complaint: 'no' })).toEqual([
      { kind: 'price-label-check', done: 1, due: 1 },
      { kind: 'market-visit', done: 1, due: 2 },
    ]);
  });

  test('makes no event of what did not apply', () => {
    expect(tallied(standardChecklist, { ...all, 'price-labels': 'not-applicable' }).map(({ kind }) => kind)).toEqual([
      'market-visit',
    ]);
  });
});
