// Threads that share one pipeline: nothing they log is lost, doubled, torn or out of order, however they end.

import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { Worker } from 'node:worker_threads'
import test from 'ava'
import {
  ConfigurationError,
  createLogger,
  defineProcessor,
  defineSink,
  joinLogger,
  PipelineError,
  type Receipt,
} from 'fapilog'
import { isReport, memoryLogger, takeEvents, takeOwnEvents, total } from './support/capture.ts'
import { run } from './support/child.ts'

const fixture = (name: string) => fileURLToPath(new URL(`./fixtures/${name}.mjs`, import.meta.url))
const folder = mkdtempSync(join(tmpdir(), 'fapilog-workers-'))
test.after.always(() => rmSync(folder, { recursive: true, force: true }))

interface Storm {
  readonly complete: boolean
  readonly mainEvents: number
  readonly workers: readonly {
    readonly ending: string
    readonly count: number | null
    readonly begun: number
    readonly returned: number
    readonly failures: readonly string[]
  }[]
  readonly counters: {
    readonly submitted: number
    readonly written: number
    readonly inFlight: number
    readonly rings: number
    readonly droppedByReason: Readonly<Record<'closed' | 'encode' | 'full' | 'timeout', number>>
  }
}

/** Numbered events of each worker in a file. Fails when they do not come in order, each once, on whole lines. */
function numbered(path: string): { of: (worker: number) => number; lines: number } {
  const next = new Map<number, number>()
  const threads = new Map<number, unknown>()
  let lines = 0
  for (const line of readFileSync(path, 'utf8').split('\n').slice(0, -1)) {
    const { message, data, context } = JSON.parse(line)
    if (isReport(message)) continue
    lines++
    const { worker, n } = data
    if (n !== (next.get(worker) ?? 0))
      throw new Error(`worker ${worker}: ${n} at ${next.get(worker)}`)
    next.set(worker, n + 1)
    if (n === 0) threads.set(worker, context.thread_id)
    if (threads.get(worker) !== context.thread_id) throw new Error(`the thread of ${line} changed`)
    if ((context.thread_id === undefined) !== (worker === -1)) throw new Error(`thread of ${line}`)
  }
  if (new Set(threads.values()).size !== threads.size)
    throw new Error('two workers had one thread id')
  return { of: (worker) => next.get(worker) ?? 0, lines }
}

async function storm(path: string, workers: number, end: string): Promise<Storm> {
  const ended = await run(process.execPath, [fixture('joined-storm'), path, `${workers}`, end], {
    timeoutMs: 100_000,
  })
  if (ended.code !== 0 || ended.stderr !== '') throw new Error(`${ended.code}: ${ended.stderr}`)
  return JSON.parse(ended.stdout) as Storm
}

test('100 workers that end at random moments: exact counts, order kept, whole lines', async (t) => {
  const path = join(folder, 'storm.log')
  const { complete, mainEvents, workers, counters } = await storm(path, 100, 'close')
  t.true(complete)
  const file = numbered(path)
  t.is(file.of(-1), mainEvents)
  let afterClose = 0
  for (const [worker, { ending, count, begun, returned, failures }] of workers.entries()) {
    const written = file.of(worker)
    t.true(returned <= written && written <= begun, `worker ${worker}: ${written} of ${returned}`)
    if (count !== null) t.is(written, count, `worker ${worker}, ${ending}`)
    if (ending === 'close') afterClose++
    t.is(failures.length, ending === 'throw' ? 1 : 0)
  }
  const { submitted, written, inFlight, rings, droppedByReason } = counters
  t.is(written, file.lines)
  t.is(submitted, written + droppedByReason.closed + droppedByReason.encode)
  t.is(droppedByReason.closed, afterClose)
  t.true(droppedByReason.encode <= workers.filter(({ ending }) => ending === 'terminate').length)
  t.deepEqual({ inFlight, rings }, { inFlight: 0, rings: 1 })
  t.true(file.lines > 10_000, `only ${file.lines} events`)
})

test('process.exit() in the middle of the bursts of 8 workers loses nothing they had logged', async (t) => {
  const path = join(folder, 'exit.log')
  const { workers } = await storm(path, 8, 'exit')
  const file = numbered(path)
  for (const [worker, { returned }] of workers.entries())
    t.true(file.of(worker) >= returned, `worker ${worker}: ${file.of(worker)} of ${returned}`)
})

test('close() while 8 workers log: what comes later is counted, nothing waits or fails', async (t) => {
  const path = join(folder, 'close-early.log')
  const { complete, workers, counters } = await storm(path, 8, 'close-early')
  t.true(complete)
  const file = numbered(path)
  const { submitted, written, inFlight, droppedByReason } = counters
  t.is(written, file.lines)
  t.is(inFlight, 0)
  t.is(submitted, written + droppedByReason.closed + droppedByReason.encode)
  t.true(droppedByReason.encode <= workers.length)
  t.true(droppedByReason.closed > 0)
  const begun = workers.reduce((sum, worker) => sum + worker.begun, 0)
  t.true(begun - submitted >= 0 && begun - submitted <= workers.length)
})

/** Runs the fixture worker to its end. */
async function worker(data: object): Promise<unknown[]> {
  const messages: unknown[] = []
  const thread = new Worker(fixture('joined-worker'), {
    workerData: { progress: new Int32Array(new SharedArrayBuffer(8)), ...data },
    execArgv: [],
  })
  thread.on('message', (message) => messages.push(message))
  await once(thread, 'exit')
  return messages
}

test('each thread has its id, in the pino format too', async (t) => {
  const path = join(folder, 'pino.log')
  const log = createLogger({ format: 'pino', name: 'app', sinks: [{ type: 'file', path }] })
  log.info('of the main thread')
  await worker({ containerId: log.containerId, worker: 1, count: 2, ending: 'end' })
  await log.close()
  const lines = readFileSync(path, 'utf8').trimEnd().split('\n')
  const [main, first, second] = lines.map((line) => JSON.parse(line))
  t.false('thread_id' in main)
  t.is(typeof first.thread_id, 'number')
  t.like(second, { thread_id: first.thread_id, name: 'app', n: 1, worker: 1, pid: process.pid })
})

test('what workers log goes through the plugins of the thread that made the logger', async (t) => {
  const got = new Map<unknown, number[]>()
  const log = memoryLogger({
    queue: { overflow: 'block', blockTimeoutMs: 60_000 },
    plugins: [
      defineProcessor({
        name: 'odd-ones',
        async process(event) {
          if (Number(event.data['n']) % 2 === 0) return null
          event.data['seen'] = true
          return event
        },
      }),
      defineSink({
        name: 'store',
        whenFull: 'block',
        write(events) {
          for (const { data } of events) {
            const numbers = got.get(data['worker']) ?? []
            numbers.push(Number(data['n']))
            got.set(data['worker'], numbers)
          }
        },
      }),
    ],
  })
  const { containerId } = log
  const endings = ['end', 'exit', 'close', 'throw']
  await Promise.all(
    endings.map((ending, at) =>
      worker({ containerId, worker: at, count: 2000, ending }).catch(() => undefined),
    ),
  )
  const receipt = await log.flush(60_000)
  t.true(receipt.complete, JSON.stringify(receipt))
  const odd = Array.from({ length: 1000 }, (_, n) => 2 * n + 1)
  for (const at of endings.keys()) t.deepEqual(got.get(at), odd, endings[at])
  const { submitted, written, filtered, droppedByReason, inFlight, plugins } = log.metrics()
  t.deepEqual([submitted, written, total(filtered), inFlight], [8001, 4000, 4000, 0])
  t.is(droppedByReason.closed, 1)
  t.like(plugins['odd-ones'], { events: 8000, dropped: 4000, failures: 0 })
  const events = takeOwnEvents(log)
  t.is(events.length, 4000)
  t.true(events.every(({ data }) => data['seen'] === true))
  await log.close()
})

test("a worker's close() ends its own ring, and only that", async (t) => {
  const log = memoryLogger()
  const { containerId } = log
  const messages = await worker({ containerId, worker: 1, count: 1000, ending: 'close' })
  const [, receipt] = messages as [string, Receipt]
  t.true(receipt.complete)
  t.is(receipt.sinks[0]?.written, 1000)
  log.info('still open')
  await log.flush()
  const { submitted, written, droppedByReason, ring } = log.metrics()
  t.deepEqual(
    { submitted, written, rings: ring.rings },
    { submitted: 1002, written: 1001, rings: 1 },
  )
  t.like(droppedByReason, { full: 0, timeout: 0, encode: 0, closed: 1 })
  t.is(takeOwnEvents(log).length, 1001)
  await log.close()
})

test('losses of each thread are counted', async (t) => {
  const path = join(folder, 'losses.log')
  const log = createLogger({
    format: 'json',
    level: 'DEBUG',
    sinks: [{ type: 'file', path }],
    queue: { ringBytes: '64 KB', maxEventBytes: '16 KB' },
  })
  const text = 'x'.repeat(2000)
  const burst = worker({ containerId: log.containerId, worker: 1, count: 50_000, ending: 'end' })
  for (let n = 0; n < 20_000; n++) log.debug('numbered', { worker: -1, n, text })
  await burst
  await log.flush()
  const { submittedByLevel, dropped, sinks } = log.metrics()
  await log.close()
  t.deepEqual(submittedByLevel, { DEBUG: 20_000, INFO: 50_000 })
  const written = { DEBUG: 0, INFO: 0 }
  for (const line of readFileSync(path, 'utf8').trimEnd().split('\n')) {
    const { level, message } = JSON.parse(line)
    if (!isReport(message)) written[level as 'DEBUG' | 'INFO']++
  }
  t.deepEqual(sinks['file']?.writtenByLevel, written)
  t.is(written.DEBUG + (dropped.DEBUG ?? 0), 20_000)
  t.is(written.INFO + (dropped.INFO ?? 0), 50_000)
  t.true((dropped.DEBUG ?? 0) > 0, 'the ring was never full')
})

test('a joined logger of the same thread has a ring of its own and no thread id', async (t) => {
  const log = memoryLogger({ name: 'app' })
  const joined = joinLogger(log.containerId, { name: 'part' })
  t.is(joined.containerId, log.containerId)
  t.is(log.metrics().ring.rings, 2)
  joined.child({ a: 1 }).warn('hello')
  const [event] = takeEvents(joined)
  t.like(event, { level: 'WARNING', logger: 'part', message: 'hello', data: { a: 1 } })
  t.false('thread_id' in (event?.context ?? {}))
  await joined.close()
  joined.info('late')
  t.is(log.metrics().ring.rings, 1)
  t.is(log.metrics().droppedByReason.closed, 1)
  log.info('on')
  t.deepEqual(
    takeOwnEvents(log).map(({ message }) => message),
    ['on'],
  )
  await log.close()
})

test('the level is one for all threads, except where it was set apart', async (t) => {
  const log = memoryLogger({ level: 'INFO' })
  const joined = joinLogger(log.containerId)
  const child = joined.child({})
  const apart = joinLogger(log.containerId, { level: 'ERROR' })
  t.deepEqual([joined.level, child.level, apart.level], ['INFO', 'INFO', 'ERROR'])
  log.level = 'DEBUG'
  t.deepEqual([joined.level, child.level, apart.level], ['DEBUG', 'DEBUG', 'ERROR'])
  t.true(child.isLevelEnabled('debug'))
  child.level = 'WARNING'
  apart.level = 'AUDIT'
  t.deepEqual([log.level, joined.level, apart.level], ['WARNING', 'WARNING', 'AUDIT'])
  log.level = 'silent'
  joined.security('not written')
  t.is(joinLogger(log.containerId).level, 'SILENT')
  t.deepEqual(takeEvents(log), [])
  t.is(log.metrics().submitted, 0)
  await log.close()
})

test('a level that the main thread sets is seen by a worker that never yields', async (t) => {
  const log = memoryLogger({ level: 'INFO' })
  const flag = new Int32Array(new SharedArrayBuffer(4))
  const code = `
    const { workerData } = require('node:worker_threads')
    const { joinLogger } = require('fapilog')
    const log = joinLogger(workerData.containerId)
    Atomics.store(workerData.flag, 0, 1)
    const end = Date.now() + 20_000
    while (!log.isLevelEnabled('debug') && Date.now() < end);
    log.debug('seen')`
  const { containerId } = log
  const thread = new Worker(code, { eval: true, execArgv: [], workerData: { containerId, flag } })
  while (Atomics.load(flag, 0) === 0) await new Promise((resolve) => setTimeout(resolve, 5))
  log.level = 'DEBUG'
  await once(thread, 'exit')
  t.deepEqual(
    takeEvents(log).map(({ message }) => message),
    ['seen'],
  )
  await log.close()
})

test('joining what is closed, unknown or no id at all is an error that says so', async (t) => {
  const log = memoryLogger()
  const { containerId } = log
  t.is(log.containerId, containerId)
  t.is(log.child({}).containerId, containerId)
  await log.close()
  for (const id of [containerId, 'nobody', '']) {
    const error = t.throws(() => joinLogger(id), { instanceOf: PipelineError })
    t.is(error.code, 'FAPILOG_NOT_SHARED')
    t.true(error.message.includes(JSON.stringify(id)))
  }
  const error = t.throws(() => joinLogger(undefined as never), { instanceOf: ConfigurationError })
  t.is(error.problems[0]?.path, 'containerId')
  const open = memoryLogger()
  t.throws(() => joinLogger(open.containerId, { level: 'LOUD' as never }), {
    instanceOf: ConfigurationError,
  })
  // The ring that was made for it goes when the drain thread comes by.
  for (let tries = 0; tries < 200 && open.metrics().ring.rings > 1; tries++) await delay(20)
  t.is(open.metrics().ring.rings, 1)
  await open.close()
  const never = memoryLogger()
  await never.close()
  t.throws(() => joinLogger(never.containerId), { instanceOf: PipelineError })
})

test('a crash-safe logger, which has one ring, cannot be joined', async (t) => {
  const path = join(folder, 'crash-safe.log')
  const log = createLogger({ durability: 'crash-safe', sinks: [{ type: 'file', path }] })
  const error = t.throws(() => joinLogger(log.containerId), { instanceOf: ConfigurationError })
  t.is(error.problems[0]?.path, 'durability')
  log.info('not disturbed')
  t.true((await log.close()).complete)
  t.is(log.metrics().written, 1)
})

test('joining takes less than 5 ms', async (t) => {
  const log = memoryLogger()
  const times: number[] = []
  for (let i = 0; i < 50; i++) {
    const start = performance.now()
    const joined = joinLogger(log.containerId)
    joined.info('joined')
    times.push(performance.now() - start)
    t.true((await joined.close()).complete)
  }
  await log.flush()
  t.is(log.metrics().written, 50)
  t.is(total(log.metrics().dropped), 0)
  times.sort((a, b) => a - b)
  t.true((times[25] as number) < 5, `joining took ${times[25]} ms`)
  await log.close()
})
