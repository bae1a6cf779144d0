/**
 * What upholding an appeal would do to the score, where that may be said beforehand: an indicator is on the board already.
 * Of a shop it may not: the difference would tell what the shop answered. Pure.
 */
import { type Publication, recomputable } from '../publication.ts';
import { type ExpectedManager, expectedForm, scoreDocument } from '../score.ts';

export interface Preview {
  readonly before: ExpectedManager;
  readonly after: ExpectedManager;
}

/** The manager's line as it stands and with the indicator's new value; null where he is not in the publication. */
export function previewIndicator(
  publication: Publication,
  { managerId, indicator, value }: { readonly managerId: string; readonly indicator: string; readonly value: string },
): Preview | null {
  const { managers, ...rest } = recomputable(publication);
  const corrected = managers.map((manager) =>
    manager.id === managerId ? { ...manager, unit: { ...manager.unit, [indicator]: value } } : manager,
  );
  const before = publication.managers.find(({ id }) => id === managerId);
  const scored = expectedForm(scoreDocument({ ...rest, managers: corrected }));
  const after = scored.managers.find(({ id }) => id === managerId);
  return before && after ? { before, after } : null;
}
