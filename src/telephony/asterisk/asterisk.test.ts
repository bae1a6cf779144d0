import { describe, expect, test } from 'vitest';
import { readConfig } from '../../config.ts';
import type { BadInput } from '../../platform/errors.ts';
import type { AriAnswer } from './ari.ts';
import { placingOf } from './asterisk.ts';
import { asShown, dialled } from './number.ts';

const id = '0b6c7f2e-3f0e-4a8e-9d57-6a2f4b1f3c11';
const said = (status: number, body: unknown): AriAnswer => ({ status, body });

describe('what became of asking for a call', () => {
  test.each<[string, AriAnswer, object]>([
    ['it was taken', said(200, { id }), { kind: 'placed', carrierId: id }],
    [
      'it is there already: asked for before, and rung once',
      said(409, { message: 'Channel with given unique ID already exists' }),
      { kind: 'placed', carrierId: id },
    ],
    [
      'we are not known',
      said(401, { message: 'Authentication required' }),
      { kind: 'refused', trouble: 'settings', errorCode: 401 },
    ],
    [
      'it was not understood',
      said(400, { message: 'Endpoint must be specified' }),
      { kind: 'refused', trouble: 'settings', errorCode: 400 },
    ],
    [
      'no such trunk, or one out of reach',
      said(500, { error: 'Allocation failed' }),
      { kind: 'refused', trouble: 'settings', errorCode: 500 },
    ],
    ['too many requests', said(429, { message: 'slow down' }), { kind: 'refused', trouble: 'busy', errorCode: 429 }],
    ['another channel than ours', said(200, { id: 'other' }), { kind: 'unknown' }],
    ['something broke', said(500, { message: 'Internal Server Error' }), { kind: 'unknown' }],
    ['it took too long for somebody', said(408, { message: 'Request Timeout' }), { kind: 'unknown' }],
    ['a page of a proxy', said(502, null), { kind: 'unknown' }],
    ['a page that refuses', said(403, null), { kind: 'unknown' }],
    ['a page that says all is well', said(200, null), { kind: 'unknown' }],
  ])('%s', (_, answer, expected) => {
    expect(placingOf(id, answer)).toMatchObject(expected);
  });
});

describe('numbers as a trunk wants them', () => {
  test.each([
    ['PJSIP/{number}@trunk', '+8613800138000', 'PJSIP/13800138000@trunk'],
    ['PJSIP/{number}@trunk', '+8679188123456', 'PJSIP/079188123456@trunk'],
    ['PJSIP/{number}@trunk', '+861088880001', 'PJSIP/01088880001@trunk'],
    ['PJSIP/9{number}@trunk', '+8613800138000', 'PJSIP/913800138000@trunk'],
    ['PJSIP/{number}@trunk', '+85291234567', 'PJSIP/0085291234567@trunk'],
    ['PJSIP/{e164}@trunk', '+8613800138000', 'PJSIP/+8613800138000@trunk'],
  ])('%s: %s is dialled %s', (pattern, number, expected) => {
    expect(dialled(pattern, number)).toBe(expected);
  });

  test('ours is shown in the form in which others are dialled', () => {
    expect(asShown('PJSIP/{number}@trunk', '+8679188001234')).toBe('079188001234');
    expect(asShown('PJSIP/{e164}@trunk', '+8679188001234')).toBe('+8679188001234');
  });
});

describe('settings', () => {
  const whole = {
    ...{ CARRIER: 'asterisk', ASTERISK_ARI_URL: 'http://127.0.0.1:8088/ari/', ASTERISK_ARI_USER: 'huifang' },
    ...{ ASTERISK_ARI_PASSWORD: 'secret', ASTERISK_ENDPOINT: 'PJSIP/{number}@trunk' },
    ...{ ASTERISK_FROM_NUMBER: '+8679188001234', ASTERISK_SOUNDS: '/var/lib/huifang/sounds' },
  };
  const faultsOf = (environment: Record<string, string>): string[] => {
    try {
      readConfig(environment);
      return [];
    } catch (error) {
      return (error as BadInput).faults.map(({ where }) => where).sort();
    }
  };

  test('that are whole are taken, and the program that speaks has a default', () => {
    expect(readConfig(whole)).toMatchObject({
      ASTERISK_ARI_URL: 'http://127.0.0.1:8088/ari',
      ASTERISK_FROM_NUMBER: ['+8679188001234'],
    });
    expect(readConfig(whole).SPEECH_PROGRAM).toContain('espeak-ng');
  });
  test('that are missing are all named at once', () => {
    const names = Object.keys(whole).filter((name) => name !== 'CARRIER');
    expect(faultsOf({ CARRIER: 'asterisk' })).toEqual(names.sort());
  });
  test.each([
    ['ASTERISK_ARI_URL', 'ws://127.0.0.1'],
    ['ASTERISK_ENDPOINT', 'PJSIP/trunk'],
    ['ASTERISK_ENDPOINT', '{number}@trunk'],
    ['ASTERISK_FROM_NUMBER', '079188001234'],
    ['ASTERISK_SOUNDS', 'sounds'],
    ['SPEECH_PROGRAM', 'espeak-ng {text}'],
  ])('%s=%s is named', (name, value) => {
    expect(faultsOf({ ...whole, [name]: value })).toEqual([name]);
  });
});
