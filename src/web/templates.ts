import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import Handlebars from 'handlebars';

/**
 * The pages' templates, compiled once at the first use. They hold the structure and the catalogue's fixed words
 * (`@m`); every figure and sentence that depends on anything comes ready made from the page's own code. Strict: a name
 * that is not there is an error and not an empty place.
 */
const viewsFolder = new URL('./views/', import.meta.url);
export const staticFolder = fileURLToPath(new URL('./static', import.meta.url));

const options = { strict: true, knownHelpersOnly: true, preventIndent: true } satisfies CompileOptions;
type Template = Handlebars.TemplateDelegate;

let compiled: ReadonlyMap<string, Template> | null = null;

/** @throws where the template, or a name in it, does not exist. */
export function renderTemplate(name: string, context: object, surroundings: object): string {
  compiled ??= compileAll();
  const template = compiled.get(name);
  if (!template) throw new Error(`no template is called ${name}`);
  return template(context, { data: surroundings });
}

function compileAll(): ReadonlyMap<string, Template> {
  const engine = Handlebars.create();
  for (const name of namesIn('parts/'))
    engine.registerPartial(name, engine.compile(read(`parts/${name}.hbs`), options));
  return new Map(namesIn('').map((name) => [name, engine.compile(read(`${name}.hbs`), options)]));
}

const namesIn = (folder: string): string[] =>
  readdirSync(new URL(folder, viewsFolder)).flatMap((file) => (file.endsWith('.hbs') ? [file.slice(0, -4)] : []));

const read = (file: string): string => readFileSync(new URL(file, viewsFolder), 'utf8');

/** Changes whenever a static file does, so that browsers may keep them for ever. */
export const staticVersion: string = createHash('sha256')
  .update(
    readdirSync(staticFolder)
      .sort()
      .map((file) => readFileSync(`${staticFolder}/${file}`, 'base64'))
      .join('|'),
  )
  .digest('hex')
  .slice(0, 12);
