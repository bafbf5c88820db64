import type { ReloadOutcome } from '../service/events.ts'
import { type FSWatcher, readdirSync, statSync, watch } from 'node:fs'
import { join } from 'node:path'

/** Something that was loaded from files, and follows them. */
export type Watched<T> = {
  /** What is in force. */
  current(): T
  /** Loads anew; what cannot be loaded leaves in force what is. Never throws. */
  reload(): Promise<void>
  close(): void
}

/** What is followed, and how. */
export type WatchOptions<T> = {
  /** Files and folders; none for what never changes. */
  paths: readonly string[]
  first: T
  /** Loads anew; throws where what lies there is broken. */
  load: (before: T) => Promise<T>
  /** Is told how each reload ended: by the fault, or by whether there is something new. */
  onReload: (outcome: ReloadOutcome) => void
}

/** How often files are looked at, in milliseconds: a look sees what watching misses, on network mounts for one. */
const LOOK_EVERY_MS = 2000

/** How long a change is let settle before it is looked at: a file is seldom written in one go. */
const SETTLE_MS = 100

/**
 * Follows files, and folders with their files: when something changes, all is loaded anew. Kubernetes' swap of a link is seen,
 * for links are followed.
 */
export function watchFiles<T>({ paths, first, load, onReload: tell }: WatchOptions<T>): Watched<T> {
  let current = first
  let seen = stateOf(paths)
  // One at a time, in order: the last change wins.
  let last = Promise.resolve()
  const reload = (): Promise<void> => {
    last = last
      .then(() => load(current))
      .then(
        (loaded) => {
          const changed = loaded !== current
          current = loaded
          tell({ changed })
        },
        (fault: unknown) => tell({ fault: fault ?? new Error('unknown fault'), changed: false }),
      )
    return last
  }
  const look = () => {
    const state = stateOf(paths)
    if (state === seen) return
    seen = state
    void reload()
  }
  const timer = setInterval(look, LOOK_EVERY_MS).unref()
  let soon: NodeJS.Timeout | undefined
  const lookSoon = () => (soon = (soon ?? setTimeout(look, SETTLE_MS).unref()).refresh())
  const watchers = paths.map((path) => tryToWatch(path, lookSoon))
  return {
    current: () => current,
    reload,
    close() {
      clearInterval(timer)
      clearTimeout(soon)
      for (const watcher of watchers) watcher?.close()
    },
  }
}

/** What a change would change: of each file its time, size and place. */
const stateOf = (paths: readonly string[]): string => paths.flatMap(filesOf).map(stateOfFile).join('\n')

function filesOf(path: string): string[] {
  try {
    return statSync(path).isDirectory() ? readdirSync(path).map((name) => join(path, name)) : [path]
  } catch {
    return [path]
  }
}

function stateOfFile(path: string): string {
  try {
    const { mtimeMs, ctimeMs, size, ino } = statSync(path)
    return [path, mtimeMs, ctimeMs, size, ino].join(' ')
  } catch {
    return `${path} not there`
  }
}

/** Watching is a help, not a need: where the system cannot, the looks do. */
function tryToWatch(path: string, look: () => void): FSWatcher | undefined {
  try {
    return watch(path, { persistent: false }, look).on('error', () => undefined)
  } catch {
    return undefined
  }
}
