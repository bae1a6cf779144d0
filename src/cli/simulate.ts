import { runSimulator, USAGE } from '../telephony/simulator/main.ts';

/** `huifang simulate`: the simulator with its own options and help. */
export async function simulate(args: readonly string[]): Promise<void> {
  if (args.includes('--help') || args.includes('-h')) process.stdout.write(USAGE);
  else await runSimulator(args);
}
