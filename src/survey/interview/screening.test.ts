import { expect, test } from 'vitest';
import { asksToWait } from './screening.ts';

test.each([
  '好的,请稍等,我看看他能不能接听。',
  '谢谢,请不要挂断,正在为您转接',
  '请说您是谁,什么事',
  '请留下您的姓名和来意',
  'Thanks. Please hold while I see if this person is available.',
  'Stay on the line.',
])('an assistant that puts us off: %s', (words) => {
  expect(asksToWait(words)).toBe(true);
});

test.each(['喂', '你好,哪里?', '喂,你说', '我就是老板', '谁啊', 'hello?', 'Yes, speaking.', ''])(
  'somebody who has come to the telephone: %s',
  (words) => {
    expect(asksToWait(words)).toBe(false);
  },
);
