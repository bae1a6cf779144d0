import { z } from 'zod';

/**
 * The auditors' bundle of a draw (method §1, "Two bundles"): everything its replay needs, and the release log that says
 * what was taken of it, when and why. Holds retailers' ids, so it never leaves the auditors.
 */
const count = z.int().nonnegative();
const exact = z.string().regex(/^\d+(\.\d+)?$|^\d+\/[1-9]\d*$/, 'must be an exact number, such as "0.3" or "3/10"');

const sampling = z.object({
  z: exact,
  sigma: exact,
  marginOfError: exact,
  censusUpTo: count,
  monthlyShare: exact,
  spotCheckShare: exact,
  waves: count,
  completionRate: z.object({ default: exact, least: exact, most: exact }),
});

export const releaseKinds = ['wave', 'spot-check'] as const;
export type ReleaseKind = (typeof releaseKinds)[number];

const release = z.object({
  at: z.iso.datetime({ offset: true }),
  kind: z.enum(releaseKinds),
  manager: z.string(),
  /** In the order in which they were taken: a spot check begins with the last of the manager's order. */
  ids: z.array(z.string()),
});

const managerDraw = z.object({
  frameSize: count,
  /** In the order they were released. */
  released: z.array(z.string()),
  resting: z.array(z.string()),
  excluded: z.array(z.object({ id: z.string(), reason: z.string() })),
  /** Responses struck by each rule of method §3: whose they were stays in the record. */
  invalid: z.record(z.string(), count).optional(),
});

/** Whom people call on their own account, chosen by further tickets (src/survey/desk/chosen.ts), of those released. */
const desk = z.object({
  silentShare: exact,
  recheckShare: exact,
  /** Managers of whom everybody silent is called: they were not rated twice running. */
  notRated: z.array(z.string()),
  silent: z.array(z.string()),
  recheck: z.array(z.string()),
});

/** Market visits, which take from the back of the same orders, resting shops included, and no shop twice in a month. */
const visits = z.object({
  /** Shops that had a visit in this month by the draw of another round. */
  before: z.array(z.string()),
  /** In the order in which they were drawn. */
  drawn: z.array(z.object({ at: z.iso.datetime({ offset: true }), manager: z.string(), ids: z.array(z.string()) })),
});

export const drawBundle = z.object({
  drawId: z.string().min(1),
  frame: z.string(),
  frameHash: z.string(),
  nonces: z.array(z.string()),
  /** In commitment order, which is the order of the nonces. */
  commitments: z.array(z.string()),
  publicValue: z.string(),
  seed: z.string(),
  /** Groups of ids on one phone. */
  sharedPhones: z.array(z.array(z.string())),
  managers: z.record(z.string(), managerDraw),
  /** Per manager in the order of time. */
  releases: z.array(release),
  /** Nobody but the operator kept the nonces and no public event was named: he could have chosen the seed. */
  operatorTrusted: z.boolean().optional(),
  /** What the caps follow from; a bundle without them is not checked for caps. */
  rules: z.object({ sampling }).optional(),
  /** Sorted by id; a bundle without it is not checked for whom the desk called. */
  desk: desk.optional(),
  /** Left out where there were none. */
  visits: visits.optional(),
});

export type DrawBundle = z.infer<typeof drawBundle>;
export type ManagerDraw = z.infer<typeof managerDraw>;
export type LoggedRelease = z.infer<typeof release>;
