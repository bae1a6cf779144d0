import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import { afterAll, beforeAll, describe, expect, it, test } from 'vitest';
import type { Fault } from '../platform/errors.ts';
import { BadInput } from '../platform/errors.ts';
import { defaultRules, documentOf, manager, vector } from '../scoring/examples.fixture.ts';
import { score } from './score.ts';

let folder: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'huifang-score-'));
});

afterAll(() => {
  rmSync(folder, { recursive: true });
});

function file(name: string, content: string | Uint8Array): string {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
}

async function printed(path: string): Promise<string> {
  const chunks: string[] = [];
  const out = new Writable({
    write(chunk, _encoding, done) {
      chunks.push(String(chunk));
      done();
    },
  });
  await score(path, out);
  return chunks.join('');
}

async function faults(path: string): Promise<readonly Fault[]> {
  const error = await printed(path).then(
    () => expect.fail('it was accepted'),
    (reason: unknown) => reason,
  );
  if (error instanceof BadInput) return error.faults;
  throw error;
}

describe('huifang score INPUT.json', () => {
  test.each<{ name: string; input: unknown; expected: unknown }>(vector('scoring.json'))(
    'prints the known answer of "$name", the rule set beside it',
    async ({ input, expected }) => {
      file('rules.default.json', JSON.stringify(defaultRules));
      expect(JSON.parse(await printed(file('input.json', JSON.stringify(input))))).toEqual(expected);
    },
  );

  it('looks for the rule set from where INPUT lies', async () => {
    mkdirSync(join(folder, 'rules'));
    file('rules/RS-1.json', JSON.stringify(defaultRules));
    const input = file('input.json', JSON.stringify({ rules: './rules/RS-1.json', managers: [] }));
    expect(await printed(input)).toBe('{\n  "cityMean": null,\n  "managers": []\n}\n');
  });

  it('takes a byte order mark', async () => {
    expect(JSON.parse(await printed(file('bom.json', `\ufeff${JSON.stringify(documentOf([]))}`)))).toEqual({
      cityMean: null,
      managers: [],
    });
  });

  it('keeps the order of the managers', async () => {
    const input = file('input.json', JSON.stringify(documentOf(['K2', 'K10', 'K1'].map((id) => manager(id)))));
    expect(JSON.parse(await printed(input)).managers.map(({ id }: { id: string }) => id)).toEqual(['K2', 'K10', 'K1']);
  });
});

describe('refused', () => {
  it('a file that is not there, a folder', async () => {
    expect((await faults(join(folder, 'none.json')))[0]?.message).toMatch(/none\.json: there is no such file$/);
    expect((await faults(folder))[0]?.message).toMatch(/: it is a folder$/);
  });

  it('what is not UTF-8', async () => {
    const latin = Buffer.from('{"managers": "\xe9"}', 'latin1');
    expect((await faults(file('latin.json', latin)))[0]?.message).toMatch(/latin\.json is not UTF-8/);
  });

  it('what is not JSON, with the line', async () => {
    expect((await faults(file('slip.json', '{\n  "rules": {},\n  "managers": [}\n}\n')))[0]?.message).toMatch(
      /slip\.json, line 3: /,
    );
  });

  it('a rule set that is not there or not JSON, beside the faults of the document', async () => {
    const managers = [manager('K01', { tier: 7 })];
    const lost = await faults(file('input.json', JSON.stringify({ rules: 'lost.json', managers })));
    expect(lost.map(({ where }) => where)).toEqual(['rules', 'managers[0].tier']);
    file('broken.json', '{\n"id":\n}');
    const broken = await faults(file('input.json', JSON.stringify({ rules: 'broken.json', managers })));
    expect(broken[0]?.message).toMatch(/broken\.json, line 3: /);
  });

  it('a rule set that is itself only a path', async () => {
    file('path.json', '"rules.default.json"');
    expect(await faults(file('input.json', JSON.stringify({ rules: 'path.json', managers: [] })))).toEqual([
      { where: 'rules', message: 'must be an object, not "rules.default.json"' },
    ]);
  });

  it('faults of the content, every one', async () => {
    const managers = [manager('K01'), manager('K01', { frameSize: 2 })];
    const found = await faults(file('input.json', JSON.stringify(documentOf(managers))));
    expect(found.map(({ where }) => where)).toEqual(['managers[1].id', 'managers[1].ratings']);
  });
});
