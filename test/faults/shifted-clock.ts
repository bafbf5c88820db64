import { readFileSync } from 'node:fs'

// Loaded into the service before its first line (node --import): from then on its clock is wrong by as many milliseconds
// as a file says, and the file may change. Timers and performance.now() go on, as they do when a machine's clock is set.

const file = process.env['CLOCK_OFFSET_FILE'] ?? ''
const Real = Date

/** The clock as it is set now. */
const shifted = () => Real.now() + Number(readFileSync(file, 'utf8'))

globalThis.Date = new Proxy(Real, {
  construct: (_target, args: [], as) => Reflect.construct(Real, args.length === 0 ? [shifted()] : args, as) as Date,
  get: (_target, name) => (name === 'now' ? shifted : (Reflect.get(Real, name) as unknown)),
})
