/** Whether somebody asked us to end: Ctrl-C in a terminal, or SIGTERM from whatever started us. */
export interface Stop {
  readonly already: boolean;
  /** Resolves when asked. */
  readonly toStop: Promise<void>;
}

/** Listens from now on. Asked a second time, the process ends at once. */
export function listenForStop(): Stop {
  let already = false;
  const toStop = new Promise<void>((resolve) => {
    const asked = () => {
      if (already) process.exit(130);
      already = true;
      resolve();
    };
    process.on('SIGINT', asked);
    process.on('SIGTERM', asked);
  });
  return {
    get already() {
      return already;
    },
    toStop,
  };
}
