// Every setting of the schema, found by walking it, so that no test has to list them.

import type { z } from 'zod/mini'
import { type Kind, kinds, type Meaning, meanings } from '../../src/settings/meaning.ts'
import { settingsSchema } from '../../src/settings/schema.ts'
import { bare, definition, shapeOf } from '../../src/settings/walk.ts'

type Schema = z.core.$ZodType
type Options = Readonly<Record<string, unknown>>

/** One setting. Those of a sink are there once for each type of sink. */
export interface Setting {
  /** Where it is, as a problem shows it; `sinks[0]` for those of a sink. */
  readonly path: string
  /** The same, with the type of the group: `sinks[file].mode`. */
  readonly id: string
  readonly schema: Schema
  readonly meaning: Meaning | undefined
  /** Undefined for groups, lists and unions. */
  readonly kind: Kind | undefined
  /** What one of several words may be. */
  readonly words: readonly string[] | undefined
  /** Options in which only this setting has a value. */
  readonly around: (value: unknown) => Options
}

/** What some settings cannot be without, by the beginning of their paths. */
const COMPANIONS: Readonly<Record<string, Options>> = {
  durability: { sinks: [{ type: 'file', path: 'logs/app.log' }] },
  'queue.maxEventBytes': { queue: { ringBytes: '1 GB' } },
  routing: {
    sinks: ['stdout', 'null', { type: 'null', name: 'errors' }, { type: 'null', name: 'audit' }],
  },
}

export const allSettings: readonly Setting[] = group(settingsSchema, '', '', (value) => {
  return value as Options
})

/** The other settings that a setting needs. */
export function companionsOf({ path }: Setting): Options {
  const found = Object.keys(COMPANIONS).find((start) => path.startsWith(start))
  return found === undefined ? {} : (COMPANIONS[found] as Options)
}

/** Options in which a setting has a value, and the others that it needs. */
export function optionsWith(setting: Setting, value: unknown): Options {
  const own = setting.around(value)
  const more = companionsOf(setting)
  const queue = { ...(more['queue'] as object), ...(own['queue'] as object) }
  const options = { ...more, ...own, ...(Object.keys(queue).length > 0 ? { queue } : {}) }
  // A fallback is another sink.
  if (!setting.path.endsWith('].fallback') || typeof value !== 'string' || value === '')
    return options
  return { ...options, sinks: [...(own['sinks'] as object[]), { type: 'null', name: value }] }
}

function group(
  schema: Schema,
  path: string,
  id: string,
  around: (value: unknown) => Options,
): Setting[] {
  return Object.entries(shapeOf(schema) ?? {}).flatMap(([key, setting]) => {
    if (definition(setting).type === 'literal') return []
    const inside = (value: unknown) => around({ [key]: value })
    const inner = bare(setting)
    const { entries } = definition(inner)
    const here = path === '' ? key : `${path}.${key}`
    const name = id === '' ? key : `${id}.${key}`
    return [
      {
        path: here,
        id: name,
        schema: setting,
        meaning: meanings.get(setting),
        kind: kinds.get(inner),
        words: entries === undefined ? undefined : Object.values(entries),
        around: inside,
      },
      ...below(setting, here, name, inside),
    ]
  })
}

function below(
  schema: Schema,
  path: string,
  id: string,
  around: (value: unknown) => Options,
): Setting[] {
  const inner = bare(schema)
  if (kinds.has(inner)) return []
  const { shape, element, options } = definition(inner)
  if (element !== undefined) return below(element, `${path}[0]`, id, (value) => around([value]))
  if (shape === undefined)
    return (options ?? []).flatMap((option) => below(option, path, id, around))
  const tag = Object.entries(shape).find(([, one]) => definition(one).type === 'literal')
  if (tag === undefined)
    return group(inner, path, id, (value) => around({ ...needs(shape), ...(value as object) }))
  const type = definition(tag[1]).values?.[0]
  const needed = { [tag[0]]: type, ...needs(shape) }
  return group(inner, path, `${id}[${type}]`, (value) =>
    around({ ...needed, ...(value as object) }),
  )
}

/** What a group cannot be without, as its examples have it. */
function needs(shape: Readonly<Record<string, Schema>>): object {
  return Object.fromEntries(
    Object.entries(shape).flatMap(([key, schema]) => {
      const { type } = definition(schema)
      const meaning = meanings.get(schema)
      const optional = type === 'optional' || type === 'prefault'
      return meaning === undefined || optional ? [] : [[key, meaning.example]]
    }),
  )
}
