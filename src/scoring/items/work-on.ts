/** Where a manager's shops see him behind the city, item by item, and what is most worth his work. Pure. */
import { type Exact, exact, ZERO } from '../exact.ts';
import type { CityItem, ItemSummary } from './summaries.ts';

export interface ComparedItem {
  readonly item: string;
  readonly own: ItemSummary;
  /** Means of the ratings 1 to 5, exact. */
  readonly mean: Exact;
  /** null where so few others answered it that they could be told apart. */
  readonly cityMean: Exact | null;
  /** Own less the city's; 0 where there is no city's. */
  readonly gap: Exact;
}

/** His items beside the city's, in the order of `items`; those with too few answers are not stored and so not here. */
export function compareItems(
  items: readonly string[],
  own: readonly ItemSummary[],
  city: readonly CityItem[],
): ComparedItem[] {
  return items.flatMap((item) => {
    const summary = own.find((one) => one.item === item);
    if (!summary) return [];
    const others = city.find((one) => one.item === item);
    const mean = meanOf(summary);
    const cityMean = others ? meanOf(others) : null;
    return [{ item, own: summary, mean, cityMean, gap: cityMean ? mean.sub(cityMean) : ZERO }];
  });
}

const meanOf = ({ responses, distribution }: CityItem): Exact =>
  exact(
    distribution.reduce((sum, count, index) => sum + count * (index + 1), 0),
    responses,
  );

const most = 3;

/**
 * The three items, or fewer, most worth his work: furthest behind the city first, and where two are as far, the lower.
 * The overall rating is none of them: nobody can work on it but through the others.
 */
export const worthWork = (items: readonly ComparedItem[], overall: string): ComparedItem[] =>
  items
    .filter(({ item }) => item !== overall)
    .sort((one, other) => one.gap.compare(other.gap) || one.mean.compare(other.mean))
    .slice(0, most);
