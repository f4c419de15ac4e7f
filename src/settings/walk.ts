// Ways through the schema, for whoever asks it about its settings.

import type { z } from 'zod/mini'
import { kinds } from './meaning.js'

type Schema = z.core.$ZodType

/** What a setting takes, without its default and without what becomes of it. */
export function bare(schema: Schema): Schema {
  let inner = schema
  for (;;) {
    if (kinds.has(inner)) return inner
    const { def } = inner._zod as unknown as { def: { innerType?: Schema; in?: Schema } }
    const next = def.innerType ?? def.in
    if (next === undefined) return inner
    inner = next
  }
}

interface Definition {
  readonly type: string
  readonly shape?: Readonly<Record<string, Schema>>
  readonly element?: Schema
  readonly options?: readonly Schema[]
  readonly valueType?: Schema
  readonly entries?: Readonly<Record<string, string>>
  readonly values?: readonly unknown[]
  readonly discriminator?: string
}

export function definition(schema: Schema): Definition {
  return schema._zod.def as unknown as Definition
}

/** The settings of a group; undefined for everything else. */
export function shapeOf(schema: Schema): Readonly<Record<string, Schema>> | undefined {
  return definition(bare(schema)).shape
}

/** The groups among what a schema takes, only the one that `input` means if it says so. */
function groups(schema: Schema, input: unknown): Schema[] {
  const inner = bare(schema)
  const { options, discriminator, shape } = definition(inner)
  if (shape !== undefined) return [inner]
  if (options === undefined) return []
  if (discriminator === undefined) return options.flatMap((option) => groups(option, input))
  const wanted = (input as Record<string, unknown> | null | undefined)?.[discriminator]
  const meant = options.filter((option) => {
    const tag = shapeOf(option)?.[discriminator]
    return tag !== undefined && definition(tag).values?.includes(wanted)
  })
  return meant.length > 0 ? meant : [...options]
}

/** The schema at a path of an input. */
export function schemaAt(
  root: Schema,
  path: readonly PropertyKey[],
  input: unknown,
): Schema | undefined {
  let schema: Schema | undefined = root
  let value = input
  for (const part of path) {
    if (schema === undefined) return undefined
    const inner = bare(schema)
    const { element, valueType } = definition(inner)
    schema =
      element ??
      valueType ??
      groups(inner, value)
        .map((one) => shapeOf(one)?.[String(part)])
        .find((one) => one !== undefined)
    value = (value as Record<PropertyKey, unknown> | null | undefined)?.[part]
  }
  return schema
}

/** Names that are allowed at a path of an input. */
export function namesAt(
  root: Schema,
  path: readonly PropertyKey[],
  input: unknown,
): readonly string[] {
  let value = input
  for (const part of path)
    value = (value as Record<PropertyKey, unknown> | null | undefined)?.[part]
  const schema = schemaAt(root, path, input)
  if (schema === undefined) return []
  return [...new Set(groups(schema, value).flatMap((one) => Object.keys(shapeOf(one) ?? {})))]
}

/** The words that are allowed as the tag of a union. */
export function tagsAt(
  root: Schema,
  path: readonly PropertyKey[],
  input: unknown,
  discriminator: string,
): readonly string[] {
  const schema = schemaAt(root, path, input)
  return schema === undefined ? [] : tags(schema, discriminator)
}

function tags(schema: Schema, discriminator: string): string[] {
  const { options, shape } = definition(bare(schema))
  if (options !== undefined) return options.flatMap((option) => tags(option, discriminator))
  const tag = shape?.[discriminator]
  return tag === undefined ? [] : (definition(tag).values ?? []).map(String)
}
