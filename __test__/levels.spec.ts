// Levels of named loggers, and levels of the application's own.

import { join } from 'node:path'
import test from 'ava'
import { ConfigurationError, createLogger, type Logger, type LoggerOptions } from 'fapilog'
import { type Envelope, type Json, memoryLogger, takeEvents } from './support/capture.ts'
import { run } from './support/child.ts'
import { folder, lines, recover, remove } from './support/crash.mjs'

const named = (log: Logger, name: string) => log.child({}, { name })

// --- levels by name

const rules: LoggerOptions = {
  level: 'INFO',
  levels: { '*': 'ERROR', 'db.*': 'DEBUG', http: 'WARNING', 'http.client': 'TRACE', app: 'INFO' },
}

const expected: [name: string, level: string][] = [
  ['db', 'ERROR'],
  ['db.pool', 'DEBUG'],
  ['db.pool.wait', 'DEBUG'],
  ['dbx', 'ERROR'],
  ['http', 'WARNING'],
  ['http.server', 'WARNING'],
  ['http.client', 'TRACE'],
  ['http.client.retry', 'TRACE'],
  ['httpx', 'ERROR'],
  ['other', 'ERROR'],
]

for (const [name, level] of expected) {
  test(`of the rules for ${name} the most specific counts: ${level}`, (t) => {
    t.is(named(memoryLogger(rules), name).level, level)
  })
}

test('a logger without a rule follows its parent, and a rule for the first logger counts', (t) => {
  const log = memoryLogger({ name: 'app', level: 'INFO', levels: { app: 'DEBUG', db: 'ERROR' } })
  t.is(log.level, 'DEBUG')
  t.is(log.child({ a: 1 }).level, 'DEBUG')
  t.is(named(log, 'other').level, 'DEBUG')
  t.is(named(named(log, 'db'), 'other').level, 'ERROR')
})

test('a level that a child is given counts before the rules, also for those below it', (t) => {
  const log = memoryLogger({ level: 'INFO', levels: { db: 'ERROR' } })
  const child = log.child({}, { name: 'db', level: 'TRACE' })
  t.is(child.level, 'TRACE')
  t.is(child.child({ a: 1 }).level, 'TRACE')
  t.is(named(child, 'db').level, 'ERROR')
  t.is(named(child, 'other').level, 'TRACE')
})

test('a change reaches the loggers that exist, and only those it concerns', (t) => {
  const log = memoryLogger({ level: 'INFO', levels: { http: 'WARNING' } })
  const db = named(log, 'db')
  const pool = named(db, 'db.pool').child({ a: 1 })
  const http = named(log, 'http')
  const own = log.child({}, { level: 'CRITICAL' })
  const below = named(own, 'db.below')
  const levels = () => [log, db, pool, http, own, below].map((logger) => logger.level)
  t.deepEqual(levels(), ['INFO', 'INFO', 'INFO', 'WARNING', 'CRITICAL', 'CRITICAL'])
  log.level = 'DEBUG'
  t.deepEqual(levels(), ['DEBUG', 'DEBUG', 'DEBUG', 'WARNING', 'CRITICAL', 'CRITICAL'])
  log.setLevels('db.*', 'ERROR')
  t.deepEqual(levels(), ['DEBUG', 'DEBUG', 'ERROR', 'WARNING', 'CRITICAL', 'ERROR'])
  db.level = 'TRACE'
  log.setLevels('db.*')
  log.setLevels('http')
  t.deepEqual(levels(), ['DEBUG', 'TRACE', 'TRACE', 'DEBUG', 'CRITICAL', 'CRITICAL'])
  own.level = 'INFO'
  t.deepEqual(levels(), ['DEBUG', 'TRACE', 'TRACE', 'DEBUG', 'INFO', 'INFO'])
  pool.debug('seen')
  below.debug('not seen')
  log.setLevels('*', 'silent')
  http.error('not seen')
  t.deepEqual(
    takeEvents(log).map(({ message }) => message),
    ['seen'],
  )
})

test('100,000 names of loggers cost no more memory than the dictionary', (t) => {
  const log = memoryLogger({ sinks: ['null'] })
  for (let i = 0; i < 100_000; i++) t.is(named(log, `request-${i}`).level, 'TRACE')
  const { thresholds } = (
    log as unknown as { container: { thresholds: { root: { named: Map<string, unknown> } } } }
  ).container
  t.is(thresholds.root.named.size, 4096)
})

for (const pattern of ['', 'db*', '*.db', 'db.**', 'a.*.b', '.*']) {
  test(`'${pattern}' is refused as a pattern of names`, (t) => {
    const error = t.throws(() => createLogger({ levels: { [pattern]: 'DEBUG' } }), {
      instanceOf: ConfigurationError,
    })
    t.true(error?.message.includes('the name of a logger (http)'))
    const log = memoryLogger()
    t.throws(() => log.setLevels(pattern, 'DEBUG'), { instanceOf: ConfigurationError })
    t.throws(() => log.setLevels('db', 'loud' as 'INFO'), { instanceOf: ConfigurationError })
  })
}

test('a level by name that is none is refused', (t) => {
  const error = t.throws(() => createLogger({ levels: { db: 'DEBGU' as 'DEBUG' } }), {
    instanceOf: ConfigurationError,
  })
  t.true(error?.message.includes('levels.db'))
  t.true(error?.message.includes('DEBUG'))
})

// --- levels of the application's own

const custom = { verbose: 15, notice: 25, silly: 1, panic: 99 } as const
const customLogger = (options: LoggerOptions = {}) =>
  createLogger({
    level: 'silly',
    format: 'json',
    sinks: [{ type: 'memory' }],
    ...(options as object),
    customLevels: custom,
  })

test('own levels have methods, names and a place among the others', (t) => {
  const log = customLogger()
  const all = ['silly', 'trace', 'verbose', 'info', 'notice', 'warn', 'security', 'panic'] as const
  const severities = [1, 5, 15, 20, 25, 30, 70, 99]
  for (const method of all) log[method]('m', { a: 1 })
  log.child({ b: 1 }).bind({ c: 1 }).unbind('b').notice('%s', 'formatted')
  const events = takeEvents(log)
  t.deepEqual(
    events.map(({ level }) => level),
    ['SILLY', 'TRACE', 'VERBOSE', 'INFO', 'NOTICE', 'WARNING', 'SECURITY', 'PANIC', 'NOTICE'],
  )
  t.like(events[8] as Envelope, { message: 'formatted', data: { c: 1 } })
  for (const [at, method] of all.entries()) {
    log.level = method
    for (const [other, name] of all.entries()) {
      t.is(log.isLevelEnabled(name), (severities[other] as number) >= (severities[at] as number))
      log[name]('m')
    }
    t.is(takeEvents(log).length, all.length - at)
  }
  log.level = 'Notice'
  t.is(log.level, 'NOTICE')
  t.throws(
    () => {
      log.level = 'notic'
    },
    { instanceOf: ConfigurationError },
  )
})

test('a logger with own levels is a logger to whom it may concern', (t) => {
  const log = customLogger()
  const takes = (logger: Logger) => logger.info('m')
  takes(log)
  takes(log.child({ a: 1 }))
  t.is(takeEvents(log).length, 2)
  // @ts-expect-error a logger has only its own levels
  t.is(createLogger({ customLevels: { notice: 25 }, sinks: ['null'] }).verbose, undefined)
  // @ts-expect-error without the setting there is no such level
  t.throws(() => createLogger({ level: 'notice' }), { instanceOf: ConfigurationError })
})

test('own levels are counted and filtered like the others', (t) => {
  const log = createLogger({
    level: 'silly',
    levels: { db: 'notice' },
    customLevels: custom,
    sinks: [
      { type: 'memory', name: 'all', format: 'json' },
      { type: 'memory', name: 'some', level: 'notice', format: 'json' },
    ],
  })
  const db = log.child({}, { name: 'db' })
  for (let i = 0; i < 3; i++) log.notice('m')
  log.silly('m')
  log.info('m')
  log.panic('m')
  db.info('m')
  db.notice('m')
  t.deepEqual(
    log.takeLines('some').map((line) => (JSON.parse(line) as Envelope).level),
    ['NOTICE', 'NOTICE', 'NOTICE', 'PANIC', 'NOTICE'],
  )
  t.is(log.takeLines('all').length, 7)
  const { submittedByLevel, written, sinks, inFlight } = log.metrics()
  t.deepEqual(submittedByLevel, { INFO: 1, NOTICE: 4, PANIC: 1, SILLY: 1 })
  t.deepEqual(sinks['some']?.writtenByLevel, { NOTICE: 4, PANIC: 1 })
  t.deepEqual([written, inFlight], [7, 0])
})

test('the reports of lost events name own levels', async (t) => {
  const log = createLogger({
    level: 'silly',
    customLevels: custom,
    sinks: [{ type: 'memory', format: 'json' }],
    queue: { ringBytes: '64 KB', maxEventBytes: '16 KB', protectedLevel: 'panic' },
  })
  for (let i = 0; i < 20_000; i++) log.notice('m', { text: 'x'.repeat(200) })
  await log.flush()
  const events = log.takeLines().map((line) => JSON.parse(line) as Envelope)
  const lost = events
    .filter(({ message }) => /^fapilog dropped/.test(message))
    .map(({ data }) => (data['dropped'] as Json)['NOTICE'] as number)
  t.true(lost.length > 0)
  const reported = lost.reduce((sum, count) => sum + count, 0)
  t.is(reported, (log.metrics().dropped as Record<string, number>)['NOTICE'] ?? -1)
  t.is(events.length - lost.length + reported, 20_000)
})

test('every format has own levels', (t) => {
  const line = (format: 'pino' | 'logfmt' | 'simple' | 'minimal' | 'pretty') => {
    const log = createLogger({ customLevels: custom, sinks: [{ type: 'memory' }], format })
    log.notice('m')
    return log.takeLines()[0] as string
  }
  t.is((JSON.parse(line('pino')) as Json)['level'], 25)
  t.regex(line('logfmt'), /level=notice/i)
  t.regex(line('simple'), /NOTICE/)
  t.is(line('minimal'), 'NOTICE m')
  t.regex(line('pretty'), /NOTICE {3}/)
})

const refusals: [why: string, levels: Record<string, number>][] = [
  ['the name of a level', { info: 25 }],
  ['an alias', { warn: 25 }],
  ['silence', { silent: 25 }],
  ['a name twice', { notice: 25, NOTICE: 26 }],
  ['the value of a level', { notice: 30 }],
  ['a value twice', { notice: 25, other: 25 }],
  ['a value of 0', { notice: 0 }],
  ['a value of 255', { notice: 255 }],
  ['a value that is no integer', { notice: 25.5 }],
  ['a name with a space', { 'no tice': 25 }],
  ['a method of the logger', { child: 25 }],
  ['a property of the logger', { name: 25 }],
  ['a property of every object', { constructor: 25 }],
  ['nine', Object.fromEntries(Array.from({ length: 9 }, (_, i) => [`level${i}`, 80 + i]))],
]
for (const [why, levels] of refusals) {
  test(`own levels are refused: ${why}`, (t) => {
    const error = t.throws(() => createLogger({ customLevels: levels, sinks: ['null'] }), {
      instanceOf: ConfigurationError,
    })
    t.regex(error?.message ?? '', /customLevels/)
  })
}

const unix = process.platform === 'win32' ? test.skip : test
unix('what a killed process left in its ring is recovered with its own levels', async (t) => {
  const script = `
    import { createLogger } from 'fapilog'
    const [, , path] = process.argv
    const log = createLogger({
      level: 'silly', format: 'json', durability: 'crash-safe', sinks: [{ type: 'file', path }],
      customLevels: ${JSON.stringify(custom)}, queue: { overflow: 'block' },
    })
    for (let i = 0; i < 4000; i++) { log.notice('m'); log.silly('m'); log.panic('m'); log.info('m') }
    process.kill(process.pid, 'SIGKILL')
  `
  let recovered = 0
  for (let attempt = 0; attempt < 20 && recovered === 0; attempt++) {
    const dir = folder()
    const path = join(dir, 'app.log')
    const args = ['--input-type=module', '--eval', script, '-', path]
    t.is((await run(process.execPath, args)).signal, 'SIGKILL')
    const { code, out } = recover(join(dir, '.fapilog'))
    t.is(code, 0, out)
    recovered = Number(/events=(\d+)/.exec(out)?.[1] ?? 0)
    const events = lines(dir).lines.map((line) => (JSON.parse(line) as Envelope).level)
    t.is(events.length, 16_000)
    const round = ['NOTICE', 'SILLY', 'PANIC', 'INFO']
    t.true(events.every((level, at) => level === round[at % 4]))
    remove(dir)
  }
  t.true(recovered > 0)
})
