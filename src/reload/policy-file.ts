import { readFileSync } from 'node:fs'
import { type ValueError, ValueErrorType } from '@sinclair/typebox/errors'
import { Value } from '@sinclair/typebox/value'
import { LineCounter, parseDocument } from 'yaml'
import { BUILT_IN_POLICY, PolicyFile } from '../contract/policy/policy.ts'
import { explainFileError } from '../rules/file-error.ts'
import { OperatorError } from '../service/fault.ts'
import { findPolicyFaults, patternsOf } from '../rules/policy/faults.ts'
import { compileRoomPattern } from '../rules/policy/policy.ts'

/** A policy that cannot be used; each error begins with its path in the file. */
export class PolicyError extends OperatorError {
  override name = 'PolicyError'
}

/**
 * Reads and checks a policy file.
 * @param path a file in YAML 1.2
 * @param allowHttp whether issuers may be reached without TLS, as in development
 * @throws PolicyError with every error: unknown properties, unknown features, undefined roles, patterns that do not
 *   compile or take too long, malformed hashes
 */
export async function readPolicyFile(path: string, allowHttp = false): Promise<PolicyFile> {
  let text: string
  try {
    text = readFileSync(path, 'utf8')
  } catch (error) {
    throw new PolicyError([`POLICY_FILE ${path}: ${explainFileError(error, 'file')}`])
  }
  try {
    return await parsePolicy(text, allowHttp)
  } catch (error) {
    if (!(error instanceof PolicyError)) throw error
    throw new PolicyError(error.errors.map((each) => `POLICY_FILE ${path}: ${each}`))
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
  // TypeBox reports several errors for one path; the first one is the most precise.
  const schemaErrors = new Map<string, string>()
  for (const error of Value.Errors(PolicyFile, value)) {
    if (!schemaErrors.has(error.path)) schemaErrors.set(error.path, describeSchemaError(error))
  }
  const errors = [...schemaErrors.values(), ...findPolicyFaults(value, allowHttp), ...(await findPatternErrors(value))]
  if (errors.length > 0) throw new PolicyError(errors)
  return value as PolicyFile
}

function parseYaml(text: string): unknown {
  const lines = new LineCounter()
  // prettyErrors would quote the file; the line number is enough.
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
    throw new PolicyError(['is not valid YAML (an alias is undefined or expands too far).'])
  }
}

function describeSchemaError({ path, type, schema }: ValueError): string {
  if (type === ValueErrorType.ObjectRequiredProperty) return `${path}: is missing.`
  const rule = schema.description ?? 'as docs/policy.md describes it'
  if (type === ValueErrorType.ObjectAdditionalProperties) return `${path}: is not allowed here; expected ${rule}.`
  return `${path || '/'}: must be ${rule}.`
}

/** The result for each pattern checked so far: the check is costly, so that a reload checks only new patterns. */
const patternErrors = new Map<string, string | undefined>()

async function findPatternErrors(policy: unknown): Promise<string[]> {
  const errors: string[] = []
  for (const { at, pattern } of patternsOf(policy)) {
    if (!patternErrors.has(pattern)) patternErrors.set(pattern, await checkPattern(pattern))
    const error = patternErrors.get(pattern)
    if (error !== undefined) errors.push(`${at}: ${error}`)
  }
  return errors
}

/**
 * Room names have at most 128 characters: a quadratic pattern takes microseconds, a cubic one would take milliseconds.
 */
const MAX_DEGREE = 2

/** @returns what is wrong with a pattern; undefined if it compiles and is fast enough */
async function checkPattern(pattern: string): Promise<string | undefined> {
  try {
    compileRoomPattern(pattern)
  } catch {
    return 'does not compile; write a JavaScript regular expression.'
  }
  if (isFastByShape(pattern)) return undefined
  // Loaded on demand: 3 MB that a service with simple patterns does not need.
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
    ? 'cannot be proven to be fast; write a simpler pattern.'
    : `takes ${verdict.complexity.type} time on some names; avoid repetition inside repetition.`
}

/**
 * Without a repeated group, a match takes at most one nested loop for each repetition: quadratic time for two of them.
 * The built-in pattern is known to be fast.
 */
function isFastByShape(pattern: string): boolean {
  if (pattern === BUILT_IN_POLICY.rooms.pattern) return true
  return !/\)[*+{]/.test(pattern) && (pattern.match(/[*+{]/g) ?? []).length <= MAX_DEGREE
}
