import { resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { z } from 'zod';
import { BadInput } from '../../platform/errors.ts';
import { movesIn, RehearsedCall, RehearsedThread } from '../../survey/interview/rehearsal.ts';
import { exampleSeconds, textLength } from '../../survey/questionnaire/measure.ts';
import {
  languages,
  parseQuestionnaire,
  type Questionnaire,
  standardQuestionnaire,
} from '../../survey/questionnaire/questionnaire.ts';
import { type Speaking, spoken, written } from '../../telephony/words.ts';
import { readJson } from '../read-json.ts';
import { callTest, type Tried, textTest } from './replay.ts';

/**
 * `huifang try`: holds a questionnaire's conversation in the terminal, by the rules of the telephone or of texts, with
 * the machine that holds it in earnest. Nothing is stored. At the end comes the test that replays what was done.
 */
export interface TryOptions {
  readonly sms: boolean;
  readonly language: string;
  readonly manager: string;
  readonly rotation: string;
}

export interface Terminal {
  readonly input: NodeJS.ReadableStream;
  readonly out: NodeJS.WritableStream;
}

/** @throws BadInput with every fault of the questionnaire or the options. */
export async function tryOut(path: string | undefined, options: TryOptions, { input, out }: Terminal): Promise<void> {
  const { language, manager, rotation } = readOptions(options);
  const questionnaire = path === undefined ? standardQuestionnaire() : parseQuestionnaire(readJson(path, path));
  const tried: Tried = { questionnaire: path === undefined ? null : resolve(path), language, rotation };
  const speaking: Speaking = { questionnaire, language, managerName: manager };
  const say = (line: string): void => void out.write(`${line}\n`);
  const lines = createInterface({ input, crlfDelay: Number.POSITIVE_INFINITY });
  const test = options.sms
    ? await exchangeTexts(questionnaire, speaking, tried, lines, say)
    : await holdCall(questionnaire, speaking, tried, lines, say);
  lines.close();
  say(`\n── 重演刚才的测试，可存为 test/tried.test.ts · the test that replays it ──\n\n${test}`);
}

function readOptions({ language, manager, rotation }: TryOptions) {
  const read = z
    .object({
      '--language': z.enum(languages, `只能是 ${languages.join('、')} · must be one of ${languages.join(', ')}`),
      '--manager': z.string().trim().min(1, '不能为空 · must not be empty').max(40),
      '--rotation': z
        .string()
        .regex(/^[0-9]$/, '抽样号的末位数字，0 到 9 · the last digit of a ticket, 0 to 9')
        .transform(Number),
    })
    .safeParse({ '--language': language, '--manager': manager, '--rotation': rotation });
  if (!read.success)
    throw new BadInput(
      '参数有误 · this cannot be tried',
      read.error.issues.map(({ path, message }) => ({ where: path.join('.'), message })),
    );
  return { language: read.data['--language'], manager: read.data['--manager'], rotation: read.data['--rotation'] };
}

type Lines = AsyncIterable<string>;
type Say = (line: string) => void;

async function holdCall(
  questionnaire: Questionnaire,
  speaking: Speaking,
  tried: Tried,
  lines: Lines,
  say: Say,
): Promise<string> {
  const { language } = speaking;
  const call = new RehearsedCall(questionnaire, { language, rotation: tried.rotation });
  say(
    '按键 0–9 * #，- 不按，h 挂机，键后加 ! 表示抢按，(话) 是说话 · keys; - silence; h hang up; ! behind a key presses it at once; (words) are said',
  );
  const steps: Parameters<typeof callTest>[1][number][] = [];
  const show = () => {
    for (const utterance of call.reply.say) {
      const seconds = exampleSeconds(utterance.clip, language, questionnaire);
      const slow = utterance.slow ? questionnaire.speech[language].slowFactor : 1;
      say(
        `${utterance.clip.padEnd(4)} ${(seconds * slow).toFixed(1).padStart(5)} s  ${utterance.slow ? '慢 slow  ' : ''}${spoken(utterance, speaking)}`,
      );
    }
    const { listenSeconds, record } = call.reply;
    const listens = record
      ? `嘀声后录音，最多 ${record.longestSeconds} 秒 · a tone, then records up to ${record.longestSeconds} s`
      : `等 ${listenSeconds} 秒 · listens ${listenSeconds} s`;
    const then = listenSeconds === null ? '挂机 · hangs up' : listens;
    say(`     ${(call.seconds + call.saidSeconds).toFixed(1).padStart(5)} s  （${then}）`);
  };
  const first = call.heard;
  show();
  for await (const line of lines) {
    const moves = movesIn(line);
    if (!moves) {
      say('看不懂，请按上面的键 · not among the keys above');
      continue;
    }
    for (const move of moves) {
      if (call.ending !== null) break;
      const heard = call.step(move);
      steps.push({ move, heard });
      say(`\n> ${move}`);
      if (move !== 'h') show();
    }
    if (call.ending !== null) break;
  }
  if (call.ending === null) {
    steps.push({ move: 'h', heard: call.step('h') });
    say('\n> h');
  }
  say(`\n${standing(call.answers, call.ending)}`);
  return callTest({ ...tried, first }, steps, call);
}

async function exchangeTexts(
  questionnaire: Questionnaire,
  speaking: Speaking,
  tried: Tried,
  lines: Lines,
  say: Say,
): Promise<string> {
  const thread = new RehearsedThread(questionnaire);
  const score = () => String(thread.answers[questionnaire.items[0]?.id ?? ''] ?? '');
  const show = (text: string) => {
    const { body } = written(text, speaking, { score: score() });
    const { units, segments } = textLength(body);
    say(`┌ ${text} · ${units} 字 units · ${segments} 条 segment${segments === 1 ? '' : 's'} · ${clock(thread.now)}`);
    say(`│ ${body}`);
  };
  say('每行一条短信，+3h、+30m 让时间过去，Ctrl-D 结束 · a text a line; +3h or +30m lets time go by; Ctrl-D ends');
  show(thread.firstText);
  const steps: Parameters<typeof textTest>[1][number][] = [];
  for await (const line of lines) {
    const [, amount, unit] = /^\+(\d{1,3})([hm])$/.exec(line.trim()) ?? [];
    if (amount !== undefined) {
      const minutes = Number(amount) * (unit === 'h' ? 60 : 1);
      thread.later(minutes);
      steps.push({ minutes });
      continue;
    }
    const sent = thread.write(line);
    steps.push({ text: line, sent });
    say(`                                        ${clock(thread.now)} · ${line} ┐`);
    if (sent === null) say('（不回 · nothing is sent back）');
    else show(sent);
  }
  say(`\n${standing(thread.answers, thread.ending)}`);
  return textTest(tried, steps, thread);
}

const clock = (at: Date): string => new Date(at.getTime() + 8 * 3_600_000).toISOString().slice(11, 16);

const standing = (answers: Readonly<Record<string, number>>, ending: string | null): string =>
  `答案 · answers  ${JSON.stringify(answers)}    结束 · ended  ${ending ?? '未结束 · not yet'}`;
