// Bridges: console, warnings, debug, winston and pino, the real ones, arrive with level, message, fields and errors.

import { createRequire } from 'node:module'
import { setImmediate as turn } from 'node:timers/promises'
import test from 'ava'
import { defineProcessor, type PluginEvent } from 'fapilog'
import {
  captureConsole,
  captureDebug,
  captureWarnings,
  type DebugModule,
  pinoDestination,
  winstonTransport,
} from 'fapilog/bridges'
import { createTestLogger, expectLog } from 'fapilog/testing'
import { pino } from 'pino'
import winston from 'winston'

// Without types of its own.
const createDebug = createRequire(import.meta.url)('debug') as DebugModule & {
  (namespace: string): (...args: unknown[]) => void
  enable(namespaces: string): void
  disable(): void
}

/** Level, message and fields, and the message of the exception if there is one. */
function seen({ level, message, data, diagnostics }: PluginEvent) {
  const exception = diagnostics['exception'] as { message?: string } | undefined
  return [level, message, data, ...(exception === undefined ? [] : [exception.message])]
}

const source = 'console'

test.serial(
  'console: every method has its level, and the message is what Node.js would print',
  (t) => {
    const log = createTestLogger()
    const before = console.log
    const captured = captureConsole(log)
    console.trace('t')
    console.debug('d')
    console.log('user %s has %d items, %o %% done', 'ada', 2, [1], { a: 1 })
    console.info('100%', 5)
    console.warn({ deep: { er: 1 } })
    console.error('failed', new Error('boom'))
    captured.restore()
    captured.restore()
    t.is(console.log, before)
    const [trace, debug, text, info, warn, error] = log.events()
    t.deepEqual(seen(trace as PluginEvent), ['TRACE', 't', { source }])
    t.deepEqual(seen(debug as PluginEvent), ['DEBUG', 'd', { source }])
    t.is(text?.message, 'user ada has 2 items, [ 1, [length]: 1 ] % done { a: 1 }')
    t.deepEqual(seen(info as PluginEvent), ['INFO', '100% 5', { source }])
    t.deepEqual(seen(warn as PluginEvent), ['WARNING', '{ deep: { er: 1 } }', { source }])
    t.is(error?.level, 'ERROR')
    t.true(error?.message.startsWith('failed Error: boom\n'))
    t.like(error?.diagnostics['exception'], { message: 'boom' })
    t.is(log.events().length, 6)
  },
)

test.serial(
  'console: a plugin that prints does not loop, and what it prints arrives',
  async (t) => {
    const plugin = defineProcessor({
      name: 'printing',
      process({ message }) {
        console.log('saw %s', message)
      },
    })
    const log = createTestLogger({ plugins: [plugin] })
    const captured = captureConsole(log)
    console.log('once')
    await log.flush()
    await log.flush()
    captured.restore()
    t.deepEqual(
      log
        .events()
        .map(({ message }) => message)
        .sort(),
      ['once', 'saw once'],
    )
  },
)

test.serial('console: captures nest, and one that was replaced is left alone', (t) => {
  const [outer, inner] = [createTestLogger(), createTestLogger()]
  const before = console.log
  const first = captureConsole(outer)
  const second = captureConsole(inner)
  console.log('a')
  second.restore()
  console.log('b')
  const mine = () => undefined
  console.log = mine
  first.restore()
  t.is(console.log, mine)
  console.log = before
  t.deepEqual(
    inner.events().map(({ message }) => message),
    ['a'],
  )
  t.deepEqual(
    outer.events().map(({ message }) => message),
    ['b'],
  )
})

test.serial(
  'warnings of the process arrive with code and detail, until they are restored',
  async (t) => {
    const log = createTestLogger()
    const listeners = process.listenerCount('warning')
    const captured = captureWarnings(log)
    process.emitWarning('old %s api', {
      type: 'DeprecationWarning',
      code: 'DEP0',
      detail: 'use the new',
    })
    await turn()
    captured.restore()
    process.emitWarning('not this one')
    await turn()
    t.is(process.listenerCount('warning'), listeners)
    t.deepEqual(log.events().map(seen), [
      [
        'WARNING',
        'DeprecationWarning: old %s api',
        { source: 'process', code: 'DEP0', detail: 'use the new' },
        'old %s api',
      ],
    ])
  },
)

test.serial('debug: what is on arrives with its namespace; what is off does not', (t) => {
  const log = createTestLogger()
  const { log: write, formatArgs } = createDebug
  createDebug.enable('app:*')
  const captured = captureDebug(log, createDebug)
  createDebug('app:db')('query %s took %d ms, %o', 'select', 3, { rows: 1 })
  createDebug('app:db')(new Error('boom'))
  createDebug('other')('not on')
  captured.restore()
  createDebug.disable()
  t.is(createDebug.log, write)
  t.is(createDebug.formatArgs, formatArgs)
  const [query, error] = log.events()
  t.deepEqual(query && seen(query), [
    'DEBUG',
    'query select took 3 ms, { rows: 1 }',
    { namespace: 'app:db' },
  ])
  t.true(error?.message.includes('boom'))
  t.is(log.events().length, 2)
})

test('winston: levels, fields, splat, child loggers and errors', (t) => {
  const log = createTestLogger()
  const logger = winston.createLogger({
    level: 'silly',
    format: winston.format.combine(winston.format.errors({ stack: true }), winston.format.splat()),
    transports: [winstonTransport(log)],
  })
  logger.info('order placed', { orderId: 42 })
  logger.warn('user %s has %d items', 'ada', 2, { more: true })
  logger.child({ requestId: 'r-1' }).error('failed at 100%')
  for (const level of ['http', 'verbose', 'debug', 'silly'] as const) logger[level](level)
  logger.error(new Error('boom'))
  t.deepEqual(log.events().slice(0, 7).map(seen), [
    ['INFO', 'order placed', { orderId: 42 }],
    ['WARNING', 'user ada has 2 items', { more: true }],
    ['ERROR', 'failed at 100%', { requestId: 'r-1' }],
    ['INFO', 'http', {}],
    ['DEBUG', 'verbose', {}],
    ['DEBUG', 'debug', {}],
    ['TRACE', 'silly', {}],
  ])
  const error = log.last()
  t.deepEqual([error?.level, error?.message], ['ERROR', 'boom'])
  t.is(log.events().length, 8)
})

test('winston: an Error among the arguments is the exception', (t) => {
  const log = createTestLogger()
  const logger = winston.createLogger({ transports: [winstonTransport(log)] })
  logger.error('it failed', new TypeError('boom'))
  const { level, diagnostics } = expectLog(log, /it failed/)
  t.is(level, 'ERROR')
  t.like(diagnostics['exception'], { message: 'boom' })
})

test('winston: the levels of syslog and of your own, and colours', (t) => {
  const log = createTestLogger()
  const options = { levels: { ...winston.config.syslog.levels, money: 8 }, level: 'money' }
  const logger = winston.createLogger({
    ...options,
    format: winston.format.colorize({ colors: { crit: 'red', notice: 'blue', money: 'green' } }),
    transports: [winstonTransport(log, { levels: { money: 'audit' } })],
  })
  for (const level of ['emerg', 'crit', 'notice', 'money']) logger.log(level, level)
  t.deepEqual(log.events().map(seen), [
    ['CRITICAL', 'emerg', {}],
    ['CRITICAL', 'crit', {}],
    ['INFO', 'notice', {}],
    ['AUDIT', 'money', {}],
  ])
})

test('winston: the level of the logger holds, also when it changes', (t) => {
  const log = createTestLogger()
  const logger = winston.createLogger({ transports: [winstonTransport(log)] })
  logger.debug('not this one')
  logger.level = 'debug'
  logger.debug('this one')
  t.deepEqual(
    log.events().map(({ message }) => message),
    ['this one'],
  )
})

test('winston: ten thousand events in order, all there when winston has ended', async (t) => {
  const log = createTestLogger()
  const transport = winstonTransport(log)
  const logger = winston.createLogger({ transports: [transport] })
  for (let n = 0; n < 10_000; n++) logger.info('m', { n })
  const finished = new Promise((resolve) => transport.once('finish', resolve))
  logger.end()
  await finished
  t.deepEqual(
    log.events().map(({ data }) => data['n']),
    Array.from({ length: 10_000 }, (_, n) => n),
  )
})

test('pino: levels, fields, children and errors', (t) => {
  const log = createTestLogger()
  const logger = pino({ level: 'trace' }, pinoDestination(log))
  logger.info({ orderId: 42 }, 'order placed')
  logger.child({ requestId: 'r-1' }).warn('100%s')
  for (const level of ['trace', 'debug', 'error', 'fatal'] as const) logger[level](level)
  logger.info({ only: 'fields' })
  const boom = Object.assign(new TypeError('boom', { cause: new Error('inner') }), { code: 'E1' })
  logger.error(boom, 'it failed')
  t.deepEqual(log.events().slice(0, 7).map(seen), [
    ['INFO', 'order placed', { orderId: 42 }],
    ['WARNING', '100%s', { requestId: 'r-1' }],
    ['TRACE', 'trace', {}],
    ['DEBUG', 'debug', {}],
    ['ERROR', 'error', {}],
    ['CRITICAL', 'fatal', {}],
    ['INFO', '', { only: 'fields' }],
  ])
  const error = log.last()
  t.is(error?.message, 'it failed')
  t.like(error?.diagnostics['exception'], { type: 'TypeError' })
  t.true(JSON.stringify(error?.diagnostics['exception']).includes('boom'))
})

test('pino: names of levels, a time of its own, and what is no line of pino', (t) => {
  const log = createTestLogger()
  const destination = pinoDestination(log)
  const logger = pino({ formatters: { level: (level) => ({ level }) }, name: 'app' }, destination)
  logger.error('named')
  destination.write('{"level":30,"time":1000,"msg":"old"}\nno %s JSON\n[1]\n\n')
  t.deepEqual(log.events().map(seen), [
    ['ERROR', 'named', { name: 'app' }],
    ['INFO', 'old', { time: 1000 }],
    ['INFO', 'no %s JSON', {}],
    ['INFO', '[1]', {}],
  ])
})
