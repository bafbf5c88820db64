import type { ChangeBus } from '../../service/consultations/ports.ts'

/** The change bus of a store. */
export type StoreChangeBus = ChangeBus & {
  /** @returns whether this instance exchanges notifications with the others; true until the bus is first used */
  up(): boolean
  /** Ends all subscriptions, then closes the connection. Never throws. */
  close(): Promise<void>
}

/** The subscribers of this process, by id. */
export type Subscribers = Pick<ChangeBus, 'subscribe'> & {
  notify(id: string): void
  notifyAll(): void
  /** Ends all subscriptions. Later subscriptions have no effect. */
  close(): void
}

/** @param onError receives the errors that subscribers throw; the other subscribers are still called */
export function createSubscribers(onError: (error: Error) => void): Subscribers {
  const subscribersById = new Map<string, Set<() => void>>()
  let closed = false
  const call = (onChange: () => void) => {
    try {
      onChange()
    } catch (error) {
      onError(error instanceof Error ? error : new Error(String(error)))
    }
  }
  const notify = (id: string) => {
    const subscribers = subscribersById.get(id) ?? new Set()
    // A subscriber that is added during the calls waits for the next notification; one that is removed is not called.
    for (const onChange of [...subscribers]) if (subscribers.has(onChange)) call(onChange)
  }
  return {
    subscribe(id, onChange) {
      if (closed) return () => undefined
      // A separate function for each subscription, because the same `onChange` may be subscribed twice.
      const subscriber = () => onChange()
      const subscribers = subscribersById.get(id) ?? new Set()
      subscribersById.set(id, subscribers.add(subscriber))
      return () => {
        subscribers.delete(subscriber)
        if (subscribers.size === 0 && subscribersById.get(id) === subscribers) subscribersById.delete(id)
      }
    },
    notify,
    notifyAll: () => [...subscribersById.keys()].forEach(notify),
    close() {
      closed = true
      for (const subscribers of subscribersById.values()) subscribers.clear()
      subscribersById.clear()
    },
  }
}

/**
 * Coalesces ids: collects them until the current turn of the event loop ends, each once.
 * @param flush receives the collected ids, never synchronously
 * @returns a function that adds an id
 */
export function coalesce(flush: (ids: ReadonlySet<string>) => void): (id: string) => void {
  let collected = new Set<string>()
  return (id) => {
    if (collected.size === 0) {
      setImmediate(() => {
        const ids = collected
        collected = new Set()
        flush(ids)
      })
    }
    collected.add(id)
  }
}

/**
 * Creates the change bus of a database that only one process uses. Notifications stay in this process.
 * @param onError receives the errors that subscribers throw
 */
export function createEmbeddedChangeBus(onError: (error: Error) => void): StoreChangeBus {
  const subscribers = createSubscribers(onError)
  return {
    publish: coalesce((ids) => ids.forEach((id) => subscribers.notify(id))),
    subscribe: subscribers.subscribe,
    up: () => true,
    close: () => Promise.resolve(subscribers.close()),
  }
}
