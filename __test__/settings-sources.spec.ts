// Where settings come from: code, environment, file, preset, default, and which one holds.

import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test from 'ava'
import { ConfigurationError, createLogger, type LoggerOptions } from 'fapilog'
import { check } from '../src/settings/check.ts'
import { PRESET_NAMES } from '../src/settings/presets.ts'
import { settingsSchema } from '../src/settings/schema.ts'
import { pythonVariables, variableOf } from '../src/settings/variables.ts'
import { allSettings, companionsOf, optionsWith } from './support/settings.ts'

const folder = mkdtempSync(join(tmpdir(), 'fapilog-sources-'))
test.after.always(() => rmSync(folder, { recursive: true, force: true }))

let files = 0
function file(content: unknown): string {
  const path = join(folder, `${files++}.json`)
  writeFileSync(path, typeof content === 'string' ? content : JSON.stringify(content))
  return path
}

function settings(options: object, variables: Record<string, string> = {}) {
  const checked = check(options, variables)
  if ('problems' in checked) throw ConfigurationError.of(checked.problems)
  return checked.settings
}

function refused(options: object, variables: Record<string, string> = {}): ConfigurationError {
  const checked = check(options, variables)
  if (!('problems' in checked)) throw new Error('nothing was refused')
  return ConfigurationError.of(checked.problems)
}

// --- precedence, for every kind of setting: a value each for code, environment, file and preset

interface Ways {
  /** Options with the setting, from lowest to highest: file, environment, code. */
  readonly values: readonly [file: unknown, environment: unknown, code: unknown]
  readonly path: readonly string[]
  readonly variable: string
  /** What the presets with a value of their own make of it. */
  readonly preset: readonly [name: string, value: unknown]
  readonly fallback: unknown
}

const kindsOfSettings: readonly Ways[] = [
  {
    path: ['level'],
    variable: 'FAPILOG_LEVEL',
    values: ['ERROR', 'WARNING', 'TRACE'],
    preset: ['dev', 'DEBUG'],
    fallback: 'INFO',
  },
  {
    path: ['format'],
    variable: 'FAPILOG_FORMAT',
    values: ['simple', 'logfmt', 'pretty'],
    preset: ['production', 'json'],
    fallback: undefined,
  },
  {
    path: ['sync'],
    variable: 'FAPILOG_SYNC',
    values: [true, false, true],
    preset: ['dev', true],
    fallback: false,
  },
  {
    path: ['shutdownTimeoutMs'],
    variable: 'FAPILOG_SHUTDOWN_TIMEOUT_MS',
    values: [1, 2, 3],
    preset: ['production', 25_000],
    fallback: 5000,
  },
  {
    path: ['queue', 'ringBytes'],
    variable: 'FAPILOG_QUEUE__RING_BYTES',
    values: [1 << 21, 1 << 22, 1 << 24],
    preset: ['minimal', 1 << 20],
    fallback: 8 << 20,
  },
  {
    path: ['durability'],
    variable: 'FAPILOG_DURABILITY',
    values: ['fsync', 'memory', 'fsync'],
    preset: ['hardened', 'fsync'],
    fallback: 'memory',
  },
]

const nest = (path: readonly string[], value: unknown): object =>
  path.reduceRight<unknown>((inner, key) => ({ [key]: inner }), value) as object
const at = (from: object, path: readonly string[]): unknown =>
  path.reduce<unknown>((value, key) => (value as Record<string, unknown>)[key], from)

for (const { path, variable, values, preset, fallback } of kindsOfSettings) {
  test(`${path.join('.')}: code before environment before file before preset before default`, (t) => {
    const [fromFile, fromEnvironment, fromCode] = values
    const configFile = file(nest(path, fromFile))
    const variables = { [variable]: String(fromEnvironment) }
    const code = nest(path, fromCode)
    const named = { preset: preset[0] }
    const get = (options: object, env?: Record<string, string>) => at(settings(options, env), path)
    t.is(get({}), fallback)
    t.is(get(named), preset[1])
    t.is(get({ configFile }), fromFile)
    t.is(get({}, variables), fromEnvironment)
    t.is(get(code), fromCode)
    t.is(get({ ...named, configFile }), fromFile)
    t.is(get(named, variables), fromEnvironment)
    t.is(get({ ...named, ...code }), fromCode)
    t.is(get({ configFile }, variables), fromEnvironment)
    t.is(get({ configFile, ...code }), fromCode)
    t.is(get(code, variables), fromCode)
    t.is(get({ ...named, configFile, ...code }, variables), fromCode)
    // What is undefined in code was not given.
    t.is(get({ ...nest(path, undefined), configFile }, variables), fromEnvironment)
  })
}

test('lists are replaced as a whole, groups setting by setting', (t) => {
  const configFile = file({
    sinks: ['stderr', { type: 'memory' }],
    queue: { overflow: 'block', blockTimeoutMs: '2s' },
  })
  const both = settings({ configFile, queue: { blockTimeoutMs: 7 } }, { FAPILOG_SINKS: 'null' })
  t.deepEqual(
    both.sinks.map(({ type }) => type),
    ['null'],
  )
  t.like(both.queue, { overflow: 'block', blockTimeoutMs: 7, ringBytes: 8 << 20 })
})

test('a preset is chosen by code before environment before file', (t) => {
  const configFile = file({ preset: 'dev' })
  const variables = { FAPILOG_PRESET: 'minimal' }
  t.is(settings({ configFile }).level, 'DEBUG')
  t.is(settings({ configFile }, variables).format, 'minimal')
  t.is(settings({ configFile, preset: 'fastify' }, variables).format, 'pino')
})

test('every preset can be used', (t) => {
  for (const preset of PRESET_NAMES) t.is(settings({ preset }).preset, preset)
})

// --- environment

test('every setting that is no function has a variable of its own, and its example can be given there', (t) => {
  const names = new Set<string>()
  for (const setting of allSettings) {
    const { path, id, meaning, schema, kind } = setting
    if (path.includes('[') || id === 'configFile') continue
    const name = variableOf(path.split('.'), schema)
    if (kind?.json === undefined && kind !== undefined) {
      t.is(name, undefined, id)
      continue
    }
    t.false(names.has(name as string), name)
    names.add(name as string)
    const example = meaning?.example
    const text = typeof example === 'object' ? JSON.stringify(example) : String(example)
    const more = companionsOf(setting)
    const [fromEnvironment, fromCode] = [
      settings(more, { [name as string]: text }),
      settings(optionsWith(setting, example)),
    ]
    t.deepEqual(fromEnvironment, fromCode, name)
  }
  t.true(names.size > 20)
})

test('text of the environment is read as what the setting takes', (t) => {
  const read = (name: string, text: string) => settings({}, { [name]: text })
  for (const yes of ['true', '1', 'yes', 'ON', ' True '])
    t.true(read('FAPILOG_SYNC', yes).sync, yes)
  for (const no of ['false', '0', 'no', 'Off']) t.false(read('FAPILOG_SYNC', no).sync, no)
  t.is(read('FAPILOG_QUEUE__RING_BYTES', '16 MB').queue.ringBytes, 16 << 20)
  t.is(read('FAPILOG_QUEUE__RING_BYTES', '1048576').queue.ringBytes, 1 << 20)
  t.is(read('FAPILOG_SHUTDOWN_TIMEOUT_MS', '3s').shutdownTimeoutMs, 3000)
  t.is(read('FAPILOG_NAME', '42').name, '42')
  const sinks = (text: string) => read('FAPILOG_SINKS', text).sinks.map(({ type }) => type)
  t.deepEqual(sinks('stdout, stderr'), ['stdout', 'stderr'])
  t.deepEqual(sinks('[{"type":"memory"},"null"]'), ['memory', 'null'])
  const queue = { FAPILOG_QUEUE: '{"overflow":"block","ringBytes":"1 MB"}' }
  t.like(settings({}, { ...queue, FAPILOG_QUEUE__RING_BYTES: '2 MB' }).queue, {
    overflow: 'block',
    ringBytes: 2 << 20,
  })
})

test('variables of the Python library do what they do there, where they mean the same', (t) => {
  const sinks = { FAPILOG_SINKS: 'stdout,stderr' }
  const rows: [name: string, text: string, own: string, same: string, more?: object][] = [
    ['FAPILOG_CORE__LOG_LEVEL', 'WARNING', 'FAPILOG_LEVEL', 'WARNING'],
    ['FAPILOG_CORE__BACKPRESSURE_WAIT_MS', '70', 'FAPILOG_QUEUE__BLOCK_TIMEOUT_MS', '70ms'],
    ['FAPILOG_CORE__SHUTDOWN_TIMEOUT_SECONDS', '2.5', 'FAPILOG_SHUTDOWN_TIMEOUT_MS', '2500'],
    ['FAPILOG_CORE__SHUTDOWN_TIMEOUT_SECONDS', '4s', 'FAPILOG_SHUTDOWN_TIMEOUT_MS', '4000'],
    ['FAPILOG_CORE__SIGNAL_HANDLER_ENABLED', 'False', 'FAPILOG_HANDLE_SIGNALS', '0'],
    ['FAPILOG_CORE__INTERNAL_LOGGING_ENABLED', 'True', 'FAPILOG_DIAGNOSTICS', '1'],
    ['FAPILOG_SIZE_GUARD__MAX_BYTES', '1 KB', 'FAPILOG_PROCESSORS__SIZE_GUARD__MAX_BYTES', '1024'],
    ['FAPILOG_SIZE_GUARD__ACTION', 'drop', 'FAPILOG_PROCESSORS__SIZE_GUARD__ACTION', 'drop'],
    ['FAPILOG_SINK_ROUTING__OVERLAP', 'no', 'FAPILOG_ROUTING__OVERLAP', 'false'],
    [
      'FAPILOG_SINK_ROUTING__FALLBACK_SINKS',
      'stderr',
      'FAPILOG_ROUTING__OTHERWISE',
      'stderr',
      sinks,
    ],
  ]
  const plain = JSON.stringify(settings({}))
  for (const [name, text, own, same, more] of rows) {
    const made = settings({}, { ...more, [name]: text })
    t.deepEqual(made, settings({}, { ...more, [own]: same }), name)
    t.not(JSON.stringify(made), plain, name)
  }
  t.deepEqual(
    [...new Set(rows.map(([name]) => name))].sort(),
    pythonVariables(settingsSchema)
      .map(([name]) => name)
      .sort(),
  )
  // Ours comes first, whichever name is first in the alphabet.
  const both = { FAPILOG_CORE__LOG_LEVEL: 'ERROR', FAPILOG_LEVEL: 'DEBUG' }
  t.is(settings({}, both).level, 'DEBUG')
  const guard = {
    FAPILOG_SIZE_GUARD__ACTION: 'drop',
    FAPILOG_PROCESSORS__SIZE_GUARD__ACTION: 'truncate',
  }
  t.is(settings({}, guard).processors.sizeGuard?.action, 'truncate')
  const { problems } = refused({}, { FAPILOG_CORE__LOG_LEVEL: 'loud' })
  t.is(problems[0]?.source, 'environment variable FAPILOG_CORE__LOG_LEVEL')
})

test('wrong text is refused, by the name of its variable', (t) => {
  for (const [name, text, path] of [
    ['FAPILOG_LEVEL', 'loud', 'level'],
    ['FAPILOG_SYNC', 'perhaps', 'sync'],
    ['FAPILOG_QUEUE__RING_BYTES', '16 QB', 'queue.ringBytes'],
    ['FAPILOG_SHUTDOWN_TIMEOUT_MS', '-1', 'shutdownTimeoutMs'],
    ['FAPILOG_SINKS', 'stdot', 'sinks[0]'],
    ['FAPILOG_SINKS', '[{"type":"file"}]', 'sinks[0].path'],
    ['FAPILOG_QUEUE', '{"ringByts":1}', 'queue.ringByts'],
    ['FAPILOG_QUEUE', 'block', 'queue'],
    ['FAPILOG_SINKS', '[broken', 'sinks'],
    ['FAPILOG_PRESET', 'prod', 'preset'],
  ] as const) {
    const { message, problems } = refused({}, { [name]: text })
    t.is(problems.length, 1, message)
    t.is(problems[0]?.path, path)
    t.is(problems[0]?.source, `environment variable ${name}`)
    t.true(message.includes(name), message)
  }
})

function child(code: string, env: Record<string, string>, options: object = {}) {
  return execFileSync(
    process.execPath,
    ['--input-type=module', '-e', `import { createLogger } from 'fapilog'\n${code}`],
    {
      cwd: new URL('..', import.meta.url),
      encoding: 'utf8',
      env: { PATH: process.env['PATH'], ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
      ...options,
    },
  )
}

test('a logger takes its settings from the environment of the process', (t) => {
  const code = `const log = createLogger(); log.debug('m', { a: 1 }); await log.close()`
  const env = {
    FAPILOG_LEVEL: 'debug',
    FAPILOG_FORMAT: 'json',
    FAPILOG_NAME: 'from-env',
    FAPILOG_SERVICE: 'checkout',
    FAPILOG_QUEUE__RING_BYTES: '64 KB',
    FAPILOG_HANDLE_SIGNALS: '',
  }
  const line = JSON.parse(child(code, env)) as {
    logger: string
    level: string
    context: Record<string, unknown>
  }
  t.like(line, { logger: 'from-env', level: 'DEBUG' })
  t.is(line.context['service'], 'checkout')
})

test('service, env and version need nothing that has to be loaded', (t) => {
  const code = `
    const log = createLogger(); log.info('m'); await log.close()
    const { createRequire } = await import('node:module')
    const loaded = Object.keys(createRequire(import.meta.url).cache).some((name) => /dist.settings/.test(name))
    process.stderr.write(String(loaded))
    process.exitCode = loaded ? 1 : 0`
  const env = { FAPILOG_SERVICE: 's', FAPILOG_ENV: 'e', FAPILOG_VERSION: 'v' }
  const line = JSON.parse(child(code, env)) as { context: Record<string, unknown> }
  t.like(line.context, { service: 's', env: 'e', version: 'v' })
})

test('an unknown variable is no error: one warning names the one that is near', (t) => {
  const code = `
    const warnings = []
    process.on('warning', ({ code, message }) => warnings.push({ code, message }))
    createLogger({ sinks: ['null'] }); createLogger({ sinks: ['null'] })
    await new Promise(setImmediate)
    console.log(JSON.stringify(warnings))`
  const env = { FAPILOG_LEVLE: 'debug', FAPILOG_NATIVE_PATH: '', FAPILOG_COMPLETELY_ELSE: '1' }
  const warnings = JSON.parse(child(code, env)) as { code: string; message: string }[]
  t.is(warnings.length, 2)
  t.deepEqual([...new Set(warnings.map((one) => one.code))], ['FAPILOG_ENVIRONMENT'])
  const near = warnings.find(({ message }) => message.includes('FAPILOG_LEVLE'))
  t.regex(near?.message ?? '', /did you mean FAPILOG_LEVEL\?$/)
})

// --- file

test('FAPILOG_CONFIG names the file; code may name another', (t) => {
  const [one, two] = [file({ level: 'ERROR' }), file({ level: 'DEBUG' })]
  t.is(settings({}, { FAPILOG_CONFIG: one }).level, 'ERROR')
  t.is(settings({ configFile: two }, { FAPILOG_CONFIG: one }).level, 'DEBUG')
})

test('a file may name its schema and start with a byte order mark', (t) => {
  const text = `\uFEFF${JSON.stringify({ $schema: 'x', level: 'ERROR' })}`
  t.is(settings({ configFile: file(text) }).level, 'ERROR')
})

test('wrong settings of a file are refused, by the name of the file', (t) => {
  for (const [content, path] of [
    [{ levl: 'INFO' }, 'levl'],
    [{ level: 'loud' }, 'level'],
    [{ queue: { ringBytes: -1 } }, 'queue.ringBytes'],
    [{ sinks: ['stdout', { type: 'file' }] }, 'sinks[1].path'],
    [{ configFile: 'other.json' }, 'configFile'],
    [{ watchConfig: true }, 'watchConfig'],
    [{ onError: 1 }, 'onError'],
  ] as const) {
    const configFile = file(content)
    const { problems, message } = refused({ configFile })
    t.is(problems.length, 1, message)
    t.is(problems[0]?.path, path)
    if (path !== 'configFile') t.is(problems[0]?.source, configFile, path)
    t.true(message.includes(path), message)
  }
})

test('a file that cannot be used is refused, by its name', (t) => {
  for (const [configFile, says] of [
    [join(folder, 'missing.json'), /ENOENT/],
    [folder, /EISDIR/],
    [file('{ level: }'), /JSON/],
    [file('[]'), /an object of settings/],
    [file('null'), /an object of settings/],
    [join(folder, 'config.ts'), /import other files/],
    [join(folder, 'config.mjs'), /import other files/],
  ] as const) {
    const { problems, message } = refused({ configFile })
    t.is(problems.length, 1)
    t.is(problems[0]?.path, 'configFile')
    t.true(message.includes(configFile))
    t.regex(message, says)
  }
})

test('what code overrides in a file is not refused', (t) => {
  const configFile = file({ level: 'loud' })
  t.is(settings({ configFile, level: 'ERROR' }).level, 'ERROR')
})

test('one error names the problems of every source', (t) => {
  const configFile = file({ format: 'jsn' })
  const error = refused({ configFile, sync: 1 }, { FAPILOG_LEVEL: 'loud', FAPILOG_QUEUE: '{' })
  t.deepEqual(
    error.problems.map(({ path, source }) => [path, source]).sort(),
    [
      ['format', configFile],
      ['level', 'environment variable FAPILOG_LEVEL'],
      ['queue', 'environment variable FAPILOG_QUEUE'],
      ['sync', undefined],
    ].sort(),
  )
})

test('createLogger reads the file', async (t) => {
  const configFile = file({ level: 'ERROR', sinks: [{ type: 'memory' }] } satisfies LoggerOptions)
  const log = createLogger({ configFile })
  t.is(log.level, 'ERROR')
  log.info('m')
  log.error('m')
  t.is(log.takeLines().length, 1)
  await log.close()
})
