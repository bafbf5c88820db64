import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vitest/config'

export default defineConfig({
  root: fileURLToPath(new URL('../..', import.meta.url)),
  test: {
    include: ['test/proxy/**/*.test.ts'],
    globalSetup: ['test/global-setup.ts'],
    reporters: ['verbose'],
    // Only a test that hangs reaches these: a busy machine must not fail a test.
    testTimeout: 180_000,
    hookTimeout: 90_000,
    expect: { poll: { timeout: 60_000 } },
  },
})
