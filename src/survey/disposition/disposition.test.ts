import { readFileSync } from 'node:fs';
import Fraction from 'fraction.js';
import { describe, expect, it } from 'vitest';
import type { Answers, Conversation, Place } from '../interview/conversation.ts';
import { beginThread } from '../interview/thread.ts';
import { standardQuestionnaire } from '../questionnaire/questionnaire.ts';
import { caseDisposition, type Disposition, dispositions, groupOf } from './disposition.ts';
import { type CallResult, outcomeOfCall, outcomeOfThread, responseOf } from './outcome.ts';
import { type GroupCounts, type RateName, rates } from './rates.ts';

describe("a case's disposition", () => {
  it.each<[Disposition[], Disposition]>([
    [[], 'never-attempted'],
    [['busy'], 'busy'],
    [['no-answer', 'busy'], 'busy'],
    [['refused', 'no-answer', 'busy'], 'refused'],
    [['broke-off', 'refused'], 'broke-off'],
    [['partial', 'no-answer'], 'partial'],
    [['partial', 'complete', 'opted-out'], 'complete'],
    [['opted-out', 'partial'], 'partial'],
    [['opted-out', 'refused'], 'opted-out'],
    [['appointment', 'no-answer'], 'no-answer'],
    [['technical', 'bad-number'], 'bad-number'],
  ])('of %j is %s', (outcomes, expected) => {
    expect(caseDisposition(outcomes, true)).toBe(expected);
  });

  it('on a number nobody was ever reached under, "busy" is worth less than "silent"', () => {
    expect(caseDisposition(['silent', 'busy'], true)).toBe('busy');
    expect(caseDisposition(['silent', 'busy'], false)).toBe('silent');
  });

  it('has a group, proven or not', () => {
    expect(groupOf('no-answer', true)).toBe('NC');
    expect(groupOf('no-answer', false)).toBe('UO');
    for (const disposition of dispositions) expect(groupOf(disposition, false)).toMatch(/^(I|P|R|NC|O|NE|UO)$/);
  });
});

describe('response rates give the published answers', () => {
  const cases: { name: string; counts: GroupCounts; e?: string; expected: Record<string, string | null> }[] =
    JSON.parse(readFileSync(new URL('../../../test/vectors/aapor.json', import.meta.url), 'utf8'));

  it.each(cases)('$name', ({ counts, e, expected: { e: _, ...expected } }) => {
    const computed = e === undefined ? rates(counts) : rates(counts, new Fraction(e));
    for (const [name, value] of Object.entries(expected))
      expect([name, computed[name as RateName]?.toFraction() ?? null]).toEqual([name, value]);
  });
});

describe('what a call came to', () => {
  const questionnaire = standardQuestionnaire();
  const all: Answers = { Q1: 5, Q2: 0, Q3: 4, Q4: 3, Q5: 0, Q6: 2 };
  const at = (place: Place, keyed = true): Conversation => ({
    ...{ place, keyed, language: 'zh-CN', startedAt: 0, ratingsFrom: 0, lastKey: null, wanted: null, skipped: 0 },
  });
  const question: Place = { is: 'question', item: 1, silences: 0, faults: 0, stars: 0, zeroAsked: false };
  const over = (because: Extract<Place, { is: 'over' }>['because']): Place => ({ is: 'over', because });

  it.each<[string, CallResult, Conversation | null, Answers, Disposition]>([
    ['nobody answered', 'no-answer', null, {}, 'no-answer'],
    ['the line was busy', 'busy', null, {}, 'busy'],
    ['no such number', 'bad-number', null, {}, 'bad-number'],
    ['nobody knows whether it was made', 'lost', null, {}, 'technical'],
    ['all was answered', 'completed', at(over('finished')), all, 'complete'],
    ['all was answered and he hung up in the goodbye', 'completed', at({ is: 'farewell' }), all, 'complete'],
    [
      'the last question, which does not count, was not reached',
      'completed',
      at(question),
      { ...all, Q6: 0 },
      'complete',
    ],
    ['he hung up after the rating', 'completed', at(question), { Q1: 4 }, 'partial'],
    ['he hung up before any key', 'completed', at(question, false), {}, 'refused'],
    ['he hung up in the greeting', 'completed', at({ is: 'greeting' }, false), {}, 'refused'],
    ['he pressed something and hung up', 'completed', at(question), {}, 'broke-off'],
    ['no key, and we hung up', 'completed', at(over('silent'), false), {}, 'silent'],
    ['useless keys only, and we hung up', 'completed', at(over('silent')), {}, 'broke-off'],
    ['0 twice where a score was asked', 'completed', at(over('no-score')), { Q1: 0 }, 'broke-off'],
    ['call me later', 'completed', at(over('appointment')), {}, 'appointment'],
    ['call me later, after the rating', 'completed', at(over('appointment')), { Q1: 3 }, 'partial'],
    ['a person please', 'completed', at(over('person')), {}, 'appointment'],
    ['no more calls', 'completed', at(over('opted-out')), {}, 'opted-out'],
    [
      'no more calls, and he hung up at once',
      'completed',
      at({ is: 'stopping', from: question, until: 0 }),
      {},
      'opted-out',
    ],
    ['no more calls, after the rating', 'completed', at(over('opted-out')), { Q1: 2 }, 'partial'],
    ['no more calls, after everything', 'completed', at(over('opted-out')), all, 'complete'],
    ['call me later, and he hung up at once', 'completed', at({ is: 'later' }), {}, 'appointment'],
    ['a person please, and he hung up at once', 'completed', at({ is: 'person' }), {}, 'appointment'],
    ['a voicemail', 'completed', at(over('voicemail'), false), {}, 'voicemail'],
    ['a voicemail, where he had answered before', 'completed', at(over('voicemail'), false), { Q1: 4 }, 'partial'],
    ['an assistant, and nobody came', 'completed', at(over('screened'), false), {}, 'screened'],
    ['an assistant, and it hung up', 'completed', at({ is: 'screened' }, false), {}, 'screened'],
    ['a fax', 'completed', at(over('fax'), false), {}, 'no-answer'],
    ['the carrier broke the call', 'technical', at(question), {}, 'technical'],
    ['the carrier broke the call after the rating', 'technical', at(question), { Q1: 2 }, 'partial'],
  ])('%s', (_, result, conversation, answers, expected) => {
    expect(outcomeOfCall(result, conversation, answers, questionnaire)).toBe(expected);
  });

  it('a thread: answered, silent, misread, undeliverable, stopped', () => {
    const asked = beginThread(questionnaire, 'S1');
    const ended = (because: 'finished' | 'opted-out' | 'misread' | 'person') =>
      ({ is: 'over', because, told: false, ratedAt: null }) as const;
    expect(outcomeOfThread('delivered', ended('finished'), { Q1: 4 }, questionnaire)).toBe('partial');
    expect(outcomeOfThread('delivered', null, {}, questionnaire)).toBe('sms-silent');
    expect(outcomeOfThread('delivered', asked, {}, questionnaire)).toBe('sms-silent');
    expect(outcomeOfThread('delivered', { ...asked, ratedAt: 1 }, { Q1: 4 }, questionnaire)).toBe('partial');
    expect(outcomeOfThread('delivered', ended('person'), {}, questionnaire)).toBe('appointment');
    expect(outcomeOfThread('delivered', ended('misread'), {}, questionnaire)).toBe('broke-off');
    expect(outcomeOfThread('delivered', ended('opted-out'), {}, questionnaire)).toBe('opted-out');
    expect(outcomeOfThread('delivered', ended('opted-out'), { Q1: 4 }, questionnaire)).toBe('partial');
    expect(outcomeOfThread('bad-number', asked, {}, questionnaire)).toBe('bad-number');
  });

  it('a response is complete when every rating item has a score or 0, and the overall one a score', () => {
    expect(responseOf(all, questionnaire)).toBe('complete');
    expect(responseOf({ ...all, Q1: 0 }, questionnaire)).toBeNull();
    const { Q5: _, ...missing } = all;
    expect(responseOf(missing, questionnaire)).toBe('partial');
  });
});
