// Levels: names, aliases, numbers and order. The built-in ones are generated from schemas/wire.json.
//
// A level has two numbers. Its value is its severity, which thresholds are compared with. Its index is its place in
// counters and on the wire: built-in levels first, the application's own behind them, whatever their severity.

import { ConfigurationError } from './errors.js'
import { LEVELS, MAX_LEVELS } from './wire/layout.js'

/** Names of the built-in levels, lowest severity first. */
export type LevelName = (typeof LEVELS)[number][0]
/** Every spelling that is accepted where a level is asked for. */
export type LevelInput = LevelName | Lowercase<LevelName> | 'WARN' | 'warn' | 'FATAL' | 'fatal'
/** What `level` may be set to: a level, or `'silent'` to log nothing. */
export type LevelSetting = LevelInput | 'silent' | 'SILENT'

/** Indexes of the built-in levels. */
export const TRACE = 0
export const DEBUG = 1
export const INFO = 2
export const WARNING = 3
export const ERROR = 4
export const CRITICAL = 5
export const AUDIT = 6
export const SECURITY = 7
/** Value above those of all levels: the threshold that lets nothing through. */
export const SILENT = 255
/** Levels that an application can have besides the built-in ones. */
export const MAX_CUSTOM_LEVELS = MAX_LEVELS - LEVELS.length

const ALIASES: Readonly<Record<string, string>> = { WARN: 'WARNING', FATAL: 'CRITICAL' }
/** Names of own levels, which are also names of methods. */
const CUSTOM_NAME = /^[A-Za-z][A-Za-z0-9_]{0,31}$/

/** Names of the built-in levels, for messages. */
export const LEVEL_NAMES: readonly LevelName[] = LEVELS.map(([name]) => name)

/** A level of a container, or silence. */
export interface Level {
  /** Upper-case name. */
  readonly name: string
  readonly value: number
  /** Place in counters and on the wire; -1 for silence. */
  readonly index: number
}

/** The levels of one container. */
export class LevelTable {
  /** All levels, by index. */
  readonly levels: readonly Level[]
  private readonly byName: ReadonlyMap<string, Level>
  private readonly byValue: ReadonlyMap<number, Level>

  /** @param custom - levels of the application: names and values. What is wrong with them is left out. */
  constructor(custom: Readonly<Record<string, number>> = {}) {
    const levels: Level[] = LEVELS.map(([name, value], index) => ({ name, value, index }))
    for (const [name, value] of Object.entries(custom)) {
      if (customLevelProblem(name, value, levels) === undefined)
        levels.push({ name: name.toUpperCase(), value, index: levels.length })
    }
    this.levels = levels
    const all = [...levels, { name: 'SILENT', value: SILENT, index: -1 }]
    this.byName = new Map(all.map((level) => [level.name, level]))
    this.byValue = new Map(all.map((level) => [level.value, level]))
  }

  /** The level with this name, in any case; undefined when there is none. */
  find(name: unknown): Level | undefined {
    if (typeof name !== 'string') return undefined
    const upper = name.toUpperCase()
    return this.byName.get(ALIASES[upper] ?? upper)
  }

  /** The same. @throws {ConfigurationError} when there is none */
  require(name: unknown, path: string): Level {
    const level = this.find(name)
    if (level !== undefined) return level
    const names = [...this.byName.keys()]
    throw ConfigurationError.of([
      {
        path,
        value: name,
        expected: `one of ${names.join(', ')} (or warn, fatal; any case)`,
        candidates: [...names, 'WARN', 'FATAL'],
      },
    ])
  }

  /** Name of the level with this value. */
  nameOf(value: number): string {
    return this.byValue.get(value)?.name ?? 'SILENT'
  }

  /** Severity of the level with this index. */
  valueAt(index: number): number {
    return (this.levels[index] as Level).value
  }

  /** The level of least severity. */
  get lowest(): Level {
    return this.levels.reduce((low, level) => (level.value < low.value ? level : low))
  }
}

/** The levels of a container that has none of its own. */
export const BUILT_IN_LEVELS = new LevelTable()

/** What is wrong with a level of the application's own, beside those there are; undefined if nothing is. */
export function customLevelProblem(
  name: string,
  value: unknown,
  levels: readonly Level[],
): string | undefined {
  const upper = name.toUpperCase()
  if (!CUSTOM_NAME.test(name))
    return 'a name of at most 32 letters, digits and _, the first a letter'
  if (upper === 'SILENT' || upper in ALIASES || levels.some((level) => level.name === upper))
    return 'a name that no other level has'
  if (!Number.isInteger(value) || (value as number) < 1 || (value as number) >= SILENT)
    return 'an integer from 1 to 254'
  const same = levels.find((level) => level.value === value)
  if (same !== undefined) return `a value of its own; ${value} is that of ${same.name}`
  if (levels.length >= MAX_LEVELS) return `at most ${MAX_CUSTOM_LEVELS} levels of your own`
  return undefined
}
