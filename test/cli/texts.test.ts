import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { standardQuestionnaire } from '../../src/survey/questionnaire/questionnaire.ts';
import { templateWords } from '../../src/telephony/words.ts';
import { type City, openCity, settleIn, shopsOf } from '../support/city.ts';
import { huifang } from '../support/huifang.ts';
import { aliyunServer } from '../telephony/aliyun-server.ts';
import { type Network, openNetwork } from '../telephony/network.ts';

/** `huifang texts` and `huifang announce`, as an administrator runs them. */

const key = { id: 'LTAI5tExampleKeyId', secret: 'a secret of the tests only' };
const questionnaire = standardQuestionnaire();
const ids = Object.keys(questionnaire.texts);

let city: City;
let aliyun: Network;
let env: Record<string, string>;
const server = aliyunServer(key.id, key.secret, () => new Date());

beforeAll(async () => {
  city = await openCity('texts by command');
  await settleIn(city, shopsOf('W01', 7));
  aliyun = await openNetwork(async (request, body) => {
    const { status, body: answer } = server.answer(request, body);
    return { status, type: 'application/json', body: JSON.stringify(answer) };
  });
  const key32 = Buffer.alloc(32, 7).toString('base64');
  env = { DATABASE_URL: city.url, DATA_KEY: key32, SESSION_SECRET: 'a secret of the tests, long enough to be one' };
});
afterAll(async () => {
  await aliyun.close();
  await city.close();
});

describe('huifang texts', () => {
  const withAliyun = () => ({
    ...env,
    ...{ TEXT_CARRIER: 'aliyun', PUBLIC_URL: 'https://huifang.example', ALIYUN_SMS_ENDPOINT: aliyun.url },
    ...{ ALIYUN_ACCESS_KEY_ID: key.id, ALIYUN_ACCESS_KEY_SECRET: key.secret, ALIYUN_SMS_SIGNATURE: '东湖烟草' },
    ...{ ALIYUN_PUSH_TOKEN: 'f00dfeedf00dfeedf00dfeedf00dfeed' },
    ALIYUN_SMS_TEMPLATES: ids.map((id) => `${id}=SMS_${id}`).join(','),
  });
  const approve = () => {
    for (const id of ids)
      server.templates.set(`SMS_${id}`, { status: 1, words: templateWords(id, 'zh-CN', questionnaire) });
  };

  test('prints every text as it is to be registered', async () => {
    const { status, out } = await huifang(['texts'], '', env);
    expect(status).toBe(0);
    for (const id of ids) expect(out).toContain(`\n  ${templateWords(id, 'zh-CN', questionnaire)}\n`);
    expect(out).not.toContain('【');
  });

  test('and with Aliyun how each stands there; fine only when all are approved', async () => {
    approve();
    const all = await huifang(['texts'], '', withAliyun());
    expect(all.status).toBe(0);
    expect(all.out.match(/已通过/g)).toHaveLength(ids.length);
    server.templates.set('SMS_S1', { status: 0, words: '' });
    server.templates.set('SMS_S2', { status: 1, words: '别的话' });
    const some = await huifang(['texts'], '', withAliyun());
    expect(some.status).toBe(1);
    expect(some.out).toMatch(/SMS_S1 {2}审核中/);
    expect(some.out).toMatch(/SMS_S2 {2}文字不一致/);
    expect(some.out + some.said).not.toContain(key.secret);
  });
});

describe('huifang announce', () => {
  test('says what it comes to and sends nothing; --yes plans it, once', async () => {
    const planned = async () => (await city.database.query({ text: `SELECT FROM notice WHERE text = 'P0'` })).length;
    const before = await huifang(['announce'], '', env);
    expect(before.out).toMatch(/未通知 · not told yet: 7 个号码 · numbers, 7 条 · segments/);
    expect(await planned()).toBe(0);
    expect((await huifang(['announce', '--yes'], '', env)).out).toMatch(/已排入 · planned: 7/);
    expect((await huifang(['announce', '--yes'], '', env)).out).toMatch(/已排入 · planned: 0/);
    expect(await planned()).toBe(7);
    expect((await huifang(['announce'], '', env)).out).toMatch(/排队 · planned 7/);
  });
});
