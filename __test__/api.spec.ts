// The API of a logger: call forms, levels, children, receipts and counters.

import test from 'ava'
import { ConfigurationError, createLogger, type LevelName, type Logger } from 'fapilog'
import pino from 'pino'
import {
  type Envelope,
  type Json,
  memoryLogger,
  takeEvent,
  takeEvents,
  total,
} from './support/capture.ts'

// --- call forms

type Seen = [message: string, data: Json, exception?: string]
const boom = () => new Error('boom')

const seen = ({ message, data, diagnostics }: Envelope): Seen =>
  diagnostics.exception === undefined
    ? [message, data]
    : [message, data, diagnostics.exception['message'] as string]

const forms: [name: string, call: (log: Logger) => void, expected: Seen][] = [
  ['a message', (log) => log.info('m'), ['m', {}]],
  ['a message and fields', (log) => log.info('m', { a: 1 }), ['m', { a: 1 }]],
  ['a message and lazy fields', (log) => log.info('m', () => ({ a: 1 })), ['m', { a: 1 }]],
  ['a message and no fields', (log) => log.info('m', undefined), ['m', {}]],
  ['a message and lazy fields that are none', (log) => log.info('m', () => undefined), ['m', {}]],
  ['a message and an error', (log) => log.info('m', boom()), ['m', {}, 'boom']],
  [
    'a message, an error and fields',
    (log) => log.info('m', boom(), { a: 1 }),
    ['m', { a: 1 }, 'boom'],
  ],
  [
    'a message, fields and an error',
    (log) => log.info('m', { a: 1 }, boom()),
    ['m', { a: 1 }, 'boom'],
  ],
  ['a message and null', (log) => log.info('m', null), ['m', { args: [null] }]],
  ['a message and a number', (log) => log.info('m', 1), ['m', { args: [1] }]],
  ['a message and a list', (log) => log.info('m', [1, 2]), ['m', { value: [1, 2] }]],
  [
    'a message and more than it has room for',
    (log) => log.info('m', 1, 'b'),
    ['m', { args: [1, 'b'] }],
  ],
  ['fields', (log) => log.info({ a: 1 }), ['', { a: 1 }]],
  ['fields and a message', (log) => log.info({ a: 1 }, 'm'), ['m', { a: 1 }]],
  [
    'fields, a message and an error',
    (log) => log.info({ a: 1 }, 'm', boom()),
    ['m', { a: 1 }, 'boom'],
  ],
  ['fields and a format', (log) => log.info({ a: 1 }, 'm %s %d', 'x', 2), ['m x 2', { a: 1 }]],
  [
    'fields, a format and more',
    (log) => log.info({ a: 1 }, 'm %s', 'x', 2),
    ['m x', { a: 1, args: [2] }],
  ],
  ['lazy fields', (log) => log.info(() => ({ a: 1 })), ['', { a: 1 }]],
  ['lazy fields and a message', (log) => log.info(() => ({ a: 1 }), 'm'), ['m', { a: 1 }]],
  ['lazy fields and a format', (log) => log.info(() => ({ a: 1 }), 'm %s', 'x'), ['m x', { a: 1 }]],
  ['an error', (log) => log.info(boom()), ['boom', {}, 'boom']],
  ['an error and a message', (log) => log.info(boom(), 'm'), ['m', {}, 'boom']],
  [
    'an error, a message and fields',
    (log) => log.info(boom(), 'm', { a: 1 }),
    ['m', { a: 1 }, 'boom'],
  ],
  [
    'an error, a message and lazy fields',
    (log) => log.info(boom(), 'm', () => ({ a: 1 })),
    ['m', { a: 1 }, 'boom'],
  ],
  ['an error and a format', (log) => log.info(boom(), 'm %s', 'x'), ['m x', {}, 'boom']],
  ['an error under err', (log) => log.info({ err: boom(), a: 1 }, 'm'), ['m', { a: 1 }, 'boom']],
  [
    'an error under error',
    (log) => log.info({ error: boom(), a: 1 }, 'm'),
    ['m', { a: 1 }, 'boom'],
  ],
  ['a format', (log) => log.info('%s has %d items', 'a', 2), ['a has 2 items', {}]],
  ['a format and fields', (log) => log.info('%s', 'a', { b: 2 }), ['a', { b: 2 }]],
  ['a format and an error', (log) => log.info('%s', 'a', boom()), ['a', {}, 'boom']],
  ['a format with nothing to put in', (log) => log.info('100%'), ['100%', {}]],
  ['a percent sign and fields', (log) => log.info('100% done', { a: 1 }), ['100% done', { a: 1 }]],
  ['nothing', (log) => log.info(), ['', {}]],
  ['a number', (log) => log.info(42), ['42', {}]],
  ['null', (log) => log.info(null), ['null', {}]],
]

for (const [name, call, expected] of forms) {
  test(`a call with ${name} leaves one line that has all of it`, (t) => {
    const log = memoryLogger()
    call(log)
    t.deepEqual(seen(takeEvent(log)), expected)
  })
}

test('an object in the place of the message is not lost', (t) => {
  const log = memoryLogger()
  log.info({ a: 1 }, { b: 2 })
  t.true(log.takeLines()[0]?.includes('"b":2'))
})

test('lazy fields that throw leave the message and say what they threw', (t) => {
  const log = memoryLogger()
  log.info('m', () => {
    throw new Error('not today')
  })
  const event = takeEvent(log)
  t.is(event.message, 'm')
  t.is(event.diagnostics.exception?.['message'], 'not today')
})

test('lazy fields are not made while the level is disabled', (t) => {
  const log = memoryLogger({ level: 'INFO' })
  let made = 0
  log.debug('m', () => ({ made: ++made }))
  log.debug(() => ({ made: ++made }), 'm')
  t.is(made, 0)
  log.info('m', () => ({ made: ++made }))
  t.is(made, 1)
})

// --- printf

class Point {
  x = 1
}
const circular: Json = { a: 1 }
circular['self'] = circular
const shared = { s: 1 }

const formats: unknown[][] = [
  ...['a', 1, -0, null, true, 1n, Symbol('x'), boom(), new Date(0), new Point(), new Map()]
    .flatMap((value) => ['%s', '%d', '%i', '%f', '%j', '%o', '%O'].map((format) => [format, value]))
    .filter(([format, value]) => typeof value !== 'symbol' || !/[dif]/.test(format as string)),
  ...[
    { a: 1 },
    [1, 'b'],
    '',
    '12',
    '1.9x',
    '0x10',
    1.9,
    -1.9,
    1e21,
    1e300,
    Number.NaN,
    Infinity,
  ].flatMap((value) => ['%s', '%d', '%i', '%f', '%j', '%o', '%O'].map((format) => [format, value])),
  ['%o', function named() {}],
  ['%o', () => 1],
  ['%j', circular],
  ['%j', { a: shared, b: shared }],
  ['%j', { n: 1n, u: undefined }],
  ['%d', undefined, 'b'],
  ['%j', undefined, 'b'],
  ['%%'],
  ['%%', 'a'],
  ['100%'],
  ['100%', 'a'],
  ['100% %s', 'x'],
  ['100% %s', 'x', 'y'],
  ['%s %s', 'a'],
  ['%s', 'a', 'b'],
  ['%c', 'css'],
  ['a%cb%s', 'css', 'd'],
  ['%x', 'a'],
  ['%x %s', 'a', 'b'],
  ['%%s', 'a'],
  ['%s%%%s', 'a', 'b'],
  ['%%%s', 'a'],
  ['%', 'a'],
  ['%s%', 'a'],
  ['%s', '%s', 'b'],
  ['%S', 'a'],
  ['%5d', 5],
  ['%.2f', 1.234],
  ['%s %d %j %o %%', 'a', 1, { b: 2 }, { c: 3 }],
  ['no format', 'a'],
  ['é %s 名', 'ü'],
  ['%s', 'a\nb'],
  ['', 'a'],
]

test('printf messages are those of pino', (t) => {
  const lines: string[] = []
  const theirs = pino({}, { write: (line: string) => void lines.push(line) })
  const ours = memoryLogger({ format: 'pino' })
  for (const [format, ...args] of formats) {
    theirs.info(format as string, ...(args as never[]))
    ours.info(format as string, ...args)
    const [line] = ours.takeLines()
    const expected = JSON.parse(lines.pop() as string) as Json
    t.is(
      (JSON.parse(line as string) as Json)['msg'],
      expected['msg'],
      `${format} ${args.map(typeName)}`,
    )
  }
})

const typeName = (value: unknown) => (typeof value === 'symbol' ? 'symbol' : `${typeof value}`)

test('printf arguments that cannot be shown cost no line', (t) => {
  const log = memoryLogger()
  const evil = {
    toString() {
      throw new Error('evil')
    },
    [Symbol.toPrimitive]() {
      throw new Error('evil')
    },
    toJSON() {
      throw new Error('evil')
    },
  }
  log.info('%s %d %i %f %j %o %O', evil, evil, evil, evil, evil, evil, evil)
  t.is(takeEvent(log).message, '[Throws] NaN NaN NaN [Throws] [Throws] [Throws]')
})

// --- levels

const METHODS = {
  trace: 'TRACE',
  debug: 'DEBUG',
  info: 'INFO',
  warn: 'WARNING',
  warning: 'WARNING',
  error: 'ERROR',
  fatal: 'CRITICAL',
  critical: 'CRITICAL',
  audit: 'AUDIT',
  security: 'SECURITY',
} as const satisfies Record<string, LevelName>
type Method = keyof typeof METHODS
const methods = Object.keys(METHODS) as Method[]
const ORDER: LevelName[] = [
  ...(['TRACE', 'DEBUG', 'INFO', 'WARNING', 'ERROR', 'CRITICAL', 'AUDIT', 'SECURITY'] as const),
]

test('every method logs at the level of its name, with any number of arguments', (t) => {
  const log = memoryLogger()
  for (const method of methods) {
    log[method]('m')
    log[method]('m', { a: 1 })
    log[method]('%s %s %s', 1, 2, 3)
    t.deepEqual(
      takeEvents(log).map(({ level, message, data }) => [level, message, data]),
      [
        [METHODS[method], 'm', {}],
        [METHODS[method], 'm', { a: 1 }],
        [METHODS[method], '1 2 3', {}],
      ],
    )
  }
})

test('silent logs nothing', (t) => {
  const log = memoryLogger()
  log.silent('m', { a: 1 })
  t.deepEqual(log.takeLines(), [])
  t.is(log.metrics().submitted, 0)
})

for (const [at, level] of [...ORDER, 'SILENT' as const].entries()) {
  test(`at level ${level} exactly the methods at or above it log`, (t) => {
    const log = memoryLogger({ level })
    for (const method of methods) log[method]('m')
    const expected = methods
      .map((method) => METHODS[method])
      .filter((name) => ORDER.indexOf(name) >= at)
    t.deepEqual(
      takeEvents(log).map((event) => event.level),
      expected,
    )
    for (const name of ORDER)
      t.is(log.isLevelEnabled(name), ORDER.indexOf(name) >= at, `isLevelEnabled(${name})`)
  })
}

test('levels are known by any case and by their aliases', (t) => {
  for (const [given, level] of [
    ['info', 'INFO'],
    ['Info', 'INFO'],
    ['warn', 'WARNING'],
    ['WARN', 'WARNING'],
    ['fatal', 'CRITICAL'],
    ['FATAL', 'CRITICAL'],
    ['silent', 'SILENT'],
  ] as const) {
    const log = memoryLogger({ level: given as 'info' })
    t.is(log.level, level)
    t.is(log.isLevelEnabled(given), level !== 'SILENT')
  }
})

test('a name that is no level is never enabled', (t) => {
  const log = memoryLogger()
  for (const name of ['', 'verbose', 'silent', '__proto__', 'constructor', undefined, 3, {}])
    t.false(log.isLevelEnabled(name as string))
})

test('a name that is no level is refused where a level is set', (t) => {
  const log = memoryLogger({ level: 'INFO' })
  for (const level of ['verbos', '', '__proto__', undefined, null, 20, {}]) {
    const error = t.throws(
      () => {
        log.level = level as 'info'
      },
      { instanceOf: ConfigurationError, message: /level.*expected one of TRACE, DEBUG, INFO/ },
    )
    t.is(error?.code, 'FAPILOG_CONFIGURATION')
    t.throws(() => log.child({}, { level: (level ?? 'nothing') as 'info' }), {
      instanceOf: ConfigurationError,
    })
  }
  t.is(log.level, 'INFO')
})

test('the pino format has the numbers of pino', (t) => {
  const log = memoryLogger({ format: 'pino' })
  for (const method of methods) log[method]('m')
  const numbers = log.takeLines().map((line) => (JSON.parse(line) as Json)['level'])
  t.deepEqual(numbers.slice(0, 8), [10, 20, 30, 40, 40, 50, 60, 60])
})

// --- children

const levels = (...loggers: Logger[]) => loggers.map((logger) => logger.level)

test('children without a level of their own follow their parent', (t) => {
  const log = memoryLogger({ level: 'INFO' })
  const child = log.child({ a: 1 })
  const own = log.child({ b: 2 }, { level: 'ERROR' })
  const grandchild = own.child({ c: 3 })
  log.level = 'debug'
  t.deepEqual(levels(child, own, grandchild), ['DEBUG', 'ERROR', 'ERROR'])
  own.level = 'trace'
  t.deepEqual(levels(log, child, grandchild), ['DEBUG', 'DEBUG', 'TRACE'])
  child.level = 'FATAL'
  t.deepEqual(levels(log, own), ['CRITICAL', 'TRACE'])
})

test('a child has the name of its parent unless it is given one', (t) => {
  const log = memoryLogger({ name: 'app' })
  const same = log.child({ a: 1 })
  const other = log.child({ a: 1 }, { name: 'db' })
  for (const logger of [log, same, other, other.child()]) logger.info('m')
  t.deepEqual([log.name, same.name, other.name, other.child().name], ['app', 'app', 'db', 'db'])
  t.deepEqual(
    takeEvents(log).map(({ logger }) => logger),
    ['app', 'app', 'db', 'db'],
  )
})

test('of bindings and fields with one name the latest is in the line, once', (t) => {
  const log = memoryLogger()
  const child = log.child({ a: 'first', b: 'first', c: 'first' })
  const grandchild = child.child({ b: 'second', c: 'second' })
  grandchild.info('m', { c: 'third' })
  const [line] = log.takeLines()
  t.deepEqual((JSON.parse(line as string) as Envelope).data, {
    a: 'first',
    b: 'second',
    c: 'third',
  })
  for (const key of ['a', 'b', 'c']) t.is((line as string).split(`"${key}":`).length, 2)
})

test('an undefined field does not hide a binding', (t) => {
  const log = memoryLogger()
  log.child({ a: 1 }).info('m', { a: undefined })
  t.deepEqual(takeEvent(log).data, { a: 1 })
})

test('bindings are those of the moment the child was made', (t) => {
  const log = memoryLogger()
  const bindings = { a: { b: 1 } }
  const child = log.child(bindings)
  bindings.a.b = 2
  child.info('m')
  t.deepEqual(takeEvent(log).data, { a: { b: 1 } })
})

test('bindings of a child are in no line of its parent or siblings', (t) => {
  const log = memoryLogger()
  log.child({ a: 1 })
  const sibling = log.child({ b: 2 })
  log.info('m')
  sibling.info('m')
  t.deepEqual(
    takeEvents(log).map(({ data }) => data),
    [{}, { b: 2 }],
  )
})

test('the names of the context are taken from bindings and fields', (t) => {
  const log = memoryLogger()
  log.child({ request_id: 'r', correlation_id: 'c' }).info('m', { user_id: 7, trace_id: 't', a: 1 })
  const { context, data } = takeEvent(log)
  t.like(context, { request_id: 'r', correlation_id: 'c', user_id: 7, trace_id: 't' })
  t.deepEqual(data, { a: 1 })
})

test('100,000 short-lived children log what they are bound to', async (t) => {
  const log = memoryLogger({ format: 'pino', queue: { overflow: 'block' } })
  let right = 0
  for (let from = 0; from < 100_000; from += 10_000) {
    for (let i = from; i < from + 10_000; i++) log.child({ id: i, text: `child ${i}` }).info('m')
    for (const [at, line] of log.takeLines().entries()) {
      const { id, text } = JSON.parse(line) as Json
      if (id === from + at && text === `child ${id}`) right++
    }
  }
  t.is(right, 100_000)
  await log.close()
})

test('methods work when they are bound to their logger', (t) => {
  const log = memoryLogger()
  const { info } = { info: log.info.bind(log) }
  info('m')
  t.is(takeEvent(log).message, 'm')
})

// --- flush, close, metrics

test('flush resolves to what every sink has written', async (t) => {
  const log = createLogger({
    level: 'TRACE',
    sinks: [{ type: 'memory' }, 'null', { type: 'null', name: 'errors', level: 'ERROR' }],
  })
  for (let i = 0; i < 1000; i++) log.info('m')
  for (let i = 0; i < 10; i++) log.error('m')
  const receipt = await log.flush()
  t.true(receipt.complete)
  t.deepEqual(
    receipt.sinks.map(({ name, written, dropped, complete, error }) => [
      ...[name, written, dropped, complete, error],
    ]),
    [
      ['memory', 1010, 0, true, null],
      ['null', 1010, 0, true, null],
      ['errors', 10, 0, true, null],
    ],
  )
  t.deepEqual(log.flushSync(), receipt)
  await log.close()
})

test('every one of many flushes covers what was logged before it', async (t) => {
  const log = memoryLogger({ sinks: ['null'] })
  const receipts = []
  for (let i = 1; i <= 20; i++) {
    log.info('m')
    receipts.push(log.flush().then((receipt) => receipt.sinks[0]?.written as number))
  }
  for (const [i, written] of (await Promise.all(receipts)).entries()) t.true(written >= i + 1)
  await log.close()
})

test('close resolves to the same receipt however often it is called', async (t) => {
  const log = memoryLogger({ sinks: ['null'] })
  log.info('m')
  const [first, second] = await Promise.all([log.close(), log.close()])
  t.deepEqual(first, second)
  t.deepEqual(await log.close(), first)
  t.is(first.sinks[0]?.written, 1)
  t.true(first.complete)
})

test('calls after close are counted as closed and throw nothing', async (t) => {
  const log = memoryLogger()
  const child = log.child({ a: 1 })
  log.info('before')
  await log.close()
  log.info('after')
  child.error('after')
  log.child({ b: 1 }).info('%s', 'after')
  const metrics = log.metrics()
  t.is(metrics.submitted, 4)
  t.is(metrics.written, 1)
  t.is(metrics.droppedByReason.closed, 3)
  t.deepEqual(metrics.dropped, { INFO: 2, ERROR: 1 })
})

test('everything that is not a log call works after close', async (t) => {
  const log = memoryLogger()
  log.info('m')
  await log.close()
  t.true((await log.flush()).complete)
  t.true(log.flushSync(100).complete)
  t.notThrows(() => log.reopen())
  t.is(log.takeLines().length, 1)
  log.level = 'ERROR'
  t.false(log.isLevelEnabled('info'))
})

test('await using closes the logger', async (t) => {
  let kept: Logger | undefined
  {
    await using log = memoryLogger()
    kept = log
    log.info('m')
  }
  kept.info('after')
  t.is(kept.takeLines().length, 1)
})

test('submitted is written plus dropped, for every level and sink', async (t) => {
  const log = createLogger({
    level: 'TRACE',
    format: 'pino',
    sinks: [
      { type: 'null', name: 'all' },
      { type: 'null', name: 'errors', level: 'ERROR' },
      { type: 'memory', name: 'small', queueBytes: 65_536, whenFull: 'drop-newest' },
      { type: 'memory', name: 'oldest', queueBytes: 65_536, whenFull: 'drop-oldest' },
    ],
    queue: { ringBytes: 65_536, maxEventBytes: 16_384 },
  })
  const sent: Partial<Record<LevelName, number>> = {}
  for (let i = 0; i < 20_000; i++) {
    const method = methods[i % methods.length] as Method
    sent[METHODS[method]] = (sent[METHODS[method]] ?? 0) + 1
    log[method]('event', { i, text: 'x'.repeat(i % 500) })
  }
  await log.close()
  const metrics = log.metrics()
  t.deepEqual(metrics.submittedByLevel, sent)
  t.is(metrics.submitted, 20_000)
  t.is(metrics.inFlight, 0)
  t.is(total(metrics.dropped), total(metrics.droppedByReason))
  t.true(metrics.droppedByReason.full > 0, 'the ring was too small')
  for (const [name, sink] of Object.entries(metrics.sinks)) {
    for (const level of ORDER) {
      const below = name === 'errors' && ORDER.indexOf(level) < ORDER.indexOf('ERROR')
      const reached = (sent[level] ?? 0) - (metrics.dropped[level] ?? 0)
      t.is(
        (sink.writtenByLevel[level] ?? 0) + (sink.dropped[level] ?? 0),
        below ? 0 : reached,
        `${name} ${level}`,
      )
    }
    t.is(total(sink.writtenByLevel), sink.written, name)
    t.is(total(sink.dropped), total(sink.droppedByReason), name)
    t.is(sink.queuedBytes, 0, name)
  }
})

test('events at the protected level find room when others do not', async (t) => {
  const log = createLogger({
    format: 'pino',
    sinks: ['null'],
    queue: { ringBytes: '1 MB', maxEventBytes: 16_384, protectedLevel: 'ERROR' },
  })
  // Bursts without a pause until the ring is full.
  for (let burst = 0; burst < 200 && log.metrics().droppedByReason.full === 0; burst++) {
    for (let i = 0; i < 20_000; i++) log.info('filler', { text: 'filler text', i })
  }
  for (let i = 0; i < 100; i++) log.error('important', { i })
  await log.close()
  const { dropped, submittedByLevel } = log.metrics()
  t.true((dropped.INFO ?? 0) > 0)
  t.is(dropped.ERROR, undefined)
  t.is(submittedByLevel.ERROR, 100)
})

test('two loggers share nothing', async (t) => {
  const one = memoryLogger({ name: 'one', level: 'INFO' })
  const two = memoryLogger({ name: 'two', level: 'DEBUG' })
  one.info('1', { shared: 'text that repeats' })
  two.info('2', { shared: 'text that repeats' })
  two.level = 'ERROR'
  t.is(one.level, 'INFO')
  t.deepEqual(
    takeEvents(one).map(({ logger, message }) => [logger, message]),
    [['one', '1']],
  )
  await one.close()
  two.error('3')
  t.deepEqual(
    takeEvents(two).map(({ logger, message }) => [logger, message]),
    [
      ['two', '2'],
      ['two', '3'],
    ],
  )
  t.is(one.metrics().submitted, 1)
  t.is(two.metrics().submitted, 2)
  await two.close()
})

test('takeLines names the memory sink it was asked for', (t) => {
  const log = createLogger({ sinks: [{ type: 'memory', name: 'a' }, 'null'] })
  log.info('m')
  t.is(log.takeLines('a').length, 1)
  t.is(log.takeLines('a').length, 0)
  t.throws(() => log.takeLines(), { instanceOf: ConfigurationError, message: /memory sink/ })
  t.throws(() => log.takeLines('null'), { instanceOf: ConfigurationError })
})

test('a memory sink keeps the newest lines within its bound', async (t) => {
  const log = createLogger({ format: 'pino', sinks: [{ type: 'memory', maxBytes: 10_000 }] })
  for (let i = 0; i < 1000; i++) log.info({ i })
  const lines = log.takeLines()
  t.true(lines.join('\n').length <= 10_000)
  t.is((JSON.parse(lines.at(-1) as string) as Json)['i'], 999)
  await log.close()
})
