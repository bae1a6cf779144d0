import { createServer, type IncomingMessage } from 'node:http';
import { StandingClock } from '../../src/platform/clock.ts';
import { languages, standardQuestionnaire } from '../../src/survey/questionnaire/questionnaire.ts';
import { openAliyun } from '../../src/telephony/aliyun/aliyun.ts';
import { startSimulator } from '../../src/telephony/simulator/server.ts';
import { openGateway } from '../../src/telephony/sms-gateway/gateway.ts';
import { openTwilio } from '../../src/telephony/twilio/twilio.ts';
import { templateWords } from '../../src/telephony/words.ts';
import { aliyunServer } from './aliyun-server.ts';
import { gatewayServer } from './gateway-server.ts';
import { json, type TextDriver, textContract } from './text-contract.ts';

/** Every carrier of texts under the one contract. */

const questionnaire = standardQuestionnaire();
const requestTimeout = 700;

function twilio(): TextDriver {
  const account = { accountSid: 'AC0123456789abcdef0123456789abcdef', authToken: 'a token known to both sides' };
  const said = (status: number, code: number) =>
    json(status, { code, message: 'as the carrier words it', more_info: '', status });
  return {
    async start() {
      const start = new Date();
      let now = start;
      const simulator = await startSimulator({
        ...{ ...account, seed: 'texts', start, controlToken: 'control' },
        personBehind: (number) => ({
          texts: number.endsWith('5679') ? { arrive: false, status: 'undelivered', error: 30003 } : { arrive: true },
          ...{ patience: 60, ring: () => ({ does: 'ring-out', connect: 1 }) },
          ...{ hear: () => ({ does: 'nothing' }), read: () => null, nameIn: () => null },
        }),
      });
      const us = createServer((_, response) => response.writeHead(204).end()).listen(0, '127.0.0.1');
      const taken: { to: string; body: string; messageId: string | null }[] = [];
      const delivered = taken;
      return {
        now: () => now,
        async pass(request, body) {
          const form = new URLSearchParams(body);
          if (request.method === 'POST')
            taken.push({
              ...{ to: form.get('To') ?? '', body: form.get('Body') ?? '' },
              messageId: /text\/([^/]+)\/status/.exec(form.get('StatusCallback') ?? '')?.[1] ?? null,
            });
          const answer = await fetch(simulator.url + request.url, {
            method: request.method ?? 'GET',
            headers: {
              authorization: String(request.headers.authorization),
              'content-type': 'application/x-www-form-urlencoded',
            },
            ...(request.method === 'POST' && { body }),
          });
          return { status: answer.status, type: 'application/json', body: await answer.text() };
        },
        open: (baseUrl) =>
          openTwilio({
            ...{ ...account, baseUrl, fromNumbers: ['+8679188000000'], messagingServiceSid: null, requestTimeout },
            publicUrl: `http://127.0.0.1:${(us.address() as { port: number }).port}`,
          }).text,
        sends: ({ method }) => method === 'POST',
        delivered: () => delivered,
        async settle() {
          now = new Date(now.getTime() + 60_000);
          await fetch(`${simulator.url}/_control/control/advance`, {
            method: 'POST',
            body: JSON.stringify({ to: now }),
          });
        },
        async stop() {
          await simulator.close();
          us.close();
        },
      };
    },
    refusals: [
      ['no such number', said(400, 21211), { result: 'bad-number', errorCode: 21211 }],
      ['a landline', said(400, 21614), { result: 'bad-number', errorCode: 21614 }],
      ['he told the carrier to stop', said(400, 21610), { result: 'blocked', errorCode: 21610, optedOut: true }],
      ['our credentials', said(401, 20003), { result: 'technical', errorCode: 20003, trouble: 'settings' }],
      ['our sender', said(400, 21606), { result: 'technical', errorCode: 21606, trouble: 'settings' }],
      ['a code nobody has listed', said(400, 29999), { result: 'technical', errorCode: 29999 }],
    ],
    tooMany: said(429, 20429),
    ownFailure: said(500, 20500),
    secrets: [account.authToken, Buffer.from(`${account.accountSid}:${account.authToken}`).toString('base64')],
  };
}

const codeOf = (text: string, language: string) => `SMS_${text}_${language}`;

function aliyun(): TextDriver {
  const key = { accessKeyId: 'LTAI5tExampleKeyId', accessKeySecret: 'a secret of the tests only' };
  const said = (status: number, code: string) =>
    json(status, { Code: code, Message: 'as Aliyun words it', RequestId: 'R' });
  return {
    async start() {
      const clock = new StandingClock(new Date());
      const server = aliyunServer(key.accessKeyId, key.accessKeySecret, () => clock.now());
      const templates = new Map<string, string>();
      for (const language of languages)
        for (const text of Object.keys(questionnaire.texts)) {
          templates.set(language === 'zh-CN' ? text : `${text}.${language}`, codeOf(text, language));
          server.templates.set(codeOf(text, language), {
            status: 1,
            words: templateWords(text, language, questionnaire),
          });
        }
      return {
        now: () => clock.now(),
        async pass(request, body) {
          const { status, body: answer } = server.answer(request, body);
          return { status, type: 'application/json', body: JSON.stringify(answer) };
        },
        open: (endpoint) => openAliyun({ ...key, endpoint, signName: '东湖烟草', templates, clock, requestTimeout }),
        sends: ({ action }) => action === 'SendSms',
        // What arrives is put together by Aliyun: its signature, the approved words, our values.
        delivered: () =>
          server.sent.map(({ phone, sign, template, values, outId }) => ({
            to: `+86${phone}`,
            body: `【${sign}】${server.templates.get(template)?.words.replace(/\$\{(\w+)\}/g, (_, name: string) => values[name] ?? '?')}`,
            messageId: outId,
          })),
        async settle(messageId, report) {
          for (const text of server.sent.filter(({ outId }) => outId === messageId))
            Object.assign(text, report === 'delivered' ? { status: 3 } : { status: 2, error: 'MOBILE_NOT_ON_SERVICE' });
        },
        async stop() {},
      };
    },
    refusals: [
      [
        'no such number',
        said(200, 'isv.MOBILE_NUMBER_ILLEGAL'),
        { result: 'bad-number', errorName: 'isv.MOBILE_NUMBER_ILLEGAL' },
      ],
      ['he told the carrier to stop', said(200, 'isv.CUSTOMER_REFUSED'), { result: 'blocked', optedOut: true }],
      ['too many to this number', said(200, 'isv.BUSINESS_LIMIT_CONTROL'), { result: 'technical' }],
      ['our account has no money', said(200, 'isv.AMOUNT_NOT_ENOUGH'), { result: 'technical', trouble: 'settings' }],
      ['our account is suspended', said(200, 'isv.OUT_OF_SERVICE'), { result: 'technical', trouble: 'settings' }],
      ['our signature', said(200, 'isv.SMS_SIGNATURE_ILLEGAL'), { result: 'technical', trouble: 'settings' }],
      ['our template', said(200, 'isv.SMS_TEMPLATE_ILLEGAL'), { result: 'technical', trouble: 'settings' }],
      ['our key', said(400, 'InvalidAccessKeyId.Inactive'), { result: 'technical', trouble: 'settings' }],
      ['our key signs wrongly', said(403, 'SignatureDoesNotMatch'), { result: 'technical', trouble: 'settings' }],
      ['throttled, in its other way', said(200, 'Throttling.User'), { result: 'technical', trouble: 'busy' }],
      [
        'a code nobody has listed',
        said(200, 'isv.SOMETHING_NEW'),
        { result: 'technical', errorName: 'isv.SOMETHING_NEW' },
      ],
    ],
    tooMany: said(429, 'Throttling.Api'),
    ownFailure: said(500, 'InternalError'),
    secrets: [key.accessKeySecret],
  };
}

function gateway(): TextDriver {
  const token = 'a bearer token of the tests only';
  const said = (status: number, error: string) => json(status, { error });
  return {
    async start() {
      const server = gatewayServer(token);
      return {
        now: () => new Date(),
        pass: (request: IncomingMessage, body: string) => server.answer(request, body),
        open: (url) => openGateway({ url, token, requestTimeout }),
        sends: ({ method }) => method === 'POST',
        delivered: () => server.sent.map(({ to, text, id }) => ({ to, body: text, messageId: id })),
        settle: async (messageId, state) => server.settle(messageId, state),
        async stop() {},
      };
    },
    refusals: [
      ['no such number', said(422, 'bad-number'), { result: 'bad-number', errorName: 'bad-number' }],
      ['he told the carrier to stop', said(422, 'blocked'), { result: 'blocked', optedOut: true }],
      ['our settings', said(403, 'settings'), { result: 'technical', trouble: 'settings' }],
      ['busy, in its other way', said(422, 'busy'), { result: 'technical', trouble: 'busy' }],
      ['it failed', said(422, 'failed'), { result: 'technical' }],
      ['a word nobody has listed', said(400, 'moon-phase'), { result: 'technical', errorName: 'moon-phase' }],
    ],
    tooMany: said(429, 'slow down'),
    ownFailure: said(500, 'oops'),
    secrets: [token],
  };
}

textContract('Twilio', twilio());
textContract('Aliyun', aliyun());
textContract('a gateway', gateway());
