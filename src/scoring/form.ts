/** The form of a score document: what each field may hold by itself (method, "Documents on the command line"). */
import { z } from 'zod';
import { count, described, quantity, text } from './faults.ts';
import { RATINGS } from './rating.ts';

export const ratingCounts = z.strictObject({ '1': count(), '2': count(), '3': count(), '4': count(), '5': count() });

export const head = z.strictObject({
  // Read by itself, so that its faults are listed beside the document's.
  rules: z.unknown().optional(),
  cityMean: quantity({ least: 0, most: 100 }).nullish(),
  withinVariance: quantity({ least: 0 }).nullish(),
  /** Of `withinVariance`; without it, those of the answers given here. */
  degreesOfFreedom: count().nullish(),
  managers: z.array(z.unknown()),
});

export const manager = z.strictObject({
  id: text(),
  frameSize: count(),
  ratings: ratingCounts.optional(),
  responses: count().optional(),
  points: quantity({ least: 0 }).nullable().optional(),
  /** A customer score that stands as it was published, with the answers it was made of: too few are new (method §3). */
  customer: quantity({ least: 0, most: 100 }).optional(),
  unit: z.record(z.string(), quantity({ least: 0 }).nullable()),
  badNumberShare: quantity({ least: 0, most: 1 }).optional(),
  tier: z.literal([1, 2, 3]).optional(),
  previousRating: z
    .enum(RATINGS, {
      error: ({ input }) =>
        `must be ${RATINGS.join(', ')} or null (an unrated month does not count), not ${described(input)}`,
    })
    .nullable()
    .optional(),
  requirementsMet: z.boolean().optional(),
  /** What he can show of what the tier above asks for; whether that is enough follows from it. */
  qualifications: z
    .strictObject({ certificates: z.array(text()), exams: z.array(text()), trainingHours: quantity({ least: 0 }) })
    .optional(),
});

export type Manager = z.output<typeof manager>;
