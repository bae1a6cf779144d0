import { Agent, request } from 'node:http';
import { z } from 'zod';

/** The simulator's control address: known to the demo's wiring alone, and no part of what a carrier offers. */
export interface SimulatorControl {
  /** Moves its clock on, lets everything due happen, and waits until it is quiet. */
  advance(to: Date): Promise<SimulatorState>;
  /** Waits until it is quiet. */
  quiet(): Promise<SimulatorState>;
  /** Its own log of calls, one JSON document a line. */
  calls(): Promise<string>;
}

export interface SimulatorState {
  readonly now: Date;
  readonly nextDue: Date | null;
}

const moment = z.iso.datetime({ offset: true }).transform((text) => new Date(text));
const state = z.object({ now: moment, nextDue: moment.nullable() });

export function openControl(simulatorUrl: string, token: string): SimulatorControl {
  // Asked at every jump of the clock, thousands of times: one connection, kept open.
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  const ask = (method: 'GET' | 'POST', path: string, body?: string) =>
    new Promise<string>((resolve, reject) => {
      const url = `${simulatorUrl}/_control/${token}/${path}`;
      const asking = request(url, { method, agent, headers: { 'Content-Type': 'application/json' } }, (response) => {
        const parts: Buffer[] = [];
        response.on('data', (part: Buffer) => parts.push(part));
        response.on('error', reject);
        response.on('end', () => {
          if (response.statusCode === 200) resolve(Buffer.concat(parts).toString('utf8'));
          else reject(new Error(`the simulator answered ${response.statusCode} to ${path}`));
        });
      });
      asking.on('error', reject);
      asking.end(body);
    });
  return {
    advance: async (to) =>
      state.parse(JSON.parse(await ask('POST', 'advance', JSON.stringify({ to: to.toISOString() })))),
    quiet: async () => state.parse(JSON.parse(await ask('GET', 'quiet'))),
    calls: () => ask('GET', 'calls'),
  };
}
