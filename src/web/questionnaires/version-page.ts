import { compareQuestionnaires } from '../../survey/questionnaire/compare.ts';
import { exampleLength, exampleSeconds, longestCallSeconds, warningsOf } from '../../survey/questionnaire/measure.ts';
import { languages, parseQuestionnaire, type Questionnaire } from '../../survey/questionnaire/questionnaire.ts';
import { readVersions } from '../../survey/questionnaire/store.ts';
import type { Visit } from '../console.ts';
import { groupsOf, listed } from '../figures.ts';
import { languageOf } from '../language.ts';
import { type Messages, messagesIn } from '../messages.ts';
import { sendPage } from '../page.ts';
import { pathOf, stateOf, versionAsked } from './versions-page.ts';

/** One version with every word it says, and how it compares with another. */

/** `GET /questionnaires/:version` */
export async function showQuestionnaire({ web, request, response }: Visit): Promise<void> {
  const language = languageOf(response);
  const m = messagesIn(language);
  const version = await versionAsked(web, request.params);
  const questionnaire = parseQuestionnaire(version.document);
  const others = (await readVersions(web.services.database.query)).filter(({ id }) => id !== version.id);
  const takes = languages.map((each) => `${each} ${Math.round(longestCallSeconds('A1', each, questionnaire))}`);
  sendPage(
    web,
    request,
    response,
    'questionnaire',
    { title: version.id, at: 'questionnaires' },
    {
      ...{
        id: version.id,
        href: pathOf(version.id),
        draft: version.publishedAt === null,
        groups: groupsOf(version.hash),
      },
      ...{ state: stateOf(version, m), takes: m.questionnaires.takes(listed(takes, language)), others },
      warnings: warningsOf(questionnaire),
      items: questionnaire.items.map((item) => ({
        ...{ id: item.id, kind: m.questionnaires.kinds[item.kind], tickets: m.questionnaires.tickets[item.tickets] },
        words: wordsOf(questionnaire.clips[item.id]),
        written: questionnaire.thread.find((step) => step.item === item.id)?.ask ?? '—',
      })),
      clips: clipsOf(questionnaire),
      texts: textsOf(questionnaire, m),
    },
  );
}

const wordsOf = (both: Questionnaire['clips'][string] | undefined) =>
  languages.map((language) => ({ lang: language, words: both?.[language] ?? '' }));

const clipsOf = (questionnaire: Questionnaire) =>
  Object.entries(questionnaire.clips).map(([id, both]) => ({
    ...{ id, words: wordsOf(both) },
    seconds: languages.map((language) => exampleSeconds(id, language, questionnaire).toFixed(1)),
  }));

const textsOf = (questionnaire: Questionnaire, m: Messages) =>
  Object.entries(questionnaire.texts).map(([id, both]) => ({
    ...{ id, words: wordsOf(both) },
    lengths: languages.map((language) => {
      const { units, segments } = exampleLength(id, language, questionnaire);
      return m.questionnaires.length(String(units), String(segments));
    }),
  }));

/** `GET /questionnaires/:version/comparison?with=HF-1`: the other one is the earlier. */
export async function showComparison({ web, request, response }: Visit): Promise<void> {
  const language = languageOf(response);
  const m = messagesIn(language).questionnaires;
  const version = await versionAsked(web, request.params);
  const other = await versionAsked(web, { version: String(request.query.with ?? '') });
  const [before, after] = [parseQuestionnaire(other.document), parseQuestionnaire(version.document)];
  const { comparable, items, onlyBefore, onlyAfter, around } = compareQuestionnaires(before, after);
  const title = m.comparisonTitle(other.id, version.id);
  const only = (ids: readonly string[], id: string) => (ids.length === 0 ? [] : [m.only(id, listed(ids, language))]);
  sendPage(
    web,
    request,
    response,
    'questionnaire-comparison',
    { title, at: 'questionnaires' },
    {
      ...{ title, back: pathOf(version.id), verdict: comparable ? m.comparable : m.notComparable, comparable },
      items: items.map(({ item, differences }) => ({
        ...{ item, verdict: differences.length === 0 ? m.itemComparable : m.itemNotComparable },
        differences: differences.map(({ what, where, before: was, after: is }) => ({
          ...{ what: m.differences[what], where, was: was || '—', is: is || '—' },
        })),
      })),
      besides: [
        ...only(onlyBefore, other.id),
        ...only(onlyAfter, version.id),
        ...(around.length === 0 ? [] : [m.around(listed(around, language))]),
      ],
    },
  );
}
