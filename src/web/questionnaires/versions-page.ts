import { isUtf8 } from 'node:buffer';
import { BadInput } from '../../platform/errors.ts';
import { parseJson } from '../../platform/json.ts';
import { readVersions, type VersionLine } from '../../survey/questionnaire/store.ts';
import { existing, publishVersion, saveDraft } from '../../survey/questionnaire/versions.ts';
import type { Visit } from '../console.ts';
import { NotFound } from '../faults.ts';
import { groupsOf, moment, shortHash } from '../figures.ts';
import { languageOf } from '../language.ts';
import { type Messages, messagesIn } from '../messages.ts';
import { sendPage } from '../page.ts';
import { companyTimeZone } from '../round/rounds-page.ts';

/** The versions of the questionnaire: the list, a new draft, and its publication, which is asked about once more. */

/** `GET /questionnaires` */
export async function listQuestionnaires({ web, request, response }: Visit): Promise<void> {
  const { database, clock } = web.services;
  const language = languageOf(response);
  const m = messagesIn(language);
  const place = { language, timeZone: await companyTimeZone(web.services) };
  const versions = (await readVersions(database.query)).map((version) => ({
    ...{ id: version.id, href: pathOf(version.id), hash: shortHash(version.hash), rounds: version.rounds },
    state: stateOf(version, m),
    published: version.publishedAt ? moment(version.publishedAt, clock.now(), place) : '—',
  }));
  const page = { title: m.questionnaires.title, at: 'questionnaires' as const };
  sendPage(web, request, response, 'questionnaires', page, {
    ...{ versions, prompts: web.services.sounds && '/prompts/zh-CN', texts: '/texts/zh-CN' },
  });
}

export const pathOf = (id: string): string => `/questionnaires/${encodeURIComponent(id)}`;

export const stateOf = ({ publishedAt }: Pick<VersionLine, 'publishedAt'>, m: Messages) =>
  publishedAt
    ? { name: m.questionnaires.published, class: 'closed' }
    : { name: m.questionnaires.draft, class: 'draft' };

/** `POST /questionnaires/drafts` */
export async function takeDraftFile({ web, request, response, viewer }: Visit): Promise<void> {
  const { faults, file } = messagesIn(languageOf(response)).questionnaires;
  if (!request.file) throw new BadInput('no draft came', [{ where: file, message: faults.missing }]);
  const { id } = await saveDraft(web.services, readJson(request.file.buffer, file, faults), viewer.id);
  response.redirect(303, pathOf(id));
}

function readJson(bytes: Buffer, where: string, faults: Messages['questionnaires']['faults']): unknown {
  if (!isUtf8(bytes)) throw new BadInput('the draft cannot be read', [{ where, message: faults.notJson }]);
  return parseJson(new TextDecoder().decode(bytes), where);
}

/** `GET /questionnaires/:version/document.json` */
export async function downloadQuestionnaire({ web, request, response }: Visit): Promise<void> {
  const { id, document } = await versionAsked(web, request.params);
  response
    .attachment(`${id}.json`)
    .type('application/json')
    .send(`${JSON.stringify(document, null, 2)}\n`);
}

/** `GET /questionnaires/:version/publication` */
export async function confirmPublication({ web, request, response }: Visit): Promise<void> {
  const m = messagesIn(languageOf(response)).questionnaires;
  const { id, hash, publishedAt } = await versionAsked(web, request.params);
  if (publishedAt) return response.redirect(303, pathOf(id));
  const page = { title: m.publishTitle(id), at: 'questionnaires' as const };
  sendPage(web, request, response, 'questionnaire-publish', page, {
    ...{ title: page.title, hash, groups: groupsOf(hash), href: pathOf(id) },
  });
}

/** `POST /questionnaires/:version/publication`, with the hash of what was looked at. */
export async function publishQuestionnaire({ web, request, response, viewer }: Visit): Promise<void> {
  const { id } = await versionAsked(web, request.params);
  const { hash } = request.body as { hash?: unknown };
  await publishVersion(web.services, id, typeof hash === 'string' ? hash : '', viewer.id);
  response.redirect(303, pathOf(id));
}

/** The version in the address. @throws NotFound */
export async function versionAsked(web: Visit['web'], { version }: Visit['request']['params']) {
  try {
    return await existing(web.services.database.query, String(version));
  } catch (error) {
    if ((error as { code?: string }).code === 'no-version') throw new NotFound();
    throw error;
  }
}
