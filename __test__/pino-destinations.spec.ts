// `fapilog/pino`: where lines go, and what is refused.

import { execFileSync, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import {
  closeSync,
  existsSync,
  mkdtempSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import test from 'ava'
import { ConfigurationError } from 'fapilog'
import pino, { type Logger } from 'fapilog/pino'

const folder = mkdtempSync(join(tmpdir(), 'fapilog-pino-'))
test.after.always(() => {
  try {
    rmSync(folder, { recursive: true, force: true, maxRetries: 10 })
  } catch {
    // A logger that a test leaves open may put its file back meanwhile.
  }
})
const ROOT = fileURLToPath(new URL('..', import.meta.url))

let files = 0
const fileName = () => join(folder, `${files++}.log`)
const messages = (path: string) =>
  readFileSync(path, 'utf8')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => (JSON.parse(line) as { msg: string }).msg)
const flushed = (log: Logger) =>
  new Promise<void>((resolve, reject) => {
    log.flush((error) => (error ? reject(error) : resolve()))
  })

test('a path: 10,000 lines are in the file after flush, in order', async (t) => {
  const path = fileName()
  const log = pino(path)
  const child = log.child({ child: true })
  for (let n = 0; n < 10_000; n += 2) {
    log.info(String(n))
    child.info({ n }, String(n + 1))
  }
  await flushed(child)
  t.deepEqual(
    messages(path),
    Array.from({ length: 10_000 }, (_, n) => String(n)),
  )
})

test('sync: every line is in the file when its call returns', (t) => {
  const path = fileName()
  const log = pino(pino.destination({ dest: path, sync: true }))
  for (let n = 1; n <= 100; n++) {
    log.info(String(n))
    t.is(messages(path).length, n)
  }
})

test('fatal waits for its line, whatever the destination', (t) => {
  const path = fileName()
  const log = pino(pino.destination(path))
  log.info('before')
  log.fatal('last')
  t.deepEqual(messages(path), ['before', 'last'])
})

test('flushSync, write, end: in order, and nothing after the end', async (t) => {
  const path = fileName()
  const destination = pino.destination(path)
  const log = pino(destination)
  log.info('one')
  destination.write('{"msg":"raw"}\n')
  log.info('two')
  destination.flushSync()
  t.deepEqual(messages(path), ['one', 'raw', 'two'])
  log.info('three')
  destination.end()
  await once(destination, 'close')
  log.info('too late')
  t.deepEqual(messages(path), ['one', 'raw', 'two', 'three'])
})

test('append: false empties the file, mkdir makes directories, mode holds', (t) => {
  const path = join(folder, 'made', 'here.log')
  t.throws(() => pino(pino.destination(path)), { code: 'FAPILOG_SINK_OPEN' })
  const first = pino.destination({ dest: path, mkdir: true, mode: 0o640 })
  pino(first).info('first')
  first.flushSync()
  t.is(statSync(path).mode & 0o777, process.platform === 'win32' ? 0o666 : 0o640)
  const second = pino.destination({ dest: path, append: false })
  pino(second).info('second')
  second.flushSync()
  t.deepEqual(messages(path), ['second'])
})

test('reopen: what is logged after a rename is in a new file', (t) => {
  const path = fileName()
  const destination = pino.destination(path)
  const log = pino(destination)
  log.info('one')
  destination.flushSync()
  renameSync(path, `${path}.1`)
  destination.reopen()
  log.info('two')
  destination.flushSync()
  t.deepEqual([messages(`${path}.1`), messages(path)], [['one'], ['two']])
  t.throws(() => destination.reopen('elsewhere'), { instanceOf: ConfigurationError })
})

test('any file descriptor', (t) => {
  const path = fileName()
  const fd = openSync(path, 'a')
  const log = pino(pino.destination(fd))
  log.info('one')
  log.child({}).warn('two')
  closeSync(fd)
  t.deepEqual(messages(path), ['one', 'two'])
})

test('a destination of two loggers is flushed for both', (t) => {
  const path = fileName()
  const destination = pino.destination(path)
  pino({ name: 'a' }, destination).info('a')
  destination.flushSync()
  pino({ name: 'b' }, destination).info('b')
  destination.flushSync()
  t.deepEqual(messages(path), ['a', 'b'])
})

test('multistream of destinations: each gets its levels from the native side', (t) => {
  const [all, errors, own] = [fileName(), fileName(), fileName()]
  const streams = [
    { level: 'trace', stream: pino.destination(all) },
    { level: 'error', stream: pino.destination(errors) },
    { level: 35, stream: pino.destination(own) },
  ]
  const multi = pino.multistream(streams)
  const log = pino({ level: 'trace', customLevels: { notice: 35 } }, multi)
  for (const level of ['trace', 'info', 'notice', 'warn', 'error', 'fatal'] as const)
    log[level](level)
  multi.flushSync()
  t.deepEqual(messages(all), ['trace', 'info', 'notice', 'warn', 'error', 'fatal'])
  t.deepEqual(messages(errors), ['error', 'fatal'])
  t.deepEqual(messages(own), ['notice', 'warn', 'error', 'fatal'])
  t.throws(() => multi.add(process.stdout), { message: /before the logger is made/ })
})

test('the option fapilog: sinks, formats and redaction of its own', async (t) => {
  const path = fileName()
  const log = pino({
    fapilog: {
      sinks: [{ type: 'file', path, format: 'minimal' }],
      redact: { presets: ['CREDENTIALS'] },
    },
  })
  log.info({ password: 'p' }, 'm')
  await flushed(log)
  t.is(readFileSync(path, 'utf8'), 'INFO m\n')
})

test('transport: pino/file and pino-pretty', async (t) => {
  const [plain, pretty] = [fileName(), fileName()]
  const log = pino({
    transport: {
      targets: [
        { target: 'pino/file', options: { destination: plain } },
        {
          target: 'pino-pretty',
          options: { destination: pretty, colorize: false, ignore: 'pid,hostname,time' },
        },
      ],
    },
  })
  log.info({ a: 1 }, 'm')
  t.deepEqual(messages(plain), ['m'])
  t.is(readFileSync(pretty, 'utf8'), 'INFO: m\n    a: 1\n')
  const single = fileName()
  const other = pino({ transport: { target: 'pino/file', options: { destination: single } } })
  other.info('m')
  await flushed(other)
  t.deepEqual(messages(single), ['m'])
})

test('standard output: written at the end of the process, also by process.exit()', (t) => {
  for (const end of ['', 'process.exit(3)', "throw new Error('thrown')"]) {
    const program = `const log = require('fapilog/pino')({ base: null, timestamp: false })
      for (let n = 0; n < 1000; n++) log.info({ n }, 'm')
      ${end}`
    const { stdout } = spawnSync(process.execPath, ['-e', program], { cwd: ROOT, encoding: 'utf8' })
    const expected = Array.from({ length: 1000 }, (_, n) => `{"level":30,"n":${n},"msg":"m"}\n`)
    t.is(stdout, expected.join(''))
  }
})

test('standard output that somebody has replaced gets its lines through it', (t) => {
  const program = `const lines = []
    process.stdout.write = (line) => lines.push(line)
    require('fapilog/pino')({ base: null, timestamp: false }).info('m')
    require('fs').writeSync(1, 'seen: ' + lines.join(''))`
  const stdout = execFileSync(process.execPath, ['-e', program], { cwd: ROOT, encoding: 'utf8' })
  t.is(stdout, 'seen: {"level":30,"msg":"m"}\n')
})

test('a logger that nobody has any more gives its threads back', (t) => {
  const program = `const pino = require('fapilog/pino')
    const { readdirSync } = require('node:fs')
    const threads = () => readdirSync('/proc/self/task').length
    const path = process.argv[1]
    const use = () => { for (let n = 0; n < 20; n++) pino(path).child({ n }).info('m') }
    const before = threads()
    use()
    const during = threads()
    const look = (left) => {
      gc()
      if (threads() < during - 30) console.log('given back')
      else if (left > 0) setTimeout(look, 50, left - 1)
      else console.log('kept', before, during, threads())
    }
    setTimeout(look, 50, 100)`
  if (!existsSync('/proc/self/task')) {
    t.pass('threads are counted on Linux')
    return
  }
  const path = fileName()
  const args = ['--expose-gc', '-e', program, path]
  const stdout = execFileSync(process.execPath, args, { cwd: ROOT, encoding: 'utf8' })
  t.is(stdout, 'given back\n')
  t.is(messages(path).length, 20)
})

test('functions of the application that throw: the call returns, the secret is withheld', (t) => {
  const lines: string[] = []
  const stream = { write: (line: string) => lines.push(line) }
  const fail = () => {
    throw new RangeError('mine')
  }
  const base = { base: null, timestamp: false } as const
  pino({ ...base, serializers: { a: fail } }, stream).info({ a: 1, b: 2 }, 'm')
  pino({ ...base, mixin: fail, redact: ['secret'] }, stream).info({ secret: 's' }, 'secret: s')
  pino({ ...base, formatters: { log: fail } }, stream).info({ a: 1 }, 'm')
  t.is(lines[0], '{"level":30,"a":"[Throws: RangeError: mine]","b":2,"msg":"m"}\n')
  const [, second, third] = lines.map((line) => JSON.parse(line) as Record<string, unknown>)
  t.like(second, { level: 30, err: { type: 'RangeError', message: 'mine' } })
  t.false(lines[1]?.includes('secret: s'))
  t.like(third, { level: 30, err: { type: 'RangeError' }, msg: 'm' })
  t.is(lines.length, 3)
})

// biome-ignore lint/suspicious/noExplicitAny: what JavaScript may pass
type Any = any

test('values and streams that throw: the call returns, and so does the next', async (t) => {
  const lines: string[] = []
  let broken = true
  const stream = {
    write: (line: string) => {
      if (broken) throw new Error('stream is broken')
      lines.push(line)
    },
  }
  const hostile = {
    get method(): never {
      throw new Error('a getter')
    },
    get err(): never {
      throw new Error('a getter')
    },
    kept: 1,
  }
  const options = { base: null, timestamp: false, msgPrefix: '> ' } as const
  const warned = once(process, 'warning')
  pino(options, stream).info('m')
  t.is(((await warned) as Error[])[0]?.message, 'stream is broken')
  broken = false
  pino(options, stream).info(hostile)
  pino(options, stream).info(hostile, 'm')
  pino({ ...options, redact: ['kept'] }, stream).info(hostile)
  pino(options, stream).child(hostile).info('m')
  pino(options, stream).info(Symbol('s') as Any)
  t.is(lines.length, 5)
  for (const line of lines.slice(0, 2)) t.like(JSON.parse(line), { level: 30, kept: 1 })
  t.false(lines[2]?.includes('kept'))
  t.like(JSON.parse(lines[3] as string), { kept: 1, msg: '> m' })
  t.like(JSON.parse(lines[4] as string), { level: 30 })
})
const REFUSED: Readonly<Record<string, readonly [make: () => unknown, path: string]>> = {
  'a level that is none': [() => pino({ level: 'loud' }), 'level'],
  'a threshold that is none': [
    () => {
      pino().level = 'loud'
    },
    'level',
  ],
  'a number that is no level': [() => pino({ level: 31 as Any }), 'level'],
  levelVal: [
    () => {
      pino().levelVal = 30
    },
    'levelVal',
  ],
  'only own levels, but none': [() => pino({ useOnlyCustomLevels: true } as Any), 'customLevels'],
  'more levels than there is room for': [
    () => pino({ customLevels: { a: 1, b: 2, c: 3, d: 4, e: 5 } }),
    'customLevels.e',
  ],
  'a comparison that is none': [() => pino({ levelComparison: 'UP' as Any }), 'levelComparison'],
  prettyPrint: [() => pino({ prettyPrint: true } as Any), 'prettyPrint'],
  'a mixin that is none': [() => pino({ mixin: {} as Any }), 'mixin'],
  'a prefix that is none': [() => pino({ msgPrefix: 1 as Any }), 'msgPrefix'],
  'redact without paths': [() => pino({ redact: {} as Any }), 'redact.paths'],
  'a path that is none': [() => pino({ redact: ['a['] }), 'redact.paths'],
  'a transport in a worker': [
    () => pino({ transport: { target: 'pino-socket' } }),
    'transport.target',
  ],
  'a pipeline': [() => pino({ transport: { pipeline: [] } as Any }), 'transport'],
  'a transport and a stream': [
    () => pino({ transport: { target: 'pino/file' } }, process.stdout),
    'transport',
  ],
  'sinks and a stream': [
    () => pino({ fapilog: { sinks: ['null'] } }, process.stdout),
    'fapilog.sinks',
  ],
  'a stream that is none': [() => pino({}, {} as Any), 'stream'],
  'a descriptor that is none': [() => pino.destination(-1), 'destination.dest'],
  'levels of a child': [
    () => pino().child({}, { customLevels: { notice: 35 } } as Any),
    'child.customLevels',
  ],
  'no bindings': [() => pino().child(undefined as Any), 'bindings'],
  'a callback that is none': [() => pino().flush(1 as Any), 'flush'],
  'a stream of a multistream that is none': [() => pino.multistream([{} as Any]), 'multistream'],
  'a level of a multistream that is none': [
    () => pino.multistream([{ stream: process.stdout, level: 'loud' }]),
    'multistream.level',
  ],
}

for (const [name, [make, path]] of Object.entries(REFUSED)) {
  test(`${name}: refused, with what to do`, (t) => {
    const error = t.throws(make, { instanceOf: ConfigurationError }) as ConfigurationError
    t.deepEqual(
      error.problems.map((problem) => problem.path),
      [path],
    )
    t.regex(error.message, /expected .{6,}/)
  })
}

test('a file that is there is added to, and keeps its mode', (t) => {
  const path = fileName()
  writeFileSync(path, '{"msg":"old"}\n', { mode: 0o644 })
  const destination = pino.destination(path)
  pino(destination).info('new')
  destination.flushSync()
  t.deepEqual(messages(path), ['old', 'new'])
})
