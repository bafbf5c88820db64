import { readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

/** @param path of a file of the project, such as `docs/api.md` */
export const fileOf = (path: string): string => fileURLToPath(new URL(`../../${path}`, import.meta.url))

/** The text of a file of the project. */
export const textOf = (path: string): string => readFileSync(fileOf(path), 'utf8')

/** The pages and folders directly under docs, as a link in the README names them: `docs/api.md`, `docs/decisions/`. */
export const docsEntries = (): string[] =>
  readdirSync(fileOf('docs'), { withFileTypes: true }).map(
    (entry) => `docs/${entry.name}${entry.isDirectory() ? '/' : ''}`,
  )

/** All pages: the README and every Markdown file under docs. */
export const pages = (): string[] => [
  'README.md',
  ...readdirSync(fileOf('docs'), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.md'))
    .map((name) => `docs/${name}`),
]

/** A Markdown table. */
export const table = (head: readonly string[], rows: readonly (readonly string[])[]): string =>
  [head, head.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n')
