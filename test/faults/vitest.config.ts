import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vitest/config'

export default defineConfig({
  root: fileURLToPath(new URL('../..', import.meta.url)),
  test: {
    include: ['test/faults/**/*.test.ts'],
    globalSetup: ['test/global-setup.ts'],
    // Most of the time is waiting, for a limit of the service or for a server to come back.
    maxWorkers: 2,
    reporters: ['verbose'],
    // Only a test that hangs reaches it: a busy machine must not fail a test.
    testTimeout: 900_000,
    hookTimeout: 60_000,
  },
})
