import { DateTime } from 'luxon';
import { jobLabel } from '../platform/queue.ts';
import { nextOpening, openWindow } from '../survey/fieldwork/calendar.ts';
import {
  beginSending,
  findPlanned,
  type Planned,
  planAgain,
  putOff,
  recordMessageReport,
  recordTextUnknown,
} from '../survey/fieldwork/message.ts';
import { beginNotice, findNotice, type PlannedNotice } from '../survey/fieldwork/notice.ts';
import { numberFor } from '../survey/fieldwork/number-pool.ts';
import { isAtRest, isCalledOff, leadMilliseconds, type Pace, readPace, reserveSlot } from '../survey/fieldwork/pace.ts';
import { textHours } from '../survey/fieldwork/plan.ts';
import { silentAt } from '../survey/fieldwork/silence.ts';
import { textLength } from '../survey/questionnaire/measure.ts';
import type { Placing } from '../telephony/ports.ts';
import { type Written, written } from '../telephony/words.ts';
import type { Carrying, Services } from './services.ts';
import { noteHowItWent } from './standing.ts';
import { wakeSettle } from './wake.ts';

const after = (now: Date, minutes: number) => new Date(now.getTime() + minutes * 60_000);

/** Sends one text, never twice, by the same protocol as a call: commit, ask, record what became of asking. */
export async function text(services: Services, messageId: string): Promise<void> {
  const { database, clock } = services;
  // Nobody carries texts any more: what was planned is called off, and its case goes on without.
  if (!services.text) return withdraw(services, messageId, clock.now());
  const planned = await findPlanned(database.query, messageId, clock.now());
  if (planned) return ofThread(services, services.text, messageId, planned);
  const notice = await findNotice(database.query, messageId, clock.now());
  if (notice) return ofNoThread(services, services.text, messageId, notice);
}

/** Whoever wrote so long ago does not wait for an answer tonight. */
const staleMilliseconds = 30 * 60_000;

type Texts = NonNullable<Services['text']>;

async function ofThread(services: Services, carrying: Texts, messageId: string, planned: Planned): Promise<void> {
  const { database, clock, activity } = services;
  await activity.aside(jobLabel('text'), clock.until(planned.slotAt));
  const now = clock.now();
  const pace = await readPace(database.query, carrying.lane);
  const calledOff = isCalledOff(pace, planned.createdAt);
  // Somebody waits for this one: it is sent when the carrier goes on, and the reconciler asks for it.
  if (calledOff && !planned.first) return;
  // An answer to somebody who just wrote may come at any hour; a thread is begun, and a reminder sent, only when texts
  // are welcome.
  const stale = now.getTime() - planned.createdAt.getTime() > staleMilliseconds;
  const unasked = planned.first || planned.text === 'SR' || stale;
  const welcome = !unasked || openWindow(now, planned.timeZone, textHours) !== null;
  if (planned.allowed && !welcome && !planned.first)
    return putOff(database.query, messageId, nextOpening(now, planned.timeZone, textHours));
  if (!planned.allowed || !welcome || calledOff) return withdraw(services, messageId, now);
  const questionnaire = await services.questionnaire(planned.questionnaireId);
  const words = written(planned.text, { ...planned, questionnaire }, { score: String(planned.overall ?? '') });
  const reminded = planned.reminded || planned.text === 'SR';
  const sealed = await beginSending(database.query, messageId, now, {
    ...{ checkAt: after(now, 1), segments: textLength(words.body).segments },
    silentAt: silentAt(now, { timeZone: planned.timeZone, rated: planned.overall !== null, reminded }),
  });
  if (sealed) await ask(services, carrying, messageId, { sealed, words, pace, askedAt: now, isFirst: planned.first });
}

/** Nobody is kept waiting by a notice: where it cannot go now it goes later, or is of no use any more. */
async function ofNoThread(
  services: Services,
  carrying: Texts,
  messageId: string,
  notice: PlannedNotice,
): Promise<void> {
  const { database, clock, activity } = services;
  const before = clock.now();
  const isReply = notice.text === 'SU' || notice.text === 'SX';
  const opens = nextOpening(before, notice.timeZone, textHours);
  if (!notice.allowed) return withdraw(services, messageId, before);
  if (notice.waits) return putOff(database.query, messageId, after(before, 60));
  if (!isReply && opens > before) return putOff(database.query, messageId, opens);
  // Many at once do not wait for their slots here, where calls and answers would wait behind them.
  const { lastSlot } = await readPace(database.query, carrying.lane);
  if (lastSlot.getTime() > before.getTime() + leadMilliseconds(carrying.lane))
    return putOff(database.query, messageId, lastSlot);
  await activity.aside(jobLabel('text'), clock.until(await reserveSlot(database.query, carrying.lane, before)));
  const now = clock.now();
  const pace = await readPace(database.query, carrying.lane);
  if (isAtRest(pace, now)) return putOff(database.query, messageId, pace.restUntil ?? after(now, 10));
  const questionnaire = await services.questionnaire(notice.questionnaireId);
  const { language, timeZone, wishedAt } = notice;
  const day = wishedAt ? String(DateTime.fromJSDate(wishedAt, { zone: timeZone }).day) : '';
  const words = written(notice.text, { language, managerName: '', questionnaire }, { day });
  const { segments } = textLength(words.body);
  const sealed = await beginNotice(database.query, messageId, now, { checkAt: after(now, 1), segments });
  if (sealed) await ask(services, carrying, messageId, { sealed, words, pace, askedAt: now, isFirst: false });
}

/** It was not sent and is not to be. */
async function withdraw(services: Services, messageId: string, now: Date): Promise<void> {
  const report = { state: 'failed', result: 'technical', errorCode: null } as const;
  await recordMessageReport(services.database.query, messageId, null, report, now, 'planned');
  return wakeSettle(services);
}

interface Asking {
  readonly sealed: Buffer;
  readonly words: Written;
  readonly pace: Pace;
  readonly askedAt: Date;
  /** It begins a thread, which is planned anew where it comes to nothing. */
  readonly isFirst: boolean;
}

async function ask(
  services: Services,
  { port, lane }: Carrying<Texts['port']>,
  messageId: string,
  { sealed, words, pace, askedAt, isFirst }: Asking,
): Promise<void> {
  const { database, clock, vault, log } = services;
  const to = vault.open(sealed);
  const placing = await port.send({ messageId, to, ...(await senderFor(services, port, to)), ...words });
  const now = clock.now();
  await noteHowItWent(services, lane, placing, { pace, askedAt });
  switch (placing.kind) {
    case 'placed':
      await recordMessageReport(database.query, messageId, placing.carrierId, { state: 'sent' }, now);
      return;
    case 'refused': {
      const { errorCode, errorName } = placing;
      log.warn({ messageId, errorCode, errorName }, 'text refused');
      // Nothing is wrong with this one: it goes when the carrier does again.
      if (placing.trouble && !isFirst) return planAgain(database.query, messageId, after(now, 10));
      await recordMessageReport(database.query, messageId, null, refusalOf(placing), now);
      return wakeSettle(services);
    }
    case 'unknown':
      log.warn({ messageId, reason: placing.reason }, 'text unknown');
      return recordTextUnknown(database.query, messageId, now);
  }
}

/**
 * A shop is written to from the number that it is called from: the one it knows, and that its reply comes back to.
 * Whoever has no number in the roster is written to from the first.
 */
async function senderFor(
  { database, vault }: Services,
  { numbers: [first, ...others] = [] }: Texts['port'],
  to: string,
): Promise<{ from?: string }> {
  if (first === undefined || others.length === 0) return {};
  const [phone] = await database.query<{ id: string }>({
    name: 'phone-by-index',
    text: 'SELECT id FROM phone WHERE blind_index = $1',
    values: [vault.digest(to)],
  });
  return { from: phone ? await numberFor(database.query, phone.id, [first, ...others]) : first };
}

function refusalOf({ result, errorCode, errorName, optedOut }: Extract<Placing, { kind: 'refused' }>) {
  const known = result === 'bad-number' || result === 'blocked' ? result : 'technical';
  return {
    state: 'failed',
    result: known,
    errorCode,
    ...(errorName && { errorName }),
    ...(optedOut && { optedOut }),
  } as const;
}
