import { z } from 'zod';
import { listReviews, visibleVerdicts } from '../../survey/quality/review.ts';
import { addStaffPhone, listStaffPhones, removeStaffPhone } from '../../survey/quality/staff-phones.ts';
import { flagKinds } from '../../survey/quality/thresholds.ts';
import { moment, type Operation, operation } from './operation.ts';
import { pageOf, pageOut, pageQuery, placeIn } from './paging.ts';

/**
 * The company's own numbers, and what two people look at. Verdicts are given by page alone: they are two people's, and
 * whoever holds a key could be both.
 */
const staffPhone = z.object({
  ...{ id: z.uuid(), employee: z.string(), masked: z.string() },
  ...{ since: moment, addedBy: z.string() },
});

const staffPlace = z.tuple([z.string(), z.uuid()]).transform(([employee, id]) => ({ employee, id }));

const review = z.object({
  ...{ id: z.uuid(), kind: z.enum(flagKinds), roundId: z.string(), managerId: z.string() },
  caseId: z.uuid().nullable().describe('null: of the manager as a whole'),
  evidence: z.record(z.string(), z.unknown()).describe('figures and ids of items; never what one shop answered'),
  raisedAt: moment,
  state: z.enum(['open', 'half', 'differing', 'founded', 'unfounded']),
  verdicts: z
    .array(
      z.object({
        ...{ by: z.string(), name: z.string().nullable(), verdict: z.enum(['founded', 'unfounded']) },
        ...{ reason: z.string(), at: moment },
      }),
    )
    .describe('once both are in'),
});

const reviewPlace = z
  .tuple([z.int(), z.coerce.date(), z.uuid()])
  .transform(([rank, raisedAt, id]) => ({ rank, raisedAt, id }));

export const qualityOperations: readonly Operation[] = [
  operation({
    ...{ id: 'staff.list', method: 'get', path: '/roster/staff', scope: 'roster:read', personal: true },
    summary: 'The company’s own numbers in force, masked, by employee',
    ...{ query: pageQuery, answer: pageOf(staffPhone) },
    async run({ services, query: { limit, after } }) {
      const phones = await listStaffPhones(services.database.query, placeIn(staffPlace, after), limit + 1);
      return pageOut(phones, limit, ({ employee, id }) => [employee, id]);
    },
  }),
  operation({
    ...{ id: 'staff.add', method: 'post', path: '/roster/staff', scope: 'roster:write', creates: true },
    summary: 'Put one number on the list, for rounds frozen from now on; a whole list comes by file',
    body: z.strictObject({ employee: z.string(), phone: z.string().describe('as people write it') }),
    run: ({ services, actor, body }) => addStaffPhone(services, { ...body, actor }),
  }),
  operation({
    ...{ id: 'staff.remove', method: 'delete', path: '/roster/staff/{phone}', scope: 'roster:write' },
    summary: 'Take one number off the list; rounds frozen before still go by it',
    params: z.object({ phone: z.uuid() }),
    run: ({ services, actor, params: { phone: id } }) => removeStaffPhone(services, { id, actor }),
  }),
  operation({
    ...{ id: 'reviews.list', method: 'get', path: '/reviews', scope: 'quality:read', personal: true },
    summary: 'What opened a review, with its figures: what waits for people first',
    ...{ query: pageQuery, answer: pageOf(review) },
    async run({ services, query: { limit, after } }) {
      const found = await listReviews(services.database.query, placeIn(reviewPlace, after), limit + 1);
      const { items, next } = pageOut(found, limit, ({ rank, raisedAt, id }) => [rank, raisedAt, id]);
      return { items: items.map((one) => ({ ...one, verdicts: visibleVerdicts(one, null) })), next };
    },
  }),
];
