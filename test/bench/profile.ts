import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Setup } from './bench.ts'
import { closedRound, startLoad, warm } from './load.ts'
import { newDir } from './own.ts'
import type { Table } from './result.ts'
import { startService } from './service.ts'

type Frame = { functionName: string; url: string }
type Profile = {
  nodes: { id: number; callFrame: Frame }[]
  samples: number[]
  /** Microseconds, as are the two times. */
  timeDeltas: number[]
  endTime: number
}

/** Areas with less than this share of the time stand together. */
const LEAST_SHARE = 0.015

/** One request at a time: then the main thread never waits for a core, which a sample cannot tell from work. */
const CONNECTIONS = 1

/** Where the main thread spends its time while it makes tokens, by package and folder, from V8's sampling profiler. */
export async function profileOf(setup: Setup): Promise<Table> {
  const { keysDir, seconds } = setup
  const dir = newDir()
  const load = startLoad()
  try {
    const server = await startService({
      keysDir,
      nodeArguments: ['--cpu-prof', `--cpu-prof-dir=${dir}`, '--cpu-prof-interval=250'],
    })
    await warm(load, server, setup)
    const { tokens } = await closedRound(load, server, 4 * seconds, CONNECTIONS)
    await server.stop()
    const [file = ''] = readdirSync(dir)
    return byArea(JSON.parse(readFileSync(join(dir, file), 'utf8')) as Profile, 4 * seconds * 1e6, tokens)
  } finally {
    await load.stop()
  }
}

/** @param lastUs how much of the end of the profile the tokens were made in; before, the code was cold */
function byArea({ nodes, samples, timeDeltas, endTime }: Profile, lastUs: number, tokens: number): Table {
  const areas = new Map(nodes.map(({ id, callFrame }) => [id, areaOf(callFrame)]))
  const times = new Map<string, number>()
  let nowUs = endTime
  for (let index = samples.length - 1; index >= 0 && nowUs > endTime - lastUs; index -= 1) {
    const area = areas.get(samples[index] ?? 0) ?? ''
    const spentUs = timeDeltas[index] ?? 0
    nowUs -= spentUs
    if (area !== '(idle)') times.set(area, (times.get(area) ?? 0) + spentUs)
  }
  const all = [...times.values()].reduce((sum, time) => sum + time, 0)
  const shown = [...times].filter(([, time]) => time / all >= LEAST_SHARE).toSorted(([, a], [, b]) => b - a)
  const rest = all - shown.reduce((sum, [, time]) => sum + time, 0)
  return {
    title: 'Time of the main thread by area, one request at a time (samples of wall time: a wait for the disk counts)',
    head: ['area', 'µs per token', '%'],
    rows: [...shown, ['all else', rest] as const, ['all', all] as const].map(([area, time]) => [
      area,
      time / tokens,
      (time / all) * 100,
    ]),
  }
}

function areaOf({ functionName, url }: Frame): string {
  const inPackage = /node_modules\/((?:@[^/]+\/)?[^/]+)\/(?!.*node_modules)/.exec(url)?.[1]
  if (inPackage !== undefined) return inPackage
  const inSource = /\/src\/([^/]+)/.exec(url)?.[1]
  if (inSource !== undefined) return `src/${inSource}`
  const inNode = /^node:(?:internal\/)?_?([a-z]+)/.exec(url)?.[1]
  if (inNode !== undefined) return `Node.js: ${inNode}`
  return /^\(.*\)$/.test(functionName) ? functionName : 'V8 and native code'
}
