// Filters: what reaches a sink, and that every event is counted as written or as filtered.

import { join } from 'node:path'
import test from 'ava'
import { ConfigurationError, type FilterOptions, type Logger, type LoggerOptions } from 'fapilog'
import { type Envelope, memoryLogger, takeEvents, total } from './support/capture.js'
import { acked, compare, folder, lines, recover, remove, runAndKill } from './support/crash.mjs'

function filtered(filters: FilterOptions, more: LoggerOptions = {}): Logger {
  return memoryLogger({ name: 'app', filters, ...more })
}

async function events(log: Logger): Promise<Envelope[]> {
  await log.flush()
  return takeEvents(log)
}

/** Submitted is written and filtered, and nothing else, when nothing was lost. */
function accounted(t: import('ava').ExecutionContext, log: Logger, stage: string): void {
  const { submitted, written, inFlight, ...metrics } = log.metrics()
  t.is(submitted, written + total(metrics.filtered))
  t.is(inFlight, 0)
  t.is(total(metrics.dropped), 0)
  t.deepEqual(metrics.stages[stage]?.filtered, metrics.filtered)
}

test('minLevels: the pattern that says more about a logger decides', async (t) => {
  const log = filtered({ minLevels: { '*': 'INFO', 'app.db.*': 'silent', 'app.db.pool': 'debug' } })
  for (const name of ['web', 'db.query', 'db.pool']) {
    const named = log.child({}, { name: `app.${name}` })
    named.debug(name)
    named.security(name)
  }
  const found = (await events(log)).map(({ level, message }) => `${level} ${message}`)
  t.deepEqual(found, ['SECURITY web', 'DEBUG db.pool', 'SECURITY db.pool'])
  accounted(t, log, 'minLevels')
  await log.close()
})

test('sampling keeps its rate, every protected event, and counts the others', async (t) => {
  const log = filtered({ sampling: { rate: 0.2, levels: { DEBUG: 0 } } })
  for (let n = 0; n < 5000; n++) {
    log.debug('d')
    log.info('i')
    log.error('e')
  }
  const counts: Record<string, number> = {}
  for (const { level } of await events(log)) counts[level] = (counts[level] ?? 0) + 1
  t.is(counts['DEBUG'], undefined)
  t.is(counts['ERROR'], 5000)
  // Five standard deviations of 5,000 draws.
  t.true(Math.abs((counts['INFO'] as number) - 1000) < 5 * Math.sqrt(5000 * 0.2 * 0.8))
  accounted(t, log, 'sampling')
  await log.close()
})

test('sampling by a field and trace sampling say the same in every logger', async (t) => {
  const ids = (list: Envelope[]) =>
    list.map(({ data, context }) => data['user'] ?? context['trace_id'])
  for (const [filters, field] of [
    [{ sampling: { rate: 0.5, by: ['user'] } }, 'user'],
    [{ traceSampling: { rate: 0.5 } }, 'trace_id'],
  ] as const) {
    const found: unknown[] = []
    for (let round = 0; round < 2; round++) {
      const log = filtered(filters)
      for (let n = 0; n < 400; n++) {
        const scoped = log.child({ [field]: `id-${n}` })
        scoped.info('first')
        scoped.info({ more: n }, 'second')
      }
      const list = ids(await events(log))
      t.true(list.length > 200 && list.length < 600, `${list.length}`)
      // Both events of an id, or neither.
      t.is(list.length, 2 * new Set(list).size)
      found.push(list)
      await log.close()
    }
    t.deepEqual(found[0], found[1])
  }
})

test('adaptiveSampling holds a burst near its target and tells its rate', async (t) => {
  const log = filtered(
    { adaptiveSampling: { targetPerSecond: 200, minRate: 0 } },
    { queue: { overflow: 'block' } },
  )
  const end = Date.now() + 1500
  let n = 0
  while (Date.now() < end) {
    for (let i = 0; i < 200; i++) log.info({ n: n++ }, 'burst')
    await new Promise((resolve) => setImmediate(resolve))
  }
  const kept = (await events(log)).length
  t.true(n > 5000, `${n}`)
  t.true(kept > 100 && kept < 900, `${kept} of ${n}`)
  const rate = log.metrics().stages['adaptiveSampling']?.rate
  t.true(rate !== undefined && rate < 0.2, `${rate}`)
  accounted(t, log, 'adaptiveSampling')
  await log.close()
})

test('rateLimit gives every key its burst, and forgets keys beyond maxKeys', async (t) => {
  const log = filtered({
    rateLimit: { by: ['user.id'], perSecond: 0, burst: 3, maxKeys: 50 },
  })
  for (let n = 0; n < 200; n++) log.info({ user: { id: n % 20 } }, 'm')
  t.is((await events(log)).length, 60)
  for (let n = 0; n < 100; n++) log.info({ user: { id: 1000 + n } }, 'm')
  t.is((await events(log)).length, 100)
  const { keys, evicted } = log.metrics().stages['rateLimit'] ?? {}
  t.deepEqual({ keys, evicted }, { keys: 50, evicted: 70 })
  accounted(t, log, 'rateLimit')
  await log.close()
})

test('firstOccurrence keeps the first of each kind', async (t) => {
  const log = filtered({ firstOccurrence: { by: ['message', 'code'] } })
  for (let n = 0; n < 30; n++) log.warn({ code: n % 3 }, 'odd')
  t.deepEqual(
    (await events(log)).map(({ data }) => data['code']),
    [0, 1, 2],
  )
  accounted(t, log, 'firstOccurrence')
  await log.close()
})

test('dedupe writes an event once and its summary at a flush, at the window’s end and at close', async (t) => {
  const log = filtered({ dedupe: { windowMs: 300 } })
  for (let n = 0; n < 10; n++) log.warn({ n }, 'lost connection')
  log.warn('once')
  let found = await events(log)
  t.deepEqual(
    found.map(({ message }) => message),
    ['lost connection', 'once', 'lost connection (repeated 9 times)'],
  )
  const summary = found[2] as Envelope
  t.is(summary.level, 'WARNING')
  t.is(summary.logger, 'app')
  t.is(summary.data['repeated'], 9)
  t.is(typeof summary.data['lastedMs'], 'number')
  log.warn('lost connection')
  // Nobody logs and nobody flushes: the window ends by itself.
  const end = Date.now() + 10_000
  while (log.metrics().stages['dedupe']?.notices === 1 && Date.now() < end) {
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
  t.is(log.metrics().stages['dedupe']?.notices, 2)
  found = takeEvents(log)
  t.deepEqual(
    found.map(({ message }) => message),
    ['lost connection (repeated 1 time)'],
  )
  log.warn('lost connection')
  log.warn('lost connection')
  await log.close()
  found = takeEvents(log)
  t.deepEqual(
    found.map(({ message }) => message),
    ['lost connection', 'lost connection (repeated 1 time)'],
  )
  accounted(t, log, 'dedupe')
  const metrics = log.metrics()
  t.is(metrics.stages['dedupe']?.notices, 3)
  t.is(metrics.sinks['memory']?.reports, 3)
})

test('throttle lets its limit through and gives notice of the others', async (t) => {
  const log = filtered({ throttle: { limit: 5, windowMs: '1h' } })
  const other = log.child({}, { name: 'app.other' })
  for (let n = 0; n < 12; n++) log.info({ n }, 'tick')
  for (let n = 0; n < 3; n++) other.info({ n }, 'tock')
  log.error('protected')
  const found = await events(log)
  t.is(found.length, 5 + 3 + 1 + 1)
  const notice = found.at(-1) as Envelope
  t.is(notice.message, 'fapilog throttled 7 events')
  t.is(notice.level, 'WARNING')
  t.is(notice.logger, 'app')
  t.is(notice.data['throttled'], 7)
  accounted(t, log, 'throttle')
  await log.close()
})

test('a sink above the level of a notice does not get it', async (t) => {
  const log = filtered(
    { dedupe: {} },
    {
      sinks: [
        { type: 'memory', level: 'WARNING' },
        { type: 'memory', name: 'all' },
      ],
    },
  )
  log.info('again')
  log.info('again')
  await log.close()
  t.deepEqual(log.takeLines('memory'), [])
  t.is(log.takeLines('all').length, 2)
  t.is(log.metrics().sinks['memory']?.reports, 0)
})

test('settings of filters are checked with their paths', (t) => {
  const error = t.throws(
    () =>
      filtered({
        sampling: { rate: 2 },
        dedupe: { windowMs: '2 fortnights' },
        throtle: {},
        minLevels: { a: 'LOUD' },
        rateLimit: { perSecond: 1, brust: 3 },
      } as unknown as FilterOptions),
    { instanceOf: ConfigurationError },
  )
  t.deepEqual(error?.problems.map(({ path }) => path).sort(), [
    'filters.dedupe.windowMs',
    'filters.minLevels.a',
    'filters.rateLimit.brust',
    'filters.sampling.rate',
    'filters.throtle',
  ])
})

test('after a kill, what a filter let through is on file once, and what was left in the ring whole', async (t) => {
  const numbers = (dir: string) =>
    lines(dir).lines.map((line) => (JSON.parse(line) as { data: { n: number } }).data.n)
  for (let round = 0; round < 5; round++) {
    const dir = folder()
    t.teardown(() => remove(dir))
    const options = { filters: { sampling: { rate: 0.3 } } }
    await runAndKill(dir, 150 + round * 130, 'json', 20, JSON.stringify(options))
    const before = numbers(dir)
    t.is(recover(join(dir, '.fapilog')).code, 0)
    const after = numbers(dir)
    t.true(before.length > 0)
    t.deepEqual(after.slice(0, before.length), before)
    // Behind what was on file, every event that was left, up to the last call that had returned.
    const rest = after.slice(before.length)
    const first = rest[0]
    if (first !== undefined)
      t.deepEqual(
        rest,
        Array.from(rest, (_, index) => first + index),
      )
    const { duplicated, disorder, unreadable } = compare(dir)
    t.deepEqual({ duplicated, disorder, unreadable }, { duplicated: 0, disorder: 0, unreadable: 0 })
    const last = after.at(-1) as number
    t.true(last + 1 >= acked(dir) || rest.length === 0, `${last} ${acked(dir)}`)
  }
})
