import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { repository } from './server-processes.ts';

/** The `huifang` command as somebody runs it: a process with words, lines going in and lines coming out. */
export interface Outcome {
  readonly status: number | null;
  readonly out: string;
  readonly said: string;
}

export async function huifang(
  args: readonly string[],
  input: string | Uint8Array = '',
  environment: Readonly<Record<string, string>> = {},
): Promise<Outcome> {
  const child = spawn(process.execPath, [join(repository, 'bin/huifang.mjs'), ...args], {
    cwd: repository,
    env: { ...process.env, ...environment },
  });
  const heard = { out: '', said: '' };
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
    heard.out += chunk;
  });
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => {
    heard.said += chunk;
  });
  // A command that refuses its words never reads its input.
  child.stdin.on('error', () => {});
  child.stdin.end(input);
  const status = await new Promise<number | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  });
  return { status, ...heard };
}
