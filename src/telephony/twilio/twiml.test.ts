import { describe, expect, test } from 'vitest';
import type { Reply } from '../../survey/interview/conversation.ts';
import { type Language, standardQuestionnaire } from '../../survey/questionnaire/questionnaire.ts';
import { questionnaireWithMessages } from '../../survey/questionnaire/recording.fixture.ts';
import { hangUpTwiml, holdTwiml, twiml } from './twiml.ts';

/** What Twilio is told to do, to the letter: a wrong attribute is a call that ends in silence. */

const questionnaire = standardQuestionnaire();
const action = 'https://huifang.example/twilio/voice/7f3c/3';

const written = (reply: Reply, language: Language = 'zh-CN', managerName = '王建国') =>
  twiml(reply, { language, managerName, questionnaire }, action);

const document = (inside: string) => `<?xml version="1.0" encoding="UTF-8"?><Response>${inside}</Response>`;
const zh = (inside: string) => `<Say voice="Polly.Zhiyu-Neural" language="cmn-CN">${inside}</Say>`;
const en = (inside: string) => `<Say voice="Polly.Joanna-Neural" language="en-US">${inside}</Say>`;
const listening = (seconds: number, inside: string, input = 'input="dtmf"') =>
  document(
    `<Gather ${input} numDigits="1" finishOnKey="" actionOnEmptyResult="true" ` +
      `timeout="${seconds}" action="${action}" method="POST"${inside === '' ? '/>' : `>${inside}</Gather>`}` +
      `<Redirect method="POST">${action}</Redirect>`,
  );
const hangingUp = (inside: string) => document(`${inside}<Hangup/>`);

const Q1 =
  '第一题。只说他本人的服务,不算货源和价格,您满意不满意?请打分:5分,非常满意;4分,满意;3分,一般;2分,不满意;1分,非常不满意。';
const Q2 = '第二题。他建议您订的烟,合不合店里的需要?5分最合适,1分最不合适。没建议过,请按0。';

interface Example {
  readonly name: string;
  readonly reply: Reply;
  readonly language?: Language;
  readonly expected: string;
}

const examples: readonly Example[] = [
  {
    name: 'the greeting, 0.8 s after the answer, listening a second for 7, 8, 9 and *',
    reply: { pauseSeconds: 0.8, say: [{ clip: 'A1' }], listenSeconds: 1 },
    expected: listening(
      1,
      zh(
        '<break time="800ms"/>您好,市烟草公司自动回访,请管订烟的老板听。请您给客户经理王建国打个分,不到两分钟。他看不到是谁打的,也不影响您订烟。忙,请按7;以后不接,请按9。',
      ),
    ),
  },
  {
    name: 'question 1: one key of any kind, twelve seconds, and silence is reported too',
    reply: { pauseSeconds: 0, say: [{ clip: 'Q1' }], listenSeconds: 12 },
    expected: listening(12, zh(Q1)),
  },
  {
    name: 'the read-back, with the score and its name, after the phone went back to the ear',
    reply: { pauseSeconds: 0.6, say: [{ clip: 'Q1r', values: { score: 4 } }], listenSeconds: 1 },
    expected: listening(1, zh('<break time="600ms"/>您打的是4分,满意。按错了,请按井号键。')),
  },
  {
    name: 'a hint and the question again, in one breath',
    reply: { pauseSeconds: 0, say: [{ clip: 'H1' }, { clip: 'Q2' }], listenSeconds: 8 },
    expected: listening(8, zh(`没听到您按键。请点开手机上的拨号键盘,按一个数字;5分最满意,1分最不满意。${Q2}`)),
  },
  {
    name: 'the slow repeat: the question slower, the pause as it was',
    reply: { pauseSeconds: 0.6, say: [{ clip: 'Q2', slow: true }], listenSeconds: 8 },
    expected: listening(8, zh(`<break time="600ms"/><prosody rate="75%">${Q2}</prosody>`)),
  },
  {
    name: 'a call gone on with, counting what is left in words',
    reply: { pauseSeconds: 0.8, say: [{ clip: 'R1', values: { remaining: 2 } }], listenSeconds: 1 },
    expected: listening(
      1,
      zh('<break time="800ms"/>您好,还是市烟草公司回访。上次断了,前面的分都记着,还剩两题。忙,请按7;以后不接,请按9。'),
    ),
  },
  {
    name: 'the opt-out, four seconds open for the hash key that takes it back',
    reply: { pauseSeconds: 0.6, say: [{ clip: 'N1' }], listenSeconds: 4 },
    expected: listening(4, zh('<break time="600ms"/>好的,以后不再给您打回访电话,也不再发短信。按错了,请按井号键。')),
  },
  {
    name: 'the opt-out confirmed, and the end',
    reply: { pauseSeconds: 0, say: [{ clip: 'N2' }], listenSeconds: null },
    expected: hangingUp(zh('已经停了。哪天想恢复,打12313说一声就行。再见!')),
  },
  {
    name: 'a voicemail told who called, and the end',
    reply: { pauseSeconds: 0, say: [{ clip: 'W1' }], listenSeconds: null },
    expected: hangingUp(zh('市烟草公司回访,没有急事。稍后给您发短信,也可以打回这个号码。')),
  },
  {
    name: 'an assistant told who we are: twelve seconds for a key or a voice',
    reply: { pauseSeconds: 0, say: [{ clip: 'S0' }], listenSeconds: 12, hearsVoice: true },
    expected: listening(
      12,
      zh('市烟草公司回访,想请店主给客户经理王建国打个分,不到两分钟。不推销,不问密码。'),
      'input="dtmf speech" language="cmn-Hans-CN" speechTimeout="1"',
    ),
  },
  {
    name: 'an assistant that asked us to wait is waited for in silence',
    language: 'en',
    reply: { pauseSeconds: 0, say: [], listenSeconds: 12, hearsVoice: true },
    expected: listening(12, '', 'input="dtmf speech" language="en-US" speechTimeout="1"'),
  },
  {
    name: 'hanging up without a word',
    reply: { pauseSeconds: 0.6, say: [], listenSeconds: null },
    expected: hangingUp(''),
  },
  {
    name: 'the greeting in English, by an English voice',
    language: 'en',
    reply: { pauseSeconds: 0.8, say: [{ clip: 'A1' }], listenSeconds: 1 },
    expected: listening(
      1,
      en(
        '<break time="800ms"/>Hello, the city tobacco company\'s automatic follow-up, for whoever orders the cigarettes. Please rate customer manager 王建国: less than two minutes. He will not see who gave which score, and your orders are not affected. Busy, press 7; no more calls, press 9.',
      ),
    ),
  },
  {
    name: 'the read-back in English',
    language: 'en',
    reply: { pauseSeconds: 0.6, say: [{ clip: 'Q1r', values: { score: 1 } }], listenSeconds: 1 },
    expected: listening(
      1,
      en('<break time="600ms"/>You gave 1, very dissatisfied. If that was a slip, press the hash key.'),
    ),
  },
];

test('a message: the announcement, one second for the ways out, then a beep and the recording', () => {
  const reply = {
    ...{ pauseSeconds: 0.6, say: [{ clip: 'V1' }], listenSeconds: 1 },
    record: { longestSeconds: 60, silenceSeconds: 5 },
  };
  const said = twiml(
    reply,
    { language: 'zh-CN', managerName: '王建国', questionnaire: questionnaireWithMessages() },
    action,
  );
  expect(said).toBe(
    document(
      `<Gather input="dtmf" numDigits="1" finishOnKey="" actionOnEmptyResult="false" timeout="1" action="${action}" method="POST">` +
        zh(
          '<break time="600ms"/>留言会录音,只有市局考核的人听,客户经理听不到,不想说可以不说。请在嘀声后讲,讲完按井号键。',
        ) +
        `</Gather><Record playBeep="true" maxLength="60" timeout="5" finishOnKey="1#*789" action="${action}" method="POST"/>` +
        `<Redirect method="POST">${action}</Redirect>`,
    ),
  );
});

/** Every word the questionnaire has, as it is said: none is left out, changed or said by the other voice. */
describe.each([
  ['zh-CN', zh],
  ['en', en],
] as const)('each clip in %s', (language, said) => {
  const filled: Readonly<Record<string, string>> = {
    manager: '王建国',
    score: '4',
    scoreName: questionnaire.scale[language]['4'] ?? '',
    remaining: questionnaire.numerals[language]['3'] ?? '',
  };

  test.each(Object.entries(questionnaire.clips).map(([id, words]) => [id, words[language]] as const))(
    '%s',
    (clip, words) => {
      const values = { score: 4, remaining: 3 };
      const expected = words.replace(/\{\{(\w+)\}\}/g, (_, name: string) => filled[name] ?? `no ${name}`);
      expect(written({ pauseSeconds: 0, say: [{ clip, values }], listenSeconds: null }, language)).toBe(
        hangingUp(said(expected.replaceAll('&', '&amp;').replaceAll('<', '&lt;'))),
      );
    },
  );
});

describe('a reply as TwiML', () => {
  test.each(examples)('$name', ({ reply, language, expected }) => {
    expect(written(reply, language)).toBe(expected);
  });

  test('a Gather listens for whole seconds, and never for none: that would be the end of the call', () => {
    const timeout = (listenSeconds: number) =>
      /timeout="(\d+)"/.exec(written({ pauseSeconds: 0, say: [{ clip: 'Q3' }], listenSeconds }))?.[1];
    expect([0, 0.2, 1.4, 1.6, 8].map(timeout)).toEqual(['1', '1', '1', '2', '8']);
  });

  test('words are words: what a manager’s name holds stays text in the document', () => {
    const said = written({ pauseSeconds: 0, say: [{ clip: 'A1' }], listenSeconds: 1 }, 'zh-CN', '<王&"建国">{{x}}');
    expect(said).toContain('请您给客户经理&lt;王&amp;"建国"&gt;{{x}}打个分');
  });

  test('a clip the questionnaire does not have is our defect, and says which', () => {
    expect(() => written({ pauseSeconds: 0, say: [{ clip: 'Q99' }], listenSeconds: 1 })).toThrow(
      /no clip Q99 in zh-CN/,
    );
  });
});

test('somebody who is to wait hears it ring: a pause that comes before any word', () => {
  expect(holdTwiml(5, action)).toBe(document(`<Pause length="5"/><Redirect method="POST">${action}</Redirect>`));
});

test('the answer to a request that is refused ends the call', () => {
  expect(hangUpTwiml()).toBe(hangingUp(''));
});
