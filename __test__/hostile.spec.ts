// Values that fight back: whatever is logged, a call never throws, leaves its one line, and harms no other.

import test from 'ava'
import type { Logger } from 'fapilog'
import fc from 'fast-check'
import {
  isReport,
  type Json,
  memoryLogger,
  takeEvent,
  takeEvents,
  takeOwnEvents,
  total,
} from './support/capture.ts'

// --- random values

/** What making a value may use: the logger it is logged with, and the root it belongs to. */
interface Context {
  readonly log: Logger
  /** Log calls made by getters and traps. */
  nested: number
  root: unknown
}
type Make = (context: Context) => unknown

const hostileThrown: (() => unknown)[] = [
  () => new Error('thrown'),
  () => undefined,
  () => null,
  () => 'a text',
  () => Symbol('thrown'),
  () => ({
    toString() {
      throw new Error('twice')
    },
  }),
  () => {
    const { proxy, revoke } = Proxy.revocable({}, {})
    revoke()
    return proxy
  },
  () => Object.defineProperty(new Error('x'), 'message', { get: () => Symbol('no text') }),
]

const RESERVED = [
  ...['level', 'timestamp', 'message', 'context', 'data', 'diagnostics', 'logger'],
  ...['time', 'pid', 'msg', 'hostname', 'name', 'err', 'error', 'request_id', 'trace_id'],
  ...['toJSON', '__proto__', 'constructor', 'hasOwnProperty', 'length', 'then', ''],
]
const key = fc.oneof(fc.constantFrom(...RESERVED), fc.string({ unit: 'binary', maxLength: 8 }))
const TRAPS = [
  ...['get', 'has', 'ownKeys', 'getOwnPropertyDescriptor', 'getPrototypeOf', 'set'],
  ...['defineProperty', 'deleteProperty', 'isExtensible', 'preventExtensions', 'setPrototypeOf'],
] as const

function define(target: object, name: string, descriptor: PropertyDescriptor): void {
  Object.defineProperty(target, name, { enumerable: true, configurable: true, ...descriptor })
}

const { value: anyValue } = fc.letrec<{ value: Make; leaf: Make; tree: Make }>((tie) => ({
  value: fc.oneof({ maxDepth: 4, withCrossShrink: true }, tie('leaf'), tie('tree')),
  leaf: fc.oneof(
    fc
      .oneof(
        fc.string({ unit: 'binary' }),
        fc.double(),
        fc.integer(),
        fc.bigInt(),
        fc.boolean(),
        fc.date({ noInvalidDate: false }),
        fc.uint8Array({ maxLength: 100 }),
        fc.constantFrom(null, undefined, Number.NaN, -0, '%s %d %j %o %% %', '\ud800'),
      )
      .map((constant) => () => constant),
    fc.constantFrom<Make>(
      () => Symbol('s'),
      () => () => 1,
      () => class Anonymous {},
      () => new WeakMap(),
      () => Promise.resolve(),
      () => Object(1n),
      () => new URL('http://localhost/'),
      () => process.memoryUsage,
      () => globalThis,
      ({ root }) => root,
      () => {
        const { proxy, revoke } = Proxy.revocable({}, {})
        revoke()
        return proxy
      },
    ),
  ),
  tree: fc.oneof(
    fc.array(tie('value'), { maxLength: 4 }).map(
      (items): Make =>
        (context) =>
          items.map((item) => item(context)),
    ),
    fc.array(fc.tuple(key, tie('value')), { maxLength: 5 }).map(
      (entries): Make =>
        (context) => {
          const object: Json = {}
          context.root ??= object
          for (const [name, make] of entries) define(object, name, { value: make(context) })
          return object
        },
    ),
    fc.array(fc.tuple(key, tie('value')), { maxLength: 3 }).map(
      (entries): Make =>
        (context) =>
          new Map<unknown, unknown>(entries.map(([name, make]) => [name, make(context)])),
    ),
    fc.tuple(tie('value'), tie('value')).map(
      ([a, b]): Make =>
        (context) =>
          new Map([[a(context), b(context)]]),
    ),
    fc.array(tie('value'), { maxLength: 3 }).map(
      (items): Make =>
        (context) =>
          new Set(items.map((item) => item(context))),
    ),
    // errors
    fc.tuple(fc.string(), tie('value'), key, tie('value')).map(
      ([message, cause, name, value]): Make =>
        (context) => {
          const error = new Error(message, { cause: cause(context) })
          define(error, name, { value: value(context) })
          return error
        },
    ),
    fc.array(tie('value'), { maxLength: 3 }).map(
      (items): Make =>
        (context) =>
          new AggregateError(
            items.map((item) => item(context)),
            'several',
          ),
    ),
    // getters that throw, log, or do something else
    fc.tuple(key, fc.constantFrom(...hostileThrown)).map(
      ([name, thrown]): Make =>
        () => {
          const object = { before: 1 }
          define(object, name, {
            get() {
              throw thrown()
            },
          })
          return Object.assign(object, { after: 2 })
        },
    ),
    fc.tuple(key, tie('value')).map(
      ([name, make]): Make =>
        (context) => {
          const object = {}
          define(object, name, {
            get() {
              context.nested++
              context.log.info('nested', { value: make(context) })
              return make(context)
            },
          })
          return object
        },
    ),
    fc.tuple(key, fc.constantFrom(0, 1, 2, 3)).map(
      ([name, what]): Make =>
        ({ log }) => {
          const object = {}
          define(object, name, {
            get: () =>
              [
                () => JSON.stringify({ a: [1] }),
                () => new Error('made in a getter').stack,
                () => log.isLevelEnabled('INFO'),
                () => Array.from({ length: 100 }, (_, i) => ({ i })),
              ][what]?.(),
          })
          return object
        },
    ),
    // toJSON
    fc.tuple(tie('value'), fc.constantFrom('value', 'self', 'throw', 'log', 'new')).map(
      ([make, what]): Make =>
        (context) => {
          const object: Json = {
            kept: 1,
            toJSON(): unknown {
              if (what === 'throw') throw new Error('toJSON')
              if (what === 'self') return object
              if (what === 'new') return { toJSON: object['toJSON'] }
              if (what === 'log') {
                context.nested++
                context.log.info({ from: 'toJSON' })
              }
              return make(context)
            },
          }
          return object
        },
    ),
    // proxies
    fc
      .tuple(
        tie('value'),
        fc.subarray([...TRAPS], { minLength: 1 }),
        fc.constantFrom(...hostileThrown),
      )
      .map(
        ([make, traps, thrown]): Make =>
          (context) => {
            const made = make(context)
            const target =
              (typeof made === 'object' && made !== null) || typeof made === 'function'
                ? made
                : { made }
            const handler: Record<string, () => never> = {}
            for (const trap of traps) {
              handler[trap] = () => {
                throw thrown()
              }
            }
            return new Proxy(target, handler)
          },
      ),
  ),
}))

const calls: ((log: Logger, value: unknown) => void)[] = [
  (log, value) => log.info(value),
  (log, value) => log.info('m', value as object),
  (log, value) => log.info(value as object, 'm'),
  (log, value) => log.info('m %s %d %i %f %j %o %O %c', value, value, value, value, value),
  (log, value) => log.info('%s', value, value),
  (log, value) => log.info('m', () => value as object),
  (log, value) => log.info(new Error('e'), value as string, value as object),
  (log, value) => log.info(Object.assign(new Error('e'), { value })),
]

for (const format of ['json', 'pino'] as const) {
  test(`any value in any call leaves exactly its line in the ${format} format`, async (t) => {
    const log = memoryLogger({ format, queue: { ringBytes: '16 MB' } })
    fc.assert(
      fc.property(anyValue, fc.constantFrom(...calls), (make, call) => {
        const context: Context = { log, nested: 0, root: undefined }
        const value = make(context)
        context.nested = 0
        const before = total(log.metrics().droppedByReason)
        call(log, value)
        const { droppedByReason } = log.metrics()
        const lines = log.takeLines().filter((line) => {
          const { message, msg } = JSON.parse(line) as Json
          return !isReport(message ?? msg)
        })
        // Only getters that log while they are logged, eight deep, are given up and counted.
        const dropped = total(droppedByReason) - before
        if (lines.length + dropped !== 1 + context.nested)
          throw new Error(
            `${lines.length} lines, ${dropped} dropped, ${context.nested} nested calls`,
          )
        if (context.nested === 0 && dropped > 0) throw new Error('dropped')
        for (const line of lines) {
          const { level, timestamp, time, message } = JSON.parse(line) as Json
          if (format === 'json') {
            if (level !== 'INFO' || Number.isNaN(Date.parse(timestamp as string)))
              throw new Error(line)
            if (typeof message !== 'string') throw new Error(line)
          } else if (level !== 30 || typeof time !== 'number') throw new Error(line)
        }
      }),
      { numRuns: 1500 },
    )
    t.is(log.metrics().ring.damagedBytes, 0)
    await log.close()
  })
}

test('any value as bindings of a child leaves the child usable', async (t) => {
  const log = memoryLogger()
  // Bindings whose getters log are the subject of a test of their own.
  fc.assert(
    fc.property(anyValue, (make) => {
      const quiet = { info() {}, isLevelEnabled: () => true } as unknown as Logger
      const value = make({ log: quiet, nested: 0, root: undefined })
      log
        .child({ value })
        .child(value as object)
        .info('m')
      const event = takeEvent(log)
      if (event.message !== 'm' || event.level !== 'INFO') throw new Error(JSON.stringify(event))
    }),
    { numRuns: 500 },
  )
  t.is(log.metrics().ring.damagedBytes, 0)
  await log.close()
})

// src/logger.ts, writeMany(): `{ ...fields, args }` reads the getters of `fields`, and what one throws becomes the
// error of the call. src/wire/encoder.ts, record(): `field(ERROR_KEY, error)` has no `catch`, so an error that
// cannot be read costs the whole event.
test('a getter that throws what cannot be read costs no line', (t) => {
  const log = memoryLogger()
  const fields = {
    before: 1,
    get size() {
      const { proxy, revoke } = Proxy.revocable({}, {})
      revoke()
      throw proxy
    },
  }
  log.info(fields, 'm', 1, 2)
  t.deepEqual(takeEvent(log).data, { before: 1, size: '[Throws]', args: [1, 2] })
})

// --- getters that log

test('a getter that logs through the same logger leaves both lines', (t) => {
  const log = memoryLogger()
  log.info('outer', {
    a: 1,
    get b() {
      log.info('inner', { c: 3 })
      return 2
    },
    d: 4,
  })
  const events = takeEvents(log)
  t.deepEqual(
    events.map(({ message, data }) => [message, data]),
    [
      ['outer', { a: 1, b: 2, d: 4 }],
      ['inner', { c: 3 }],
    ],
  )
})

test('a getter that logs itself without end is bounded and counted', (t) => {
  const log = memoryLogger()
  let calls = 0
  const value = {
    get again() {
      calls++
      log.info('again', value)
      return 1
    },
  }
  log.info('first', value)
  const lines = takeOwnEvents(log)
  const metrics = log.metrics()
  t.is(metrics.submitted, calls + 1)
  t.is(metrics.droppedByReason.encode, 1)
  t.is(lines.length, calls)
})

test('a getter in bindings that logs leaves its line', (t) => {
  const log = memoryLogger()
  const child = log.child({
    a: 1,
    get b() {
      log.info('inside', { c: 3 })
      return 2
    },
  })
  child.info('m')
  const events = takeEvents(log)
  t.deepEqual(
    events.map(({ message, data }) => [message, data]),
    [
      ['inside', { c: 3 }],
      ['m', { a: 1, b: 2 }],
    ],
  )
})

test('a getter that makes a child leaves the event it belongs to whole', (t) => {
  const log = memoryLogger()
  const value: Json = {
    a: { x: 1 },
    get b() {
      return log.child({ c: { d: 1 } }).level
    },
    e: 'end',
  }
  log.info('m', value)
  t.deepEqual(takeEvent(log).data, { a: { x: 1 }, b: 'TRACE', e: 'end' })
})

test('a getter before a toJSON that returns the object is read once', (t) => {
  const log = memoryLogger()
  let reads = 0
  log.info('m', {
    get size() {
      return ++reads
    },
    toJSON() {
      return this
    },
  })
  t.is(reads, 1)
})

test('a toJSON that returns the object ends although a getter logs another toJSON', (t) => {
  const log = memoryLogger()
  let calls = 0
  log.info('m', {
    get a() {
      if (calls++ < 100) log.info('n', { toJSON: () => ({ b: 2 }) })
      return 1
    },
    toJSON() {
      return this
    },
  })
  t.true(calls <= 2, `${calls} calls`)
})

// --- forgery

const FORGED = {
  level: 'SECURITY',
  timestamp: 'never',
  message: 'forged',
  context: { pid: 1 },
  data: 'forged',
  diagnostics: { origin: 'forged' },
  logger: 'forged',
  time: 0,
  pid: -1,
  msg: 'forged',
}

for (const [name, write] of Object.entries<(log: Logger) => void>({
  'fields of the call': (log) => log.info('real', FORGED),
  'fields before the message': (log) => log.info(FORGED, 'real'),
  'bindings of a child': (log) => log.child(FORGED).info('real'),
  'bindings of a child and fields': (log) => log.child(FORGED).child(FORGED).info('real', FORGED),
})) {
  test(`${name} never replace a part of a json line`, (t) => {
    const log = memoryLogger({ name: 'app' })
    const start = Date.now()
    write(log)
    const event = takeEvent(log)
    t.is(event.level, 'INFO')
    t.is(event.message, 'real')
    t.is(event.logger, 'app')
    t.is(event.context['pid'], process.pid)
    t.is(event.diagnostics['origin'], 'native')
    t.true(Date.parse(event.timestamp) >= start)
    t.deepEqual(event.data, FORGED)
  })

  test(`${name} never replace level, time or message of a pino line`, (t) => {
    const log = memoryLogger({ format: 'pino' })
    const start = Date.now()
    write(log)
    const [text] = log.takeLines()
    const line = JSON.parse(text as string) as Json
    t.is(line['level'], 30)
    t.is(line['msg'], 'real')
    t.true((line['time'] as number) >= start)
    t.is(line['level_'], 'SECURITY')
    t.is(line['msg_'], 'forged')
    t.is(line['time_'], 0)
    const keys = [...(text as string).matchAll(/[{,]"(level|time|msg|pid|data|context)":/g)]
    t.is(
      new Set(keys.map(([, key]) => key)).size,
      keys.length - 1,
      'context.pid is the only repeat',
    )
  })
}

test('control characters and line ends in every part make no second line', (t) => {
  const log = memoryLogger({ name: 'a\nb' })
  const text = 'x\n{"level":"SECURITY"}\r\n\u2028\u001b[2J'
  log.child({ [text]: text }).info(text, { [text]: text, error: new Error(text) })
  const event = takeEvent(log)
  t.is(event.message, text)
  t.is(event.data[text], text)
})

// --- a polluted prototype

test.serial('an enumerable property of Object.prototype is in no line', (t) => {
  const log = memoryLogger()
  define(Object.prototype, 'polluted', { value: 'evil' })
  try {
    log.info('m', { a: 1, b: { c: 2 } })
    log.child({ d: 3 }).info({ e: 4 })
    log.info(Object.assign(new Error('e'), { code: 1 }))
  } finally {
    delete (Object.prototype as Json)['polluted']
  }
  const lines = log.takeLines()
  t.is(lines.length, 3)
  for (const line of lines) t.notRegex(line, /polluted|evil/)
})

test('an own key that once was inherited is logged', (t) => {
  const log = memoryLogger()
  define(Object.prototype, 'later', { value: 'evil' })
  try {
    log.info('m', { a: 1 })
  } finally {
    delete (Object.prototype as Json)['later']
  }
  log.info('m', { a: 1, later: 2 })
  t.deepEqual(
    takeEvents(log).map(({ data }) => data),
    [{ a: 1 }, { a: 1, later: 2 }],
  )
})

test('an inherited key that once was an own one is not logged', (t) => {
  const log = memoryLogger()
  log.info('m', { a: 1, earlier: 2 })
  define(Object.prototype, 'earlier', { value: 'evil' })
  try {
    // Pollution is looked for when the clock is read: at every 64th event at the latest.
    for (let i = 0; i < 66; i++) log.info('filler')
    log.info('m', { a: 1 })
  } finally {
    delete (Object.prototype as Json)['earlier']
  }
  t.deepEqual(takeEvents(log).at(-1)?.data, { a: 1 })
})

for (const enumerable of [true, false]) {
  test.serial(
    `a ${enumerable ? 'visible' : 'hidden'} toJSON on Object.prototype costs no line`,
    (t) => {
      const log = memoryLogger()
      define(Object.prototype, 'toJSON', {
        enumerable,
        value: () => {
          throw new Error('evil')
        },
      })
      try {
        log.info('m', { a: 1, b: { c: 2 } })
        log.child({ d: 3 }).info('n')
      } finally {
        delete (Object.prototype as Json)['toJSON']
      }
      log.info('o', { a: 1 })
      const events = takeEvents(log)
      t.deepEqual(
        events.map(({ message }) => message),
        ['m', 'n', 'o'],
      )
      t.deepEqual(events[2]?.data, { a: 1 })
    },
  )
}

test.serial('replaced built-ins are not used by a log call', (t) => {
  const log = memoryLogger()
  const evil = () => {
    throw new Error('evil')
  }
  const { now } = Date
  const { stringify } = JSON
  const { push } = Array.prototype
  Date.now = evil
  JSON.stringify = evil
  Array.prototype.push = evil
  try {
    log.info('m', { a: [1, { b: 'x' }], date: new Date(0) })
  } finally {
    Date.now = now
    JSON.stringify = stringify
    Array.prototype.push = push
  }
  const event = takeEvent(log)
  t.deepEqual(event.data, { a: [1, { b: 'x' }], date: '1970-01-01T00:00:00.000Z' })
})

// --- keys

test('a new key that stands inside itself keeps its name', (t) => {
  const log = memoryLogger()
  log.info('m', { next: { next: { next: 1 } } })
  t.deepEqual(takeEvent(log).data, { next: { next: { next: 1 } } })
})

test('a key of 1,000 characters is the same at every use', (t) => {
  const log = memoryLogger()
  const long = 'k'.repeat(1000)
  for (let i = 0; i < 3; i++) log.info('m', { [long]: i })
  const keys = takeEvents(log).map(({ data }) => Object.keys(data)[0])
  t.is(new Set(keys).size, 1)
})

test('a key of 1 MB leaves a line and the keys after it', (t) => {
  const log = memoryLogger()
  const long = 'k'.repeat(1 << 20)
  for (let i = 0; i < 3; i++) log.info('m', { [long]: i, after: i })
  t.deepEqual(
    takeEvents(log).map(({ data }) => data['after']),
    [0, 1, 2],
  )
})

test('100,000 distinct keys keep their values', async (t) => {
  const log = memoryLogger({ format: 'pino', queue: { overflow: 'block' } })
  let checked = 0
  for (let from = 0; from < 100_000; from += 5_000) {
    for (let i = from; i < from + 5_000; i++) {
      log.info({ [`distinct-key-${i}`]: i, shared: 'yes' })
      log.info({ shared: 'yes', [`distinct-key-${i}`]: -i })
    }
    const lines = log.takeLines()
    for (const [at, text] of lines.entries()) {
      const i = from + (at >> 1)
      const line = JSON.parse(text) as Json
      if (line[`distinct-key-${i}`] === (at & 1 ? -i : i) && line['shared'] === 'yes') checked++
    }
  }
  t.is(checked, 200_000)
  await log.close()
})

test('30,000 shapes keep their keys and values', async (t) => {
  const log = memoryLogger({ format: 'pino', queue: { overflow: 'block' } })
  const names = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h']
  let state = 1
  const next = (below: number) => {
    state = (Math.imul(state, 1103515245) + 12345) >>> 0
    return (state >>> 8) % below
  }
  let right = 0
  for (let round = 0; round < 6; round++) {
    const sent: Json[] = []
    for (let i = 0; i < 5_000; i++) {
      const left = [...names]
      const fields: Json = {}
      while (left.length > 0) fields[left.splice(next(left.length), 1)[0] as string] = next(1000)
      sent.push(fields)
      log.info(fields)
    }
    for (const [i, line] of log.takeLines().entries()) {
      const parsed = JSON.parse(line) as Json
      if (names.every((name) => parsed[name] === sent[i]?.[name])) right++
    }
  }
  t.is(right, 30_000)
  await log.close()
})

test('new long keys around an oversized value harm no other event', async (t) => {
  const log = memoryLogger({
    format: 'pino',
    queue: { ringBytes: 262_144, maxEventBytes: 65_536, overflow: 'block' },
  })
  let fresh = 0
  for (let i = 0; i < 300; i++) {
    let value: unknown = Array.from({ length: 20_000 }, (_, k) => k)
    for (let depth = 0; depth < 60; depth++) value = { [`${fresh++}-`.padEnd(250, 'k')]: value }
    log.info({ value }, 'oversized')
    for (let k = 0; k < 20; k++) log.info({ number: i * 20 + k }, 'small')
  }
  const lines = log.takeLines().map((line) => JSON.parse(line) as Json)
  const numbers = lines.filter(({ msg }) => msg === 'small').map((line) => line['number'])
  t.deepEqual(
    numbers,
    Array.from({ length: 6000 }, (_, i) => i),
  )
  t.is(lines.length, 6300)
  t.is(log.metrics().ring.damagedBytes, 0)
  await log.close()
})

// --- the edge of the stack

test('log calls at the edge of the stack leave the logger and its counters right', async (t) => {
  const log = memoryLogger()
  const fields = { a: { b: { c: ['text', 1, { d: new Date(0) }] } }, error: new Error('e') }
  let returned = 0
  let overflowed = 0
  let budget = 0
  const dive = (...padding: number[]): void => {
    try {
      dive(...padding)
    } catch (error) {
      if (budget > 0) {
        budget--
        try {
          log.info('edge', fields)
          returned++
        } catch (thrown) {
          // There was no room for the frames of the call itself.
          if (!(thrown instanceof RangeError)) throw thrown
          overflowed++
        }
      }
      throw error
    }
  }
  for (let round = 0; round < 20; round++) {
    budget = 80
    t.throws(() => dive(...new Array(round).fill(0)), { instanceOf: RangeError })
  }
  log.info('after', fields)
  const events = takeOwnEvents(log)
  const metrics = log.metrics()
  t.is(events.at(-1)?.message, 'after')
  t.deepEqual(events.at(-1)?.data['a'], {
    b: { c: ['text', 1, { d: '1970-01-01T00:00:00.000Z' }] },
  })
  t.is(metrics.ring.damagedBytes, 0)
  t.is(events.length, metrics.ring.accepted)
  t.true(events.length + total(metrics.droppedByReason) > returned)
  // src/wire/encoder.ts, event(): `submitted` is counted before the `try`, so that what overflows in between is
  // neither written nor dropped. Every call that returned is accounted for.
  const unaccounted = metrics.submitted - events.length - total(metrics.droppedByReason)
  t.true(unaccounted >= 0 && unaccounted <= overflowed, `${unaccounted} of ${overflowed}`)
  await log.close()
})
