/**
 * Which slices of a whole may be told where the whole is told too. Each needs so many in itself, and so must all that
 * are withheld together: a single small one would be the whole less those that are told (method §7).
 *
 * @param sizeOf how many people a slice stands for; one of nobody is left out.
 * @returns those that may be told, in the order given.
 */
export function tellable<Slice>(
  slices: readonly Slice[],
  sizeOf: (slice: Slice) => number,
  least: number,
): readonly Slice[] {
  const told = new Set(slices.filter((slice) => sizeOf(slice) >= least && sizeOf(slice) > 0));
  const withheld = () => slices.reduce((sum, slice) => (told.has(slice) ? sum : sum + sizeOf(slice)), 0);
  while (told.size > 0 && withheld() > 0 && withheld() < least) told.delete(smallest([...told], sizeOf));
  return slices.filter((slice) => told.has(slice));
}

const smallest = <Slice>(slices: readonly Slice[], sizeOf: (slice: Slice) => number): Slice =>
  slices.reduce((least, slice) => (sizeOf(slice) < sizeOf(least) ? slice : least));
