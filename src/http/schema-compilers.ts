import { AjvCompiler } from '@fastify/ajv-compiler'
import { SerializerSelector } from '@fastify/fast-json-stringify-compiler'

/** Makes a compiler for a set of schemas, which others may refer to. */
type Build = (schemas: unknown, options?: unknown) => (asked: { schema?: unknown }) => unknown

/** Remembers what was compiled, by the text of the schema and of all that it may refer to. */
function remembering<T>(builder: T): T {
  const build = builder as Build
  const compiled = new Map<string, Map<string, unknown>>()
  const remembered: Build = (schemas, options) => {
    const compile = build(schemas, options)
    const context = JSON.stringify([schemas, options])
    const known = compiled.get(context) ?? new Map<string, unknown>()
    compiled.set(context, known)
    return (asked) => {
      const text = JSON.stringify(asked.schema)
      const made = known.get(text) ?? compile(asked)
      known.set(text, made)
      return made
    }
  }
  return remembered as T
}

/** Fastify's own compilers, for all servers of a process: each schema is compiled once, which takes most of a start. */
export const schemaCompilers = {
  buildValidator: remembering(AjvCompiler()),
  buildSerializer: remembering(SerializerSelector()),
}
