import { describe, expect, it } from 'vitest';
import {
  appealIsDecided,
  customerEvaluationOf,
  publicationFinalized,
  publicationNoticed,
  scoringEvents,
} from './events.ts';
import { documentOf, manager, ratings } from './examples.fixture.ts';
import type { Fieldwork, Person } from './publication.ts';
import { makePublication } from './publication.ts';
import { scoreDocument } from './score.ts';

const fieldwork = {
  ...{ released: 60, rr1: '13/30', rr2: '7/15', channels: { voice: 20, sms: 6, desk: 0 } },
  ...{ badNumberShare: '1/60', optOutShare: '0/60' },
};

function published(ofK01: Person, ofK02: Person = { name: '李伟', district: '东湖' }) {
  const city = [manager('K01'), manager('K02', { ratings: ratings(1, 1, 0, 0, 0) })];
  return makePublication({
    ...{ period: '2026-12', drawId: '2026-12-R1', questionnaire: 'HF-1', scored: scoreDocument(documentOf(city)) },
    ...{ stage: 'final', appealsUntil: new Date('2027-01-13T00:00:00+08:00') },
    people: new Map([
      ['K01', ofK01],
      ['K02', ofK02],
    ]),
    previousHash: null,
  });
}

const firstOf = (publication: ReturnType<typeof published>) => {
  const [first] = publication.managers;
  if (!first) throw new Error('nobody was scored');
  return first;
};

describe('what the scoring service is told of a manager', () => {
  it('is C with n, N, reliability, status, intervals, the plain mean, fieldwork, versions and hash', () => {
    const window = { first: '2026-11', last: '2026-12' };
    const publication = published({ name: '王建国', district: '东湖', window, fieldwork });
    expect(customerEvaluationOf(publication, firstOf(publication))).toEqual({
      ...{ period: '2026-12', managerId: 'K01', customer: firstOf(publication).customer, status: 'firm' },
      ...{ responses: 26, frameSize: 200, reliability: '0.72', interval: firstOf(publication).scoreInterval },
      ...{ mean: '2125/26', meanInterval: firstOf(publication).meanInterval },
      window,
      ...{ standing: false, fieldwork, drawId: '2026-12-R1', questionnaire: 'HF-1', ruleSet: 'RS-1' },
      publication: publication.hash,
    });
  });

  it('of one without enough responses is that he is not rated, and no score', () => {
    const evaluations = publicationFinalized(published({ name: '王建国', district: '东湖' }));
    expect(evaluations[1]?.payload).toMatchObject({ managerId: 'K02', status: 'not-rated', customer: null });
  });

  it('holds no retailer and no number, whatever was hung onto the manager on the way', () => {
    const careless = {
      ...{ name: '王建国', district: '东湖', retailers: ['430100000001'], phone: '+8613800138000' },
      fieldwork: { ...fieldwork, names: ['便民超市'], channels: { ...fieldwork.channels, numbers: ['13800138000'] } },
    };
    const publication = published(careless);
    const hungOn = { ...firstOf(publication), ...careless, responses: 26 };
    const sent = JSON.stringify([
      customerEvaluationOf(publication, hungOn),
      ...publicationFinalized({ ...publication, managers: [hungOn] }),
    ]);
    expect(sent).not.toMatch(/430100000001|1380013|便民超市|retailer|phone|王建国/);
  });

  it('is refused by its own schema with one field too many or a count that is none', () => {
    const { payload: schema } = scoringEvents['customer-evaluation.finalized'];
    const publication = published({ name: '王建国', district: '东湖', fieldwork });
    const good = customerEvaluationOf(publication, firstOf(publication));
    expect(schema.safeParse(good).success).toBe(true);
    expect(schema.safeParse({ ...good, retailer: '430100000001' }).success).toBe(false);
    const named = { ...fieldwork, retailers: [] } as Fieldwork;
    expect(schema.safeParse({ ...good, fieldwork: named }).success).toBe(false);
    expect(schema.safeParse({ ...good, responses: -1 }).success).toBe(false);
  });
});

describe('events of a publication', () => {
  it('are each manager by himself, then the whole', () => {
    const events = publicationFinalized(published({ name: '王建国', district: '东湖' }));
    expect(events.map(({ type, subject }) => [type, subject])).toEqual([
      ['customer-evaluation.finalized', 'K01'],
      ['customer-evaluation.finalized', 'K02'],
      ['publication.finalized', null],
    ]);
  });

  it('say where it stands in the chain', () => {
    const publication = published({ name: '王建国', district: '东湖' });
    const { hash } = publication;
    expect(publicationNoticed(publication)).toEqual({
      type: 'publication.noticed',
      subject: null,
      payload: {
        period: '2026-12',
        hash,
        previousHash: null,
        supersedes: null,
        appealsUntil: '2027-01-12T16:00:00.000Z',
      },
    });
  });
});

it('an appeal is told with its period, manager, kind and outcome, and nothing of its reasons', () => {
  const appeal = '00000000-0000-4000-8000-000000000001';
  const decided = { period: '2026-12', managerId: 'K01', appeal, kind: 'indicator', outcome: 'upheld' };
  expect(appealIsDecided(decided)).toEqual({ type: 'appeal.decided', subject: 'K01', payload: decided });
  expect(() => appealIsDecided({ ...decided, statement: '店主说' } as typeof decided)).toThrow();
});
