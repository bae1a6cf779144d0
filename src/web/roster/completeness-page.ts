import type { Query } from '../../platform/database.ts';
import { changeDays, type ManagerCompleteness } from '../../survey/roster/completeness.ts';
import { type Confirmation, periodToConfirm, readConfirmations } from '../../survey/roster/confirmation.ts';
import { checkFrame } from '../../survey/roster/frame-check.ts';
import type { Visit } from '../console.ts';
import { count, moment, month } from '../figures.ts';
import { languageOf } from '../language.ts';
import { type Messages, messagesIn } from '../messages.ts';
import { sendPage } from '../page.ts';
import { companyTimeZone } from '../round/rounds-page.ts';

/** `/roster/completeness`: who vanished from each manager's list since the last frame, and who confirmed his. */
export async function showCompleteness({ web, request, response, viewer, districtId }: Visit): Promise<void> {
  const { database, clock } = web.services;
  const { query } = database;
  const language = languageOf(response);
  const m = messagesIn(language);
  const now = clock.now();
  const place = { language, timeZone: await companyTimeZone(web.services) };
  const check = await checkFrame(query, now);
  const period = await periodToConfirm(query, now);
  const confirmed = new Map((await readConfirmations(query, period)).map((one) => [one.managerId, one]));
  const names = new Map((await readManagers(query, districtId)).map(({ id, name }) => [id, name]));
  await web.look({ actor: viewer.id, action: 'completeness.read', subject: districtId ?? 'roster' });
  const managers = (check?.managers ?? [])
    .filter(({ managerId }) => names.has(managerId))
    .map((line) => ({
      ...{ id: line.managerId, name: names.get(line.managerId) ?? line.managerId },
      shops: `${check?.formerId ? count(line.before, language) : '—'} → ${count(line.now, language)}`,
      missing: count(line.vanished.length + line.lostPhone.length + line.changedPhone.length, language),
      confirmed: confirmationOf(confirmed.get(line.managerId), m, (at) => moment(at, now, place)),
      remark: confirmed.get(line.managerId)?.remark ?? null,
      losses: lossesOf(line, m),
    }));
  const title = m.completeness.title;
  sendPage(
    web,
    request,
    response,
    'completeness',
    { title, at: 'completeness' },
    {
      ...{ lead: check?.formerId ? m.completeness.lead(check.formerId) : m.completeness.first, managers },
      note: m.completeness.note(String(changeDays), month(period, language)),
    },
  );
}

const readManagers = (query: Query, districtId: string | null): Promise<{ id: string; name: string }[]> =>
  query({
    text: 'SELECT id, name FROM manager WHERE $1::text IS NULL OR district_id = $1',
    values: [districtId],
  });

const confirmationOf = (said: Confirmation | undefined, m: Messages, written: (at: Date) => string): string =>
  said ? m.completeness.confirmed(written(said.at), String(said.retailers)) : m.completeness.unconfirmed;

/** Each kind of loss there is, with the licence numbers it is about. */
function lossesOf({ vanished, lostPhone, changedPhone, moved }: ManagerCompleteness, m: Messages) {
  const words = m.completeness;
  const of = (why: keyof typeof words.losses) =>
    vanished.filter((shop) => shop.why === why).map(({ retailerId }) => retailerId);
  return [
    { words: words.losses.gone, ids: of('gone') },
    { words: words.losses.closed, ids: of('closed') },
    { words: words.losses['opted-out'], ids: of('opted-out') },
    { words: words.lostPhone, ids: lostPhone },
    { words: words.changedPhone, ids: changedPhone },
    { words: words.moved, ids: moved.map(({ retailerId, to }) => `${retailerId} → ${to}`) },
  ].filter(({ ids }) => ids.length > 0);
}
