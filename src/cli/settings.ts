// The settings that a logger without options of its own would have here, and where each comes from.

import { createRequire } from 'node:module'
import { isSecret } from '../secret-names.js'
import { settingVariables } from '../settings/environment.js'

type Checker = typeof import('../settings/check.js')
type Problems = Extract<ReturnType<Checker['check']>, { problems: unknown }>

/** One setting. */
export interface Row {
  /** Its name: `queue.ringBytes`, `sinks[0].type`. */
  readonly path: string
  readonly value: unknown
  /** An environment variable, a file or a preset; undefined for a default. */
  readonly source: string | undefined
}

/** Settings in force, or what is wrong with them. */
export type InForce =
  | Problems
  | {
      readonly rows: readonly Row[]
      /** The configuration file, if there is one. */
      readonly file: string | undefined
      /** Variables that mean nothing, each with a name that may be meant. */
      readonly unknown: readonly (readonly [name: string, near: string | undefined])[]
    }

/** Checks environment and file, as `createLogger()` does. `given` is what would be passed to it. */
export function inForce(given: object): InForce {
  const require = createRequire(import.meta.url)
  const { load } = require('../../lazy/settings.cjs') as { load(): Checker }
  const checked = load().check(given, settingVariables())
  if ('problems' in checked) {
    const problems = checked.problems.map((one) =>
      isSecret(one.path) ? { ...one, value: '***' } : one,
    )
    return { ...checked, problems }
  }
  const { settings, file, unknown, sourceOf } = checked
  const rows = leaves(settings, []).map(({ path: keys, value }) => {
    const path = show(keys)
    return {
      path,
      value: isSecret(path) ? '***' : value,
      source: sourceOf(keys)?.replace(/^code$/, 'command line'),
    }
  })
  return { rows, file, unknown }
}

interface Leaf {
  readonly path: readonly (string | number)[]
  readonly value: unknown
}

function leaves(value: unknown, path: readonly (string | number)[]): Leaf[] {
  if (typeof value === 'function' || value === undefined) return []
  if (typeof value !== 'object' || value === null) return [{ path, value }]
  const entries = Array.isArray(value) ? [...value.entries()] : Object.entries(value)
  if (entries.length === 0) return [{ path, value }]
  return entries.flatMap(([key, inner]) => leaves(inner, [...path, key]))
}

function show(path: readonly (string | number)[]): string {
  return path
    .map((key, index) => (typeof key === 'number' ? `[${key}]` : index === 0 ? key : `.${key}`))
    .join('')
}
