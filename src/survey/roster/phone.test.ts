import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { maskPhone, phoneForm, readPhone, writePhone } from './phone.ts';

describe('a telephone number', () => {
  it.each([
    ['13800138000', '+8613800138000', 'mobile'],
    ['138-0013-8000', '+8613800138000', 'mobile'],
    ['138 0013 8000', '+8613800138000', 'mobile'],
    [' 138 0013 8000 ', '+8613800138000', 'mobile'],
    ['138－0013－8000', '+8613800138000', 'mobile'],
    ['138—0013—8000', '+8613800138000', 'mobile'],
    ['１３８００１３８０００', '+8613800138000', 'mobile'],
    ['+86 138 0013 8000', '+8613800138000', 'mobile'],
    ['＋８６１３８００１３８０００', '+8613800138000', 'mobile'],
    ['86 138 0013 8000', '+8613800138000', 'mobile'],
    ['8613800138000', '+8613800138000', 'mobile'],
    ['008613800138000', '+8613800138000', 'mobile'],
    ['（86）13800138000', '+8613800138000', 'mobile'],
    ['19912345678', '+8619912345678', 'mobile'],
    ['0766-1234567', '+867661234567', 'landline'],
    ['0791 8812 3456', '+8679188123456', 'landline'],
    ['079188123456', '+8679188123456', 'landline'],
    ['（0791）88123456', '+8679188123456', 'landline'],
    ['+86 791 88123456', '+8679188123456', 'landline'],
    ['010-88123456', '+861088123456', 'landline'],
    ['02088123456', '+862088123456', 'landline'],
    ['+852 9123 4567', '+85291234567', 'mobile'],
    ['+1 212 555 2368', '+12125552368', 'mobile'],
    ['+44 20 7946 0958', '+442079460958', 'landline'],
  ])('written as %s is %s, a %s', (written, e164, kind) => {
    expect(readPhone(written)).toEqual({ value: { e164, kind } });
    expect(phoneForm(written)).toBe(e164);
  });

  it.each([
    ['110', '有效'],
    ['12345', '有效'],
    ['95598', '有效'],
    ['4008123456', '服务号码'],
    ['400-812-3456', '服务号码'],
    ['8008101234', '服务号码'],
    ['88123456', '区号'],
    ['1380013800', '位数'],
    ['138001380001', '位数'],
    ['10012345678', '位数'],
    ['0791-88123456-801', '分机'],
    ['1064812345678', '位数'],
    ['0', '位数'],
    ['---', '位数'],
    ['+', '位数'],
    ['1.38001E+10', 'Excel'],
    ['1.38001e10', 'Excel'],
    ['13800138000/13900139000', '一个号码'],
    ['13800138000、13900139000', '一个号码'],
    ['13800138000 张三', '一个号码'],
    ['tel:+8613800138000', '一个号码'],
    ['无', '一个号码'],
    ['', '一个号码'],
  ])('cannot be %s; the fault speaks of %s', (written, hint) => {
    expect(readPhone(written)).toEqual({ fault: expect.stringContaining(hint) });
    expect(phoneForm(written)).toBeNull();
  });

  it('is never repeated in the fault found with it', () => {
    fc.assert(
      fc.property(fc.stringMatching(/^[0-9]{7,15}$/), (digits) => {
        const reading = readPhone(digits);
        if ('fault' in reading) expect(reading.fault).not.toContain(digits);
      }),
    );
  });

  it('read once more in its E.164 form is the same', () => {
    const mobiles = fc.stringMatching(/^1(3[5-9]|5[0-2]|8[2-8])[0-9]{8}$/);
    const landlines = fc.stringMatching(/^0791-8[2-8][0-9]{6}$/);
    fc.assert(
      fc.property(fc.oneof(mobiles, landlines), (written) => {
        const e164 = phoneForm(written);
        expect(e164).toMatch(/^\+86\d{10,11}$/);
        expect(phoneForm(e164 ?? '')).toBe(e164);
      }),
    );
  });
});

describe('what may be shown of a number', () => {
  it.each([
    ['+8613800131234', '138****1234'],
    ['+8619912345678', '199****5678'],
    ['+8679188123567', '0791-****567'],
    ['+867661234567', '0766-****567'],
    ['+861088123456', '010-****456'],
    ['+862088123456', '020-****456'],
    ['+85291234567', '+852 ****567'],
    ['+12125552368', '+1 ****368'],
  ])('of %s is %s', (e164, masked) => {
    expect(maskPhone(e164)).toBe(masked);
  });
});

describe('a number written out', () => {
  it.each([
    ['+8613800131234', '13800131234'],
    ['+8679188123567', '0791-88123567'],
    ['+861088123456', '010-88123456'],
    ['+862088123456', '020-88123456'],
    ['+85291234567', '+852 91234567'],
    ['+12125552368', '+1 2125552368'],
  ])('%s is %s, and is read back', (e164, written) => {
    expect(writePhone(e164)).toBe(written);
    expect(phoneForm(written)).toBe(e164);
  });
});
