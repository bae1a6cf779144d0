import { createCipheriv, createDecipheriv, createHmac, hkdfSync, randomBytes } from 'node:crypto';

/**
 * Keeps what must not be readable in the database: AES-256-GCM under versioned keys, and a keyed digest by which an
 * entry is found again without opening any.
 *
 * Sealed form: version (1 byte) | nonce (12) | tag (16) | text. The digest always uses the first key, so adding a key
 * version changes how new entries are sealed and not how any is found.
 */
export interface Vault {
  seal(text: string): Buffer;
  sealBytes(bytes: Uint8Array): Buffer;
  /** @throws if the entry was sealed under a key that is not here, or was tampered with. */
  open(sealed: Uint8Array): string;
  /** @throws as `open`. */
  openBytes(sealed: Uint8Array): Buffer;
  /** HMAC-SHA-256 of `text`: equal texts, equal digests, and nothing to be learnt from one. */
  digest(text: string): Buffer;
}

const nonceLength = 12;
const tagLength = 16;

const derive = (key: Buffer, purpose: string): Buffer =>
  Buffer.from(hkdfSync('sha256', key, '', `huifang/${purpose}`, 32));

/** @param keys 32 bytes each, by version, starting at version 1; the last one seals. */
export function openVault(keys: readonly Buffer[]): Vault {
  const sealing = keys.map((key) => derive(key, 'seal'));
  const [first] = keys;
  const current = sealing.at(-1);
  if (!first || !current) throw new Error('a vault needs at least one key');
  const digestKey = derive(first, 'digest');
  const sealBytes = (bytes: Uint8Array): Buffer => {
    const nonce = randomBytes(nonceLength);
    const cipher = createCipheriv('aes-256-gcm', current, nonce);
    const body = Buffer.concat([cipher.update(bytes), cipher.final()]);
    return Buffer.concat([Buffer.from([sealing.length]), nonce, cipher.getAuthTag(), body]);
  };
  const openBytes = (sealed: Uint8Array): Buffer => {
    const bytes = Buffer.from(sealed);
    const key = sealing[(bytes[0] ?? 0) - 1];
    if (!key) throw new Error(`sealed under key version ${bytes[0]}, which DATA_KEY does not hold`);
    const decipher = createDecipheriv('aes-256-gcm', key, bytes.subarray(1, 1 + nonceLength));
    decipher.setAuthTag(bytes.subarray(1 + nonceLength, 1 + nonceLength + tagLength));
    return Buffer.concat([decipher.update(bytes.subarray(1 + nonceLength + tagLength)), decipher.final()]);
  };
  return {
    ...{ sealBytes, openBytes },
    seal: (text) => sealBytes(Buffer.from(text, 'utf8')),
    open: (sealed) => openBytes(sealed).toString('utf8'),
    digest: (text) => createHmac('sha256', digestKey).update(text).digest(),
  };
}
