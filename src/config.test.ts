import { expect, test } from 'vitest';
import { readConfig } from './config.ts';
import { BadInput } from './platform/errors.ts';

const faultsOf = (environment: Record<string, string>): string[] => {
  try {
    readConfig(environment);
    return [];
  } catch (error) {
    if (!(error instanceof BadInput)) throw error;
    return error.faults.map(({ where }) => where);
  }
};

test('a carrier of texts names every variable that it lacks', () => {
  expect(faultsOf({ TEXT_CARRIER: 'aliyun' })).toEqual([
    ...['ALIYUN_ACCESS_KEY_ID', 'ALIYUN_ACCESS_KEY_SECRET', 'ALIYUN_SMS_SIGNATURE', 'ALIYUN_SMS_TEMPLATES'],
    ...['ALIYUN_PUSH_TOKEN', 'PUBLIC_URL'],
  ]);
  expect(faultsOf({ TEXT_CARRIER: 'http' })).toEqual([
    ...['SMS_GATEWAY_URL', 'SMS_GATEWAY_TOKEN', 'SMS_GATEWAY_SECRET', 'PUBLIC_URL'],
  ]);
  expect(faultsOf({ TEXT_CARRIER: 'pigeon' })).toEqual(['TEXT_CARRIER']);
});

test('template codes are read by text; one without its code is said so', () => {
  const given = (ALIYUN_SMS_TEMPLATES: string) => readConfig({ ALIYUN_SMS_TEMPLATES }).ALIYUN_SMS_TEMPLATES;
  expect([...(given('S1=SMS_1, SE1b = SMS_2,S1.en=SMS_3,') ?? [])]).toEqual([
    ['S1', 'SMS_1'],
    ['SE1b', 'SMS_2'],
    ['S1.en', 'SMS_3'],
  ]);
  for (const wrong of ['S1', 'S1=', '=SMS_1', 'S1=SMS_1=2'])
    expect(faultsOf({ ALIYUN_SMS_TEMPLATES: wrong })).toEqual(['ALIYUN_SMS_TEMPLATES']);
});

test('secrets that are too short to be any are refused', () => {
  expect(faultsOf({ ALIYUN_PUSH_TOKEN: 'short' })).toEqual(['ALIYUN_PUSH_TOKEN']);
  expect(faultsOf({ SMS_GATEWAY_SECRET: 'whsec_c2hvcnQ=' })).toEqual(['SMS_GATEWAY_SECRET']);
});
