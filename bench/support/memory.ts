import { readFileSync } from 'node:fs';

/**
 * The most memory this process ever held, in MB (2^20 bytes).
 *
 * On Linux from the kernel's `VmHWM` and not from `ru_maxrss`: that one begins at what the parent held when it forked,
 * so whatever a bench keeps in memory would be counted with every process it starts (a child that holds 40 MB,
 * started by a parent that holds 400, says 386).
 */
export function peakMegabytes(): number {
  if (process.platform !== 'linux') return process.resourceUsage().maxRSS / 1024;
  const peak = /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1];
  if (peak === undefined) throw new Error('/proc/self/status holds no VmHWM');
  return Number(peak) / 1024;
}
