/** Text as GBK, for files as Chinese offices keep them. Node decodes GBK and does not encode it: its table turned round. */
const decoder = new TextDecoder('gb18030');
const table = new Map<string, readonly [number, number]>();
for (let lead = 0x81; lead <= 0xfe; lead += 1)
  for (let trail = 0x40; trail <= 0xfe; trail += 1) {
    const character = decoder.decode(Uint8Array.of(lead, trail));
    if (trail !== 0x7f && character.length === 1 && character !== '\uFFFD') table.set(character, [lead, trail]);
  }

/** @throws Error where a character is not in GBK. */
export function gbk(text: string): Buffer {
  return Buffer.from(
    [...text].flatMap((character) => {
      if (character <= '\u007F') return [character.charCodeAt(0)];
      const bytes = table.get(character);
      if (!bytes) throw new Error(`${character} is not in GBK`);
      return bytes;
    }),
  );
}
