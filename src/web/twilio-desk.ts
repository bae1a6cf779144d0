import type { Request, Response, Router } from 'express';
import { z } from 'zod';
import { bridge, endDeskCall, recordShopsEnd } from '../survey/desk/call.ts';
import { callReport, callStatus } from '../telephony/twilio/reports.ts';
import { dialTwiml, hangUpTwiml } from '../telephony/twilio/twiml.ts';
import { ringSeconds } from '../workers/dial.ts';
import type { Services } from '../workers/services.ts';

/** Calls of the desk: the caller has answered, how the shop's end went, and that the line is free. */
export function deskWebhooks(router: Router, services: Services, publicUrl: string): void {
  router.post('/desk/:call/bridge', (request, response) => connect(services, publicUrl, request, response));
  router.post('/desk/:call/shop', (request, response) => shopsEnd(services, request, response));
  router.post('/desk/:call/status', (request, response) => lineIsFree(services, request, response));
}

const path = z.object({ call: z.uuid() });
const unknown = (response: Response): void => void response.status(404).type('text/plain').send('unknown\n');

/** `From` is the number this call is made under: the shop sees the same one as when the machine calls. */
async function connect(
  { database, clock, vault }: Services,
  publicUrl: string,
  request: Request,
  response: Response,
): Promise<void> {
  const params = path.safeParse(request.params);
  const body = z.object({ From: z.string().regex(/^\+\d{5,15}$/) }).safeParse(request.body);
  if (!params.success || !body.success) return unknown(response);
  const sealed = await bridge(database.query, params.data.call, clock.now());
  response.type('text/xml');
  if (!sealed) return void response.send(hangUpTwiml());
  const action = `${publicUrl}/twilio/desk/${params.data.call}/shop`;
  response.send(dialTwiml(vault.open(sealed), body.data.From, ringSeconds, action));
}

const shopReport = z.object({ DialCallStatus: callStatus });

async function shopsEnd({ database }: Services, request: Request, response: Response): Promise<void> {
  const params = path.safeParse(request.params);
  const body = shopReport.safeParse(request.body);
  if (!params.success || !body.success) return unknown(response);
  const report = callReport(body.data.DialCallStatus, null, null);
  const result = report.state === 'ended' ? report.result : 'technical';
  if (!(await recordShopsEnd(database.query, params.data.call, result))) return unknown(response);
  response.type('text/xml').send(hangUpTwiml());
}

const status = z.object({ CallStatus: callStatus });

async function lineIsFree({ database, clock }: Services, request: Request, response: Response): Promise<void> {
  const params = path.safeParse(request.params);
  const body = status.safeParse(request.body);
  if (!params.success || !body.success) return unknown(response);
  const ended = callReport(body.data.CallStatus, null, null).state === 'ended';
  if (ended && !(await endDeskCall(database.query, params.data.call, clock.now()))) return unknown(response);
  response.status(204).end();
}
