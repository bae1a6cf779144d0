import { describe, expect, it } from 'vitest';
import { join, pause, saidAt, speak } from './speech.ts';

describe('the time words take', () => {
  // Clip lengths as measured for a real two-minute keypad interview; tenths of a second.
  it.each([
    [
      18.1,
      '您好,市烟草公司自动回访,请管订烟的老板听。请您给客户经理王建国打个分,不到两分钟。他看不到是谁打的,也不影响您订烟。忙,请按7;以后不接,请按9。',
    ],
    [
      16.7,
      '第一题。只说他本人的服务,不算货源和价格,您满意不满意?请打分:5分,非常满意;4分,满意;3分,一般;2分,不满意;1分,非常不满意。',
    ],
    [5.4, '您打的是5分,非常满意。按错了,请按井号键。'],
    [10.7, '第二题。他建议您订的烟,合不合店里的需要?5分最合适,1分最不合适。没建议过,请按0。'],
    [11.3, '第六题。最近一个月,他有没有要您多订您不想要的烟?有,请按1;没有,请按2;说不清,请按0。'],
    [10.1, '答完了,谢谢您!有事要我们回电帮您办,请按8;没有,挂机就行。祝您生意兴隆,再见!'],
  ])('%d s', (seconds, text) => {
    expect(Math.abs(speak(text).seconds - seconds)).toBeLessThan(0.1);
  });

  it('slow speech takes 1.35 times as long', () => {
    expect(speak('好的,接着来。', 1.35).seconds).toBeCloseTo(speak('好的,接着来。').seconds * 1.35, 9);
  });

  it('full-width signs are heard as half-width ones and spaces are not heard at all', () => {
    expect(speak(' 请按 ７ ， 谢谢 ！ ').words).toBe('请按7 ,谢谢!');
    expect(speak('请 按').words).toBe('请按');
  });

  it('words of another alphabet stay apart', () => {
    const heard = speak('Press 1 for sales, or hold.');
    expect(heard.words).toBe('Press 1 for sales, or hold.');
    expect(heard.seconds).toBeCloseTo(5 * 0.4 + 0.25 + 0.15 + 0.3, 9);
  });
});

describe('when a phrase was heard', () => {
  it('is the end of its last character, pauses before it included', () => {
    const heard = join([pause(0.8), speak('请打分:5分,非常满意')]);
    expect(saidAt(heard, /5分/)).toBeCloseTo(0.8 + 0.75 + 0.3 + 0.5, 9);
    expect(saidAt(heard, /4分/)).toBeNull();
  });
});
