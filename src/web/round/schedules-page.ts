import { BadInput, Refused } from '../../platform/errors.ts';
import { endSchedule, listSchedules, makeSchedule } from '../../survey/round/schedule.ts';
import { drawRules } from '../../workers/rules.ts';
import type { Visit } from '../console.ts';
import { moment } from '../figures.ts';
import { languageOf } from '../language.ts';
import { messagesIn } from '../messages.ts';
import { sendPage } from '../page.ts';
import { companyTimeZone } from './rounds-page.ts';

/** `/rounds/schedules`: what is launched by itself, why it was not, and the form for another. */
export async function listScheduled({ web, request, response }: Visit, faults: readonly string[] = []): Promise<void> {
  const { database, clock } = web.services;
  const language = languageOf(response);
  const m = messagesIn(language);
  const now = clock.now();
  const place = { language, timeZone: await companyTimeZone(web.services) };
  const schedules = (await listSchedules(database.query)).map((schedule) => ({
    when: m.schedules.when(schedule.monthly, String(schedule.day), schedule.time),
    next: schedule.nextAt ? moment(schedule.nextAt, now, place) : m.schedules.ended,
    last: schedule.lastRoundId,
    fault: schedule.lastFault,
    end: schedule.nextAt ? `/rounds/schedules/${schedule.id}/end` : null,
  }));
  sendPage(web, request, response, 'schedules', { title: m.schedules.title, at: 'rounds' }, { schedules, faults });
}

/** `POST /rounds/schedules` */
export async function addSchedule(visit: Visit): Promise<void> {
  const { web, request, response, viewer } = visit;
  const { period = '', day = '', time = '' } = request.body as Readonly<Record<string, string | undefined>>;
  const rules = async (id: string) => drawRules(await web.services.rules(id));
  const wish = { period: period.trim() || null, day: Number(day), time: time.trim(), actor: viewer.id };
  try {
    await makeSchedule({ ...web.services, rules }, wish);
  } catch (error) {
    if (error instanceof BadInput) response.status(400);
    else if (error instanceof Refused) response.status(409);
    else throw error;
    const words = messagesIn(languageOf(response)).schedules.faults;
    const told = (where: string) => words[where as keyof typeof words] ?? words.other;
    return listScheduled(
      visit,
      error instanceof BadInput ? error.faults.map(({ where }) => told(where)) : [words.other],
    );
  }
  response.redirect(303, '/rounds/schedules');
}

/** `POST /rounds/schedules/:schedule/end` */
export async function stopSchedule({ web, request, response, viewer }: Visit): Promise<void> {
  await endSchedule(web.services, String(request.params.schedule), viewer.id);
  response.redirect(303, '/rounds/schedules');
}
