import { parseQuestionnaire, type Questionnaire, standardQuestionnaire } from './questionnaire.ts';

/** The standard questionnaire with one question more: voice messages switched on, and announced. */
export function questionnaireWithMessages(edit: (draft: Questionnaire) => void = () => {}): Questionnaire {
  const draft = standardQuestionnaire();
  draft.id = 'HF-1V';
  draft.items.push({
    ...{ id: 'C1', kind: 'comment', overall: false, tickets: 'all', zero: 'not-applicable' },
    ...{ hint: 'H1c', useless: 'E3', answerSeconds: 8 },
  });
  Object.assign(draft.clips, {
    C1: {
      'zh-CN': '有话想跟公司说吗?想留言,请按1;不用,请按0。',
      en: 'Is there anything you would like to tell the company? To leave a message, press 1; if not, press 0.',
    },
    V1: {
      'zh-CN': '留言会录音,只有市局考核的人听,客户经理听不到,不想说可以不说。请在嘀声后讲,讲完按井号键。',
      en: 'Your message is recorded. Only the city assessment group hears it, never your customer manager, and nobody has to leave one. Speak after the tone, and press the hash key when you are done.',
    },
    V2: { 'zh-CN': '您的话记下了,谢谢。', en: 'Your message is kept, thank you.' },
    H1c: {
      'zh-CN': '没听到您按键。想留言,请按1;不用,请按0。',
      en: 'No key was heard. For a message press 1, if not, 0.',
    },
    E3: {
      'zh-CN': '这个键用不上。想留言,请按1;不用,请按0。',
      en: 'That key has no use here. For a message press 1, if not, 0.',
    },
  });
  draft.recording = { announcement: 'V1', thanks: 'V2', longestSeconds: 60, silenceSeconds: 5 };
  edit(draft);
  return parseQuestionnaire(draft);
}
