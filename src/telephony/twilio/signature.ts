import twilio from 'twilio';

/**
 * Whether a request was signed by Twilio with our token, over the address it really called. The address comes from
 * PUBLIC_URL, never from the request's own headers: behind a proxy they name the proxy, and from a stranger anything.
 *
 * @param tokens the current token, and the previous one while it is being changed.
 */
export function isSigned(
  tokens: readonly string[],
  publicUrl: string,
  request: {
    readonly path: string;
    readonly signature: string | undefined;
    readonly form: Readonly<Record<string, unknown>>;
  },
): boolean {
  const { path, signature, form } = request;
  return (
    signature !== undefined && tokens.some((token) => twilio.validateRequest(token, signature, publicUrl + path, form))
  );
}
