import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { StandingClock } from '../../src/platform/clock.ts';
import { standardQuestionnaire } from '../../src/survey/questionnaire/questionnaire.ts';
import { type AliyunTexts, openAliyun } from '../../src/telephony/aliyun/aliyun.ts';
import { templateWords, written } from '../../src/telephony/words.ts';
import { type AliyunServer, aliyunServer } from './aliyun-server.ts';
import { type Network, openNetwork } from './network.ts';

/** Aliyun sends what it has approved and nothing else; and what it has approved has to be what we mean to say. */

const key = { accessKeyId: 'LTAI5tExampleKeyId', accessKeySecret: 'a secret of the tests only' };
const questionnaire = standardQuestionnaire();
const speaking = { language: 'zh-CN', managerName: '王建国', questionnaire } as const;
const to = '+8613800001234';
const words = templateWords('S1', 'zh-CN', questionnaire);

let clock: StandingClock;
let server: AliyunServer;
let network: Network;
let port: AliyunTexts;
const after = (hours: number) => clock.advance(new Date(clock.now().getTime() + hours * 3_600_000));
const send = (text = 'S1') =>
  port.send({ messageId: '0199c0de-0000-4000-8000-000000000001', to, ...written(text, speaking) });
const looked = () => network.requests.filter(({ action }) => action === 'GetSmsTemplate').length;

beforeEach(async () => {
  clock = new StandingClock(new Date('2026-12-01T23:50:00+08:00'));
  server = aliyunServer(key.accessKeyId, key.accessKeySecret, () => clock.now());
  server.templates.set('SMS_1', { status: 1, words });
  network = await openNetwork(async (request, body) => {
    const { status, body: answer } = server.answer(request, body);
    return { status, type: 'application/json', body: JSON.stringify(answer) };
  });
  const templates = new Map([['S1', 'SMS_1']]);
  port = openAliyun({ ...key, endpoint: network.url, signName: '东湖烟草', templates, clock, requestTimeout: 2000 });
});
afterEach(() => network.close());

describe('a text whose template', () => {
  test.each([
    ['is in review', 'template.in-review', () => server.templates.set('SMS_1', { status: 0, words })],
    ['was rejected', 'template.rejected', () => server.templates.set('SMS_1', { status: 2, words })],
    [
      'says something else',
      'template.other-words',
      () => server.templates.set('SMS_1', { status: 1, words: `${words}!` }),
    ],
    ['Aliyun does not know', 'isv.SMS_TEMPLATE_ILLEGAL', () => server.templates.clear()],
  ])('%s is not sent, nor anything in its place: the settings are to be mended', async (_, errorName, given) => {
    given();
    expect(await send()).toEqual({
      kind: 'refused',
      result: 'technical',
      errorCode: null,
      errorName,
      trouble: 'settings',
    });
    expect(server.sent).toEqual([]);
  });

  test('has no code here is not sent, and Aliyun not asked', async () => {
    expect(await send('S3')).toMatchObject({ kind: 'refused', errorName: 'template.no-code', trouble: 'settings' });
    expect(network.requests).toEqual([]);
  });

  test('cannot be looked at is not sent: nothing went out, and it will be tried again', async () => {
    network.weather = () => ({ kind: 'torn' });
    expect(await send()).toMatchObject({ kind: 'refused', errorName: 'template.not-checked', trouble: 'busy' });
    expect(server.sent).toEqual([]);
  });
});

test('an approval is looked up once an hour; a rejection at once is noticed when mended', async () => {
  server.templates.set('SMS_1', { status: 0, words });
  await send();
  server.templates.set('SMS_1', { status: 1, words });
  for (let index = 0; index < 3; index++) expect(await send()).toMatchObject({ kind: 'placed' });
  expect(looked()).toBe(2);
  server.templates.set('SMS_1', { status: 2, words });
  after(1);
  expect(await send()).toMatchObject({ kind: 'refused', errorName: 'template.rejected' });
});

test('how each stands is told', async () => {
  expect(await port.registration(written('S1', speaking).template)).toEqual({ status: 'approved', code: 'SMS_1' });
  expect(await port.registration(written('S3', speaking).template)).toEqual({ status: 'no-code', code: null });
});

test('a text is found over midnight, by the days of Peking', async () => {
  const since = clock.now();
  await send();
  after(1);
  expect(await port.textsTo(to, since)).toMatchObject([{ messageId: '0199c0de-0000-4000-8000-000000000001' }]);
  expect(network.requests.filter(({ action }) => action === 'QuerySendDetails')).toHaveLength(2);
});
