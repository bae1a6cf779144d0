import type { Request, Response } from 'express';
import type { AuditLine } from '../platform/audit.ts';
import type { Services } from '../workers/services.ts';
import { languageOf } from './language.ts';
import { messagesIn } from './messages.ts';
import { may, type Permission } from './roles.ts';
import { type Viewer, viewerOf } from './sessions.ts';
import { renderTemplate, staticVersion } from './templates.ts';

/** What every page is given besides the request. */
export interface Web {
  readonly services: Services;
  readonly publicUrl: string;
  /** The token a form of this session must carry. */
  readonly formToken: (request: Request, response: Response) => string;
  /** Notes in the audit log that somebody looks at something. */
  readonly look: (line: AuditLine) => Promise<void>;
}

export interface Page {
  readonly title: string;
  /** Where in the navigation it stands. */
  readonly at?: Section;
}

type Section =
  | 'today'
  | 'rounds'
  | 'questionnaires'
  | 'rules'
  | 'roster'
  | 'completeness'
  | 'ownList'
  | 'indicators'
  | 'visits'
  | 'reviews'
  | 'alarms'
  | 'appeals'
  | 'score'
  | 'ownAppeals'
  | 'users'
  | 'carriers'
  | 'texts'
  | 'desk'
  | 'followUps'
  | 'ledger'
  | 'training'
  | 'roleModels'
  | 'board';

/** Sends one page: the template in the layout, in the reader's language. */
export function sendPage(
  web: Pick<Web, 'formToken'>,
  request: Request,
  response: Response,
  template: string,
  page: Page,
  context: object = {},
): void {
  const viewer = viewerOf(response);
  const language = languageOf(response);
  const m = messagesIn(language);
  const surroundings = {
    m,
    page: {
      ...page,
      language,
      viewer: viewer && { name: viewer.name, role: m.roles[viewer.role] },
      navigation: navigationFor(viewer, page.at, m.bar),
      otherLanguage: otherLanguage(request, language),
      // Where the session itself could not be had, the page that says so has no form to protect.
      formToken: request.session ? web.formToken(request, response) : '',
      version: staticVersion,
    },
  };
  response.type('html').send(renderTemplate(template, context, surroundings));
}

/** Sends what a page shows inside its layout, for a page that refreshes itself. */
export function sendFragment(response: Response, template: string, context: object): void {
  const m = messagesIn(languageOf(response));
  response.type('html').send(renderTemplate(template, context, { m }));
}

interface Place {
  readonly section: Section;
  readonly href: string;
  readonly may: Permission;
}

type Group = 'fieldwork' | 'assessment' | 'records' | 'settings';

/** By what the work is; what stands in no group is always in sight. */
const groups: readonly { readonly name: Group | null; readonly places: readonly Place[] }[] = [
  { name: null, places: [{ section: 'today', href: '/', may: 'round.read' }] },
  {
    name: 'fieldwork',
    places: [
      { section: 'rounds', href: '/rounds', may: 'rounds.list' },
      { section: 'desk', href: '/desk', may: 'desk.read' },
      { section: 'followUps', href: '/desk/follow-ups', may: 'desk.read' },
      { section: 'visits', href: '/visits', may: 'visit.make' },
      { section: 'reviews', href: '/reviews', may: 'review.give' },
      { section: 'alarms', href: '/alarms', may: 'alarm.see' },
    ],
  },
  {
    name: 'assessment',
    places: [
      { section: 'rules', href: '/rules', may: 'rules.read' },
      { section: 'indicators', href: '/indicators', may: 'indicator.read' },
      { section: 'appeals', href: '/appeals', may: 'appeal.read' },
      { section: 'score', href: '/score', may: 'score.own' },
      { section: 'ownAppeals', href: '/appeals/mine', may: 'appeal.file' },
      { section: 'ledger', href: '/ledger', may: 'ledger.see' },
      { section: 'training', href: '/training', may: 'training.see' },
      { section: 'roleModels', href: '/role-models', may: 'board.read' },
    ],
  },
  {
    name: 'records',
    places: [
      { section: 'roster', href: '/roster', may: 'roster.write' },
      { section: 'completeness', href: '/roster/completeness', may: 'completeness.read' },
      { section: 'ownList', href: '/roster/mine', may: 'list.confirm' },
      { section: 'questionnaires', href: '/questionnaires', may: 'questionnaire.write' },
      { section: 'texts', href: '/texts/zh-CN', may: 'texts.announce' },
    ],
  },
  {
    name: 'settings',
    places: [
      { section: 'carriers', href: '/carriers', may: 'carriers.mend' },
      { section: 'users', href: '/users', may: 'users.write' },
    ],
  },
  { name: null, places: [{ section: 'board', href: '/board', may: 'board.read' }] },
];

/** So many stand side by side on a desk, and in two lines on a telephone; more are grouped. */
const mostInSight = 7;

interface Link {
  readonly href: string;
  readonly words: string;
  readonly current: boolean;
}

interface Menu {
  readonly words: string;
  readonly current: boolean;
  readonly links: readonly Link[];
}

function navigationFor(
  viewer: Viewer | null,
  at: Section | undefined,
  words: Readonly<Record<Section | Group, string>>,
): readonly (Link | Menu)[] {
  if (!viewer) return [];
  const own = groups.map(({ name, places }) => ({
    name,
    links: places
      .filter((place) => may(viewer.role, place.may))
      .map(({ section, href }) => ({ href, words: words[section], current: section === at })),
  }));
  const all = own.flatMap(({ links }) => links);
  if (all.length <= mostInSight) return all;
  return own.flatMap(({ name, links }): (Link | Menu)[] =>
    name === null || links.length < 2
      ? links
      : [{ words: words[name], current: links.some(({ current }) => current), links }],
  );
}

/** The same page in the other language. */
function otherLanguage({ originalUrl }: Request, language: string): { href: string; hreflang: string } {
  const hreflang = language === 'en' ? 'zh-CN' : 'en';
  const url = new URL(originalUrl, 'http://any');
  url.searchParams.set('lang', hreflang === 'en' ? 'en' : 'zh');
  return { href: `${url.pathname}${url.search}`, hreflang };
}
