import { Readable } from 'node:stream';
import { z } from 'zod';
import { readDrawBundle } from '../../survey/round/bundle.ts';
import { listDraws, readEvent, readHolders } from '../../survey/round/draw-standing.ts';
import { commitNonce, enterPublicValue, handInNonce } from '../../survey/round/hand-in.ts';
import { readPublicBundle } from '../../survey/round/public-bundle.ts';
import { NotFound } from '../faults.ts';
import { readSeal } from '../round/seal.ts';
import { type Call, moment, type Operation, operation, period, roundParams } from './operation.ts';
import { pageOf, pageOut, pageQuery } from './paging.ts';
import { findRound, roundPlace, roundState } from './round-operations.ts';

/** Draws: what is public of them, what their holders do, and the auditors' bundle under a scope of its own. */
const line = z.object({
  ...{ roundId: z.string(), period, state: roundState, operatorTrusted: z.boolean() },
  ...{ frozenAt: moment.nullable(), frameHash: z.string().nullable(), revealedAt: moment.nullable() },
});

const counts = { frameSize: z.int(), resting: z.int().describe('within the frame, asked too recently') };

const standing = line.extend({
  reason: z.string().nullable().describe('why it was paused or cancelled'),
  commitments: z.array(z.string()).readonly().describe('in the order of the nonces in the seed'),
  holders: z.array(
    z.object({
      holder: z.string().describe('a user’s id; "operator" = the service itself'),
      ...{ name: z.string(), substitute: z.string().nullable() },
      ...{ committedAt: moment.nullable(), handedInAt: moment.nullable() },
    }),
  ),
  publicEvent: z.object({ name: z.string(), at: moment, value: z.string().nullable() }).nullable(),
  ...counts,
  excluded: z.object({ closed: z.int(), 'opted-out': z.int(), 'no-phone': z.int() }),
});

const publicBundle = z.object({
  ...{
    drawId: z.string(),
    period: z.string(),
    state: z.string(),
    reason: z.string().nullable(),
    operatorTrusted: z.boolean(),
  },
  publicEvent: z.object({ name: z.string(), at: z.iso.datetime() }).nullable(),
  publicValue: z.string().nullable(),
  commitments: z.array(z.string()).readonly(),
  ...{ frameHash: z.string().nullable(), frozenAt: z.iso.datetime().nullable() },
  nonces: z.array(z.string()).readonly().nullable().describe('null until they are revealed'),
  seed: z.string().nullable(),
  managers: z.record(
    z.string(),
    z.object({ ...counts, released: z.int(), excluded: z.record(z.string(), z.int()).describe('by reason') }),
  ),
  releases: z
    .array(
      z.object({ at: z.iso.datetime(), kind: z.enum(['wave', 'spot-check']), manager: z.string(), count: z.int() }),
    )
    .readonly(),
});

const hex = z
  .string()
  .regex(/^[0-9a-f]{64}$/, '应为 64 个小写十六进制字符 · must be 64 lowercase hexadecimal characters');

type Asked = Pick<Call<{ readonly round: string }>, 'services' | 'params'>;

async function standingOf({ services: { database }, params }: Asked): Promise<z.input<typeof standing>> {
  const { id: roundId, ...round } = await findRound(database.query, params.round);
  const seal = await readSeal(database.query, roundId);
  if (!seal) throw new NotFound();
  return {
    ...{ roundId, period: round.period, state: round.state, reason: round.reason },
    ...{ operatorTrusted: seal.operatorTrusted, commitments: seal.commitments },
    ...{ frozenAt: seal.frozenAt, frameHash: seal.frameHash, revealedAt: seal.revealedAt },
    holders: await readHolders(database.query, roundId),
    publicEvent: await readEvent(database.query, roundId),
    ...{ frameSize: seal.frameSize, resting: seal.resting },
    excluded: { closed: seal.closed, 'opted-out': seal.optedOut, 'no-phone': seal.noPhone },
  };
}

export const drawOperations: readonly Operation[] = [
  operation({
    ...{ id: 'draws.list', method: 'get', path: '/draws', scope: 'draws:read' },
    summary: 'Draws, the latest first',
    query: pageQuery,
    answer: pageOf(line),
    async run({ services, query: { limit, after } }) {
      const draws = await listDraws(services.database.query, roundPlace(after), limit + 1);
      return pageOut(draws, limit, ({ launchedAt, roundId }) => [launchedAt, roundId]);
    },
  }),
  operation({
    ...{ id: 'draws.read', method: 'get', path: '/draws/{round}', scope: 'draws:read' },
    summary: 'One draw: commitments, holders, event, freeze, and who was left out, in numbers',
    ...{ params: roundParams, answer: standing },
    run: standingOf,
  }),
  operation({
    ...{ id: 'draws.public', method: 'get', path: '/draws/{round}/public', scope: 'draws:read' },
    summary: 'The public bundle: by manager what was released and when; never a retailer’s id',
    ...{ params: roundParams, answer: publicBundle },
    async run({ services, params }) {
      await findRound(services.database.query, params.round);
      return readPublicBundle(services, params.round);
    },
  }),
  operation({
    ...{ id: 'draws.audit', method: 'get', path: '/draws/{round}/bundle', scope: 'draws:audit', personal: true },
    summary: 'The auditors’ bundle, with retailers’ ids, once the round is over; huifang draw verify replays it',
    ...{ params: roundParams, download: ['application/json'] },
    async run({ services, params }) {
      await findRound(services.database.query, params.round);
      const bundle = await readDrawBundle(services, params.round);
      const content = Readable.from([JSON.stringify(bundle)]);
      return { type: 'application/json', fileName: `${params.round}-draw.json`, content };
    },
  }),
  operation({
    ...{ id: 'draws.commit', method: 'post', path: '/draws/{round}/commitments', scope: 'draws:write', creates: true },
    summary: 'Take a holder’s commitment, before the freeze; once given it stays',
    params: roundParams,
    body: z.strictObject({ holder: z.string().describe('a user’s id'), commitment: hex }),
    answer: standing,
    async run({ services, actor, params, body: { holder, commitment } }) {
      const { id: roundId } = await findRound(services.database.query, params.round);
      if (await commitNonce(services, { roundId, actor }, holder, commitment))
        await services.queues.add('draw', { roundId });
      return standingOf({ services, params });
    },
  }),
  operation({
    ...{ id: 'draws.hand-in', method: 'post', path: '/draws/{round}/nonces', scope: 'draws:write', creates: true },
    summary: 'Take a nonce of its holder or his substitute, after the freeze; sealed until the round is over',
    params: roundParams,
    body: z.strictObject({ by: z.string().describe('a user’s id: the holder, or his substitute'), nonce: hex }),
    answer: standing,
    async run({ services, actor, params, body: { by, nonce } }) {
      const { id: roundId } = await findRound(services.database.query, params.round);
      await handInNonce(services, { roundId, actor, onBehalfOf: by }, nonce);
      await services.queues.add('draw', { roundId });
      return standingOf({ services, params });
    },
  }),
  operation({
    ...{ id: 'draws.public-value', method: 'post', path: '/draws/{round}/public-value', scope: 'rounds:write' },
    summary: 'Enter the outcome of the public event, once and for good',
    params: roundParams,
    body: z.strictObject({ value: z.string().min(1).max(64) }),
    answer: standing,
    async run({ services, actor, params, body: { value } }) {
      const { id: roundId } = await findRound(services.database.query, params.round);
      await enterPublicValue(services, { roundId, actor }, value);
      await services.queues.add('draw', { roundId });
      return standingOf({ services, params });
    },
  }),
];
