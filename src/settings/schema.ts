// The one source of every setting: name, default, bounds and meaning. zod checks it once per logger, at
// creation; nothing of this file is on the path of a log call.

import { z } from 'zod/mini'
import { levelIndex, SILENT } from '../levels.js'
import { MAX_DATA_BYTES, MIN_DATA_BYTES } from '../wire/layout.js'
import type { LoggerOptions } from './options.js'
import { parseDuration, parseSize } from './units.js'

function measure(
  parse: (input: unknown) => number | undefined,
  what: string,
  min: number,
  max: number,
) {
  const bounds = max === Number.MAX_SAFE_INTEGER ? `of at least ${min}` : `from ${min} to ${max}`
  const message = `${what} ${bounds}`
  return z.pipe(
    z.union([z.string(), z.number()], { error: message }),
    z.transform((input, context) => {
      const value = parse(input)
      if (value === undefined || value < min || value > max) {
        context.issues.push({ code: 'custom', input, message })
        return z.NEVER
      }
      return value
    }),
  )
}

/** A size in bytes: a number or `"8 MB"`. */
const size = (min: number, max = Number.MAX_SAFE_INTEGER) =>
  measure(parseSize, 'a size in bytes, or as "8 MB",', min, max)
/** A duration in milliseconds: a number or `"5s"`. */
const duration = (min: number, max = Number.MAX_SAFE_INTEGER) =>
  measure(parseDuration, 'a duration in milliseconds, or as "5s",', min, max)
const count = (min: number, max: number) => z.int().check(z.gte(min), z.lte(max))
const level = z.string().check(
  z.refine((name) => levelIndex(name) !== undefined, {
    error:
      'a level: TRACE, DEBUG, INFO, WARNING, ERROR, CRITICAL, AUDIT, SECURITY or SILENT (any case)',
  }),
)
/** A sink that takes nothing is no sink. */
const sinkLevel = z.string().check(
  z.refine((name) => (levelIndex(name) ?? SILENT) !== SILENT, {
    error: 'a level: TRACE, DEBUG, INFO, WARNING, ERROR, CRITICAL, AUDIT or SECURITY (any case)',
  }),
)
const permissions = count(0, 0o777)

export const FORMATS = ['json', 'pino', 'pretty', 'logfmt', 'simple', 'minimal'] as const
export const SINK_TYPES = ['stdout', 'stderr', 'file', 'null', 'memory'] as const

const rotate = z.strictObject({
  maxBytes: z.optional(size(1)),
  interval: z.optional(z.union([z.enum(['hourly', 'daily', 'weekly']), duration(1)])),
  utc: z._default(z.boolean(), false),
  compress: z._default(z.enum(['none', 'gzip']), 'none'),
  keepFiles: z.optional(count(0, 1_000_000)),
  keepBytes: z.optional(size(0)),
  keepFor: z.optional(duration(1)),
})

const sinkCommon = {
  name: z.optional(z.string().check(z.minLength(1))),
  format: z.optional(z.enum(FORMATS)),
  level: z.optional(sinkLevel),
  color: z.optional(z.boolean()),
  queueBytes: z._default(size(65_536, 1 << 30), 2 << 20),
  whenFull: z._default(z.enum(['block', 'drop-oldest', 'drop-newest']), 'block'),
}

const sinkObject = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('stdout'), ...sinkCommon }),
  z.strictObject({ type: z.literal('stderr'), ...sinkCommon }),
  z.strictObject({ type: z.literal('null'), ...sinkCommon }),
  z.strictObject({
    type: z.literal('memory'),
    ...sinkCommon,
    maxBytes: z._default(size(1024, 1 << 30), 64 << 20),
  }),
  z.strictObject({
    type: z.literal('file'),
    ...sinkCommon,
    path: z.string().check(z.minLength(1)),
    mode: z._default(permissions, 0o600),
    dirMode: z._default(permissions, 0o700),
    mkdir: z._default(z.boolean(), true),
    rotate: z.prefault(rotate, {}),
  }),
])

const queue = z.strictObject({
  ringBytes: z._default(size(MIN_DATA_BYTES, MAX_DATA_BYTES), 8 << 20),
  overflow: z._default(z.enum(['drop-newest', 'block']), 'drop-newest'),
  blockTimeoutMs: z._default(duration(0, 3_600_000), 1000),
  protectedLevel: z._default(level, 'ERROR'),
  maxEventBytes: z._default(size(16_384, 64 << 20), 256 << 10),
})

/** The settings document. */
export const settingsSchema = z.strictObject({
  name: z.optional(z.string().check(z.minLength(1), z.maxLength(200))),
  level: z._default(level, 'INFO'),
  format: z.optional(z.enum(FORMATS)),
  sinks: z._default(
    z.array(z.union([z.enum(['stdout', 'stderr', 'null']), sinkObject])).check(z.minLength(1)),
    ['stdout'],
  ),
  queue: z.prefault(queue, {}),
  durability: z._default(z.enum(['memory', 'fsync', 'crash-safe']), 'memory'),
  crashSafeDir: z.optional(z.string().check(z.minLength(1))),
  sync: z._default(z.boolean(), false),
  shutdownTimeoutMs: z._default(duration(0, 3_600_000), 5000),
  handleSignals: z._default(z.boolean(), true),
  diagnostics: z._default(z.boolean(), false),
  onError: z.optional(
    z.custom<NonNullable<LoggerOptions['onError']>>((value) => typeof value === 'function', {
      error: 'a function',
    }),
  ),
  service: z.optional(z.string()),
  env: z.optional(z.string()),
  version: z.optional(z.string()),
  utc: z._default(z.boolean(), false),
})

/** Settings with every default filled in. */
export type ResolvedSettings = z.output<typeof settingsSchema>
/** One sink with every default filled in. */
export type ResolvedSink = z.output<typeof sinkObject>

/** Names that are allowed at a path, for suggestions. */
export function namesAt(path: readonly PropertyKey[], input: unknown): readonly string[] {
  if (path.length === 0) return Object.keys(settingsSchema.shape)
  const [head, ...rest] = path
  if (head === 'queue') return Object.keys(queue.shape)
  if (head === 'sinks' && rest.length >= 1) {
    if (rest[1] === 'rotate') return Object.keys(rotate.shape)
    const sink = (input as { sinks?: readonly unknown[] } | undefined)?.sinks?.[Number(rest[0])]
    const type = (sink as { type?: unknown } | undefined)?.type
    const option = sinkObject.def.options.find((known) => known.shape.type.def.values[0] === type)
    return option === undefined ? ['type'] : Object.keys(option.shape)
  }
  return []
}
