import { spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { basename } from 'node:path';
import { fileURLToPath } from 'node:url';

/*
 * npm run bench
 *
 * Every benchmark of this folder, one after the other, each in a process of its own; each prints its figure and the
 * goal it is held to. One alone: node --import tsx bench/draw.ts. The figures of record stand in RESULTS.md.
 */
const folder = fileURLToPath(new URL('.', import.meta.url));
const own = basename(fileURLToPath(import.meta.url));
const benchmarks = readdirSync(folder).filter((file) => file.endsWith('.ts') && file !== own);
for (const file of benchmarks) {
  const { status } = spawnSync(process.execPath, ['--import', 'tsx', `${folder}${file}`], { stdio: 'inherit' });
  if (status !== 0) process.exitCode = 1;
}
