import type { Answers, Effect } from '../../survey/interview/conversation.ts';
import type { Move } from '../../survey/interview/rehearsal.ts';
import type { Language, TextId } from '../../survey/questionnaire/questionnaire.ts';

/** Writes a tried conversation down as a test that holds it again: what was given, what was done, what came of it. */
export interface Tried {
  /** The document's path; null = the standard questionnaire. */
  readonly questionnaire: string | null;
  readonly language: Language;
  readonly rotation: number;
}

interface Outcome {
  readonly answers: Answers;
  readonly effects: readonly Effect[];
  readonly ending: string | null;
}

export function callTest(
  { first, ...tried }: Tried & { readonly first: readonly string[] },
  steps: readonly { readonly move: Move; readonly heard: readonly string[] }[],
  outcome: Outcome,
): string {
  const { language, rotation } = tried;
  const moves = steps.map(({ move }) => move).join(' ');
  return testOf(tried, 'RehearsedCall', `a call: ${moves}`, [
    `  // given a shop whose ticket ends in ${rotation}, and a call that was answered`,
    `  const call = new RehearsedCall(questionnaire, { language: ${literal(language)}, rotation: ${rotation} });`,
    `  expect(call.heard).toEqual(${literal(first)});`,
    '  // when these keys are pressed, then this is heard (- silence, h hangs up, ! at once, (words) are said)',
    ...steps.map(({ move, heard }) => `  expect(call.step(${literal(move)})).toEqual(${literal(heard)});`),
    ...outcomeOf('call', outcome),
  ]);
}

export function textTest(
  tried: Tried,
  steps: readonly ({ readonly text: string; readonly sent: TextId | null } | { readonly minutes: number })[],
  outcome: Outcome,
): string {
  const texts = steps.flatMap((step) => ('text' in step ? [step.text] : []));
  return testOf(tried, 'RehearsedThread', `a thread: ${texts.join(' | ')}`, [
    '  // given a shop that was asked the first question',
    '  const thread = new RehearsedThread(questionnaire);',
    '  // when these texts come, then these are sent back',
    ...steps.map((step) =>
      'text' in step
        ? `  expect(thread.write(${literal(step.text)})).toBe(${literal(step.sent)});`
        : `  thread.later(${step.minutes});`,
    ),
    ...outcomeOf('thread', outcome),
  ]);
}

const outcomeOf = (name: string, { answers, effects, ending }: Outcome): string[] => [
  '  // then this is what it came to',
  `  expect(${name}.answers).toEqual(${literal(answers)});`,
  `  expect(${name}.effects).toEqual(${literal(effects)});`,
  `  expect(${name}.ending).toBe(${literal(ending)});`,
];

function testOf({ questionnaire }: Tried, rehearsal: string, name: string, lines: readonly string[]): string {
  const reading =
    questionnaire === null
      ? 'const questionnaire = standardQuestionnaire();'
      : `const questionnaire = parseQuestionnaire(JSON.parse(readFileSync(${literal(questionnaire)}, 'utf8')));`;
  return `${[
    ...(questionnaire === null ? [] : [`import { readFileSync } from 'node:fs';`]),
    `import { expect, test } from 'vitest';`,
    `import { ${rehearsal} } from '../src/survey/interview/rehearsal.ts';`,
    `import { ${questionnaire === null ? 'standardQuestionnaire' : 'parseQuestionnaire'} } from '../src/survey/questionnaire/questionnaire.ts';`,
    '',
    reading,
    '',
    `test(${literal(name)}, () => {`,
    ...lines,
    '});',
  ].join('\n')}\n`;
}

/** As source text. What somebody typed may hold any sign, and the two that end a line in old scripts as well. */
const literal = (value: unknown): string =>
  JSON.stringify(value).replace(/[\u2028\u2029]/g, (sign) => `\\u${sign.charCodeAt(0).toString(16)}`);
