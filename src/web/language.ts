import type { RequestHandler, Response } from 'express';
import { type Language, languages } from '../survey/questionnaire/questionnaire.ts';
import { cookieName, cookieOptions } from './cookies.ts';

/** Chinese first; English for whoever asks for it, and from then on. */
export type { Language };

const isLanguage = (text: unknown): text is Language => languages.includes(text as Language);

const aYear = 365 * 24 * 3_600_000;

/** `?lang=en` chooses and is remembered in a cookie, which holds a choice and nothing about a person. */
export function chooseLanguage(publicUrl: string): RequestHandler {
  const name = cookieName('language', publicUrl);
  return (request, response, next) => {
    const asked = request.query.lang === 'zh' ? 'zh-CN' : request.query.lang;
    if (isLanguage(asked)) response.cookie(name, asked, { ...cookieOptions(publicUrl), maxAge: aYear });
    const remembered: unknown = request.cookies[name];
    response.locals.language = isLanguage(asked) ? asked : isLanguage(remembered) ? remembered : 'zh-CN';
    next();
  };
}

export const languageOf = (response: Response): Language =>
  isLanguage(response.locals.language) ? response.locals.language : 'zh-CN';
