import { z } from 'zod';
import { BadInput } from '../../platform/errors.ts';

/**
 * Long lists come in pages. `next` of one page is `after` of the next: it says where the page ended and not its number,
 * so that nothing is skipped or told twice when lines are added meanwhile.
 */
export const pageQuery = z.object({
  limit: z.coerce.number().int().min(1).max(500).default(100).describe('lines a page'),
  after: z.string().max(500).optional().describe('`next` of the page before'),
});

export const pageOf = <Item extends z.ZodType>(item: Item) =>
  z.object({ items: z.array(item), next: z.string().nullable().describe('null on the last page') });

/**
 * The place a page begins after, or null for the first.
 * @throws BadInput where `after` is none of ours.
 */
export function placeIn<Place extends z.ZodType>(place: Place, after: string | undefined): z.output<Place> | null {
  if (after === undefined) return null;
  const read = place.safeParse(unpacked(after));
  if (read.success) return read.data;
  const message = '不是上一页给出的 next · is not the `next` of a page; leave it out for the first page';
  throw new BadInput('翻页参数有误 · the page cannot be found', [{ where: 'query.after', message }]);
}

/** Makes a page of `limit` lines out of rows of which one more than that was read. */
export function pageOut<Row>(rows: readonly Row[], limit: number, placeOf: (last: Row) => unknown) {
  const items = rows.slice(0, limit);
  const last = items.at(-1);
  const more = rows.length > limit && last !== undefined;
  return { items, next: more ? Buffer.from(JSON.stringify(placeOf(last))).toString('base64url') : null };
}

function unpacked(after: string): unknown {
  try {
    return JSON.parse(Buffer.from(after, 'base64url').toString());
  } catch {
    return undefined;
  }
}
