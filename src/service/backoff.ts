/**
 * Spreads a wait, so that instances that lost the same server do not come back to it together.
 * @returns milliseconds between half of the wait and all of it
 */
export const addJitter = (ms: number): number => {
  const [word = 0] = crypto.getRandomValues(new Uint32Array(1))
  return (ms / 2) * (1 + word / 2 ** 32)
}
