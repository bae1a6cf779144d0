import type { RequestHandler } from 'express';
import multer, { MulterError } from 'multer';
import { BadInput } from '../../platform/errors.ts';
import { languageOf } from '../language.ts';
import { messagesIn } from '../messages.ts';
import { may } from '../roles.ts';
import { viewerOf } from '../sessions.ts';

/** Where a draft is sent to, as a file. */
export const ruleDraftsPath = '/rules/drafts';

/** The standard one is 3 kB. */
const mostBytes = 256 * 1024;

const upload = multer({
  storage: multer.memoryStorage(),
  limits: { fileSize: mostBytes, files: 1, fields: 4, fieldSize: 1024 },
}).single('file');

/** Reads a form with a draft, before its token is checked, because the token is in it; from those alone who may bring one. */
export const takeRuleDraft: RequestHandler = (request, response, next) => {
  const viewer = viewerOf(response);
  if (request.method !== 'POST' || request.path !== '/' || !viewer || !may(viewer.role, 'rules.write')) return next();
  const m = messagesIn(languageOf(response)).rules;
  upload(request, response, (error: unknown) => {
    if (!(error instanceof MulterError)) return next(error);
    const message = error.code === 'LIMIT_FILE_SIZE' ? m.faults.tooLarge : m.faults.unreadable;
    next(new BadInput('the draft was not taken', [{ where: m.file, message }]));
  });
};
