import type { RequestHandler } from 'express';
import multer, { MulterError } from 'multer';
import { BadInput } from '../../platform/errors.ts';
import { languageOf } from '../language.ts';
import { messagesIn } from '../messages.ts';
import { may } from '../roles.ts';
import { viewerOf } from '../sessions.ts';

/** Where a form with a file is sent: the one place where more than a short form is taken. */
export const uploadPath = '/roster/uploads';

/** A hundred thousand shops are about ten megabytes. */
const mostBytes = 64 * 1024 * 1024;

const upload = multer({
  storage: multer.memoryStorage(),
  limits: { fileSize: mostBytes, files: 1, fields: 8, fieldSize: 1024 },
}).single('file');

/**
 * Reads a form with a file, before its token is checked, because the token is in it. Nobody's but of those who may
 * bring one; what others send is not read, and the gate tells them so.
 */
export const takeUpload: RequestHandler = (request, response, next) => {
  const viewer = viewerOf(response);
  if (request.method !== 'POST' || request.path !== '/' || !viewer || !may(viewer.role, 'roster.write')) return next();
  const m = messagesIn(languageOf(response)).roster;
  upload(request, response, (error: unknown) => {
    if (error instanceof MulterError)
      return next(
        new BadInput('the file was not taken', [
          { where: m.file, message: error.code === 'LIMIT_FILE_SIZE' ? m.faults.tooLarge : m.faults.unreadable },
        ]),
      );
    next(error);
  });
};

/** Browsers send a file's name as UTF-8, the parser reads it as Latin-1. */
export const fileNameOf = ({ originalname }: Express.Multer.File): string =>
  Buffer.from(originalname, 'latin1').toString('utf8').slice(0, 200);
