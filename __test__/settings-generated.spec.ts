// What is made from the settings schema: types, defaults, reference, JSON schema for editors.

import { execFile } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import type { Ajv2020 as Validator } from 'ajv/dist/2020.js'
import test from 'ava'
import type { LoggerOptions } from 'fapilog'
import type { z } from 'zod/mini'
import { check } from '../src/settings/check.ts'
import { defaultSettings } from '../src/settings/defaults.ts'
import { type Meaning, meanings } from '../src/settings/meaning.ts'
import { settingsSchema } from '../src/settings/schema.ts'
import { bare, definition, shapeOf } from '../src/settings/walk.ts'

const ROOT = fileURLToPath(new URL('..', import.meta.url))
const require = createRequire(import.meta.url)

test('types, defaults, JSON schema and reference are those of the schema', async (t) => {
  const script = ['--import=@oxc-node/core/register', 'scripts/generate-settings.mjs', '--check']
  await t.notThrowsAsync(promisify(execFile)(process.execPath, script, { cwd: ROOT }))
})

test('a logger without options has the defaults of the schema', (t) => {
  t.deepEqual(defaultSettings(), settingsSchema.parse({}))
  const checked = check({})
  t.deepEqual('settings' in checked && checked.settings, defaultSettings())
})

/** Every way to the setting's schema, as someone would write the path. */
interface Documented {
  readonly path: string
  readonly meaning: Meaning | undefined
  /** Options in which the setting has a value. */
  readonly around: (value: unknown) => unknown
}

function documented(
  group: z.core.$ZodType,
  path: string,
  around: (value: unknown) => unknown,
): Documented[] {
  const shape = shapeOf(group) ?? {}
  return Object.entries(shape).flatMap(([key, schema]) => {
    const inside = (value: unknown) => around({ [key]: value })
    const here = path === '' ? key : `${path}.${key}`
    const meaning = meanings.get(schema)
    const own =
      meaning === undefined && definition(schema).type === 'literal'
        ? []
        : [{ path: here, meaning, around: inside }]
    return [...own, ...below(schema, here, inside)]
  })
}

function below(
  schema: z.core.$ZodType,
  path: string,
  around: (value: unknown) => unknown,
): Documented[] {
  const inner = bare(schema)
  const { shape, element, options } = definition(inner)
  if (shape !== undefined) {
    const tag = Object.entries(shape).find(([, one]) => definition(one).type === 'literal')
    const needed =
      tag === undefined ? {} : { [tag[0]]: definition(tag[1]).values?.[0], ...needs(shape) }
    return documented(inner, path, (value) => around({ ...needed, ...(value as object) }))
  }
  if (element !== undefined) return below(element, `${path}[0]`, (value) => around([value]))
  return (options ?? []).flatMap((option) => below(option, path, around))
}

/** What a group cannot be without. */
function needs(shape: Readonly<Record<string, z.core.$ZodType>>): object {
  return Object.fromEntries(
    Object.entries(shape).flatMap(([key, schema]) => {
      const { type } = definition(schema)
      const meaning = meanings.get(schema)
      return meaning === undefined || type === 'optional' || type === 'prefault'
        ? []
        : [[key, meaning.example]]
    }),
  )
}

const all = documented(settingsSchema, '', (value) => value)

test('every setting says what it does, and its example is right', (t) => {
  t.true(all.length > 40)
  for (const { path, meaning, around } of all) {
    t.truthy(meaning?.description, path)
    t.notRegex(meaning?.description ?? '', /\.$/, path)
    const alone = around(meaning?.example) as Record<string, unknown>
    const more =
      alone['durability'] === 'crash-safe' ? { sinks: [{ type: 'file', path: 'a.log' }] } : {}
    const checked = check({ ...alone, ...more } as LoggerOptions)
    t.false('problems' in checked, `${path}: ${JSON.stringify(checked)}`)
  }
})

test('the JSON schema takes every example and refuses what the settings refuse', (t) => {
  const { Ajv2020 } = require('ajv/dist/2020.js') as { Ajv2020: typeof Validator }
  const json = JSON.parse(readFileSync(require.resolve('fapilog/settings.schema.json'), 'utf8'))
  const validate = new Ajv2020({ strict: false }).compile(json)
  for (const { path, meaning, around } of all) {
    if (typeof meaning?.example === 'function') continue
    t.true(validate(around(meaning?.example)), `${path}: ${JSON.stringify(validate.errors)}`)
    t.false(validate(around([[[]]])), path)
  }
  t.false(validate({ levl: 'INFO' }))
  t.false(validate({ queue: { ringByts: 1 } }))
  t.false(validate({ sinks: [] }))
  t.false(validate({ sinks: [{ type: 'file' }] }))
  t.true(validate({ $schema: 'x', sinks: ['stdout', { type: 'file', path: 'a.log' }] }))
})

// --- the generated interface and the schema, as types: this file does not compile when they differ

type Writable<T> = T extends (...args: never[]) => unknown
  ? T
  : T extends readonly (infer Item)[]
    ? Writable<Item>[]
    : T extends object
      ? { -readonly [Key in keyof T]: Writable<T[Key]> }
      : T

type Schema = z.input<typeof settingsSchema>
const fromOptions = (options: Writable<LoggerOptions>): Schema => options
const keysOf: Record<keyof LoggerOptions, true> & Record<keyof Schema, true> = Object.fromEntries(
  Object.keys(settingsSchema.shape).map((key) => [key, true]),
) as Record<keyof Schema, true>

test('the options are what the schema takes', (t) => {
  t.is(typeof fromOptions, 'function')
  t.is(Object.keys(keysOf).length, Object.keys(settingsSchema.shape).length)
})
