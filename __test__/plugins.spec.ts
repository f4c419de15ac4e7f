// Plugins in JavaScript: what each kind may do, and that nothing a plugin does loses an event.

import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import test from 'ava'
import {
  ConfigurationError,
  createLogger,
  defineEnricher,
  defineFilter,
  defineProcessor,
  defineRedactor,
  defineSink,
  type Plugin,
  PluginError,
  type PluginEvent,
} from 'fapilog'
import { memoryLogger, takeEvents, total } from './support/capture.ts'
import { run } from './support/child.ts'

const fixture = fileURLToPath(new URL('./fixtures/plugins.mjs', import.meta.url))
const folder = mkdtempSync(join(tmpdir(), 'fapilog-plugins-'))
test.after.always(() => rmSync(folder, { recursive: true, force: true }))

/** A logger with plugins whose failures are told to `errors`. */
function withPlugins(...plugins: Plugin[]) {
  const errors: Error[] = []
  const log = memoryLogger({ plugins, onError: (error) => errors.push(error) })
  return { log, errors }
}

async function events(log: ReturnType<typeof memoryLogger>) {
  const receipt = await log.flush(30_000)
  if (!receipt.complete) throw new Error(JSON.stringify(receipt))
  return takeEvents(log)
}

test('an enricher adds to every section; what it leaves alone stays as it was', async (t) => {
  const { log } = withPlugins(
    defineEnricher({
      name: 'region',
      enrich: ({ data }) => ({
        context: { region: 'eu', correlation_id: 'c-1' },
        diagnostics: { tries: 2 },
        data: { doubled: (data['n'] as number) * 2 },
      }),
    }),
  )
  log.warn('m', { n: 21, nested: { a: [1, null, 'x'] } })
  const [event] = await events(log)
  t.is(event?.level, 'WARNING')
  t.like(event?.context, { region: 'eu', correlation_id: 'c-1' })
  t.is(event?.diagnostics['tries'], 2)
  t.deepEqual(event?.data, { n: 21, nested: { a: [1, null, 'x'] }, doubled: 42 })
  await log.close()
})

test('filters come before enrichers, redactors before processors, whatever the order of the list', async (t) => {
  const order: string[] = []
  const say = (name: string) => {
    order.push(name)
  }
  const { log } = withPlugins(
    defineProcessor({ name: 'p', process: () => say('p') }),
    defineRedactor({ name: 'r', redact: () => say('r') }),
    defineEnricher({ name: 'e', enrich: () => say('e') }),
    defineFilter({ name: 'f', filter: () => order.push('f') > 0 }),
  )
  log.info('m')
  await events(log)
  t.deepEqual(order, ['f', 'e', 'r', 'p'])
  await log.close()
})

test('a processor changes events in place, gives back another one, or ends them; every event is accounted for', async (t) => {
  const { log } = withPlugins(
    defineProcessor({
      name: 'p',
      process(event) {
        switch (event.message) {
          case 'in place':
            event.data['n'] = 1
            event.level = 'ERROR'
            return undefined
          case 'another':
            return { ...event, message: 'renamed', data: { ...event.data, n: 2 } }
          case 'gone':
            return null
          default:
            return event
        }
      },
    }),
  )
  for (const message of ['in place', 'another', 'gone', 'same']) log.info(message, { a: 1 })
  const found = await events(log)
  t.deepEqual(
    found.map(({ message, level, data }) => [message, level, data]),
    [
      ['in place', 'ERROR', { a: 1, n: 1 }],
      ['renamed', 'INFO', { a: 1, n: 2 }],
      ['same', 'INFO', { a: 1 }],
    ],
  )
  const metrics = log.metrics()
  t.is(metrics.submitted, 4)
  t.is(metrics.written, 3)
  t.deepEqual(metrics.filtered, { INFO: 1 })
  t.is(metrics.inFlight, 0)
  t.like(metrics.plugins['p'], { events: 4, dropped: 1, failures: 0 })
  t.like(metrics.stages['plugins'], { changed: 2, filtered: { INFO: 1 } })
  await log.close()
})

test('an event looks like a plain object to a plugin', async (t) => {
  t.plan(9)
  const { log, errors } = withPlugins(
    defineProcessor({
      name: 'p',
      process(event) {
        t.deepEqual(Object.keys(event), [
          'timestamp',
          'level',
          'message',
          'logger',
          'context',
          'diagnostics',
          'data',
        ])
        t.true('data' in event)
        t.is(Object.getPrototypeOf(event), Object.prototype)
        t.deepEqual(JSON.parse(JSON.stringify(event)).data, { a: 1 })
        t.deepEqual({ ...event }.data, { a: 1 })
        Object.defineProperty(event.data, 'b', { value: 2, enumerable: true })
        Object.assign(event, { message: 'changed' })
        Reflect.deleteProperty(event, 'logger')
        t.deepEqual(Object.entries(event).length, 6)
      },
    }),
  )
  log.child({}, { name: 'x' }).info('m', { a: 1 })
  const [event] = await events(log)
  t.is(event?.message, 'changed')
  t.deepEqual(event?.data, { a: 1, b: 2 })
  t.deepEqual(errors, [])
  await log.close()
})

test('asynchronous plugins keep the order, one event at a time or several', async (t) => {
  let atOnce = 0
  let most = 0
  const { log } = withPlugins(
    defineProcessor({
      name: 'p',
      concurrency: 8,
      async process(event) {
        most = Math.max(most, ++atOnce)
        await delay(Math.random() * 4)
        atOnce--
        event.data['seen'] = true
      },
    }),
    defineProcessor({
      name: 'one',
      async process() {
        await null
      },
    }),
  )
  for (let n = 0; n < 100; n++) log.info('m', { n })
  const found = await events(log)
  t.deepEqual(
    found.map(({ data }) => data),
    Array.from({ length: 100 }, (_, n) => ({ n, seen: true })),
  )
  t.true(most > 1 && most <= 8, String(most))
  await log.close()
})

test('a batch processor gets all events of a batch and answers for each', async (t) => {
  const { log } = withPlugins(
    defineProcessor({
      name: 'p',
      processBatch: async (batch) =>
        batch.map((event) => (event.data['n'] === 3 ? null : { ...event, message: 'batched' })),
    }),
  )
  for (let n = 0; n < 10; n++) log.info('m', { n })
  const found = await events(log)
  t.deepEqual(
    found.map(({ message, data }) => [message, data['n']]),
    [0, 1, 2, 4, 5, 6, 7, 8, 9].map((n) => ['batched', n]),
  )
  await log.close()
})

// --- what goes wrong -------------------------------------------------------------------------------------

const throwing = () => {
  throw new Error('no')
}
const cyclic = (event: PluginEvent) => {
  event.data['self'] = event.data
}

/** What a plugin's function does that it should not. */
const BAD: Record<string, (event: PluginEvent) => unknown> = {
  throws: throwing,
  'throws after a change': (event) => {
    event.message = 'half'
    event.data['half'] = true
    throwing()
  },
  rejects: () => Promise.reject(new Error('no')),
  'throws what is no error': () => {
    throw null
  },
  'gives back a number': () => 7,
  'gives back a text': () => 'event',
  'gives back an empty object': () => ({}),
  'gives back an array': () => [],
  'gives back an event without data': (event) => ({ ...event, data: null }),
  'gives back a revoked proxy': () => {
    const { proxy, revoke } = Proxy.revocable({}, {})
    revoke()
    return proxy
  },
  'makes a cycle': cyclic,
  'adds a BigInt': (event) => {
    event.data['big'] = 1n
  },
  'adds a getter that throws': (event) => {
    Object.defineProperty(event.data, 'bad', { enumerable: true, get: throwing })
  },
}

for (const [what, bad] of Object.entries(BAD)) {
  test(`a processor that ${what}: the event goes on as it was, counted`, async (t) => {
    const { log, errors } = withPlugins(
      defineProcessor({ name: 'bad', process: bad as () => undefined, maxFailures: 1000 }),
      defineProcessor({
        name: 'after',
        process(event) {
          event.data['after'] = true
        },
      }),
    )
    for (let n = 0; n < 50; n++) log.info('m', { n })
    const found = await events(log)
    t.deepEqual(
      found.map(({ message, data }) => [message, data]),
      Array.from({ length: 50 }, (_, n) => ['m', { n, after: true }]),
    )
    t.like(log.metrics().plugins['bad'], { events: 50, failures: 50, dropped: 0 })
    await log.close()
    t.is(errors.length, 1)
    t.true(errors[0] instanceof PluginError)
    t.regex(String(errors[0]), /plugin bad failed: [\s\S]*; events go on without it/)
  })

  test(`a redactor that ${what}: the event goes on without message and fields`, async (t) => {
    const { log } = withPlugins(
      defineRedactor({ name: 'bad', redact: bad as () => undefined, maxFailures: 1000 }),
    )
    for (let n = 0; n < 50; n++) log.child({ bound: 'secret' }).error('a secret', { secret: n })
    const found = await events(log)
    t.is(found.length, 50)
    for (const { message, level, data } of found) {
      t.is(message, '[withheld: a redactor failed]')
      t.is(level, 'ERROR')
      t.deepEqual(data, {})
    }
    t.notRegex(JSON.stringify(found), /secret"/)
    t.like(log.metrics().plugins['bad'], { failures: 50, withheld: 50 })
    await log.close()
  })
}

test('a filter that gives back no boolean lets the event go on; what it changes is not kept', async (t) => {
  const { log } = withPlugins(
    defineFilter({ name: 'odd', filter: (() => 'yes') as unknown as () => boolean }),
    defineFilter({
      name: 'busy',
      filter(event) {
        event.data['changed'] = true
        return true
      },
    }),
  )
  log.info('m', { a: 1 })
  const [event] = await events(log)
  t.deepEqual(event?.data, { a: 1 })
  t.is(log.metrics().plugins['odd']?.failures, 1)
  await log.close()
})

test('a batch processor that answers for too few events: all go on as they were', async (t) => {
  const { log, errors } = withPlugins(
    defineProcessor({ name: 'bad', processBatch: (batch) => batch.slice(1) }),
  )
  for (let n = 0; n < 10; n++) log.info('m', { n })
  t.is((await events(log)).length, 10)
  t.is(log.metrics().plugins['bad']?.failures, 10)
  await log.close()
  t.regex(String(errors[0]), /must return \d+ results, not \d+ results/)
})

test('a plugin that fails too often is left alone, and tried again later', async (t) => {
  let broken = true
  const { log, errors } = withPlugins(
    defineProcessor({
      name: 'p',
      maxFailures: 3,
      cooldownMs: 3000,
      process(event) {
        if (broken) throw new Error('no')
        event.data['ok'] = true
      },
    }),
  )
  for (let n = 0; n < 10; n++) log.info('m')
  t.is((await events(log)).length, 10)
  t.like(log.metrics().plugins['p'], { events: 3, failures: 3, skipped: 7, breaker: 'open' })
  await delay(3050)
  t.is(log.metrics().plugins['p']?.breaker, 'half-open')
  log.info('still broken')
  await events(log)
  t.like(log.metrics().plugins['p'], { events: 4, failures: 4, breaker: 'open' })
  broken = false
  await delay(3050)
  log.info('m')
  const [event] = await events(log)
  t.deepEqual(event?.data, { ok: true })
  t.is(log.metrics().plugins['p']?.breaker, 'closed')
  await log.close()
  t.true(errors.some((error) => /works again/.test(error.message)))
})

test('a plugin that never answers is waited for until its timeout, and its late answer changes nothing', async (t) => {
  const late: (() => void)[] = []
  const { log } = withPlugins(
    defineProcessor({
      name: 'hangs',
      timeoutMs: 40,
      maxFailures: 2,
      process: (event) =>
        new Promise<undefined>((resolve) => {
          late.push(() => {
            event.message = 'late'
            resolve(undefined)
          })
        }),
    }),
  )
  for (let n = 0; n < 5; n++) log.info('m', { n })
  const found = await events(log)
  t.deepEqual(
    found.map(({ message }) => message),
    ['m', 'm', 'm', 'm', 'm'],
  )
  t.like(log.metrics().plugins['hangs'], { timeouts: 2, failures: 2, skipped: 3 })
  for (const answer of late) answer()
  await delay(10)
  t.deepEqual(await events(log), [])
  await log.close()
})

test('a plugin that keeps an event and changes it later changes nothing', async (t) => {
  const kept: PluginEvent[] = []
  const { log } = withPlugins(
    defineProcessor({
      name: 'keeps',
      process(event) {
        event.data['n'] = 1
        kept.push(event)
        return event
      },
    }),
    defineProcessor({
      name: 'next',
      async process() {
        for (const event of kept) event.message = 'from behind'
        await null
      },
    }),
  )
  log.info('m')
  const [event] = await events(log)
  t.is(event?.message, 'm')
  t.deepEqual(event?.data, { n: 1 })
  await log.close()
})

test('a plugin that logs through the same logger does not see its own events, at once or later', async (t) => {
  const holder: { log?: ReturnType<typeof memoryLogger> } = {}
  const { log } = withPlugins(
    defineEnricher({
      name: 'sync',
      enrich() {
        holder.log?.info('from sync')
        return { data: { enriched: true } }
      },
    }),
    defineProcessor({
      name: 'async',
      async process() {
        await delay(1)
        holder.log?.info('from async')
      },
    }),
  )
  holder.log = log
  // The first batch shows which plugins are asynchronous.
  log.info('warm')
  await events(log)
  await events(log)
  for (let n = 0; n < 5; n++) log.info('m', { n })
  await log.flush()
  await log.flush()
  const found = takeEvents(log)
  t.is(found.filter(({ message }) => message === 'm').length, 5)
  t.is(found.filter(({ message }) => message === 'from sync').length, 5)
  t.is(found.filter(({ message }) => message === 'from async').length, 5)
  t.is(log.metrics().inFlight, 0)
  await log.close()
})

test('a sink does not get what plugins log, itself among them; other sinks do', async (t) => {
  const holder: { log?: ReturnType<typeof memoryLogger> } = {}
  let got = 0
  const { log } = withPlugins(
    defineSink({
      name: 'sync',
      write(batch) {
        got += batch.length
        holder.log?.info('from sync')
      },
    }),
    defineSink({
      name: 'async',
      async write() {
        await delay(1)
        holder.log?.info('from async')
      },
    }),
  )
  holder.log = log
  // The first batch shows which sinks are asynchronous.
  log.info('warm')
  await events(log)
  await events(log)
  await events(log)
  const before = got
  log.info('m')
  await log.flush()
  await log.flush()
  t.is(got, before + 1)
  const names = takeEvents(log).map(({ message }) => message)
  t.deepEqual(names.sort(), ['from async', 'from sync', 'm'])
  t.is(log.metrics().inFlight, 0)
  await log.close()
})

test('a plugin can be turned off and on again', async (t) => {
  const { log } = withPlugins(defineFilter({ name: 'none', filter: () => false }))
  log.info('a')
  t.is((await events(log)).length, 0)
  log.disablePlugin('none')
  log.info('b')
  t.deepEqual(
    (await events(log)).map(({ message }) => message),
    ['b'],
  )
  t.like(log.metrics().plugins['none'], { enabled: false, skipped: 1 })
  log.enablePlugin('none')
  log.info('c')
  t.is((await events(log)).length, 0)
  t.throws(() => log.disablePlugin('non'), { instanceOf: ConfigurationError, message: /none/ })
  await log.close()
})

test('filters change while events are on their way to plugins: what was logged before goes the old way', async (t) => {
  const { log } = withPlugins(
    defineProcessor({
      name: 'sync',
      process(event) {
        event.data['seen'] = true
      },
    }),
    defineProcessor({
      name: 'async',
      async process() {
        await delay(1)
      },
    }),
  )
  for (let n = 0; n < 20; n++) log.info('before', { n })
  log.reconfigure({ filters: { minLevels: { '*': 'ERROR' } } })
  for (let n = 0; n < 20; n++) log.info('after', { n })
  log.error('last')
  const found = await events(log)
  const before = found.filter(({ message }) => message === 'before')
  t.deepEqual(
    before.map(({ data }) => data),
    Array.from({ length: 20 }, (_, n) => ({ n, seen: true })),
  )
  const { submitted, written, filtered, inFlight } = log.metrics()
  t.deepEqual([submitted, written + total(filtered), inFlight], [41, 41, 0])
  t.is(found.at(-1)?.message, 'last')
  await log.close()
})

test('start comes before the first event, stop after the last; both may be asynchronous', async (t) => {
  const order: string[] = []
  const { log } = withPlugins(
    defineProcessor({
      name: 'p',
      async start() {
        await delay(20)
        order.push('start')
      },
      process(event) {
        order.push(event.message)
      },
      async stop() {
        await delay(5)
        order.push('stop')
      },
    }),
  )
  log.info('a')
  log.info('b')
  await log.close()
  t.deepEqual(order, ['start', 'a', 'b', 'stop'])
})

test('a plugin whose start fails is not asked; a redactor then withholds', async (t) => {
  const { log, errors } = withPlugins(
    defineProcessor({ name: 'p', start: throwing, process: () => null }),
    defineRedactor({
      name: 'r',
      start: () => Promise.reject(new Error('no')),
      redact: () => undefined,
    }),
  )
  log.info('secret')
  const [event] = await events(log)
  t.is(event?.message, '[withheld: a redactor failed]')
  await log.close()
  t.is(errors.filter((error) => /start failed/.test(error.message)).length, 2)
})

// --- sinks -----------------------------------------------------------------------------------------------

test('a plugin whose start never ends is not asked, and holds events up no longer than its timeout', async (t) => {
  const never = new Promise<void>(() => undefined)
  const { log, errors } = withPlugins(
    defineProcessor({ name: 'never', timeoutMs: 300, start: () => never, process: () => null }),
  )
  for (let n = 0; n < 100; n++) log.info('m', { n })
  await delay(400)
  t.is((await events(log)).length, 100)
  await log.close()
  t.regex(String(errors[0]), /plugin never: start failed: .*no result within 300 ms/)
})

test('plugins say how they are; one that fails, hangs or answers nonsense is not healthy', async (t) => {
  const pass = (name: string, more: object) =>
    defineFilter({ name, filter: () => true, timeoutMs: 100, ...more })
  const { log } = withPlugins(
    pass('silent', {}),
    pass('fine', { health: () => ({ healthy: true }) }),
    pass('ill', { health: async () => ({ healthy: false, details: { queue: 7 } }) }),
    pass('broken', { health: throwing }),
    pass('odd', { health: () => 'fine' }),
    pass('hanging', { health: () => new Promise(() => undefined) }),
  )
  t.deepEqual(await log.pluginHealth(), {
    fine: { healthy: true },
    ill: { healthy: false, details: { queue: 7 } },
    broken: { healthy: false, details: 'no' },
    odd: { healthy: false, details: 'health must return { healthy: boolean }' },
    hanging: { healthy: false, details: 'no result within 100 ms' },
  })
  await log.close()
  const bare = memoryLogger()
  t.deepEqual(await bare.pluginHealth(), {})
  await bare.close()
})

/** What a plugin may do to the application. */
const BURDENS: Record<string, () => (event: PluginEvent) => unknown> = {
  'blocks for 10 s once': () => {
    let blocked = false
    return () => {
      if (!blocked) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 10_000)
      blocked = true
    }
  },
  'keeps every event for ever': () => {
    const kept: PluginEvent[] = []
    return (event) => void kept.push(event)
  },
  hangs: () => () => new Promise(() => undefined),
  throws: () => throwing,
}

for (const [what, burden] of Object.entries(BURDENS)) {
  test.serial(`a plugin that ${what} loses no event and makes no log call slower`, async (t) => {
    t.timeout(60_000)
    const { log } = withPlugins(
      defineProcessor({
        name: 'burden',
        process: burden() as () => undefined,
        timeoutMs: 200,
        maxFailures: 2,
        cooldownMs: 60_000,
      }),
    )
    const calls: number[] = []
    const burst = async (from: number) => {
      for (let n = from; n < from + 2000; n++) {
        const start = performance.now()
        log.info('m', { n })
        calls.push(performance.now() - start)
        if (n % 100 === 99) await delay(1)
      }
    }
    await burst(0)
    await burst(2000)
    const found = await events(log)
    t.deepEqual(
      found.map(({ data }) => data['n']),
      Array.from({ length: 4000 }, (_, n) => n),
    )
    const { submitted, written, filtered, dropped } = log.metrics()
    t.deepEqual([submitted, written, total(filtered), total(dropped)], [4000, 4000, 0, 0])
    // What the machine does to a call now and then is not the plugin's doing; a call never waits for it.
    calls.sort((a, b) => a - b)
    t.true((calls[3960] as number) < 1, `99 %: ${calls[3960]} ms`)
    await log.close()
  })
}

test('a sink gets every event once, in order, with its own level', async (t) => {
  const got: PluginEvent[] = []
  const lines: string[] = []
  const { log } = withPlugins(
    defineSink({
      name: 'events',
      async write(batch) {
        await null
        got.push(...batch)
      },
    }),
    defineSink({
      name: 'lines',
      level: 'ERROR',
      format: 'logfmt',
      writeLines(text) {
        lines.push(...text.split('\n').slice(0, -1))
      },
    }),
  )
  for (let n = 0; n < 5000; n++) log.info('m', { n })
  log.error('last')
  const receipt = await log.flush()
  t.true(receipt.complete)
  t.is(got.length, 5001)
  t.deepEqual(
    got.slice(0, 5000).map(({ data }) => data['n']),
    Array.from({ length: 5000 }, (_, n) => n),
  )
  t.is(lines.length, 1)
  t.regex(lines[0] ?? '', /level=error msg=last/i)
  t.is(log.metrics().sinks['events']?.written, 5001)
  await log.close()
})

test('a sink that fails is tried again until it works; nothing is lost', async (t) => {
  let failures = 0
  const got = new Set<unknown>()
  const { log, errors } = withPlugins(
    defineSink({
      name: 'flaky',
      write(batch) {
        if (failures++ < 3) throw new Error('not now')
        for (const { data } of batch) got.add(data['n'])
      },
    }),
  )
  for (let n = 0; n < 100; n++) log.info('m', { n })
  t.true((await log.flush()).complete)
  t.is(got.size, 100)
  t.is(log.metrics().sinks['flaky']?.written, 100)
  t.is(log.metrics().sinks['flaky']?.errors, 3)
  await log.close()
  t.true(errors.some((error) => /not now/.test(error.message)))
})

test('a sink that never answers holds up no other sink, and close is bounded; what it lost is counted', async (t) => {
  const { log } = withPlugins(
    defineSink({ name: 'stuck', write: () => new Promise(() => undefined) }),
  )
  for (let n = 0; n < 100; n++) log.info('m', { n })
  const started = Date.now()
  const receipt = await log.close(600)
  t.true(Date.now() - started < 4000)
  t.false(receipt.complete)
  const { sinks, submitted } = log.metrics()
  t.is(sinks['memory']?.written, 100)
  t.is(sinks['stuck']?.written, 0)
  t.is(total(sinks['stuck']?.dropped ?? {}), submitted)
})

test('a process ends when its logger is closed, also with a sink that never answers', async (t) => {
  const { code, ms } = await run(process.execPath, [
    fixture,
    'closed with a stuck sink',
    join(folder, 'stuck.log'),
  ])
  t.is(code, 0)
  t.true(ms < 15_000, String(ms))
})

// --- the end of the process ------------------------------------------------------------------------------

for (const how of [
  'nothing left to do',
  'process.exit',
  'uncaught',
  'exit in a plugin',
  'exit while asynchronous',
]) {
  test(`plugins at the end of the process: ${how}`, async (t) => {
    const path = join(folder, `${how}.log`)
    const { code, stderr } = await run(process.execPath, [fixture, how, path])
    const found = readFileSync(path, 'utf8')
      .split('\n')
      .slice(0, -1)
      .map((line) => JSON.parse(line))
    t.is(found.length, 1000, stderr)
    t.deepEqual(
      found.map(({ data }) => data.n),
      Array.from({ length: 1000 }, (_, n) => n),
    )
    t.is(code, how === 'nothing left to do' ? 0 : how === 'uncaught' ? 1 : 3)
    const seen = found.filter(({ data }) => data.seen === true).length
    if (how === 'exit while asynchronous') t.true(seen < 1000)
    else if (how === 'exit in a plugin') t.true(seen < 10, 'a batch is answered as a whole')
    else t.is(seen, 1000)
  })
}

// --- bad settings ----------------------------------------------------------------------------------------

const wrong: [what: unknown, expected: RegExp][] = [
  [{ kind: 'filtre', name: 'x' }, /did you mean filter\?/],
  [{ kind: 'filter', filter: () => true }, /name is a text/],
  [{ kind: 'filter', name: 'x' }, /a filter has a method filter/],
  [{ kind: 'sink', name: 'x', write: 1 }, /a sink has a method write or writeLines/],
  [{ kind: 'filter', name: 'x', filter: () => true, timeoutMs: 0 }, /timeoutMs is a number from 1/],
  [{ kind: 'filter', name: 'x', filter: () => true, apiVersion: '2.0' }, /upgrade fapilog/],
  [{ kind: 'sink', name: 'x', write() {}, format: 'xml' }, /format is one of json/],
  ['filter', /a plugin is an object/],
]

for (const [plugin, expected] of wrong) {
  test(`a plugin that is none is refused: ${expected.source}`, (t) => {
    const error = t.throws(() => createLogger({ plugins: [plugin as Plugin] }), {
      instanceOf: ConfigurationError,
    })
    t.regex(error?.message ?? '', expected)
    t.regex(error?.message ?? '', /plugins\[0\]/)
  })
}

test('two plugins of one name are refused, and plugins that crash-safe recovery would lack', (t) => {
  const filter = defineFilter({ name: 'x', filter: () => true })
  t.throws(() => createLogger({ plugins: [filter, filter] }), { message: /no other plugin/ })
  const sinks = [{ type: 'file', path: join(folder, 'x.log') }] as const
  t.throws(() => createLogger({ plugins: [filter], sinks, durability: 'crash-safe' }), {
    message: /plugins other than sinks/,
  })
})
