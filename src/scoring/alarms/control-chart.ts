/**
 * Two control charts over values in the order of time, for falls alone (method §6): EWMA notices small lasting ones,
 * CUSUM adds up what is missing. Floats: nothing here is ever part of a score.
 */
export interface ChartRules {
  /** μ0: what is usual. */
  readonly mean: number;
  /** σ of one value; > 0. */
  readonly sd: number;
  /** λ, above 0 and up to 1: what the newest value weighs. */
  readonly lambda: number;
  /** L: how many σ of the EWMA below μ0 its limit lies. */
  readonly L: number;
  /** Slack of the CUSUM and its limit, in σ. */
  readonly k: number;
  readonly h: number;
}

export interface ChartPoint {
  /** `z_t = λx_t + (1−λ)z_{t−1}`, `z_0 = μ0`. */
  readonly ewma: number;
  /** `μ0 − Lσ√(λ/(2−λ)·(1−(1−λ)^{2t}))` */
  readonly lcl: number;
  /** `c_t = max(0, (μ0 − kσ) − x_t + c_{t−1})` */
  readonly cusum: number;
  readonly isEwmaLow: boolean;
  readonly isCusumHigh: boolean;
}

export function controlChart(
  values: readonly number[],
  { mean, sd, lambda, L, k, h }: ChartRules,
): readonly ChartPoint[] {
  let ewma = mean;
  let cusum = 0;
  return values.map((value, index) => {
    ewma = lambda * value + (1 - lambda) * ewma;
    cusum = Math.max(0, mean - k * sd - value + cusum);
    const lcl = mean - L * sd * Math.sqrt((lambda / (2 - lambda)) * (1 - (1 - lambda) ** (2 * (index + 1))));
    return { ewma, lcl, cusum, isEwmaLow: ewma < lcl, isCusumHigh: cusum > h * sd };
  });
}
