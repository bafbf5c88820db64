// Brings up docker-compose.yml for real, in both profiles, kills what is in it, and removes it again. It needs Docker with
// compose on this machine, and root: `npm run test:compose`, or with one profile behind it.
import { openCheck } from './check.ts'
import { openProject, type Project } from './project.ts'
import { checkReplicas } from './replicas.ts'
import { checkSingle } from './single.ts'

const print = (line: string) => void process.stdout.write(`${line}\n`)
const check = openCheck(print)
const secondsSince = (began: number) => ((performance.now() - began) / 1000).toFixed(1)

async function inProfile(profile: 'single' | 'replicas', work: (project: Project) => Promise<void>): Promise<void> {
  const project = openProject(profile)
  try {
    const before = performance.now()
    await project.compose('build', '--quiet')
    const began = performance.now()
    await project.compose('up', '-d', '--wait', '--wait-timeout', '120')
    print(
      `${profile}: built in ${((began - before) / 1000).toFixed(1)} s, up and healthy in ${secondsSince(began)} s more`,
    )
    await work(project)
    const stopping = performance.now()
    await project.compose('stop')
    const took = secondsSince(stopping)
    const exits = (await project.containers()).map(({ Service, ExitCode }) => `${Service} ${ExitCode}`)
    check.that(
      `all stop within ${took} s with exit code 0 (${exits.join(', ')})`,
      exits.every((exit) => exit.endsWith(' 0')),
    )
  } catch (error) {
    print(await project.compose('logs', '--tail', '20').catch(() => 'no logs'))
    throw error
  } finally {
    await project.remove()
  }
}

const wanted = process.argv.slice(2)
const wants = (profile: string) => wanted.length === 0 || wanted.includes(profile)
if (wants('single')) await inProfile('single', (project) => checkSingle(project, check))
if (wants('replicas')) await inProfile('replicas', (project) => checkReplicas(project, check))
print(`${check.failures()} failed`)
process.exitCode = check.failures() === 0 ? 0 : 1
