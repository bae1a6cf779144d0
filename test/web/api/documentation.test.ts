import { execFile, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { makeKey } from '../../../src/web/api/keys.ts';
import { operations } from '../../../src/web/api/operations.ts';
import { scopes } from '../../../src/web/api/scopes.ts';
import { cityManagers, type Field, openField, workField } from '../../support/field.ts';
import { repository } from '../../support/server-processes.ts';
import { makeUser, openSite } from '../site.ts';

/** docs/api.md, as its reader tries it: every block of it, in order, in a shell, against the real service. */
const guide = readFileSync(join(repository, 'docs/api.md'), 'utf8');
const curlIsHere = spawnSync('curl', ['--version']).status === 0;
if (!curlIsHere) console.error('not run: the examples of docs/api.md (no curl on this machine)');

const examples = [...guide.matchAll(/```sh\n(.*?)```/gs)]
  .map(([, block]) => block ?? '')
  .filter((block) => !block.includes('npm exec'));

describe.runIf(curlIsHere)('the guide', () => {
  let field: Field;
  let server: Server;
  let folder: string;
  let environment: Readonly<Record<string, string>>;

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'huifang-guide-'));
    field = await openField('api-guide', cityManagers(8));
    await workField(field, 0.3);
    server = createServer(openSite(field)).listen(0, '127.0.0.1');
    await new Promise((resolve) => server.once('listening', resolve));
    environment = {
      HUIFANG: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
      KEY: await makeKey(field.services, { name: 'the reader of the guide', scopes, actor: 'test' }),
      SUPERVISOR: await makeUser(field, 'supervisor', 'D1'),
    };
  });
  afterAll(async () => {
    server.close();
    rmSync(folder, { recursive: true });
    await field.close();
  });

  test('does what it says', async () => {
    expect(examples.length).toBeGreaterThan(6);
    // An answer that is a problem fails the example; the guide itself lets its reader see it.
    const failing = 'set -euo pipefail\ncurl() { command curl --fail-with-body "$@"; echo; }\n';
    const script = failing + examples.join('\n');
    const { stdout } = await promisify(execFile)('bash', ['-c', script], {
      ...{ cwd: folder, env: { PATH: process.env.PATH ?? '', ...environment }, maxBuffer: 64 * 1024 * 1024 },
    });
    expect(stdout).toContain('"openapi":"3.1.0"');
    expect(stdout).toContain('"id":"2027-01-R1"');
    expect(stdout).toContain('"program":"the reader of the guide"');
    expect(stdout).toContain('"dueAt":"2026-12-02T06:00:00.000Z"');
    expect(stdout).toContain('"districtName":"西苑营销部"');
  });
});

test('the guide names every scope that some operation takes, and no other', () => {
  const table = guide.slice(guide.indexOf('| Scope |'), guide.indexOf('## Rounds'));
  const named = [...table.matchAll(/`([a-z-]+:[a-z-]+)`/g)].map(([, scope]) => scope);
  expect(named.sort()).toEqual([...new Set(operations.map(({ scope }) => scope))].sort());
});
