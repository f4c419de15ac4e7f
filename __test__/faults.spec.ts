// Sinks that fail: nothing throws, nothing is lost that could be kept, and everything that is lost is counted
// and told of.

import { execFileSync } from 'node:child_process'
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import test from 'ava'
import { createLogger, type FapilogError, type Logger, type Metrics, SinkError } from 'fapilog'
import type { Json } from './support/capture.ts'
import { numbers, run, upTo } from './support/child.ts'

const folder = mkdtempSync(join(tmpdir(), 'fapilog-faults-'))
test.after.always(() => rmSync(folder, { recursive: true, force: true }))
const fixture = (name: string) => fileURLToPath(new URL(`./fixtures/${name}.mjs`, import.meta.url))
const wait = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))

async function until(reached: () => boolean, limitMs = 10_000): Promise<boolean> {
  const end = Date.now() + limitMs
  while (!reached() && Date.now() < end) await wait(10)
  return reached()
}

/** Sums of the numbers in all reports about lost events. */
function reported(lines: readonly string[]) {
  const reports = lines
    .map((line) => JSON.parse(line) as Json)
    .filter((line) => /^fapilog dropped \d+ events?$/.test(String(line['msg'])))
  const sums: Record<string, number> = {}
  for (const report of reports) {
    for (const part of ['dropped', 'reasons']) {
      for (const [key, count] of Object.entries(report[part] as Json))
        sums[key] = (sums[key] ?? 0) + Number(count)
    }
  }
  return { reports, sums }
}

const sum = (counts: Readonly<Record<string, number>>) =>
  Object.values(counts).reduce((a, b) => a + b, 0)

function flood(log: Logger, count: number) {
  for (let n = 0; n < count; n++) {
    log.info({ n, t: 'x'.repeat(200) })
    if (n % 10 === 0) log.error({ n, t: 'x'.repeat(200) })
  }
}

test('O12: events that the ring dropped are reported in-band, and the numbers add up', async (t) => {
  const log = createLogger({
    format: 'pino',
    sinks: ['null', { type: 'memory' }, { type: 'memory', name: 'errors', level: 'ERROR' }],
    queue: { ringBytes: '64 KB' },
  })
  for (let round = 0; round < 5; round++) {
    flood(log, 20_000)
    await log.flush()
  }
  const lines = log.takeLines()
  const before = log.metrics()
  await log.close()
  const metrics = log.metrics()
  t.true(sum(metrics.dropped) > 1000)
  t.deepEqual(metrics.dropped, before.dropped)
  const { reports, sums } = reported(lines)
  t.true(reports.length >= 5)
  t.like(sums, { ...metrics.dropped, full: metrics.droppedByReason.full })
  for (const report of reports) {
    t.is(report['level'], 40)
    t.false(Number.isNaN(Date.parse(String(report['since']))))
  }
  const sink = metrics.sinks['memory']
  t.is(sink?.reports, reports.length)
  t.is(metrics.sinks['null']?.reports, reports.length)
  t.is(metrics.sinks['errors']?.reports, 0)
  // Reports are no events.
  t.is(metrics.submitted, 5 * 22_000)
  t.is(metrics.submitted, (sink?.written ?? 0) + sum(metrics.dropped))
  t.is(lines.length, (sink?.written ?? 0) + reports.length)
})

test('O12: what a reader asleep costs is counted exactly, reported, and bounded in memory', async (t) => {
  const go = join(folder, 'go')
  const count = 300_000
  const ended = await run(process.execPath, [fixture('stall'), String(count), go], {
    meanwhile: (child) => {
      child.stdout?.pause()
      child.stderr?.once('data', () => {
        child.stdout?.resume()
        writeFileSync(go, '')
      })
    },
    paused: true,
  })
  t.is(ended.code, 0, ended.stderr)
  const { grown, slowest, metrics } = JSON.parse(ended.stderr.split('\n')[1] as string) as {
    grown: number
    slowest: number
    metrics: Metrics
  }
  const lines = ended.stdout.split('\n').slice(0, -1)
  const { reports, sums } = reported(lines)
  const dropped = sum(metrics.dropped)
  t.true(dropped > 100_000, `${dropped} dropped`)
  t.is(metrics.submitted, count + 1)
  t.is(lines.length - reports.length + dropped, count + 1)
  t.is(sums['INFO'], dropped)
  t.true(grown < 40 << 20, `${grown} bytes`)
  t.true(slowest < 100e6, `a call took ${slowest} ns`)
})

test('a sink whose queue is full is told what it has lost, and the other sinks are not', async (t) => {
  const go = join(folder, 'go-queue')
  const ended = await run(
    process.execPath,
    [
      '--input-type=module',
      '-e',
      `import { createLogger } from 'fapilog'
      import { existsSync, writeSync } from 'node:fs'
      const log = createLogger({
        format: 'pino', shutdownTimeoutMs: '20s',
        sinks: [{ type: 'stdout', whenFull: 'drop-newest', queueBytes: '128 KB' }, { type: 'memory' }],
        queue: { overflow: 'block', blockTimeoutMs: '1m' } })
      for (let n = 0; n < 50000; n++) log.info({ n, t: 'x'.repeat(100) })
      writeSync(2, 'stalled\\n')
      while (!existsSync(${JSON.stringify(go)})) await new Promise((resolve) => setTimeout(resolve, 20))
      await log.close()
      writeSync(2, JSON.stringify(log.metrics()) + '\\n')`,
    ],
    {
      meanwhile: (child) => {
        child.stdout?.pause()
        child.stderr?.once('data', () => {
          child.stdout?.resume()
          writeFileSync(go, '')
        })
      },
      paused: true,
    },
  )
  t.is(ended.code, 0, ended.stderr)
  const metrics = JSON.parse(ended.stderr.split('\n')[1] as string) as Metrics
  const lines = ended.stdout.split('\n').slice(0, -1)
  const { reports, sums } = reported(lines)
  const sink = metrics.sinks['stdout']
  t.true((sink?.droppedByReason.overflow ?? 0) > 1000)
  t.is(sums['overflow'] ?? 0, sink?.droppedByReason.overflow ?? -1)
  t.is(lines.length - reports.length, sink?.written ?? -1)
  t.is(metrics.sinks['memory']?.reports, 0)
  t.is(metrics.sinks['memory']?.written, 50_000)
})

/** A file system of a few megabytes, or undefined where nobody may mount one. */
function smallDisk(name: string): string | undefined {
  const path = join(folder, name)
  mkdirSync(path)
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', path], { stdio: 'ignore' })
    return path
  } catch {
    return undefined
  }
}

test.serial(
  'ENOSPC: a full disk costs nothing once there is space again, and both are told',
  async (t) => {
    const disk = smallDisk('full')
    if (disk === undefined) {
      t.log('SKIPPED: mounting a tmpfs needs root')
      t.pass()
      return
    }
    try {
      const errors: FapilogError[] = []
      const filler = join(disk, 'filler')
      writeFileSync(filler, 'x'.repeat(900 << 10))
      const path = join(disk, 'app.log')
      const log = createLogger({
        format: 'pino',
        sinks: [{ type: 'file', path }],
        queue: { overflow: 'block', blockTimeoutMs: '1m' },
        onError: (error) => errors.push(error),
      })
      // More than fits beside the filler, less than ring and queue hold.
      for (let n = 0; n < 2000; n++) log.info({ n, t: 'x'.repeat(n % 300) })
      t.true(await until(() => log.metrics().sinks['file']?.failing === true))
      t.true(await until(() => errors.length > 0))
      const [error] = errors
      t.true(error instanceof SinkError)
      t.is(error?.code, 'FAPILOG_SINK_FAILING')
      t.regex(
        String(error?.message),
        /sink file \(.*app\.log\) cannot write and tries again: No space left/,
      )
      const early = await log.flush(50)
      t.false(early.complete)
      rmSync(filler)
      const receipt = await log.close()
      t.true(receipt.complete)
      t.deepEqual(numbers(readFileSync(path, 'utf8')), upTo(2000))
      t.is(log.metrics().sinks['file']?.failing, false)
      t.is(errors.length, 1, 'one error for one failure, however often it was tried')
    } finally {
      execFileSync('umount', ['-l', disk])
    }
  },
)

test.serial(
  'ENOSPC at exit: the end is bounded, and standard error says what is lost',
  async (t) => {
    const disk = smallDisk('full-exit')
    if (disk === undefined) {
      t.log('SKIPPED: mounting a tmpfs needs root')
      t.pass()
      return
    }
    try {
      writeFileSync(join(disk, 'filler'), 'x'.repeat(1000 << 10))
      const ended = await run(process.execPath, [
        '--input-type=module',
        '-e',
        `import { createLogger } from 'fapilog'
      const log = createLogger({ shutdownTimeoutMs: 500, diagnostics: true, sinks: [{ type: 'file', path: ${JSON.stringify(join(disk, 'app.log'))} }] })
      for (let n = 0; n < 5000; n++) log.info({ n })
      process.exit(6)`,
      ])
      t.is(ended.code, 6)
      t.true(ended.ms < 3000, `${ended.ms} ms`)
      const lines = ended.stderr.split('\n')
      t.true(
        lines.every((line) => line === '' || line.startsWith('fapilog: ')),
        ended.stderr,
      )
      t.regex(ended.stderr, /cannot write and tries again: No space left/)
      t.regex(ended.stderr, /exit after 500 ms with unwritten events in file \(No space left/)
    } finally {
      execFileSync('umount', ['-l', disk])
    }
  },
)

test('EPIPE: a reader that is gone is told once, and the rest is counted', async (t) => {
  const ended = await run('sh', [
    '-c',
    `"$0" --input-type=module -e "
      import { createLogger } from 'fapilog'
      const errors = []
      const log = createLogger({ format: 'pino', queue: { overflow: 'block', blockTimeoutMs: '1m' },
        onError: (error) => { errors.push(error.code); throw new Error('of the application') } })
      for (let n = 0; n < 50000; n++) log.info({ n })
      await log.close()
      const { sinks, submitted, diagnostics } = log.metrics()
      process.stderr.write(JSON.stringify({ codes: errors, submitted, diagnostics, ...sinks.stdout }) + '\\n')
    " | head -1 >/dev/null`,
    process.execPath,
  ])
  const lines = ended.stderr.split('\n').slice(0, -1)
  t.is(lines.length, 2, ended.stderr)
  t.regex(
    lines[0] as string,
    /^fapilog: sink stdout \(standard output\) has lost its reader: Broken pipe/,
  )
  const end = JSON.parse(lines[1] as string) as Json & { droppedByReason: Json; diagnostics: Json }
  t.deepEqual(end['codes'], ['FAPILOG_SINK_FAILED'])
  t.is(end.diagnostics['thrown'], 1)
  t.is(Number(end['written']) + Number(end.droppedByReason['failed']), 50_000)
})

test('the directory of a file is removed: it is made again, and later events are in it', async (t) => {
  const path = join(folder, 'removed', 'app.log')
  const log = createLogger({ format: 'pino', sinks: [{ type: 'file', path }] })
  log.info({ n: 0 })
  await log.flush()
  rmSync(join(folder, 'removed'), { recursive: true })
  t.true(await until(() => existsSync(path)))
  log.info({ n: 1 })
  t.true((await log.close()).complete)
  t.deepEqual(numbers(readFileSync(path, 'utf8')), [1])
  t.is(log.metrics().sinks['file']?.written, 2)
})

test('a file replaced by a symbolic link: the target is not touched, and nothing is lost', async (t) => {
  const path = join(folder, 'linked.log')
  const target = join(folder, 'target')
  writeFileSync(target, 'precious')
  const log = createLogger({ format: 'pino', sinks: [{ type: 'file', path }] })
  log.info({ n: 0 })
  await log.flush()
  renameSync(path, `${path}.1`)
  symlinkSync(target, path)
  await wait(1500)
  log.info({ n: 1 })
  await log.close()
  t.is(readFileSync(target, 'utf8'), 'precious')
  t.deepEqual(numbers(readFileSync(`${path}.1`, 'utf8')), [0, 1])
})

test('EMFILE: without a free descriptor the open file goes on being written', async (t) => {
  const path = join(folder, 'emfile.log')
  const ended = await run('sh', [
    '-c',
    `ulimit -n 40; exec "$0" --input-type=module -e "
      import { openSync } from 'node:fs'
      import { createLogger } from 'fapilog'
      const log = createLogger({ format: 'pino', sinks: [{ type: 'file', path: process.argv[1], rotate: { maxBytes: '64 KB' } }] })
      let taken = 0
      try { for (;;) { openSync('/dev/null'); taken++ } } catch (error) { if (error.code !== 'EMFILE') throw error }
      for (let n = 0; n < 5000; n++) log.info({ n, t: 'x'.repeat(50) })
      const receipt = await log.close()
      process.stderr.write(JSON.stringify({ taken, complete: receipt.complete, ...log.metrics().sinks.file }) + '\\n')
    " "$1"`,
    process.execPath,
    path,
  ])
  t.is(ended.code, 0, ended.stderr)
  const end = JSON.parse(ended.stderr.trim().split('\n').at(-1) as string) as Json
  t.true(Number(end['taken']) > 0)
  t.true(end['complete'] as boolean)
  t.is(end['written'], 5000)
  t.true(Number(end['maintenanceErrors']) > 0, 'rotation needed a descriptor')
})

test('diagnostics: true says when a sink fails and when it writes again', async (t) => {
  const disk = smallDisk('says')
  if (disk === undefined) {
    t.log('SKIPPED: mounting a tmpfs needs root')
    t.pass()
    return
  }
  try {
    const ended = await run(process.execPath, [
      '--input-type=module',
      '-e',
      `import { createLogger } from 'fapilog'
      import { rmSync, writeFileSync } from 'node:fs'
      const [, disk] = process.argv
      writeFileSync(disk + '/filler', 'x'.repeat(1000 << 10))
      const log = createLogger({ diagnostics: true, sinks: [{ type: 'file', path: disk + '/app.log' }] })
      for (let n = 0; n < 1000; n++) log.info('secret', { n, t: 'x'.repeat(100) })
      setTimeout(() => { rmSync(disk + '/filler'); log.close() }, 300)`,
      disk,
    ])
    t.is(ended.code, 0)
    const lines = ended.stderr.split('\n').slice(0, -1)
    t.is(lines.length, 2, ended.stderr)
    t.regex(
      lines[0] as string,
      /^fapilog: sink file \(.*\/app\.log\) cannot write and tries again: No space left/,
    )
    t.regex(
      lines[1] as string,
      /^fapilog: sink file \(.*\/app\.log\) is writing again after \d+\.\d s, \d+ retries$/,
    )
    t.false(ended.stderr.includes('secret'))
  } finally {
    execFileSync('umount', ['-l', disk])
  }
})
