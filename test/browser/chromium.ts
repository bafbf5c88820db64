import { existsSync } from 'node:fs'
import { type Browser, chromium, type Page } from 'playwright-core'
import { afterAll, beforeAll, expect, onTestFinished } from 'vitest'

/** The browser of the tests: that of Debian's package `chromium`, unless the environment names another. */
const EXECUTABLE = process.env['TEST_CHROMIUM'] ?? '/usr/bin/chromium'

export const HAS_CHROMIUM = existsSync(EXECUTABLE)

/** For the names of the tests: why they are skipped. */
export const SKIPPED = HAS_CHROMIUM ? '' : ` (skipped: no ${EXECUTABLE}; install chromium or set TEST_CHROMIUM)`

/** A person's browser: its tabs share their cookies, and no other browser has them. */
export type Person = { openTab(url: string): Promise<Page> }

/**
 * Starts a browser for the tests of a file.
 * @returns a function that opens the browser of another person
 */
export function useBrowser(): () => Promise<Person> {
  let browser: Browser | undefined
  beforeAll(async () => {
    browser = await chromium.launch({
      executablePath: EXECUTABLE,
      // Every host name of the tests is this machine, whose certificate nobody has signed.
      args: ['--host-resolver-rules=MAP * 127.0.0.1'],
    })
  })
  afterAll(() => browser?.close())
  return async () => {
    const context = await browser?.newContext({ ignoreHTTPSErrors: true })
    if (context === undefined) throw new Error('the browser has not started')
    const errors: Error[] = []
    context.on('weberror', (error) => errors.push(error.error()))
    onTestFinished(async () => {
      await context.close()
      expect(errors).toStrictEqual([])
    })
    return {
      async openTab(url) {
        const page = await context.newPage()
        await page.goto(url)
        return page
      },
    }
  }
}
