/**
 * Ids as the draw sees them (method: SATQ1, step 1). One spelling per retailer, or two people replaying the draw
 * from two exports would get two samples.
 */

/** As nearly every id is; it spares a million of them the slow look. */
const plain = /^[!-{}~]{1,64}$/;

/** Why `id` cannot stand in a frame, in a sentence, or null when it can. Expects the normalised form. */
export function faultOfId(id: string): string | null {
  if (plain.test(id)) return null;
  const length = [...id].length;
  if (length === 0) return 'is empty 不能为空';
  if (length > 64) return `has ${length} characters, at most 64 are allowed 最多 64 个字符`;
  if (id.includes('|')) return 'contains "|", which separates the columns of the frame 不能含有“|”';
  if (/\p{Cc}/u.test(id)) return 'contains a control character 含有控制字符';
  if (/\p{Cs}/u.test(id)) return 'is not valid Unicode 不是有效的 Unicode 文本';
  return null;
}

/** NFC, with Unicode white space taken off both ends. */
export function normaliseId(id: string): string {
  return id.normalize('NFC').replace(/^\p{White_Space}+|\p{White_Space}+$/gu, '');
}

/** Orders strings by their UTF-8 bytes, which is not how JavaScript compares them (UTF-16 units). */
export function byUtf8(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b));
}

/** Sorts in place. UTF-16 units sort as UTF-8 bytes do, but for the halves of what lies beyond U+FFFF. */
export function sortByUtf8(texts: string[]): string[] {
  return texts.some((text) => /[\ud800-\udfff]/.test(text)) ? texts.sort(byUtf8) : texts.sort();
}
