import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { BadInput } from '../platform/errors.ts';
import { goodBundle } from '../survey/draw/bundle.fixture.ts';
import { drawVerify } from './draw-verify.ts';

let folder: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'huifang-verify-'));
});

afterAll(() => {
  rmSync(folder, { recursive: true });
});

function verified(content: unknown): { fine: boolean; output: string; errors: string } {
  const path = join(folder, 'draw.json');
  writeFileSync(path, typeof content === 'string' ? content : JSON.stringify(content));
  const said = { output: '', errors: '' };
  const into = (which: keyof typeof said) =>
    new Writable({
      write(chunk, _encoding, done) {
        said[which] += String(chunk);
        done();
      },
    });
  const fine = drawVerify(path, into('output'), into('errors'));
  return { fine, ...said };
}

function faults(content: unknown): string[] {
  try {
    verified(content);
  } catch (error) {
    if (error instanceof BadInput) return error.faults.map(({ where, message }) => `${where}: ${message}`);
  }
  return expect.fail('it was taken for a bundle');
}

describe('huifang draw verify BUNDLE.json', () => {
  it('says so when all agrees', () => {
    const { fine, output, errors } = verified(goodBundle());
    expect(fine).toBe(true);
    expect(errors).toBe('');
    expect(output).toContain('80 in the frame, 24 released in 6 releases');
  });

  it('says that a draw has to be taken on the operator’s word', () => {
    expect(verified({ ...goodBundle(), operatorTrusted: true }).output).toContain('operator-trusted');
  });

  it('names every failure on standard error, one a line', () => {
    const { fine, output, errors } = verified({ ...goodBundle(), frameHash: '0'.repeat(64), commitments: [] });
    expect(fine).toBe(false);
    expect(output).toBe('');
    expect(errors.split('\n').filter((line) => /^(commitments|frameHash|seed): /.test(line))).toHaveLength(3);
    expect(errors).toContain('3 findings');
  });

  it('refuses what is not a bundle, with every fault of its form', () => {
    const { frame: _, ...noFrame } = goodBundle();
    expect(faults({ ...noFrame, releases: [{ at: 'soon', kind: 'wave', manager: 'W1', ids: [] }] })).toEqual([
      expect.stringMatching(/^frame: /),
      expect.stringMatching(/^releases\.0\.at: /),
    ]);
    expect(faults('{"frame": ')).toEqual([expect.stringContaining('stops being JSON')]);
    expect(() => drawVerify(join(folder, 'nowhere.json'), process.stdout, process.stderr)).toThrow(BadInput);
  });
});
