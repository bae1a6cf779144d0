import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { repository } from '../support/server-processes.ts';

const huifang = (...args: string[]) =>
  spawnSync(process.execPath, [join(repository, 'bin/huifang.mjs'), ...args], { cwd: repository, encoding: 'utf8' });

it('the simulator by its command: says how it is used, and names a wrong option, without a stack trace', () => {
  const help = huifang('simulate', '--help');
  expect(help.status).toBe(0);
  expect(help.stdout + help.stderr).toContain('--seed');
  const wrong = huifang('simulate', '--no-such-option');
  expect(wrong.status).toBe(2);
  expect(wrong.stderr).not.toMatch(/^\s+at /m);
});
