import { expect, test } from 'vitest';
import { type Detection, verdictOn } from './detection.ts';
import type { Greeting } from './person.ts';

/** Twilio's own defaults. */
const detection: Detection = {
  ...{ mode: 'DetectMessageEnd', timeout: 30, speechThreshold: 2400, speechEndThreshold: 1200, silenceTimeout: 5000 },
  ...{ async: true, callback: null, callbackMethod: 'POST' },
};
const says = (seconds: number, ends: 'beep' | 'silence' | 'other' = 'other'): Greeting => ({ seconds, ends });

test.each<[Greeting, Partial<Detection>, string, number]>([
  [says(0.8), {}, 'human', 2],
  [says(2.4), {}, 'human', 3.6],
  // A person who says more than a hello is taken for a machine, as by any carrier.
  [says(3), {}, 'machine_end_other', 4.2],
  [says(9, 'beep'), {}, 'machine_end_beep', 9.4],
  [says(5, 'silence'), {}, 'machine_end_silence', 7],
  [says(9, 'beep'), { mode: 'Enable' }, 'machine_start', 2.4],
  [says(9, 'beep'), { speechThreshold: 6000, mode: 'Enable' }, 'machine_start', 6],
  ['fax', {}, 'fax', 3],
  ['nothing', {}, 'unknown', 5],
  ['nothing', { silenceTimeout: 2000 }, 'unknown', 2],
  // Longer than it listens: nobody can tell.
  [says(45, 'beep'), {}, 'unknown', 30],
  [says(45, 'beep'), { timeout: 59 }, 'machine_end_beep', 45.4],
])('%j, %j: %s', (greeting, wanted, answeredBy, after) => {
  const verdict = verdictOn(greeting, { ...detection, ...wanted });
  expect(verdict.answeredBy).toBe(answeredBy);
  expect(verdict.after).toBeCloseTo(after);
});
