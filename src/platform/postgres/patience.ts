import { setTimeout as pause } from 'node:timers/promises';

/** Asks again and again until there is an answer; undefined when `seconds` have passed without one. */
export async function eventually<T>(
  seconds: number,
  ask: () => Promise<T | undefined> | T | undefined,
): Promise<T | undefined> {
  const end = performance.now() + seconds * 1000;
  for (let wait = 10; ; wait = Math.min(wait * 1.5, 100)) {
    const answer = await ask();
    if (answer !== undefined || performance.now() >= end) return answer;
    await pause(wait);
  }
}
