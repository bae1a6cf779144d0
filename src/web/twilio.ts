import express, { type Request, type Response, Router } from 'express';
import { z } from 'zod';
import { KnownError, never } from '../platform/errors.ts';
import { recordCallReport } from '../survey/fieldwork/call.ts';
import { recordMessageReport } from '../survey/fieldwork/message.ts';
import { attemptOfRing } from '../survey/fieldwork/ring-back.ts';
import { takeDetection, takeVoiceTurn } from '../survey/fieldwork/turn.ts';
import { type Input, keys } from '../survey/interview/conversation.ts';
import { asksToWait } from '../survey/interview/screening.ts';
import { standardQuestionnaire } from '../survey/questionnaire/questionnaire.ts';
import { troubleOf } from '../telephony/twilio/errors.ts';
import { callReport, callStatus, detectedBy, textReport, textStatus } from '../telephony/twilio/reports.ts';
import { isSigned } from '../telephony/twilio/signature.ts';
import { hangUpTwiml, holdTwiml, twiml } from '../telephony/twilio/twiml.ts';
import { receiveText } from '../workers/inbound-text.ts';
import type { Services } from '../workers/services.ts';
import { stopForReport } from '../workers/standing.ts';
import { wakeSettle } from '../workers/wake.ts';
import { afterNotDrawn, answerRing, lookAfterSeconds } from './ring-back.ts';
import { deskWebhooks } from './twilio-desk.ts';

/** What the carrier signs with, and under which address it calls us. */
export interface TwilioWebhooks {
  /** The current token, and the previous one while it is being changed. */
  readonly authTokens: readonly string[];
  readonly publicUrl: string;
}

/**
 * What a carrier may call, and nobody else: every request is signed or refused. A request that was taken before gets
 * its first answer again; an attempt we do not know is 404; whatever fields a request brings besides are ignored.
 */
export function twilioRouter(services: Services, webhooks: TwilioWebhooks): Router {
  const router = Router();
  router.use(express.urlencoded({ extended: false, limit: '64kb', parameterLimit: 200 }));
  router.use((request, response, next) => {
    const signature = request.get('X-Twilio-Signature');
    const form = (request.body ?? {}) as Record<string, unknown>;
    if (isSigned(webhooks.authTokens, webhooks.publicUrl, { path: request.originalUrl, signature, form })) next();
    else response.status(403).type('text/plain').send('not signed by the carrier\n');
  });
  router.post('/voice/fallback', (request, response) => fallback(services, webhooks, request, response));
  router.post('/voice/inbound', (request, response) => ringBack(services, webhooks, request, response));
  router.post('/voice/inbound/status', (request, response) => ringBackReport(services, request, response));
  router.post('/voice/inbound/wanted', (request, response) => personWanted(services, request, response));
  router.post('/voice/:attempt/status', (request, response) => callStatusReport(services, request, response));
  router.post('/voice/:attempt/detected', (request, response) => detected(services, request, response));
  router.post('/voice/:attempt/:turn', (request, response) => voiceTurn(services, webhooks, request, response));
  deskWebhooks(router, services, webhooks.publicUrl);
  router.post('/text/:message/status', (request, response) => textStatusReport(services, request, response));
  // A text is known by its id: where the first address failed after taking it in, the second takes nothing in.
  for (const path of ['/text', '/text/fallback'])
    router.post(path, (request, response) => inboundText(services, request, response));
  return router;
}

const turnPath = z.object({ attempt: z.uuid(), turn: z.coerce.number().int().min(0).max(10_000) });

async function voiceTurn(
  services: Services,
  webhooks: TwilioWebhooks,
  request: Request,
  response: Response,
): Promise<void> {
  const path = turnPath.safeParse(request.params);
  if (!path.success) return notFound(response);
  const { attempt, turn } = path.data;
  const input = heard(turn, said.parse(request.body));
  try {
    const next = await turnTwiml(services, webhooks, { attempt, turn }, input);
    if (input.kind === 'recorded') await services.queues.add('voice-message', { recordingId: input.id });
    response.type('text/xml').send(next);
  } catch (error) {
    if (!(error instanceof KnownError)) throw error;
    response
      .status(error.code === 'unknown-attempt' ? 404 : 409)
      .type('text/xml')
      .send(hangUpTwiml());
  }
}

const failed = z.object({ ErrorUrl: z.string().max(2000).catch('') });

/**
 * We failed to answer, and the carrier asks here instead, with the address that failed. A turn that was taken in before
 * it failed gets its first answer; one that was not is taken in as silence, so that whatever was keyed is asked for once
 * more. Where that fails too, without our database for one, he is told kindly that we call at another time.
 */
async function fallback(
  services: Services,
  webhooks: TwilioWebhooks,
  request: Request,
  response: Response,
): Promise<void> {
  const { ErrorUrl } = failed.parse(request.body);
  const [, attempt, turn] = /\/twilio\/voice\/([^/?#]+)\/(\d+)$/.exec(ErrorUrl) ?? [];
  const path = turnPath.safeParse({ attempt, turn });
  try {
    if (!path.success) return void response.type('text/xml').send(anotherTime());
    const input: Input = path.data.turn === 0 ? { kind: 'answered' } : { kind: 'silence' };
    response.type('text/xml').send(await turnTwiml(services, webhooks, path.data, input));
  } catch (error) {
    if (error instanceof KnownError && error.code === 'unknown-attempt') return notFound(response);
    services.log.error({ err: error, attemptId: attempt }, 'a call could not be gone on with');
    response.type('text/xml').send(anotherTime());
  }
}

/** Said without asking anything of what may have failed. */
const anotherTime = (): string =>
  twiml(
    { pauseSeconds: 0, say: [{ clip: 'G1' }], listenSeconds: null },
    { language: 'zh-CN', managerName: '', questionnaire: standardQuestionnaire() },
    '',
  );

async function turnTwiml(
  services: Services,
  { publicUrl }: TwilioWebhooks,
  { attempt, turn }: z.infer<typeof turnPath>,
  input: Input,
): Promise<string> {
  const { reply, next, speaking } = await takeVoiceTurn(services, attempt, turn, input);
  return twiml(reply, speaking, `${publicUrl}/twilio/voice/${attempt}/${next}`);
}

/** A carrier's id: letters, digits and signs that a database takes. */
const sid = z.string().regex(/^[\w.:-]{1,100}$/);

/** What a turn brings: a key, a recording, or nothing. */
const said = z
  .object({
    Digits: z.string().optional().catch(undefined),
    RecordingSid: sid.optional().catch(undefined),
    SpeechResult: z.string().optional().catch(undefined),
    RecordingDuration: z.coerce.number().min(0).max(86_400).catch(0),
  })
  .catch({ RecordingDuration: 0 });

const ring = z.object({ CallSid: sid, From: z.string().default('') });

const look = z.object({ look: z.coerce.number().int().min(0).max(100).catch(0) });

/** Somebody rings the number that called him. The first answer of an open case is its turn 0; its next turns are as ever. */
async function ringBack(
  services: Services,
  { publicUrl }: TwilioWebhooks,
  request: Request,
  response: Response,
): Promise<void> {
  const body = ring.safeParse(request.body);
  if (!body.success) return unreadable(services, response);
  const { look: looked } = look.parse(request.query);
  const answer = await answerRing(services, { carrierId: body.data.CallSid, from: body.data.From, looked });
  response.type('text/xml');
  switch (answer.kind) {
    case 'case': {
      const { attemptId, turn } = answer;
      const { reply, next, speaking } = turn;
      return void response.send(twiml(reply, speaking, `${publicUrl}/twilio/voice/${attemptId}/${next}`));
    }
    case 'words':
      return void response.send(twiml(answer.reply, answer.speaking, `${publicUrl}/twilio/voice/inbound/wanted`));
    case 'hold': {
      const again = `${publicUrl}/twilio/voice/inbound?look=${looked + 1}`;
      return void response.send(holdTwiml(lookAfterSeconds, again));
    }
    default:
      return never(answer);
  }
}

const wanted = ring.extend({ Digits: z.string().default('') });

/** What a shop that was not drawn keys at I2. */
async function personWanted(services: Services, request: Request, response: Response): Promise<void> {
  const body = wanted.safeParse(request.body);
  if (!body.success) return unreadable(services, response);
  const { CallSid, From, Digits } = body.data;
  const words = await afterNotDrawn(services, { carrierId: CallSid, from: From }, Digits);
  response.type('text/xml').send(words ? twiml(words.reply, words.speaking, '') : hangUpTwiml());
}

/** How an inbound call ended: the carrier knows it by its own id alone. One of no case of ours ends as it likes. */
async function ringBackReport(services: Services, request: Request, response: Response): Promise<void> {
  const body = report.safeParse(request.body);
  if (!body.success) return unreadable(services, response);
  const { CallSid, CallStatus, SipResponseCode, ErrorCode } = body.data;
  const { query } = services.database;
  const attemptId = await attemptOfRing(query, CallSid);
  const told = callReport(CallStatus, SipResponseCode ?? null, ErrorCode ?? null);
  if (attemptId) await recordCallReport(query, attemptId, CallSid, told, services.clock.now());
  if (attemptId && told.state === 'ended') await wakeSettle(services);
  response.status(204).end();
}

/** The first turn is the call being answered; after it a message, a key, or nothing. */
function heard(turn: number, { Digits, RecordingSid, RecordingDuration, SpeechResult }: z.infer<typeof said>): Input {
  if (turn === 0) return { kind: 'answered' };
  const key = keys.find((known) => known === Digits?.[0]);
  if (RecordingSid !== undefined) {
    const endedBy = Digits === 'hangup' ? 'hang-up' : (key ?? 'silence');
    return { kind: 'recorded', id: RecordingSid, seconds: Math.floor(RecordingDuration), endedBy };
  }
  if (key) return { kind: 'key', key };
  return SpeechResult ? { kind: 'voice', asksToWait: asksToWait(SpeechResult) } : { kind: 'silence' };
}

const verdict = z.object({ CallSid: sid, AnsweredBy: z.string().max(40) });

/**
 * Who answered, in the carrier's opinion. What is being said to a machine is broken off; should that fail, the turn's
 * reply waits for the call all the same.
 */
async function detected(services: Services, request: Request, response: Response): Promise<void> {
  const attempt = z.uuid().safeParse(request.params.attempt);
  const body = verdict.safeParse(request.body);
  if (!body.success) return unreadable(services, response);
  if (!attempt.success) return notFound(response);
  try {
    const turn = await takeDetection(services, attempt.data, detectedBy(body.data.AnsweredBy));
    if (turn !== null)
      await services.voice.port.interrupt(body.data.CallSid, attempt.data, turn).catch((error: unknown) => {
        services.log.warn({ err: error, attemptId: attempt.data }, 'could not break off a call');
      });
    response.status(204).end();
  } catch (error) {
    if (!(error instanceof KnownError)) throw error;
    notFound(response);
  }
}

const report = z.object({
  CallSid: sid,
  CallStatus: callStatus,
  SipResponseCode: z.coerce.number().int().optional().catch(undefined),
  ErrorCode: z.coerce.number().int().max(999_999).optional().catch(undefined),
});

async function callStatusReport(services: Services, request: Request, response: Response): Promise<void> {
  const attempt = z.uuid().safeParse(request.params.attempt);
  const body = report.safeParse(request.body);
  if (!body.success) return unreadable(services, response);
  const { CallSid, CallStatus, SipResponseCode, ErrorCode } = body.data;
  if (!attempt.success) return notFound(response);
  const { query } = services.database;
  const told = callReport(CallStatus, SipResponseCode ?? null, ErrorCode ?? null);
  const reported = await recordCallReport(query, attempt.data, CallSid, told, services.clock.now());
  if (reported === 'unknown') return notFound(response);
  if (reported === 'moved' && told.state === 'ended') {
    await wakeSettle(services);
    if (ErrorCode && troubleOf(ErrorCode) === 'settings')
      await stopForReport(services, { attemptId: attempt.data }, ErrorCode);
  }
  response.status(204).end();
}

const textReportForm = z.object({
  MessageSid: sid,
  MessageStatus: textStatus,
  ErrorCode: z.coerce.number().int().max(999_999).optional().catch(undefined),
});

async function textStatusReport(services: Services, request: Request, response: Response): Promise<void> {
  const message = z.uuid().safeParse(request.params.message);
  const body = textReportForm.safeParse(request.body);
  if (!body.success) return unreadable(services, response);
  if (!message.success) return notFound(response);
  const { MessageSid, MessageStatus, ErrorCode } = body.data;
  const { query } = services.database;
  const told = textReport(MessageStatus, ErrorCode ?? null);
  const reported = await recordMessageReport(query, message.data, MessageSid, told, services.clock.now());
  if (reported === 'unknown') return notFound(response);
  if (reported === 'moved' && told.state === 'failed') {
    await wakeSettle(services);
    if (ErrorCode && troubleOf(ErrorCode) === 'settings')
      await stopForReport(services, { messageId: message.data }, ErrorCode);
  }
  response.status(204).end();
}

const inbound = z.object({
  MessageSid: sid,
  From: z.string().min(1),
  // PostgreSQL keeps no NUL: with one in it a text, and the answer in it, would be lost to an error.
  Body: z
    .string()
    .max(1600)
    .default('')
    .transform((text) => text.replaceAll('\u0000', '')),
  OptOutType: z.string().optional().catch(undefined),
});

async function inboundText(services: Services, request: Request, response: Response): Promise<void> {
  const body = inbound.safeParse(request.body);
  if (!body.success) return unreadable(services, response);
  const { MessageSid, From, Body, OptOutType } = body.data;
  // Twilio took it for a stop, by whatever words the account has set there, and sends him nothing any more.
  const text = OptOutType === 'STOP' ? 'STOP' : Body;
  await receiveText(services, { carrierId: MessageSid, from: From, text });
  response.type('text/xml').send('<?xml version="1.0" encoding="UTF-8"?><Response/>');
}

const notFound = (response: Response): void => void response.status(404).type('text/plain').send('unknown\n');

function unreadable({ log }: Services, response: Response): void {
  log.warn('a signed request could not be read');
  response.status(400).type('text/plain').send('could not be read\n');
}
