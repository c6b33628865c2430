import { defineConfig } from 'vitest/config';

/**
 * How long a test takes says how busy the machine is: it judges nothing, and only ends what hangs. So whoever waits for
 * something waits as long, and states no time of its own: `expect.poll` by this, `vi.waitFor` by the set-up file.
 */
const patience = {
  expect: { poll: { timeout: 30_000, interval: 20 } },
  setupFiles: ['test/patience.ts'],
};

/** Real registries and real API servers, which are peers too. */
const registries = 'test/interop/registries/**/*.test.ts';
const kubernetes = 'test/interop/kubernetes/**/*.test.ts';

export default defineConfig({
  test: {
    projects: [
      {
        test: {
          ...patience,
          name: 'unit',
          include: ['src/**/*.test.ts', 'codecs/**/*.test.ts', 'scripts/**/*.test.ts'],
          testTimeout: 120_000,
          hookTimeout: 120_000,
        },
      },
      {
        test: {
          ...patience,
          name: 'suites',
          include: ['test/{golden,property,conformance,e2e,chaos,security,bench,examples}/**/*.test.ts'],
          testTimeout: 120_000,
          hookTimeout: 120_000,
        },
      },
      {
        test: {
          ...patience,
          name: 'peers',
          include: ['test/interop/**/*.test.ts'],
          exclude: [registries, kubernetes],
          testTimeout: 240_000,
          hookTimeout: 240_000,
          fileParallelism: false,
        },
      },
      {
        test: {
          ...patience,
          name: 'registries',
          include: [registries],
          testTimeout: 240_000,
          hookTimeout: 240_000,
          // They wait for the timers of real servers, each of its own, and do little meanwhile.
          maxWorkers: 3,
          sequence: { groupOrder: 1 },
        },
      },
      {
        test: {
          ...patience,
          name: 'kubernetes',
          include: [kubernetes],
          testTimeout: 240_000,
          hookTimeout: 240_000,
          // API servers of their own, beside which there is much waiting.
          maxWorkers: 2,
          sequence: { groupOrder: 2 },
        },
      },
    ],
  },
});
