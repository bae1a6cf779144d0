import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { BadInput } from '../../src/platform/errors.ts';
import { commitmentOf, seedOf } from '../../src/survey/draw/satq1.ts';
import { verifyDraw } from '../../src/survey/draw/verify.ts';
import { readDrawBundle } from '../../src/survey/round/bundle.ts';
import { cancelRound } from '../../src/survey/round/cancel.ts';
import { closeRound } from '../../src/survey/round/close.ts';
import { drawRound } from '../../src/survey/round/draw.ts';
import { commitNonce, enterPublicValue, handInNonce } from '../../src/survey/round/hand-in.ts';
import type { Holder, PublicEvent } from '../../src/survey/round/holders.ts';
import { launchRound } from '../../src/survey/round/launch.ts';
import { readPublicBundle } from '../../src/survey/round/public-bundle.ts';
import { drawRules } from '../../src/workers/rules.ts';
import { type City, openCity, settleIn, shopsOf } from '../support/city.ts';

/** The whole protocol on a real database: who may do what, and in which order. */
const roundId = '2026-12-R1';
let city: City;
let people: { readonly auditor: string; readonly union: string; readonly substitute: string; readonly admin: string };

const nonces = ['5a'.repeat(32), '6b'.repeat(32)] as const;
const all = <T>(text: string, ...values: unknown[]) => city.database.query<T>({ text, values });
const state = async () => (await all<{ state: string }>('SELECT state FROM round'))[0]?.state;
const draw = () => drawRound({ ...city, rules: async (id) => drawRules(await city.rules(id)) }, roundId);
const launch = (holders: readonly Holder[], publicEvent: PublicEvent | null = null) =>
  launchRound(city, {
    ...{ roundId, period: '2026-12', questionnaireId: 'HF-1', ruleSetId: 'RS-1', actor: people.admin },
    ...{ holders, publicEvent },
  });
const commit = (holder: string, nonce: string) =>
  commitNonce(city, { roundId, actor: holder }, holder, commitmentOf(nonce));
const handIn = (actor: string, nonce: string) => handInNonce(city, { roundId, actor }, nonce);
const finish = () => all(`UPDATE survey_case SET state = 'done', due_at = NULL, due_channel = NULL`);

beforeEach(async () => {
  city = await openCity('protocol');
  await settleIn(city, [
    ...shopsOf('W01', 40),
    ...shopsOf('W02', 8),
    { id: 'twin-a', manager: 'W02', phone: '+8613900000002' },
    { id: 'twin-b', manager: 'W01', phone: '+8613900000002' },
    { id: 'mute', manager: 'W01', phone: null },
  ]);
  const make = async (name: string, role: 'admin' | 'auditor' | 'supervisor') => {
    const user = { id: city.chance.id(), name, role, createdAt: city.clock.now() };
    return (await city.database.prisma.user.create({ data: user })).id;
  };
  people = {
    auditor: await make('纪检', 'auditor'),
    union: await make('职工代表', 'supervisor'),
    substitute: await make('替补', 'supervisor'),
    admin: await make('考核小组', 'admin'),
  };
});
afterEach(() => city.close());

describe('with two holders', () => {
  beforeEach(() => launch([{ userId: people.auditor }, { userId: people.union, substitute: people.substitute }]));

  it('commitments come first, then the freeze, then the nonces, then the draw; and all of it verifies', async () => {
    expect(await state()).toBe('draft');
    expect(await draw()).toBe(false);
    expect(await commit(people.auditor, nonces[0])).toBe(false);
    await expect(handIn(people.auditor, nonces[0])).rejects.toThrow('does not stand so');
    expect(await commit(people.union, nonces[1])).toBe(true);
    expect(await state()).toBe('committed');
    await expect(handIn(people.auditor, nonces[0])).rejects.toThrow('not frozen yet');

    expect(await draw()).toBe(false);
    const [frozen] = await all<{ hash: string }>('SELECT frame_hash AS hash FROM draw WHERE frozen_at IS NOT NULL');
    // Later comings and goings touch nothing that is frozen.
    await settleIn(city, shopsOf('W02', 1, 900));
    await handIn(people.auditor, nonces[0]);
    expect(await draw()).toBe(false);
    await handIn(people.substitute, nonces[1]);
    expect(await draw()).toBe(true);
    expect(await state()).toBe('fielding');

    await finish();
    await closeRound(city, roundId, 'test');
    const bundle = await readDrawBundle(city, roundId);
    expect(verifyDraw(bundle)).toEqual([]);
    expect(bundle).toMatchObject({ nonces, publicValue: 'NONE', operatorTrusted: false, frameHash: frozen?.hash });
    expect(await all('SELECT holder_name, handed_in_by = holder AS himself FROM nonce ORDER BY place')).toEqual([
      { holder_name: '纪检', himself: true },
      { holder_name: '职工代表', himself: false },
    ]);
  });

  it('nobody commits twice, with another’s commitment, or for somebody else', async () => {
    await commit(people.auditor, nonces[0]);
    await expect(commit(people.auditor, nonces[1])).rejects.toThrow('have committed already');
    await expect(commit(people.union, nonces[0])).rejects.toThrow('commitment of another');
    await expect(commit(people.admin, nonces[1])).rejects.toThrow('you hold no nonce');
    await expect(commitNonce(city, { roundId, actor: 'x' }, people.union, 'A1')).rejects.toThrow(BadInput);
  });

  it('only the nonce that was committed to is taken, from its holder, once', async () => {
    await commit(people.auditor, nonces[0]);
    await commit(people.union, nonces[1]);
    await draw();
    await expect(handIn(people.auditor, '7c'.repeat(32))).rejects.toThrow('not the nonce that you committed to');
    await expect(handIn(people.auditor, nonces[1])).rejects.toThrow('not the nonce that you committed to');
    await handIn(people.auditor, nonces[0]);
    await expect(handIn(people.auditor, nonces[0])).rejects.toThrow('handed in already');
  });

  it('is cancelled in public, with its reason and whatever nonces are in, and nobody is called', async () => {
    await commit(people.auditor, nonces[0]);
    await commit(people.union, nonces[1]);
    await draw();
    await handIn(people.auditor, nonces[0]);
    await handIn(people.union, nonces[1]);
    await draw();
    await cancelRound(city, { roundId, actor: people.admin, reason: '名册有误' });
    expect(await all('SELECT FROM survey_case WHERE due_at IS NOT NULL')).toEqual([]);
    expect(await readPublicBundle(city, roundId)).toMatchObject({ state: 'cancelled', reason: '名册有误', nonces });
    expect(verifyDraw(await readDrawBundle(city, roundId))).toEqual([]);
  });
});

describe('with one holder and a public event', () => {
  const event = { name: '双色球 2026141 期', at: new Date('2026-12-01T21:15:00+08:00') };
  const value = 'SSQ:2026141:02,09,11,20,26,33+07';
  beforeEach(() => launch([{ userId: people.auditor }], event));

  it('its outcome is entered after its time, once, and stands in the seed', async () => {
    await commit(people.auditor, nonces[0]);
    await draw();
    await handIn(people.auditor, nonces[0]);
    const enter = (text: string) => enterPublicValue(city, { roundId, actor: people.admin }, text);
    await expect(enter(value)).rejects.toThrow('still to come');
    expect(await draw()).toBe(false);
    city.clock.advance(event.at);
    await expect(enter('a|b')).rejects.toThrow(BadInput);
    await enter(value);
    await expect(enter('another')).rejects.toThrow('no outcome of an event is awaited');
    expect(await draw()).toBe(true);
    await finish();
    await closeRound(city, roundId, 'test');
    const bundle = await readDrawBundle(city, roundId);
    expect(bundle).toMatchObject({ publicValue: value, operatorTrusted: false });
    expect(verifyDraw(bundle)).toEqual([]);
  });

  it('no commitment is taken once it has happened, and no frame is frozen', async () => {
    city.clock.advance(event.at);
    await expect(commit(people.auditor, nonces[0])).rejects.toThrow('the public event is over');
    await all(`UPDATE round SET state = 'committed'`);
    expect(await draw()).toBe(false);
    expect(await all('SELECT FROM frame_line')).toEqual([]);
  });
});

describe('whose word a draw rests on', () => {
  const event = { name: '3D 2026321', at: new Date('2026-12-01T21:15:00+08:00') };
  it.each([
    ['two holders', ['auditor', 'union'], null, false, 2],
    ['one holder and an event', ['auditor'], event, false, 1],
    ['one holder', ['auditor'], null, true, 2],
    ['a holder who is an admin, and another', ['admin', 'auditor'], null, true, 2],
    ['an event and nobody', [], event, true, 2],
    ['nobody', [], null, true, 2],
  ] as const)('%s', async (_, holders, publicEvent, operatorTrusted, count) => {
    await launch(
      holders.map((who) => ({ userId: people[who] })),
      publicEvent,
    );
    expect(await all('SELECT operator_trusted FROM draw')).toEqual([{ operator_trusted: operatorTrusted }]);
    expect(await all('SELECT FROM nonce')).toHaveLength(count);
  });

  it('is refused with every fault: people nobody knows or named twice, an event that is over', async () => {
    const wrong = await launch([{ userId: people.auditor, substitute: people.auditor }, { userId: 'somebody' }], {
      name: ' ',
      at: city.clock.now(),
    }).catch((error: unknown) => error);
    expect(wrong instanceof BadInput && wrong.faults.map(({ where }) => where)).toEqual([
      'holders',
      'holders',
      'publicEvent',
      'publicEventAt',
    ]);
    expect(await all('SELECT FROM round')).toEqual([]);
  });
});

describe('the public bundle', () => {
  it('holds the commitments and counts, the seed only once revealed, and never a retailer’s id', async () => {
    await launch([]);
    await draw();
    const ids = (await all<{ id: string }>('SELECT id FROM retailer')).map(({ id }) => id);
    const open = await readPublicBundle(city, roundId);
    expect(open).toMatchObject({ seed: null, nonces: null, operatorTrusted: true, state: 'fielding' });
    expect(open.commitments).toHaveLength(2);
    expect(open.managers.W01).toMatchObject({ frameSize: 41, excluded: { 'no-phone': 1 } });
    await finish();
    await closeRound(city, roundId, 'test');
    const closed = await readPublicBundle(city, roundId);
    const { frameHash, nonces: revealed, seed } = closed;
    expect(seed).toBe(
      seedOf({ drawId: roundId, frameHash: frameHash ?? '', nonces: revealed ?? [], publicValue: 'NONE' }),
    );
    const bundle = await readDrawBundle(city, roundId);
    for (const [managerId, { released, frameSize }] of Object.entries(bundle.managers))
      expect(closed.managers[managerId]).toMatchObject({ frameSize, released: released.length });
    for (const document of [open, closed]) {
      const text = JSON.stringify(document);
      expect(ids.filter((id) => text.includes(id))).toEqual([]);
    }
  });
});
