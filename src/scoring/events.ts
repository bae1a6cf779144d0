/**
 * What other programs are told of results, as signed webhooks and by `GET /api/v1`: of a manager and of counts, never
 * of a retailer. Each message is built field by field and checked by a strict schema, which the API's document shows.
 */
import { z } from 'zod';
import type { Announcement } from '../platform/webhooks/announce.ts';
import { subjectKinds } from './alarms/findings.ts';
import { parseQuantity, unrounded } from './exact.ts';
import type { Publication, PublishedManager } from './publication.ts';

const quantity = z.string().regex(/^-?\d+(\.\d+)?(\/\d+)?$/);
const share = quantity.nullable().describe('a fraction of 1; null where nobody was asked');
const hash = z.string().regex(/^[\da-f]{64}$/);
const month = z.string().regex(/^\d{4}-(0[1-9]|1[0-2])$/);
const managerId = z.string().min(1).describe('employee number');

/** One manager's evaluation, as it is sent and answered. */
export const customerEvaluation = z.strictObject({
  ...{ period: month, managerId },
  customer: quantity.nullable().describe('C, 0 to 100 with two decimals; null = not rated'),
  status: z.enum(['firm', 'provisional', 'not-rated']),
  responses: z.int().min(0).describe('n: retailers with a valid response, their latest'),
  frameSize: z.int().min(0).describe('N: retailers in the union of the frames'),
  reliability: quantity.describe('B = n / (n + k)'),
  interval: z
    .tuple([quantity, quantity])
    .nullable()
    .describe('95 % of S for the sampling error of C alone, cut to 0 to 100'),
  mean: quantity.nullable().describe('ȳ, the plain mean of the responses in points, unrounded; null = too few'),
  meanInterval: z
    .tuple([quantity, quantity])
    .nullable()
    .describe('95 % of ȳ by the spread of answers in the whole city, cut to 0 to 100; null = not published'),
  window: z
    .strictObject({ first: month, last: month })
    .nullable()
    .describe('the months C looks back on; null where nobody was asked for him'),
  standing: z.boolean().describe('the last published C stands, too few responses being new'),
  fieldwork: z
    .strictObject({
      released: z.int().min(0).describe('retailers drawn and released, whatever came of them'),
      rr1: share.describe('AAPOR RR1'),
      rr2: share.describe('AAPOR RR2'),
      channels: z.strictObject({ voice: z.int().min(0), sms: z.int().min(0), desk: z.int().min(0) }),
      ...{ badNumberShare: share, optOutShare: share },
    })
    .nullable()
    .describe('how the responses came about; null where nobody was drawn for him'),
  drawId: z.string().min(1),
  questionnaire: z.string().min(1).describe('its version'),
  ruleSet: z.string().min(1).describe('its version'),
  publication: hash.describe('of the publication that says so'),
});
export type CustomerEvaluation = z.infer<typeof customerEvaluation>;

const publicationHead = z.strictObject({
  period: month,
  hash,
  previousHash: hash.nullable().describe('of the publication before it in the chain; null for the first of all'),
  supersedes: hash.nullable().describe('of the publication it takes the place of, if it does'),
});

const publicationNotice = publicationHead.extend({
  appealsUntil: z.iso.datetime().describe('the first moment at which it can no longer be appealed'),
});

const appealDecided = z.strictObject({
  ...{ period: month, managerId, appeal: z.uuid() },
  kind: z.string().min(1).describe('which kind of fact it is about'),
  outcome: z.string().min(1).describe('such as upheld or dismissed'),
});

const ruleSet = z.strictObject({
  ruleSet: z.string().min(1).describe('its id'),
  effectiveFrom: month.describe('it holds for the whole company from this month on'),
  hash: hash.describe('sha256 of the document as canonical JSON'),
  publishedAt: z.iso.datetime(),
});

const alarmRaised = z.strictObject({
  alarm: z.uuid(),
  kind: z.string().min(1).describe('which kind of matter it is'),
  level: z.enum(['amber', 'red']),
  subjectKind: z.enum(subjectKinds).describe('number: one of ours; promise: a line of the ledger'),
  ...{ subjectId: z.string().min(1), period: z.string().min(1), value: z.string(), limit: z.string() },
  openedAt: z.iso.datetime(),
});

/** Every type of event about results: what it says and when it is sent. */
export const scoringEvents = {
  'customer-evaluation.finalized': {
    summary: 'A manager’s customer score of a period is final, or was corrected after that',
    payload: customerEvaluation,
  },
  'publication.noticed': { summary: 'A period’s results are out for public notice (公示)', payload: publicationNotice },
  'publication.finalized': { summary: 'A period’s results are final', payload: publicationHead },
  'rule-set.published': {
    summary: 'A rule set (考核办法) is published, at least 7 days before the month from which it holds',
    payload: ruleSet,
  },
  'alarm.raised': {
    summary: 'Something in the process is out of order: no score is changed by it',
    payload: alarmRaised,
  },
  'appeal.decided': { summary: 'An appeal was decided', payload: appealDecided },
} as const;

/** A publication without its managers. */
export type Head = Omit<Publication, 'managers'>;

/** What the scoring service is told of one manager: also what `GET /api/v1/results` answers. */
export function customerEvaluationOf(publication: Head, manager: PublishedManager): CustomerEvaluation {
  return customerEvaluation.parse({
    period: publication.period,
    managerId: manager.id,
    customer: manager.customer,
    status: manager.status,
    responses: manager.responses,
    frameSize: manager.frameSize,
    reliability: manager.reliability,
    interval: manager.scoreInterval,
    mean: meanOf(manager),
    meanInterval: manager.meanInterval ?? null,
    window: manager.window ? { first: manager.window.first, last: manager.window.last } : null,
    standing: manager.standing ?? false,
    fieldwork: fieldworkOf(manager),
    drawId: publication.drawId,
    questionnaire: publication.questionnaire,
    ruleSet: publication.rules.id,
    publication: publication.hash,
  });
}

/** ȳ = Σy/n. */
function meanOf({ points, responses }: PublishedManager): string | null {
  const sum = points === null ? undefined : parseQuantity(points);
  return sum ? unrounded(sum.div(responses)) : null;
}

function fieldworkOf({ fieldwork }: PublishedManager): CustomerEvaluation['fieldwork'] {
  if (!fieldwork) return null;
  const { released, rr1, rr2, channels, badNumberShare, optOutShare } = fieldwork;
  const { voice, sms, desk } = channels;
  return { released, rr1, rr2, channels: { voice, sms, desk }, badNumberShare, optOutShare };
}

/** The results of a period are out for notice. */
export const publicationNoticed = (publication: Publication): Announcement =>
  told(
    'publication.noticed',
    null,
    publicationNotice.parse({ ...headOf(publication), appealsUntil: publication.appealsUntil }),
  );

/** The results of a period are final: the publication, and each manager of it. */
export const publicationFinalized = (publication: Publication): Announcement[] => [
  ...publication.managers.map((manager) =>
    told('customer-evaluation.finalized', manager.id, customerEvaluationOf(publication, manager)),
  ),
  told('publication.finalized', null, headOf(publication)),
];

export const ruleSetPublished = (published: z.input<typeof ruleSet>): Announcement =>
  told('rule-set.published', null, ruleSet.parse(published));

/** About nobody in particular: an order for each manager is that of his results. */
export const alarmIsRaised = ({
  id,
  ...alarm
}: Omit<z.input<typeof alarmRaised>, 'alarm'> & { readonly id: string }): Announcement =>
  told('alarm.raised', null, alarmRaised.parse({ ...alarm, alarm: id }));

export const appealIsDecided = (appeal: z.input<typeof appealDecided>): Announcement =>
  told('appeal.decided', appeal.managerId, appealDecided.parse(appeal));

function told(type: keyof typeof scoringEvents, subject: string | null, payload: object): Announcement {
  return { type, subject, payload };
}

const headOf = ({ period, hash, previousHash, supersedes }: Publication) =>
  publicationHead.parse({ period, hash, previousHash, supersedes });
