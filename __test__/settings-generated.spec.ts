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
import { settingsSchema } from '../src/settings/schema.ts'
import { allSettings, optionsWith } from './support/settings.ts'

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

test('every setting says what it does, and its example is right', (t) => {
  t.true(allSettings.length > 40)
  for (const setting of allSettings) {
    const { id, meaning } = setting
    t.truthy(meaning?.description, id)
    t.notRegex(meaning?.description ?? '', /\.$/, id)
    // The example of a file exists nowhere; sources.spec.ts reads some.
    if (id === 'configFile') continue
    const checked = check(optionsWith(setting, meaning?.example))
    t.false('problems' in checked, `${id}: ${JSON.stringify(checked)}`)
  }
})

test('the JSON schema takes every example and refuses what the settings refuse', (t) => {
  const { Ajv2020 } = require('ajv/dist/2020.js') as { Ajv2020: typeof Validator }
  const json = JSON.parse(readFileSync(require.resolve('fapilog/settings.schema.json'), 'utf8'))
  const validate = new Ajv2020({ strict: false }).compile(json)
  for (const { id, kind, meaning, around } of allSettings) {
    // What only code can give.
    if (kind !== undefined && kind.json === undefined) continue
    t.true(validate(around(meaning?.example)), `${id}: ${JSON.stringify(validate.errors)}`)
    t.false(validate(around([[[]]])), id)
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
