// What plugins cost on the request record: loggers without and with one take turns in short blocks, each logging into
// a file and waiting until all of it is written. Prints the medians of wall time and of main-thread time (the CPU time
// of this thread, waiting excluded) and the medians of the ratios of neighbours.
// node benches/plugins.mjs [rounds=40]

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  createLogger,
  defineEnricher,
  defineFilter,
  defineProcessor,
  defineSink,
} from '../dist/index.mjs'

const rounds = Number(process.argv[2] ?? 40)
const dir = mkdtempSync(join(tmpdir(), 'fapilog-bench-'))
const CALLS = 10_000
const BURST = 250

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

const kinds = {
  none: [],
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
  'sink, as objects': [defineSink({ name: 's', whenFull: 'block', write: () => {} })],
}

const median = (values) => [...values].sort((a, b) => a - b)[values.length >> 1]
const turn = () => new Promise((resolve) => setImmediate(resolve))

async function block(log) {
  const started = process.hrtime.bigint()
  const cpu = process.threadCpuUsage?.() ?? process.cpuUsage()
  for (let n = 0; n < CALLS; n += BURST) {
    for (let m = 0; m < BURST; m++) log.info(record, 'request completed')
    await turn()
  }
  await log.flush(60_000)
  const spent = process.threadCpuUsage?.(cpu) ?? process.cpuUsage(cpu)
  return {
    wall: Number(process.hrtime.bigint() - started) / CALLS,
    cpu: ((spent.user + spent.system) * 1e3) / CALLS,
  }
}

const loggers = Object.fromEntries(
  Object.entries(kinds).map(([name, plugins], at) => [
    name,
    createLogger({
      format: 'json',
      plugins,
      sinks: [
        { type: 'file', path: join(dir, `${at}.log`), rotate: { maxBytes: '64 MB', keepFiles: 1 } },
      ],
      queue: { overflow: 'block', blockTimeoutMs: 60_000 },
    }),
  ]),
)

const times = Object.fromEntries(Object.keys(kinds).map((name) => [name, []]))
for (let round = -3; round < rounds; round++) {
  for (const name of Object.keys(kinds)) {
    const time = await block(loggers[name])
    if (round >= 0) times[name].push(time)
  }
}

const scope = process.threadCpuUsage === undefined ? 'process CPU' : 'thread CPU'
console.log(`${'plugin'.padEnd(24)} until written  ratio   ${scope}  ratio   (ns per event)`)
for (const name of Object.keys(kinds)) {
  const of = (key) => median(times[name].map((time) => time[key]))
  const ratio = (key) => median(times[name].map((time, at) => time[key] / times.none[at][key]))
  console.log(
    `${name.padEnd(24)} ${of('wall').toFixed(0).padStart(13)} ${ratio('wall').toFixed(2).padStart(6)} ${of('cpu').toFixed(0).padStart(13)} ${ratio('cpu').toFixed(2).padStart(6)}`,
  )
}
for (const [name, log] of Object.entries(loggers)) {
  const { submitted, written, inFlight } = log.metrics()
  if (submitted !== written || inFlight !== 0)
    throw new Error(`${name}: ${written} of ${submitted}`)
  await log.close()
}
rmSync(dir, { recursive: true })
