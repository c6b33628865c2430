import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: 'unit',
          include: ['src/**/*.test.ts', 'codecs/**/*.test.ts', 'scripts/**/*.test.ts'],
          // How long a test takes says how busy the machine is: it ends what hangs, and judges nothing.
          testTimeout: 60_000,
        },
      },
      {
        test: {
          name: 'suites',
          include: ['test/{golden,property,conformance,e2e,chaos,security,bench,examples}/**/*.test.ts'],
          testTimeout: 60_000,
          hookTimeout: 60_000,
        },
      },
      {
        test: {
          name: 'peers',
          include: ['test/interop/**/*.test.ts'],
          testTimeout: 120_000,
          hookTimeout: 120_000,
          fileParallelism: false,
        },
      },
    ],
  },
});
