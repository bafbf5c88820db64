import type { ChangeBus } from '../../service/consultations/ports.ts'

/** The changeBus of a store. */
export type StoreChangeBus = ChangeBus & {
  /** Whether rings reach the other instances and theirs are heard here; true until somebody asked for either. */
  up(): boolean
  /** Ends all; from then on nobody is told anything. Never throws. */
  close(): Promise<void>
}

/** Who listens, by consultation. */
export type Subscribers = Pick<ChangeBus, 'subscribe'> & {
  tell(consultationId: string): void
  tellAll(): void
  /** From now on nobody is told anything. */
  end(): void
}

/** @param onError is told what a listener throws, which keeps no other from hearing */
export function createSubscribers(onError: (error: Error) => void): Subscribers {
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
    subscribe(id, heard) {
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
export function coalesce(told: (ids: ReadonlySet<string>) => void): (id: string) => void {
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

/** The changeBus of a database that one process has to itself: what rings is heard in this process alone. */
export function createEmbeddedChangeBus(onError: (error: Error) => void): StoreChangeBus {
  const listeners = createSubscribers(onError)
  return {
    publish: coalesce((ids) => ids.forEach((id) => listeners.tell(id))),
    subscribe: listeners.subscribe,
    up: () => true,
    close: () => Promise.resolve(listeners.end()),
  }
}
