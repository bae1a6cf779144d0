import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { standardQuestionnaire } from '../../src/survey/questionnaire/questionnaire.ts';
import { questionnaireWithMessages } from '../../src/survey/questionnaire/recording.fixture.ts';
import { repository } from '../support/server-processes.ts';

/** `huifang try` and `huifang questionnaire`, as processes: what is typed goes in, what is printed comes out. */
let folder: string;
beforeAll(() => {
  mkdirSync(join(repository, '.data'), { recursive: true });
  // Inside the repository, so that a printed test finds vitest.
  folder = mkdtempSync(join(repository, '.data/try-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

async function run(program: readonly string[], typed = '') {
  const child = spawn(process.execPath, program, { cwd: repository, stdio: 'pipe' });
  child.stdin.end(typed);
  const ended = new Promise<number | null>((resolve) => child.once('close', resolve));
  const [output, errors] = await Promise.all([text(child.stdout), text(child.stderr)]);
  return { status: await ended, output, errors };
}

const huifang = (args: readonly string[], typed?: string) =>
  run(['--import', 'tsx', join(repository, 'src/cli/huifang.ts'), ...args], typed);

/** Runs the test that was printed, by itself. */
async function replayed(output: string, name: string) {
  const printed = output.slice(output.search(/^import /m));
  const source = printed.replaceAll(`'../src/`, `'${pathToFileURL(join(repository, 'src')).pathname}/`);
  writeFileSync(join(folder, `${name}.test.ts`), source);
  writeFileSync(join(folder, 'vitest.config.ts'), 'export default {};\n');
  const vitest = join(repository, 'node_modules/vitest/vitest.mjs');
  return run([vitest, 'run', '--root', folder, `${name}.test.ts`]);
}

const file = (name: string, edit: (draft: ReturnType<typeof standardQuestionnaire>) => void): string => {
  const draft = standardQuestionnaire();
  edit(draft);
  const path = join(folder, name);
  writeFileSync(path, JSON.stringify(draft));
  return path;
};

describe('huifang try', () => {
  it('holds the call, shows clips, words and seconds, and prints a test that passes', async () => {
    const { status, output, errors } = await huifang(
      ['try', '--rotation', '4', '--manager', '李娜'],
      '--4-3\n5\n402\n1-\n',
    );
    expect([status, errors]).toEqual([0, '']);
    expect(output).toContain('A1    18.1 s');
    expect(output).toContain('请您给客户经理李娜打个分');
    expect(output).toContain('您打的是4分,满意。');
    expect(output).toMatch(/Q7b +10\.3 s {2}最后一题。这次回访之前/);
    expect(output).not.toContain('Q7a ');
    expect(output).toContain('"Q5":0,"Q6":2,"Q7b":1}    结束 · ended  finished');
    const test = await replayed(output, 'call');
    expect(test.status, test.output + test.errors).toBe(0);
    expect(test.output).toContain('1 passed');
  });

  it('a printed test that does not fit any more fails', async () => {
    const { output } = await huifang(['try'], '-4-9h\n');
    const test = await replayed(output.replace('toEqual(["N1"])', 'toEqual(["N2"])'), 'changed');
    expect(test.status).toBe(1);
  });

  it('exchanges texts, shows units, lets time go by, and prints a test that passes', async () => {
    const typed = '还行\n"5"\n+11h\n改成4\n没有\n他从来不来我店里\u2028\n2\n';
    const { status, output } = await huifang(['try', '--sms'], typed);
    expect(status).toBe(0);
    expect(output).toContain('┌ S1 · 67 字 units · 1 条 segment · 09:30');
    expect(output).toContain('【东湖烟草】收到5分。第2题共3题');
    expect(output).toContain('"Q1":5,"Q6":2,"Q7b":2}');
    const test = await replayed(output, 'thread');
    expect(test.status, test.output + test.errors).toBe(0);
  });

  it('takes anybody’s questionnaire and English, and hangs up where the typing ends', async () => {
    const path = file('own.json', ({ clips }) =>
      Object.assign(clips.Q1 ?? {}, { en: 'One. How is he? 5, good, 1, bad.' }),
    );
    const { status, output } = await huifang(['try', path, '--language', 'en'], '-');
    expect(status).toBe(0);
    expect(output).toContain('How is he? 5, good, 1, bad.');
    expect(output).toContain('ended  hung-up');
    const test = await replayed(output, 'own');
    expect(test.status, test.output + test.errors).toBe(0);
  });

  it('takes a spoken message where one is recorded, and takes talk for silence where none is', async () => {
    const path = join(folder, 'messages.json');
    writeFileSync(path, JSON.stringify(questionnaireWithMessages()));
    const typed = '-(喂?你哪里?)4-354021\n1(他从来不来我店里,只打电话)\n-';
    const { status, output, errors } = await huifang(['try', path], typed);
    expect([status, errors]).toEqual([0, '']);
    expect(output).toContain('留言会录音,只有市局考核的人听');
    expect(output).toContain('a tone, then records up to 60 s');
    expect(output).toMatch(/> \(喂\?你哪里\?\)\nH1 /);
    expect(output).toMatch(/> \(他从来不来我店里,只打电话\)\nV2 /);
    expect(output).toContain('"Q7a":1,"C1":1}    结束 · ended  finished');
    const test = await replayed(output, 'message');
    expect(test.status, test.output + test.errors).toBe(0);
    const left = await huifang(['try', path], '-4-354021\n1(喂)h');
    expect(left.output).toContain('ended  hung-up');
    expect(left.output).toContain('{"kind":"voice-message","id":"message-1"');
  });

  it('names what it does not understand', async () => {
    const typed = await huifang(['try'], 'x\nh\n');
    expect(typed.output).toContain('not among the keys above');
    const wrong = await huifang(['try', '--language', 'fr', '--rotation', '12']);
    expect(wrong.status).toBe(2);
    expect(wrong.errors).toMatch(/--language: .*must be one of zh-CN, en\n {2}--rotation: /);
    const faulty = await huifang(['try', file('faulty.json', ({ clips }) => delete clips.H2)]);
    expect([faulty.status, faulty.output]).toEqual([2, '']);
    expect(faulty.errors).toContain('语音 H2 · clip H2');
  });
});

describe('huifang questionnaire', () => {
  it('check tells what a questionnaire amounts to, and what to know about it', async () => {
    const { status, output } = await huifang(['questionnaire', 'check', file('standard.json', () => {})]);
    expect(status).toBe(0);
    expect(output).toContain('zh-CN 118 s');
    expect(output).not.toContain('note');
    const longer = file('longer.json', ({ clips }) => Object.assign(clips.Q4 ?? {}, { 'zh-CN': '第四题。'.repeat(9) }));
    expect((await huifang(['questionnaire', 'check', longer])).output).toContain(
      '注意 · note  语音 A1, zh-CN: 说“两分钟”',
    );
  });

  it('check lists every fault, exit status 2', async () => {
    const path = file('two.json', ({ clips, texts }) => {
      delete clips.Z1;
      delete texts.S9;
    });
    const { status, errors } = await huifang(['questionnaire', 'check', path]);
    expect(status).toBe(2);
    expect(errors).toContain('语音 Z1 · clip Z1');
    expect(errors).toContain('短信 S9 · text S9');
    expect(errors).not.toMatch(/^\s+at /m);
  });

  it('compare says of each item whether it is comparable, and in which words it differs', async () => {
    const before = file('before.json', () => {});
    const after = file('after.json', ({ clips }) => Object.assign(clips.Q2 ?? {}, { en: 'Two. What score?' }));
    const { status, output } = await huifang(['questionnaire', 'compare', before, after]);
    expect(status).toBe(0);
    expect(output).toContain('the overall ratings can be compared');
    expect(output).toContain('  Q2  不可比 · not comparable\n    读法 · spoken  Q2, en\n');
    expect(output).toContain('      + Two. What score?\n');
  });
});
