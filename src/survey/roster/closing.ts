import { Refused } from '../../platform/errors.ts';
import type { RetailerDifference } from './incoming.ts';

/**
 * A file of “every retailer” that holds one district alone would close the rest of the city, and nobody notices before
 * the frame is frozen without them. So what closes many has to be said again, by its number. Pure.
 */
const oneIn = 5;

/** Whether closing those who are gone is more than shops that close by themselves: over a fifth, or all of a manager's. */
export const closesMany = ({
  active,
  gone,
  emptied,
}: Pick<RetailerDifference, 'active' | 'gone' | 'emptied'>): boolean =>
  gone > 0 && (gone * oneIn > active || emptied > 0);

/**
 * @param said how many closings whoever brings the file expects; null = he did not say.
 * @throws Refused `closes-many` where it has to be said and was not, or was another number.
 */
export function checkClosing(report: RetailerDifference, said: number | null): void {
  const { active, gone, emptied } = report;
  if (!closesMany(report) || said === gone) return;
  throw new Refused(
    'closes-many',
    `文件中没有的 ${gone} 户（营业 ${active} 户）将停业，${emptied} 名客户经理将没有零售户，未导入：确属如此，请写明停业户数 ${gone}；否则请不要作为全部零售户导入 · ${gone} of ${active} active shops are not in the file and would be closed, ${emptied} managers would have none left; nothing was imported: if that is meant, say the number ${gone}, otherwise do not import it as every retailer`,
  );
}
