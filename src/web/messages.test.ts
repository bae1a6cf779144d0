import { expect, test } from 'vitest';
import { messagesIn } from './messages.ts';

/** Every sentence with its place in the catalogue, as it comes out with figures in it. */
function* sentences(part: unknown, where = ''): Generator<[string, string]> {
  if (typeof part === 'string') yield [where, part];
  else if (typeof part === 'function')
    yield [where, part(...Array.from({ length: part.length }, (_, index) => `⟨${index}⟩`))];
  else for (const [name, inner] of Object.entries(part as object)) yield* sentences(inner, `${where}.${name}`);
}

const chinese = new Map(sentences(messagesIn('zh-CN')));
const english = new Map(sentences(messagesIn('en')));

/** What is the same in both: letters of a formula, a blank, the words that lead to the other language. */
const ownWords = ['.latinName', '.bar.language'];

test('both languages say the same things', () => expect([...english.keys()]).toEqual([...chinese.keys()]));

test('no figure is lost in either', () => {
  const figures = (sentence: string) => sentence.match(/⟨\d⟩/g)?.sort() ?? [];
  for (const [where, sentence] of chinese)
    expect({ where, figures: figures(english.get(where) ?? '') }).toEqual({ where, figures: figures(sentence) });
});

test('English is English', () => {
  for (const [where, sentence] of english)
    if (!ownWords.includes(where))
      expect({ where, sentence }).not.toMatchObject({
        sentence: expect.stringMatching(/\p{Script=Han}|[，。；：（）]/u),
      });
});

test('Chinese has Chinese punctuation', () => {
  for (const [where, sentence] of chinese)
    expect({ where, sentence }).not.toMatchObject({
      sentence: expect.stringMatching(/\p{Script=Han}[,;:?!]|[,;:?!]\p{Script=Han}/u),
    });
});
