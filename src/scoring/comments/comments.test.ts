import { expect, test } from 'vitest';
import { withoutNumbers } from './comments.ts';

test.each([
  ['打我电话138 0013 8000，急', '打我电话…，急'],
  ['许可证 360112345678', '许可证 …'],
  ['０１３８００１３８０００', '…'],
  ['5月12日送了3条，差20元', '5月12日送了3条，差20元'],
])('numbers that somebody left are taken out: %s', (words, shown) => expect(withoutNumbers(words)).toBe(shown));
