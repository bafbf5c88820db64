import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vitest/config'

// Inherited by the processes of the tests: whatever they load, in threads too, is stripped of its types and compiled once.
process.env['NODE_COMPILE_CACHE'] ??= join(tmpdir(), 'jts-compile-cache')

export default defineConfig({
  root: fileURLToPath(new URL('..', import.meta.url)),
  test: {
    include: ['test/**/*.test.ts'],
    exclude: ['test/faults/**'],
    globalSetup: ['test/global-setup.ts'],
    maxWorkers: 3,
    // No module keeps a state that one file could leave behind for another; loading them once saves a third of the time.
    isolate: false,
    // The identity provider of the tests warns of what it is: one for tests.
    onConsoleLog: (text) => !text.startsWith('oidc-provider'),
    testTimeout: 20_000,
    hookTimeout: 20_000,
  },
})
