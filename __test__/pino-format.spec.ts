// The `pino` format beside pino itself: the same calls leave lines that parse to the same objects.

import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test from 'ava'
import { createLogger, type Logger } from 'fapilog'
import pino from 'pino'
// @ts-expect-error: the benches are plain JavaScript
import { workloads as untyped } from '../benches/lib/workloads.mjs'
import type { Json } from './support/capture.ts'

const folder = mkdtempSync(join(tmpdir(), 'fapilog-pino-'))
test.after.always(() => rmSync(folder, { recursive: true, force: true }))

// biome-ignore lint/suspicious/noExplicitAny: both loggers, called alike
type Either = any
type Call = (log: Either, i: number) => void

const workloads = untyped as Record<string, { prepare(style: string, log: Either): Call }>

function prepare(name: string, log: Either): Call {
  const workload = workloads[name]
  if (workload === undefined) throw new Error(`no workload ${name}`)
  return workload.prepare('pino', log)
}

/** Runs the calls on both loggers and returns the parsed lines, ours and theirs. */
async function both(
  name: string,
  calls: readonly Call[],
  options: { name?: string } = {},
): Promise<[ours: Json[], theirs: Json[]]> {
  const paths = [join(folder, `${name}.ours`), join(folder, `${name}.theirs`)] as const
  const ours = createLogger({
    ...options,
    level: 'TRACE',
    format: 'pino',
    sinks: [{ type: 'file', path: paths[0] }],
    queue: { overflow: 'block' },
  })
  const theirs = pino(
    { ...options, level: 'trace' },
    pino.destination({ dest: paths[1], sync: true }),
  )
  for (const [i, call] of calls.entries()) {
    // One place for both, for the stacks of the errors that are made there.
    for (const log of [ours, theirs]) call(log, i)
  }
  await ours.close()
  theirs.flush()
  return paths.map((path) =>
    readFileSync(path, 'utf8')
      .trimEnd()
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line) as Json),
  ) as [Json[], Json[]]
}

/** Everything but the moment, which is only near. */
function withoutTime(line: Json): Json {
  const { time, ...rest } = line
  if (typeof time !== 'number') throw new Error(`time is ${String(time)}`)
  return rest
}

const cause = new RangeError('inner', { cause: new TypeError('innermost') })
class HttpError extends Error {
  readonly status = 503
  override name = 'HttpError'
}

const forms: Record<string, Call> = {
  'a message': (log) => log.info('hello'),
  'every level': (log) => {
    for (const level of ['trace', 'debug', 'info', 'warn', 'error', 'fatal']) log[level](level)
  },
  'a disabled method': (log) => log.silent('nothing'),
  fields: (log) => log.info({ a: 1 }),
  'fields and a message': (log) => log.info({ a: 1, b: 'x' }, 'hello'),
  'fields and a format': (log) => log.info({ a: 1 }, 'hello %s %d %j', 'x', 1.5, { b: 2 }),
  'a format': (log) => log.info('%s %d %i %f %o %O %% %x', 'x', 1, 1.9, 1.5, { a: 1 }, [1]),
  'an error': (log) => log.error(Object.assign(new Error('boom'), { code: 'E', list: [1] })),
  'an error and a message': (log) => log.error(new Error('boom'), 'failed'),
  'an error with causes': (log) => log.error(new Error('outer', { cause })),
  'an error under err': (log) => log.error({ err: new HttpError('boom'), a: 1 }, 'failed'),
  'an error of a class': (log) => log.error(new HttpError('boom')),
  'an aggregate error': (log) => log.error(new AggregateError([new Error('one')], 'several')),
  'an error with an error': (log) =>
    log.error(Object.assign(new Error('boom'), { inner: new Error('inner') })),
  'an undefined field': (log) => log.info({ a: undefined, b: 1 }),
  'a nested undefined': (log) => log.info({ a: { b: undefined, c: [undefined] } }),
  'functions and symbols': (log) => log.info({ f() {}, list: [() => 1] }),
  'numbers of every kind': (log) =>
    log.info({ a: -0, b: 1e21, c: 1e-7, d: 5e-324, e: Number.MAX_VALUE, f: 2 ** 53, g: 0.1 + 0.2 }),
  'numbers JSON has no word for': (log) => log.info({ a: Number.NaN, b: [Infinity, -Infinity] }),
  'a BigInt': (log) => log.info({ a: { b: 12n } }),
  dates: (log) => log.info({ a: new Date(0), b: [new Date(1e12)] }),
  'a nested toJSON': (log) => log.info({ a: { toJSON: () => ({ b: 1 }) } }),
  'strings that need escaping': (log) =>
    log.info({ a: '"\\\n\r\t\b\f\0\u001b\u007f\u0085\u2028', 'k"\n': '🚀 ü 名' }, 'm"\n\u2028'),
  'integer keys': (log) => log.info({ b: 1, 2: 'two', 1: 'one' }),
  'a deep object': (log) => log.info({ a: { b: { c: { d: { e: [1, [2, [3]]] } } } } }),
  'a null-prototype object': (log) => log.info({ a: Object.assign(Object.create(null), { b: 1 }) }),
  'an empty message': (log) => log.info({ a: 1 }, ''),
  'a field msg': (log) => log.info({ msg: 'from the field' }),
  'a class instance': (log) =>
    log.info({
      a: new (class Point {
        x = 1
      })(),
    }),
  'a child': (log) => log.child({ a: 1, b: { c: [1] } }).info({ d: 2 }, 'hello'),
  'a grandchild': (log) => log.child({ a: 1 }).child({ b: 2 }).info('hello'),
  'a child and a field of one name': (log) => log.child({ a: 1 }).info({ a: 2 }, 'hello'),
  'a grandchild and a child of one name': (log) => log.child({ a: 1 }).child({ a: 2 }).info('x'),
  'pid and hostname as fields': (log) => log.info({ pid: 7, hostname: 'other' }, 'hello'),
  'a name as binding': (log) => log.child({ name: 'child' }).info('hello'),
  null: (log) => log.info(null),
  'a message after null': (log) => log.info(null, 'hello'),
}

for (const [name, call] of Object.entries(forms)) {
  test(`${name}: the line is that of pino`, async (t) => {
    const [ours, theirs] = await both(name.replaceAll(/\W/g, '-'), [call])
    t.deepEqual(ours.map(withoutTime), theirs.map(withoutTime))
  })
}

test('a logger with a name has it where pino has it', async (t) => {
  const [ours, theirs] = await both('name', [(log) => log.info('m')], { name: 'app' })
  t.deepEqual(ours.map(withoutTime), theirs.map(withoutTime))
  t.deepEqual(Object.keys(ours[0] ?? {}), Object.keys(theirs[0] ?? {}))
})

for (const name of ['mixed', 'request', 'deep', 'error', 'child', 'numbers', 'long'] as const) {
  test(`1,200 events of the workload ${name} are those of pino`, async (t) => {
    const made = new Map<Either, Call>()
    const pools = new Map<string, Call>()
    const call: Call = (log, i) => {
      // The values come from pools that are made once, so that both loggers get the same.
      let run = name === 'child' ? made.get(log) : pools.get(name)
      if (run === undefined) {
        run = prepare(name, log)
        made.set(log, run)
        pools.set(name, run)
      }
      run(log, i)
    }
    const [ours, theirs] = await both(name, new Array<Call>(1200).fill(call))
    t.is(ours.length, 1200)
    t.deepEqual(ours.map(withoutTime), theirs.map(withoutTime))
    const late = ours.filter(
      (line, i) => Math.abs((line['time'] as number) - (theirs[i]?.['time'] as number)) > 1000,
    )
    t.deepEqual(late, [])
  })
}

test('the mixed workload has at least 300 shapes', (t) => {
  const shapes = new Set<string>()
  const run = prepare('mixed', undefined)
  const log = { info: (fields: object) => shapes.add(Object.keys(fields).join()) }
  for (let i = 0; i < 1200; i++) run(log, i)
  t.true(shapes.size >= 300, String(shapes.size))
})

test('no line has a key twice', async (t) => {
  const path = join(folder, 'twice')
  const log: Logger = createLogger({ format: 'pino', name: 'app', sinks: [{ type: 'file', path }] })
  log
    .child({ a: 1, name: 'x', pid: 1, level: 2, msg: 'y' })
    .child({ a: 2, time: 3 })
    .info({ a: 3, name: 'z', level: 4, hostname: 'h', level_: 5, msg: 6 }, 'hello')
  await log.close()
  const keys = [...readFileSync(path, 'utf8').matchAll(/"(\w+)":/g)].map(([, key]) => key)
  t.deepEqual(keys, [...new Set(keys)])
})

test('pino-pretty prints our lines', async (t) => {
  const path = join(folder, 'pretty')
  const log = createLogger({ format: 'pino', name: 'app', sinks: [{ type: 'file', path }] })
  log.info({ a: 1, nested: { b: 'x' } }, 'hello')
  log.child({ requestId: 'r-1' }).warn('careful')
  log.error(new Error('boom', { cause: new Error('inner') }), 'failed')
  log.security('watch')
  await log.close()
  const bin = createRequire(import.meta.url).resolve('pino-pretty/bin.js')
  const { stdout, status } = spawnSync(process.execPath, [bin, '--no-color'], {
    input: readFileSync(path),
    encoding: 'utf8',
  })
  t.is(status, 0)
  t.notRegex(stdout, /^\{/m, 'a line that was not understood is printed as it is')
  t.regex(stdout, /INFO \(app\/\d+\): hello\n\s+a: 1\n\s+nested: \{/)
  t.regex(stdout, /WARN \(app\/\d+\): careful\n\s+requestId: "r-1"/)
  t.regex(
    stdout,
    /ERROR \(app\/\d+\): failed\n\s+err: \{\n\s+"type": "Error",\n\s+"message": "boom: inner"/,
  )
  t.regex(stdout, /FATAL \(app\/\d+\): watch/)
})

test('an error whose stack or message cannot be read says so in its place, also as a cause', async (t) => {
  const log = createLogger({ format: 'pino', sinks: [{ type: 'memory' }] })
  const unreadable = (key: 'stack' | 'message') =>
    Object.defineProperty(new Error('inner'), key, {
      get() {
        throw new Error('no')
      },
    })
  log.error(unreadable('stack'))
  log.error(unreadable('message'), 'msg')
  log.error(new Error('outer', { cause: unreadable('stack') }))
  await log.close()
  const [first, second, third] = log
    .takeLines()
    .map((line) => (JSON.parse(line) as { err: Json }).err)
  t.like(first, { type: 'Error', message: 'inner', stack: '[Throws: Error: no]' })
  t.like(second, { type: 'Error', message: '[Throws: Error: no]' })
  t.is(third?.['message'], 'outer: inner')
  t.regex(String(third?.['stack']), /^Error: outer\n[\s\S]*\ncaused by: \[Throws: Error: no\]$/)
})
