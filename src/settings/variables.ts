// Environment variables → settings: `queue.ringBytes` is FAPILOG_QUEUE__RING_BYTES.

import type { z } from 'zod/mini'
import type { ConfigurationProblem } from '../errors.js'
import { kinds, meanings } from './meaning.js'
import { PREFIX } from './prefix.js'
import { bare, definition, shapeOf } from './walk.js'

type Schema = z.core.$ZodType

/** The variable of the setting at a path; undefined for what only code can give. */
export function variableOf(path: readonly string[], schema?: Schema): string | undefined {
  if (schema !== undefined) {
    const own = meanings.get(schema)?.variable
    if (own !== undefined) return own
    const kind = kinds.get(bare(schema))
    if (kind !== undefined && kind.json === undefined) return undefined
  }
  return PREFIX + path.map(upperSnake).join('__')
}

/** What the variables say: settings, what cannot be read, and names that mean nothing. */
export interface FromVariables {
  readonly settings: Record<string, unknown>
  /** The variable that set what is at a path. */
  readonly names: ReadonlyMap<string, string>
  readonly problems: readonly ConfigurationProblem[]
  readonly unknown: readonly string[]
  /** All names that would have meant something. */
  readonly known: readonly string[]
}

/** Reads variables as settings of a schema. */
export function readVariables(
  root: Schema,
  variables: Readonly<Record<string, string>>,
): FromVariables {
  const known = new Map<string, Target>()
  collect(root, [], known)
  const settings: Record<string, unknown> = {}
  const names = new Map<string, string>()
  const problems: ConfigurationProblem[] = []
  const unknown: string[] = []
  // A group as a whole comes before its parts, which are more specific; names of the Python library before our own.
  const ours = (name: string) => known.get(name)?.isPython !== true
  const sorted = Object.keys(variables).sort()
  for (const name of [...sorted.filter((one) => !ours(one)), ...sorted.filter(ours)]) {
    const target = known.get(name)
    if (target === undefined) {
      unknown.push(name)
      continue
    }
    const given = variables[name] as string
    const { unit } = target
    const text = unit !== undefined && number(given) !== undefined ? given.trim() + unit : given
    const path = target.path.join('.')
    try {
      place(settings, target.path, readValue(text, target.schema))
      names.set(path, name)
    } catch {
      problems.push({
        path,
        value: text,
        expected: 'JSON',
        source: `environment variable ${name}`,
      })
    }
  }
  return { settings, names, problems, unknown, known: [...known.keys()] }
}

/** What a variable sets. */
interface Target {
  readonly path: readonly string[]
  readonly schema: Schema
  readonly isPython?: true
  /** Of a plain number. @default the setting's own */
  readonly unit?: string
}

/** The variables of the Python library that set something here, each with the setting's path. */
export function pythonVariables(
  root: Schema,
): (readonly [name: string, path: string, unit: string | undefined])[] {
  const known = new Map<string, Target>()
  collect(root, [], known)
  return [...known].flatMap(([name, { path, isPython, unit }]) =>
    isPython === undefined ? [] : [[name, path.join('.'), unit] as const],
  )
}

function collect(group: Schema, path: readonly string[], known: Map<string, Target>): void {
  for (const [key, schema] of Object.entries(shapeOf(group) ?? {})) {
    const here = [...path, key]
    const name = variableOf(here, schema)
    if (name !== undefined) known.set(name, { path: here, schema })
    const python = meanings.get(schema)?.inPython
    if (python !== undefined) {
      const { variable, unit } = python
      known.set(variable, {
        path: here,
        schema,
        isPython: true,
        ...(unit === undefined ? {} : { unit }),
      })
    }
    if (!kinds.has(bare(schema))) collect(schema, here, known)
  }
}

function place(settings: Record<string, unknown>, path: readonly string[], value: unknown): void {
  let target = settings
  for (const key of path.slice(0, -1)) {
    const inner = target[key]
    const next = typeof inner === 'object' && inner !== null ? inner : {}
    target[key] = next
    target = next as Record<string, unknown>
  }
  target[path.at(-1) as string] = value
}

const BOOLEANS: Readonly<Record<string, boolean>> = {
  true: true,
  '1': true,
  yes: true,
  on: true,
  false: false,
  '0': false,
  no: false,
  off: false,
}

/** Text as the value that a setting takes; what it cannot be read as stays text and is refused as such. */
function readValue(text: string, schema: Schema): unknown {
  const inner = bare(schema)
  const { type, element, options, valueType, shape } = definition(inner)
  const kind = kinds.get(inner)
  if (kind?.type === 'boolean') return BOOLEANS[text.trim().toLowerCase()] ?? text
  if (kind?.bounds !== undefined) return number(text) ?? text
  const json = kind?.json as { readonly type?: unknown } | undefined
  if (json?.type === 'object') return JSON.parse(text)
  if (kind !== undefined || type === 'enum' || type === 'string') return text
  if (element !== undefined) {
    if (/^\s*\[/.test(text)) return JSON.parse(text)
    return text.split(',').map((item) => readValue(item.trim(), element))
  }
  if (shape !== undefined || valueType !== undefined || /^\s*[[{]/.test(text))
    return JSON.parse(text)
  const measured = options?.some((option) => kinds.get(bare(option))?.bounds !== undefined)
  return measured ? (number(text) ?? text) : text
}

/** A plain number; sizes and durations with a unit stay text. */
function number(text: string): number | undefined {
  return /^\s*-?\d+(\.\d+)?\s*$/.test(text) ? Number(text) : undefined
}

function upperSnake(key: string): string {
  return key.replace(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase()
}
