import { execFileSync } from 'node:child_process'

type Command = [string, ...string[]]

/** A command that may use one core alone (util-linux), or all where none is named. */
export const onCore = (core: number | undefined, ...command: Command): Command =>
  core === undefined ? command : ['taskset', '--cpu-list', String(core), ...command]

/** Lets a process that runs already use one core alone. */
export function pin(pid: number, core: number): void {
  execFileSync('taskset', ['--all-tasks', '--cpu-list', '--pid', String(core), String(pid)], { stdio: 'ignore' })
}
