import { type Item, languages, type Questionnaire } from './questionnaire.ts';

/**
 * Whether answers to two versions may be set side by side. An item is comparable where it is asked in the same words,
 * on the same scale, of the same people and after the same questions; each of these is known to move answers by
 * itself (Schuman & Presser, Questions and Answers in Attitude Surveys, 1981). Pure.
 */
export interface Difference {
  readonly what: 'kind' | 'scale' | 'asked-of' | 'order' | 'spoken' | 'written';
  /** Which words, where words differ: `Q2, zh-CN`. */
  readonly where: string;
  readonly before: string;
  readonly after: string;
}

export interface ItemComparison {
  readonly item: string;
  readonly differences: readonly Difference[];
}

export interface Comparison {
  /** The overall item is the same, so customer scores of both may be compared. */
  readonly comparable: boolean;
  /** Items of both, in the order of the second. */
  readonly items: readonly ItemComparison[];
  readonly onlyBefore: readonly string[];
  readonly onlyAfter: readonly string[];
  /** What else differs, and leaves the items comparable: clips, texts and numbers around them. */
  readonly around: readonly string[];
}

export function compareQuestionnaires(before: Questionnaire, after: Questionnaire): Comparison {
  const known = new Map(before.items.map((item) => [item.id, item]));
  const items = after.items.flatMap((item) => {
    const old = known.get(item.id);
    return old ? [{ item: item.id, differences: differencesOf(old, item, before, after) }] : [];
  });
  const overall = after.items[0]?.id;
  return {
    comparable: before.items[0]?.id === overall && items[0]?.item === overall && items[0]?.differences.length === 0,
    items,
    onlyBefore: before.items.map(({ id }) => id).filter((id) => !after.items.some((item) => item.id === id)),
    onlyAfter: after.items.map(({ id }) => id).filter((id) => !known.has(id)),
    around: around(before, after),
  };
}

function differencesOf(old: Item, item: Item, before: Questionnaire, after: Questionnaire): Difference[] {
  const { id } = item;
  const one = (what: Difference['what'], where: string, was: string, is: string): Difference[] =>
    was === is ? [] : [{ what, where, before: was, after: is }];
  const kind = ({ kind: name, options }: Item) => (options === undefined ? name : `${name} ${options}`);
  const scale = ({ scale: names }: Questionnaire) => (item.overall ? JSON.stringify(names) : '');
  const ahead = ({ items }: Questionnaire) =>
    items
      .slice(
        0,
        items.findIndex((each) => each.id === id),
      )
      .map((each) => each.id)
      .join(' ');
  const asked = ({ thread, texts }: Questionnaire) => texts[thread.find((step) => step.item === id)?.ask ?? ''];
  return [
    ...one('kind', id, kind(old), kind(item)),
    ...one('scale', id, scale(before), scale(after)),
    ...one('scale', id, old.zero, item.zero),
    ...one('asked-of', id, old.tickets, item.tickets),
    ...one('order', id, ahead(before), ahead(after)),
    ...languages.flatMap((language) => [
      ...one('spoken', `${id}, ${language}`, before.clips[id]?.[language] ?? '', after.clips[id]?.[language] ?? ''),
      ...one('written', `${id}, ${language}`, asked(before)?.[language] ?? '', asked(after)?.[language] ?? ''),
    ]),
  ];
}

function around(before: Questionnaire, after: Questionnaire): string[] {
  const ofItems = new Set([...before.items, ...after.items].map(({ id }) => id));
  const asks = new Set([...before.thread, ...after.thread].map(({ ask }) => ask));
  const differing = (was: Readonly<Record<string, unknown>>, is: Readonly<Record<string, unknown>>) =>
    [...new Set([...Object.keys(was), ...Object.keys(is)])].filter(
      (key) => JSON.stringify(was[key]) !== JSON.stringify(is[key]),
    );
  const { id: _was, items: _i, clips: _c, texts: _t, ...numbersBefore } = before;
  const { id: _is, items: _j, clips: _d, texts: _u, ...numbersAfter } = after;
  return [
    ...differing(before.clips, after.clips).filter((id) => !ofItems.has(id)),
    ...differing(before.texts, after.texts).filter((id) => !asks.has(id)),
    ...differing(numbersBefore, numbersAfter),
  ];
}
