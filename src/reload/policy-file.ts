import { readFileSync } from 'node:fs'
import { type ValueError, ValueErrorType } from '@sinclair/typebox/errors'
import { Value } from '@sinclair/typebox/value'
import { LineCounter, parseDocument } from 'yaml'
import { BUILT_IN_POLICY, PolicyFile } from '../contract/policy/policy.ts'
import { OperatorError } from '../service/fault.ts'
import { findPolicyFaults, patternsOf } from '../rules/policy/faults.ts'
import { compileRoomPattern } from '../rules/policy/policy.ts'

/** A policy that cannot be used; each error begins with its path in the file. */
export class PolicyError extends OperatorError {
  override name = 'PolicyError'
}

/**
 * Reads and checks a policy file.
 * @param path a file in YAML
 * @param allowHttp whether issuers may be reached without TLS, as in development
 * @throws PolicyError with every fault: unknown members, unknown features, roles that nobody defines, patterns that do not
 *   compile or take too long, hashes that are none
 */
export async function readPolicyFile(path: string, allowHttp = false): Promise<PolicyFile> {
  let text: string
  try {
    text = readFileSync(path, 'utf8')
  } catch (error) {
    throw new PolicyError([
      `POLICY_FILE ${path}: cannot be read (${(error as NodeJS.ErrnoException).code ?? 'unknown fault'}).`,
    ])
  }
  try {
    return await parsePolicy(text, allowHttp)
  } catch (error) {
    if (!(error instanceof PolicyError)) throw error
    throw new PolicyError(error.errors.map((fault) => `POLICY_FILE ${path}: ${fault}`))
  }
}

/**
 * Parses and checks the text of a policy.
 * @param text YAML 1.2
 * @param allowHttp whether issuers may be reached without TLS, as in development
 * @throws PolicyError
 */
export async function parsePolicy(text: string, allowHttp = false): Promise<PolicyFile> {
  const value = parseYaml(text)
  // One fault a place: the first of several errors at a path is the one that says it best.
  const shapeFaults = new Map<string, string>()
  for (const error of Value.Errors(PolicyFile, value)) {
    if (!shapeFaults.has(error.path)) shapeFaults.set(error.path, shapeFault(error))
  }
  const faults = [...shapeFaults.values(), ...findPolicyFaults(value, allowHttp), ...(await patternFaults(value))]
  if (faults.length > 0) throw new PolicyError(faults)
  return value as PolicyFile
}

function parseYaml(text: string): unknown {
  const lines = new LineCounter()
  // prettyErrors would quote the file; a place is enough.
  const document = parseDocument(text, { prettyErrors: false, lineCounter: lines })
  const problems = [...document.errors, ...document.warnings]
  if (problems.length > 0) {
    throw new PolicyError(
      problems.map(({ pos, code }) => `line ${lines.linePos(pos[0]).line}: is not valid YAML (${code}).`),
    )
  }
  try {
    return document.toJS() as unknown
  } catch {
    throw new PolicyError(['is not valid YAML (its aliases lead nowhere or too far).'])
  }
}

function shapeFault({ path, type, schema }: ValueError): string {
  if (type === ValueErrorType.ObjectRequiredProperty) return `${path}: is missing.`
  const rule = schema.description ?? 'as the README describes it'
  if (type === ValueErrorType.ObjectAdditionalProperties) return `${path}: does not belong here; there may be ${rule}.`
  return `${path || '/'}: must be ${rule}.`
}

/** What was found out of each pattern: always the same, and costly, so a reload asks for the new ones alone. */
const verdicts = new Map<string, string | undefined>()

async function patternFaults(policy: unknown): Promise<string[]> {
  const faults: string[] = []
  for (const { at, pattern } of patternsOf(policy)) {
    if (!verdicts.has(pattern)) verdicts.set(pattern, await patternFault(pattern))
    const fault = verdicts.get(pattern)
    if (fault !== undefined) faults.push(`${at}: ${fault}`)
  }
  return faults
}

/** Names have at most 128 characters, so a quadratic pattern costs microseconds; a cubic one would cost milliseconds. */
const MAX_DEGREE = 2

async function patternFault(pattern: string): Promise<string | undefined> {
  try {
    compileRoomPattern(pattern)
  } catch {
    return 'does not compile; write a JavaScript regular expression.'
  }
  if (isPlainlyFast(pattern)) return undefined
  // Loaded only here: 3 MB that a service with plain patterns need not read.
  const { default: recheck } = await import('recheck/lib/browser.js')
  const verdict = recheck.checkSync(`^(?:${pattern})$`, 'u', { timeout: 2000 })
  if (verdict.status === 'safe') return undefined
  if (
    verdict.status === 'vulnerable' &&
    verdict.complexity.type === 'polynomial' &&
    verdict.complexity.degree <= MAX_DEGREE
  ) {
    return undefined
  }
  return verdict.status === 'unknown'
    ? 'could not be shown to be fast; write a simpler pattern.'
    : `takes ${verdict.complexity.type} time on some names; write it without repeats inside repeats.`
}

/**
 * Without a repeated group, a match takes at most as many nested loops as there are repeats: no more than quadratic time for
 * two. The built-in pattern was judged when it was written.
 */
function isPlainlyFast(pattern: string): boolean {
  if (pattern === BUILT_IN_POLICY.rooms.pattern) return true
  return !/\)[*+{]/.test(pattern) && (pattern.match(/[*+{]/g) ?? []).length <= MAX_DEGREE
}
