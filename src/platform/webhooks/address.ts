import { isIP } from 'node:net';

/**
 * Where events may be sent. Results are of people: outside the company's own network they travel encrypted, and the
 * addresses by which machines in a cloud are told their own secrets (link-local) are nobody's endpoint.
 *
 * @returns what is wrong with the address, or null.
 */
export function addressFault(text: string): string | null {
  if (!URL.canParse(text))
    return fault('应为完整网址', 'must be an address such as https://scores.example.com/huifang');
  const { protocol, hostname, username, password, hash } = new URL(text);
  const host = hostname.replace(/^\[|\]$/g, '');
  if (protocol !== 'https:' && protocol !== 'http:') return fault('应以 https:// 开头', 'must begin with https://');
  if (username || password || hash)
    return fault('不能带用户名、密码或 #', 'must hold no user, password or #: messages are signed');
  if (isLinkLocal(host)) return fault('这个地址不能用', 'is an address of machines among themselves');
  if (protocol === 'http:' && !isInHouse(host))
    return fault('内网以外须用 https', 'must begin with https:// outside the company’s own network');
  return null;
}

const fault = (chinese: string, english: string) => `${chinese} · ${english}`;

const linkLocal = [/^169\.254\./, /^fe[89ab][\da-f]:/i, /^::ffff:a9fe:/i, /^metadata\.google\.internal\.?$/i];
const isLinkLocal = (host: string) => linkLocal.some((each) => each.test(host));

/** Loopback, private addresses (RFC 1918, RFC 4193), names without a dot and those that no public name ends in. */
const inHouse = [
  ...[/^127\./, /^10\./, /^192\.168\./, /^172\.(1[6-9]|2\d|3[01])\./],
  ...[/^::1$/, /^f[cd][\da-f]{2}:/i],
];
const inHouseName = /^[^.]+$|\.(internal|intranet|lan|local|localhost|home\.arpa)$/i;
const isInHouse = (host: string) =>
  isIP(host) ? inHouse.some((each) => each.test(host)) : inHouseName.test(host.replace(/\.$/, ''));
