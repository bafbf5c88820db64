import { existsSync, readdirSync } from 'node:fs'
import { expect, it } from 'vitest'
import { fileOf, textOf } from './pages.ts'

const PAGE = 'docs/adding-a-resource.md'
/** The modules of the noun that the page takes as its example. */
const OF_THE_NOUN = /from '[^']*revocation/

const cellsOf = (line: string) => line.split(' | ').map((cell) => cell.replaceAll(/^[| ]+|[| ]+$/g, ''))
const codeIn = (cell = ''): string => /^`(.*)`$/.exec(cell)?.[1] ?? ''

/** The tables of the page as cells, without their heads. */
const rows = textOf(PAGE)
  .split('\n')
  .filter((line) => line.startsWith('| ') && line.includes('`'))
  .map(cellsOf)
  .filter(([first]) => first !== 'Register')
const registers = rows
  .filter((cells) => cells.length === 4)
  .map(([register = '', , file, text]) => ({ register, file: codeIn(file), text: codeIn(text) }))
const others = rows.filter((cells) => cells.length === 2).map(([file]) => codeIn(file))

it('has a table of registers, and one of other imports', () => {
  expect(registers.length).toBeGreaterThan(25)
  expect(others.length).toBeGreaterThan(0)
})

it.each(registers)('$register: $file exists and contains its text', ({ file, text }) => {
  expect(existsSync(fileOf(file))).toBe(true)
  expect(text).not.toBe('')
  expect(textOf(file)).toContain(text)
})

it('names every file of src that imports a module of the example', () => {
  const files = readdirSync(fileOf('src'), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts'))
    .map((name) => `src/${name}`)
  const named = new Set([...registers.map(({ file }) => file), ...others])
  const importing = files.filter((file) => OF_THE_NOUN.test(textOf(file)))
  expect(importing.length).toBeGreaterThan(8)
  expect(importing.filter((file) => !named.has(file))).toStrictEqual([])
  expect(others.filter((file) => !importing.includes(file))).toStrictEqual([])
})
