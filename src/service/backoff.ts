/**
 * Adds jitter to a wait, so that instances that lost the same server do not reconnect at the same time.
 * @param ms the longest wait, in milliseconds
 * @returns milliseconds, between half of `ms` and `ms`
 */
export const addJitter = (ms: number): number => {
  const [random = 0] = crypto.getRandomValues(new Uint32Array(1))
  return (ms / 2) * (1 + random / 2 ** 32)
}
