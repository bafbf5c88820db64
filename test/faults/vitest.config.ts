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
    testTimeout: 240_000,
    hookTimeout: 60_000,
  },
})
