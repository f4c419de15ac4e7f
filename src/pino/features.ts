// What an application has asked for that runs in this thread, at every event: nothing, unless it has.

import { err as stdErr } from 'pino-std-serializers'
import { configure } from 'safe-stable-stringify'
import type { Redaction } from './redaction.js'
import { type TimeFn, timeFields } from './time.js'

/** Makes what is logged of a value. */
// biome-ignore lint/suspicious/noExplicitAny: as pino declares it
export type SerializerFn = (value: any) => any
/** Serializers by name of the field. */
export type Serializers = Readonly<Record<string, SerializerFn>>

/** Parts of a line that functions of the application make. */
export interface Formatters {
  /** What a line says of its level; asked once for each level. */
  level?: ((label: string, number: number) => object) | undefined
  /** What becomes of the fields of a logger and its children. */
  bindings?: ((bindings: Record<string, unknown>) => object) | undefined
  /** What becomes of the fields of a call. */
  log?: ((fields: Record<string, unknown>) => object) | undefined
}

/** Fields that a function adds to a call. */
export type MixinFn = (fields: object, level: number, logger: never) => object
/** How such fields and those of the call become one object. */
export type MixinMergeStrategyFn = (fields: object, mixed: object) => object

/** Everything of a logger that changes the fields of its calls before they are encoded. */
export interface Features {
  readonly messageKey: string
  readonly errorKey: string
  readonly nestedKey: string | undefined
  readonly serializers: Serializers
  readonly formatters: Formatters
  readonly redaction: Redaction | undefined
  readonly mixin: MixinFn | undefined
  readonly mixinMergeStrategy: MixinMergeStrategyFn | undefined
  /** Makes the time in this thread. */
  readonly time: TimeFn | undefined
  /** Bounds what has circles, which is all that pino bounds. */
  readonly bounded: ((value: object) => unknown) | undefined
}

/** Serializers and others in their place: inherited ones too, since Fastify gives those of a plugin its parent's that way. */
export function combined(...lists: (Serializers | undefined)[]): Serializers {
  const all: Record<string | symbol, SerializerFn> = {}
  for (const list of lists) {
    for (const key in list) all[key] = list[key] as SerializerFn
    for (const key of Object.getOwnPropertySymbols(list ?? {}))
      all[key] = (list as typeof all)[key] as SerializerFn
  }
  return all
}

/** Serializers other than that of Errors, which the native side has. */
export const ownSerializers = (serializers: Serializers): string[] =>
  Object.keys(serializers).filter((key) => key !== 'err' || serializers[key] !== stdErr)

/** Whether a call needs anything of this. */
export const isPlain = (features: Features): boolean =>
  ownSerializers(features.serializers).length === 0 &&
  features.errorKey === 'err' &&
  features.nestedKey === undefined &&
  features.formatters.log === undefined &&
  features.redaction === undefined &&
  features.mixin === undefined &&
  features.time === undefined &&
  features.bounded === undefined

/** What `depthLimit` and `edgeLimit` are in pino: bounds of objects that `JSON.stringify` refuses. */
export function bounding(depthLimit = 5, edgeLimit = 100): (value: object) => unknown {
  const stringify = configure({ maximumDepth: depthLimit, maximumBreadth: edgeLimit })
  return (value) => {
    try {
      JSON.stringify(value)
      return value
    } catch {
      return JSON.parse(stringify(value) ?? 'null')
    }
  }
}

/** What a function returns, or a marker: a log call never throws. */
export function attempt(call: () => unknown): unknown {
  try {
    return call()
  } catch (error) {
    return `[Throws: ${String(error)}]`
  }
}

/** One field as serializer, bounds and redaction leave it. `undefined`: it is not logged. */
export function shown(features: Features, key: string, given: unknown): unknown {
  const { serializers, redaction, bounded, errorKey } = features
  let value = given
  const own = Object.hasOwn(serializers, key) ? serializers[key] : undefined
  const serialize = own ?? (key === errorKey ? serializers['err'] : undefined)
  // `null` takes one of the parent's away.
  if (
    typeof serialize === 'function' &&
    !(serialize === stdErr && value instanceof Error && !redaction)
  )
    value = attempt(() => serialize(value))
  if (bounded !== undefined && typeof value === 'object' && value !== null) value = bounded(value)
  return redaction === undefined ? value : redaction.field(key, value)
}

/** The fields of a call as the application wants them. */
export function shaped(
  features: Features,
  given: object,
  level: number,
  logger: object,
): Record<string, unknown> {
  const { mixin, mixinMergeStrategy, formatters, nestedKey, time } = features
  let fields = given
  if (mixin !== undefined) {
    const mixed = mixin(fields, level, logger as never)
    fields =
      mixinMergeStrategy === undefined
        ? Object.assign(mixed, fields)
        : mixinMergeStrategy(fields, mixed)
  }
  if (formatters.log !== undefined) fields = formatters.log(fields as Record<string, unknown>)
  const line: Record<string, unknown> = time === undefined ? {} : timeFields(time())
  const all: Record<string, unknown> = nestedKey === undefined ? line : {}
  for (const [key, value] of Object.entries(fields ?? {}))
    if (value !== undefined) all[key] = shown(features, key, value)
  if (nestedKey !== undefined && Object.values(all).some((value) => value !== undefined))
    line[nestedKey] = all
  return line
}
