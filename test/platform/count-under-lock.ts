import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { withLock } from '../../src/platform/postgres/lock.ts';

// A process of its own for lock.test.ts: counts up in a file, reading and writing apart, under the lock.
const [folder = '', times = '0'] = process.argv.slice(2);
const file = join(folder, 'count');
for (let turn = 0; turn < Number(times); turn++)
  await withLock(join(folder, 'lock'), 60, async () => {
    const count = Number(readFileSync(file, 'utf8'));
    await new Promise(setImmediate);
    writeFileSync(file, String(count + 1));
    if (turn === 0) process.stdout.write('began\n');
  });
