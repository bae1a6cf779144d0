/**
 * What a dated event can be, and what people write for it in a file, the Chinese word to ask for first. `of`: whether an
 * event says of how much (18 labels of 20), or only how much (two hours), which the rule set holds against what it
 * requires of a month.
 */
export const eventKinds = {
  'price-label-check': { of: true, words: ['价签检查', 'price-label-check', '明码标价检查', '价签'] },
  'market-visit': { of: true, words: ['市场走访', 'market-visit', '走访抽查'] },
  'planned-visit': { of: true, words: ['计划走访', 'planned-visit', '日常走访', '拜访'] },
  request: { of: true, words: ['客户诉求', 'request', '诉求办理', '服务请求'] },
  'market-report': { of: true, words: ['市场报告', 'market-report', '市场信息', '市场分析'] },
  training: { of: false, words: ['培训', 'training', '培训学时', '学习'] },
} as const satisfies Record<string, { readonly of: boolean; readonly words: readonly [string, string, ...string[]] }>;

export type EventKind = keyof typeof eventKinds;
export const isEventKind = (text: string): text is EventKind => Object.hasOwn(eventKinds, text);
