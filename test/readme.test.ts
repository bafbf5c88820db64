import { readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { performanceSection } from './bench/report.ts'
import { readResults } from './bench/results.ts'

const FILE = fileURLToPath(new URL('../README.md', import.meta.url))

const part = (name: string) => new RegExp(`(<!-- ${name}: [^>]*-->\\n)([^]*?)(<!-- /${name} -->)`)

describe('README.md', () => {
  it.each([['performance', performanceSection(readResults())]])(
    'its part on %s is what the code says, or the last benchmark (UPDATE=1 npm test rewrites it)',
    (name, expected) => {
      const text = readFileSync(FILE, 'utf8')
      if (process.env['UPDATE'] === '1')
        writeFileSync(
          FILE,
          text.replace(part(name), (_, open: string, _old, close: string) => `${open}\n${expected}\n\n${close}`),
        )
      expect(part(name).exec(readFileSync(FILE, 'utf8'))?.[2]?.trim()).toBe(expected)
    },
  )
})
