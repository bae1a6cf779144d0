import type { CookieOptions, RequestHandler } from 'express';

/** Where pages are reached decides how their cookies are kept: over https they never leave it. */
export const isHttps = (publicUrl: string): boolean => publicUrl.startsWith('https:');

/** `__Host-` makes a browser refuse the cookie from any other host or path, a sibling subdomain included. */
export const cookieName = (name: string, publicUrl: string): string =>
  isHttps(publicUrl) ? `__Host-huifang-${name}` : `huifang-${name}`;

export const cookieOptions = (publicUrl: string) =>
  ({ httpOnly: true, sameSite: 'lax', secure: isHttps(publicUrl), path: '/' }) as const satisfies CookieOptions;

/** Reads the request's cookies, which express leaves as one header. */
export const readCookies: RequestHandler = (request, _response, next) => {
  const pairs = (request.headers.cookie ?? '').split(';').flatMap((pair) => {
    const at = pair.indexOf('=');
    return at < 0 ? [] : [[pair.slice(0, at).trim(), decoded(pair.slice(at + 1).trim())] as const];
  });
  // The first of a name is the one of the longest path, which is ours; never a name of Object's own.
  request.cookies = Object.assign(Object.create(null), Object.fromEntries(pairs.reverse()));
  next();
};

function decoded(value: string): string {
  try {
    return decodeURIComponent(value);
  } catch {
    return value;
  }
}
