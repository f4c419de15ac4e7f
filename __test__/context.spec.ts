// Bound fields and the asynchronous context: who has which fields, and when.

import { setTimeout as sleep } from 'node:timers/promises'
import test from 'ava'
import { newCorrelationId, parseTraceparent } from 'fapilog'
import type { RingProducer } from '../src/ring/producer.ts'
import { OFFSET_DICTIONARY_USED } from '../src/wire/layout.ts'
import { type Json, memoryLogger, takeEvent, takeEvents } from './support/capture.ts'

// --- bind, unbind, bindings

test('bind adds fields in place of those of the same names, and changes no other logger', (t) => {
  const log = memoryLogger()
  const one = log.bind({ a: 1, b: 1 })
  const two = one.bind({ b: 2, c: 2 })
  for (const logger of [log, one, two]) logger.info('m')
  t.deepEqual(
    takeEvents(log).map(({ data }) => data),
    [{}, { a: 1, b: 1 }, { a: 1, b: 2, c: 2 }],
  )
})

test('unbind takes fields away, whether they were bound or inherited', (t) => {
  const log = memoryLogger()
  const child = log.child({ a: { deep: [1, { x: 'y' }] }, b: 'b', request_id: 'r' }).bind({ c: 3 })
  child.unbind('a', 'request_id', 'nothing').info('m')
  child.unbind('b', 'c').info('m')
  child.unbind('a', 'b', 'c', 'request_id').info('m', { d: 4 })
  const events = takeEvents(log)
  t.deepEqual(
    events.map(({ data }) => data),
    [{ b: 'b', c: 3 }, { a: { deep: [1, { x: 'y' }] } }, { d: 4 }],
  )
  t.deepEqual(
    events.map(({ context }) => context['request_id']),
    [undefined, 'r', undefined],
  )
})

test('bindings are what was bound, as it was then', (t) => {
  const log = memoryLogger()
  const long = 'x'.repeat(100)
  const list = [1, 'two', null, [true]]
  const bound = {
    int: -7,
    float: 0.25,
    text: 'plain',
    wide: 'ключ 🚀',
    long,
    yes: true,
    no: false,
    nothing: null,
    big: 12345678901234567890n,
    when: new Date(1_700_000_000_000),
    list,
    nested: { a: { b: { c: 1 } }, empty: {} },
  }
  for (let use = 0; use < 3; use++) {
    // Keys travel by name the first time and by number later.
    t.deepEqual(log.child(bound).bindings(), { ...bound, list: [1, 'two', null, [true]] })
  }
  const child = log.child({ list, gone: undefined, named: function namedOne() {} })
  list.push(5)
  t.deepEqual(child.bindings(), { list: [1, 'two', null, [true]], named: 'namedOne' })
  t.deepEqual(log.bindings(), {})
  t.deepEqual(log.child({ a: 1, b: 1 }).child({ a: 2 }).bindings(), { a: 2, b: 1 })
  const { err } = log.child({ err: new TypeError('boom') }).bindings() as { err: Json }
  t.like(err, { type: 'TypeError', message: 'boom' })
})

test('a logger that is bound to the next value 100,000 times stays as small as one', (t) => {
  let log = memoryLogger().child({ fixed: true })
  const root = log
  for (let i = 0; i < 100_000; i++) log = log.bind({ step: i })
  log.info('m')
  t.deepEqual(takeEvent(root).data, { fixed: true, step: 99_999 })
})

test('values that are no fields, or throw, are bound as child binds them', (t) => {
  const log = memoryLogger()
  const hostile = new Proxy(
    {},
    {
      ownKeys() {
        throw new Error('no')
      },
    },
  )
  const values = [
    new Map([['k', 1]]),
    [1, 2],
    'text',
    null,
    undefined,
    hostile,
    { toJSON: () => ({ z: 1 }) },
  ]
  for (const value of values) {
    log.child(value as object).info('m')
    log.bind(value as object).info('m')
    log.withContext(value as object, () => log.info('m'))
  }
  const data = takeEvents(log).map((event) => event.data)
  t.is(data.length, values.length * 3)
  for (let i = 0; i < data.length; i += 3)
    t.deepEqual([data[i + 1], data[i + 2]], [data[i], data[i]])
})

// --- context

test('everything that runs in a scope has its fields, and nothing else has', async (t) => {
  const log = memoryLogger()
  const child = log.child({ b: 'bound' })
  log.info('before')
  const result = await log.withContext({ request_id: 'r', a: 1 }, async () => {
    child.info('now')
    await sleep(1)
    log.info('awaited')
    await new Promise<void>((resolve) => setTimeout(() => resolve(log.info('timer')), 1))
    process.nextTick(() => log.info('tick'))
    await new Promise(setImmediate)
    return 'result'
  })
  log.info('after')
  t.is(result, 'result')
  const events = takeEvents(log)
  t.deepEqual(
    events.map(({ message, context, data }) => [message, context['request_id'], data]),
    [
      ['before', undefined, {}],
      ['now', 'r', { a: 1, b: 'bound' }],
      ['awaited', 'r', { a: 1 }],
      ['timer', 'r', { a: 1 }],
      ['tick', 'r', { a: 1 }],
      ['after', undefined, {}],
    ],
  )
})

test('of fields with one name the call comes before the logger, and the logger before the context', (t) => {
  const log = memoryLogger()
  log.withContext({ a: 'context', b: 'context', c: 'context' }, () => {
    log.child({ b: 'logger', c: 'logger' }).info('m', { c: 'call' })
  })
  const [line = ''] = log.takeLines()
  t.deepEqual((JSON.parse(line) as Json)['data'], { a: 'context', b: 'logger', c: 'call' })
  for (const key of ['a', 'b', 'c']) t.is(line.split(`"${key}":`).length, 2)
})

test('a scope inside a scope adds to it and ends with it', (t) => {
  const log = memoryLogger()
  log.context.run({ a: 1, b: 1 }, () => {
    log.context.run({ b: 2, c: 2 }, () => {
      log.info('m')
      t.deepEqual(log.context.get(), { a: 1, b: 2, c: 2 })
    })
    log.info('m')
    t.is(log.context.get('b'), 1)
    t.is(log.context.get('toString'), undefined)
  })
  t.deepEqual(log.context.get(), {})
  t.deepEqual(
    takeEvents(log).map(({ data }) => data),
    [
      { a: 1, b: 2, c: 2 },
      { a: 1, b: 1 },
    ],
  )
})

test('what is set in 1,000 concurrent requests is in the lines of each alone', async (t) => {
  const log = memoryLogger({ queue: { overflow: 'block' } })
  const handle = async (id: number) => {
    await sleep(id % 3)
    t.true(log.context.set({ user: id }))
    for (let step = 0; step < 5; step++) {
      log.context.set({ step })
      await (step % 2 === 0 ? sleep(id % 5) : Promise.resolve())
      log.info('m', { expected: [id, step] })
    }
    log.context.unset('user')
    log.info('end', { id })
  }
  await Promise.all(
    Array.from({ length: 1000 }, (_, id) => log.withContext({ id }, () => handle(id))),
  )
  let right = 0
  let ends = 0
  for (const { message, data } of takeEvents(log)) {
    if (message === 'end') {
      if (data['user'] === undefined && data['step'] === 4) ends++
    } else {
      const [id, step] = data['expected'] as [number, number]
      if (data['id'] === id && data['user'] === id && data['step'] === step) right++
    }
  }
  t.deepEqual([right, ends], [5000, 1000])
})

test('outside of any scope nothing is set, for nobody', async (t) => {
  const log = memoryLogger()
  t.false(log.context.set({ a: 1 }))
  t.false(log.context.unset('a'))
  t.is(log.context.correlationId, undefined)
  await log.withContext({ b: 1 }, () => sleep(1))
  t.false(log.context.set({ a: 1 }))
  log.info('m')
  t.deepEqual(takeEvent(log).data, {})
})

test('two containers share no context', (t) => {
  const one = memoryLogger()
  const two = memoryLogger()
  one.withContext({ a: 1 }, () => {
    two.info('m')
    two.withContext({ b: 2 }, () => {
      one.info('m')
      two.info('m')
    })
  })
  t.deepEqual(takeEvent(one).data, { a: 1 })
  t.deepEqual(
    takeEvents(two).map(({ data }) => data),
    [{}, { b: 2 }],
  )
})

test('what the function throws is thrown, and its scope is over', async (t) => {
  const log = memoryLogger()
  t.throws(
    () =>
      log.withContext({ a: 1 }, () => {
        throw new Error('mine')
      }),
    { message: 'mine' },
  )
  await t.throwsAsync(
    log.withContext({ a: 1 }, () => Promise.reject(new Error('mine too'))),
    { message: 'mine too' },
  )
  log.info('m')
  t.deepEqual(takeEvent(log).data, {})
})

test('short-lived scopes leave nothing in the dictionary', (t) => {
  const log = memoryLogger({ queue: { overflow: 'block' }, sinks: ['null'] })
  const { ring } = (log as unknown as { container: { encoder: { ring: RingProducer } } }).container
    .encoder
  const used = () => ring.words[OFFSET_DICTIONARY_USED >> 2] as number
  const logTimes = (count: number) => {
    for (let i = 0; i < count; i++) log.info('m')
  }
  for (let i = 0; i < 20; i++) log.withContext({ id: i, a: 'b' }, () => logTimes(100))
  const before = used()
  for (let id = 1; id < 1000; id++) log.withContext({ id, a: 'b' }, () => logTimes(100))
  t.is(used(), before)
  t.is(log.metrics().submitted, 101_900)
})

test('names that were new when a child logger was made are interned once it is used a lot', (t) => {
  const log = memoryLogger({ queue: { overflow: 'block' } })
  const child = log.child({ thread_id: 7, größe: 'xl', nested: { inner: true } })
  const { ring } = (log as unknown as { container: { encoder: { ring: RingProducer } } }).container
    .encoder
  const interned = () => {
    const texts: string[] = []
    for (let id = 1; ring.text(id) !== ''; id++) texts.push(ring.text(id))
    return texts
  }
  child.info('m', { größe: 's' })
  t.false(interned().includes('thread_id'))
  for (let i = 0; i < 200; i++) child.info('m', { größe: 's' })
  child.child({ more: 1 }).info('m')
  t.deepEqual(
    interned()
      .filter((text) => ['thread_id', 'größe', 'nested'].includes(text))
      .sort(),
    ['größe', 'nested', 'thread_id'],
  )
  const events = takeEvents(log)
  const scope = { nested: { inner: true } }
  t.is(events.length, 202)
  for (const { context, data } of events.slice(0, 201)) {
    t.is(context['thread_id'], 7)
    t.deepEqual(data, { ...scope, größe: 's' })
  }
  t.deepEqual(events[201]?.data, { ...scope, größe: 'xl', more: 1 })
})

test('a getter that logs has the context too', (t) => {
  const log = memoryLogger()
  const fields = {
    get a() {
      log.info('inner')
      return 1
    },
  }
  log.withContext({ c: 1 }, () => log.info('outer', fields))
  t.deepEqual(
    takeEvents(log).map(({ message, data }) => [message, data]),
    [
      ['outer', { c: 1, a: 1 }],
      ['inner', { c: 1 }],
    ],
  )
})

// --- ids

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/

test('the correlation id is the one of the scope, its request id, or a new one that stays', async (t) => {
  const log = memoryLogger()
  const seen = (fields: object) =>
    log.withContext(fields, async () => {
      const id = log.context.correlationId
      await sleep(1)
      t.is(log.context.correlationId, id)
      log.info('m')
      return [id, takeEvent(log).context['correlation_id']]
    })
  t.deepEqual(await seen({ correlation_id: 'c', request_id: 'r' }), ['c', 'c'])
  t.deepEqual(await seen({ request_id: 'r' }), ['r', 'r'])
  const [made, logged] = await seen({})
  t.regex(made as string, UUID)
  t.is(logged, made)
  t.is(new Set(Array.from({ length: 10_000 }, newCorrelationId)).size, 10_000)
})

test('with enrich.correlation every scope has an id from the start, and scopes inside it share it', async (t) => {
  const log = memoryLogger({ enrich: { correlation: true } })
  const ids = () => takeEvents(log).map(({ context }) => context['correlation_id'])
  log.info('outside')
  log.withContext({ request_id: 'r' }, () => log.info('m'))
  log.withContext({ correlation_id: 'c', request_id: 'r' }, () => {
    log.info('m')
    log.withContext({ request_id: 'inner' }, () => log.info('m'))
  })
  t.deepEqual(ids(), [null, 'r', 'c', 'c'])
  await Promise.all(
    Array.from({ length: 50 }, () =>
      log.withContext({ a: 1 }, async () => {
        log.info('m')
        await sleep(1)
        log.withContext({ b: 1 }, () => log.info('m'))
        t.is(log.context.correlationId, log.context.get('correlation_id') as string)
      }),
    ),
  )
  const made = ids()
  t.is(made.length, 100)
  t.is(new Set(made).size, 50)
  for (const id of made) t.regex(id as string, UUID)
})

const TRACE = '4bf92f3577b34da6a3ce929d0e0e4736'
const SPAN = '00f067aa0ba902b7'

test('a traceparent header gives the ids of the trace', (t) => {
  const expected = { trace_id: TRACE, span_id: SPAN, trace_flags: '01' }
  t.deepEqual(parseTraceparent(`00-${TRACE}-${SPAN}-01`), expected)
  t.deepEqual(parseTraceparent(`00-${TRACE}-${SPAN}-00`), { ...expected, trace_flags: '00' })
  // A version to come may say more.
  t.deepEqual(parseTraceparent(`cc-${TRACE}-${SPAN}-01`), expected)
  t.deepEqual(parseTraceparent(`cc-${TRACE}-${SPAN}-01-what-the-future-will-be`), expected)
  const log = memoryLogger()
  log.withContext({ ...parseTraceparent(`00-${TRACE}-${SPAN}-01`) }, () => log.info('m'))
  t.like(takeEvent(log).context, { trace_id: TRACE, span_id: SPAN })
})

const refused: [why: string, header: unknown][] = [
  ['no header', undefined],
  ['no string', 5],
  ['a list', [`00-${TRACE}-${SPAN}-01`]],
  ['empty', ''],
  ['version ff', `ff-${TRACE}-${SPAN}-01`],
  ['a version of one digit', `0-${TRACE}-${SPAN}-01`],
  ['version 00 that goes on', `00-${TRACE}-${SPAN}-01-more`],
  ['a version to come that goes on without a dash', `cc-${TRACE}-${SPAN}-01more`],
  ['upper case', `00-${TRACE.toUpperCase()}-${SPAN}-01`],
  ['a trace id of zeros', `00-${'0'.repeat(32)}-${SPAN}-01`],
  ['a span id of zeros', `00-${TRACE}-${'0'.repeat(16)}-01`],
  ['a short trace id', `00-${TRACE.slice(1)}-${SPAN}-01`],
  ['a long span id', `00-${TRACE}-${SPAN}0-01`],
  ['no flags', `00-${TRACE}-${SPAN}`],
  ['flags that are no digits', `00-${TRACE}-${SPAN}-0g`],
  ['a space in front', ` 00-${TRACE}-${SPAN}-01`],
  ['a line end behind', `00-${TRACE}-${SPAN}-01\n`],
  ['underscores', `00_${TRACE}_${SPAN}_01`],
  ['1 MB', `cc-${TRACE}-${SPAN}-01-${'x'.repeat(1 << 20)}`],
]
for (const [why, header] of refused) {
  test(`a traceparent header is refused: ${why}`, (t) => {
    t.is(parseTraceparent(header), undefined)
  })
}
