/** What an API key may be allowed. Closed by default: a key has only what it was given, and one scope implies no other. */
export const scopes = [
  'rounds:read',
  'rounds:write',
  'roster:read',
  'roster:write',
  'questionnaires:read',
  'questionnaires:write',
  'draws:read',
  'draws:write',
  'draws:audit',
  'spot-checks:read',
  'spot-checks:write',
  'desk:read',
  'desk:write',
  'quality:read',
  'quality:write',
  'results:read',
  'appeals:read',
  'appeals:write',
  'events:read',
  'webhooks:read',
  'webhooks:write',
  'messages:read',
  'carriers:read',
  'carriers:write',
  'users:read',
  'users:write',
  'users:sign-in',
  'audit:read',
] as const;
export type Scope = (typeof scopes)[number];

export const isScope = (text: string): text is Scope => (scopes as readonly string[]).includes(text);
