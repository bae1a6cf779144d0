import { describe, expect, it } from 'vitest';
import { compareQuestionnaires } from './compare.ts';
import { type Questionnaire, standardQuestionnaire } from './questionnaire.ts';

const standard = standardQuestionnaire();
const changed = (edit: (draft: Questionnaire) => void): Questionnaire => {
  const draft = structuredClone(standard);
  draft.id = 'HF-2';
  edit(draft);
  return draft;
};
const compared = (edit: (draft: Questionnaire) => void) => {
  const { items, ...rest } = compareQuestionnaires(standard, changed(edit));
  return { ...rest, differing: items.filter(({ differences }) => differences.length > 0) };
};

describe('two versions are compared item by item', () => {
  it('equal ones are comparable, whatever they are called', () => {
    expect(compared(() => {})).toEqual({ comparable: true, differing: [], onlyBefore: [], onlyAfter: [], around: [] });
  });

  it('other words for an item make it another item, and its words are shown', () => {
    const { comparable, differing } = compared(({ clips }) => {
      clips.Q2 = { 'zh-CN': '第二题。他建议得好不好?打几分?', en: clips.Q2?.en ?? '' };
    });
    expect(comparable).toBe(true);
    expect(differing).toEqual([
      {
        item: 'Q2',
        differences: [
          {
            ...{ what: 'spoken', where: 'Q2, zh-CN', after: '第二题。他建议得好不好?打几分?' },
            before: standard.clips.Q2?.['zh-CN'],
          },
        ],
      },
    ]);
  });

  it('scores are comparable only where the overall question is the same, spoken and written, and its scale', () => {
    expect(compared(({ clips }) => Object.assign(clips.Q1 ?? {}, { en: 'Question one.' })).comparable).toBe(false);
    expect(compared(({ texts }) => Object.assign(texts.S1 ?? {}, { en: 'How was he?' })).comparable).toBe(false);
    expect(compared(({ scale }) => Object.assign(scale.en, { 3: 'so so' })).comparable).toBe(false);
    expect(compared(({ clips }) => Object.assign(clips.A1 ?? {}, { en: 'Hello.' }))).toMatchObject({
      ...{ comparable: true, differing: [], around: ['A1'] },
    });
  });

  it('an item that comes after others than before is told by its order', () => {
    const { differing, onlyBefore } = compared(({ items }) => items.splice(2, 1));
    expect(onlyBefore).toEqual(['Q3']);
    expect(differing.map(({ item }) => item)).toEqual(['Q4', 'Q5', 'Q6', 'Q7a', 'Q7b']);
    expect(differing[0]?.differences).toEqual([{ what: 'order', where: 'Q4', before: 'Q1 Q2 Q3', after: 'Q1 Q2' }]);
  });

  it('another kind, other people, another meaning of 0', () => {
    const { differing } = compared(({ items }) => {
      Object.assign(items[5] ?? {}, { kind: 'choice', options: 3 });
      Object.assign(items[6] ?? {}, { tickets: 'even' });
    });
    expect(differing.map(({ differences }) => differences.map(({ what, after }) => [what, after]))).toEqual([
      [['kind', 'choice 3']],
      [['asked-of', 'even']],
    ]);
  });
});
