// Where settings come from, and which one holds: explicit > environment > file > preset > default.

import type { ConfigurationProblem } from '../errors.js'
import { nearestName } from '../nearest-name.js'
import { readFile } from './file.js'
import { PRESET_NAMES, PRESETS, type PresetName } from './presets.js'
import { settingsSchema } from './schema.js'
import { readVariables } from './variables.js'

type Layer = Readonly<Record<string, unknown>>

/** The settings of all sources as one, without the defaults. */
export interface Layers {
  readonly merged: Layer
  readonly problems: readonly ConfigurationProblem[]
  /** Absolute path of the configuration file. */
  readonly file: string | undefined
  /** Where the value at a path comes from; undefined for code. */
  readonly sourceOf: (path: readonly PropertyKey[]) => string | undefined
  /** Variables that mean nothing, each with a name that may be meant. */
  readonly unknown: readonly (readonly [name: string, near: string | undefined])[]
}

/** Reads and merges every source. */
export function layers(explicit: Layer, variables: Readonly<Record<string, string>>): Layers {
  const environment = readVariables(settingsSchema, variables)
  const problems = [...environment.problems]
  const wanted = explicit['configFile'] ?? environment.settings['configFile']
  const file = typeof wanted === 'string' && wanted !== '' ? readFile(wanted) : undefined
  if (file !== undefined && 'problem' in file) problems.push(file.problem)
  const fromFile = file !== undefined && 'settings' in file ? file.settings : {}
  const preset =
    explicit['preset'] ?? environment.settings['preset'] ?? (fromFile['preset'] as unknown)
  const fromPreset = PRESET_NAMES.includes(preset as PresetName)
    ? (PRESETS[preset as PresetName].settings as Layer)
    : {}
  const merged = [fromFile, environment.settings, explicit].reduce<Layer>(merge, fromPreset)
  const sourceOf = (path: readonly PropertyKey[]) => {
    // What is missing was forgotten by who said the rest.
    for (let length = path.length; length > 0; length--) {
      const part = path.slice(0, length)
      if (reaches(explicit, part)) return undefined
      const variable = environment.names.get(part.map(String).join('.'))
      if (variable !== undefined) return `environment variable ${variable}`
      if (file !== undefined && reaches(fromFile, part)) return file.path
      if (reaches(fromPreset, part)) return `preset ${String(preset)}`
    }
    return undefined
  }
  const unknown = environment.unknown.map(
    (name) => [name, nearestName(name, environment.known)] as const,
  )
  return { merged, problems, file: file?.path, sourceOf, unknown }
}

/** Groups are merged setting by setting; everything else is replaced as a whole. */
function merge(below: Layer, above: Layer): Layer {
  const merged: Record<string, unknown> = { ...below }
  for (const [key, value] of Object.entries(above)) {
    if (value === undefined) continue
    const under = merged[key]
    merged[key] = isGroup(under) && isGroup(value) ? merge(under, value) : value
  }
  return merged
}

function isGroup(value: unknown): value is Layer {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** Whether a layer says anything at a path. */
function reaches(layer: Layer, path: readonly PropertyKey[]): boolean {
  let value: unknown = layer
  for (const part of path) {
    if (typeof value !== 'object' || value === null) return false
    value = (value as Record<PropertyKey, unknown>)[part]
  }
  return value !== undefined
}
