import cliProgress from 'cli-progress';
import { DateTime } from 'luxon';
import { systemClock } from '../../platform/clock.ts';
import type { Clockwork } from './clockwork.ts';

/** What the person in front of the terminal sees while the demo runs: a line a step, and a bar for the calls. */
export interface Progress {
  say(line: string): void;
  /** `done` of `total`, and what is happening. */
  show(done: number, total: number, what: string): void;
  stop(): void;
}

export function openProgress(out: NodeJS.WriteStream): Progress {
  const bar = new cliProgress.SingleBar({
    stream: out,
    format: '  {bar} {percentage}%  {what}',
    barCompleteChar: '█',
    barIncompleteChar: '░',
    barsize: 28,
    hideCursor: true,
    clearOnComplete: false,
    // Without a terminal (CI, a file) a line every few seconds instead of one that redraws itself.
    noTTYOutput: true,
    notTTYSchedule: 5000,
  });
  let running = false;
  const pause = () => {
    if (running) bar.stop();
    running = false;
  };
  return {
    say(line) {
      pause();
      out.write(`  ${line}\n`);
    },
    show(done, total, what) {
      if (running) bar.update(done, { what });
      else bar.start(total, done, { what });
      running = true;
    },
    stop: pause,
  };
}

const lookEvery = 250;

/** Follows a round on a progress: final cases of those released, the demo's own time, calls and texts so far. */
export function followRound({ services, clock }: Clockwork, roundId: string, progress: Progress) {
  let lookedAt = 0;
  return {
    async look(): Promise<void> {
      const now = systemClock.now().getTime();
      if (now - lookedAt < lookEvery) return;
      lookedAt = now;
      const [counts] = await services.database.query<{
        released: number;
        final: number;
        rated: number;
        calls: number;
        texts: number;
      }>({
        name: 'demo-progress',
        text: `
          SELECT count(*)::int AS released, (count(*) FILTER (WHERE state = 'done'))::int AS final, count(overall)::int AS rated,
                 (SELECT count(*)::int FROM attempt WHERE round_id = $1 AND channel = 'voice') AS calls,
                 (SELECT count(*)::int FROM attempt WHERE round_id = $1 AND channel = 'sms') AS texts
          FROM survey_case WHERE round_id = $1`,
        values: [roundId],
      });
      if (!counts || counts.released === 0) return;
      const { released, final, rated, calls, texts } = counts;
      const time = DateTime.fromJSDate(clock.now(), { zone: 'Asia/Shanghai' }).toFormat('MM-dd HH:mm');
      progress.show(final, released, `${time}  ${calls} 通电话 calls · ${texts} 条短信 texts · ${rated} 户已评 rated`);
    },
    done: () => progress.stop(),
  };
}
