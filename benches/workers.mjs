/**
 * Several threads of one process that log into one file: four workers and the main thread.
 *
 *   npm run bench:workers [-- --rounds 3 --n 200000 --workers 4 --subjects a,b]
 *
 * Events a second until on file, over all threads; a fresh process each, rounds interleaved. `fapilog` joins the
 * workers to one pipeline, `fapilog one thread` logs the same number of events from the main thread alone, `pino
 * worker` has a transport (a thread of its own) in each thread, `pino sync` writes in each thread, `messages` posts
 * every event to the main thread, which logs it with fapilog. Also prints how long `joinLogger` takes.
 *
 * The target: together at least 1.5 times what one thread logs, or as much as the one drain thread can take, which then
 * worked, or waited for a core, at least 80 % of the time. Its own figure is events per second of its CPU time (Linux).
 */

import { execFileSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads'
import { nativeThread } from './lib/cpu.mjs'
import { load, settings } from './lib/fapilog.mjs'
import { median, summary } from './lib/stats.mjs'
import { show, verdict } from './lib/targets.mjs'

/** Events that each thread logs before the measurement: every thread compiles the logger for itself. */
const warm = 30_000

const names = ['fapilog', 'fapilog one thread', 'pino worker', 'pino sync', 'messages']
const self = fileURLToPath(import.meta.url)
const pino = () => createRequire(import.meta.url)('pino')

/** The loggers by subject; `share` is what a worker needs. */
const open = {
  async fapilog(path) {
    const { createLogger } = await load()
    const log = createLogger(settings(path))
    return { log, share: log.containerId, close: () => log.close() }
  },
  'pino worker'(path) {
    const transport = pino().transport({
      target: 'pino/file',
      options: { destination: path, minLength: 4096 },
    })
    const log = pino()(transport)
    const close = async () => {
      // The transport does not hold the event loop by itself.
      const alive = setInterval(() => {}, 1000)
      transport.end()
      await once(transport, 'close')
      clearInterval(alive)
    }
    return { log, share: path, close, pause: true }
  },
  'pino sync'(path) {
    const destination = pino().destination({ dest: path, sync: true, minLength: 4096 })
    const log = pino()(destination)
    return { log, share: path, close: () => destination.flushSync() }
  },
}
open['fapilog one thread'] = open.fapilog
open.messages = open.fapilog

const drainThread = () => nativeThread('fapilog:drain')
const record = (i) => ({ id: i, path: '/orders/42', ok: true, ms: 12.5, user: 'u-1842' })
const turn = () => new Promise((resolve) => setImmediate(resolve))

/** Logs `n` events; loggers that write on the event loop get a turn of it now and then. */
async function burst(log, n, pause) {
  for (let i = 0; i < n; i++) {
    log.info(record(i), 'request completed')
    if (pause && i % 1000 === 999) await turn()
  }
}

async function inWorker() {
  const { name, share, n, flag } = workerData
  let thread
  let joinMs
  if (name === 'messages') {
    thread = { log: { info: (fields, message) => parentPort.postMessage({ fields, message }) } }
  } else if (name === 'fapilog') {
    const { joinLogger } = await load()
    const start = performance.now()
    const log = joinLogger(share)
    joinMs = performance.now() - start
    thread = { log, close: () => log.close() }
  } else {
    thread = await open[name](share)
  }
  await burst(thread.log, warm, thread.pause ?? name === 'messages')
  parentPort.postMessage({ ready: true, joinMs })
  Atomics.wait(flag, 0, 0)
  await burst(thread.log, n, thread.pause ?? name === 'messages')
  await thread.close?.()
  parentPort.postMessage({ done: true })
  if (name !== 'messages') parentPort.close()
}

/** One measurement, in a process of its own. */
async function measure(name, n, workers, path) {
  const alone = name === 'fapilog one thread'
  const main = await open[name](path)
  const flag = new Int32Array(new SharedArrayBuffer(4))
  const threads = []
  const joins = []
  let ready = 0
  let done = 0
  let tell = () => {}
  for (let i = 0; i < (alone ? 0 : workers); i++) {
    const data = { name, share: main.share, n, flag }
    const thread = new Worker(self, { workerData: data })
    thread.on('message', (message) => {
      if (message.fields !== undefined) main.log.info(message.fields, message.message)
      if (message.ready) {
        ready++
        joins.push(message.joinMs)
      }
      if (message.done) done++
      tell()
    })
    threads.push(thread)
  }
  const until = async (reached) => {
    while (!reached()) await new Promise((resolve) => (tell = resolve))
  }
  await burst(main.log, alone ? warm * (workers + 1) : warm, main.pause ?? name === 'messages')
  await until(() => ready === threads.length)
  const before = drainThread()
  const start = performance.now()
  Atomics.store(flag, 0, 1)
  Atomics.notify(flag, 0)
  await burst(main.log, alone ? n * (workers + 1) : n, main.pause ?? name === 'messages')
  await until(() => done === threads.length)
  if (open[name] === open.fapilog) await main.log.flush()
  const after = drainThread()
  await main.close()
  const seconds = (performance.now() - start) / 1e3
  for (const thread of threads) await thread.terminate()
  const lines = readFileSync(path).reduce((count, byte) => count + (byte === 10 ? 1 : 0), 0)
  const wanted = (n + warm) * (workers + 1)
  const events = n * (workers + 1)
  const cpu = (after.cpu - before.cpu) / 1e9
  const busy = (cpu + (after.waiting - before.waiting) / 1e9) / seconds
  console.log(
    JSON.stringify({ rate: events / seconds, drain: events / cpu, busy, lines, wanted, joins }),
  )
}

async function all() {
  const { values } = parseArgs({
    options: {
      rounds: { type: 'string', default: '3' },
      n: { type: 'string', default: '200000' },
      workers: { type: 'string', default: '4' },
      subjects: { type: 'string', default: names.join(',') },
      one: { type: 'string' },
      path: { type: 'string' },
    },
  })
  const [n, workers] = [Number(values.n), Number(values.workers)]
  if (values.one !== undefined) return measure(values.one, n, workers, values.path)
  const subjects = values.subjects.split(',')
  const dir = mkdtempSync(join(tmpdir(), 'fapilog-bench-workers-'))
  const rates = Object.fromEntries(subjects.map((name) => [name, []]))
  const joins = []
  const drains = []
  for (let round = 0; round < Number(values.rounds); round++) {
    for (const name of subjects) {
      const path = join(dir, 'out.log')
      rmSync(path, { force: true })
      const args = [self, '--one', name, '--n', `${n}`, '--workers', `${workers}`, '--path', path]
      const result = JSON.parse(execFileSync(process.execPath, args, { encoding: 'utf8' }))
      rates[name].push(result.rate)
      if (name === 'fapilog') {
        joins.push(...result.joins)
        drains.push(result)
      }
      if (result.lines !== result.wanted)
        console.log(`${name}: ${result.lines} lines instead of ${result.wanted}`)
    }
  }
  rmSync(dir, { recursive: true })
  const single = summary(rates['fapilog one thread'] ?? [])
  for (const name of subjects) {
    const { median: middle, min, max } = summary(rates[name])
    const ratio = single === null ? '' : `  ${(middle / single.median).toFixed(2)}x of one thread`
    const range = `${(min / 1e3).toFixed(0)}–${(max / 1e3).toFixed(0)}`
    console.log(
      `${name.padEnd(20)} ${(middle / 1e3).toFixed(0).padStart(6)} k events/s (${range})${ratio}`,
    )
  }
  if (joins.length > 0)
    console.log(
      `joinLogger: median ${median(joins).toFixed(2)} ms, longest ${Math.max(...joins).toFixed(2)} ms`,
    )
  if (single !== null && drains.length > 0)
    report(workers, median(rates.fapilog) / single.median, drains, joins)
}

/** Says whether the targets are met. */
function report(workers, ratio, drains, joins) {
  const [busy, figure] = ['busy', 'drain'].map((key) => median(drains.map((one) => one[key])))
  console.log('\nTargets')
  show([
    verdict(
      `${workers} workers and the main thread: >= 1.5x one thread, or all that the drain thread can take`,
      ratio >= 1.5 || busy >= 0.8,
      `${ratio.toFixed(2)}x; the drain thread had work ${(busy * 100).toFixed(0)} % of the time, with a core of its own it takes ${(figure / 1e3).toFixed(0)} k events/s`,
    ),
    verdict('joining: < 5 ms', median(joins) < 5, `${median(joins).toFixed(2)} ms`),
  ])
}

if (isMainThread) await all()
else await inWorker()
