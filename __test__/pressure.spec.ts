// What a pipeline gives up while it cannot keep up: the setting `pressure`.

import { execFileSync, spawn } from 'node:child_process'
import {
  closeSync,
  constants,
  existsSync,
  mkdtempSync,
  openSync,
  readFileSync,
  readSync,
  rmSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import test from 'ava'
import { ConfigurationError, createLogger, type Metrics, MetricsCollector } from 'fapilog'
import { LEVEL_NAMES } from '../src/levels.ts'
import { total } from './support/capture.ts'

interface Told {
  readonly number: number
  readonly snapshots: number
  readonly wrong: readonly string[]
  readonly rungs: readonly string[]
  readonly statuses: readonly string[]
  readonly rung: string
  readonly codes: readonly string[]
  readonly climbed: Metrics
  readonly metrics: Metrics
}

/** Runs the fixture with a FIFO as its standard output, which is read slowly until the ladder was climbed. */
async function underPressure(): Promise<{ lines: string[]; stderr: string; told: Told }> {
  const folder = mkdtempSync(join(tmpdir(), 'fapilog-pressure-'))
  const fifo = join(folder, 'fifo')
  const result = join(folder, 'result.json')
  execFileSync('mkfifo', [fifo])
  const fixture = fileURLToPath(new URL('fixtures/pressure.mjs', import.meta.url))
  try {
    const child = spawn(
      'sh',
      ['-c', `exec "$0" "$@" > '${fifo}'`, process.execPath, fixture, result],
      {
        stdio: ['ignore', 'ignore', 'pipe'],
      },
    )
    let stderr = ''
    child.stderr.on('data', (data) => {
      stderr += String(data)
    })
    let ended = false
    const code = new Promise((resolve) => {
      child.on('close', (status) => {
        ended = true
        resolve(status)
      })
    })
    const descriptor = openSync(fifo, constants.O_RDONLY | constants.O_NONBLOCK)
    const chunk = Buffer.alloc(64 << 10)
    let text = ''
    for (;;) {
      const slow = !existsSync(`${result}.climbed`)
      let read = 0
      try {
        read = readSync(descriptor, chunk, 0, slow ? 4096 : chunk.length, null)
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') throw error
      }
      text += chunk.toString('latin1', 0, read)
      if (read === 0 && ended) break
      if (slow || read === 0) await sleep(5)
      else await sleep(0)
    }
    closeSync(descriptor)
    if ((await code) !== 0) throw new Error(`${await code}: ${stderr}`)
    const told = JSON.parse(readFileSync(result, 'utf8')) as Told
    return { lines: text.split('\n').slice(0, -1), stderr, told }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

const unlessWindows = process.platform === 'win32' ? test.skip : test

unlessWindows(
  'under a reader that is too slow the ladder is climbed and left again, and every event is counted',
  async (t) => {
    const { lines, stderr, told } = await underPressure()
    const { metrics, climbed } = told
    const events = lines.map((line) => JSON.parse(line) as { level: string; message: string })
    const reports = events.filter(({ message }) => message.startsWith('fapilog dropped '))
    const { stdout } = metrics.sinks
    if (stdout === undefined) throw new Error('no sink')

    t.true(told.snapshots > 10, `${told.snapshots} looks`)
    t.deepEqual(told.wrong, [], 'no level ever has more fates than events')
    t.is(metrics.submitted, told.number + 1)
    t.is(events.length - reports.length, stdout.written)
    t.is(reports.length, stdout.reports)
    for (const level of LEVEL_NAMES) {
      const submitted = metrics.submittedByLevel[level] ?? 0
      const written = events.filter((event) => event.level === level).length
      const own = level === 'WARNING' ? reports.length : 0
      t.is(written - own, stdout.writtenByLevel[level] ?? 0, `${level} on the FIFO`)
      t.is(
        (stdout.writtenByLevel[level] ?? 0) +
          (metrics.sampled[level] ?? 0) +
          (metrics.dropped[level] ?? 0),
        submitted,
        level,
      )
    }

    // Every rung has done what it says, and nothing to what is protected.
    t.true(climbed.pressure.entered.dropping >= 2)
    t.true(metrics.droppedByReason.pressure > 0)
    t.true(total(metrics.sampled) > 0)
    t.deepEqual(Object.keys(metrics.sampled).sort(), ['DEBUG', 'INFO', 'TRACE'])
    const { full, pressure, ...others } = metrics.droppedByReason
    t.is(full + pressure, total(metrics.dropped))
    t.is(total(others), 0)
    if (full === 0)
      t.deepEqual([metrics.dropped.ERROR, metrics.dropped.SECURITY], [undefined, undefined])
    t.true(told.statuses.includes('degraded'), told.statuses.join())

    // It was left, and logged events are written again.
    t.is(told.rung, 'normal')
    t.is(events.filter(({ message }) => message === 'calm again').length, 1)

    // Said once a rung and once at the end of it; that it is over is no error.
    const { batching, sampling, dropping } = metrics.pressure.entered
    t.is(
      told.codes.filter((code) => code === 'FAPILOG_PRESSURE').length,
      batching + sampling + dropping,
    )
    t.false(told.codes.includes('FAPILOG_PRESSURE_OVER'))
    t.regex(stderr, /^fapilog: pressure \d+ %, rung \w+: /m)
    t.regex(
      stderr,
      /^fapilog: pressure is over: \d+ events were sampled away and \d+ dropped meanwhile/m,
    )

    // The reports in the log add up to what was dropped.
    const reported = lines
      .map((line) => JSON.parse(line) as { data?: { reasons?: Record<string, number> } })
      .reduce((sum, { data }) => sum + (data?.reasons?.['pressure'] ?? 0), 0)
    t.is(reported, pressure)
  },
)

/** What is written of one event of each level when a rung is forced. */
async function forced(pressure: object, protectedLevel = 'ERROR' as const) {
  const log = createLogger({
    level: 'TRACE',
    format: 'minimal',
    sinks: [{ type: 'memory' }],
    queue: { protectedLevel },
    pressure,
  })
  for (const method of ['trace', 'debug', 'info', 'warn', 'error', 'audit'] as const)
    log[method](method)
  await log.flush()
  const metrics = log.metrics()
  const text = new MetricsCollector(log).prometheus()
  const lines = log.takeLines().filter((line) => !line.includes('fapilog dropped'))
  await log.close()
  return { lines, metrics, text }
}

test('sampling takes from the levels below sampleBelow alone, and is no drop', async (t) => {
  const { lines, metrics, text } = await forced({ sampleAt: 0, dropAt: 1, rate: 0 })
  t.deepEqual(lines, ['WARNING warn', 'ERROR error', 'AUDIT audit'])
  t.deepEqual(metrics.sampled, { TRACE: 1, DEBUG: 1, INFO: 1 })
  t.deepEqual(metrics.dropped, {})
  t.deepEqual(metrics.pressure.entered, { batching: 0, sampling: 1, dropping: 0 })
  t.is(metrics.pressure.rung, 'sampling')
  t.is(metrics.inFlight, 0)
  t.regex(text, /^fapilog_events_sampled_total\{level="DEBUG"\} 1$/m)
  t.regex(text, /^fapilog_pressure_rung 2$/m)
  t.regex(text, /^fapilog_pressure_rungs_entered_total\{rung="sampling"\} 1$/m)
})

test('the last rung drops what is below the protected level', async (t) => {
  const { lines, metrics, text } = await forced({ dropAt: 0 })
  t.deepEqual(lines, ['ERROR error', 'AUDIT audit'])
  t.deepEqual(metrics.sampled, {})
  t.deepEqual(metrics.dropped, { TRACE: 1, DEBUG: 1, INFO: 1, WARNING: 1 })
  t.is(metrics.droppedByReason.pressure, 4)
  t.is(metrics.ring.accepted, 6)
  t.regex(text, /^fapilog_events_dropped_total\{reason="pressure"\} 4$/m)
})

test('protected levels are not sampled, whatever sampleBelow says', async (t) => {
  const { lines } = await forced({ sampleAt: 0, dropAt: 1, rate: 0, sampleBelow: 'SILENT' })
  t.deepEqual(lines, ['ERROR error', 'AUDIT audit'])
})

test('without the setting nothing of it happens', async (t) => {
  const log = createLogger({ sinks: [{ type: 'memory' }] })
  log.info('m')
  await log.flush()
  const { pressure, sampled } = log.metrics()
  t.deepEqual(pressure, {
    rung: 'normal',
    fill: 0,
    entered: { batching: 0, sampling: 0, dropping: 0 },
  })
  t.deepEqual(sampled, {})
  await log.close()
})

test('it is refused where every event is to be kept', (t) => {
  const error = t.throws(
    () =>
      createLogger({
        durability: 'crash-safe',
        sinks: [{ type: 'file', path: 'never-made.log' }],
        pressure: {},
      }),
    { instanceOf: ConfigurationError },
  )
  t.regex(error.message, /pressure is .*'crash-safe'/)
})
