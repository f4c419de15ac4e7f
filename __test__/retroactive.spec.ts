// Retroactive debug: what is below the level is kept by scope, and written when the scope logs a trigger.

import { setTimeout as sleep } from 'node:timers/promises'
import test from 'ava'
import { createLogger, type Logger, type LoggerOptions } from 'fapilog'
import { type Envelope, memoryLogger, takeEvents } from './support/capture.ts'

const retroLogger = (retroactive: LoggerOptions['retroactive'] = {}, more: LoggerOptions = {}) =>
  memoryLogger({ level: 'INFO', ...more, retroactive: retroactive as object })

const messages = (log: Logger) => takeEvents(log).map(({ message }) => message)

test('what was below the level is written before the trigger, in order, with its own time and fields', async (t) => {
  const log = retroLogger()
  const child = log.child({ a: 1 })
  child.debug('one', { b: 2 })
  child.info('two')
  child.debug({ b: 3 }, 'three %s', 'formatted')
  child.trace('never')
  await sleep(20)
  child.error('four')
  const events = takeEvents(log)
  t.deepEqual(
    events.map(({ level, message, data }) => [level, message, data]),
    [
      ['INFO', 'two', { a: 1 }],
      ['DEBUG', 'one', { a: 1, retroactive: true, b: 2 }],
      ['DEBUG', 'three formatted', { a: 1, retroactive: true, b: 3 }],
      ['ERROR', 'four', { a: 1 }],
    ],
  )
  const [, one, , four] = events.map(({ timestamp }) => Date.parse(timestamp)) as [
    number,
    number,
    number,
    number,
  ]
  t.true(four - one >= 15, `${four - one} ms`)
  child.error('five')
  t.deepEqual(messages(log), ['five'])
  t.like(log.metrics(), { submitted: 5, written: 5, retroactive: { kept: 2, replayed: 2 } })
})

test('a trigger of one scope has nothing of another written', (t) => {
  const log = retroLogger()
  const one = log.child({ id: 1 })
  const two = log.child({ id: 2 })
  one.debug('one')
  two.debug('two')
  log.debug('root')
  two.error('trigger')
  t.deepEqual(messages(log), ['two', 'trigger'])
  log.error('trigger')
  t.deepEqual(messages(log), ['root', 'trigger'])
  t.deepEqual(log.metrics().retroactive, { kept: 3, replayed: 2 })
})

test('in an asynchronous scope the scope counts, whichever logger is used', async (t) => {
  const log = retroLogger()
  const db = log.child({}, { name: 'db' })
  const handle = (id: number) =>
    log.withContext({ id }, async () => {
      log.debug(`start ${id}`)
      await sleep(id % 3)
      log.withContext({ inner: true }, () => db.debug(`query ${id}`))
      await sleep(1)
      if (id === 7) db.error(`failed ${id}`)
    })
  await Promise.all(Array.from({ length: 20 }, (_, id) => handle(id)))
  t.deepEqual(messages(log), ['start 7', 'query 7', 'failed 7'])
  t.deepEqual(log.metrics().retroactive, { kept: 40, replayed: 2 })
})

test('level and trigger are those of the settings, and a silent logger keeps nothing', (t) => {
  const log = retroLogger({ level: 'TRACE', trigger: 'WARNING' }, { level: 'ERROR' })
  log.trace('trace')
  log.info('info')
  log.warn('below the level itself')
  log.error('error')
  t.deepEqual(messages(log), ['trace', 'info', 'below the level itself', 'error'])
  log.level = 'silent'
  log.debug('nothing')
  t.false(log.isLevelEnabled('error'))
  log.level = 'INFO'
  t.true(log.isLevelEnabled('debug'))
  t.is(log.level, 'INFO')
  log.error('error')
  t.deepEqual(messages(log), ['error'])
  log.level = 'DEBUG'
  log.debug('at once')
  t.deepEqual(messages(log), ['at once'])
})

test('at most maxEvents are written, the latest', (t) => {
  const log = retroLogger({ maxEvents: 3 })
  for (let i = 0; i < 10; i++) log.debug(`d${i}`)
  log.error('e')
  t.deepEqual(messages(log), ['d7', 'd8', 'd9', 'e'])
  log.error('e')
  t.deepEqual(messages(log), ['e'])
})

test('at most maxBytes are written, the latest', (t) => {
  const log = retroLogger({ maxBytes: '4 KB' })
  for (let i = 0; i < 100; i++) log.debug(`d${i}`, { text: `${i}`.padStart(1000, 'x') })
  log.error('e')
  t.deepEqual(messages(log), ['d97', 'd98', 'd99', 'e'])
})

test('what is older than maxAge is not written', async (t) => {
  const log = retroLogger({ maxAge: 200 })
  log.debug('old')
  await sleep(300)
  log.debug('new')
  log.error('e')
  t.deepEqual(messages(log), ['new', 'e'])
})

test('memory is bounded: the oldest events of all scopes are overwritten', (t) => {
  const log = retroLogger({ memory: '64 KB', maxBytes: '1 MB', maxEvents: 1_000_000 })
  const first = log.child({ id: 'first' })
  first.debug('gone')
  const many = log.child({ id: 'many' })
  for (let i = 0; i < 100_000; i++) many.debug(`d${i}`, { i, text: 'x'.repeat(i % 500) })
  first.error('first')
  t.deepEqual(messages(log), ['first'])
  many.error('many')
  const events = takeEvents(log)
  const kept = events.slice(0, -1)
  t.true(kept.length > 50 && kept.length < 1000, String(kept.length))
  t.true(kept.every(({ data }, at) => data['i'] === 100_000 - kept.length + at))
  t.true(kept.every(({ data }) => (data['text'] as string).length === (data['i'] as number) % 500))
  t.deepEqual(log.metrics().retroactive, { kept: 100_001, replayed: kept.length })
})

test('counts add up when scopes interleave at random and the ring is small', async (t) => {
  const log = retroLogger(
    { memory: '256 KB' },
    { queue: { ringBytes: '64 KB', maxEventBytes: '16 KB' } },
  )
  let called = 0
  let below = 0
  let seed = 7
  const random = () => {
    seed = (Math.imul(seed, 1_103_515_245) + 12_345) >>> 0
    return seed / 2 ** 32
  }
  const children = Array.from({ length: 50 }, (_, id) => log.child({ id }))
  for (let i = 0; i < 50_000; i++) {
    const child = children[Math.floor(random() * 50)] as Logger
    const draw = random()
    if (draw < 0.9) {
      child.debug(`d${i}`, { i })
      below++
    } else {
      if (draw < 0.95) child.info(`i${i}`)
      else child.error(`e${i}`)
      called++
    }
  }
  const { complete } = await log.flush()
  t.true(complete)
  const { submitted, written, dropped, retroactive } = log.metrics()
  t.is(retroactive.kept, below)
  t.is(submitted, called + retroactive.replayed)
  t.is(written + Object.values(dropped).reduce((sum, count) => sum + count, 0), submitted)
  t.true(retroactive.replayed > 10_000)
  const lines = log.takeLines().map((line) => JSON.parse(line) as Envelope)
  const last = new Map<unknown, number>()
  for (const { data, message } of lines) {
    if (data['retroactive'] !== true) continue
    // Of one scope, in the order of the calls, each once.
    t.true((data['i'] as number) > (last.get(data['id']) ?? -1), message)
    last.set(data['id'], data['i'] as number)
  }
})

test('a getter that logs while an event is kept has its event written', (t) => {
  const log = retroLogger()
  log.debug('outer', {
    get a() {
      log.info('inner')
      log.debug('inner debug')
      return 1
    },
  })
  t.deepEqual(messages(log), ['inner'])
  log.error('e')
  t.deepEqual(messages(log).sort(), ['e', 'inner debug', 'outer'])
})

test('what was kept is forgotten when redaction changes, and only then', async (t) => {
  const log = retroLogger({}, { redact: { detectors: ['card'] } })
  const child = log.child({ a: 1 })
  const debug = (word: string) => {
    log.debug(`${word} 4111 1111 1111 1111`)
    child.debug(`${word} 4111 1111 1111 1111`)
  }
  debug('one')
  log.reconfigure({ filters: { minLevels: { x: 'ERROR' } } })
  log.error('e')
  t.deepEqual(messages(log), ['one ***', 'e'])
  log.reconfigure({ redact: { fields: ['unrelated'] } })
  child.error('e')
  t.deepEqual(messages(log), ['e'])
  debug('two')
  child.error('e')
  t.deepEqual(messages(log), ['two 4111 1111 1111 1111', 'e'])
  log.reconfigure({ redact: { detectors: ['card'] } })
  debug('three')
  log.error('e')
  t.deepEqual(messages(log), ['three ***', 'e'])
  t.deepEqual(log.metrics().retroactive, { kept: 6, replayed: 3 })
  await log.close()
})

test('own levels are kept too, and their methods trigger', (t) => {
  const log = createLogger({
    customLevels: { verbose: 15, alarm: 45 },
    retroactive: { level: 'verbose', trigger: 'alarm' },
    sinks: [{ type: 'memory' }],
    format: 'json',
  })
  log.debug('below')
  log.verbose('kept')
  log.error('no trigger')
  log.alarm('trigger')
  t.deepEqual(
    takeEvents(log as unknown as Logger).map(({ message }) => message),
    ['no trigger', 'kept', 'trigger'],
  )
})

test('with sync, lines are written before the call of the trigger returns', (t) => {
  const log = retroLogger({}, { sync: true })
  log.debug('kept')
  log.error('e')
  t.is(log.metrics().written, 2)
})

test('a closed logger counts what it is asked for, and throws nothing', async (t) => {
  const log = retroLogger()
  log.debug('kept')
  await log.close()
  log.debug('kept too')
  log.error('e')
  const { submitted, droppedByReason, retroactive } = log.metrics()
  t.deepEqual([submitted, droppedByReason.closed], [3, 3])
  t.deepEqual(retroactive, { kept: 2, replayed: 2 })
})
