// `fapilog/testing`: loggers that can be asked, assertions, plugin doubles, validation, and that no runner hangs.

import { AssertionError } from 'node:assert'
import { setTimeout as delay } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { stripVTControlCharacters } from 'node:util'
import test from 'ava'
import {
  type createLogger,
  defineEnricher,
  defineFilter,
  defineProcessor,
  defineRedactor,
  defineSink,
} from 'fapilog'
import {
  assertPlugin,
  createTestLogger,
  expectLog,
  expectNoLog,
  FakeClock,
  failingSink,
  hangingProcessor,
  hangingSink,
  type LogMatcher,
  type PluginRule,
  recordingSink,
  slowSink,
  throwingRedactor,
  validatePlugin,
} from 'fapilog/testing'
import { run } from './support/child.ts'
import { guests } from './support/guests.ts'

const AVA = fileURLToPath(new URL('../node_modules/ava/entrypoints/cli.mjs', import.meta.url))
const runner = (name: string) => `__test__/fixtures/runners/${name}`

test('a test logger has every event of every level, of its children too, until it is cleared', (t) => {
  const log = createTestLogger({ name: 'app' })
  log.trace('first', { n: 1 })
  log.child({ part: 'db' }, { name: 'app.db' }).error('second')
  log.info('third')
  t.deepEqual(
    log.events().map(({ level, message }) => [level, message]),
    [
      ['TRACE', 'first'],
      ['ERROR', 'second'],
      ['INFO', 'third'],
    ],
  )
  t.deepEqual(log.find({ level: 'error' })?.data, { part: 'db' })
  t.is(log.find({ logger: 'app.db' })?.message, 'second')
  t.is(log.last()?.message, 'third')
  t.is(log.last({ message: /^f/ })?.message, 'first')
  t.is(log.filter(({ level }) => level !== 'INFO').length, 2)
  t.is(log.find('nothing'), undefined)
  log.clear()
  t.deepEqual(log.events(), [])
  log.info('fourth')
  t.is(log.events().length, 1)
})

test('a fake clock gives every event its time, in children too', async (t) => {
  const clock = new FakeClock('2026-01-02T03:04:05Z')
  const log = createTestLogger({ clock })
  for (let n = 0; n < 200; n++) {
    log.child({ n }).info('m')
    clock.advance(1)
  }
  const start = Date.parse('2026-01-02T03:04:05Z')
  t.deepEqual(
    log.events().map(({ timestamp, data }) => [timestamp, data['n']]),
    Array.from({ length: 200 }, (_, n) => [new Date(start + n).toISOString(), n]),
  )
  clock.set(0)
  log.info('at the epoch')
  t.is(log.last()?.timestamp, '1970-01-01T00:00:00.000Z')
  clock.advance(-1)
  log.info('before it')
  t.is(log.last()?.timestamp, '1969-12-31T23:59:59.999Z')
  t.is(clock.now(), -1)
  t.throws(() => clock.set('no time'), { instanceOf: RangeError })
  let time = 5
  const other = createTestLogger({ clock: { now: () => time++ } })
  other.info('a')
  other.info('b')
  t.deepEqual(
    other.events().map(({ timestamp }) => Date.parse(timestamp)),
    [5, 6],
  )
  await log.close()
})

test('what a question returns is a copy', (t) => {
  const log = createTestLogger()
  log.info('m', { n: 1 })
  const [event] = log.events()
  if (event !== undefined) event.data['n'] = 2
  t.deepEqual(log.last()?.data, { n: 1 })
})

test('nothing is missing of a burst that is larger than the ring', (t) => {
  const log = createTestLogger({ queue: { ringBytes: '64 KB' } })
  for (let n = 0; n < 20_000; n++) log.info('m', { n })
  t.deepEqual(
    log.events().map(({ data }) => data['n']),
    Array.from({ length: 20_000 }, (_, n) => n),
  )
})

const matchers: readonly [name: string, matcher: LogMatcher, matches: boolean][] = [
  ['the message', 'order placed', true],
  ['a part of the message', 'order', false],
  ['a pattern', /^order/, true],
  ['a pattern that remembers', /order/g, true],
  ['a function', ({ data }) => data['orderId'] === 42, true],
  ['a function that says no', () => false, false],
  ['a level in lower case', { level: 'info' }, true],
  ['a level in upper case', { level: 'INFO' }, true],
  ['another level', { level: 'warning' }, false],
  ['one of several levels', { level: ['error', 'info'] }, true],
  ['the name', { logger: 'shop' }, true],
  ['another name', { logger: 'shop2' }, false],
  ['a time', { timestamp: (time) => Date.parse(time) > 0 }, true],
  ['another time', { timestamp: /^1999/ }, false],
  ['a field', { data: { orderId: 42 } }, true],
  ['another value', { data: { orderId: 43 } }, false],
  ['the same value as a text', { data: { orderId: '42' } }, false],
  ['a field in a field', { data: { customer: { id: 7 } } }, true],
  ['another one there', { data: { customer: { id: 8 } } }, false],
  ['a pattern for a field', { data: { customer: { name: /^A/ } } }, true],
  ['a pattern for what is no text', { data: { orderId: /42/ } }, false],
  ['a function for a field', { data: { orderId: (id: number) => id > 41 } }, true],
  ['a list', { data: { items: ['a', 'b'] } }, true],
  ['a part of a list', { data: { items: ['a'] } }, false],
  ['a field that is not there', { data: { discount: undefined } }, true],
  ['a field that must not be there', { data: { orderId: undefined } }, false],
  ['a member of every object', { data: { toString: undefined } }, true],
  ['the context', { context: { correlation_id: 'c-1' } }, true],
  ['all of it', { level: 'info', message: /placed/, data: { orderId: 42 } }, true],
]

for (const [name, matcher, matches] of matchers) {
  test(`matching by ${name}: ${matches ? 'yes' : 'no'}`, (t) => {
    const log = createTestLogger({ name: 'shop' })
    const customer = { id: 7, name: 'Ada' }
    log.withContext({ correlation_id: 'c-1' }, () =>
      log.info('order placed', { orderId: 42, customer, items: ['a', 'b'] }),
    )
    // Twice: no pattern may remember where it was.
    for (let round = 0; round < 2; round++) {
      t.is(log.find(matcher) !== undefined, matches)
      if (matches) t.is(expectLog(log, matcher).message, 'order placed')
      else t.throws(() => expectLog(log, matcher), { instanceOf: AssertionError })
      if (matches) t.throws(() => expectNoLog(log, matcher), { instanceOf: AssertionError })
      else t.notThrows(() => expectNoLog(log, matcher))
    }
  })
}

test('a failure names what was wanted, the nearest events, and what keeps each from matching', (t) => {
  const log = createTestLogger()
  log.warn('slow', { ms: 12 })
  log.info('order placed', { orderId: 41 })
  const error = t.throws(() =>
    expectLog(log, { level: 'info', message: 'order placed', data: { orderId: 42 } }),
  )
  t.is(
    error?.message,
    `expected that an event matches { level: "info", message: "order placed", data: { orderId: 42 } }, but none of 2 did:
  INFO "order placed" { orderId: 41 }
    data.orderId is 41, not 42
  WARNING "slow" { ms: 12 }
    level is WARNING, not INFO
    message is "slow", not "order placed"
    data.orderId is undefined, not 42`,
  )
})

test('a failure of a thousand events is short', (t) => {
  const log = createTestLogger()
  for (let n = 0; n < 1000; n++) log.info('m', { n, text: 'x'.repeat(1000) })
  const error = t.throws(() => expectLog(log, 'other'))
  t.true((error?.message.length ?? 0) < 3000)
  t.regex(error?.message ?? '', /… and 995 more$/)
})

test('how often an event was logged', (t) => {
  const log = createTestLogger()
  log.info('tick')
  log.info('tick')
  t.is(expectLog(log, 'tick', { times: 2 }).message, 'tick')
  t.throws(() => expectLog(log, 'tick', { times: 1 }), {
    message: /expected that 1 event matches \{ message: "tick" \}, but 2 events of 2 did/,
  })
  t.throws(() => expectLog(log, 'tick', { times: 0 }), { instanceOf: RangeError })
  t.throws(() => expectNoLog(log), { message: /nothing was logged, but 2 events were/ })
})

test('a matcher with a key that events do not have is an error, not a match', (t) => {
  const log = createTestLogger()
  log.info('m')
  t.throws(() => log.find({ mesage: 'm' } as LogMatcher), {
    instanceOf: TypeError,
    message: /no key mesage/,
  })
})

test('sinks of a test logger are in addition to its memory', async (t) => {
  const log = createTestLogger({ sinks: [{ type: 'memory', name: 'more', format: 'logfmt' }] })
  log.info('m')
  t.is(log.takeLines('more').length, 1)
  t.is(log.events().length, 1)
  t.is(log.metrics().written, 1)
  await log.close()
})

test('doubles: sinks that record, fail, take their time', async (t) => {
  const sinks = [recordingSink(), failingSink(2), slowSink(20)] as const
  const log = createTestLogger({ plugins: sinks })
  log.info('m', { n: 1 })
  const receipt = await log.close()
  t.true(receipt.complete)
  for (const { name, events } of sinks)
    t.deepEqual([name, events.map(({ data }) => data)], [name, [{ n: 1 }]])
  t.is(sinks[1].calls, 3)
})

test('doubles: what hangs or throws loses no event', async (t) => {
  const log = createTestLogger({ plugins: [hangingProcessor(30), throwingRedactor()] })
  log.info('m', { n: 1 })
  await log.flush()
  const [event] = log.events()
  t.deepEqual(event?.data, {})
  const withheld = createTestLogger({ plugins: [hangingProcessor(30)] })
  withheld.info('m', { n: 1 })
  await withheld.flush()
  t.deepEqual(withheld.last()?.data, { n: 1 })
  t.is(withheld.metrics().plugins['hanging']?.timeouts, 1)
})

test.serial('plugins that keep their contract have no faults', async (t) => {
  let started = 0
  const lifecycle = {
    start: async () => {
      started++
      await delay(1)
    },
    stop: () => undefined,
    health: () => ({ healthy: true }),
  }
  const plugins = [
    defineEnricher({ name: 'e', enrich: () => ({ data: { a: 1 } }), ...lifecycle }),
    defineFilter({ name: 'f', filter: async ({ level }) => level !== 'TRACE' }),
    defineRedactor({ name: 'r', redact: ({ data }) => void delete data['orderId'] }),
    defineProcessor({ name: 'p', process: () => null }),
    defineProcessor({ name: 'b', processBatch: async (events) => events }),
    recordingSink(),
    defineSink({ name: 'lines', writeLines: async () => undefined }),
  ]
  for (const plugin of plugins)
    t.deepEqual([plugin.name, await validatePlugin(plugin)], [plugin.name, []])
  t.is(started, 1)
  await t.notThrowsAsync(assertPlugin(plugins[0]))
})

test.serial('a plugin may be an instance of a class with private fields', async (t) => {
  class Counting {
    readonly kind = 'processor'
    readonly name = 'counting'
    #seen = 0
    process(): void {
      this.#seen++
    }
    get seen() {
      return this.#seen
    }
  }
  const plugin = new Counting()
  t.deepEqual(await validatePlugin(plugin), [])
  t.true(plugin.seen > 200)
})

const faulty: readonly [name: string, plugin: unknown, rule: PluginRule, message: RegExp][] = [
  ['is no object', 'plugin', 'contract', /plugin is "plugin": expected an object/],
  ['has an unknown kind', { kind: 'sinc', name: 'x' }, 'contract', /did you mean "sink"/],
  ['has no method', { kind: 'sink', name: 'x' }, 'contract', /write or writeLines/],
  [
    'was written for a later contract',
    { kind: 'sink', name: 'x', write: () => undefined, apiVersion: '9.0' },
    'contract',
    /upgrade fapilog/,
  ],
  [
    'throws at an event',
    defineProcessor({
      name: 'x',
      process({ data }) {
        if ('__proto__' in data && Object.hasOwn(data, '__proto__')) throw new Error('odd name')
      },
    }),
    'result',
    /at fields named as members of every object: odd name/,
  ],
  [
    'rejects',
    defineEnricher({ name: 'x', enrich: () => Promise.reject(new Error('away')) }),
    'result',
    /at a plain event: away/,
  ],
  [
    'gives back what is no boolean',
    { kind: 'filter', name: 'x', filter: () => 'yes' },
    'result',
    /must return a boolean/,
  ],
  [
    'gives back what JSON does not have',
    { kind: 'enricher', name: 'x', enrich: () => ({ data: { big: 1n } }) },
    'result',
    /BigInt/,
  ],
  [
    'gives back a cycle',
    defineProcessor({
      name: 'x',
      process(event) {
        event.data['self'] = event.data
      },
    }),
    'result',
    /circular/i,
  ],
  [
    'gives back too few results',
    defineProcessor({ name: 'x', processBatch: () => [] }),
    'result',
    /results, not 0 results/,
  ],
  ['hangs', hangingProcessor(), 'timeout', /at a plain event: no result within 60 ms/],
  ['is a sink that hangs', hangingSink(), 'timeout', /at a plain event: no end within 60 ms/],
  [
    'is a sink that fails',
    failingSink(Number.POSITIVE_INFINITY),
    'result',
    /at a plain event: the destination is away/,
  ],
  [
    'does not start',
    defineSink({ name: 'x', write: () => undefined, start: () => Promise.reject('no') }),
    'start',
    /no/,
  ],
  [
    'never starts',
    defineSink({ name: 'x', write: () => undefined, start: () => new Promise(() => undefined) }),
    'start',
    /no end within 60 ms/,
  ],
  [
    'does not stop',
    defineSink({
      name: 'x',
      write: () => undefined,
      stop() {
        throw new Error('busy')
      },
    }),
    'stop',
    /busy/,
  ],
  [
    'does not say how it is',
    { kind: 'sink', name: 'x', write: () => undefined, health: () => 'fine' },
    'health',
    /healthy/,
  ],
]

for (const [name, plugin, rule, message] of faulty) {
  test.serial(`validation finds a plugin that ${name}`, async (t) => {
    const faults = await validatePlugin(plugin, { timeoutMs: 60 })
    t.true(
      faults.some((fault) => fault.rule === rule && message.test(fault.message)),
      JSON.stringify(faults, undefined, 2),
    )
    t.deepEqual(
      faults.filter((fault) => fault.rule !== rule),
      [],
    )
    await t.throwsAsync(assertPlugin(plugin, { timeoutMs: 60 }), { instanceOf: AssertionError })
  })
}

test.serial('validation finds a plugin that leaves a timer running', async (t) => {
  let timer: NodeJS.Timeout | undefined
  const plugin = defineSink({
    name: 'x',
    write: () => undefined,
    start() {
      timer = setInterval(() => undefined, 1000)
    },
  })
  const faults = await validatePlugin(plugin)
  clearInterval(timer)
  t.deepEqual(faults, [{ rule: 'handles', message: 'still open after stop: Timeout' }])
})

test.serial('validation shows samples of the author, too', async (t) => {
  const plugin = defineProcessor({
    name: 'x',
    process({ data }) {
      if (data['mine'] === true) throw new Error('not this one')
    },
  })
  const samples = {
    'an order': (log: ReturnType<typeof createLogger>) => log.info('m', { mine: true }),
  }
  t.deepEqual(await validatePlugin(plugin, { samples }), [
    { rule: 'result', message: 'at an order: not this one' },
  ])
})

for (const [name, args] of [
  ['node:test', ['--test', runner('node-test.mjs')]],
  ['ava', [AVA, '--config', runner('ava.config.mjs')]],
] as const) {
  test.serial(`a suite of ${name} with open test loggers ends by itself`, async (t) => {
    const { code, signal, stdout, stderr } = await run(process.execPath, args, {
      timeoutMs: 110_000,
    })
    t.deepEqual([code, signal], [0, null], stdout + stderr)
    t.regex(stdout, /(pass 4|4 tests passed)/)
  })
}

const JEST = ['node_modules/jest/bin/jest.js', '--testMatch']
const SUITES = '**/jest.*.suite.cjs'
const VITEST = ['node_modules/vitest/vitest.mjs', 'run', '--pool']

for (const [name, args, passes] of [
  ['jest', [...JEST, SUITES, '--detectOpenHandles'], /Tests: +10 passed, 10 total/],
  ['jest, in processes', [...JEST, SUITES, '--maxWorkers=2'], /Tests: +10 passed, 10 total/],
  ['vitest, in processes', [...VITEST, 'forks'], /Tests +5 passed/],
  ['vitest, in threads', [...VITEST, 'threads'], /Tests +5 passed/],
] as const) {
  test.serial(
    `a suite of ${name} with open loggers ends by itself, without open handles`,
    async (t) => {
      const { code, signal, stdout, stderr } = await run(process.execPath, args, {
        cwd: guests(),
        timeoutMs: 110_000,
      })
      const said = stripVTControlCharacters(stdout + stderr)
      t.deepEqual([code, signal], [0, null], said)
      t.regex(said, passes)
      t.notRegex(said, /open handle|did not exit|failed to exit|close timed out|hanging/i)
    },
  )
}

test.serial('jest would find an open handle', async (t) => {
  const { stdout, stderr } = await run(
    process.execPath,
    [...JEST, '**/jest.open.cjs', '--detectOpenHandles'],
    {
      cwd: guests(),
      timeoutMs: 5000,
    },
  )
  t.regex(stdout + stderr, /detected the following 1 open handle/)
})

test.serial('a failure in a suite is readable and fails it', async (t) => {
  const { code, stdout } = await run(process.execPath, ['--test', runner('fails.mjs')])
  t.is(code, 1)
  t.true(stdout.includes('data.orderId is 41, not 42'), stdout)
})
