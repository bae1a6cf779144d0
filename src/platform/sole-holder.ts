import pg from 'pg';
import type { Log } from './log.ts';

/**
 * Something that of all processes on one database only one may do at a time. Who does it holds a lock on a connection
 * of its own: when he dies, or his database does not see him any more, the next one has it.
 */
export interface Held {
  close(): Promise<void>;
}

const askAgainAfter = 1000;

/**
 * Waits for its turn, and then does it until this process ends, is closed, or loses the lock.
 *
 * @param name the same in every process that is meant.
 * @param begin starts it; what it returns ends it.
 */
export function holdAlone(
  { url, name, log }: { readonly url: string; readonly name: string; readonly log: Log },
  begin: () => Held,
): Held {
  let closed = false;
  let wake = () => {};
  const rest = () =>
    new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, askAgainAfter);
      wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  const holdOnce = async () => {
    const client = new pg.Client({ connectionString: url, application_name: `huifang ${name}`, keepAlive: true });
    const lost = new Promise<void>((resolve) => {
      client.on('error', () => resolve());
      client.on('end', () => resolve());
    });
    try {
      await client.connect();
      while (!closed) {
        const { rows } = await client.query<{ got: boolean }>('SELECT pg_try_advisory_lock(hashtext($1)) AS got', [
          name,
        ]);
        if (rows[0]?.got) break;
        await rest();
      }
      if (closed) return;
      const held = begin();
      const told = new Promise<void>((resolve) => {
        wake = resolve;
      });
      await Promise.race([lost, told]);
      await held.close();
    } finally {
      await client.end().catch(() => {});
    }
  };
  const holding = (async () => {
    while (!closed) {
      await holdOnce().catch((error: unknown) => log.warn({ err: error }, name));
      if (!closed) await rest();
    }
  })();
  return {
    async close() {
      closed = true;
      wake();
      await holding;
    },
  };
}
