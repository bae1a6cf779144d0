import { acknowledge, acknowledgedAt, readSignatures } from '../../scoring/rule-sets/acknowledge.ts';
import { readBefore, readVersion, readVersions, type StoredVersion } from '../../scoring/rule-sets/store.ts';
import { parseRules } from '../../scoring/rules.ts';
import type { Visit } from '../console.ts';
import { NotFound } from '../faults.ts';
import { count, groupsOf, moment, month } from '../figures.ts';
import { languageOf } from '../language.ts';
import { messagesIn } from '../messages.ts';
import { ownManager } from '../own-manager.ts';
import { sendPage } from '../page.ts';
import { may } from '../roles.ts';
import { companyTimeZone } from '../round/rounds-page.ts';
import { changesOf, numbersOf } from './in-words.ts';
import { statesAt, versionPath } from './rules-page.ts';

/** One published version: what it changes, every number of it, and for a manager that he has taken note. */

/** `GET /rules/versions/:version` */
export async function showVersion(visit: Visit): Promise<void> {
  const { web, request, response, viewer } = visit;
  const { database, clock } = web.services;
  const language = languageOf(response);
  const m = messagesIn(language);
  const version = await versionAsked(visit);
  const rules = parseRules(version.document);
  const before = await readBefore(database.query, version.effectiveFrom);
  const stateOf = await statesAt(visit, m);
  const others = (await readVersions(database.query)).filter(({ id }) => id !== version.id);
  const place = { language, timeZone: await companyTimeZone(web.services) };
  const now = clock.now();
  const mayAcknowledge = may(viewer.role, 'rules.acknowledge') !== null;
  const signedAt = mayAcknowledge ? await acknowledgedAt(database.query, version.id, await ownManager(visit)) : null;
  sendPage(
    web,
    request,
    response,
    'rule-set',
    { title: version.id, at: 'rules' },
    {
      ...{ id: version.id, href: versionPath(version.id), state: stateOf(version), groups: groupsOf(version.hash) },
      from: m.rules.from(month(version.effectiveFrom, language)),
      published: version.publishedAt ? m.rules.publishedAt(moment(version.publishedAt, now, place)) : m.rules.builtIn,
      compared: before && m.rules.comparedWith(before.id),
      changes: before ? changesOf(parseRules(before.document), rules, language) : [],
      ...{ numbers: numbersOf(rules, language), others, mayAcknowledge },
      acknowledged: signedAt && m.rules.acknowledgedAt(moment(signedAt, now, place)),
      signatures:
        may(viewer.role, 'rules.signatures') !== null && m.rules.signatures(count(version.acknowledged, language)),
    },
  );
}

/** `POST /rules/versions/:version/acknowledgement` */
export async function acknowledgeVersion(visit: Visit): Promise<void> {
  const { web, response, viewer } = visit;
  const { id } = await versionAsked(visit);
  await acknowledge(web.services, { ruleSetId: id, managerId: await ownManager(visit), actor: viewer.id });
  response.redirect(303, versionPath(id));
}

/** `GET /rules/versions/:version/acknowledgements`: by district, those who have not first. */
export async function listSignatures(visit: Visit): Promise<void> {
  const { web, request, response, viewer, districtId } = visit;
  const { database, clock } = web.services;
  const language = languageOf(response);
  const m = messagesIn(language);
  const { id } = await versionAsked(visit);
  await web.look({ actor: viewer.id, action: 'rule-set.signatures', subject: id });
  const now = clock.now();
  const place = { language, timeZone: await companyTimeZone(web.services) };
  const signatures = await readSignatures(database.query, id, districtId);
  const districts = [...new Set(signatures.map((one) => one.districtId))].map((district) => {
    const own = signatures.filter((one) => one.districtId === district);
    const missing = own.filter(({ at }) => at === null).length;
    return {
      name: own[0]?.district ?? district,
      standing:
        missing === 0 ? m.rules.allSigned : m.rules.missing(count(missing, language), count(own.length, language)),
      managers: own.map(({ managerId, name, at }) => ({
        ...{ id: managerId, name, at: at ? moment(at, now, place) : m.rules.notYet, missing: at === null },
      })),
    };
  });
  const title = m.rules.signaturesTitle(id);
  sendPage(
    web,
    request,
    response,
    'rule-signatures',
    { title, at: 'rules' },
    { title, districts, back: versionPath(id) },
  );
}

/** `GET /rules/versions/:version/comparison?with=RS-1`: the other one is the earlier. */
export async function compareVersions(visit: Visit): Promise<void> {
  const { web, request, response } = visit;
  const language = languageOf(response);
  const m = messagesIn(language);
  const version = await versionAsked(visit);
  const other = await versionAsked(visit, String(request.query.with ?? ''));
  const title = m.rules.comparisonTitle(other.id, version.id);
  const changes = changesOf(parseRules(other.document), parseRules(version.document), language);
  sendPage(
    web,
    request,
    response,
    'rule-comparison',
    { title, at: 'rules' },
    { title, changes, back: versionPath(version.id) },
  );
}

/** `GET /rules/versions/:version/document.json` */
export async function downloadVersion(visit: Visit): Promise<void> {
  const { id, document } = await versionAsked(visit);
  visit.response
    .attachment(`${id}.json`)
    .type('application/json')
    .send(`${JSON.stringify(document, null, 2)}\n`);
}

/** The version in the address, or one that is named beside it. @throws NotFound */
async function versionAsked({ web, request }: Visit, id = String(request.params.version)): Promise<StoredVersion> {
  const version = await readVersion(web.services.database.query, id);
  if (!version) throw new NotFound();
  return version;
}
