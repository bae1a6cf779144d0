import type { Language } from '../questionnaire/questionnaire.ts';

/**
 * The rules by which a response does not count (method §3, §5), and there are no others: nobody declares one invalid by
 * hand, but for two people who uphold an appeal. They go out with every bundle as their codes and how many each has struck.
 */
interface Words {
  readonly name: string;
  /** When exactly it holds. */
  readonly means: string;
}

export const invalidationRules = {
  'staff-number': {
    'zh-CN': { name: '员工号码', means: '评分来自冻结时已登记的本公司员工号码。' },
    en: {
      name: 'Staff number',
      means: 'The rating came from a number that was on the company’s own list at the freeze.',
    },
  },
  'shared-phone': {
    'zh-CN': { name: '一机多店', means: '同一号码在一轮里替几家店打了分：只算抽签号最小的一家。' },
    en: {
      name: 'One phone, several shops',
      means: 'One number answered for several shops of a round: only the shop with the lowest ticket counts.',
    },
  },
  'other-number': {
    'zh-CN': { name: '他号短信', means: '短信评分来自冻结时登记的号码之外的号码。' },
    en: {
      name: 'Text from another number',
      means: 'The rating was texted from another number than the shop’s at the freeze.',
    },
  },
  appeal: {
    'zh-CN': { name: '申诉属实', means: '公示期内申诉，经两人裁定属实：不是他的店，或不是有效的回访。' },
    en: {
      name: 'Upheld appeal',
      means: 'Two people upheld an appeal against it: the shop was not his, or the call was none.',
    },
  },
} as const satisfies Readonly<Record<string, Readonly<Record<Language, Words>>>>;

export type InvalidationRule = keyof typeof invalidationRules;

export const invalidationRuleCodes = Object.keys(invalidationRules) as InvalidationRule[];
