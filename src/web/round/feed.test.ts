import { expect, test } from 'vitest';
import { messagesIn } from '../messages.ts';
import { type Contact, eventOf } from './feed.ts';

const { events } = messagesIn('zh-CN').round.feed;
const call: Contact = {
  ...{ masked: '138****0001', channel: 'voice', state: 'ringing', answered: false, result: null },
  ...{ place: null, item: null, at: new Date(0) },
};
const text: Contact = { ...call, channel: 'sms' };

test.each<[Partial<Contact>, string]>([
  [{ state: 'claimed' }, '等拨号位'],
  [{ state: 'dialing' }, '正在拨出'],
  [{ state: 'queued' }, '运营商已受理'],
  [{ state: 'ringing' }, '振铃'],
  [{ state: 'in-progress', place: 'greeting' }, '接通，介绍'],
  [{ state: 'in-progress', place: 'question', item: 2 }, '第 3 题'],
  [{ state: 'in-progress', place: 'read-back', item: 0 }, '第 1 题'],
  [{ state: 'in-progress', place: 'farewell' }, '结束语'],
  [{ state: 'in-progress', place: 'stopping' }, '通话中'],
  [{ state: 'in-progress', place: 'person' }, '通话中'],
  [{ state: 'in-progress', place: null }, '通话中'],
  [{ state: 'unknown' }, '结果不明，核对中'],
  [{ state: 'ended', answered: true, result: 'completed' }, '通话结束'],
  [{ state: 'ended', result: 'busy' }, '未接通'],
  [{ state: 'ended', result: 'bad-number' }, '未接通'],
  [{ state: 'ended', result: 'technical' }, '线路故障'],
  [{ ...text, state: 'sending' }, '短信待发'],
  [{ ...text, state: 'sent' }, '短信已发'],
  [{ ...text, state: 'delivered' }, '短信已送达'],
  [{ ...text, state: 'ended', result: 'delivered' }, '短信往来结束'],
  [{ ...text, state: 'ended', result: 'bad-number' }, '短信未送达'],
])('%j is told as %s', (contact, told) => expect(eventOf({ ...call, ...contact }, events)).toBe(told));
