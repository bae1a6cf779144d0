import type { Greeting } from './person.ts';
import type { HttpMethod } from './twiml.ts';

/**
 * Answering machine detection: what the carrier's ear makes of whoever answers. It knows nothing of people: it measures
 * how long is spoken, and what comes after. https://www.twilio.com/docs/voice/answering-machine-detection
 */

/** What an order asks for. */
export interface Detection {
  /** At once, or at the end of what a machine says. */
  readonly mode: 'Enable' | 'DetectMessageEnd';
  /** Seconds after which nobody can be told any more. */
  readonly timeout: number;
  /** Whoever speaks longer is a machine, in milliseconds. */
  readonly speechThreshold: number;
  /** So long a silence ends what was said, in milliseconds. */
  readonly speechEndThreshold: number;
  /** So long a silence at the start leaves it open, in milliseconds. */
  readonly silenceTimeout: number;
  /** The call goes on meanwhile, and the verdict is told to `callback`. */
  readonly async: boolean;
  readonly callback: string | null;
  readonly callbackMethod: HttpMethod;
}

export interface Verdict {
  readonly answeredBy: 'human' | 'machine_start' | `machine_end_${'beep' | 'silence' | 'other'}` | 'fax' | 'unknown';
  /** Seconds after the call was answered. */
  readonly after: number;
}

/** A fax machine's tone is known by then. */
const FAX_SECONDS = 3;
/** From the end of a greeting until it is clear that nothing comes. */
const END_SECONDS = { beep: 0.4, silence: 2, other: 1.2 } as const;

export function verdictOn(greeting: Greeting, detection: Detection): Verdict {
  const verdict = heard(greeting, detection);
  return verdict.after <= detection.timeout ? verdict : { answeredBy: 'unknown', after: detection.timeout };
}

function heard(greeting: Greeting, { mode, ...thresholds }: Detection): Verdict {
  if (greeting === 'fax') return { answeredBy: 'fax', after: FAX_SECONDS };
  if (greeting === 'nothing') return { answeredBy: 'unknown', after: thresholds.silenceTimeout / 1000 };
  const { seconds, ends } = greeting;
  if (1000 * seconds <= thresholds.speechThreshold)
    return { answeredBy: 'human', after: seconds + thresholds.speechEndThreshold / 1000 };
  if (mode === 'Enable') return { answeredBy: 'machine_start', after: thresholds.speechThreshold / 1000 };
  return { answeredBy: `machine_end_${ends}`, after: seconds + END_SECONDS[ends] };
}
