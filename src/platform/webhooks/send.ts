import type { Message } from './message.ts';

/** What became of one try. */
export type Outcome =
  | { readonly kind: 'delivered'; readonly status: number }
  /** It wants no more, ever (410). */
  | { readonly kind: 'gone'; readonly status: number }
  | {
      readonly kind: 'failed';
      readonly status: number | null;
      /** In a word, and of our own or the system's: nothing that the endpoint wrote. */
      readonly error: string;
      readonly retryAfter: string | null;
    };

export const longestWait = 15_000;

/** Posts a message, once. Redirections are not followed: whoever was told the secret is where the address leads. */
export async function send(url: string, { headers, body }: Message, wait = longestWait): Promise<Outcome> {
  try {
    const signal = AbortSignal.timeout(wait);
    const response = await fetch(url, { method: 'POST', redirect: 'manual', headers, body, signal });
    // What it says beyond its status is of no interest, and may be endless.
    await response.body?.cancel();
    const { status, ok } = response;
    if (ok) return { kind: 'delivered', status };
    if (status === 410) return { kind: 'gone', status };
    const error = status >= 300 && status < 400 ? 'redirected' : 'refused';
    return { kind: 'failed', status, error, retryAfter: response.headers.get('retry-after') };
  } catch (error) {
    return { kind: 'failed', status: null, error: reasonOf(error), retryAfter: null };
  }
}

/** The message of an error may hold the address, and that a secret. */
function reasonOf(error: unknown): string {
  if (error instanceof Error && error.name === 'TimeoutError') return 'timed-out';
  const cause = error instanceof Error ? error.cause : undefined;
  const code = cause instanceof Error && 'code' in cause ? String(cause.code) : '';
  return /^[A-Z][A-Z\d_]{1,39}$/.test(code) ? code : 'failed';
}
