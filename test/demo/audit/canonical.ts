/**
 * Canonical JSON (RFC 8785) of what JSON.parse gave: no white space, names sorted by UTF-16 units. Texts and numbers are
 * written as ECMAScript writes them, which is what the standard refers to.
 */
export function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  const members = Object.entries(value)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, member]) => `${JSON.stringify(name)}:${canonical(member)}`);
  return `{${members.join(',')}}`;
}
