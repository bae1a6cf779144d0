import { describe, expect, test } from 'vitest';
import type { CallReport } from '../../survey/fieldwork/call.ts';
import type { TextReport } from '../ports.ts';
import { type CallStatus, callReport, callStatus, type TextStatus, textReport, textStatus } from './reports.ts';

const ended = (
  result: Extract<CallReport, { state: 'ended' }>['result'],
  errorCode: number | null = null,
): CallReport => ({
  state: 'ended',
  result,
  errorCode,
});

describe('what Twilio says of a call', () => {
  test.each<[status: CallStatus, sip: number | null, error: number | null, report: CallReport]>([
    ['queued', null, null, { state: 'queued' }],
    ['initiated', null, null, { state: 'queued' }],
    ['ringing', null, null, { state: 'ringing' }],
    ['in-progress', null, null, { state: 'in-progress' }],
    ['completed', 200, null, ended('completed')],
    ['busy', 486, null, ended('busy')],
    ['no-answer', null, null, ended('no-answer')],
    // Cancelled before it rang, or after a day in Twilio's queue: the shop did nothing.
    ['canceled', null, null, ended('technical')],
    // The number itself is no good.
    ['failed', 404, null, ended('bad-number', 404)],
    ['failed', 410, null, ended('bad-number', 410)],
    ['failed', 484, null, ended('bad-number', 484)],
    ['failed', 604, null, ended('bad-number', 604)],
    ['failed', null, 13224, ended('bad-number', 13224)],
    ['failed', 503, 32101, ended('bad-number', 32101)],
    // Somebody or something there said no.
    ['failed', 403, null, ended('rejected', 403)],
    ['failed', 603, null, ended('rejected', 603)],
    ['failed', 603, 32001, ended('rejected', 32001)],
    // The network, the settings, or nobody knows: nothing against the number.
    ['failed', 480, null, ended('technical', 480)],
    ['failed', 503, null, ended('technical', 503)],
    ['failed', null, 32001, ended('technical', 32001)],
    ['failed', null, 13227, ended('technical', 13227)],
    ['failed', null, 21610, ended('blocked', 21610)],
    ['failed', null, null, ended('technical')],
  ])('%s, SIP %s, error %s', (status, sip, error, report) => {
    expect(callReport(status, sip, error)).toEqual(report);
  });

  test('in words it does not have is not guessed at', () => {
    for (const word of ['answered', 'COMPLETED', 'cancelled', ''])
      expect(callStatus.safeParse(word).success).toBe(false);
  });
});

describe('what Twilio says of a text', () => {
  const failed = (
    result: Extract<TextReport, { state: 'failed' }>['result'],
    errorCode: number | null,
  ): TextReport => ({
    state: 'failed',
    result,
    errorCode,
  });

  test.each<[status: TextStatus, error: number | null, report: TextReport]>([
    ['accepted', null, { state: 'sent' }],
    ['scheduled', null, { state: 'sent' }],
    ['queued', null, { state: 'sent' }],
    ['sending', null, { state: 'sent' }],
    ['sent', null, { state: 'sent' }],
    ['delivered', null, { state: 'delivered' }],
    ['read', null, { state: 'delivered' }],
    ['undelivered', 30003, failed('technical', 30003)],
    ['undelivered', 30005, failed('bad-number', 30005)],
    ['undelivered', 30006, failed('bad-number', 30006)],
    ['undelivered', 30007, failed('technical', 30007)],
    ['failed', 21610, { state: 'failed', result: 'blocked', errorCode: 21610, optedOut: true }],
    ['failed', 21614, failed('bad-number', 21614)],
    ['failed', null, failed('technical', null)],
    ['canceled', null, failed('technical', null)],
  ])('%s, error %s', (status, error, report) => {
    expect(textReport(status, error)).toEqual(report);
  });

  test('in words it does not have is not guessed at', () => {
    for (const word of ['bounced', 'Delivered', '']) expect(textStatus.safeParse(word).success).toBe(false);
  });
});
