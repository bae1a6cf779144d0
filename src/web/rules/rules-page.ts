import { isUtf8 } from 'node:buffer';
import { BadInput, type Fault } from '../../platform/errors.ts';
import { parseJson } from '../../platform/json.ts';
import { saveDraft } from '../../scoring/rule-sets/publish.ts';
import { readDrafts, readInForce, readVersions, type Version } from '../../scoring/rule-sets/store.ts';
import type { Visit } from '../console.ts';
import { moment, month, periodOf, shortHash } from '../figures.ts';
import { languageOf } from '../language.ts';
import { type Messages, messagesIn } from '../messages.ts';
import { sendPage } from '../page.ts';
import { may } from '../roles.ts';
import { companyTimeZone } from '../round/rounds-page.ts';

/** `/rules`: the versions there are, which of them holds, and for the assessment group the drafts of others. */
export async function listRules(visit: Visit, faults: readonly Fault[] = []): Promise<void> {
  const { web, request, response, viewer } = visit;
  const { database, clock } = web.services;
  const language = languageOf(response);
  const m = messagesIn(language);
  const now = clock.now();
  const place = { language, timeZone: await companyTimeZone(web.services) };
  const stateOf = await statesAt(visit, m);
  const write = may(viewer.role, 'rules.write') !== null;
  const versions = (await readVersions(database.query)).map((version) => ({
    ...{ id: version.id, href: versionPath(version.id), state: stateOf(version), rounds: version.rounds },
    ...{ from: month(version.effectiveFrom, language), hash: shortHash(version.hash) },
    published: version.publishedAt ? moment(version.publishedAt, now, place) : m.rules.builtIn,
  }));
  const drafts = write ? await readDrafts(database.query) : [];
  sendPage(
    web,
    request,
    response,
    'rules',
    { title: m.rules.title, at: 'rules' },
    {
      ...{ versions, write, faults },
      drafts: drafts.map(({ id, document, savedAt }) => ({
        ...{
          id,
          href: draftPath(id),
          from: month(document.effectiveFrom, language),
          saved: moment(savedAt, now, place),
        },
      })),
    },
  );
}

export const versionPath = (id: string): string => `/rules/versions/${encodeURIComponent(id)}`;
export const draftPath = (id: string): string => `/rules/drafts/${encodeURIComponent(id)}`;

/** Whether a version is in force this month, was, or will be. */
export async function statesAt({ web }: Visit, m: Messages) {
  const { database, clock } = web.services;
  const period = periodOf(clock.now(), await companyTimeZone(web.services));
  const inForce = await readInForce(database.query, period);
  return ({ id, effectiveFrom }: Pick<Version, 'id' | 'effectiveFrom'>) => {
    if (id === inForce?.id) return { name: m.rules.states.inForce, class: 'fielding' };
    if (effectiveFrom > period) return { name: m.rules.states.toCome, class: 'draft' };
    return { name: m.rules.states.past, class: 'closed' };
  };
}

/** `POST /rules/drafts`. What is wrong with a draft is said where it was sent from. */
export async function takeRuleDraftFile(visit: Visit): Promise<void> {
  const { web, request, response, viewer } = visit;
  const m = messagesIn(languageOf(response)).rules;
  try {
    if (!request.file) throw new BadInput('no draft came', [{ where: m.file, message: m.faults.missing }]);
    const { id } = await saveDraft(web.services, readJson(request.file.buffer, m), viewer.id);
    response.redirect(303, draftPath(id));
  } catch (error) {
    if (!(error instanceof BadInput)) throw error;
    response.status(400);
    await listRules(visit, error.faults);
  }
}

function readJson(bytes: Buffer, { file: where, faults }: Messages['rules']): unknown {
  if (!isUtf8(bytes)) throw new BadInput('the draft cannot be read', [{ where, message: faults.notJson }]);
  return parseJson(new TextDecoder().decode(bytes), where);
}
