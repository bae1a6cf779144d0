import connectPgSimple from 'connect-pg-simple';
import { doubleCsrf } from 'csrf-csrf';
import type { Request, RequestHandler, Response } from 'express';
import session from 'express-session';
import type { Pool } from 'pg';
import type { Database } from '../platform/database.ts';
import type { Services } from '../workers/services.ts';
import { cookieName, cookieOptions } from './cookies.ts';
import type { Role } from './roles.ts';

/** Who looks at a page. Read anew at every request, so that a role taken away is gone at once. */
export interface Viewer {
  readonly id: string;
  readonly name: string;
  readonly role: Role;
  readonly districtId: string | null;
}

declare module 'express-session' {
  interface SessionData {
    userId: string;
  }
}

/** A session lasts one working day from its sign-in, however much it is used, in real time. */
const lifetime = 12 * 3_600_000;

export interface SessionSettings {
  readonly publicUrl: string;
  readonly sessionSecret: string;
}

/** Sessions in the database, so that any web process knows them. Strangers get none. */
export function keepSessions(
  { database, log }: Services,
  { publicUrl, sessionSecret }: SessionSettings,
): RequestHandler {
  const Store = connectPgSimple(session);
  const store = new Store({
    pool: asPool(database),
    // Looking at a page that refreshes itself must not keep somebody signed in for ever.
    disableTouch: true,
    errorLog: (...said: unknown[]) => log.warn({ err: said.find((one) => one instanceof Error) }, 'sessions'),
  });
  return session({
    name: cookieName('session', publicUrl),
    secret: sessionSecret,
    store,
    resave: false,
    saveUninitialized: false,
    cookie: { ...cookieOptions(publicUrl), maxAge: lifetime },
  });
}

/** The store asks for a pool and uses its `query` alone; ours is one pool for everything. */
const asPool = ({ query }: Database): Pool => {
  const pool = { query: async (text: string, values: unknown[]) => ({ rows: await query({ text, values }) }) };
  return pool as unknown as Pool;
};

/** Finds out who is signed in. A session of somebody who is no user any more is a stranger's. */
export const knowViewer =
  ({ database }: Services): RequestHandler =>
  async (request, response, next) => {
    const { userId } = request.session;
    response.locals.viewer = userId ? await findViewer(database, userId) : null;
    next();
  };

async function findViewer({ query }: Database, userId: string): Promise<Viewer | null> {
  const [viewer] = await query<Viewer>({
    name: 'web-viewer',
    text: 'SELECT id, name, role, district_id AS "districtId" FROM app_user WHERE id = $1',
    values: [userId],
  });
  return viewer ?? null;
}

/** Who is signed in, or null for a stranger. */
export const viewerOf = (response: Response): Viewer | null =>
  (response.locals.viewer as Viewer | null | undefined) ?? null;

/** A new session id at sign-in, so that one planted in a browser beforehand opens nothing. */
export async function beginSession(request: Request, userId: string): Promise<void> {
  await settled((done) => request.session.regenerate(done));
  request.session.userId = userId;
  await settled((done) => request.session.save(done));
}

export const endSession = (request: Request): Promise<void> => settled((done) => request.session.destroy(done));

const settled = (act: (done: (error: unknown) => void) => void): Promise<void> =>
  new Promise((resolve, reject) => act((error) => (error ? reject(error) : resolve())));

/** Forms carry a token that only our own pages know; it is bound to the session, so another's is of no use. */
export function protectForms({ publicUrl, sessionSecret }: SessionSettings) {
  const { doubleCsrfProtection, generateCsrfToken } = doubleCsrf({
    getSecret: () => `forms|${sessionSecret}`,
    getSessionIdentifier: (request) => (request.session.userId ? request.sessionID : 'stranger'),
    cookieName: cookieName('form', publicUrl),
    cookieOptions: cookieOptions(publicUrl),
    getCsrfTokenFromRequest: (request) => (request.body as { _csrf?: string } | undefined)?._csrf,
  });
  return { checkForm: doubleCsrfProtection, formToken: generateCsrfToken };
}
