import type { Language } from '../questionnaire/questionnaire.ts';

/**
 * What a person says around the questions (script §7), word for word. The questions themselves are the questionnaire's,
 * and read out unchanged: repeated, never explained.
 */
export interface DeskScript {
  readonly opening: string;
  /** Where it is somebody else. */
  readonly notHim: string;
  readonly ask: string;
  /** Where the manager is not the shop's any more. */
  readonly askFormer: string;
  readonly vague: string;
  readonly consent: string;
  readonly doubt: string;
}

const scripts: Readonly<Record<Language, DeskScript>> = {
  'zh-CN': {
    opening: '您好,我是市烟草公司服务回访的{caller}。请问您是店里管订烟的吗?',
    notHim: '请问什么时候他在?',
    ask: '想请您给客户经理{manager}的服务打个分,不到两分钟。您打几分,他不会知道是您,也不影响您订烟。方便吗?',
    askFormer:
      '想请您给上个月的客户经理{manager}的服务打个分,不到两分钟。您打几分,他不会知道是您,也不影响您订烟。方便吗?',
    vague: '5分里打几分?',
    consent: '您要不要我们把您的店名告诉经办人,好帮您办?',
    doubt: '您可以挂了,打12313核实,再打回这个号码。我们不问密码、验证码,不要您转账。',
  },
  en: {
    opening:
      'Hello, this is {caller} of the tobacco company’s follow-up service. Are you the one who orders for the shop?',
    notHim: 'When will he be in?',
    ask: 'Would you rate the service of your customer manager {manager}? It takes less than two minutes. He will not know what you said, and your supply does not depend on it. Is it a good moment?',
    askFormer:
      'Would you rate the service of {manager}, your customer manager last month? It takes less than two minutes. He will not know what you said, and your supply does not depend on it. Is it a good moment?',
    vague: 'How many points out of five?',
    consent: 'May we tell whoever sees to it which shop is yours?',
    doubt:
      'Please hang up, ask 12313 about us, and call this number back. We ask for no password and no code, and for no money.',
  },
};

export function deskScript(
  language: Language,
  names: { readonly caller: string; readonly manager: string },
): DeskScript {
  const filled = Object.entries(scripts[language]).map(([part, words]) => [
    part,
    words.replace('{caller}', names.caller).replace('{manager}', names.manager),
  ]);
  return Object.fromEntries(filled) as DeskScript;
}
