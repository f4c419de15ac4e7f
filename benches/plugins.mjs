/**
 * What plugins cost on the request record:
 *
 *   node benches/plugins.mjs [--rounds 40]
 *
 * Plugins that read no event are measured in a process of their own: objects that others make would enlarge V8's young
 * space, and with it the memory that everything goes through. Loggers with none and with one take turns in short blocks, each logging into a file and waiting until all of it is
 * written. Per event: the medians of wall time and of CPU time of the main thread, and the medians of the ratios of
 * neighbours to the logger without plugins. "an empty list" is that logger again, with `plugins: []`: what differs
 * there is noise.
 */

import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { mainThreadCpu } from './lib/cpu.mjs'
import { load } from './lib/fapilog.mjs'
import { median } from './lib/stats.mjs'
import { pluginTargets, show } from './lib/targets.mjs'

/** Events of a block: many, so that what counts is the throughput and not how soon the last one is through. */
const CALLS = 200_000
/** Of a block with a plugin that reads every event. */
const FEWER_CALLS = 50_000
const BURST = 250
const WARM_UP = 3

const record = {
  req: {
    method: 'GET',
    url: '/api/v1/orders/42?expand=lines',
    host: 'shop.example.com',
    userAgent: 'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36',
    id: 'r-0198f2',
  },
  status: 200,
  ms: 12.75,
}

/** @param {Record<string, (plugin: object) => object>} api */
const kinds = ({ defineEnricher, defineFilter, defineProcessor, defineSink }) => ({
  none: undefined,
  'an empty list': [],
  'processor, passing on': [defineProcessor({ name: 'p', process: (event) => event })],
  'filter, by message': [defineFilter({ name: 'f', filter: ({ message }) => message !== 'ping' })],
  'enricher, one field': [
    defineEnricher({ name: 'e', enrich: () => ({ context: { region: 'eu' } }) }),
  ],
  'processor, one field': [
    defineProcessor({
      name: 'p',
      process(event) {
        event.data.seen = true
      },
    }),
  ],
  'sink, as lines': [
    defineSink({ name: 's', whenFull: 'block', format: 'json', writeLines: () => {} }),
  ],
  'sink, as objects': [defineSink({ name: 's', whenFull: 'block', write: () => {} })],
})

const LIGHT = ['none', 'an empty list', 'processor, passing on']
const self = fileURLToPath(import.meta.url)

const turn = () => new Promise((resolve) => setImmediate(resolve))

async function block(log, calls) {
  const cpu = mainThreadCpu()
  const start = process.hrtime.bigint()
  for (let n = 0; n < calls; n += BURST) {
    for (let m = 0; m < BURST; m++) log.info(record, 'request completed')
    await turn()
  }
  await log.flush(60_000)
  const wall = Number(process.hrtime.bigint() - start) / calls
  return { wall, cpu: (mainThreadCpu() - cpu) / calls }
}

/** Measures loggers in this process; `none` is the first. */
async function measure(names, rounds) {
  const api = await load()
  const dir = mkdtempSync(join(tmpdir(), 'fapilog-bench-'))
  const all = kinds(api)
  const loggers = names.map((name, at) => {
    const path = join(dir, `${at}.log`)
    const plugins = all[name]
    const log = api.createLogger({
      format: 'json',
      sinks: [{ type: 'file', path, rotate: { maxBytes: '64 MB', keepFiles: 1 } }],
      queue: { overflow: 'block', blockTimeoutMs: 60_000 },
      ...(plugins === undefined ? {} : { plugins }),
    })
    return { name, log, calls: LIGHT.includes(name) ? CALLS : FEWER_CALLS, times: [] }
  })
  for (let round = -WARM_UP; round < rounds; round++) {
    for (const { log, calls, times } of loggers) {
      const time = await block(log, calls)
      if (round >= 0) times.push(time)
    }
  }
  for (const { name, log } of loggers) {
    const { submitted, written, inFlight } = log.metrics()
    if (submitted !== written || inFlight !== 0)
      throw new Error(`${name}: ${written} of ${submitted}`)
    await log.close()
  }
  rmSync(dir, { recursive: true })
  const [{ times: bare }] = loggers
  return loggers.map(({ name, times }) => ({
    name,
    wall: median(times.map(({ wall }) => wall)),
    wallRatio: median(times.map(({ wall }, at) => wall / bare[at].wall)),
    cpu: median(times.map(({ cpu }) => cpu)),
    cpuMore: median(times.map(({ cpu }, at) => cpu - bare[at].cpu)),
  }))
}

/**
 * @returns {Promise<{ name: string, wall: number, wallRatio: number, cpu: number, cpuMore: number }[]>} ns per event;
 *   `cpuMore` is main-thread time above that of the logger without plugins
 */
export async function measurePlugins(rounds = 40) {
  const heavy = Object.keys(kinds(await load())).filter((name) => !LIGHT.includes(name))
  const [light, [, ...rest]] = [LIGHT, [LIGHT[0], ...heavy]].map((names) => {
    const args = [self, '--rounds', `${rounds}`, '--names', names.join(';')]
    return JSON.parse(execFileSync(process.execPath, args, { encoding: 'utf8' }))
  })
  return [...light, ...rest]
}

/** The rows as text. */
export function pluginTable(rows) {
  const lines = rows.map(({ name, wall, wallRatio, cpu, cpuMore }) =>
    [
      name.padEnd(24),
      wall.toFixed(0).padStart(13),
      wallRatio.toFixed(2).padStart(6),
      cpu.toFixed(0).padStart(12),
      cpuMore.toFixed(0).padStart(6),
    ].join(' '),
  )
  const head = `${'plugin'.padEnd(24)} until written  ratio  main thread   more   (ns per event)`
  return [head, ...lines].join('\n')
}

if (process.argv[1] === self) {
  const { values } = parseArgs({
    options: { rounds: { type: 'string', default: '40' }, names: { type: 'string' } },
  })
  const rounds = Number(values.rounds)
  if (values.names !== undefined) {
    console.log(JSON.stringify(await measure(values.names.split(';'), rounds)))
  } else {
    const rows = await measurePlugins(rounds)
    console.log(pluginTable(rows))
    console.log('\nTargets')
    show(pluginTargets(rows))
  }
}
