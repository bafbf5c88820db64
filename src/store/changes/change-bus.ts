import type { Bell } from '../../service/consultations/ports.ts'

/** The bell of a store. */
export type StoreBell = Bell & {
  /** Whether rings reach the other instances and theirs are heard here; true until somebody asked for either. */
  up(): boolean
  /** Ends all; from then on nobody is told anything. Never throws. */
  close(): Promise<void>
}

/** Who listens, by consultation. */
export type Listeners = Pick<Bell, 'listen'> & {
  tell(consultationId: string): void
  tellAll(): void
  /** From now on nobody is told anything. */
  end(): void
}

/** @param onError is told what a listener throws, which keeps no other from hearing */
export function makeListeners(onError: (error: Error) => void): Listeners {
  const listeners = new Map<string, Set<() => void>>()
  let ended = false
  const call = (heard: () => void) => {
    try {
      heard()
    } catch (error) {
      onError(error instanceof Error ? error : new Error(String(error)))
    }
  }
  const tell = (id: string) => {
    const all = listeners.get(id) ?? new Set()
    // Whoever comes or goes meanwhile: the former is told next time, the latter no more.
    for (const heard of [...all]) if (all.has(heard)) call(heard)
  }
  return {
    listen(id, heard) {
      if (ended) return () => undefined
      // One function may listen twice, and stop once.
      const mine = () => heard()
      const all = listeners.get(id) ?? new Set()
      listeners.set(id, all.add(mine))
      return () => {
        all.delete(mine)
        if (all.size === 0 && listeners.get(id) === all) listeners.delete(id)
      }
    },
    tell,
    tellAll: () => [...listeners.keys()].forEach(tell),
    end() {
      ended = true
      for (const all of listeners.values()) all.clear()
      listeners.clear()
    },
  }
}

/**
 * Collects ids until the running code is done, each once.
 * @returns takes an id; `told` never runs inside it
 */
export function gather(told: (ids: ReadonlySet<string>) => void): (id: string) => void {
  let gathered = new Set<string>()
  return (id) => {
    if (gathered.size === 0) {
      setImmediate(() => {
        const ids = gathered
        gathered = new Set()
        told(ids)
      })
    }
    gathered.add(id)
  }
}

/** The bell of a database that one process has to itself: what rings is heard in this process alone. */
export function embeddedBell(onError: (error: Error) => void): StoreBell {
  const listeners = makeListeners(onError)
  return {
    ring: gather((ids) => ids.forEach((id) => listeners.tell(id))),
    listen: listeners.listen,
    up: () => true,
    close: () => Promise.resolve(listeners.end()),
  }
}
