import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import type { Publication, PublishedManager } from '../../scoring/publication.ts';
import type { RuleSetDocument } from '../../scoring/rules.ts';
import { messagesIn } from '../messages.ts';
import { leastForFirm, ratingReasons, tierReason } from './reasons.ts';

const rules = JSON.parse(
  readFileSync(new URL('../../scoring/standard-rules.json', import.meta.url), 'utf8'),
) as RuleSetDocument;
const words = messagesIn('zh-CN').board;

/** A competent manager with a firm sample, of whom a test changes what it is about. */
const manager = (changes: Partial<PublishedManager>): PublishedManager => ({
  ...{ id: 'K01', name: '李娜', district: '城东', responses: 30, frameSize: 200, points: '2400' },
  ...{ customer: '80.00', status: 'firm', unit: '90.00', score: '86.00', rating: 'competent', gates: [], rank: 1 },
  ...{ rankInterval: [1, 3], tier: 3, move: 'hold', reliability: '0.75', posteriorSd: '2.50', scoreInterval: null },
  ...{ badNumberShare: '0', indicators: { 'market-visits': '55' }, tierBefore: 3, previousRating: null },
  ...{ requirementsMet: true, streakRestarts: false },
  ...changes,
});

const why = (changes: Partial<PublishedManager>, cityMean: string | null = '81.00'): string[] =>
  ratingReasons(manager(changes), { rules, cityMean } as Publication, words, '，');

describe('under the rating', () => {
  test('nothing needs saying of a rating that follows from the score', () => expect(why({})).toEqual([]));

  test('every gate is named, in the order of the publication', () => {
    const gates = ['customer', 'market-visits', 'firm'];
    expect(why({ score: '91.60', customer: '73.20', gates })[0]).toBe(
      '客户评价 73.20 < 75，市场走访 55 < 60，样本暂定，未评优秀',
    );
  });

  test('a provisional sample says what it lacks', () => {
    expect(why({ status: 'provisional', responses: 18 })).toEqual(['有效回访 18 户，可靠需 24 户']);
    expect(why({ status: 'provisional', badNumberShare: '3/20' })).toEqual(['号码无效 15.0%，超过 10%']);
  });

  test('without a score it says why there is none', () => {
    expect(why({ status: 'not-rated', score: null, responses: 3 })).toEqual(['有效回访 3 户，不足 5 户，不打分']);
    expect(why({ score: null, unit: null })).toEqual(['单位指标缺失过多，不合成']);
    expect(why({ score: null, customer: null, responses: 6 }, null)).toEqual(['全市没有足够的有效回访，不打分']);
  });

  test('an indicator this program does not know goes by its code', () =>
    expect(why({ gates: ['new-one'], indicators: { 'new-one': '200/7' } })[0]).toContain('new-one 28.57 < 60'));
});

test('24 responses make n/(n + 10) reach 0.70, or three quarters of a small frame do', () => {
  expect(leastForFirm(200, rules.customer)).toBe(24);
  expect(leastForFirm(12, rules.customer)).toBe(9);
  expect(leastForFirm(8, rules.customer)).toBe(6);
});

describe('under the tier', () => {
  const said = (changes: Partial<PublishedManager>) => tierReason(manager(changes), rules, words);

  test.each<[Partial<PublishedManager>, string | null]>([
    [{}, null],
    [{ move: 'up', rating: 'excellent' }, '连续 2 个月优秀，升一档'],
    [{ move: 'down', rating: 'not-competent' }, '不称职，降一档'],
    [{ move: 'down', rating: 'basically-competent' }, '连续 2 个月基本称职，降一档'],
    [{ move: 'floor', rating: 'not-competent' }, '已是末档，参加培训'],
    [{ move: 'frozen', rating: 'unrated' }, '未定等，档级不变'],
    [{ rating: 'excellent', tierBefore: 1 }, '优秀，已是最高档'],
    [{ rating: 'excellent' }, '优秀第 1 个月，连续 2 个月可升档'],
    [{ rating: 'excellent', previousRating: 'excellent' }, '优秀，升档条件未齐'],
    [{ rating: 'basically-competent' }, '第 1 个月，已是末档，连续 2 个月须培训'],
    [{ rating: 'basically-competent', tierBefore: 2, tier: 2 }, '第 1 个月，连续 2 个月降档'],
    [{ rating: 'basically-competent', status: 'provisional' }, '暂定，不降档'],
  ])('%j: %s', (changes, reason) => expect(said(changes)).toBe(reason));
});
