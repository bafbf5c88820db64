import type { ProblemCode } from '../../contract/problem.ts'

/** Extension of an operation while the document is built: the problem codes that it can answer. */
export const CODES = 'x-problem-codes'

export type Reference = { $ref: string }

type Parameter = { in: string; name: string; required?: boolean }

type Operation = {
  parameters?: (Parameter | Reference)[]
  responses: Record<string, object>
  [CODES]?: readonly ProblemCode[]
}

/** The parts of an OpenAPI document that are changed after @fastify/swagger has generated it. */
export type OpenApiDocument = {
  paths: Record<string, Record<string, Operation>>
  components: Record<string, Record<string, object>>
}

/** @returns a reference to a component, for example `#/components/schemas/Problem` */
export const reference = (kind: string, name: string): Reference => ({ $ref: `#/components/${kind}/${name}` })

/** @returns the operations of all paths */
export const operationsOf = ({ paths }: OpenApiDocument): Operation[] =>
  Object.values(paths).flatMap((path) => Object.values(path))

/**
 * Replaces each parameter that several operations have by a reference to a component, named for example `path-id`. A
 * parameter of the same name and another definition stays in its operations.
 */
export function shareParameters(document: OpenApiDocument): void {
  const operations = operationsOf(document)
  const uses = Map.groupBy(
    operations.flatMap(({ parameters = [] }) => parameters),
    (parameter) => JSON.stringify(parameter),
  )
  const components: Record<string, object> = {}
  for (const [definition, [parameter, ...others]] of uses) {
    if (parameter === undefined || !('in' in parameter) || others.length === 0) continue
    const name = `${parameter.in}-${parameter.name}`
    if (name in components) continue
    components[name] = parameter
    uses.set(definition, [reference('parameters', name)])
  }
  for (const operation of operations) {
    if (operation.parameters === undefined) continue
    operation.parameters = operation.parameters.flatMap(
      (parameter) => uses.get(JSON.stringify(parameter))?.[0] ?? parameter,
    )
  }
  document.components['parameters'] = components
}
