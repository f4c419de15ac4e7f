// What plugins do that they should not, for every contract and every way to write it: no event is lost, none moves, and
// what has failed is counted.

import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Worker } from 'node:worker_threads'
import test from 'ava'
import {
  createLogger,
  definePlugin,
  defineProcessor,
  defineRedactor,
  defineSink,
  type Plugin,
  type PluginEvent,
  type PluginMetrics,
} from 'fapilog'
import { memoryLogger, takeEvents, total } from './support/capture.ts'
import { run } from './support/child.ts'

const fixture = fileURLToPath(new URL('./fixtures/blocking-plugin.mjs', import.meta.url))

const EVENTS = 200
const NUMBERS = Array.from({ length: EVENTS }, (_, n) => n)
const WITHHELD = '[withheld: a redactor failed]'
const never = () => new Promise(() => undefined)

/** What a call does. */
const FAULTS: Readonly<Record<string, () => unknown>> = {
  throws: () => {
    throw new Error('no')
  },
  rejects: () => Promise.reject(new Error('no')),
  'gives back garbage': () => Symbol('garbage'),
  'gives back garbage later': async () => [7],
  hangs: never,
}

/** Every contract but that of sinks, by its methods. */
const INLINE = {
  enricher: ['enrich', 'enrichBatch'],
  filter: ['filter', 'filterBatch'],
  redactor: ['redact', 'redactBatch'],
  processor: ['process', 'processBatch'],
} as const

/** A plugin of a kind with one method. */
function plugin(kind: string, method: string, call: unknown, more: object = {}): Plugin {
  return definePlugin({ kind, name: 'faulty', [method]: call, ...more } as unknown as Plugin)
}

async function logged(...plugins: Plugin[]): Promise<{
  events: ReturnType<typeof takeEvents>
  metrics: PluginMetrics
}> {
  const log = memoryLogger({ plugins, onError: () => undefined })
  for (const n of NUMBERS) {
    log.info('m', { n })
    // Several batches.
    if (n % 50 !== 49) continue
    const receipt = await log.flush(60_000)
    if (!receipt.complete) throw new Error(JSON.stringify(receipt))
  }
  const { submitted, written, filtered, dropped, inFlight, plugins: counters } = log.metrics()
  const lost = { filtered: total(filtered), dropped: total(dropped), inFlight }
  if (submitted !== EVENTS || written !== EVENTS || Object.values(lost).some((count) => count > 0))
    throw new Error(JSON.stringify({ submitted, written, ...lost }))
  const events = takeEvents(log)
  await log.close()
  return { events, metrics: counters['faulty'] as PluginMetrics }
}

for (const [kind, methods] of Object.entries(INLINE)) {
  for (const method of methods) {
    for (const [what, fault] of Object.entries(FAULTS)) {
      test(`${kind}.${method} that ${what}: every event goes on, in order, counted`, async (t) => {
        const limits = { timeoutMs: 40, maxFailures: 2, cooldownMs: 60_000 }
        const { events, metrics } = await logged(plugin(kind, method, fault, limits))
        const { failures, skipped, timeouts, withheld, dropped, breaker } = metrics
        t.is(failures + skipped, EVENTS)
        t.true(failures >= 2, String(failures))
        t.is(timeouts, what === 'hangs' ? failures : 0)
        t.deepEqual([dropped, breaker], [0, 'open'])
        if (kind === 'redactor') {
          t.is(withheld, EVENTS)
          t.true(events.every(({ message }) => message === WITHHELD))
          t.true(events.every(({ data }) => Object.keys(data).length === 0))
          return
        }
        t.is(withheld, 0)
        t.deepEqual(
          events.map(({ message, data }) => [message, data]),
          NUMBERS.map((n) => ['m', { n }]),
        )
      })
    }

    test(`${kind}.${method} that keeps all it sees: every event goes on, in order`, async (t) => {
      const kept: unknown[] = []
      const result = kind === 'filter' ? true : undefined
      const call = method.endsWith('Batch')
        ? (batch: PluginEvent[]) => {
            kept.push(...batch)
            return batch.map(() => result)
          }
        : (event: PluginEvent) => {
            kept.push(event)
            return result
          }
      const { events, metrics } = await logged(plugin(kind, method, call))
      t.deepEqual(
        events.map(({ data }) => data['n']),
        NUMBERS,
      )
      t.deepEqual([kept.length, metrics.failures], [EVENTS, 0])
    })
  }
}

for (const method of ['writeEvent', 'write', 'writeLines'] as const) {
  for (const [what, fault] of Object.entries(FAULTS)) {
    if (what.includes('garbage')) continue
    test(`sink.${method} that ${what} three times: it gets every event, and no other sink waits`, async (t) => {
      let calls = 0
      const got: number[] = []
      const write = (given: unknown) => {
        if (calls++ < 3) return fault()
        const events =
          typeof given === 'string'
            ? given
                .trimEnd()
                .split('\n')
                .map((line) => JSON.parse(line) as PluginEvent)
            : [given as PluginEvent | PluginEvent[]].flat()
        got.push(...events.map(({ data }) => data['n'] as number))
        return undefined
      }
      const { events, metrics } = await logged(plugin('sink', method, write, { timeoutMs: 60 }))
      t.deepEqual(
        events.map(({ data }) => data['n']),
        NUMBERS,
      )
      t.deepEqual(got, NUMBERS)
      t.like(metrics, { failures: 3, timeouts: what === 'hangs' ? 3 : 0, kind: 'sink' })
    })
  }
}

test('a plugin of every kind that blocks for 10 s: no event is lost, and nothing else takes long', async (t) => {
  const kinds = ['enricher', 'filter', 'redactor', 'processor', 'sink']
  await Promise.all(
    kinds.map(async (kind) => {
      const { code, stdout, stderr } = await run(process.execPath, [fixture, kind], {
        timeoutMs: 100_000,
      })
      t.is(code, 0, stderr)
      const { counters, numbers, sinkNumbers, pauses } = JSON.parse(stdout)
      t.deepEqual(counters, { submitted: 2000, written: 2000, filtered: 0, dropped: 0 }, kind)
      const all = Array.from({ length: 2000 }, (_, n) => n)
      t.deepEqual(numbers, all, kind)
      t.deepEqual(sinkNumbers, kind === 'sink' ? all : [], kind)
      // The thread stood still once, for as long as the plugin held it.
      t.is(pauses.length, 1, `${kind}: ${pauses}`)
      t.true(pauses[0] >= 9990 && pauses[0] < 15_000, `${kind}: ${pauses}`)
    }),
  )
})

for (const asynchronous of [false, true]) {
  test(`a worker that is ended in the middle of its ${asynchronous ? 'asynchronous ' : ''}redactor's work: every event is there, none in the clear`, async (t) => {
    const folder = mkdtempSync(join(tmpdir(), 'fapilog-plugin-faults-'))
    t.teardown(() => rmSync(folder, { recursive: true, force: true }))
    for (let round = 0; round < 5; round++) {
      const path = join(folder, `${round}.log`)
      const progress = new Int32Array(new SharedArrayBuffer(4))
      const worker = new Worker(
        fileURLToPath(new URL('./fixtures/redacting-worker.mjs', import.meta.url)),
        {
          workerData: { path, progress, asynchronous },
          execArgv: [],
        },
      )
      await once(worker, 'message')
      await new Promise((resolve) => setTimeout(resolve, 20 + 30 * round))
      await worker.terminate()
      const returned = progress[0] as number
      const text = readFileSync(path, 'utf8')
      t.false(text.includes('hush-'))
      const lines = text.split('\n').slice(0, -1)
      t.true(
        lines.length >= returned && lines.length <= returned + 1,
        `${lines.length} ${returned}`,
      )
      for (const line of lines) {
        const { message, data } = JSON.parse(line)
        if (message === WITHHELD) t.deepEqual(data, {})
        else t.is(data.secret, '***')
      }
    }
  })
}

// --- events that come back as something else -------------------------------------------------------------

/** What makes an event something that is none, in place. */
const SPOILT: Readonly<Record<string, (event: PluginEvent) => void>> = {
  'has no message': (event) => {
    Reflect.deleteProperty(event, 'message')
  },
  'has a message of another type': (event) => {
    event.message = null as never
  },
  'has a level that there is not': (event) => {
    event.level = 'LOUD'
  },
  'has a level of another type': (event) => {
    event.level = 30 as never
  },
  'has a time that is none': (event) => {
    event.timestamp = 'yesterday'
  },
  'has a list for data': (event) => {
    event.data = [] as never
  },
  'has a date for data': (event) => {
    event.data = new Date() as never
  },
  'has no context': (event) => {
    Reflect.deleteProperty(event, 'context')
  },
  'has text for diagnostics': (event) => {
    event.diagnostics = 'none' as never
  },
}

for (const [what, spoil] of Object.entries(SPOILT)) {
  test(`an event that ${what}: a processor's change is undone, a redactor's event withheld`, async (t) => {
    const once = { maxFailures: 1000 }
    const spoiling = (event: PluginEvent) => {
      event.data['half'] = true
      spoil(event)
    }
    const processed = await logged(plugin('processor', 'process', spoiling, once))
    t.deepEqual(
      processed.events.map(({ message, level, data }) => [message, level, data]),
      NUMBERS.map((n) => ['m', 'INFO', { n }]),
    )
    t.is(processed.metrics.failures, EVENTS)
    t.regex(
      processed.metrics.lastError ?? '',
      /what was returned is not an event: \w+ is .*, not a/,
    )
    const redacted = await logged(plugin('redactor', 'redact', spoiling, once))
    t.true(redacted.events.every(({ message }) => message === WITHHELD))
    t.is(redacted.metrics.withheld, EVENTS)
  })
}

test('an enrichment has sections; a field beside them is a failure, not lost without a word', async (t) => {
  const flat = plugin('enricher', 'enrich', () => ({ region: 'eu' }), { maxFailures: 1000 })
  const { events, metrics } = await logged(flat)
  t.true(events.every(({ context, data }) => !('region' in context) && !('region' in data)))
  t.is(metrics.failures, EVENTS)
  t.is(metrics.lastError, 'enrich: there is no section region: it belongs in context or data')
})

test('what an event inherits or hides is part of it', async (t) => {
  const { events } = await logged(
    defineProcessor({
      name: 'faulty',
      process(event) {
        const made = Object.create({ ...event, message: 'inherited' }) as PluginEvent
        return Object.defineProperty(made, 'data', { value: { hidden: true } })
      },
    }),
  )
  t.true(events.every(({ message, data }) => message === 'inherited' && data['hidden'] === true))
})

test('an event that is nested too deep to be read again is withheld where something redacts', async (t) => {
  const nesting = defineProcessor({
    name: 'nesting',
    process(event) {
      let deep: unknown = 'ground'
      for (let depth = 0; depth < 300; depth++) deep = [deep]
      event.data = { deep }
    },
  })
  const redactor = defineRedactor({
    name: 'faulty',
    redact(event) {
      event.data['n'] = '***'
    },
  })
  const alone = await logged(defineProcessor({ ...nesting, name: 'faulty' }))
  t.deepEqual(
    alone.events.map(({ data }) => data['n']),
    NUMBERS,
  )
  const { events } = await logged(redactor, nesting)
  t.true(events.every(({ message, data }) => message === WITHHELD && !('n' in data)))
})

// --- limits ----------------------------------------------------------------------------------------------

test('after a pause one event alone tries a plugin, however many it works on at once', async (t) => {
  let atOnce = 0
  let most = 0
  let broken = true
  const log = memoryLogger({
    onError: () => undefined,
    plugins: [
      defineProcessor({
        name: 'p',
        concurrency: 8,
        maxFailures: 1,
        cooldownMs: 200,
        async process() {
          most = Math.max(most, ++atOnce)
          await new Promise((resolve) => setTimeout(resolve, 5))
          atOnce--
          if (broken) throw new Error('no')
        },
      }),
    ],
  })
  log.info('first')
  await log.flush(60_000)
  t.is(log.metrics().plugins['p']?.breaker, 'open')
  await new Promise((resolve) => setTimeout(resolve, 250))
  most = 0
  for (let n = 0; n < 50; n++) log.info('while broken')
  await log.flush(60_000)
  t.is(most, 1)
  t.like(log.metrics().plugins['p'], { breaker: 'open', failures: 2, skipped: 49 })
  broken = false
  await new Promise((resolve) => setTimeout(resolve, 250))
  for (let n = 0; n < 50; n++) log.info('once it works')
  await log.flush(60_000)
  t.like(log.metrics().plugins['p'], { breaker: 'closed', failures: 2, skipped: 49, events: 52 })
  t.is(takeEvents(log).length, 101)
  await log.close()
})

// --- sinks -----------------------------------------------------------------------------------------------

test('a sink that gives back something like a promise is awaited', async (t) => {
  let tries = 0
  const got: number[] = []
  const sink = defineSink({
    name: 'faulty',
    write(events) {
      const pending =
        tries++ === 0
          ? Promise.reject(new Error('not now'))
          : Promise.resolve().then(
              () => void got.push(...events.map(({ data }) => Number(data['n']))),
            )
      // biome-ignore lint/suspicious/noThenProperty: a promise of another library
      return { then: pending.then.bind(pending) }
    },
  })
  const { metrics } = await logged(sink)
  t.deepEqual(got, NUMBERS)
  t.is(metrics.failures, 1)
})

test('a sink that is turned off skips events: they count as skipped, not as written', async (t) => {
  const got: unknown[] = []
  const log = memoryLogger({
    plugins: [defineSink({ name: 's', write: (events) => void got.push(...events) })],
  })
  log.info('a')
  await log.flush(60_000)
  log.disablePlugin('s')
  for (let n = 0; n < 10; n++) log.warn('b')
  await log.flush(60_000)
  log.enablePlugin('s')
  log.info('c')
  await log.flush(60_000)
  t.is(got.length, 2)
  const { sinks, submitted, written, inFlight, plugins } = log.metrics()
  t.like(sinks['s'], { written: 2, skipped: { WARNING: 10 }, dropped: {} })
  t.deepEqual([submitted, written, inFlight], [12, 12, 0])
  t.is(plugins['s']?.skipped, 10)
  await log.close()
})

test('a sink whose start fails drops and counts its events at once; no flush waits for it', async (t) => {
  const log = memoryLogger({
    onError: () => undefined,
    plugins: [
      defineSink({
        name: 's',
        start: () => Promise.reject(new Error('no')),
        write: () => undefined,
      }),
    ],
  })
  for (let n = 0; n < 10; n++) log.info('m')
  await log.flush(60_000)
  const { sinks, submitted, inFlight } = log.metrics()
  t.is(sinks['memory']?.written, 10)
  t.like(sinks['s'], { written: 0, dropped: { INFO: 10 }, failing: true })
  t.deepEqual([submitted, inFlight], [10, 0])
  t.is(log.health().sinks['s']?.status, 'failing')
  await log.close()
})

test('a sink with a budget is left alone for a while; its lines go to the fallback, exactly counted', async (t) => {
  let broken = true
  const got: number[] = []
  const log = createLogger({
    format: 'json',
    sinks: [{ type: 'memory', name: 'spare', level: 'CRITICAL' }],
    onError: () => undefined,
    plugins: [
      defineSink({
        name: 's',
        fallback: 'spare',
        maxFailures: 2,
        cooldownMs: 300,
        write(events) {
          if (broken) throw new Error('no')
          got.push(...events.map(({ data }) => Number(data['n'])))
        },
      }),
    ],
  })
  for (let n = 0; n < 20; n++) log.info('m', { n })
  await log.flush(60_000)
  t.like(log.metrics().sinks['s'], { written: 0, diverted: { INFO: 20 }, dropped: {} })
  t.is(log.metrics().plugins['s']?.breaker, 'open')
  t.deepEqual(
    takeEvents(log, 'spare').map(({ data }) => data['n']),
    Array.from({ length: 20 }, (_, n) => n),
  )
  broken = false
  await new Promise((resolve) => setTimeout(resolve, 350))
  log.info('m', { n: 20 })
  await log.flush(60_000)
  t.deepEqual(got, [20])
  t.is(log.metrics().plugins['s']?.breaker, 'closed')
  t.like(log.metrics().sinks['s'], { written: 1, opened: 1 })
  await log.close()
})

test('a fallback is a sink of the settings', (t) => {
  const sink = defineSink({ name: 's', fallback: 'sprae', write: () => undefined })
  t.throws(() => createLogger({ plugins: [sink], sinks: [{ type: 'null', name: 'spare' }] }), {
    message: /plugins\[0\]\.fallback is "sprae": expected a sink: spare; did you mean "spare"\?/,
  })
  const sinks = [{ type: 'null', name: 'sprae', breaker: { failures: 3 } }] as const
  t.throws(() => createLogger({ plugins: [sink], sinks }), {
    message: /plugins\[0\]\.fallback .*without a fallback or breaker of its own/,
  })
})

test('what a sink has written event by event is not written again when a later one fails', async (t) => {
  const got: number[] = []
  let failures = 0
  const { metrics } = await logged(
    defineSink({
      name: 'faulty',
      concurrency: 4,
      async writeEvent({ data }) {
        const n = Number(data['n'])
        await new Promise((resolve) => setTimeout(resolve, n % 3))
        if (n % 50 === 17 && failures < (n + 33) / 50) {
          failures++
          throw new Error('not now')
        }
        got.push(n)
      },
    }),
  )
  t.deepEqual(
    got.sort((a, b) => a - b),
    NUMBERS,
  )
  t.true(failures >= 1)
  t.is(metrics.failures, failures)
})
