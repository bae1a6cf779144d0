import { discardDraft, publishDraft } from '../../scoring/rule-sets/publish.ts';
import { examine } from '../../scoring/rule-sets/publishable.ts';
import { type Draft, readBefore, readDraft, readPastMonths, readStanding } from '../../scoring/rule-sets/store.ts';
import { parseRules } from '../../scoring/rules.ts';
import type { Visit } from '../console.ts';
import { NotFound } from '../faults.ts';
import { groupsOf, month } from '../figures.ts';
import { languageOf } from '../language.ts';
import { messagesIn } from '../messages.ts';
import { sendPage } from '../page.ts';
import { changesOf, numbersOf } from './in-words.ts';
import { draftPath, versionPath } from './rules-page.ts';
import { whatIfView } from './what-if-view.ts';

/** A draft: what it changes, why it cannot be published yet, what past months would have been under it. */

/** `GET /rules/drafts/:draft` */
export async function showRuleDraft(visit: Visit): Promise<void> {
  const { web, request, response } = visit;
  const { database, clock } = web.services;
  const language = languageOf(response);
  const m = messagesIn(language);
  const { id, document, hash } = await draftAsked(visit);
  const rules = parseRules(document);
  const now = clock.now();
  const before = await readBefore(database.query, rules.effectiveFrom);
  const { faults } = examine(document, await readStanding(database.query, now), now);
  sendPage(
    web,
    request,
    response,
    'rule-draft',
    { title: id, at: 'rules' },
    {
      ...{ id, href: draftPath(id), groups: groupsOf(hash), faults },
      from: m.rules.from(month(rules.effectiveFrom, language)),
      compared: before && m.rules.comparedWith(before.id),
      changes: before ? changesOf(parseRules(before.document), rules, language) : [],
      numbers: numbersOf(rules, language),
    },
  );
}

/** `GET /rules/drafts/:draft/publication` */
export async function confirmRulesPublication(visit: Visit): Promise<void> {
  const { web, request, response } = visit;
  const language = languageOf(response);
  const m = messagesIn(language).rules;
  const { id, hash, document } = await draftAsked(visit);
  const title = m.publishTitle(id);
  sendPage(
    web,
    request,
    response,
    'rule-publish',
    { title, at: 'rules' },
    {
      ...{ title, hash, groups: groupsOf(hash), href: draftPath(id) },
      lead: m.publishLead(month(document.effectiveFrom, language)),
    },
  );
}

/** `POST /rules/drafts/:draft/publication`, with the hash of what was looked at. */
export async function publishRules(visit: Visit): Promise<void> {
  const { web, request, response, viewer } = visit;
  const { id } = await draftAsked(visit);
  const { hash } = request.body as { hash?: unknown };
  await publishDraft(web.services, id, typeof hash === 'string' ? hash : '', viewer.id);
  response.redirect(303, versionPath(id));
}

/** `GET /rules/drafts/:draft/discard` */
export async function confirmDiscard(visit: Visit): Promise<void> {
  const { web, request, response } = visit;
  const { id } = await draftAsked(visit);
  const title = messagesIn(languageOf(response)).rules.discardTitle(id);
  sendPage(web, request, response, 'rule-discard', { title, at: 'rules' }, { title, href: draftPath(id) });
}

/** `POST /rules/drafts/:draft/discard` */
export async function discard(visit: Visit): Promise<void> {
  const { id } = await draftAsked(visit);
  await discardDraft(visit.web.services, id, visit.viewer.id);
  visit.response.redirect(303, '/rules');
}

/** `GET /rules/drafts/:draft/what-if` */
export async function showWhatIf(visit: Visit): Promise<void> {
  const { web, request, response, viewer } = visit;
  const language = languageOf(response);
  const m = messagesIn(language);
  const { id, document } = await draftAsked(visit);
  await web.look({ actor: viewer.id, action: 'rule-set.what-if', subject: id });
  const months = await readPastMonths(web.services.database.query);
  const title = m.rules.whatIf.title(id);
  sendPage(
    web,
    request,
    response,
    'rule-what-if',
    { title, at: 'rules' },
    {
      ...{ title, draft: id, back: draftPath(id), ...whatIfView(parseRules(document), months, language, m) },
    },
  );
}

/** @throws NotFound */
async function draftAsked({ web, request }: Visit): Promise<Draft> {
  const draft = await readDraft(web.services.database.query, String(request.params.draft));
  if (!draft) throw new NotFound();
  return draft;
}
