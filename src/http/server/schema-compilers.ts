import { AjvCompiler } from '@fastify/ajv-compiler'
import { SerializerSelector } from '@fastify/fast-json-stringify-compiler'

/** What a schema is compiled to: it checks a value, and then has its errors, or writes it down. */
type Compiled = ((value: unknown) => unknown) & { errors?: unknown }

/** Makes a compiler for a set of schemas, which others may refer to. */
type Build = (schemas: object, options?: unknown) => (asked: { schema?: unknown }) => Compiled

/**
 * Compiles a schema when it is used first, and remembers what was compiled, by its text: to compile all of them takes a
 * quarter of a second at the start of a process. What they may refer to has the same name in every server.
 */
function compileOnFirstUse<T>(builder: T): T {
  const build = builder as Build
  const remembered = new Map<string, Map<string, Compiled>>()
  const lazy: Build = (schemas, options) => {
    const context = Object.keys(schemas).join()
    const known = remembered.get(context) ?? new Map<string, Compiled>()
    remembered.set(context, known)
    let compile: ReturnType<Build> | undefined
    return (asked) => {
      const text = JSON.stringify(asked.schema)
      const made = (): Compiled => {
        const compiled = known.get(text) ?? (compile ??= build(schemas, options))(asked)
        known.set(text, compiled)
        return compiled
      }
      return known.get(text) ?? first(made)
    }
  }
  return lazy as T
}

/** Stands for what is not compiled yet. */
function first(made: () => Compiled): Compiled {
  let compiled: Compiled | undefined
  const stand: Compiled = (value) => {
    compiled ??= made()
    const result = compiled(value)
    stand.errors = compiled.errors
    return result
  }
  return stand
}

/** Fastify's own compilers, for all servers of a process. */
export const schemaCompilers = {
  buildValidator: compileOnFirstUse(AjvCompiler()),
  buildSerializer: compileOnFirstUse(SerializerSelector()),
}
