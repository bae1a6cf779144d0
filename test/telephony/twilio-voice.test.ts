import { createServer } from 'node:http';
import type { CallReport } from '../../src/survey/fieldwork/call.ts';
import type { Ring } from '../../src/telephony/simulator/person.ts';
import { startSimulator } from '../../src/telephony/simulator/server.ts';
import { callReport, callStatus } from '../../src/telephony/twilio/reports.ts';
import { openTwilio } from '../../src/telephony/twilio/twilio.ts';
import { type VoiceBench, voiceContract } from './voice-contract.ts';
import { type Answer, closed, listening, openNetwork } from './weather.ts';

const accountSid = 'AC0123456789abcdef0123456789abcdef';
const authToken = 'a token that is in no error';
const start = new Date('2026-03-02T01:30:00.000Z');

const telephones = {
  answers: '+8613800000001',
  engaged: '+8613800000002',
  unanswered: '+8613800000003',
  nonexistent: '+8613800000004',
} as const;
const rings: Readonly<Record<string, Ring>> = {
  [telephones.answers]: { does: 'answer', connect: 1, after: 3 },
  [telephones.engaged]: { does: 'busy' },
  [telephones.unanswered]: { does: 'ring-out', connect: 1 },
  [telephones.nonexistent]: { does: 'not-exist' },
};

const error = (status: number, code: number): Answer => ({
  ...{ status, type: 'application/json' },
  body: JSON.stringify({ code, message: 'as the carrier words it', more_info: '', status }),
});

/** Twilio's library and our adapter, over the simulator. Its webhooks are heard by a server that only takes note. */
async function open(): Promise<VoiceBench> {
  const reports = new Map<string, CallReport>();
  const app = createServer(async (request, response) => {
    let body = '';
    for await (const chunk of request) body += chunk;
    const form = new URLSearchParams(body);
    const [, attemptId = '', what] = /\/voice\/([^/]+)\/(\w+)/.exec(request.url ?? '') ?? [];
    const told = callStatus.parse(form.get('CallStatus'));
    if (what === 'status') {
      reports.set(attemptId, callReport(told, Number(form.get('SipResponseCode')) || null, null));
      return void response.writeHead(204).end();
    }
    reports.set(attemptId, { state: 'in-progress' });
    response.writeHead(200, { 'Content-Type': 'text/xml' }).end('<Response><Pause length="120"/></Response>');
  });
  const publicUrl = await listening(app);
  const simulator = await startSimulator({
    ...{ accountSid, authToken, seed: 'contract', start, controlToken: 'control' },
    personBehind: (phone) => ({
      ...{ texts: { arrive: true }, patience: 200, ring: () => rings[phone] ?? { does: 'busy' } },
      ...{ hear: () => ({ does: 'nothing' }), read: () => null, nameIn: () => null },
    }),
  });
  const network = await openNetwork(simulator.url);
  const settings = { accountSid, fromNumbers: ['+8679188000000', '+8679188000001'], messagingServiceSid: null };
  const carrier = (token: string, baseUrl: string) =>
    openTwilio({ ...settings, authToken: token, baseUrl, publicUrl, requestTimeout: 400 }).voice;
  const direct = carrier(authToken, simulator.url);
  let now = start;
  return {
    port: carrier(authToken, network.url),
    network,
    stranger: carrier('another token that is in no error', network.url),
    nobody: carrier(authToken, 'http://127.0.0.1:9'),
    telephones,
    carried: async (to) => (await direct.callsTo(to, new Date(0), null)).length,
    async pass(seconds) {
      now = new Date(now.getTime() + seconds * 1000);
      await fetch(`${simulator.url}/_control/control/advance`, { method: 'POST', body: JSON.stringify({ to: now }) });
    },
    reported: async (attemptId) => reports.get(attemptId) ?? null,
    refusals: [
      ...[21211, 21214, 21217, 13223].map((code) => ({
        ...{ name: `no such number (${code})`, answer: error(400, code) },
        expected: { result: 'bad-number' as const, errorCode: code },
      })),
      {
        ...{ name: 'he told the carrier to stop', answer: error(400, 21610) },
        expected: { result: 'blocked', errorCode: 21610, optedOut: true },
      },
      ...[21210, 21215, 21216, 13227].map((code) => ({
        ...{ name: `our settings (${code})`, answer: error(400, code) },
        expected: { result: 'technical' as const, errorCode: code, trouble: 'settings' as const },
      })),
      {
        ...{ name: 'a request nobody understands', answer: error(400, 20001) },
        expected: { result: 'technical', errorCode: 20001 },
      },
    ],
    tooMany: error(429, 20429),
    broken: error(500, 20500),
    secrets: [authToken, 'another token', Buffer.from(`${accountSid}:${authToken}`).toString('base64'), 'uthorization'],
    async close() {
      await network.close();
      await simulator.close();
      await closed(app);
    },
  };
}

voiceContract("Twilio's protocol, over the simulator,", open);
