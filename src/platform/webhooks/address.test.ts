import { describe, expect, test } from 'vitest';
import { addressFault } from './address.ts';

describe('an address that events may be sent to', () => {
  test.each([
    'https://scores.example.com/huifang?from=huifang',
    'https://10.1.2.3/huifang',
    'http://127.0.0.1:8080/huifang',
    'http://[::1]:8080/',
    'http://[fd12:3456::1]/huifang',
    'http://192.168.3.4/huifang',
    'http://172.16.0.9/huifang',
    'http://scoring/huifang',
    'http://scoring.internal/huifang',
    'http://localhost:3000/',
  ])('%s', (text) => {
    expect(addressFault(text)).toBeNull();
  });

  test.each([
    ['scores.example.com', 'such as https://'],
    ['ftp://scores.example.com', 'must begin with https'],
    ['javascript:alert(1)', 'must begin with https'],
    ['http://scores.example.com/huifang', 'own network'],
    ['http://172.32.0.9/huifang', 'own network'],
    ['http://8.8.8.8/', 'own network'],
    ['http://127.0.0.1.example.com/', 'own network'],
    ['https://user:secret@scores.example.com/', 'no user'],
    ['https://scores.example.com/#part', 'no user'],
    ['http://169.254.169.254/latest/meta-data', 'among themselves'],
    ['http://2852039166/latest/meta-data', 'among themselves'],
    ['http://[::ffff:169.254.169.254]/', 'among themselves'],
    ['http://[fe80::1]/', 'among themselves'],
    ['https://metadata.google.internal/', 'among themselves'],
  ])('not %s: %s', (text, why) => {
    expect(addressFault(text)).toContain(why);
  });
});
