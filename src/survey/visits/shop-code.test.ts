import { describe, expect, test } from 'vitest';
import { openVault } from '../../platform/vault.ts';
import { asPrinted, readShopCode, shopCode } from './shop-code.ts';

const vault = openVault([Buffer.alloc(32, 7)]);
const id = '360100123456';
const code = shopCode(vault, id);

describe('a shop’s code', () => {
  test('is eight digits, the same every time, another for every shop and every key', () => {
    expect(code).toMatch(/^\d{8}$/);
    expect(shopCode(vault, id)).toBe(code);
    const codes = new Set(Array.from({ length: 500 }, (_, shop) => shopCode(vault, `36010012${shop}`)));
    expect(codes.size).toBe(500);
    expect(shopCode(openVault([Buffer.alloc(32, 8)]), id)).not.toBe(code);
  });

  test('stays when a further key is added', () =>
    expect(shopCode(openVault([Buffer.alloc(32, 7), Buffer.alloc(32, 9)]), id)).toBe(code));

  test('is read as people key it', () => {
    const wide = code.replace(/\d/g, (digit) => String.fromCharCode(0xff10 + Number(digit)));
    for (const written of [code, asPrinted(code), ` ${code.slice(0, 4)}-${code.slice(4)}`, wide])
      expect(readShopCode(vault, id, written)).toBe('right');
  });

  test('of another shop is wrong; one with any digit changed is mistyped', () => {
    expect(readShopCode(vault, 'another', code)).toBe('wrong');
    for (let place = 0; place < 8; place += 1)
      for (let digit = 0; digit < 10; digit += 1) {
        const changed = code.slice(0, place) + digit + code.slice(place + 1);
        if (changed !== code)
          expect({ changed, read: readShopCode(vault, id, changed) }).toEqual({ changed, read: 'mistyped' });
      }
    for (const written of ['', '1234', `${code}0`, 'abcdefgh'])
      expect(readShopCode(vault, id, written)).toBe('mistyped');
  });
});
