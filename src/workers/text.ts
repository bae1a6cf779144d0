import { jobLabel } from '../platform/queue.ts';
import { openWindow } from '../survey/fieldwork/calendar.ts';
import { beginSending, findPlanned, recordMessageReport, recordTextUnknown } from '../survey/fieldwork/message.ts';
import { isCalledOff, readPace } from '../survey/fieldwork/pace.ts';
import { textHours } from '../survey/fieldwork/plan.ts';
import { written } from '../telephony/words.ts';
import type { Services } from './services.ts';
import { noteHowItWent } from './standing.ts';
import { wakeSettle } from './wake.ts';

const checkAfter = 60_000;

/** Sends one text, never twice, by the same protocol as a call: commit, ask, record what became of asking. */
export async function text(services: Services, messageId: string): Promise<void> {
  const { database, clock, activity, vault, log } = services;
  const planned = await findPlanned(database.query, messageId, clock.now());
  if (!planned || !services.text) return;
  await activity.aside(jobLabel('text'), clock.until(planned.slotAt));
  const now = clock.now();
  const pace = await readPace(database.query, services.text.lane);
  const calledOff = isCalledOff(pace, planned.createdAt);
  // Somebody waits for this one: it is sent when the carrier goes on, and the reconciler asks for it.
  if (calledOff && !planned.first) return;
  // An answer to somebody who just wrote may come at any hour; a thread is begun only when texts are welcome.
  const welcome = !planned.first || openWindow(now, planned.timeZone, textHours) !== null;
  if (!planned.allowed || !welcome || calledOff) {
    await recordMessageReport(
      database.query,
      messageId,
      null,
      { state: 'failed', result: 'technical', errorCode: null },
      now,
    );
    return wakeSettle(services);
  }
  const sending = await beginSending(database.query, messageId, now, new Date(now.getTime() + checkAfter));
  if (!sending) return;
  const questionnaire = await services.questionnaire(sending.questionnaireId);
  const { language, managerName, overall } = sending;
  const words = written(sending.text, { language, managerName, questionnaire }, { score: String(overall ?? '') });
  const placing = await services.text.port.send({ messageId, to: vault.open(sending.sealedNumber), ...words });
  const then = clock.now();
  await noteHowItWent(services, services.text.lane, placing, { pace, askedAt: now });
  switch (placing.kind) {
    case 'placed':
      await recordMessageReport(database.query, messageId, placing.carrierId, { state: 'sent' }, then);
      return;
    case 'refused': {
      const { errorCode, errorName } = placing;
      const result = placing.result === 'bad-number' || placing.result === 'blocked' ? placing.result : 'technical';
      log.warn({ messageId, errorCode, errorName }, 'text refused');
      const report = { state: 'failed', result, errorCode, ...(errorName && { errorName }) } as const;
      await recordMessageReport(database.query, messageId, null, report, then);
      return wakeSettle(services);
    }
    case 'unknown':
      log.warn({ messageId, reason: placing.reason }, 'text unknown');
      return recordTextUnknown(database.query, messageId, then);
  }
}
