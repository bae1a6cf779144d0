import { z } from 'zod';
import type { Query } from '../../platform/database.ts';
import { BadInput, never, Refused } from '../../platform/errors.ts';
import { type LaunchWish, launchRound } from '../../survey/round/launch.ts';
import { readMinute } from '../../survey/round/minute.ts';
import { planRound } from '../../survey/round/plan-round.ts';
import { findTerms, type Terms } from '../../survey/round/terms.ts';
import { forecastRules } from '../../workers/rules.ts';
import type { Services } from '../../workers/services.ts';
import type { Visit } from '../console.ts';
import { count, listed, moment, month } from '../figures.ts';
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
  const price = readPrice(request.query, m);
  const { steps, weak, managers } = await whatWillHappen(web.services, terms, period, { language, price });
  const title = m.launch.title(month(period, language));
  const people = await web.services.database.query<{ id: string; name: string }>({
    text: `SELECT id, name FROM app_user WHERE role <> 'admin' ORDER BY name, id`,
  });
  const holders = ['1', '2', '3'].map((number) => ({
    holder: m.launch.draw.holder(number),
    substitute: m.launch.draw.substitute(number),
    people,
  }));
  const timeZone = await companyTimeZone(web.services);
  const times = { eventAt: m.launch.draw.eventAt(timeZone), closesAt: m.launch.closesAt(timeZone) };
  const page = { title, at: 'rounds' } as const;
  const { roundId } = terms;
  sendPage(web, request, response, 'launch', page, {
    ...{ title, period, steps, weak, managers, roundId, holders, ...times, price: price ?? '' },
  });
}

/** `POST /rounds` */
export async function launch({ web, request, response, viewer }: Visit): Promise<void> {
  const { services } = web;
  const language = languageOf(response);
  const m = messagesIn(language);
  const period = readPeriod(request.body, m);
  const terms = await termsOf(services.database.query, period, month(period, language), m);
  const keeping = readKeeping(request.body, await companyTimeZone(services));
  await launchRound(services, { ...terms, ...keeping, period, actor: viewer.id });
  await services.queues.add('draw', { roundId: terms.roundId });
  response.redirect(303, `/rounds/${encodeURIComponent(terms.roundId)}`);
}

const several = z.union([z.string(), z.array(z.string())]).default([]);
const keepingForm = z.object({
  holder: several,
  substitute: several,
  event: z.string().default(''),
  eventAt: z.string().default(''),
  closesAt: z.string().default(''),
});

/** Who keeps the nonces, the public event, and the end, as far as the form names any. */
function readKeeping(form: unknown, timeZone: string): Pick<LaunchWish, 'holders' | 'publicEvent' | 'closesAt'> {
  const { holder, substitute, event, eventAt, closesAt: end } = keepingForm.parse(form);
  const closesAt = end === '' ? null : readMinute({ local: end, timeZone });
  if (closesAt !== null && !(closesAt instanceof Date))
    throw new BadInput('the round cannot be launched', [{ ...closesAt, where: 'closesAt' }]);
  const substitutes = [substitute].flat();
  const holders = [holder]
    .flat()
    .map((userId, index) => ({ userId, substitute: substitutes[index] || null }))
    .filter(({ userId }) => userId !== '');
  if (event.trim() === '') return { holders, closesAt, publicEvent: null };
  const at = readMinute({ local: eventAt, timeZone });
  if (!(at instanceof Date)) throw new BadInput('the round cannot be launched', [at]);
  return { holders, closesAt, publicEvent: { name: event.trim(), at } };
}

const priceForm = z.object({
  price: z
    .string()
    .trim()
    .regex(/^(\d{1,4}(\.\d{1,4})?)?$/)
    .default(''),
});

/** What a minute costs, if that was said: `0.12`. */
function readPrice(form: unknown, m: Messages): string | null {
  const { success, data } = priceForm.safeParse(form);
  if (success) return data.price || null;
  throw new BadInput('the round cannot be planned', [{ where: m.launch.price, message: m.launch.faults.price }]);
}

function readPeriod(form: unknown, m: Messages): string {
  const { success, data } = periodForm.safeParse(form);
  if (success) return data.period;
  throw new BadInput('the round cannot be launched', [{ where: m.rounds.period, message: m.launch.faults.period }]);
}

/** @throws Refused, in the reader's words, where the month has a round, there is nobody to ask, or a version is missing. */
async function termsOf(query: Query, period: string, monthName: string, m: Messages): Promise<Terms> {
  const found = await findTerms(query, period);
  switch (found.kind) {
    case 'terms':
      return found;
    case 'round-exists':
      throw new Refused(found.kind, m.launch.faults.exists(monthName, found.roundId));
    case 'later-month-stands':
      throw new Refused(found.kind, m.launch.faults.later(monthName, found.later));
    case 'roster-empty':
      throw new Refused(found.kind, m.launch.emptyRoster);
    case 'no-rules':
      throw new Refused(found.kind, m.launch.noRules(monthName));
    case 'no-questionnaire':
      throw new Refused(found.kind, m.launch.noQuestionnaire);
    default:
      return never(found);
  }
}

/** What the confirmation sets going, from today's roster and the last rounds' answers. */
async function whatWillHappen(
  { database: { query }, rules, clock, voice }: Services,
  { ruleSetId, questionnaireId }: Terms,
  period: string,
  { language, price }: { readonly language: Language; readonly price: string | null },
): Promise<{ steps: string[]; weak: string[]; managers: object[] }> {
  const number = (n: number) => count(n, language);
  const ruleSet = await rules(ruleSetId);
  const now = clock.now();
  const wish = { period, now, pace: voice.lane, pricePerMinute: price };
  const plan = await planRound(query, forecastRules(ruleSet), wish);
  const { attempts, minimumDistinctDays, windows } = ruleSet.contact;
  const words = messagesIn(language).launch;
  const place = { language, timeZone: ruleSet.timeZone };
  const { closed, 'opted-out': optedOut, 'no-phone': noPhone } = plan.excluded;
  const names = await readNames(query);
  return {
    steps: [
      words.steps.commit,
      words.steps.frame(number(plan.managers.length), number(plan.frame)),
      words.steps.outside(number(closed), number(optedOut), number(noPhone)),
      words.steps.sample(number(plan.released)),
      words.steps.calls(listed(windows, language), number(attempts), number(minimumDistinctDays)),
      words.steps.load(number(plan.calls), number(plan.mostCalls), plan.hours, moment(plan.endsAt, now, place)),
      words.steps.answers(number(plan.completes), number(plan.minutes)),
      ...(plan.cost === null ? [] : [words.steps.cost(plan.cost, price ?? '')]),
      words.steps.fixed(questionnaireId, ruleSetId),
    ],
    managers: plan.managers.map((one) => ({
      name: names.get(one.managerId) ?? one.managerId,
      ...{ frame: number(one.frameSize), released: number(one.released), completes: number(one.completes) },
      ...{ reliability: one.reliability, margin: one.marginOfError === null ? '—' : `±${one.marginOfError}` },
      outlook: words.outlooks[one.outlook],
    })),
    weak: plan.managers
      .filter(({ outlook }) => outlook !== 'firm')
      .map(({ managerId, completes, reliability, marginOfError, outlook }) =>
        words.weak[outlook === 'not-rated' ? 'notRated' : 'provisional'](
          names.get(managerId) ?? managerId,
          number(completes),
          reliability,
          marginOfError,
        ),
      ),
  };
}

async function readNames(query: Query): Promise<Map<string, string>> {
  const rows = await query<{ id: string; name: string }>({ text: 'SELECT id, name FROM manager' });
  return new Map(rows.map(({ id, name }) => [id, name]));
}
