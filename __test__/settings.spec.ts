// Options of createLogger: every setting, every bound, and what is said about the wrong ones.

import { execFileSync, spawnSync } from 'node:child_process'
import {
  chmodSync,
  existsSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test from 'ava'
import {
  ConfigurationError,
  createLogger,
  FapilogError,
  type LoggerOptions,
  PipelineError,
  SinkError,
} from 'fapilog'
import { resolveSettings } from '../src/settings/resolve.ts'
import { settingsSchema } from '../src/settings/schema.ts'
import * as walk from '../src/settings/walk.ts'
import type { Json } from './support/capture.ts'

const file = { type: 'file', path: '/nowhere/app.log' }
const GB = 1024 ** 3

/** A setting: where it is, values that are taken (and what becomes of them), values that are refused. */
interface Setting {
  readonly path: string
  readonly good: readonly (readonly [given: unknown, resolved: unknown] | unknown)[]
  readonly bad: readonly unknown[]
  /** A part of what the error says is right. */
  readonly says: RegExp
  readonly default: unknown
}

const size = (path: string, min: number, max: number | undefined, fallback: unknown): Setting => ({
  path,
  good: [
    min,
    [`${min}b`, min],
    ...(max === undefined ? [['1.5 TB', 1.5 * 1024 * GB] as const] : [max]),
  ],
  bad: [
    min - 1,
    -1,
    min + 0.5,
    Number.NaN,
    Number.POSITIVE_INFINITY,
    ...['', 'big', '8 XB', '8', '-8 MB', '1e3 KB'],
    ...[true, {}, []],
    ...(max === undefined ? [] : [max + 1, '2 TB']),
  ],
  says: /a size in bytes, or as "8 MB",/,
  default: fallback,
})

const duration = (
  path: string,
  min: number,
  max: number | undefined,
  fallback: unknown,
): Setting => ({
  path,
  good: [
    min,
    ['1ms', 1],
    ['1.5s', 1500],
    ['2 M', 120_000],
    ['1h', 3_600_000],
    ...(max === undefined
      ? [['30d', 2_592_000_000] as const, ['1w', 604_800_000] as const]
      : [max]),
  ],
  bad: [
    -1,
    Number.NaN,
    Number.POSITIVE_INFINITY,
    ...['', 'soon', '5', '5 parsecs', '-5s'],
    ...[true, {}, []],
    ...(min > 0 ? [0] : []),
    ...(max === undefined ? [] : [max + 1, '2h']),
  ],
  says: /a duration in milliseconds, or as "5s",/,
  default: fallback,
})

const flag = (path: string, fallback: unknown): Setting => ({
  path,
  good: [true, false],
  bad: [0, 'true', null],
  says: /expected a boolean/,
  default: fallback,
})

const choice = (path: string, names: readonly string[], fallback: unknown): Setting => ({
  path,
  good: names,
  bad: ['', 'other', 1, null, (names[0] as string).toUpperCase()],
  says: new RegExp(names.map((name) => JSON.stringify(name)).join(', ')),
  default: fallback,
})

const text = (path: string, fallback: unknown, least = 0): Setting => ({
  path,
  good: ['x', 'ü 🚀'],
  bad: [1, null, {}, ...(least > 0 ? [''] : [])],
  says: /expected (a string|at least 1 character)/,
  default: fallback,
})

const level = (path: string, fallback: unknown, silent: boolean): Setting => ({
  path,
  good: [
    'TRACE',
    'debug',
    'Info',
    'WARN',
    'warning',
    'ERROR',
    'fatal',
    'critical',
    'AUDIT',
    'security',
  ],
  bad: ['', 'loud', 20, null, ...(silent ? [] : ['silent'])],
  says: /expected (a level: TRACE, DEBUG, INFO, WARNING|a string)/,
  default: fallback,
})

const FORMATS = ['json', 'pino', 'ecs', 'otel', 'pretty', 'logfmt', 'simple', 'minimal']

const settings: readonly Setting[] = [
  {
    ...text('name', undefined, 1),
    bad: ['', 1, null, 'x'.repeat(201)],
    says: /a string|character/,
  },
  level('level', 'INFO', true),
  choice('format', FORMATS, undefined),
  choice('durability', ['memory', 'fsync', 'crash-safe'], 'memory'),
  text('crashSafeDir', undefined, 1),
  flag('sync', false),
  duration('shutdownTimeoutMs', 0, 3_600_000, 5000),
  flag('handleSignals', true),
  flag('diagnostics', false),
  flag('otel', false),
  {
    path: 'onError',
    good: [resolveSettings],
    bad: [1, 'console.error', null, {}],
    says: /expected a function/,
    default: undefined,
  },
  text('service', undefined),
  text('env', undefined),
  text('version', undefined),
  flag('utc', false),
  text('pino.messageKey', 'msg', 1),
  text('pino.errorKey', 'err'),
  choice('pino.timestamp', ['epoch', 'unix', 'iso', 'none'], 'epoch'),
  flag('pino.origin', true),
  flag('pino.crlf', false),
  size('queue.ringBytes', 65_536, GB, 8 << 20),
  choice('queue.overflow', ['drop-newest', 'block'], 'drop-newest'),
  duration('queue.blockTimeoutMs', 0, 3_600_000, 1000),
  level('queue.protectedLevel', 'ERROR', true),
  level('retroactive.level', 'DEBUG', false),
  level('retroactive.trigger', 'ERROR', false),
  size('retroactive.maxBytes', 1024, 64 << 20, 64 << 10),
  {
    path: 'retroactive.maxEvents',
    good: [1, 1_000_000],
    bad: [0, 1_000_001, 1.5, '3', null],
    says: /at least 1|at most 1000000|an integer|a number/,
    default: 1000,
  },
  duration('retroactive.maxAge', 1, 3_600_000, 30_000),
  size('retroactive.memory', 65_536, GB, 4 << 20),
  {
    ...size('queue.maxEventBytes', 16_384, 64 << 20, 256 << 10),
    good: [16_384, ['1 MB', 1 << 20]],
  },
  text('sinks[0].name', undefined, 1),
  choice('sinks[0].format', FORMATS, undefined),
  level('sinks[0].level', undefined, false),
  flag('sinks[0].color', undefined),
  size('sinks[0].queueBytes', 65_536, GB, 2 << 20),
  choice('sinks[0].whenFull', ['block', 'drop-oldest', 'drop-newest'], 'block'),
  text('sinks[0].path', '/nowhere/app.log', 1),
  {
    path: 'sinks[0].mode',
    good: [0, 0o600, 0o777],
    bad: [-1, 0o1000, 1.5, '600', null],
    says: /at least 0|at most 511|an integer|a number/,
    default: 0o600,
  },
  {
    path: 'sinks[0].dirMode',
    good: [0, 0o700, 0o777],
    bad: [-1, 0o1000, 1.5, '700', null],
    says: /at least 0|at most 511|an integer|a number/,
    default: 0o700,
  },
  flag('sinks[0].mkdir', true),
  size('sinks[0].rotate.maxBytes', 1, undefined, undefined),
  {
    ...duration('sinks[0].rotate.interval', 1, undefined, undefined),
    good: ['hourly', 'daily', 'weekly', 1, ['10m', 600_000]],
    bad: [0, -1, 'yearly', '', true, {}],
    says: /"hourly", "daily", "weekly" or a duration/,
  },
  flag('sinks[0].rotate.utc', false),
  choice('sinks[0].rotate.compress', ['none', 'gzip'], 'none'),
  {
    path: 'sinks[0].rotate.keepFiles',
    good: [0, 1_000_000],
    bad: [-1, 1_000_001, 1.5, '3', null],
    says: /at least 0|at most 1000000|an integer|a number/,
    default: undefined,
  },
  size('sinks[0].rotate.keepBytes', 0, undefined, undefined),
  duration('sinks[0].rotate.keepFor', 1, undefined, undefined),
]

/** Options with one setting. */
function options(path: string, value: unknown): LoggerOptions {
  const keys = path.split('.')
  let made: unknown = value
  for (let i = keys.length - 1; i > 0; i--) made = { [keys[i] as string]: made }
  const head = keys[0] as string
  if (head === 'sinks[0]') return { sinks: [{ ...file, ...(made as object) }] } as LoggerOptions
  if (value === 'crash-safe') return { durability: value, sinks: [file] } as LoggerOptions
  // The largest events need the largest ring.
  if (path === 'queue.maxEventBytes') made = { ...(made as object), ringBytes: GB }
  return { [head]: made } as LoggerOptions
}

function at(settings: object, path: string): unknown {
  let value: unknown = settings
  for (const key of path.replace('sinks[0]', 'sinks.0').split('.')) value = (value as Json)[key]
  return value
}

for (const setting of settings) {
  const { path } = setting
  test(`${path} takes every value within its bounds`, (t) => {
    for (const good of setting.good) {
      const [given, resolved] = Array.isArray(good) ? good : [good, good]
      t.is(at(resolveSettings(options(path, given)), path), resolved, String(given))
    }
    if (path !== 'sinks[0].path')
      t.is(at(resolveSettings(options(path, undefined)), path), setting.default)
  })

  test(`${path} is refused outside of its bounds, by name and with what is right`, (t) => {
    for (const bad of setting.bad) {
      const error = t.throws(
        () => createLogger(options(path, bad)),
        { instanceOf: ConfigurationError },
        String(bad),
      )
      t.is(error?.code, 'FAPILOG_CONFIGURATION')
      t.is(error?.problems.length, 1)
      t.is(error?.problems[0]?.path, path)
      t.true(Object.is(error?.problems[0]?.value, bad))
      t.true(error?.message.startsWith(`Invalid fapilog settings: ${path} `))
      t.regex(error?.message ?? '', setting.says)
    }
  })
}

test('bounds that concern two settings are checked', (t) => {
  const queue = { ringBytes: '1 MB', maxEventBytes: 262_145 }
  t.throws(() => createLogger({ queue }), {
    instanceOf: ConfigurationError,
    message:
      /queue\.maxEventBytes is 262145: expected at most a quarter of queue\.ringBytes \(262144\)/,
  })
  t.is(
    resolveSettings({ queue: { ...queue, maxEventBytes: 262_144 } }).queue.maxEventBytes,
    262_144,
  )
})

test('a small ring makes the largest event smaller', (t) => {
  t.is(resolveSettings({ queue: { ringBytes: 65_536 } }).queue.maxEventBytes, 16_384)
})

test('the bounds of the ring and of memory sinks can be used', async (t) => {
  const log = createLogger({
    sinks: [{ type: 'memory', maxBytes: 1024, queueBytes: 65_536 }],
    queue: { ringBytes: 65_537, maxEventBytes: 16_384 },
  })
  log.info('m')
  t.is(log.metrics().ring.capacityBytes, 131_072)
  t.is(log.takeLines().length, 1)
  await log.close()
})

test('every sink by every format can be made and used', async (t) => {
  for (const format of FORMATS as NonNullable<LoggerOptions['format']>[]) {
    const log = createLogger({ format, sinks: ['null', { type: 'memory' }], durability: 'fsync' })
    log.info('message', { a: 1 })
    const lines = log.takeLines()
    t.is(lines.length, 1, format)
    t.true(lines[0]?.includes('message'), format)
    await log.close()
  }
})

// --- names

const unknownKeys: [options: unknown, path: string, near: string | undefined][] = [
  [{ levl: 'INFO' }, 'levl', 'level'],
  [{ Level: 'INFO' }, 'Level', 'level'],
  [{ sink: [] }, 'sink', 'sinks'],
  [{ shutdownTimeout: 1 }, 'shutdownTimeout', 'shutdownTimeoutMs'],
  [{ queue: { ringByte: 1 } }, 'queue.ringByte', 'ringBytes'],
  [{ queue: { overflo: 'block' } }, 'queue.overflo', 'overflow'],
  [{ sinks: [{ ...file, pat: 'x' }] }, 'sinks[0].pat', 'path'],
  [{ sinks: ['null', { ...file, rotate: { maxbyte: 1 } }] }, 'sinks[1].rotate.maxbyte', 'maxBytes'],
  [{ sinks: [{ type: 'null', path: 'x' }] }, 'sinks[0].path', undefined],
  [{ completelyDifferent: 1 }, 'completelyDifferent', undefined],
]

for (const [given, path, near] of unknownKeys) {
  test(`the unknown key ${path} is refused${near === undefined ? '' : ` and ${near} suggested`}`, (t) => {
    const error = t.throws(() => createLogger(given as LoggerOptions), {
      instanceOf: ConfigurationError,
    })
    t.is(error?.problems.length, 1)
    t.is(error?.problems[0]?.path, path)
    if (near !== undefined)
      t.true(error?.message.endsWith(`did you mean "${near}"?`), error?.message)
    else t.notRegex(error?.message ?? '', /did you mean/)
  })
}

const misspelt: [options: unknown, near: string][] = [
  [{ level: 'INFOO' }, 'INFO'],
  [{ level: 'waring' }, 'WARNING'],
  [{ format: 'jsn' }, 'json'],
  [{ sinks: ['stdot'] }, 'stdout'],
  [{ sinks: [{ type: 'fil', path: 'x' }] }, 'file'],
  [{ sinks: [{ ...file, rotate: { interval: 'dayly' } }] }, 'daily'],
  [{ sinks: [{ ...file, rotate: { compress: 'gzp' } }] }, 'gzip'],
  [{ queue: { overflow: 'drop-newst' } }, 'drop-newest'],
]

for (const [given, near] of misspelt) {
  test(`${JSON.stringify(given)} is refused and ${near} suggested`, (t) => {
    const error = t.throws(() => createLogger(given as LoggerOptions), {
      instanceOf: ConfigurationError,
    })
    t.true(error?.message.endsWith(`did you mean "${near}"?`), error?.message)
  })
}

test('one error lists every problem', (t) => {
  const error = t.throws(
    () =>
      createLogger({
        levl: 1,
        level: 'loud',
        queue: { ringByts: 1, overflow: 'x' },
        sinks: [{ type: 'file', pat: 1 }, 'stdot', { ...file, rotate: { keepFiles: -1, utc: 1 } }],
      } as unknown as LoggerOptions),
    { instanceOf: ConfigurationError },
  )
  t.deepEqual(
    error?.problems.map(({ path }) => path).sort(),
    [
      ...['level', 'levl', 'queue.overflow', 'queue.ringByts', 'sinks[0].pat', 'sinks[0].path'],
      ...['sinks[1]', 'sinks[2].rotate.keepFiles', 'sinks[2].rotate.utc'],
    ].sort(),
  )
  t.is(error?.message.split('\n').length, 9)
  for (const { path } of error?.problems ?? []) t.true(error?.message.includes(path))
})

test('options that are no object are refused', (t) => {
  for (const given of [null, 1, 'INFO', [], () => 1, Symbol('x')]) {
    t.throws(() => createLogger(given as LoggerOptions), {
      instanceOf: ConfigurationError,
      message: /expected an object of options/,
    })
  }
})

test('sinks that are no list of sinks are refused', (t) => {
  for (const [sinks, path] of [
    ['stdout', 'sinks'],
    [null, 'sinks'],
    [[], 'sinks'],
    [[1], 'sinks[0]'],
    [[null], 'sinks[0]'],
    [['null', {}], 'sinks[1].type'],
    [[{ type: 'file' }], 'sinks[0].path'],
  ] as const) {
    const error = t.throws(() => createLogger({ sinks } as unknown as LoggerOptions), {
      instanceOf: ConfigurationError,
    })
    t.is(error?.problems[0]?.path, path)
  }
})

test('two sinks of one name are refused', (t) => {
  const sink = { type: 'null', name: 'a' } as const
  const error = t.throws(() => createLogger({ sinks: [sink, sink] }), {
    instanceOf: ConfigurationError,
    message: /a name that no other sink has/,
  })
  t.is(error?.problems[0]?.path, 'sinks[1].name')
})

test('sinks without a name get one that is free', async (t) => {
  const log = createLogger({
    sinks: ['null', { type: 'null', name: 'null-2' }, 'null', { type: 'memory' }],
  })
  t.deepEqual(Object.keys(log.metrics().sinks).sort(), ['memory', 'null', 'null-2', 'null-3'])
  await log.close()
})

test('errors are FapilogErrors with a name and a code', (t) => {
  const error = t.throws(() => createLogger({ level: 'x' as 'INFO' }))
  t.true(error instanceof FapilogError && error instanceof Error)
  t.is(error?.name, 'ConfigurationError')
  t.true(SinkError.prototype instanceof FapilogError)
  t.true(PipelineError.prototype instanceof FapilogError)
})

// --- the interface and the schema

const namesAt = (path: readonly PropertyKey[], input: unknown) =>
  walk.namesAt(settingsSchema, path, input)

/** Names of the properties of an interface in options.ts. */
function propertiesOf(name: string): string[] {
  const source = readFileSync(new URL('../src/settings/options.ts', import.meta.url), 'utf8')
  const match = new RegExp(`interface ${name}(?: extends (\\w+))? \\{\\n([\\s\\S]*?)\\n\\}`).exec(
    source,
  )
  const own = [...(match?.[2] ?? '').matchAll(/^ {2}readonly (\w+)\??:/gm)].map(
    ([, key]) => key as string,
  )
  return [...(match?.[1] === undefined ? [] : propertiesOf(match[1])), ...own].sort()
}

test('the options interface and the schema have the same settings', (t) => {
  const sink = (type: string) => [...namesAt(['sinks', 0], { sinks: [{ type }] })].sort()
  t.deepEqual(propertiesOf('LoggerOptions'), Object.keys(settingsSchema.shape).sort())
  t.deepEqual(propertiesOf('QueueOptions'), [...namesAt(['queue'], {})].sort())
  t.deepEqual(propertiesOf('StdoutSinkOptions'), sink('stdout'))
  t.deepEqual(propertiesOf('StderrSinkOptions'), sink('stderr'))
  t.deepEqual(propertiesOf('NullSinkOptions'), sink('null'))
  t.deepEqual(propertiesOf('MemorySinkOptions'), sink('memory'))
  t.deepEqual(propertiesOf('FileSinkOptions'), sink('file'))
  t.deepEqual(propertiesOf('RetroactiveOptions'), [...namesAt(['retroactive'], {})].sort())
  t.deepEqual(propertiesOf('RotateOptions'), [...namesAt(['sinks', 0, 'rotate'], {})].sort())
})

// --- destinations that cannot be opened

const folder = mkdtempSync(join(tmpdir(), 'fapilog-settings-'))
test.after.always(() => rmSync(folder, { recursive: true, force: true }))

function refused(path: string, options: object = {}): SinkError {
  try {
    createLogger({ sinks: [{ type: 'file', path, ...options }] })
  } catch (error) {
    if (error instanceof SinkError) return error
    throw error
  }
  throw new Error(`${path} was opened`)
}

for (const [what, make] of Object.entries<(path: string) => string>({
  'a path below a file': (path) => {
    writeFileSync(path, '')
    return join(path, 'app.log')
  },
  'a folder': () => folder,
  'a FIFO': (path) => {
    execFileSync('mkfifo', [path])
    return path
  },
  'a socket': (path) => {
    const code = `require('node:net').createServer().listen(process.argv[1], () => process.kill(process.pid, 'SIGKILL'))`
    spawnSync(process.execPath, ['-e', code, path])
    return path
  },
  'a device': () => '/dev/null',
  'a symbolic link': (path) => {
    writeFileSync(`${path}.target`, '')
    symlinkSync(`${path}.target`, path)
    return path
  },
  'a name that is too long': (path) => path + 'x'.repeat(300),
  'a path below /proc': () => '/proc/fapilog/app.log',
})) {
  test(`${what} is refused when the logger is made, by name`, (t) => {
    const path = make(join(folder, `case ${what}`))
    const error = refused(path)
    t.is(error.code, 'FAPILOG_SINK_OPEN')
    t.true(error.message.includes(path), error.message)
  })
}

test('a missing folder is refused when it must not be made', (t) => {
  const path = join(folder, 'missing', 'app.log')
  t.true(refused(path, { mkdir: false }).message.includes(path))
  t.false(existsSync(join(folder, 'missing')))
})

test('a file of a read-only folder is refused when the logger is made', (t) => {
  const closed = mkdtempSync(join(folder, 'closed-'))
  chmodSync(closed, 0o555)
  const code = `
    import { createLogger, SinkError } from 'fapilog'
    if (process.getuid() === 0) { process.setgroups([]); process.setgid(65534); process.setuid(65534) }
    try {
      createLogger({ sinks: [{ type: 'file', path: ${JSON.stringify(join(closed, 'app.log'))} }] })
      console.log('opened')
    } catch (error) {
      console.log(JSON.stringify([error instanceof SinkError, error.code, error.message]))
    }`
  chmodSync(folder, 0o755)
  const printed = execFileSync(process.execPath, ['--input-type=module', '-e', code], {
    cwd: new URL('..', import.meta.url),
    encoding: 'utf8',
  })
  const [isSinkError, errorCode, message] = JSON.parse(printed) as [boolean, string, string]
  t.true(isSinkError)
  t.is(errorCode, 'FAPILOG_SINK_OPEN')
  t.regex(message, /app\.log.*[Pp]ermission denied/s)
  t.false(existsSync(join(closed, 'app.log')))
})

test('a refused sink leaves no file of the other sinks open', (t) => {
  const good = join(folder, 'good.log')
  t.throws(
    () =>
      createLogger({
        sinks: [
          { type: 'file', path: good },
          { type: 'file', path: folder },
        ],
      }),
    { instanceOf: SinkError },
  )
  const open = execFileSync('ls', ['-l', `/proc/${process.pid}/fd`], { encoding: 'utf8' })
  t.notRegex(open, /good\.log/)
})

test('modes are those of the settings, whatever the umask', async (t) => {
  const umask = process.umask(0)
  const path = join(folder, 'modes', 'deep', 'app.log')
  const log = createLogger({ sinks: [{ type: 'file', path }] })
  const other = createLogger({
    sinks: [{ type: 'file', path: join(folder, 'open', 'app.log'), mode: 0o644, dirMode: 0o755 }],
  })
  process.umask(umask)
  log.info('m')
  await log.close()
  await other.close()
  const mode = (name: string) => statSync(join(folder, name)).mode & 0o777
  t.is(mode('modes/deep/app.log'), 0o600)
  t.is(mode('modes/deep'), 0o700)
  t.is(mode('modes'), 0o700)
  t.is(mode('open/app.log'), 0o644)
  t.is(mode('open'), 0o755)
})
