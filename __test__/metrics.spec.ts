// Metrics for monitoring systems: the text is what Prometheus's parser takes, and it says what metrics() says.

import test from 'ava'
import {
  ConfigurationError,
  createLogger,
  defineFilter,
  defineProcessor,
  defineSink,
  type Logger,
  MetricsCollector,
  type SinkHealth,
  type SinkMetrics,
} from 'fapilog'
import { Registry } from 'prom-client'
import { memoryLogger } from './support/capture.ts'
import { run } from './support/child.ts'

interface Parsed {
  readonly type: string
  readonly samples: Map<string, number>
}

/**
 * Reads text of the exposition format 0.0.4, strictly by its grammar: HELP, then TYPE, then all samples of a family
 * together, none twice; histograms are cumulative, end with +Inf, and agree with their count.
 */
function parse(text: string): Map<string, Parsed> {
  if (!text.endsWith('\n')) throw new Error('the last line has no end')
  const all = new Map<string, Parsed>()
  let current: { name: string; family: Parsed } | undefined
  let helped: string | undefined
  for (const line of text.split('\n').slice(0, -1)) {
    const help = /^# HELP ([a-zA-Z_:][\w:]*) [^\n]+$/.exec(line)
    const type = /^# TYPE ([a-zA-Z_:][\w:]*) (counter|gauge|histogram)$/.exec(line)
    if (help !== null) {
      helped = help[1]
      if (all.has(helped as string)) throw new Error(`${helped} comes twice`)
    } else if (type !== null) {
      if (type[1] !== helped) throw new Error(`no help of ${type[1]}`)
      current = { name: type[1] as string, family: { type: type[2] as string, samples: new Map() } }
      all.set(current.name, current.family)
    } else {
      const sample =
        /^([a-zA-Z_:][\w:]*)(\{(?:[a-zA-Z_]\w*="(?:[^"\\\n]|\\[\\"n])*",?)+\})? (\S+)$/.exec(line)
      if (sample === null || current === undefined) throw new Error(`not a sample: ${line}`)
      const [, name, labels = '', value] = sample
      const suffix = (name as string).slice(current.name.length)
      const allowed = current.family.type === 'histogram' ? ['_bucket', '_sum', '_count'] : ['']
      if (!(name as string).startsWith(current.name) || !allowed.includes(suffix))
        throw new Error(`${line} among ${current.name}`)
      const key = `${suffix}${labels}`
      if (current.family.samples.has(key)) throw new Error(`${line} comes twice`)
      const number = Number(value)
      if (!Number.isFinite(number) || number < 0) throw new Error(`${line}: no number`)
      current.family.samples.set(key, number)
    }
  }
  for (const [name, { type, samples }] of all)
    if (type === 'histogram') checkHistogram(name, samples)
  return all
}

function checkHistogram(name: string, samples: Parsed['samples']): void {
  const series = new Map<string, { le: number; value: number }[]>()
  for (const [key, value] of samples) {
    const bucket = /^_bucket(\{.*)$/.exec(key)
    if (bucket === null) continue
    const le = /le="([^"]+)"/.exec(key)?.[1]
    const labels = (bucket[1] as string).replace(/,le="[^"]+"|le="[^"]+",?/, '').replace('{}', '')
    const list = series.get(labels) ?? []
    list.push({ le: le === '+Inf' ? Number.POSITIVE_INFINITY : Number(le), value })
    series.set(labels, list)
  }
  for (const [labels, list] of series) {
    for (const [i, { le, value }] of list.slice(1).entries()) {
      const before = list[i] as { le: number; value: number }
      if (le <= before.le || value < before.value) throw new Error(`${name}${labels}: le ${le}`)
    }
    const last = list.at(-1) as { le: number; value: number }
    if (last.le !== Number.POSITIVE_INFINITY) throw new Error(`${name}${labels} has no +Inf`)
    if (last.value !== samples.get(`_count${labels}`)) throw new Error(`${name}${labels}: count`)
    if (!samples.has(`_sum${labels}`)) throw new Error(`${name}${labels}: no sum`)
  }
}

async function busyLogger(): Promise<Logger> {
  const log = createLogger({
    level: 'DEBUG',
    sinks: [
      { type: 'memory', name: 'all' },
      { type: 'memory', name: 'a "quoted\\" name\n', level: 'ERROR' },
    ],
  })
  for (let n = 0; n < 500; n++) log.info('event', { n })
  for (let n = 0; n < 20; n++) log.error('trouble', { n })
  await log.flush()
  return log
}

test('the text is well-formed and says what metrics() says', async (t) => {
  const log = await busyLogger()
  const metrics = new MetricsCollector(log, { labels: { app: 'shop' } })
  const families = parse(metrics.prometheus())
  const value = (name: string, key: string) => families.get(name)?.samples.get(key)
  t.is(value('fapilog_events_submitted_total', '{level="INFO",app="shop"}'), 500)
  t.is(value('fapilog_events_submitted_total', '{level="ERROR",app="shop"}'), 20)
  t.is(value('fapilog_events_submitted_total', '{level="DEBUG",app="shop"}'), 0)
  t.is(value('fapilog_events_dropped_total', '{reason="full",app="shop"}'), 0)
  t.is(value('fapilog_events_in_flight', '{app="shop"}'), 0)
  const written = 'fapilog_sink_events_written_total'
  t.is(value(written, '{sink="all",level="INFO",app="shop"}'), 500)
  t.is(value(written, '{sink="a \\"quoted\\\\\\" name\\n",level="ERROR",app="shop"}'), 20)
  t.is(value('fapilog_sink_status', '{sink="all",status="healthy",app="shop"}'), 1)
  t.is(value('fapilog_status', '{status="healthy",app="shop"}'), 1)
  t.is(value('fapilog_status', '{status="closed",app="shop"}'), 0)
  const { sinks, drain } = metrics.collect()
  t.is(
    value('fapilog_sink_written_seconds', '_count{sink="all",app="shop"}'),
    sinks['all']?.latency.written.count,
  )
  t.is(value('fapilog_drain_seconds', '_count{app="shop"}'), drain.count)
  t.regex(metrics.contentType, /version=0\.0\.4/)
  await log.close()
  t.is(
    parse(metrics.prometheus()).get('fapilog_status')?.samples.get('{status="closed",app="shop"}'),
    1,
  )
})

test('stages and plugins have counters and latencies of their own', async (t) => {
  const log = memoryLogger({
    filters: { minLevels: { '*': 'DEBUG' } },
    enrich: { fields: { region: 'eu' } },
    redact: { paths: ['secret'] },
    plugins: [
      defineFilter({ name: 'f', filter: ({ data }) => data['n'] !== 7 }),
      defineProcessor({
        name: 'p',
        maxFailures: 1000,
        process({ data }) {
          if (data['n'] === 8) throw new Error('no')
        },
      }),
      defineSink({ name: 's', write: () => undefined }),
    ],
    onError: () => undefined,
  })
  for (let n = 0; n < 300; n++) log.info('m', { n, secret: 'x' })
  log.trace('ends at the filter')
  await log.flush(60_000)
  const metrics = new MetricsCollector(log)
  const families = parse(metrics.prometheus())
  const value = (name: string, key: string) => families.get(`fapilog_${name}`)?.samples.get(key)
  const { stages, plugins, waited } = metrics.collect()
  const names = Object.keys(stages)
  t.true(names.length >= 4 && names.includes('plugins'), names.join())
  for (const [stage, { latency, changed, redacted, withheld }] of Object.entries(stages)) {
    t.true(latency.count > 0 && latency.max > 0, stage)
    t.is(value('stage_seconds', `_count{stage="${stage}"}`), latency.count)
    t.is(value('stage_changed_total', `{stage="${stage}"}`), changed)
    t.is(value('stage_redacted_total', `{stage="${stage}"}`), redacted)
    t.is(value('stage_withheld_total', `{stage="${stage}"}`), withheld)
  }
  t.is(
    Object.values(stages).reduce((sum, { redacted }) => sum + redacted, 0),
    299,
  )
  t.is(value('plugin_events_total', '{plugin="f",kind="filter"}'), 300)
  t.is(value('plugin_dropped_total', '{plugin="f",kind="filter"}'), 1)
  t.is(value('plugin_events_total', '{plugin="p",kind="processor"}'), 299)
  t.is(value('plugin_failures_total', '{plugin="p",kind="processor"}'), 1)
  t.is(value('plugin_events_total', '{plugin="s",kind="sink"}'), 299)
  t.is(value('plugin_asked', '{plugin="p",kind="processor"}'), 1)
  for (const [plugin, { kind, latency }] of Object.entries(plugins)) {
    t.true(latency.count > 0 && latency.p50 <= latency.p99 && latency.p99 <= latency.max, plugin)
    t.true(latency.max <= latency.sum && latency.sum < 60, plugin)
    t.is(value('plugin_seconds', `_count{plugin="${plugin}",kind="${kind}"}`), latency.count)
  }
  t.true(waited.count > 0)
  t.is(value('ring_seconds', '_count'), waited.count)
  log.disablePlugin('p')
  t.is(
    parse(metrics.prometheus())
      .get('fapilog_plugin_asked')
      ?.samples.get('{plugin="p",kind="processor"}'),
    0,
  )
  await log.close()
})

test('the number of samples does not depend on what is logged, nor on what plugins do', async (t) => {
  const log = memoryLogger({
    onError: () => undefined,
    plugins: [
      defineProcessor({
        name: 'p',
        process(event) {
          if (event.message.endsWith('7')) throw new Error(event.message)
          event.data[`more-${event.message}`] = true
        },
      }),
    ],
  })
  const metrics = new MetricsCollector(log)
  log.warn('first')
  await log.flush(60_000)
  const before = metrics.prometheus().split('\n').length
  for (let n = 0; n < 5000; n++)
    log.child({ [`key${n}`]: n }, { name: `name${n}` }).warn(`message ${n}`)
  await log.flush(60_000)
  t.is(metrics.prometheus().split('\n').length, before)
  const size = JSON.stringify(metrics.collect()).length
  log.warn('last')
  await log.flush(60_000)
  t.true(Math.abs(JSON.stringify(metrics.collect()).length - size) < 200)
  await log.close()
})

test('the number of samples does not depend on what is logged', async (t) => {
  const log = memoryLogger()
  const metrics = new MetricsCollector(log)
  const before = metrics.prometheus().split('\n').length
  for (let n = 0; n < 5000; n++)
    log.child({ [`key${n}`]: n }, { name: `name${n}` }).warn(`message ${n}`)
  await log.flush()
  t.is(metrics.prometheus().split('\n').length, before)
  await log.close()
})

test('a registry of prom-client serves the same, anew at every scrape', async (t) => {
  const log = await busyLogger()
  const registry = new Registry()
  registry.setDefaultLabels({ app: 'shop' })
  const metrics = new MetricsCollector(log, { prefix: 'logs_' })
  const remove = metrics.register(registry)
  const served = (text: string) => parse(`${text.replaceAll('\n\n', '\n').trimEnd()}\n`)
  const first = served(await registry.metrics())
  const own = parse(
    new MetricsCollector(log, { prefix: 'logs_', labels: { app: 'shop' } }).prometheus(),
  )
  t.deepEqual([...first.keys()], [...own.keys()])
  const name = 'logs_events_submitted_total'
  t.deepEqual(first.get(name), own.get(name))
  t.deepEqual(first.get('logs_sink_write_seconds')?.type, 'histogram')
  log.info('one more')
  await log.flush()
  const second = served(await registry.metrics())
  t.is(second.get(name)?.samples.get('{level="INFO",app="shop"}'), 501)
  t.throws(() => metrics.register(registry), { message: /already been registered/ })
  t.is((await registry.getMetricsAsJSON()).length, own.size)
  remove()
  t.is((await registry.metrics()).trim(), '')
  await log.close()
})

test('names that Prometheus would refuse are refused', async (t) => {
  const log = memoryLogger()
  for (const options of [
    { prefix: '1st_' },
    { prefix: '' },
    { labels: { 'a-b': 'x' } },
    { labels: { __name__: 'x' } },
    { labels: { level: 'x' } },
  ]) {
    t.throws(() => new MetricsCollector(log, options), { instanceOf: ConfigurationError })
  }
  await log.close()
})

test('latencies are measured for each batch, in order of magnitude and sum', async (t) => {
  const log = memoryLogger()
  for (let n = 0; n < 20; n++) {
    log.info('one')
    await log.flush()
  }
  const { sinks, drain } = log.metrics()
  const { written, queued, write } = (sinks['memory'] as SinkMetrics).latency
  for (const one of [written, queued, write]) {
    t.is(one.count, 20)
    t.true(one.p50 <= one.p90 && one.p90 <= one.p99 && one.p99 <= one.max, JSON.stringify(one))
    t.true(one.sum <= 20 * one.max && one.max < 10, JSON.stringify(one))
  }
  t.is(drain.count, 20)
  t.true(drain.sum > 0)
  await log.close()
})

const onLinux = process.platform === 'linux' ? test : test.skip

onLinux('health() tells of a sink that cannot write, and of the time of its trouble', async (t) => {
  const before = Date.now()
  const code = `
    import { createLogger } from 'fapilog'
    const log = createLogger({
      format: 'json',
      sinks: ['stdout', { type: 'memory', name: 'good' }],
      shutdownTimeoutMs: 200,
    })
    const first = log.health()
    log.info('nobody can write this')
    const { complete } = await log.flush(500)
    const failing = log.health()
    await log.close()
    console.error(JSON.stringify({ first, complete, failing, last: log.health() }))
  `
  const program = `"$0" --input-type=module --eval "$1" > /dev/full`
  const { stderr } = await run('sh', ['-c', program, process.execPath, code])
  const { first, complete, failing, last } = JSON.parse(stderr.trim().split('\n').at(-1) as string)
  t.deepEqual([first.status, failing.status, last.status], ['healthy', 'failing', 'closed'])
  t.false(complete)
  t.is(first.sinks.stdout.lastError, null)
  t.is(failing.sinks.good.status, 'healthy')
  const full = failing.sinks.stdout as SinkHealth
  t.is(full.status, 'failing')
  t.regex(full.lastError ?? '', /No space left/)
  t.true(full.since >= before && full.since <= (full.lastErrorAt as number))
  t.true((full.lastErrorAt as number) <= Date.now())
  t.true(full.queuedBytes > 0)
  t.is(full.queueFill, full.queuedBytes / full.queueBytes)
})
