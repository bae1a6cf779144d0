import type { ErrorRequestHandler, Request, Response } from 'express';
import type { Fault } from '../platform/errors.ts';
import { BadInput, Refused } from '../platform/errors.ts';
import { languageOf } from './language.ts';
import { type Messages, messagesIn } from './messages.ts';
import { sendPage, type Web } from './page.ts';

/**
 * Errors become pages here and nowhere else (problem details below /api, plain text for carriers). A page says what to do about
 * it; of a defect it gives only the number under which the log tells the cause.
 */
export class NotFound extends Error {}

export class Forbidden extends Error {
  readonly because: 'forbidden' | 'noDistrict' | 'noManager';

  constructor(because: 'forbidden' | 'noDistrict' | 'noManager' = 'forbidden') {
    super(because);
    this.because = because;
  }
}

export class TooMany extends Error {}

interface Told {
  readonly status: number;
  readonly title: string;
  readonly text: string;
  readonly faults?: readonly Fault[];
  readonly id?: string;
}

export const tellFaults =
  (web: Web): ErrorRequestHandler =>
  (error: unknown, request, response, next) => {
    if (response.headersSent) return next(error);
    const m = messagesIn(languageOf(response));
    const told = known(error, m.faults) ?? defect(web, error, request, m.faults);
    response.status(told.status).set('Cache-Control', 'no-store');
    tell(web, request, response, told, m);
  };

/** What somebody outside can do something about. */
function known(error: unknown, words: Messages['faults']): Told | null {
  if (error instanceof NotFound) return { status: 404, ...words.notFound };
  if (error instanceof Forbidden) return { status: 403, ...words[error.because] };
  if (error instanceof TooMany) return { status: 429, ...words.tooMany };
  if (error instanceof BadInput) return { status: 400, ...words.badInput, faults: error.faults };
  if (error instanceof Refused) return { status: 409, ...words.refused, text: error.message };
  const { code, status } = (error ?? {}) as { code?: unknown; status?: unknown };
  if (code === 'EBADCSRFTOKEN') return { status: 403, ...words.stale };
  // What express itself refuses: a path that cannot be decoded, a body that is too large.
  if (typeof status === 'number' && status >= 400 && status < 500)
    return status === 404 ? { status, ...words.notFound } : { status, ...words.badRequest };
  return null;
}

function defect({ services }: Web, error: unknown, { method, path }: Request, words: Messages['faults']): Told {
  const id = services.chance.id();
  // A secret stands in the path of a sign-in link, and in that of Aliyun's pushes.
  const where = path.replace(/^\/(sign-in|aliyun)\/.*/i, '/$1/…');
  services.log.error({ err: error, id, method, path: where }, 'request failed');
  return { status: 500, ...words.failed, id };
}

function tell(web: Web, request: Request, response: Response, told: Told, m: Messages): void {
  const { title, text, id, faults = [] } = told;
  // A page would repeat its own address, and with it Aliyun's secret, in the link to the other language.
  if (/^\/(twilio|aliyun|sms)(\/|$)/i.test(request.path)) response.type('text/plain').send(`${title}\n`);
  else
    sendPage(
      web,
      request,
      response,
      'fault',
      { title },
      {
        ...{ title, text, faults, home: m.faults.home },
        id: id === undefined ? null : m.faults.id(id),
      },
    );
}
