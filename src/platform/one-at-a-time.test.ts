import { expect, test } from 'vitest';
import { oneAtATime } from './one-at-a-time.ts';

/** Runs that end when they are told to. */
function runs() {
  const ends: ((error?: Error) => void)[] = [];
  const work = oneAtATime(
    () =>
      new Promise<void>((resolve, reject) => {
        ends.push((error) => (error ? reject(error) : resolve()));
      }),
  );
  return { work, ends };
}

test('whoever asks while a run is under way shares the next one, which begins after it', async () => {
  const { work, ends } = runs();
  const first = work();
  const others = [work(), work(), work()];
  expect(ends).toHaveLength(1);
  ends[0]?.();
  await first;
  await new Promise(setImmediate);
  expect(ends).toHaveLength(2);
  ends[1]?.();
  await Promise.all(others);
  const later = work();
  expect(ends).toHaveLength(3);
  ends[2]?.();
  await later;
});

test('a run that fails is its own, and the next one begins all the same', async () => {
  const { work, ends } = runs();
  const first = work();
  const second = work();
  ends[0]?.(new Error('no database'));
  await expect(first).rejects.toThrow('no database');
  await new Promise(setImmediate);
  ends[1]?.();
  await second;
  const third = work();
  ends[2]?.();
  await third;
});
