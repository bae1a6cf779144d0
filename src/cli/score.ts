/**
 * `huifang score INPUT.json`: a published score, recomputed by whoever wants to know. Prints the document of the form
 * `expected` (method, "Documents on the command line").
 */
import { dirname, resolve } from 'node:path';
import { expectedForm, scoreDocument } from '../scoring/score.ts';
import { readJson } from './read-json.ts';

/**
 * Scores the document at `path` and writes the result as JSON to `out`.
 * @throws BadInput with every fault; then nothing has been written.
 */
export async function score(path: string, out: NodeJS.WritableStream): Promise<void> {
  const openRules = (rules: string) => readJson(resolve(dirname(path), rules), 'rules');
  const scored = scoreDocument(readJson(path, path), openRules);
  out.write(`${JSON.stringify(expectedForm(scored), null, 2)}\n`);
}
