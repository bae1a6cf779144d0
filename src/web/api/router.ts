import { pipeline } from 'node:stream/promises';
import express, { type Request, type RequestHandler, type Response, Router } from 'express';
import { ipKeyGenerator, rateLimit } from 'express-rate-limit';
import { BadInput } from '../../platform/errors.ts';
import { parseJson } from '../../platform/json.ts';
import type { Services } from '../../workers/services.ts';
import { note } from '../audited.ts';
import { NotFound, TooMany } from '../faults.ts';
import { openApiDocument, statusOf } from './document.ts';
import { type Answered, once, readIdempotencyKey } from './idempotency.ts';
import { findKey, type KnownKey } from './keys.ts';
import type { Call, Download, Operation } from './operation.ts';
import { operations } from './operations.ts';
import { ScopeMissing, tellProblems, Unauthenticated } from './problem.ts';
import { readRequest } from './reading.ts';

/**
 * `/api/v1`, for programs. Closed by default: nothing is said to a request without a key, not even whether an address
 * exists; what a key may do is the scope each operation names.
 */
export function apiRouter(services: Services, { publicUrl }: { readonly publicUrl: string }): Router {
  const router = Router();
  router.use(noStore, limitStrangers(), authenticate(services), limitKeys());
  const document = openApiDocument(operations, publicUrl);
  router.get('/openapi.json', (_request, response) => void response.json(document));
  for (const operation of operations) {
    const path = operation.path.replace(/\{(\w+)\}/g, ':$1');
    router[operation.method](path, permitted(operation), bodyReader(operation), served(services, operation, publicUrl));
  }
  router.use(() => {
    throw new NotFound();
  });
  router.use(tellProblems(services));
  return router;
}

const noStore: RequestHandler = (_request, response, next) => {
  response.set('Cache-Control', 'no-store');
  next();
};

/** Within one process; several web processes together allow as many times more. */
const limits = { windowMs: 60_000, failures: 30, requests: 600 };
const common = {
  ...{ windowMs: limits.windowMs, standardHeaders: 'draft-8' as const, legacyHeaders: false },
  validate: { xForwardedForHeader: false },
  handler: (_request: Request, _response: Response, next: (error: unknown) => void) => next(new TooMany()),
} as const;

/** Keys that do not hold are counted by address. */
const limitStrangers = (): RequestHandler =>
  rateLimit({
    ...common,
    limit: limits.failures,
    skipSuccessfulRequests: true,
    requestWasSuccessful: (_request, response) => response.statusCode !== 401,
    standardHeaders: false,
    keyGenerator: ({ ip = '' }) => ipKeyGenerator(ip),
  });

const limitKeys = (): RequestHandler =>
  rateLimit({ ...common, limit: limits.requests, keyGenerator: (_request, response) => keyOf(response).id });

const bearer = /^Bearer ([\w-]{20,200})$/i;

const authenticate =
  ({ database }: Services): RequestHandler =>
  async (request, response, next) => {
    const key = bearer.exec(request.get('Authorization') ?? '')?.[1];
    const known = key === undefined ? null : await findKey(database.query, key);
    if (!known) throw new Unauthenticated();
    response.locals.key = known;
    next();
  };

const keyOf = (response: Response): KnownKey => response.locals.key as KnownKey;

const permitted =
  ({ scope }: Operation): RequestHandler =>
  (_request, response, next) => {
    next(keyOf(response).scopes.includes(scope) ? undefined : new ScopeMissing(scope));
  };

const bodyLimit = '1mb';
const uploadLimit = '64mb';

const bodyReader = ({ upload }: Operation): RequestHandler =>
  upload
    ? express.raw({ type: [...upload], limit: uploadLimit })
    : express.json({ limit: bodyLimit, verify: (_request, _response, bytes) => readStrictly(bytes) });

/** As strictly as a file (src/platform/json.ts): a body whose key stands twice is half of what its program meant. */
function readStrictly(bytes: Buffer): void {
  try {
    parseJson(bytes.toString(), 'body');
  } catch (error) {
    // What verifies a body and throws without a status is answered 403.
    throw error instanceof BadInput ? Object.assign(error, { status: 400 }) : error;
  }
}

const served =
  (services: Services, operation: Operation, publicUrl: string): RequestHandler =>
  async (request, response) => {
    const { params, query, body, method, path } = request;
    const key = keyOf(response);
    const brought = readRequest(operation, { params, query, body });
    const call: Call = { services, key, actor: `key:${key.id}`, publicUrl, ...brought };
    await noteReading(operation, call, params);
    if (operation.download) return sendFile(response, (await operation.run(call)) as Download);
    const name = operation.creates ? readIdempotencyKey(request.get('Idempotency-Key')) : null;
    const { status, answer } =
      name === null
        ? await answered(operation, call)
        : await once(
            services.database,
            { keyId: key.id, name, request: [method, path, body], now: services.clock.now() },
            () => answered(operation, call),
          );
    response.status(status);
    if (operation.answer) response.json(answer);
    else response.end();
  };

const answered = async (operation: Operation, call: Call): Promise<Answered> => {
  const result = await operation.run(call);
  return { status: statusOf(operation), answer: operation.answer?.parse(result) };
};

async function noteReading({ personal, id }: Operation, { services, actor }: Call, params: object): Promise<void> {
  if (!personal) return;
  await note(services, { actor, action: `api.${id}`, subject: Object.values(params).join('/') });
}

async function sendFile(response: Response, { type, fileName, content }: Download): Promise<void> {
  response.attachment(fileName).type(type);
  await pipeline(content, response);
}
