// The kinds of values that settings have. Each checks its bounds and says what is right.

import { z } from 'zod/mini'
import {
  BUILT_IN_LEVELS,
  LEVEL_NAMES,
  type LevelInput,
  type LevelSetting,
  LevelTable,
} from '../levels.js'
import { kind } from './meaning.js'
import { type Duration, parseDuration, parseSize, type Size } from './units.js'

const NO_LIMIT = Number.MAX_SAFE_INTEGER

function measure(
  parse: (input: unknown) => number | undefined,
  what: string,
  min: number,
  max: number,
) {
  const bounds = max === NO_LIMIT ? `of at least ${min}` : `from ${min} to ${max}`
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

/** `65536` as `64 KB`. */
function shown(value: number, units: readonly (readonly [string, number])[]): string {
  const unit = units.find(([, factor]) => value !== 0 && value % factor === 0)
  return unit === undefined ? String(value) : `${value / unit[1]} ${unit[0]}`
}

/** `1000000` as `1,000,000`; asking Intl takes 20 ms. */
function thousands(value: number): string {
  return String(value).replace(/\B(?=(\d{3})+$)/g, ',')
}

const SIZE_UNITS = [
  ['GB', 1024 ** 3],
  ['MB', 1024 ** 2],
  ['KB', 1024],
] as const
const DURATION_UNITS = [
  ['d', 86_400_000],
  ['h', 3_600_000],
  ['min', 60_000],
  ['s', 1000],
  ['ms', 1],
] as const

function range(min: number, max: number, units: readonly (readonly [string, number])[]): string {
  return max === NO_LIMIT
    ? `from ${shown(min, units)}`
    : `${shown(min, units)} to ${shown(max, units)}`
}

const measureJson = (pattern: string) => ({
  anyOf: [
    { type: 'number', minimum: 0 },
    { type: 'string', pattern },
  ],
})

/** A size in bytes: a number or `"8 MB"`. */
export const size = (min: number, max = NO_LIMIT): z.ZodMiniType<number, Size> =>
  kind(measure(parseSize, 'a size in bytes, or as "8 MB",', min, max), {
    type: 'Size',
    imports: ['./units.js', 'Size'],
    allowed: `a size, ${range(min, max, SIZE_UNITS)}`,
    json: measureJson('^\\s*\\d+(\\.\\d+)?\\s*([bB]|[kKmMgGtT][bB])\\s*$'),
    bounds: [min, max === NO_LIMIT ? undefined : max],
  })

/** A duration in milliseconds: a number or `"5s"`. */
export const duration = (min: number, max = NO_LIMIT): z.ZodMiniType<number, Duration> =>
  kind(measure(parseDuration, 'a duration in milliseconds, or as "5s",', min, max), {
    type: 'Duration',
    imports: ['./units.js', 'Duration'],
    allowed: `a duration, ${range(min, max, DURATION_UNITS)}`,
    json: measureJson('^\\s*\\d+(\\.\\d+)?\\s*([mM][sS]|[sSmMhHdDwW])\\s*$'),
    bounds: [min, max === NO_LIMIT ? undefined : max],
  })

/** A whole number. */
export const count = (min: number, max: number) =>
  kind(z.int().check(z.gte(min), z.lte(max)), {
    type: 'number',
    allowed: `${min} to ${thousands(max)}`,
    json: { type: 'integer', minimum: min, maximum: max },
    bounds: [min, max],
  })

/** Any number within bounds. */
export const ratio = (min: number, max: number) =>
  kind(z.number().check(z.gte(min), z.lte(max)), {
    type: 'number',
    allowed: `a number, ${min} to ${max}`,
    json: { type: 'number', minimum: min, maximum: max },
    bounds: [min, max],
  })

/** Permission bits. */
export const permissions = () =>
  kind(z.int().check(z.gte(0), z.lte(0o777)), {
    type: 'number',
    allowed: 'up to `0o777`',
    json: { type: 'integer', minimum: 0, maximum: 0o777 },
    bounds: [0, 0o777],
    show: (value) => `0o${(value as number).toString(8)}`,
  })

export const flag = () =>
  kind(z.boolean(), { type: 'boolean', allowed: 'boolean', json: { type: 'boolean' } })

/** Text of a length. */
export const text = (min = 0, max?: number) =>
  kind(z.string().check(z.minLength(min), z.maxLength(max ?? NO_LIMIT)), {
    type: 'string',
    allowed:
      max !== undefined ? `${min} to ${max} characters` : min > 0 ? 'text, not empty' : 'text',
    json: {
      type: 'string',
      ...(min > 0 ? { minLength: min } : {}),
      ...(max === undefined ? {} : { maxLength: max }),
    },
  })

/** One of several words. */
export const choice = <const Values extends readonly [string, ...string[]]>(values: Values) =>
  kind(z.enum(values), {
    type: values.map((value) => `'${value}'`).join(' | '),
    allowed: values.map((value) => `\`${value}\``).join(', '),
    json: { enum: values },
  })

let accepted = BUILT_IN_LEVELS

/** From now on, the levels of these options are accepted where a level is asked for. */
export function acceptLevels(custom: unknown): void {
  accepted =
    typeof custom === 'object' && custom !== null
      ? new LevelTable(custom as Record<string, number>)
      : BUILT_IN_LEVELS
}

/** The levels that are accepted, those of the application among them. */
export const acceptedLevels = (): LevelTable => accepted

const levelNames = () => accepted.levels.map(({ name }) => name)

const LEVEL_JSON = { type: 'string', examples: LEVEL_NAMES }

/** A threshold. */
export const level = () =>
  kind(
    z.string().check(
      z.refine((name) => accepted.find(name) !== undefined, {
        error: () => `a level: ${levelNames().join(', ')} or SILENT (any case)`,
      }),
    ) as z.ZodMiniType<string, LevelSetting>,
    {
      type: 'LevelSetting',
      imports: ['../levels.js', 'LevelSetting'],
      allowed: "a level, or `'silent'`",
      json: LEVEL_JSON,
    },
  )

/** The lowest level of something; silence would make it nothing. */
export const minimumLevel = () =>
  kind(
    z.string().check(
      z.refine((name) => (accepted.find(name)?.index ?? -1) >= 0, {
        error: () =>
          `a level: ${levelNames().slice(0, -1).join(', ')} or ${levelNames().at(-1)} (any case)`,
      }),
    ) as z.ZodMiniType<string, LevelInput>,
    {
      type: 'LevelInput',
      imports: ['../levels.js', 'LevelInput'],
      allowed: 'a level',
      json: LEVEL_JSON,
    },
  )

/** A function; only code can give one. */
export const callback = <Callback extends (...args: never[]) => unknown>(
  type: string,
  imports: readonly [module: string, ...names: string[]],
) =>
  kind(
    z.custom<Callback>((value) => typeof value === 'function', { error: 'a function' }),
    { type: `(${type})`, imports, allowed: 'a function', json: undefined },
  )
