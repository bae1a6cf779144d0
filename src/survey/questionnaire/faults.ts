import type { z } from 'zod';
import type { Fault } from '../../platform/errors.ts';

/** What is wrong with a questionnaire, each with its place as its author would point at it. */
export const faultsIn = ({ issues }: z.ZodError, document: unknown): Fault[] =>
  issues.flatMap((issue) => {
    // A key too many is told at the key.
    const keys = issue.code === 'unrecognized_keys' ? issue.keys.map((key) => [...issue.path, key]) : [issue.path];
    return keys.map((path) => ({ where: placeOf(path, document), message: messageOf(issue) }));
  });

type Path = readonly PropertyKey[];

const named: Readonly<Record<string, { readonly chinese: string; readonly english: string }>> = {
  items: { chinese: '题目', english: 'item' },
  thread: { chinese: '短信步骤', english: 'thread step' },
  clips: { chinese: '语音', english: 'clip' },
  texts: { chinese: '短信', english: 'text' },
};

/** `题目 3（Q3）· item 3 (Q3), answerSeconds`; what has no words of its own is its path. */
function placeOf(path: Path, document: unknown): string {
  const [part, which, ...rest] = path;
  const words = named[String(part)];
  if (path.length === 0) return '整份问卷 · the questionnaire';
  if (!words || which === undefined) return path.join('.');
  const label = typeof which === 'number' ? `${which + 1}${nameOf(document, part, which)}` : String(which);
  return [`${words.chinese} ${label} · ${words.english} ${label}`, ...rest.map(String)].join(', ');
}

function nameOf(document: unknown, part: PropertyKey | undefined, index: number): string {
  const list = (document as Record<PropertyKey, unknown> | null)?.[part ?? ''];
  const entry = Array.isArray(list) ? (list[index] as { id?: unknown; item?: unknown } | null) : null;
  const name = entry?.id ?? entry?.item;
  return typeof name === 'string' ? ` (${name.slice(0, 20)})` : '';
}

function messageOf(issue: z.core.$ZodIssue): string {
  switch (issue.code) {
    case 'custom':
    case 'invalid_format':
      return issue.message;
    case 'invalid_type': {
      if (issue.path.join('.') === 'recording.announcement')
        return '录音前要告知：写上告知录音的那段语音的编号 · recording is announced first: name the clip that says so';
      const missing = issue.message.includes('received undefined');
      const chinese = typeNames[issue.expected] ?? issue.expected;
      return `${missing ? '缺少，' : ''}应为${chinese} · ${missing ? 'missing, ' : ''}must be ${issue.expected}`;
    }
    case 'invalid_value':
      return `只能是 ${issue.values.map(String).join('、')} 之一 · must be one of ${issue.values.map(String).join(', ')}`;
    case 'too_small':
      return `太小或太短，最少 ${issue.minimum} · too small or too short, at least ${issue.minimum}`;
    case 'too_big':
      return `太大或太长，最多 ${issue.maximum} · too large or too long, at most ${issue.maximum}`;
    case 'unrecognized_keys':
      return '没有这一项，请检查拼写 · there is no such entry: check its spelling';
    default:
      return `不合要求 · ${issue.message}`;
  }
}

const typeNames: Readonly<Record<string, string>> = {
  string: '文字',
  number: '数字',
  int: '整数',
  boolean: 'true 或 false',
  object: '一组 {…}',
  array: '一列 […]',
  record: '一组 {…}',
};
