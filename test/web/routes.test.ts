import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { consoleRoutes } from '../../src/web/console.ts';
import { type Role, roles } from '../../src/web/roles.ts';
import { cityManagers, type Field, openField, workField } from '../support/field.ts';
import { formToken, openSite, signedIn, type Visitor } from './site.ts';

/**
 * Who gets in where: every route of the console, by every role. Written down by hand and apart from roles.ts, so that
 * a route, or a right, that nobody thought about fails here.
 */
const everybody: readonly Role[] = roles;
const admin: readonly Role[] = ['admin'];
const lookers: readonly Role[] = ['admin', 'supervisor', 'auditor'];
const auditors: readonly Role[] = ['admin', 'auditor'];
const askers: readonly Role[] = ['admin', 'supervisor'];

const allowed: Readonly<Record<string, readonly Role[]>> = {
  'get /': everybody,
  'get /rounds': admin,
  'get /rounds/launch': admin,
  'post /rounds': admin,
  'get /rounds/schedules': admin,
  'post /rounds/schedules': admin,
  'post /rounds/schedules/:schedule/end': admin,
  'get /rounds/:round/change/:change': admin,
  'post /rounds/:round/change/:change': admin,
  'get /rounds/:round': lookers,
  'get /rounds/:round/progress': lookers,
  'get /questionnaires': admin,
  'post /questionnaires/drafts': admin,
  'get /questionnaires/:version': admin,
  'get /questionnaires/:version/comparison': admin,
  'get /questionnaires/:version/document.json': admin,
  'get /questionnaires/:version/publication': admin,
  'post /questionnaires/:version/publication': admin,
  'get /rules': everybody,
  'post /rules/drafts': admin,
  'get /rules/drafts/:draft': admin,
  'get /rules/drafts/:draft/publication': admin,
  'post /rules/drafts/:draft/publication': admin,
  'get /rules/drafts/:draft/discard': admin,
  'post /rules/drafts/:draft/discard': admin,
  'get /rules/drafts/:draft/what-if': admin,
  'get /rules/versions/:version': everybody,
  'get /rules/versions/:version/comparison': everybody,
  'get /rules/versions/:version/document.json': everybody,
  'get /rules/versions/:version/acknowledgements': lookers,
  'post /rules/versions/:version/acknowledgement': ['manager'],
  'post /prompts/recordings': admin,
  'get /prompts/:language': admin,
  'get /prompts/:language/:piece': admin,
  'get /prompts/:language/:piece/:reading.wav': admin,
  'get /prompts/:language/:piece/:reading/removal': admin,
  'post /prompts/:language/:piece/:reading/removal': admin,
  'get /alarms': askers,
  'get /alarms/:alarm': askers,
  'post /alarms/:alarm/acknowledge': askers,
  'get /texts/announcement': admin,
  'post /texts/announcement': admin,
  'get /texts/:language': admin,
  'get /roster': admin,
  'post /roster/uploads': admin,
  'get /roster/uploads/:upload': admin,
  'get /roster/uploads/:upload/faults.csv': admin,
  'post /roster/uploads/:upload/import': admin,
  'post /roster/export': admin,
  'get /roster/completeness': lookers,
  'get /roster/mine': ['manager'],
  'post /roster/mine': ['manager'],
  'get /visits': ['admin', 'supervisor', 'desk'],
  'get /visits/plan': askers,
  'post /visits/plan': askers,
  'get /visits/cards': askers,
  'get /visits/cards/:manager': askers,
  'get /visits/:visit/change': askers,
  'post /visits/:visit/change': askers,
  'get /visits/:visit': ['admin', 'supervisor', 'desk'],
  'post /visits/:visit': ['admin', 'supervisor', 'desk'],
  'get /indicators': lookers,
  'post /indicators/events': admin,
  'get /indicators/events/:event/take-back': admin,
  'post /indicators/events/:event/take-back': admin,
  'get /indicators/:period': lookers,
  'get /indicators/:period/:manager': lookers,
  'get /rounds/:round/spot-checks': askers,
  'post /rounds/:round/spot-checks': askers,
  'post /rounds/:round/spot-checks/:check/cancel': askers,
  'get /rounds/:round/messages': auditors,
  'get /rounds/:round/messages/:message.wav': auditors,
  'get /draws/:round': everybody,
  'post /draws/:round/commit': everybody,
  'post /draws/:round/hand-in': everybody,
  'post /draws/:round/public-value': admin,
  'get /draws/:round/public.json': everybody,
  'get /draws/:round/draw.json': auditors,
  'get /staff-phones': admin,
  'post /staff-phones': admin,
  'post /staff-phones/:phone/remove': admin,
  'get /carriers': admin,
  'post /carriers/incidents/:incident/close': admin,
  'get /reviews': auditors,
  'post /reviews/:flag/verdict': auditors,
  'get /periods/:period/notice': everybody,
  'get /periods/:period/letters': auditors,
  'get /periods/:period/letters/:manager': ['admin', 'auditor', 'manager'],
  'get /score': ['manager'],
  'get /score/:period': ['manager'],
  'get /corrections/:period': admin,
  'get /corrections/:period/:kind': admin,
  'post /corrections/:period/:kind': admin,
  'get /appeals/mine': ['manager'],
  'get /appeals/mine/:period/:kind': ['manager'],
  'post /appeals/mine/:period/:kind': ['manager'],
  'get /appeals/:appeal/withdrawal': ['manager'],
  'post /appeals/:appeal/withdrawal': ['manager'],
  'get /appeals': lookers,
  'get /appeals/:appeal': lookers,
  'post /appeals/:appeal/verdict': askers,
  'get /desk': ['admin', 'desk'],
  'post /desk/phone': ['desk'],
  'post /desk/next': ['desk'],
  'get /desk/tasks/:task': ['desk'],
  'post /desk/tasks/:task/:act': ['desk'],
  'get /desk/follow-ups': ['admin', 'desk'],
  'get /desk/follow-ups/:wish': ['desk'],
  'post /desk/follow-ups/:wish/:act': ['desk'],
  'get /users': admin,
  'post /users': admin,
  'get /users/:user': admin,
  'post /users/:user': admin,
  'post /users/:user/link': admin,
  'get /users/:user/revoke': admin,
  'post /users/:user/revoke': admin,
  'get /ledger': ['admin', 'supervisor', 'manager', 'auditor'],
  'get /ledger/lines/:line': ['admin', 'supervisor', 'manager', 'auditor'],
  'get /ledger/:period/payroll.csv': admin,
  'get /ledger/:period/payroll.xlsx': admin,
  'get /ledger/:period/settlement': admin,
  'post /ledger/:period/settlement': admin,
  'post /ledger/lines/:line/settlement': admin,
  'get /ledger/lines/:line/reversal': admin,
  'post /ledger/lines/:line/reversal': admin,
  'get /training': ['admin', 'supervisor', 'manager', 'auditor'],
  'post /training': admin,
  'post /training/follow-ups/:duty': askers,
  'get /training/:record/take-back': admin,
  'post /training/:record/take-back': admin,
  'get /rewards': lookers,
  'post /rewards/budgets': admin,
  'get /rewards/new': ['supervisor'],
  'post /rewards/new': ['supervisor'],
  'get /rewards/:reward': lookers,
  'post /rewards/:reward/approval': admin,
  'post /rewards/:reward/refusal': admin,
  'post /rewards/:reward/withdrawal': ['supervisor'],
  'get /role-models': everybody,
  'get /board': everybody,
  'get /board/:period': everybody,
  'get /board/:period/publication.json': everybody,
  'get /board/:period/score-input.json': everybody,
};

let field: Field;
const browsers = {} as Record<Role, Visitor>;
const tokens = {} as Record<Role, string>;

beforeAll(async () => {
  field = await openField('web-routes', cityManagers(4));
  await workField(field, 0.3);
  const app = openSite(field);
  for (const role of roles) {
    browsers[role] = await signedIn(field, app, role, role === 'supervisor' ? 'D1' : null);
    tokens[role] = formToken((await browsers[role].get('/board')).text);
  }
  await field.city.database.query({ text: `UPDATE app_user SET manager_id = 'K01' WHERE role = 'manager'` });
});
afterAll(() => field.close());

const filledIn: Readonly<Record<string, string>> = {
  ':round': '2026-12-R1',
  ':period': '2026-12',
  ':version': 'HF-1',
  ':language': 'zh-CN',
  ':piece': 'Q1',
  ':reading': 'usual',
  ':change': 'pause',
  ':check': '00000000-0000-4000-8000-000000000000',
  ':schedule': '00000000-0000-4000-8000-000000000000',
  ':message': '1',
  ':phone': '00000000-0000-4000-8000-000000000000',
  ':flag': '00000000-0000-4000-8000-000000000000',
  ':upload': '00000000-0000-4000-8000-000000000000',
  ':user': '00000000-0000-4000-8000-000000000000',
  ':task': '00000000-0000-4000-8000-000000000000',
  ':wish': '00000000-0000-4000-8000-000000000000',
  ':act': 'call',
  ':manager': 'K01',
  ':kind': 'indicator',
  ':duty': '00000000-0000-4000-8000-000000000000',
  ':record': '00000000-0000-4000-8000-000000000000',
  ':line': '00000000-0000-4000-8000-000000000000',
  ':reward': '00000000-0000-4000-8000-000000000000',
  ':appeal': '00000000-0000-4000-8000-000000000000',
};

describe('every route of the console', () => {
  test('stands in this table, and nothing else does', () => {
    expect(Object.keys(allowed).sort()).toEqual(consoleRoutes.map(({ method, path }) => `${method} ${path}`).sort());
  });

  test.each(roles)('lets %s in where it may go, and nowhere else', async (role) => {
    expect(tokens[role]).not.toBe('');
    for (const [route, may] of Object.entries(allowed)) {
      const [method = '', path = ''] = route.split(' ');
      const to = path.replace(/:\w+/g, (name) => filledIn[name] ?? name);
      // Forms with nothing in them but the token: whoever may send them is told that they are wrong, and nothing is done.
      const { status } =
        method === 'get'
          ? await browsers[role].get(to)
          : await browsers[role].post(to).type('form').send({ _csrf: tokens[role] });
      expect({ route, role, refused: status === 403 }).toEqual({ route, role, refused: !may.includes(role) });
      expect({ route, role, status }).toEqual({ route, role, status: expect.toSatisfy((one: number) => one < 500) });
    }
  });
});

test('a supervisor without a district, and a manager without a number, see nobody’s', async () => {
  const app = openSite(field);
  const [supervisor, manager] = [await signedIn(field, app, 'supervisor'), await signedIn(field, app, 'manager')];
  for (const path of ['/rounds/2026-12-R1', '/roster/completeness', '/rounds/2026-12-R1/spot-checks', '/ledger'])
    expect((await supervisor.get(path)).status).toBe(403);
  for (const path of ['/roster/mine', '/ledger']) expect((await manager.get(path)).status).toBe(403);
});
