// What a setting means to people. The types, the reference, the JSON schema and the suggestions are made from it.

import { z } from 'zod/mini'

/** What is said about a setting. */
export interface Meaning<Input = unknown> {
  /** What it does, as Markdown, without a full stop at its end. */
  readonly description: string
  /** A value other than the default, as someone would write it. */
  readonly example: Input
  /** In words, when no value is the default. @default 'none' */
  readonly otherwise?: string
  /** Its environment variable. @default made from its path */
  readonly variable?: string
  /** Its variable in the Python library where that means the same, and the unit of a plain number there. */
  readonly inPython?: { readonly variable: string; readonly unit?: string }
  /** Whether `reconfigure` can change it (src/live-settings.ts does). @default false */
  readonly live?: boolean
}

/** What is said about a type: its name in the public API and what it stands for. */
export interface TypeMeaning {
  readonly name: string
  readonly description: string
  /** Its heading in the reference. @default its path, or its `type` */
  readonly heading?: string
  /** The group whose settings it has too. */
  readonly extends?: object
}

/** How the values of a leaf look. */
export interface Kind {
  /** The TypeScript type. */
  readonly type: string
  /** Names in `type` and the module, seen from this folder, that has them. */
  readonly imports?: readonly [module: string, ...names: string[]]
  /** What is allowed, as Markdown. */
  readonly allowed: string
  /** The JSON schema; undefined for what no file can hold. */
  readonly json: object | undefined
  /** A default as source text. @default JSON with single quotes */
  readonly show?: (value: unknown) => string
  /** Smallest and largest value, for numbers, sizes and durations. */
  readonly bounds?: readonly [min: number, max: number | undefined]
}

export const meanings = new WeakMap<object, Meaning>()
export const typeMeanings = new WeakMap<object, TypeMeaning>()
export const kinds = new WeakMap<object, Kind>()

/** Says how the values of a schema look. */
export function kind<S extends z.ZodMiniType>(schema: S, looks: Kind): S {
  kinds.set(schema, looks)
  return schema
}

/** A setting with a default, which is written as a user would write it. */
export function setting<S extends z.ZodMiniType>(
  schema: S,
  meaning: Meaning<z.input<S>> & { readonly default: z.input<S> },
): z.ZodMiniPrefault<S>
/** A setting that may be left out. */
export function setting<S extends z.ZodMiniType>(
  schema: S,
  meaning: Meaning<z.input<S>>,
): z.ZodMiniOptional<S>
export function setting(
  schema: z.ZodMiniType,
  meaning: Meaning & { readonly default?: unknown },
): z.ZodMiniType {
  const { default: value, ...said } = meaning
  const made = value === undefined ? z.optional(schema) : z.prefault(schema, value)
  meanings.set(made, said)
  return made
}

/** A setting that must be given. */
export function required<S extends z.ZodMiniType>(schema: S, meaning: Meaning<z.input<S>>): S {
  // A clone, because the same kind may be used for several settings.
  const made = schema.clone()
  const looks = kinds.get(schema)
  if (looks !== undefined) kinds.set(made, looks)
  meanings.set(made, meaning as Meaning)
  return made
}

/** Settings that belong together: an object without further keys. */
export function group<Shape extends z.core.$ZodShape>(
  meaning: TypeMeaning,
  shape: Shape,
): z.ZodMiniObject<Shape, z.core.$strict> {
  const made = z.strictObject(shape)
  typeMeanings.set(made, meaning)
  return made
}

/** Gives a type a name in the public API. */
export function named<S extends z.ZodMiniType>(name: string, description: string, schema: S): S {
  typeMeanings.set(schema, { name, description })
  return schema
}
