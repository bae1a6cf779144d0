import type { Request, RequestHandler, Response } from 'express';
import { rateLimit } from 'express-rate-limit';
import { z } from 'zod';
import { note } from './audited.ts';
import { TooMany } from './faults.ts';
import { languageOf } from './language.ts';
import { messagesIn } from './messages.ts';
import { sendPage, type Web } from './page.ts';
import { beginSession, endSession, viewerOf } from './sessions.ts';
import { linkStands, useLink } from './sign-in.ts';

/** The pages a stranger sees: how to sign in, and the link that does it. */

const quarterHour = 15 * 60_000;
const failuresAllowed = 20;

/** Links that do not work are counted by address; a secret of 256 bits needs no more, but nobody shall try for free. */
export const limitSignIn = (): RequestHandler =>
  rateLimit({
    windowMs: quarterHour,
    limit: failuresAllowed,
    skipSuccessfulRequests: true,
    standardHeaders: 'draft-8',
    legacyHeaders: false,
    // Behind a proxy that app.ts does not trust, everybody counts as the proxy; that is meant.
    validate: { xForwardedForHeader: false },
    handler: (_request, _response, next) => next(new TooMany()),
  });

export function showSignIn(web: Web) {
  return (request: Request, response: Response): void => {
    const m = messagesIn(languageOf(response));
    if (viewerOf(response)) response.redirect(303, '/');
    else sendPage(web, request, response, 'sign-in', { title: m.signIn.title }, { signedOut: 'out' in request.query });
  };
}

const path = z.object({ secret: z.string().regex(/^[\w-]{20,100}$/) });

/** Shows a button and uses nothing up: mail and chat programs open links to preview them. */
export function showLink(web: Web) {
  return async (request: Request, response: Response): Promise<void> => {
    const { success, data } = path.safeParse(request.params);
    if (!success || !(await linkStands(web.services, data.secret))) return spent(web, request, response);
    const m = messagesIn(languageOf(response));
    sendPage(web, request, response, 'sign-in-link', { title: m.signIn.title }, { action: `/sign-in/${data.secret}` });
  };
}

export function followLink(web: Web) {
  return async (request: Request, response: Response): Promise<void> => {
    const { success, data } = path.safeParse(request.params);
    const userId = success ? await useLink(web.services, data.secret) : null;
    if (!userId) return spent(web, request, response);
    await beginSession(request, userId);
    response.redirect(303, '/');
  };
}

function spent(web: Web, request: Request, response: Response): void {
  const m = messagesIn(languageOf(response));
  sendPage(web, request, response.status(410), 'sign-in-spent', { title: m.signIn.spent });
}

export function signOut({ services }: Web) {
  return async (request: Request, response: Response): Promise<void> => {
    const viewer = viewerOf(response);
    if (viewer) await note(services, { actor: viewer.id, action: 'user.sign-out', subject: viewer.id });
    await endSession(request);
    response.redirect(303, '/sign-in?out');
  };
}
