import { never } from '../../platform/errors.ts';
import type { ListedAppeal } from '../../scoring/appeals/list.ts';
import { indicatorName } from '../board/reasons.ts';
import { plain } from '../figures.ts';
import type { Messages } from '../messages.ts';

/** The fact that an appeal is about, in a sentence. */
export function factInWords(appeal: ListedAppeal, m: Messages): string {
  const { facts } = m.appeals;
  const shop = [appeal.retailerName, appeal.retailerId].filter((part) => part !== null).join(' ');
  switch (appeal.kind) {
    case 'wrong-assignment':
      return facts.assignment(shop);
    case 'invalid-call':
      return facts.call(shop);
    case 'indicator':
      return facts.indicator(indicatorName(appeal.indicator ?? '', m.board), plain(appeal.value ?? '0'));
    default:
      return never(appeal.kind);
  }
}

export const stateOf = ({ state }: ListedAppeal, m: Messages) => ({
  name: m.appeals.states[state],
  class: `appeal-${state}`,
});
