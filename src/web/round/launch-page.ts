import { z } from 'zod';
import type { Query } from '../../platform/database.ts';
import { BadInput, Refused } from '../../platform/errors.ts';
import { completionRate, firstWave } from '../../survey/draw/sizes.ts';
import { launchRound } from '../../survey/round/launch.ts';
import { drawRules } from '../../workers/rules.ts';
import type { Services } from '../../workers/services.ts';
import type { Visit } from '../console.ts';
import { count, listed, month } from '../figures.ts';
import { type Language, languageOf } from '../language.ts';
import { type Messages, messagesIn } from '../messages.ts';
import { sendPage } from '../page.ts';
import { companyTimeZone, listRounds } from './rounds-page.ts';

/** Launching a round: the month first, then what will happen, and only the confirmation launches. */
const periodForm = z.object({
  period: z
    .string()
    .trim()
    .regex(/^\d{4}-(0[1-9]|1[0-2])$/),
});

/** Which versions a round of this month would be bound to. */
interface Terms {
  readonly roundId: string;
  readonly ruleSetId: string;
  readonly questionnaireId: string;
}

/** `GET /rounds/launch?period=2026-12`. A month that cannot be launched leads back to the form, which says why. */
export async function confirmLaunch(visit: Visit): Promise<void> {
  try {
    await showTerms(visit);
  } catch (error) {
    const { period = '' } = visit.request.query;
    if (error instanceof BadInput) visit.response.status(400);
    else if (error instanceof Refused) visit.response.status(409);
    else throw error;
    const message = error instanceof BadInput ? (error.faults[0]?.message ?? '') : error.message;
    await listRounds(visit, { period: String(period).slice(0, 20), message });
  }
}

async function showTerms({ web, request, response }: Visit): Promise<void> {
  const language = languageOf(response);
  const m = messagesIn(language);
  const period = readPeriod(request.query, m);
  const terms = await termsOf(web.services.database.query, period, month(period, language), m);
  const steps = await whatWillHappen(web.services, terms, language);
  const title = m.launch.title(month(period, language));
  sendPage(web, request, response, 'launch', { title, at: 'rounds' }, { title, period, steps, roundId: terms.roundId });
}

/** `POST /rounds` */
export async function launch({ web, request, response, viewer }: Visit): Promise<void> {
  const { services } = web;
  const language = languageOf(response);
  const m = messagesIn(language);
  const period = readPeriod(request.body, m);
  const terms = await termsOf(services.database.query, period, month(period, language), m);
  await launchRound(services, { ...terms, period, actor: viewer.id });
  await services.queues.add('draw', { roundId: terms.roundId });
  response.redirect(303, `/rounds/${encodeURIComponent(terms.roundId)}`);
}

function readPeriod(form: unknown, m: Messages): string {
  const { success, data } = periodForm.safeParse(form);
  if (success) return data.period;
  throw new BadInput('the round cannot be launched', [{ where: m.rounds.period, message: m.launch.faults.period }]);
}

/** @throws Refused where the month has a round, there is nobody to ask, or no rule set holds. */
async function termsOf(query: Query, period: string, monthName: string, m: Messages): Promise<Terms> {
  const [found] = await query<{
    ruleSetId: string | null;
    questionnaireId: string | null;
    roundId: string | null;
    rounds: number;
    retailers: boolean;
  }>({
    text: `
      SELECT (SELECT id FROM rule_set WHERE effective_from <= $1 ORDER BY effective_from DESC, id DESC LIMIT 1) AS "ruleSetId",
             (SELECT id FROM questionnaire WHERE published_at IS NOT NULL ORDER BY published_at DESC, id DESC LIMIT 1) AS "questionnaireId",
             (SELECT id FROM round WHERE period = $1 AND state <> 'cancelled' LIMIT 1) AS "roundId",
             (SELECT count(*)::int FROM round WHERE period = $1) AS rounds,
             EXISTS (SELECT FROM assignment) AS retailers`,
    values: [period],
  });
  if (found?.roundId) throw new Refused('round-exists', m.launch.faults.exists(monthName, found.roundId));
  if (!found?.retailers) throw new Refused('roster-empty', m.launch.emptyRoster);
  if (!found.ruleSetId || !found.questionnaireId) throw new Refused('no-rules', m.launch.noRules(monthName));
  const { ruleSetId, questionnaireId, rounds } = found;
  return { ruleSetId, questionnaireId, roundId: `${period}-R${rounds + 1}` };
}

interface Frame {
  readonly managerId: string;
  readonly inFrame: number;
  readonly closed: number;
  readonly optedOut: number;
  readonly noPhone: number;
}

/** What the confirmation sets going, counted in today's roster; who rests is known only when the frame is frozen. */
async function whatWillHappen(
  { database: { query }, rules, clock }: Services,
  { ruleSetId, questionnaireId }: Terms,
  language: Language,
): Promise<string[]> {
  const number = (n: number) => count(n, language);
  const ruleSet = await rules(ruleSetId);
  const { sampling } = drawRules(ruleSet);
  const frames = await readFrames(query, clock.now(), await companyTimeZone(query));
  const total = (pick: (frame: Frame) => number) => number(frames.reduce((sum, frame) => sum + pick(frame), 0));
  const nobody = { valid: 0, released: 0 };
  const rate = completionRate(nobody, nobody, sampling);
  const { attempts, minimumDistinctDays, windows } = ruleSet.contact;
  const words = messagesIn(language).launch.steps;
  return [
    words.commit,
    words.frame(
      number(frames.length),
      total(({ inFrame }) => inFrame),
    ),
    words.outside(
      total(({ closed }) => closed),
      total(({ optedOut }) => optedOut),
      total(({ noPhone }) => noPhone),
    ),
    words.sample(total(({ inFrame }) => firstWave(inFrame, inFrame, rate, sampling))),
    words.calls(listed(windows, language), number(attempts), number(minimumDistinctDays)),
    words.fixed(questionnaireId, ruleSetId),
  ];
}

function readFrames(query: Query, now: Date, timeZone: string): Promise<Frame[]> {
  return query<Frame>({
    text: `
      SELECT a.manager_id AS "managerId",
             count(*) FILTER (WHERE s.status = 'active' AND p.id IS NOT NULL AND p.opted_out_at IS NULL)::int AS "inFrame",
             count(*) FILTER (WHERE s.status = 'closed')::int AS closed,
             count(*) FILTER (WHERE s.status = 'active' AND p.opted_out_at IS NOT NULL)::int AS "optedOut",
             count(*) FILTER (WHERE s.status = 'active' AND p.id IS NULL)::int AS "noPhone"
      FROM assignment a JOIN retailer s ON s.id = a.retailer_id LEFT JOIN phone p ON p.id = s.phone_id
      WHERE a.from_day <= ($1::timestamptz AT TIME ZONE $2)::date
        AND (a.until_day IS NULL OR a.until_day > ($1::timestamptz AT TIME ZONE $2)::date)
      GROUP BY 1`,
    values: [now, timeZone],
  });
}
