import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    globalSetup: 'test/support/global-setup.ts',
    // Suites that start servers of their own need more than the default five seconds on a loaded machine.
    testTimeout: 60_000,
    hookTimeout: 120_000,
    // Two cores are the measure of this project; more suites at once only wait for one another.
    maxWorkers: 2,
    projects: [
      // Pure: they share loaded modules, which halves their time.
      { extends: true, test: { name: 'src', include: ['src/**/*.test.ts'], isolate: false } },
      { extends: true, test: { name: 'test', include: ['test/**/*.test.ts'] } },
    ],
  },
});
