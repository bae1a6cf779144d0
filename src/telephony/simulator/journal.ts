import fs from 'node:fs';
import path from 'node:path';
import type { Detection } from './detection.ts';

/**
 * What must outlive a `kill -9`: one JSON line for every fact, appended with one write(2) before anybody is told of it.
 * A write that returned is in the kernel's hands and survives the process (not a power cut, which a simulator may lose).
 */

interface Stamped {
  /** When, on the simulator's clock (ISO). */
  readonly at: string;
}

/** A call as it was asked for. Everything that is needed to answer for it later, and nothing that can be computed. */
export interface CallOrder {
  readonly sid: string;
  readonly to: string;
  readonly from: string;
  readonly url: string | null;
  readonly twiml: string | null;
  readonly method: 'GET' | 'POST';
  readonly fallbackUrl: string | null;
  readonly fallbackMethod: 'GET' | 'POST';
  readonly statusCallback: string | null;
  readonly statusCallbackMethod: 'GET' | 'POST';
  readonly statusCallbackEvents: readonly string[];
  /** Seconds. */
  readonly timeout: number;
  /** Seconds. */
  readonly timeLimit: number;
  /** Whether, and how, it is found out who answered. */
  readonly detection?: Detection;
  /** The call that a Dial connected with this one. */
  readonly dialedBy?: string;
  /** The call that was missed, where this one is a person ringing back: then `from` is his number and `to` ours. */
  readonly ringsBackTo?: string;
}

export interface TextOrder {
  readonly sid: string;
  readonly to: string;
  readonly from: string;
  readonly body: string;
  readonly messagingServiceSid: string | null;
  readonly statusCallback: string | null;
}

export type Entry =
  | (Stamped & { readonly entry: 'clock' })
  | (Stamped & { readonly entry: 'call'; readonly call: CallOrder })
  | (Stamped & {
      readonly entry: 'end';
      readonly sid: string;
      readonly status: string;
      readonly sip: number;
      readonly started: string | null;
      readonly answered: string | null;
      readonly sequence: number;
    })
  /** The customer was told of the call's end. */
  | (Stamped & { readonly entry: 'told'; readonly sid: string })
  | (Stamped & { readonly entry: 'recording'; readonly sid: string; readonly call: string; readonly seconds: number })
  | (Stamped & { readonly entry: 'recording-deleted'; readonly sid: string })
  | (Stamped & { readonly entry: 'text'; readonly text: TextOrder })
  | (Stamped & {
      readonly entry: 'text-status';
      readonly sid: string;
      readonly status: string;
      readonly error: number | null;
    })
  | (Stamped & {
      readonly entry: 'reply';
      readonly sid: string;
      /** The text it answers. */
      readonly of: string;
      readonly from: string;
      readonly to: string;
      readonly body: string;
    })
  /** A name that a retailer heard for the first time. */
  | (Stamped & { readonly entry: 'name'; readonly phone: string; readonly name: string });

export interface Journal {
  /** On disk when it returns. */
  append(entry: Entry): void;
  close(): void;
}

/** For a simulator without `--data`: forgets at its end. */
export const NO_JOURNAL: Journal = { append() {}, close() {} };

/**
 * Opens the journal in `folder`, creating both where needed.
 *
 * @param fresh forget what was written before
 * @returns the journal and all entries found in it, in order; a torn last line (a kill in the middle of a write) is
 *   cut off, because it was never acted on
 * @throws Error naming the line, when anything else in it cannot be read
 */
export function openJournal(folder: string, fresh: boolean): { journal: Journal; entries: Entry[] } {
  fs.mkdirSync(folder, { recursive: true });
  const file = path.join(folder, 'journal.ndjson');
  if (fresh) fs.rmSync(file, { force: true });
  const written = fs.existsSync(file) ? fs.readFileSync(file) : Buffer.alloc(0);
  const whole = written.lastIndexOf(0x0a) + 1;
  if (whole < written.length) fs.truncateSync(file, whole);
  const lines = written.subarray(0, whole).toString('utf8').split('\n').slice(0, -1);
  const entries = lines.map((line, index) => parse(line, `${file}:${index + 1}`));
  // Clear numbers and texts are in it, as in any carrier's records: for its owner only.
  const handle = fs.openSync(file, 'a', 0o600);
  let closed = false;
  return {
    entries,
    journal: {
      append(entry) {
        // What still happens while the simulator shuts down counts as not having happened, as after a kill.
        if (closed) return;
        const line = Buffer.from(`${JSON.stringify(entry)}\n`, 'utf8');
        let done = 0;
        while (done < line.length) done += fs.writeSync(handle, line, done);
      },
      close() {
        closed = true;
        fs.closeSync(handle);
      },
    },
  };
}

function parse(line: string, where: string): Entry {
  try {
    return JSON.parse(line) as Entry;
  } catch {
    throw new Error(`${where}: not a line of a simulator's journal; start with --fresh to give up what it holds`);
  }
}
