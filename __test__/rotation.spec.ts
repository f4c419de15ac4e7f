// Rotation while events arrive: every numbered event is in exactly one file, once, in one piece.

import { spawn } from 'node:child_process'
import {
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  unlinkSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { gunzipSync } from 'node:zlib'
import test, { type ExecutionContext } from 'ava'
import {
  createLogger,
  type FileSinkOptions,
  type Logger,
  type Metrics,
  type SinkMetrics,
} from 'fapilog'
import type { Json } from './support/capture.ts'

const BURST = fileURLToPath(new URL('./fixtures/burst.mjs', import.meta.url))

/** A folder of its own for each test. */
function folderOf(t: ExecutionContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'fapilog-rotation-'))
  t.teardown(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}

function fileLogger(path: string, options: Partial<FileSinkOptions> = {}): Logger {
  return createLogger({
    format: 'pino',
    sinks: [{ type: 'file', path, ...options }],
    queue: { overflow: 'block', blockTimeoutMs: '1m' },
  })
}

const sinkOf = (log: Logger): SinkMetrics => log.metrics().sinks['file'] as SinkMetrics

/** The text of a log file, compressed or not. */
function textOf(path: string): string {
  const bytes = readFileSync(path)
  return (path.endsWith('.gz') ? gunzipSync(bytes) : bytes).toString('utf8')
}

/** Log files of a folder, without lock files. */
const logFiles = (folder: string): string[] =>
  readdirSync(folder).filter((name) => !name.startsWith('.') && name.includes('.log'))

/** Every line of every file of a folder; each must be whole. */
function linesOf(folder: string): Json[] {
  return logFiles(folder).flatMap((name) => {
    const text = textOf(join(folder, name))
    if (text !== '' && !text.endsWith('\n')) throw new Error(`${name} ends inside a line`)
    return text
      .split('\n')
      .slice(0, -1)
      .map((line) => JSON.parse(line) as Json)
  })
}

/** Checks that the numbers 0 to `count - 1` are there, each once. */
function complete(t: ExecutionContext, lines: readonly Json[], count: number, what = 'events') {
  const seen = new Uint8Array(count)
  for (const { n } of lines) (seen[n as number] as number)++
  t.is(lines.length, count, what)
  t.is(seen.indexOf(0), -1, `${what}: lost`)
  t.is(
    seen.findIndex((times) => times > 1),
    -1,
    `${what}: duplicated`,
  )
}

test('rotation by size under load loses and duplicates nothing and keeps the bound', async (t) => {
  const folder = folderOf(t)
  const log = fileLogger(join(folder, 'app.log'), { rotate: { maxBytes: 65_536 } })
  for (let n = 0; n < 100_000; n++) log.info({ n, t: 'x'.repeat(n % 100) })
  t.true((await log.close()).complete)
  complete(t, linesOf(folder), 100_000)
  const names = logFiles(folder)
  const { rotations, maintenanceErrors } = sinkOf(log)
  t.is(names.length, rotations + 1)
  t.true(rotations > 100)
  t.is(maintenanceErrors, 0)
  for (const name of names) t.true(statSync(join(folder, name)).size <= 65_536, name)
})

test('rotation with gzip under load loses and duplicates nothing', async (t) => {
  const folder = folderOf(t)
  const log = fileLogger(join(folder, 'app.log'), {
    rotate: { maxBytes: '256 KB', compress: 'gzip' },
  })
  for (let n = 0; n < 100_000; n++) log.info({ n, t: 'x'.repeat(n % 100) })
  t.true((await log.close()).complete)
  complete(t, linesOf(folder), 100_000)
  const { rotations, compressed, maintenanceErrors } = sinkOf(log)
  t.true(rotations > 20)
  t.is(maintenanceErrors, 0)
  t.is(readdirSync(folder).filter((name) => name.endsWith('.gz')).length, compressed)
})

test('an event that is larger than a file has one of its own', async (t) => {
  const folder = folderOf(t)
  const log = fileLogger(join(folder, 'app.log'), { rotate: { maxBytes: 1000 } })
  for (let n = 0; n < 50; n++) log.info({ n, t: 'x'.repeat(n % 5 === 0 ? 5000 : 10) })
  await log.close()
  complete(t, linesOf(folder), 50)
  for (const name of logFiles(folder)) {
    const text = textOf(join(folder, name))
    t.true(text.length <= 1000 || text.split('\n').length === 2, name)
  }
})

test('rotation by time under load loses and duplicates nothing', async (t) => {
  const folder = folderOf(t)
  const log = fileLogger(join(folder, 'app.log'), { rotate: { interval: 50 } })
  let n = 0
  const deadline = Date.now() + 20_000
  while (sinkOf(log).rotations < 5 && Date.now() < deadline) {
    for (let i = 0; i < 200; i++) log.info({ n: n++ })
    await log.flush()
  }
  t.true((await log.close()).complete)
  complete(t, linesOf(folder), n)
  t.true(sinkOf(log).rotations >= 5)
  t.is(logFiles(folder).length, sinkOf(log).rotations + 1)
})

test('retention deletes the oldest files and only those', async (t) => {
  const folder = folderOf(t)
  const log = fileLogger(join(folder, 'app.log'), { rotate: { maxBytes: 10_000, keepFiles: 3 } })
  for (let n = 0; n < 5_000; n++) log.info({ n })
  await log.close()
  const numbers = linesOf(folder).map(({ n }) => n as number)
  t.is(logFiles(folder).length, 4)
  t.is(sinkOf(log).deleted, sinkOf(log).rotations - 3)
  numbers.sort((a, b) => a - b)
  t.deepEqual(
    numbers,
    Array.from({ length: numbers.length }, (_, i) => 5_000 - numbers.length + i),
  )
})

function burst(path: string, who: string, count: number, options: object) {
  return new Promise<{ complete: boolean; metrics: Metrics }>((resolve, reject) => {
    const child = spawn(process.execPath, [
      BURST,
      path,
      who,
      String(count),
      JSON.stringify(options),
    ])
    let out = ''
    let error = ''
    child.stdout.on('data', (text: Buffer) => {
      out += text
    })
    child.stderr.on('data', (text: Buffer) => {
      error += text
    })
    child.on('close', (code) => {
      if (code === 0) resolve(JSON.parse(out))
      else reject(new Error(`exit code ${code}: ${error}`))
    })
  })
}

for (const [how, rotate] of [
  ['without rotation', undefined],
  ['with rotation by size', { maxBytes: '64 KB' }],
  ['with rotation and gzip', { maxBytes: '256 KB', compress: 'gzip' }],
  ['with rotation by time', { interval: 50 }],
] as const) {
  test(`two processes that share a path ${how} lose and duplicate nothing`, async (t) => {
    const folder = folderOf(t)
    const path = join(folder, 'app.log')
    const options = rotate === undefined ? {} : { rotate }
    const ended = await Promise.all([
      burst(path, 'a', 20_000, options),
      burst(path, 'b', 20_000, options),
    ])
    for (const { complete: done, metrics } of ended) {
      t.true(done)
      t.is(metrics.written, 20_000)
      t.is(metrics.sinks['file']?.maintenanceErrors, 0)
    }
    const lines = linesOf(folder)
    for (const who of ['a', 'b'])
      complete(
        t,
        lines.filter((line) => line['who'] === who),
        20_000,
        who,
      )
  })
}

test('every file has the mode of the settings, rotated and compressed ones too', async (t) => {
  const folder = folderOf(t)
  const umask = process.umask(0o077)
  const closed = fileLogger(join(folder, 'closed.log'), {
    rotate: { maxBytes: 5_000, compress: 'gzip' },
  })
  const open = fileLogger(join(folder, 'open.log'), {
    mode: 0o640,
    rotate: { maxBytes: 5_000, compress: 'gzip' },
  })
  for (let n = 0; n < 1_000; n++) {
    closed.info({ n })
    open.info({ n })
  }
  await closed.close()
  await open.close()
  process.umask(umask)
  const names = logFiles(folder)
  t.true(names.length > 10)
  for (const name of names) {
    const expected = name.startsWith('closed') ? 0o600 : 0o640
    t.is(statSync(join(folder, name)).mode & 0o777, expected, name)
  }
})

/** Logs and flushes until a file is there. */
async function logUntil(log: Logger, from: number, done: () => boolean): Promise<number> {
  let n = from
  const deadline = Date.now() + 20_000
  while (!done() && Date.now() < deadline) {
    log.info({ n: n++ })
    await log.flush()
  }
  return n
}

test('a file that was moved is opened again, and no event is lost', async (t) => {
  const folder = folderOf(t)
  const path = join(folder, 'app.log')
  const log = fileLogger(path)
  for (let n = 0; n < 100; n++) log.info({ n })
  await log.flush()
  renameSync(path, join(folder, 'moved.log'))
  const n = await logUntil(log, 100, () => existsSync(path))
  await log.close()
  t.true(existsSync(path))
  complete(t, linesOf(folder), n)
  t.is(sinkOf(log).reopened, 1)
})

test('a file that was removed is made again', async (t) => {
  const folder = folderOf(t)
  const path = join(folder, 'app.log')
  const log = fileLogger(path)
  log.info({ n: 0 })
  await log.flush()
  unlinkSync(path)
  await logUntil(log, 1, () => existsSync(path))
  await log.close()
  t.true(existsSync(path))
})

test('reopen writes what is logged after it to the new file at once', async (t) => {
  const folder = folderOf(t)
  const path = join(folder, 'app.log')
  const log = fileLogger(path)
  for (let n = 0; n < 100; n++) log.info({ n })
  await log.flush()
  renameSync(path, join(folder, 'moved.log'))
  log.reopen()
  for (let n = 100; n < 200; n++) log.info({ n })
  await log.close()
  const numbers = (name: string) =>
    textOf(join(folder, name))
      .split('\n')
      .slice(0, -1)
      .map((line) => (JSON.parse(line) as Json)['n'])
  t.deepEqual(
    numbers('moved.log'),
    Array.from({ length: 100 }, (_, i) => i),
  )
  t.deepEqual(
    numbers('app.log'),
    Array.from({ length: 100 }, (_, i) => 100 + i),
  )
})

test('a second logger on a file appends to it', async (t) => {
  const folder = folderOf(t)
  const path = join(folder, 'app.log')
  for (let run = 0; run < 2; run++) {
    const log = fileLogger(path)
    for (let n = 0; n < 10; n++) log.info({ n: run * 10 + n })
    await log.close()
  }
  complete(t, linesOf(folder), 20)
})
