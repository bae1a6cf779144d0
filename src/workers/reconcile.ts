import type { Query } from '../platform/database.ts';
import { endDeskCall } from '../survey/desk/call.ts';
import { releaseForgotten, withdrawUnstaffed } from '../survey/desk/forgotten.ts';
import { recordCallReport } from '../survey/fieldwork/call.ts';
import { recordMessageReport } from '../survey/fieldwork/message.ts';
import { lookAfterSilence } from '../survey/fieldwork/silence.ts';
import { raiseLateRechecks } from '../survey/quality/raise-flags.ts';
import { launchDue } from '../survey/round/schedule.ts';
import { releaseDueSpotChecks } from '../survey/round/spot-check.ts';
import type { KnownCall, KnownText } from '../telephony/ports.ts';
import { askForAlarms } from './alarms.ts';
import { sendNotices } from './notices.ts';
import { askPrices } from './prices.ts';
import { drawRules } from './rules.ts';
import { finalisable, scorable } from './score.ts';
import type { Services } from './services.ts';
import { pushesWait } from './text-push.ts';
import { askForVoiceMessages, findLostMessages } from './voice-message.ts';
import { wakeSettle } from './wake.ts';
import { askForWebhooks } from './webhooks.ts';

/**
 * Asks for everything that is missing, so that nothing waits for ever: jobs that were lost with their queue, calls of
 * which nothing was heard, texts nobody knows the fate of, threads nobody answers, voice messages that lie at the
 * carrier, webhooks that did not arrive, rounds that wait for a step, rechecks that came after the close.
 *
 * A call or text whose placing is unknown is looked up at its carrier at once, after ten minutes and after a day; then
 * it counts as made and lost. It is never asked for again.
 */
export async function reconcile(services: Services): Promise<void> {
  const now = services.clock.now();
  for (const attempt of await dueCalls(services.database.query, now))
    await guarded(services, () => checkCall(services, attempt, now));
  for (const message of await dueMessages(services.database.query, now))
    await guarded(services, () => checkMessage(services, message, now));
  if (await pushesWait(services.database.query, now)) await services.queues.add('text-push', {});
  await guarded(services, async () => {
    for (const messageId of await lookAfterSilence(services.database.query, now))
      await services.queues.add('text', { messageId });
  });
  await guarded(services, () => planWithoutTexts(services));
  await guarded(services, () => sendNotices(services));
  await guarded(services, () => checkDeskCalls(services, now));
  await findLostMessages(services, (check) => guarded(services, check));
  await askForVoiceMessages(services);
  await guarded(services, () => releaseSpotChecks(services));
  await guarded(services, () => launchScheduled(services));
  await guarded(services, async () => void (await raiseLateRechecks(services)));
  await guarded(services, () => askPrices(services));
  await guarded(services, () => askForWebhooks(services));
  await guarded(services, () => askForAlarms(services));
  await askForSteps(services);
  await wakeSettle(services);
}

/** One that cannot be checked now is checked again later, and does not keep the others waiting. */
async function guarded(services: Services, check: () => Promise<void>): Promise<void> {
  try {
    await check();
  } catch (error) {
    services.log.warn({ err: error }, 'could not be checked');
  }
}

/** Minutes after which an unknown call or text is looked up again; after the last look it is lost. */
const looks = [10, 24 * 60];
const minutes = (now: Date, count: number) => new Date(now.getTime() + count * 60_000);
const batch = 100;

interface DueCall {
  readonly id: string;
  readonly state: string;
  readonly carrierId: string | null;
  readonly checks: number;
  readonly dialedAt: Date | null;
  readonly from: string | null;
  readonly sealedNumber: Buffer;
}

/** Takes what is due for a check, and puts the next check off, so that two reconcilers do not do the same one. */
function dueCalls(query: Query, now: Date): Promise<DueCall[]> {
  return query<DueCall>({
    name: 'reconcile-calls',
    text: `
      WITH due AS (
        SELECT id FROM attempt WHERE check_at <= $1 AND channel = 'voice' AND state <> 'ended' ORDER BY check_at LIMIT ${batch} FOR UPDATE SKIP LOCKED
      )
      UPDATE attempt a SET check_at = $2, state = CASE WHEN a.state = 'dialing' THEN 'unknown' ELSE a.state END
      FROM due JOIN attempt old ON old.id = due.id JOIN phone p ON p.id = old.phone_id WHERE a.id = due.id
      RETURNING a.id, a.state, a.carrier_id AS "carrierId", a.checks, a.dialed_at AS "dialedAt", a.from_number AS from, p.sealed AS "sealedNumber"`,
    values: [now, minutes(now, 2)],
  });
}

async function checkCall(services: Services, call: DueCall, now: Date): Promise<void> {
  const { query } = services.database;
  if (call.state === 'claimed') return services.queues.add('dial', { attemptId: call.id });
  const known = await lookUp(services, call);
  if (known) {
    await recordCallReport(query, call.id, known.carrierId, known.report, now);
    return;
  }
  const nextLook = looks[call.checks];
  if (nextLook === undefined) {
    await recordCallReport(query, call.id, null, { state: 'ended', result: 'lost', errorCode: null }, now);
    return;
  }
  await query({
    text: `UPDATE attempt SET checks = checks + 1, check_at = $2, state = 'unknown' WHERE id = $1 AND state <> 'ended'`,
    values: [call.id, minutes(call.dialedAt ?? now, nextLook)],
  });
}

async function lookUp(
  { voice, vault }: Services,
  { carrierId, dialedAt, from, sealedNumber }: DueCall,
): Promise<KnownCall | null> {
  if (carrierId) return voice.port.call(carrierId);
  // Ours, because one live call a number is all there can be.
  const [found] = await voice.port.callsTo(vault.open(sealedNumber), dialedAt ?? new Date(0), from);
  return found ?? null;
}

/**
 * Calls of the desk of which nothing was heard: looked up at the carrier where it gave an id, and given up where it did
 * not, for whoever made it sits beside the telephone that would have rung. Then interviews nobody said the end of, and
 * what waits for a desk where nobody can do it.
 */
async function checkDeskCalls(services: Services, now: Date): Promise<void> {
  const { database, voice } = services;
  const { query } = database;
  const due = await query<{ id: string; carrierId: string | null }>({
    name: 'reconcile-desk',
    text: `
      UPDATE desk_call SET check_at = $2 WHERE id IN (
        SELECT id FROM desk_call WHERE check_at <= $1 AND state <> 'ended' ORDER BY check_at LIMIT ${batch} FOR UPDATE SKIP LOCKED)
      RETURNING id, carrier_id AS "carrierId"`,
    values: [now, minutes(now, 2)],
  });
  for (const { id, carrierId } of due)
    await guarded(services, async () => {
      const known = carrierId ? await voice.port.call(carrierId) : null;
      if (!known || known.report.state === 'ended') await endDeskCall(query, id, now);
    });
  await releaseForgotten(query, now);
  await withdrawUnstaffed(query, now);
}

interface DueMessage {
  readonly id: string;
  readonly state: string;
  readonly checks: number;
  readonly sentAt: Date | null;
  readonly sealedNumber: Buffer;
}

function dueMessages(query: Query, now: Date): Promise<DueMessage[]> {
  return query<DueMessage>({
    name: 'reconcile-messages',
    text: `
      WITH due AS (
        SELECT id FROM message
        WHERE check_at <= $1 AND (state IN ('sending', 'unknown') OR (state = 'planned' AND attempt_id IS NOT NULL)) ORDER BY check_at LIMIT ${batch} FOR UPDATE SKIP LOCKED
      )
      UPDATE message m SET check_at = $2, state = CASE WHEN m.state = 'sending' THEN 'unknown' ELSE m.state END
      FROM due JOIN message old ON old.id = due.id LEFT JOIN attempt a ON a.id = old.attempt_id LEFT JOIN phone p ON p.id = a.phone_id
      LEFT JOIN notice n ON n.message_id = old.id
      WHERE m.id = due.id
      RETURNING m.id, m.state, m.checks, m.sent_at AS "sentAt", coalesce(p.sealed, n.sealed) AS "sealedNumber"`,
    values: [now, minutes(now, 2)],
  });
}

/**
 * With TEXT_CARRIER switched to none in mid-round, cases whose next step is a text are planned anew: settling knows that
 * nobody carries it.
 */
async function planWithoutTexts({ database, text, clock }: Services): Promise<void> {
  if (text) return;
  await database.query({
    name: 'plan-without-texts',
    text: `
      INSERT INTO outbox (topic, case_id, at)
      SELECT 'no-texts', c.id, $1 FROM survey_case c JOIN round r ON r.id = c.round_id AND r.state IN ('fielding', 'paused')
      WHERE c.due_channel = 'sms' AND NOT EXISTS (SELECT FROM outbox o WHERE o.case_id = c.id)`,
    values: [clock.now()],
  });
}

async function checkMessage(services: Services, message: DueMessage, now: Date): Promise<void> {
  const { query } = services.database;
  if (message.state === 'planned') return services.queues.add('text', { messageId: message.id });
  // Where nobody carries texts any more nobody can be asked either: nothing is found, and after the last look it is lost.
  const number = () => services.vault.open(message.sealedNumber);
  const texts = (await services.text?.port.textsTo(number(), message.sentAt ?? new Date(0))) ?? [];
  const found = texts.find(({ messageId }) => messageId === message.id) ?? (await firstUnclaimed(query, texts));
  if (found) {
    await recordMessageReport(query, message.id, found.carrierId, found.report, now);
    return;
  }
  const nextLook = looks[message.checks];
  if (nextLook === undefined) {
    await recordMessageReport(query, message.id, null, { state: 'failed', result: 'lost', errorCode: null }, now);
    return;
  }
  await query({
    text: `UPDATE message SET checks = checks + 1, check_at = $2 WHERE id = $1`,
    values: [message.id, minutes(message.sentAt ?? now, nextLook)],
  });
}

/** Of the carrier's texts to a number, where it does not keep our ids, the first that is not known to be another of ours. */
async function firstUnclaimed(query: Query, texts: readonly KnownText[]): Promise<KnownText | null> {
  const nameless = texts.filter(({ messageId }) => messageId === undefined);
  const taken = await query<{ id: string }>({
    text: 'SELECT carrier_id AS id FROM message WHERE carrier_id = ANY($1)',
    values: [nameless.map(({ carrierId }) => carrierId)],
  });
  const ours = new Set(taken.map(({ id }) => id));
  return nameless.findLast(({ carrierId }) => carrierId !== null && !ours.has(carrierId)) ?? null;
}

/** Spot checks whose minute has come. */
async function releaseSpotChecks(services: Services): Promise<void> {
  await releaseDueSpotChecks({ ...services, rules: async (id) => drawRules(await services.rules(id)) });
}

/** Rounds that were scheduled for a moment that has come. */
async function launchScheduled(services: Services): Promise<void> {
  const launched = await launchDue({ ...services, rules: async (id) => drawRules(await services.rules(id)) });
  for (const roundId of launched) await services.queues.add('draw', { roundId });
}

/**
 * Rounds between two steps: committed and not drawn, with a manager or all of them finished, out of time and not
 * closed, closed and not published; and notices whose appeals are over.
 */
async function askForSteps({ database, clock, queues }: Services): Promise<void> {
  const waiting = await database.query<{ id: string; step: 'draw' | 'close' | 'score' }>({
    name: 'reconcile-rounds',
    text: `
      SELECT r.id, CASE r.state WHEN 'committed' THEN 'draw' WHEN 'closed' THEN 'score' ELSE 'close' END AS step
      FROM round r
      WHERE r.state = 'committed'
         OR (r.state = 'fielding' AND (
              NOT EXISTS (SELECT FROM survey_case c WHERE c.round_id = r.id AND c.state <> 'done')
              OR EXISTS (SELECT FROM survey_case c WHERE c.round_id = r.id GROUP BY c.manager_id HAVING bool_and(c.state = 'done'))))
         OR (r.state IN ('fielding', 'paused') AND r.closes_at <= $1)
         OR ${scorable}`,
    values: [clock.now()],
  });
  for (const { id, step } of waiting) await queues.add(step, { roundId: id });
  const notices = await database.query<{ period: string }>({
    name: 'reconcile-notices',
    text: `SELECT period FROM publication p WHERE ${finalisable}`,
    values: [clock.now()],
  });
  for (const { period } of notices) await queues.add('finalise', { period });
}
