import { createHash } from 'node:crypto';
import canonicalize from 'canonicalize';

/** SHA-256 of a JSON document in its canonical form (RFC 8785): the same whatever order its keys come back in. */
export const canonicalHash = (document: unknown): string =>
  createHash('sha256')
    .update(canonicalize(document) ?? '')
    .digest('hex');
