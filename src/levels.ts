// Levels: names, aliases, numbers and order. The table itself is generated from schemas/wire.json.

import { ConfigurationError } from './errors.js'
import { LEVELS } from './wire/layout.js'

/** Names of the built-in levels, lowest severity first. */
export type LevelName = (typeof LEVELS)[number][0]
/** Every spelling that is accepted where a level is asked for. */
export type LevelInput = LevelName | Lowercase<LevelName> | 'WARN' | 'warn' | 'FATAL' | 'fatal'
/** What `level` may be set to: a level, or `'silent'` to log nothing. */
export type LevelSetting = LevelInput | 'silent' | 'SILENT'

export const TRACE = 0
export const DEBUG = 1
export const INFO = 2
export const WARNING = 3
export const ERROR = 4
export const CRITICAL = 5
export const AUDIT = 6
export const SECURITY = 7
/** Threshold above every level. */
export const SILENT = 255

const ALIASES: Readonly<Record<string, string>> = { WARN: 'WARNING', FATAL: 'CRITICAL' }

/** Accepted names, for messages. */
export const LEVEL_NAMES: readonly LevelName[] = LEVELS.map(([name]) => name)

/** Index of a level by name, in any case; undefined when there is no such level. */
export function levelIndex(name: string): number | undefined {
  const upper = name.toUpperCase()
  if (upper === 'SILENT') return SILENT
  const index = LEVEL_NAMES.indexOf((ALIASES[upper] ?? upper) as LevelName)
  return index === -1 ? undefined : index
}

/** Index of a level by name. @throws {ConfigurationError} when there is no such level. */
export function requireLevel(name: unknown, path: string): number {
  const index = typeof name === 'string' ? levelIndex(name) : undefined
  if (index === undefined) {
    throw ConfigurationError.of([
      {
        path,
        value: name,
        expected: `one of ${[...LEVEL_NAMES, 'SILENT'].join(', ')} (or warn, fatal; any case)`,
        candidates: [...LEVEL_NAMES, 'WARN', 'FATAL', 'SILENT'],
      },
    ])
  }
  return index
}

/** Name of a level index. */
export function levelName(index: number): LevelName | 'SILENT' {
  return LEVEL_NAMES[index] ?? 'SILENT'
}

/**
 * The lowest level index that is logged, as its only element. Either the one of the container, in memory that all
 * threads see, or the one of a child and the children below it.
 */
export type Threshold = Int32Array & { 0: number }

/** The threshold of a child that has one of its own. */
export function ownThreshold(level: number): Threshold {
  return Int32Array.of(level) as Threshold
}
