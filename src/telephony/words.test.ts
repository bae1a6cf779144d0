import { describe, expect, test } from 'vitest';
import { textLength } from '../survey/questionnaire/measure.ts';
import { standardQuestionnaire } from '../survey/questionnaire/questionnaire.ts';
import { templateWords, written } from './words.ts';

/** Every text of script §8, to the sign, as a retailer of manager 王建国 reads it. */
const texts: readonly (readonly [id: string, units: number, body: string])[] = [
  [
    'P0',
    70,
    '【东湖烟草】本季我们用0791-88XXXXXX做回访,抽到您时请给客户经理打分,按键就行。不问密码不转账,真假可打12313。拒收请回复R',
  ],
  ['SM', 51, '【东湖烟草】刚才是我们的回访电话。方便时打回0791-88XXXXXX就能答,不到两分钟。拒收请回复R'],
  [
    'S1',
    67,
    '【东湖烟草】您对客户经理王建国本人的服务满意吗?回一个数字:5非常满意4满意3一般2不满意1非常不满意。他看不到是谁回的。拒收请回复R',
  ],
  ['S2', 52, '【东湖烟草】收到5分。第2题共3题:最近一个月,他有没有要您多订不想要的烟?有回1,没有回2,说不清回0'],
  ['S3', 50, '【东湖烟草】收到。最后一题:这次回访前,有没有人叫您怎么打分?有回1,没有回2。有事要我们回电,回8'],
  ['S9', 46, '【东湖烟草】答完了,谢谢!我们只报总数,不报是谁。改进情况每月在订货平台公布。祝您生意兴隆!'],
  [
    'SR',
    58,
    '【东湖烟草】还差您一条:客户经理王建国本人的服务,您打几分?回一个数字1到5,5分最满意,1分最不满意。拒收请回复R',
  ],
  ['SE1', 54, '【东湖烟草】没看明白。请只回一个数字:5非常满意4满意3一般2不满意1非常不满意。不方便打字,回8我们打给您'],
  ['SE1b', 47, '【东湖烟草】没看明白。请只回一个数字:有回1,没有回2,说不清回0。不方便打字,回8我们打给您'],
  ['SE2', 48, '【东湖烟草】不用再回了,我们的工作人员半天之内打给您,用0791-88XXXXXX。拒收请回复R'],
  ['S10', 29, '【东湖烟草】满分是5分。请回1到5里的一个数字,5分最满意'],
  [
    'SW',
    65,
    '【东湖烟草】我们是市烟草公司回访,真假请打12313,不问密码不转账。愿意的话,请回1到5给客户经理打分,5分最满意。拒收请回复R',
  ],
  ['SC', 54, '【东湖烟草】您说的记下了,不会告诉客户经理是谁说的。要我们回电请回8。请再回一个1到5的数字打分,5分最满意'],
  [
    'SP',
    60,
    '【东湖烟草】刚才电话断了,前面的分都记着。还差一题:最近一个月,他有没有要您多订不想要的烟?有回1,没有回2,说不清回0',
  ],
  ['SG', 12, '【东湖烟草】改好了:4分'],
  ['SD', 20, '【东湖烟草】您已经答完,不用再回,谢谢!'],
  ['SX', 35, '【东湖烟草】好的,回访电话和短信都停了。哪天想恢复,打12313说一声'],
  ['SL', 33, '【东湖烟草】本月回访已截止,这一条没有计入。谢谢您,下次抽到再请您'],
  ['SU', 34, '【东湖烟草】这个号码没有登记。请用店里登记的手机回复,或打12313'],
  ['SF', 42, '【东湖烟草】您12日让我们办的事已办结,办法电话里跟您说过了。办好了回1,没办好回2'],
];
const open: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  S2: { score: '5' },
  SG: { score: '4' },
  SF: { day: '12' },
};

/** The script's number has places left open; ours is as long. */
const { company, ...rest } = standardQuestionnaire();
const questionnaire = { ...rest, company: { ...company, number: '0791-88XXXXXX' } };
const speaking = { language: 'zh-CN', managerName: '王建国', questionnaire } as const;

describe('a text, word for word', () => {
  test.each(texts)('%s, %i units', (id, _, body) => {
    expect(written(id, speaking, open[id]).body).toBe(body);
  });

  test('is each of the script’s, and there is no other', () => {
    expect(texts.map(([id]) => id).sort()).toEqual(Object.keys(questionnaire.texts).sort());
  });

  test.each(texts)('%s is one message, also with a name of six characters', (id) => {
    const { body } = written(id, { ...speaking, managerName: '欧阳阿依古丽' }, open[id]);
    expect(body.length).toBeLessThanOrEqual(70);
    expect(textLength(body).segments).toBe(1);
  });
});

/** As Aliyun writes a variable. */
const left = (name: string) => `$\{${name}}`;

describe('what is registered of it', () => {
  test('has no signature, the number as it stands, and what differs left open', () => {
    expect(templateWords('S1', 'zh-CN', questionnaire)).toBe(
      `您对客户经理${left('manager')}本人的服务满意吗?回一个数字:5非常满意4满意3一般2不满意1非常不满意。他看不到是谁回的。拒收请回复R`,
    );
    expect(templateWords('SE2', 'zh-CN', questionnaire)).toBe(
      '不用再回了,我们的工作人员半天之内打给您,用0791-88XXXXXX。拒收请回复R',
    );
    expect(templateWords('S1', 'en', questionnaire)).toMatch(
      /^How satisfied are you with customer manager \$\{manager\}\?/,
    );
  });

  test('and what fills it, nothing else', () => {
    expect(written('SG', speaking, { score: '4' }).template).toEqual({
      ...{ id: 'SG', language: 'zh-CN', words: `改好了:${left('score')}分`, values: { score: '4' } },
    });
    expect(written('SD', speaking).template.values).toEqual({});
  });

  test.each(texts)('%s: signature, template and values make the same text again', (id, _, body) => {
    const { words, values } = written(id, speaking, open[id]).template;
    expect(`【东湖烟草】${words.replace(/\$\{(\w+)\}/g, (__, name: string) => values[name] ?? '?')}`).toBe(body);
  });
});
