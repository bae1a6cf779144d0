import type { Log } from '../../src/platform/log.ts';
import { openEmbeddedPostgres } from '../../src/platform/postgres/embedded.ts';

// A process of its own for the tests: opens the server of a data folder, says where it is, and stays until its
// standard input ends. What it logs goes to standard error.
const say = (line: unknown): void => void process.stdout.write(`${JSON.stringify(line)}\n`);
const note = (...line: unknown[]): void => console.error(JSON.stringify(line));
const log = { debug: note, info: note, warn: note, error: note } as Log;

try {
  const began = performance.now();
  const server = await openEmbeddedPostgres({ dataDir: process.argv[2] ?? '', log });
  say({ url: server.url, milliseconds: Math.round(performance.now() - began) });
  for await (const _ of process.stdin);
  await server.close();
} catch (error) {
  say({ failure: String(error) });
  process.exitCode = 2;
}
