import type { Express } from 'express';
import supertest from 'supertest';
import { findKey, makeKey } from '../../../src/web/api/keys.ts';
import { type Scope, scopes } from '../../../src/web/api/scopes.ts';
import type { Field } from '../../support/field.ts';

/** Another program that calls the API, with a key of its own. */
export interface Program {
  readonly actor: string;
  get(path: string): supertest.Test;
  /** @param body as it stands where it is a text. */
  post(path: string, body?: object | string): supertest.Test;
  /** @param type of a file. */
  put(path: string, body?: object, type?: string): supertest.Test;
  delete(path: string): supertest.Test;
}

export async function openProgram(
  { services }: Pick<Field, 'services'>,
  app: Express,
  wanted: readonly Scope[] = scopes,
): Promise<Program> {
  const key = await makeKey(services, { name: 'a program of the tests', scopes: wanted, actor: 'test' });
  const id = (await findKey(services.database.query, key))?.id;
  const asking = (test: supertest.Test) => test.set('Authorization', `Bearer ${key}`);
  const at = (path: string) => `/api/v1${path}`;
  return {
    actor: `key:${id}`,
    get: (path) => asking(supertest(app).get(at(path))),
    post: (path, body = {}) =>
      asking(supertest(app).post(at(path)))
        .type('json')
        .send(body),
    put: (path, body = {}, type = 'json') =>
      asking(supertest(app).put(at(path)))
        .type(type)
        .send(body),
    delete: (path) => asking(supertest(app).delete(at(path))),
  };
}
