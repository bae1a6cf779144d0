/**
 * Whose share of something stands out from everybody else's in the city. Pure.
 *
 * Two proportions, the others pooled without him: z = (p − q) / √(s(1 − s)(1/n + 1/m)), where p is his share of n, q
 * that of the others' m, and s both together. Only a share that is too high is looked at.
 */
export interface Counted {
  readonly managerId: string;
  /** How many of `responses` are of the kind that is counted. */
  readonly counted: number;
  readonly responses: number;
}

export interface Limit {
  /** Above this. */
  readonly z: number;
  /** Fewer responses, his or the others', show nothing. */
  readonly responses: number;
  /** Fewer of the kind show nothing, however rare it is elsewhere; and one shop would give itself away. */
  readonly counted: number;
}

export interface Outlier extends Counted {
  readonly others: { readonly counted: number; readonly responses: number };
  readonly z: number;
}

export function outliers(managers: readonly Counted[], limit: Limit): Outlier[] {
  const all = { counted: sum(managers, 'counted'), responses: sum(managers, 'responses') };
  return managers.flatMap((one) => {
    const others = { counted: all.counted - one.counted, responses: all.responses - one.responses };
    if (one.counted < limit.counted || Math.min(one.responses, others.responses) < limit.responses) return [];
    const together = all.counted / all.responses;
    const spread = Math.sqrt(together * (1 - together) * (1 / one.responses + 1 / others.responses));
    if (spread === 0) return [];
    const z = (one.counted / one.responses - others.counted / others.responses) / spread;
    return z > limit.z ? [{ ...one, others, z }] : [];
  });
}

const sum = (managers: readonly Counted[], what: 'counted' | 'responses'): number =>
  managers.reduce((total, one) => total + one[what], 0);
