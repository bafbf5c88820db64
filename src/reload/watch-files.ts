import { readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import type { ReloadOutcome } from '../service/events.ts'

/** A value that was loaded from files and follows their changes. */
export type Watched<T> = {
  /** The value in force. */
  current(): T
  /** Loads the value again; a failed load keeps the current value. Never throws. */
  reload(): Promise<void>
  close(): void
}

/** What is watched, and how it is loaded. */
export type WatchOptions<T> = {
  /** Files and folders; empty for a value that never changes. */
  paths: readonly string[]
  first: T
  /** Loads the value; returns `before` if nothing has changed. @throws if the files are invalid */
  load: (before: T) => Promise<T>
  /** Receives the outcome of every reload. */
  onReload: (outcome: ReloadOutcome) => void
  /** Receives the detached files whenever they change, see `findDetached`. */
  onDetached: (paths: readonly string[]) => void
  /** Milliseconds between two checks of the files. */
  pollIntervalMs?: number | undefined
}

/** Milliseconds between two checks: changes apply soon, and the `stat` calls of a check cost only microseconds. */
const POLL_INTERVAL_MS = 2000

/**
 * Watches files, and folders with the files in them, and loads the value again after a change. It polls, because file
 * system events do not exist on every network mount. It follows symbolic links, so that it notices when Kubernetes
 * swaps the link of a mounted ConfigMap or Secret.
 */
export function watchFiles<T>(options: WatchOptions<T>): Watched<T> {
  const { paths, first, load, onReload, pollIntervalMs = POLL_INTERVAL_MS } = options
  const reportDetached = createDetachedReport(options)
  let current = first
  let lastState = stateOf(paths)
  // Reloads run one at a time and in order: the last change wins.
  let lastReload = Promise.resolve()
  const reload = (): Promise<void> => {
    lastReload = lastReload
      .then(() => load(current))
      .then(
        (loaded) => {
          const changed = loaded !== current
          current = loaded
          onReload({ changed })
        },
        (fault: unknown) => onReload({ fault: fault ?? new Error('unknown error'), changed: false }),
      )
    return lastReload
  }
  const poll = () => {
    const state = stateOf(paths)
    if (state === lastState) return
    lastState = state
    reportDetached()
    void reload()
  }
  reportDetached()
  const timer = paths.length === 0 ? undefined : setInterval(poll, pollIntervalMs).unref()
  return { current: () => current, reload, close: () => clearInterval(timer) }
}

/** Creates a function that reports the detached files if they are not those that it reported last. */
function createDetachedReport<T>({ paths, onDetached }: WatchOptions<T>): () => void {
  let reported = ''
  return () => {
    const detached = findDetached(paths)
    if (detached.join('\n') === reported) return
    reported = detached.join('\n')
    onDetached(detached)
  }
}

/**
 * Finds files that were replaced on the host while a mount of the single file still shows the old one. No change of such a
 * file arrives: its directory entry is gone (`st_nlink` is 0, stat(2)), and the mount keeps the inode.
 * @param paths files and folders
 */
export const findDetached = (paths: readonly string[]): string[] =>
  paths.flatMap(filesOf).filter((path) => statSync(path, { throwIfNoEntry: false })?.nlink === 0)

/** A text that differs after every change: times, size and inode of each file. */
const stateOf = (paths: readonly string[]): string => paths.flatMap(filesOf).map(fileState).join('\n')

function filesOf(path: string): string[] {
  try {
    return statSync(path).isDirectory() ? readdirSync(path).map((name) => join(path, name)) : [path]
  } catch {
    return [path]
  }
}

function fileState(path: string): string {
  try {
    const { mtimeMs, ctimeMs, size, ino } = statSync(path)
    return [path, mtimeMs, ctimeMs, size, ino].join(' ')
  } catch {
    return `${path} missing`
  }
}
