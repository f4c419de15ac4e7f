// Entry of dist/settings.cjs, which holds zod and is loaded when there is something to check. It reports problems
// instead of throwing them: the error classes live in the package's main file, so that `instanceof` holds.

import { z } from 'zod/mini'
import type { ConfigurationProblem } from '../errors.js'
import { acceptLevels } from './kinds.js'
import { layers } from './layers.js'
import { manifestSchema } from './plugin-package.js'
import { plugin } from './plugins.js'
import { keysOf, problems } from './problems.js'
import { ringBytes } from './ring-bytes.js'
import { RULES } from './rules.js'
import { type ResolvedSettings, settingsSchema } from './schema.js'

// A schema that is used once or twice is not worth code of its own, which would cost 6 ms.
z.config({ jitless: true })

/** Settings that can be used, or why not. */
export type Checked =
  | {
      readonly settings: ResolvedSettings
      /** Absolute path of the configuration file, if there is one. */
      readonly file: string | undefined
      /** Where the value at a path comes from, `'code'` for options; undefined for a default. */
      readonly sourceOf: (path: readonly PropertyKey[]) => string | undefined
      /** Variables that mean nothing, each with a name that may be meant. */
      readonly unknown: readonly (readonly [name: string, near: string | undefined])[]
    }
  | { readonly problems: readonly ConfigurationProblem[] }

/** Merges options with the other sources, checks all of it and fills in the defaults. */
export function check(options: unknown, variables: Readonly<Record<string, string>> = {}): Checked {
  if (typeof options !== 'object' || options === null || Array.isArray(options)) {
    return { problems: [{ path: 'options', value: options, expected: 'an object of options' }] }
  }
  const {
    merged,
    problems: unread,
    file,
    sourceOf,
    unknown,
  } = layers(options as Readonly<Record<string, unknown>>, variables)
  const located = (problem: ConfigurationProblem): ConfigurationProblem => {
    const source = problem.source ?? sourceOf(keysOf(problem.path))
    return source === undefined ? problem : { ...problem, source }
  }
  acceptLevels((merged as { customLevels?: unknown }).customLevels)
  const result = settingsSchema.safeParse(merged)
  const wrong = result.success
    ? []
    : result.error.issues.flatMap((issue) => problems(issue, [], merged))
  if (!result.success || unread.length > 0) return { problems: [...unread, ...wrong.map(located)] }
  const settings = result.data
  const { queue } = merged as { queue?: { maxEventBytes?: unknown } }
  if (queue?.maxEventBytes === undefined) {
    settings.queue.maxEventBytes = Math.min(settings.queue.maxEventBytes, ringBytes(settings) / 4)
  }
  const found = RULES.flatMap((rule) => rule(settings))
  if (found.length > 0) return { problems: found.map(located) }
  return {
    settings,
    file,
    sourceOf: (path) => (says(merged, path) ? (sourceOf(path) ?? 'code') : undefined),
    unknown: unknown.filter(([name]) => !isNamed(settings, name)),
  }
}

/** What keeps a value from being a plugin. */
export function checkPlugin(given: unknown): ConfigurationProblem[] {
  acceptLevels(undefined)
  const result = plugin.safeParse(given)
  if (result.success) return []
  return result.error.issues.flatMap((issue) => problems(issue, ['plugin'], { plugin: given }))
}

/** What keeps a package.json from saying what a plugin has to say of itself. */
export function checkManifest(manifest: unknown): ConfigurationProblem[] {
  const schema = manifestSchema()
  const result = schema.safeParse(manifest)
  if (result.success) return []
  return result.error.issues.flatMap((issue) => problems(issue, [], manifest, schema))
}

/** Whether a source says what stands at a path, if only in short: `'stdout'` says `type`. */
function says(merged: unknown, path: readonly PropertyKey[]): boolean {
  let value = merged
  for (const key of path) {
    if (typeof value !== 'object' || value === null) return value !== undefined
    value = (value as Record<PropertyKey, unknown>)[key]
  }
  return value !== undefined
}

/** Whether a setting names the variable, as that of a key for example. */
function isNamed(settings: ResolvedSettings, name: string): boolean {
  // What plugins hold has no text.
  return JSON.stringify({ ...settings, plugins: [] }).includes(JSON.stringify(name))
}
