import { z } from 'zod';
import { pingType } from '../../platform/webhooks/replay.ts';
import { type EventType, events } from '../../workers/events.ts';
import type { Operation } from './operation.ts';
import { problem } from './problem.ts';

/** The OpenAPI 3.1 document, made from the operations that are served. */
type Json = { readonly [name: string]: unknown };

export function openApiDocument(operations: readonly Operation[], publicUrl: string): Json {
  const paths: Record<string, Record<string, Json>> = {};
  for (const operation of operations)
    paths[operation.path] = { ...paths[operation.path], [operation.method]: described(operation) };
  return {
    openapi: '3.1.0',
    info: {
      title: 'Huifang 回访',
      version: 'v1',
      description: 'Verifiably random follow-up calls: rounds, rosters, results. 随机抽样、可复算的零售户回访。',
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    servers: [{ url: `${publicUrl}/api/v1` }],
    security: [{ key: [] }],
    paths,
    webhooks: Object.fromEntries(
      Object.entries({ ...events, ...pingEvent }).map(([type, event]) => [type, told(type, event)]),
    ),
    components: {
      securitySchemes: { key: { type: 'http', scheme: 'bearer', description: 'huifang api-key create' } },
      schemas: { Problem: shape(problem, 'output') },
      responses: {
        Problem: {
          description: 'RFC 9457',
          content: { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } },
        },
      },
    },
  };
}

function described(operation: Operation): Json {
  const { id, summary, scope, creates, method } = operation;
  return {
    operationId: id,
    summary,
    description: `scope: ${scope}`,
    tags: [scope.split(':')[0]],
    security: [{ key: [scope] }],
    parameters: [
      ...parametersIn('path', operation.params),
      ...parametersIn('query', operation.query),
      ...(creates ? [idempotencyKey] : []),
    ],
    ...(method !== 'get' && bodyOf(operation)),
    responses: { [statusOf(operation)]: answerOf(operation), default: { $ref: '#/components/responses/Problem' } },
  };
}

const idempotencyKey = {
  name: 'Idempotency-Key',
  in: 'header',
  required: false,
  description: 'Asked for again under the same key within a day, it gives its first answer again.',
  schema: { type: 'string', minLength: 8, maxLength: 100 },
};

/** The status of an answer that is no problem. */
export const statusOf = ({ status, answer, download }: Operation): number => status ?? (answer || download ? 200 : 204);

function parametersIn(where: 'path' | 'query', schema: z.ZodObject | undefined): Json[] {
  if (!schema) return [];
  const { properties = {}, required = [] } = shape(schema, 'input') as {
    properties?: Record<string, Json>;
    required?: readonly string[];
  };
  return Object.entries(properties).map(([name, { description, ...own }]) => ({
    ...{ name, in: where, required: where === 'path' || required.includes(name) },
    ...(description !== undefined && { description }),
    schema: own,
  }));
}

function bodyOf({ body, upload }: Operation): Json {
  if (upload) return { requestBody: { required: true, content: Object.fromEntries(upload.map((type) => [type, {}])) } };
  if (!body) return {};
  return { requestBody: { required: true, content: { 'application/json': { schema: shape(body, 'input') } } } };
}

function answerOf({ answer, download, summary }: Operation): Json {
  if (download) return { description: summary, content: Object.fromEntries(download.map((type) => [type, {}])) };
  if (!answer) return { description: summary };
  return { description: summary, content: { 'application/json': { schema: shape(answer, 'output') } } };
}

const pingEvent: Readonly<Record<string, EventType>> = {
  [pingType]: {
    summary: 'A test message that somebody asked for',
    payload: z.strictObject({ endpoint: z.uuid().describe('where it was sent') }),
  },
};

/** What an endpoint of another program is sent: signed as docs/webhooks.md says, and not with an API key. */
function told(type: string, { summary, payload }: EventType): Json {
  const message = z.strictObject({
    type: z.literal(type),
    timestamp: z.iso.datetime().describe('when it came about'),
    data: payload,
  });
  const header = (name: string, description: string) => ({
    ...{ name, in: 'header', required: true, description, schema: { type: 'string' } },
  });
  return {
    post: {
      ...{ operationId: `webhook:${type}`, summary, tags: ['webhooks'], security: [] },
      parameters: [
        header('webhook-id', 'the same at every try: by it a receiver knows what it has already'),
        header('webhook-timestamp', 'seconds since 1970, of this try'),
        header(
          'webhook-signature',
          '`v1,` and HMAC-SHA-256 in base64; several, with blanks between, while a secret is replaced',
        ),
      ],
      requestBody: { required: true, content: { 'application/json': { schema: shape(message, 'output') } } },
      responses: {
        '2XX': {
          description: 'It is kept. Anything else, and no answer within 15 seconds, is tried again for three days.',
        },
        '410': { description: 'Nothing more is to be sent here: the endpoint is disabled.' },
      },
    },
  };
}

/** A schema as JSON Schema 2020-12, which is OpenAPI 3.1's own. */
function shape(schema: z.ZodType, io: 'input' | 'output'): Json {
  const { $schema, ...own } = z.toJSONSchema(schema, { target: 'draft-2020-12', io }) as Json;
  return own;
}
