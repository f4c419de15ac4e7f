// Levels as pino has them, and the native levels behind them.

import { problem } from './problem.js'

/** Numbers of the levels that every logger has unless it has only its own. */
export const DEFAULT_LEVELS = { trace: 10, debug: 20, info: 30, warn: 40, error: 50, fatal: 60 }

/** Names and numbers of levels. */
export interface LevelMapping {
  /** Numbers by name. */
  values: Record<string, number>
  /** Names by number. */
  labels: Record<number, string>
}

/** Whether a level is logged under a threshold. */
export type LevelComparison = (current: number, expected: number) => boolean

const invert = (levels: Readonly<Record<string, number>>) =>
  Object.fromEntries(Object.entries(levels).map(([label, value]) => [value, label]))

/** The levels of a logger; `silent` is found, but not listed. */
export function mappings(
  custom: Readonly<Record<string, number>> = {},
  onlyCustom = false,
): LevelMapping {
  const values = Object.create(Object.prototype, { silent: { value: Number.POSITIVE_INFINITY } })
  const labels = Object.create(Object.prototype, { Infinity: { value: 'silent' } })
  if (!onlyCustom) {
    Object.assign(values, DEFAULT_LEVELS)
    Object.assign(labels, invert(DEFAULT_LEVELS))
  }
  return { values: Object.assign(values, custom), labels: Object.assign(labels, invert(custom)) }
}

/** @throws {ConfigurationError} when it is neither an order nor a function */
export function comparison(order: unknown = 'ASC'): LevelComparison {
  if (typeof order === 'function') return order as LevelComparison
  if (order === 'ASC') return (current, expected) => current >= expected
  if (order === 'DESC') return (current, expected) => current <= expected
  throw problem('levelComparison', order, "'ASC', 'DESC' or a function")
}

/** Native levels by their place on the wire, as pino's numbers: `TRACE` to `CRITICAL`. */
const NATIVE = ['TRACE', 'DEBUG', 'INFO', 'WARNING', 'ERROR', 'CRITICAL']
/** Place of the first level of an application's own, behind AUDIT and SECURITY. */
const FIRST_OWN = 8
const MOST_OWN = 8
/** Names that the native side has for other levels. */
const TAKEN = /^(trace|debug|info|warn|warning|error|critical|fatal|audit|security|silent)$/i
const NAME = /^[a-z]\w{0,31}$/i

/** Native values that are free below TRACE (10), between the built-in levels, and above CRITICAL (60). */
const GAPS: readonly (readonly [below: number, first: number, last: number])[] = [
  [10, 1, 4],
  [20, 6, 9],
  [30, 11, 19],
  [40, 21, 29],
  [50, 31, 39],
  [60, 41, 49],
  [Number.POSITIVE_INFINITY, 51, 59],
]

/** Which native level stands for each of pino's numbers. */
export interface NativeLevels {
  /** The setting `customLevels`. */
  readonly customLevels: Record<string, number>
  /** By pino's number: name, and place on the wire. */
  readonly byNumber: ReadonlyMap<number, { readonly name: string; readonly index: number }>
}

/**
 * Finds a native level for each of the numbers, so that they keep their order: sinks have thresholds, and the ring
 * keeps room for the highest.
 *
 * @throws {ConfigurationError} for more levels than there is room for
 */
export function nativeLevels({ labels }: LevelMapping): NativeLevels {
  const numbers = Object.keys(labels)
    .map(Number)
    .sort((a, b) => a - b)
  const byNumber = new Map<number, { name: string; index: number }>()
  const customLevels: Record<string, number> = {}
  const next = GAPS.map(([, first]) => first)
  let own = 0
  for (const number of numbers) {
    const at = Object.values(DEFAULT_LEVELS).indexOf(number)
    if (at >= 0) {
      byNumber.set(number, { name: NATIVE[at] as string, index: at })
      continue
    }
    const gap = GAPS.findIndex(([below]) => number < below)
    const label = labels[number] as string
    const value = next[gap] as number
    if (own === MOST_OWN || value > (GAPS[gap]?.[2] as number)) {
      const expected = `at most ${MOST_OWN} levels besides those of pino, of which at most 4 below debug and 9 between two others`
      throw problem(`customLevels.${label}`, number, expected)
    }
    ;(next[gap] as number)++
    const name = NAME.test(label) && !TAKEN.test(label) ? label : `level_${own}`
    customLevels[name] = value
    byNumber.set(number, { name, index: FIRST_OWN + own++ })
  }
  return { customLevels, byNumber }
}

/** Name of the lowest native level that stands for this number or a higher one. */
export function nativeThreshold({ byNumber }: NativeLevels, number: number): string | undefined {
  for (const [value, { name }] of byNumber) if (value >= number) return name
  return undefined
}
