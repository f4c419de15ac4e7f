// Which events a test means, and why another event is not one of them.

import { isDeepStrictEqual } from 'node:util'
import type { LevelName, PluginEvent } from 'fapilog'

/** A text: the whole of it, a pattern that it has somewhere, or a function that says whether. */
export type TextMatcher = string | RegExp | ((text: string) => boolean)
/** A level by name, in upper or lower case, or one of several. */
export type LevelMatcher = LevelName | Lowercase<LevelName> | (string & {}) | readonly string[]
/**
 * Fields that an object has, whatever else it has. A value in it is an object of which the same holds, a RegExp for a
 * text, a function that says whether, or what the value must be equal to; `undefined` means that it is not there.
 */
export type Matching = Readonly<Record<string, unknown>>

/** What an event must have; what is not named may be anything. */
export interface LogPattern {
  /** The level. */
  readonly level?: LevelMatcher
  /** The message. */
  readonly message?: TextMatcher
  /** Name of the logger. */
  readonly logger?: TextMatcher
  /** The time, RFC 3339. */
  readonly timestamp?: TextMatcher
  /** Fields of `context`. */
  readonly context?: Matching
  /** Fields of `diagnostics`. */
  readonly diagnostics?: Matching
  /** Fields of `data`. */
  readonly data?: Matching
}

/** A pattern, or for a text or RegExp the message alone, or a function that says whether. */
export type LogMatcher = LogPattern | string | RegExp | ((event: PluginEvent) => boolean)

const KEYS: readonly (keyof LogPattern)[] = [
  'level',
  'message',
  'logger',
  'timestamp',
  'context',
  'diagnostics',
  'data',
]

/**
 * What keeps an event from being one that is meant; empty when nothing does.
 *
 * @throws {TypeError} for a pattern with a key that events do not have: it could only pass by accident
 */
export function mismatches(event: PluginEvent, matcher: LogMatcher): string[] {
  if (typeof matcher === 'function')
    return matcher(event) ? [] : [`${nameOf(matcher)} returned false`]
  if (typeof matcher === 'string' || matcher instanceof RegExp)
    return differences(event.message, matcher, 'message')
  const unknown = Object.keys(matcher).find((key) => !(KEYS as readonly string[]).includes(key))
  if (unknown !== undefined)
    throw new TypeError(`a matcher has no key ${unknown}: it has ${KEYS.join(', ')}`)
  return KEYS.flatMap((key) => {
    const wanted = matcher[key]
    if (wanted === undefined) return []
    return key === 'level'
      ? levelDifferences(event.level, wanted as LevelMatcher)
      : differences(event[key], wanted, key)
  })
}

/** A matcher in words. */
export function describeMatcher(matcher: LogMatcher): string {
  if (typeof matcher === 'function') return nameOf(matcher)
  return show(
    typeof matcher === 'object' && !(matcher instanceof RegExp) ? matcher : { message: matcher },
  )
}

/** A value on one line, short enough to be read. */
export function show(value: unknown): string {
  const text = words(value)
  return text.length > 300 ? `${text.slice(0, 300)}…` : text
}

function levelDifferences(level: string, wanted: LevelMatcher): string[] {
  const names = (typeof wanted === 'string' ? [wanted] : wanted).map((name) => name.toUpperCase())
  return names.includes(level) ? [] : [`level is ${level}, not ${names.join(' or ')}`]
}

function differences(value: unknown, wanted: unknown, path: string): string[] {
  if (wanted instanceof RegExp) {
    // A pattern with the flag g or y remembers where it was.
    wanted.lastIndex = 0
    return typeof value === 'string' && wanted.test(value)
      ? []
      : [`${path} is ${show(value)}, which ${show(wanted)} does not match`]
  }
  if (typeof wanted === 'function')
    return (wanted as (value: unknown) => unknown)(value)
      ? []
      : [`${path} is ${show(value)}, for which ${nameOf(wanted)} returned false`]
  if (isObject(wanted) && isObject(value))
    return Object.entries(wanted).flatMap(([key, part]) =>
      differences(Object.hasOwn(value, key) ? value[key] : undefined, part, `${path}.${key}`),
    )
  return isDeepStrictEqual(value, wanted) ? [] : [`${path} is ${show(value)}, not ${show(wanted)}`]
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function nameOf(matcher: unknown): string {
  const { name } = matcher as { name: string }
  return name === '' ? 'the function' : `the function ${name}`
}

function words(value: unknown): string {
  if (typeof value === 'function') return nameOf(value)
  if (Array.isArray(value)) return `[${value.map(words).join(', ')}]`
  if (value instanceof RegExp || value === undefined || typeof value === 'bigint')
    return String(value)
  if (typeof value !== 'object' || value === null) return JSON.stringify(value) ?? String(value)
  const parts = Object.entries(value).map(([key, part]) => `${key}: ${words(part)}`)
  return parts.length === 0 ? '{}' : `{ ${parts.join(', ')} }`
}
