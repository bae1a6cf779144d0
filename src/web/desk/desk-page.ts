import { z } from 'zod';
import { lastCallOf } from '../../survey/desk/call.ts';
import {
  finishFollowUp,
  listFollowUps,
  readFollowUp,
  reopenFollowUp,
  stopAtFollowUp,
  takeFollowUp,
} from '../../survey/desk/follow-up.ts';
import { readOwnPhone, setOwnPhone } from '../../survey/desk/own-phone.ts';
import { readLoad, takeNext, taskOf } from '../../survey/desk/queue.ts';
import { dialForCaller } from '../../workers/desk-dial.ts';
import type { Visit } from '../console.ts';
import { NotFound } from '../faults.ts';
import { count, moment } from '../figures.ts';
import { languageOf } from '../language.ts';
import { messagesIn } from '../messages.ts';
import { sendPage } from '../page.ts';
import { may } from '../roles.ts';
import { companyTimeZone } from '../round/rounds-page.ts';

/** `/desk`: what there is to call, and the way to the next one. */
export async function showDesk({ web, request, response, viewer }: Visit): Promise<void> {
  const { database, clock, vault } = web.services;
  const language = languageOf(response);
  const m = messagesIn(language).desk;
  const load = await readLoad(database.query, viewer.districtId, clock.now());
  const own = await taskOf(database.query, viewer.id);
  const works = may(viewer.role, 'desk.work') !== null;
  sendPage(
    web,
    request,
    response,
    'desk',
    { title: m.title, at: 'desk' },
    {
      works,
      lead: viewer.districtId === null ? m.lead : m.leadOtherDistricts,
      phone: works ? await readOwnPhone(database.query, vault, viewer.id) : null,
      own: own && { href: `/desk/tasks/${own.id}`, words: m.goOn(m.reasons[own.reason]) },
      ready: load.some(({ waiting }) => waiting > 0),
      rows: load.map(({ reason, waiting, later, overdue }) => ({
        reason: m.reasons[reason],
        waiting: count(waiting, language),
        later: count(later, language),
        overdue: count(overdue, language),
      })),
      nothing: request.query.nothing === '1' ? m.nothingNow : null,
    },
  );
}

/** `POST /desk/phone` */
export async function keepOwnPhone({ web, request, response, viewer }: Visit): Promise<void> {
  const { phone } = z.object({ phone: z.string().catch('') }).parse(request.body ?? {});
  await setOwnPhone(web.services, viewer.id, phone);
  response.redirect(303, '/desk');
}

/** `POST /desk/next` */
export async function takeNextTask({ web, response, viewer }: Visit): Promise<void> {
  const id = await takeNext(web.services, viewer);
  response.redirect(303, id ? `/desk/tasks/${id}` : '/desk?nothing=1');
}

const shown = 100;

/** `/desk/follow-ups`: shops that asked to be called back. */
export async function showFollowUps({ web, request, response, viewer }: Visit): Promise<void> {
  const { database, clock } = web.services;
  const language = languageOf(response);
  const m = messagesIn(language).desk;
  const now = clock.now();
  const place = { language, timeZone: await companyTimeZone(web.services) };
  const wishes = await listFollowUps(database.query, viewer, shown);
  const works = may(viewer.role, 'desk.work') !== null;
  await web.look({ actor: viewer.id, action: 'follow-ups.read', subject: 'follow-ups' });
  sendPage(
    web,
    request,
    response,
    'follow-ups',
    { title: m.followUps, at: 'followUps' },
    {
      wishes: wishes.map((wish) => ({
        href: works ? `/desk/follow-ups/${wish.id}` : null,
        shop: wish.shop ?? m.unnamed,
        phone: wish.phone,
        manager: wish.managerName ?? m.neverDrawn,
        state:
          wish.state !== 'done' && wish.dueAt < now
            ? m.overdueSince(moment(wish.dueAt, now, place))
            : m.wishStates[wish.state],
        late: wish.state !== 'done' && wish.dueAt < now,
        due: moment(wish.doneAt ?? wish.dueAt, now, place),
      })),
    },
  );
}

const idOf = ({ request }: Visit): string => {
  const id = z.uuid().safeParse(request.params.wish);
  if (!id.success) throw new NotFound();
  return id.data;
};

/** `/desk/follow-ups/:wish` */
export async function showFollowUp(visit: Visit): Promise<void> {
  const { web, request, response, viewer } = visit;
  const { database, clock, vault } = web.services;
  const language = languageOf(response);
  const m = messagesIn(language).desk;
  const wish = await readFollowUp(database.query, viewer, idOf(visit));
  if (!wish) throw new NotFound();
  const now = clock.now();
  const place = { language, timeZone: await companyTimeZone(web.services) };
  const call = await lastCallOf(database.query, { followUpId: wish.id });
  await web.look({ actor: viewer.id, action: 'follow-up.read', subject: wish.id });
  sendPage(
    web,
    request,
    response,
    'follow-up',
    { title: m.followUps, at: 'followUps' },
    {
      ...{ path: `/desk/follow-ups/${wish.id}`, note: wish.note, phone: wish.phone, shop: wish.shop ?? m.unnamed },
      ...{
        manager: wish.managerName ?? m.neverDrawn,
        asked: m.asked(moment(wish.createdAt, now, place), moment(wish.dueAt, now, place)),
      },
      ...{
        takes:
          wish.state === 'open' ||
          wish.state === 'reopened' ||
          (wish.state === 'taken' && wish.takenBy !== viewer.id && wish.dueAt < now),
        done: wish.state === 'done',
        state: m.wishStates[wish.state],
      },
      mine: wish.state === 'taken' && wish.takenBy === viewer.id,
      ownPhone: await readOwnPhone(database.query, vault, viewer.id),
      call: call && (call.state === 'ended' ? m.lineEnded : m.lines[call.state]),
    },
  );
}

type Act = (visit: Visit, id: string) => Promise<void>;

/** `POST /desk/follow-ups/:wish/:act` */
const acts: Readonly<Record<string, Act>> = {
  take: ({ web, viewer }, id) => takeFollowUp(web.services, viewer, id),
  reopen: ({ web, viewer }, id) => reopenFollowUp(web.services, viewer, id),
  stop: ({ web, viewer }, id) => stopAtFollowUp(web.services, viewer.id, id),
  async finish({ web, viewer, request }, id) {
    const { note } = z.object({ note: z.string().catch('') }).parse(request.body ?? {});
    await finishFollowUp(web.services, viewer.id, id, note);
  },
  async call({ web, viewer }, id) {
    await dialForCaller(web.services, viewer.id, { followUpId: id });
  },
};

export async function actOnFollowUp(visit: Visit): Promise<void> {
  const { act } = visit.request.params;
  const run = Object.hasOwn(acts, String(act)) ? acts[String(act)] : undefined;
  if (!run) throw new NotFound();
  const id = idOf(visit);
  await run(visit, id);
  visit.response.redirect(303, act === 'finish' ? '/desk/follow-ups' : `/desk/follow-ups/${id}`);
}
