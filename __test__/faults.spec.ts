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
import {
  createLogger,
  type FapilogError,
  type Logger,
  type Metrics,
  PipelineError,
  SinkError,
  type SinkReceipt,
} from 'fapilog'
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

test.serial(
  'O12: what a reader asleep costs is counted exactly, reported, and bounded in memory',
  async (t) => {
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
  },
)

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

test.serial('O12: while events are being lost, a sink is told at most once a second', async (t) => {
  const log = createLogger({
    format: 'pino',
    sinks: [{ type: 'memory', level: 'WARNING', maxBytes: '256 MB' }],
    queue: { ringBytes: '64 KB', protectedLevel: 'SECURITY' },
  })
  const start = performance.now()
  const told = () => log.metrics().sinks['memory']?.reports ?? 0
  // Longer only on a machine that has no time for the drain thread.
  for (let ms = 0; ms < 3300 || (told() < 2 && ms < 20_000); ms = performance.now() - start) {
    flood(log, 3000)
    await wait(5)
  }
  const seconds = (performance.now() - start) / 1000
  const before = told()
  t.true(before >= 2, `${before} reports`)
  t.true(before <= Math.floor(seconds) + 1, `${before} reports in ${seconds} s`)
  await log.close()
  // The end brings the rest, at once.
  const { reports, sums } = reported(log.takeLines())
  t.true(reports.length <= before + 2)
  t.true((log.metrics().dropped.ERROR ?? 0) > 100)
  t.is(sums['ERROR'], log.metrics().dropped.ERROR)
})

/** Options of a program, as text. */
const script = (text: string) => ['--input-type=module', '-e', text]

test('permissions withdrawn: lines go on, rotation is tried again and works when it may', async (t) => {
  const dir = join(folder, 'withdrawn')
  mkdirSync(dir)
  const ended = await run(
    process.execPath,
    script(`
      import { chmodSync, chownSync, readdirSync, readFileSync } from 'node:fs'
      import { createLogger } from 'fapilog'
      const dir = ${JSON.stringify(dir)}
      if (process.getuid() === 0) {
        chmodSync(${JSON.stringify(folder)}, 0o755)
        chownSync(dir, 65534, 65534)
        process.setgroups([]); process.setgid(65534); process.setuid(65534)
      }
      const codes = []
      const log = createLogger({ format: 'pino', onError: (error) => codes.push(error.code),
        sinks: [{ type: 'file', path: dir + '/app.log', rotate: { maxBytes: '64 KB' } }] })
      let n = 0
      const burst = async () => { for (let i = 0; i < 2000; i++) log.info({ n: n++, t: 'x'.repeat(50) }); await log.flush() }
      const files = () => readdirSync(dir).filter((name) => name.endsWith('.log')).sort()
      await burst()
      const rotated = files().length
      chmodSync(dir, 0o000)
      for (let i = 0; i < 5; i++) { await burst(); await new Promise((resolve) => setTimeout(resolve, 100)) }
      const { maintenanceErrors, written, rotations } = log.metrics().sinks.file
      chmodSync(dir, 0o755)
      const withdrawn = files().length
      const end = Date.now() + 10000
      while (files().length <= withdrawn && Date.now() < end) {
        await new Promise((resolve) => setTimeout(resolve, 200))
        await burst()
      }
      const { complete } = await log.close()
      const all = files()
      all.push(all.shift())
      const numbers = all.flatMap((name) => readFileSync(dir + '/' + name, 'utf8').split('\\n').slice(0, -1).map((line) => JSON.parse(line).n)).sort((a, b) => a - b)
      console.log(JSON.stringify({ rotated, withdrawn, after: files().length, maintenanceErrors, written, complete, codes,
        lost: n - new Set(numbers).size, twice: numbers.length - new Set(numbers).size }))
    `),
  )
  t.is(ended.code, 0, ended.stderr)
  const end = JSON.parse(ended.stdout) as Json
  t.true(Number(end['rotated']) > 1)
  t.is(end['withdrawn'], end['rotated'], 'nothing was rotated meanwhile')
  t.true(Number(end['after']) > Number(end['withdrawn']))
  t.is(end['written'], 12_000)
  t.true(Number(end['maintenanceErrors']) > 0)
  t.like(end, { complete: true, lost: 0, twice: 0 })
  t.true((end['codes'] as string[]).includes('FAPILOG_SINK_MAINTENANCE'))
})

/** Whether a command is there and works. */
function works(command: string, ...args: string[]): boolean {
  try {
    execFileSync(command, args, { stdio: 'ignore' })
    return true
  } catch {
    return false
  }
}

test('EIO and lines that are written in part: every line is there once, and both are told', async (t) => {
  if (!works('strace', '-f', '-e', 'inject=write:error=EIO:when=1000', 'true')) {
    t.log('SKIPPED: needs strace and the right to trace')
    t.pass()
    return
  }
  const path = join(folder, 'eio.log')
  writeFileSync(path, '')
  // Every third write of the first thirty to this file fails.
  const ended = await run('strace', [
    ...['-f', '-qq', '-o', '/dev/null', '-P', path],
    ...['-e', 'trace=write', '-e', 'inject=write:error=EIO:when=2..30+3'],
    process.execPath,
    ...script(`
      import { createLogger } from 'fapilog'
      const codes = []
      const log = createLogger({ format: 'pino', sinks: [{ type: 'file', path: ${JSON.stringify(path)} }],
        diagnostics: true, onError: (error) => codes.push(error.code) })
      for (let n = 0; n < 3000; n++) { log.info({ n }); if (n % 100 === 0) await log.flush() }
      const { complete } = await log.close()
      const { errors, written, retries } = log.metrics().sinks.file
      console.log(JSON.stringify({ complete, errors, written, codes }))
    `),
  ])
  t.is(ended.code, 0, ended.stderr)
  const end = JSON.parse(ended.stdout) as Json
  t.like(end, { complete: true, written: 3000 })
  t.true(Number(end['errors']) > 3, 'no fault has struck')
  t.true((end['codes'] as string[]).every((code) => code === 'FAPILOG_SINK_FAILING'))
  t.regex(ended.stderr, /cannot write and tries again: Input\/output error/)
  t.deepEqual(numbers(readFileSync(path, 'utf8')), upTo(3000))
})

test('EAGAIN: a pipe that others made non-blocking, and that is full most of the time, gets every line', async (t) => {
  const ended = await run('sh', [
    '-c',
    `"$0" --input-type=module -e "
      import { createLogger } from 'fapilog'
      process.stdout.write('')
      const log = createLogger({ format: 'pino', shutdownTimeoutMs: '20s', queue: { overflow: 'block', blockTimeoutMs: '1m' } })
      for (let n = 0; n < 20000; n++) log.info({ n, t: 'x'.repeat(n % 300) })
      await log.close()
      const { written, errors } = log.metrics().sinks.stdout
      process.stderr.write(JSON.stringify({ written, errors }))
    " | { sleep 0.3; cat; }`,
    process.execPath,
  ])
  t.deepEqual(JSON.parse(ended.stderr), { written: 20_000, errors: 0 })
  t.deepEqual(numbers(ended.stdout), upTo(20_000))
})

test('a sync that fails: the lines count as written but not as synced, and it is told', async (t) => {
  if (!works('strace', '-f', '-e', 'inject=fdatasync:error=EIO:when=1000', 'true')) {
    t.log('SKIPPED: needs strace and the right to trace')
    t.pass()
    return
  }
  const path = join(folder, 'fsync.log')
  const ended = await run('strace', [
    ...['-f', '-qq', '-o', '/dev/null'],
    ...['-e', 'trace=fdatasync', '-e', 'inject=fdatasync:error=EIO:when=3'],
    process.execPath,
    ...script(`
      import { createLogger } from 'fapilog'
      const errors = []
      const log = createLogger({ format: 'pino', durability: 'fsync', onError: (error) => errors.push(error.code),
        sinks: [{ type: 'file', path: ${JSON.stringify(path)} }] })
      for (let n = 0; n < 5; n++) { log.info({ n }); await log.flush() }
      const receipt = await log.close()
      console.log(JSON.stringify({ sink: receipt.sinks[0], unsynced: log.metrics().sinks.file.unsynced, errors }))
    `),
  ])
  t.is(ended.code, 0, ended.stderr)
  const { sink, unsynced, errors } = JSON.parse(ended.stdout) as {
    sink: SinkReceipt
    unsynced: Json
    errors: string[]
  }
  t.like(sink, { complete: true, written: 5, dropped: 0, unsynced: 1 })
  t.regex(sink.error ?? '', /^not synced to the device: Input\/output error/)
  t.deepEqual(unsynced, { INFO: 1 })
  t.deepEqual(errors, ['FAPILOG_SINK_UNSYNCED'])
  t.regex(ended.stderr, /has written lines that may not survive a power failure/)
  t.deepEqual(numbers(readFileSync(path, 'utf8')), upTo(5))
})

test('a clock that jumps two hours back and ten years on: no line is lost, none moves, no file goes', async (t) => {
  const shim = join(folder, 'clock.so')
  const source = fixture('clock').replace(/mjs$/, 'c')
  if (!works('cc', '-shared', '-fPIC', '-O1', '-o', shim, source, '-ldl')) {
    t.log('SKIPPED: needs a C compiler; nothing but LD_PRELOAD moves the clock of one process')
    t.pass()
    return
  }
  const dir = join(folder, 'clock')
  mkdirSync(dir)
  const offset = join(folder, 'offset')
  writeFileSync(offset, '0')
  const ended = await run('env', [
    `LD_PRELOAD=${shim}`,
    `CLOCK_OFFSET=${offset}`,
    process.execPath,
    ...script(`
      import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
      import { createLogger } from 'fapilog'
      const dir = ${JSON.stringify(dir)}
      const log = createLogger({ format: 'pino', sinks: [{ type: 'file', path: dir + '/app.log',
        rotate: { interval: 'daily', utc: true, keepFor: '30d' } }] })
      let n = 0
      const years = []
      for (const seconds of [0, -7200, 10 * 365 * 86400, 0]) {
        writeFileSync(${JSON.stringify(offset)}, String(seconds))
        await new Promise((resolve) => setTimeout(resolve, 300))
        years.push(new Date().getUTCFullYear())
        const started = performance.now()
        for (let i = 0; i < 1000; i++) log.info({ n: n++ })
        const { complete } = await log.flush()
        if (!complete || performance.now() - started > 3000) console.log('late')
        await new Promise((resolve) => setTimeout(resolve, 1300))
      }
      await log.close()
      const files = readdirSync(dir).filter((name) => name.endsWith('.log')).sort()
      console.log(JSON.stringify({ years, files, rotations: log.metrics().sinks.file.rotations,
        numbers: files.flatMap((name) => readFileSync(dir + '/' + name, 'utf8').split('\\n').slice(0, -1).map((line) => JSON.parse(line).n)).sort((a, b) => a - b) }))
    `),
  ])
  t.is(ended.code, 0, ended.stderr)
  const { years, files, rotations, numbers } = JSON.parse(ended.stdout) as {
    years: number[]
    files: string[]
    rotations: number
    numbers: number[]
  }
  t.true((years[2] as number) - (years[0] as number) >= 9, `the clock did not jump: ${years}`)
  t.true(rotations <= 4 && files.length === rotations + 1, `${files}`)
  t.deepEqual(numbers, upTo(4000))
})

test('diagnostics: what is cut, what is damaged and what is not recovered is told, without content', async (t) => {
  const dir = join(folder, 'told')
  mkdirSync(join(dir, '.fapilog'), { recursive: true })
  // A ring that nobody can read, and that is not removed.
  writeFileSync(join(dir, '.fapilog', 'other.ring'), 'secret\n'.repeat(2000))
  const errors: FapilogError[] = []
  const log = createLogger({
    format: 'pino',
    durability: process.platform === 'win32' ? 'memory' : 'crash-safe',
    sinks: [{ type: 'file', path: join(dir, 'app.log') }],
    queue: { maxEventBytes: '16 KB' },
    onError: (error) => errors.push(error),
  })
  log.info({ t: 'secret'.repeat(10_000) })
  await log.flush()
  t.true(await until(() => errors.length >= (process.platform === 'win32' ? 1 : 2)))
  await log.close()
  const codes = errors.map((error) => error.code).sort()
  t.deepEqual(
    codes,
    process.platform === 'win32'
      ? ['FAPILOG_EVENTS_TRUNCATED']
      : ['FAPILOG_EVENTS_TRUNCATED', 'FAPILOG_RING_NOT_RECOVERED'],
  )
  t.true(errors.every((error) => error instanceof PipelineError))
  t.false(errors.some((error) => error.message.includes('secret')))
  t.is(log.metrics().diagnostics.reported, codes.length)
})

test('diagnostics: an end with unwritten events is told to onError and on standard error', async (t) => {
  const ended = await run(
    process.execPath,
    script(`
      import { writeSync } from 'node:fs'
      import { createLogger } from 'fapilog'
      const log = createLogger({ sinks: ['stdout'], shutdownTimeoutMs: 300,
        onError: (error) => writeSync(2, error.name + ' ' + error.code + '\\n') })
      for (let n = 0; n < 20000; n++) log.info({ n, t: 'x'.repeat(100) })
      process.exit(3)
    `),
    { deaf: true },
  )
  t.is(ended.code, 3)
  const lines = ended.stderr.split('\n').slice(0, -1)
  t.is(lines.length, 2, ended.stderr)
  t.regex(lines[0] as string, /^fapilog: exit after 300 ms with unwritten events in stdout/)
  t.is(lines[1], 'PipelineError FAPILOG_EVENTS_UNWRITTEN')
})

test('at the end a sink that is stuck costs the others nothing', async (t) => {
  const path = join(folder, 'beside a stuck sink.log')
  const ended = await run(
    process.execPath,
    script(`
      import { createLogger } from 'fapilog'
      const log = createLogger({ format: 'pino', shutdownTimeoutMs: 500,
        sinks: [{ type: 'stdout', queueBytes: '64 KB' }, { type: 'file', path: ${JSON.stringify(path)} }],
        queue: { ringBytes: '16 MB' } })
      for (let n = 0; n < 20000; n++) log.info({ n, t: 'x'.repeat(100) })
      process.exit(3)
    `),
    { deaf: true },
  )
  t.is(ended.code, 3)
  t.regex(ended.stderr, /^fapilog: exit after 500 ms with unwritten events in stdout \(/)
  t.deepEqual(numbers(readFileSync(path, 'utf8')), upTo(20_000))
})
