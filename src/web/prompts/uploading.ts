import type { RequestHandler } from 'express';
import multer, { MulterError } from 'multer';
import { BadInput } from '../../platform/errors.ts';
import { languageOf } from '../language.ts';
import { messagesIn } from '../messages.ts';
import { may } from '../roles.ts';
import { viewerOf } from '../sessions.ts';

/** Where a recording is sent to, as a file. */
export const recordingsPath = '/prompts/recordings';

/** Half a minute of anything but the finest studio's form. */
const mostBytes = 16 * 1024 * 1024;

const upload = multer({
  storage: multer.memoryStorage(),
  limits: { fileSize: mostBytes, files: 1, fields: 8, fieldSize: 1024 },
}).single('file');

/** Reads a form with a recording, before its token is checked, because the token is in it; from those alone who may bring one. */
export const takeRecordingFile: RequestHandler = (request, response, next) => {
  const viewer = viewerOf(response);
  if (request.method !== 'POST' || request.path !== '/' || !viewer || !may(viewer.role, 'questionnaire.write'))
    return next();
  const m = messagesIn(languageOf(response)).prompts;
  upload(request, response, (error: unknown) => {
    if (!(error instanceof MulterError)) return next(error);
    const message = error.code === 'LIMIT_FILE_SIZE' ? m.faults.tooLarge : m.faults.unreadable;
    next(new BadInput('the recording was not taken', [{ where: m.file, message }]));
  });
};
