import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vitest/config'
import { BaseSequencer, type TestSpecification } from 'vitest/node'

// Inherited by the processes of the tests: whatever they load, in threads too, is stripped of its types and compiled once.
process.env['NODE_COMPILE_CACHE'] ??= join(tmpdir(), 'jts-compile-cache')

/** What waits most, for processes, wires and timers: begun last, it would be waited for by all. */
const SLOW = [
  '/engines/postgres.',
  '/main.',
  '/audit/conformance.',
  '/client/',
  '/change-bus.',
  '/key-reload.',
  '/server/overload.',
]

class SlowFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const isSlow = ({ moduleId }: TestSpecification) => SLOW.some((part) => moduleId.includes(part))
    const sorted = await super.sort(files)
    return [...sorted.filter(isSlow), ...sorted.filter((file) => !isSlow(file))]
  }
}

export default defineConfig({
  root: fileURLToPath(new URL('..', import.meta.url)),
  test: {
    include: ['test/**/*.test.ts'],
    exclude: ['test/faults/**', 'test/browser/**', 'test/proxy/**'],
    globalSetup: ['test/global-setup.ts'],
    sequence: { sequencer: SlowFirst },
    maxWorkers: 6,
    execArgv: ['--max-semi-space-size=32'],
    // No module keeps a state that one file could leave behind for another; loading them once saves a third of the time.
    isolate: false,
    // The identity provider of the tests warns of what it is: one for tests.
    onConsoleLog: (text) => !text.startsWith('oidc-provider'),
    // Only a test that hangs reaches these: a busy machine must not fail a test.
    testTimeout: 90_000,
    hookTimeout: 90_000,
    expect: { poll: { timeout: 60_000 } },
  },
})
