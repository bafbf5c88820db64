import type { Static, TSchema } from '@sinclair/typebox'
import { Value } from '@sinclair/typebox/value'

/** Turns the text of an environment variable into a checked value. */
export type Reader<S extends TSchema> = {
  /** Checks the parsed value. Its description is the rule: it completes "must be …" in errors and in docs/settings.md. */
  schema: S
  /** Parses the text; text that cannot be parsed is returned as it is, and the schema refuses it. */
  parse: (text: string) => unknown
}

/** A setting; its name is the name of the environment variable. */
export type Setting<S extends TSchema, D> = Reader<S> & {
  /** @returns the value of a text, or undefined if the schema refuses it */
  read: (text: string) => Static<S> | undefined
  /** The value when the variable is unset, empty or invalid. */
  fallback: D
  /** The default as docs/settings.md prints it. */
  shown: string
  /** The description of the schema. */
  rule: string
  /** One or two sentences for docs/settings.md. */
  about: string
}

/** A setting whose value is never printed, and which can also come from the file that `<NAME>_FILE` names. */
export type SecretSetting<S extends TSchema, D> = Setting<S, D> & { secret: true }

type Options<D> = {
  fallback: D
  about: string
  /** Replaces the default in the docs when it is computed or depends on another setting. */
  shown?: string
}

/** Creates a setting. */
export const setting = <S extends TSchema, const D extends Static<S> | undefined>(
  { schema, parse }: Reader<S>,
  { fallback, about, shown }: Options<D>,
): Setting<S, D> => ({
  schema,
  parse,
  read(text) {
    const value = parse(text)
    return Value.Check(schema, value) ? value : undefined
  },
  fallback,
  shown: shown ?? ([fallback ?? []].flat().join(', ') || 'none'),
  rule: schema.description ?? '',
  about,
})

/** Creates a secret setting. */
export const secretSetting = <S extends TSchema, const D extends Static<S> | undefined>(
  reader: Reader<S>,
  options: Options<D>,
): SecretSetting<S, D> => ({ ...setting(reader, options), secret: true })
