import type { Questionnaire } from './questionnaire.ts';

/** What a questionnaire's parts say of each other. Pure; the form itself has been checked before. */
export interface Misfit {
  readonly path: readonly (string | number)[];
  readonly message: string;
}

/** Clips that the conversation says whatever is asked, by the ids of the script; `A1c`, `M1t` … are its variants. */
export const commonClips = [
  ...['A1', 'A1c', 'R1', 'I1', 'I2', 'I3', 'S0', 'W1', 'Q1w', 'Q1r', 'Z1', 'Z8', 'H2', 'H3'],
  ...['L1', 'L2', 'N1', 'N1u', 'N2', 'M1', 'M1t', 'M1n', 'G1'],
] as const;

/** Texts that are sent whatever is asked. */
export const commonTexts = ['P0', 'SM', 'SR', 'S9', 'SE2', 'SG', 'SD', 'SX', 'SL', 'SU', 'SF'] as const;

/** Items, clips, texts and steps fit together; every place where they do not. */
export function checkReferences(questionnaire: Questionnaire): Misfit[] {
  return [
    ...overallFaults(questionnaire),
    ...itemFaults(questionnaire),
    ...rotationFaults(questionnaire),
    ...threadFaults(questionnaire),
    ...recordingFaults(questionnaire),
    ...clipFaults(questionnaire),
    ...textFaults(questionnaire),
    ...scaleFaults(questionnaire),
  ];
}

function overallFaults({ items }: Questionnaire): Misfit[] {
  const [first, ...rest] = items;
  const faults: Misfit[] = [];
  if (first && !(first.overall && first.kind === 'rating' && first.tickets === 'all'))
    faults.push({
      path: ['items', 0],
      message: '第一题必须是总体评分，人人都问 · the first item is the overall rating, and everybody is asked it',
    });
  for (const [index, other] of rest.entries())
    if (other.overall)
      faults.push({
        path: ['items', index + 1, 'overall'],
        message: '只有第一题可以是总体评分 · no item but the first is the overall rating',
      });
  return faults;
}

function itemFaults({ items }: Questionnaire): Misfit[] {
  return items.flatMap(({ id, kind, options, overall, zero, tickets }, index) => {
    const fault = (wrong: boolean, field: string, message: string): Misfit[] =>
      wrong ? [{ path: ['items', index, field], message }] : [];
    return [
      ...fault(
        items.findIndex((other) => other.id === id) < index,
        'id',
        `前面已有题目 ${id}，请换一个编号 · an item before it is called ${id}, too; give it another id`,
      ),
      ...fault(
        (kind === 'choice') !== (options !== undefined),
        'options',
        '选择题要写 options（2–5 个选项），其他题不写 · a choice says how many options it has (2–5), other items do not',
      ),
      ...fault(
        !overall && zero === 'ask-once',
        'zero',
        '只有总体评分可以是 ask-once，这里写 not-applicable · only the overall rating asks once more; write not-applicable',
      ),
      ...fault(
        kind === 'rating' && tickets !== 'all',
        'tickets',
        '评分题人人都问，不能轮换 · a rating is asked of everybody: managers could not be compared by it otherwise',
      ),
    ];
  });
}

/** A longer questionnaire for some would teach them what makes it longer (script §1). */
function rotationFaults({ items }: Questionnaire): Misfit[] {
  const asked = (whom: 'odd' | 'even') => items.filter(({ tickets }) => tickets === whom).length;
  if (asked('odd') === asked('even')) return [];
  return [
    {
      path: ['items'],
      message: `轮换题要一样多：单号 ${asked('odd')} 题，双号 ${asked('even')} 题 · odd tickets are asked ${asked('odd')} rotating items and even ones ${asked('even')}: everybody gets the same number of questions`,
    },
  ];
}

function threadFaults({ items, thread, texts }: Questionnaire): Misfit[] {
  const faults: Misfit[] = [];
  if (thread[0] && thread[0].item !== items[0]?.id)
    faults.push({
      path: ['thread', 0, 'item'],
      message: `短信第一问必须是总体评分 ${items[0]?.id} · the thread begins with the overall rating ${items[0]?.id}`,
    });
  const resuming = thread.findIndex(({ resume }) => resume !== undefined);
  for (const [index, step] of thread.entries()) {
    if (step.resume !== undefined && index > resuming)
      faults.push({
        path: ['thread', index, 'resume'],
        message: '只能有一步接着断掉的电话问 · only one step goes on where a call broke off',
      });
    if (!items.some(({ id }) => id === step.item))
      faults.push({
        path: ['thread', index, 'item'],
        message: `没有题目 ${step.item} · there is no item ${step.item}`,
      });
    if (thread.findIndex(({ item }) => item === step.item) < index)
      faults.push({
        path: ['thread', index, 'item'],
        message: `短信里已经问过 ${step.item} · the thread asks ${step.item} before`,
      });
    for (const field of ['ask', 'resume', 'unclear', 'offScale', 'whoAreYou', 'sentence'] as const) {
      const text = step[field];
      if (text !== undefined && !texts[text])
        faults.push({ path: ['thread', index, field], message: `没有短信 ${text} · there is no text ${text}` });
    }
  }
  return faults;
}

/** The words by which an announcement is known to be one. */
const saysRecorded = { 'zh-CN': /录音|录下来/u, en: /\brecord/iu } as const;

/** Nobody is recorded without having been told: the law's rule, and ours (product: announced voice messages). */
function recordingFaults({ items, recording, clips }: Questionnaire): Misfit[] {
  if (!recording) return [];
  const said = clips[recording.announcement];
  const silent = (['zh-CN', 'en'] as const).filter((language) => said && !saysRecorded[language].test(said[language]));
  return [
    ...silent.map((language) => ({
      path: ['clips', recording.announcement, language],
      message:
        '录音前要告知：写明会录音、谁来听、可以不说（要有“录音”二字）· recording is announced first: say that it is recorded, who hears it, and that nobody has to',
    })),
    ...(items.some(({ kind }) => kind === 'comment')
      ? []
      : [
          {
            path: ['recording'],
            message:
              '开了录音却没有 comment 题：加一题，或删掉 recording · recording is on and no item is a comment: add one, or leave recording out',
          },
        ]),
  ];
}

function clipFaults({ items, clips, recording }: Questionnaire): Misfit[] {
  const needed = new Map<string, string>(commonClips.map((clip) => [clip, '通话要用 · the conversation needs it']));
  for (const { id, hint, useless } of items) {
    needed.set(hint, `题目 ${id} 的提示 · the hint of ${id}`);
    needed.set(useless, `题目 ${id} 的无效按键提示 · what ${id} says to a useless key`);
  }
  for (const { id } of items) needed.set(id, `题目 ${id} 的话 · the words of item ${id}`);
  if (recording) {
    needed.set(recording.announcement, '录音前的告知 · what announces that a message is recorded');
    needed.set(recording.thanks, '留言后的话 · what is said once a message is kept');
  }
  return matched('clips', clips, needed, 'clip');
}

function textFaults({ thread, texts }: Questionnaire): Misfit[] {
  const needed = new Map<string, string>(commonTexts.map((text) => [text, '短信要用 · texting needs it']));
  // A missing text of a step is told at the step, so here they are only known.
  const known = new Set(
    thread.flatMap(({ ask, resume, unclear, offScale, whoAreYou, sentence }) => [
      ...[ask, resume, unclear, offScale, whoAreYou, sentence],
    ]),
  );
  return matched('texts', texts, needed, 'text').filter(({ path }) => !known.has(String(path[1])));
}

/** What is needed is there, and what is there is needed: a mistyped id shows as both. */
function matched(part: string, there: Readonly<Record<string, unknown>>, needed: Map<string, string>, one: string) {
  return [
    ...[...needed].flatMap(([id, why]) =>
      there[id] ? [] : [{ path: [part, id], message: `缺少：${why} (missing ${one})` }],
    ),
    ...Object.keys(there).flatMap((id) =>
      needed.has(id)
        ? []
        : [{ path: [part, id], message: `没有地方用到，请检查编号 · no use is made of it: check its id` }],
    ),
  ];
}

function scaleFaults({ items, clips, scaleNamedBy }: Questionnaire): Misfit[] {
  const said = clips[items[0]?.id ?? ''];
  if (!said) return [];
  return (['zh-CN', 'en'] as const).flatMap((language) =>
    said[language].includes(scaleNamedBy[language])
      ? []
      : [
          {
            path: ['scaleNamedBy', language],
            message: `总体评分题里没有这几个字 · the overall question does not contain these words`,
          },
        ],
  );
}

/** What words may leave open, to be filled when they are said or written. */
const everywhere = { clips: ['manager'], texts: ['signature', 'number'] } as const;
const inPlace: Readonly<Record<string, readonly string[]>> = {
  'clips/Q1r': ['score', 'scoreName'],
  'clips/R1': ['remaining'],
  'texts/SG': ['score'],
  'texts/SF': ['day'],
};

/** Variables are among those that have a value at their place; nothing else stands in braces. */
export function checkVariables(questionnaire: Questionnaire): Misfit[] {
  const asks = new Set(questionnaire.thread.flatMap(({ ask, unclear }) => [ask, unclear]));
  const named = new Set(['SR', ...questionnaire.thread.map(({ ask }) => ask)]);
  const parts = { clips: questionnaire.clips, texts: questionnaire.texts };
  return (['clips', 'texts'] as const).flatMap((part) =>
    Object.entries(parts[part]).flatMap(([id, both]) => {
      const allowed = [
        ...[...everywhere[part], ...(inPlace[`${part}/${id}`] ?? [])],
        ...(part === 'texts' && named.has(id) ? ['manager'] : []),
        ...(part === 'texts' && asks.has(id) && id !== questionnaire.thread[0]?.ask ? ['score'] : []),
      ];
      return Object.entries(both).flatMap(([language, text]) =>
        bracesIn(text)
          .filter((name) => !allowed.includes(name))
          .map((name) => ({
            path: [part, id, language],
            message: `这里不能用 {{${name}}}，可用：${allowed.map((one) => `{{${one}}}`).join('、')} · {{${name}}} has no value here`,
          })),
      );
    }),
  );
}

/** The names in `{{…}}`, and whatever else is done with braces. */
const bracesIn = (text: string): string[] =>
  [...text.matchAll(/\{\{([^{}]*)\}\}|[{}]+/gu)].map(([all, name]) => name ?? all);
