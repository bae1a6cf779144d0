import twilio from 'twilio';
import { describe, expect, test } from 'vitest';
import { isSigned } from './signature.ts';

/** The example of Twilio's own documentation (twilio.com/docs/usage/security). */
const token = '12345';
const host = 'https://mycompany.com';
const path = '/myapp.php?foo=1&bar=2';
const form = {
  CallSid: 'CA1234567890ABCDE',
  Caller: '+12349013030',
  Digits: '1234',
  From: '+12349013030',
  To: '+18005551212',
};
const signature = '0/KCTR6DLpKmkAf8muzZqo1nDgQ=';
const request = { path, signature, form };

describe('a signature', () => {
  test('of the documented example is taken, and it is what the official library signs with', () => {
    expect(isSigned([token], host, request)).toBe(true);
    expect(twilio.getExpectedTwilioSignature(token, host + path, form)).toBe(signature);
  });

  test('does not depend on the order in which the form came', () => {
    const reversed = Object.fromEntries(Object.entries(form).reverse());
    expect(isSigned([token], host, { ...request, form: reversed })).toBe(true);
  });

  test('by the previous token is taken while the token is being changed, by any other is not', () => {
    expect(isSigned(['the new one', token], host, request)).toBe(true);
    expect(isSigned(['the new one'], host, request)).toBe(false);
    expect(isSigned([], host, request)).toBe(false);
  });

  test.each<[what: string, changed: Partial<typeof request> & { at?: string }]>([
    ['another host', { at: 'https://mycompany.example' }],
    ['http where we are reached by https', { at: 'http://mycompany.com' }],
    ['another address of ours', { path: '/twilio/voice/7f3c/3' }],
    ['another query', { path: '/myapp.php?foo=1&bar=3' }],
    ['another key pressed', { form: { ...form, Digits: '1235' } }],
    ['a field more', { form: { ...form, Forged: 'yes' } as typeof form }],
    ['a field less', { form: { CallSid: form.CallSid } as typeof form }],
    ['an empty signature', { signature: '' }],
    ['a signature of another length', { signature: 'AAAA' }],
    ['a signature that is no base64', { signature: '中文' }],
  ])('over %s is refused', (_what, { at = host, ...changed }) => {
    expect(isSigned([token], at, { ...request, ...changed })).toBe(false);
  });

  test('that is missing is refused', () => {
    expect(isSigned([token], host, { ...request, signature: undefined })).toBe(false);
  });
});
