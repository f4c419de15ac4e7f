// durability: 'crash-safe': whatever ends the process, every event whose call had returned is in the files exactly
// once, in order, after the next start or `fapilog recover`.

import { execFileSync } from 'node:child_process'
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
  writeSync,
} from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import test from 'ava'
import {
  ConfigurationError,
  createLogger,
  type LoggerOptions,
  type Metrics,
  PipelineError,
  type Receipt,
} from 'fapilog'
import { run } from './support/child.ts'
import {
  acked,
  CLEAN,
  compare,
  folder,
  lines,
  recover,
  remove,
  runAndKill,
  start,
} from './support/crash.mjs'

const unix = process.platform === 'win32' ? test.skip : test.serial
const linux = process.platform === 'linux' ? test.serial : test.skip

const options = (dir: string, more: LoggerOptions = {}): LoggerOptions => ({
  format: 'pino',
  durability: 'crash-safe',
  sinks: [{ type: 'file', path: join(dir, 'app.log') }],
  ...more,
})

/** Files of rings. */
const rings = (dir: string) => {
  const found = join(dir, '.fapilog')
  return existsSync(found) ? readdirSync(found).map((name) => join(found, name)) : []
}

/** A ring in which a killed process has left something. */
async function deadRing(dir: string): Promise<string> {
  for (let attempt = 0; attempt < 50; attempt++) {
    await runAndKill(dir, 60, 'pino', 5000)
    const [ring] = rings(dir)
    const left = ring === undefined ? '' : recover(join(dir, '.fapilog'), '--dry-run').out
    if (ring !== undefined && /recovered events=\d{3,} /.test(left)) return ring
    recover(join(dir, '.fapilog'))
    for (const name of readdirSync(dir)) if (name.startsWith('app')) rmSync(join(dir, name))
  }
  throw new Error('no kill left anything')
}

unix(
  '30 kills under load with rotation lose nothing, double nothing, and keep the order',
  async (t) => {
    t.timeout(120_000)
    let events = 0
    for (let kill = 0; kill < 30; kill++) {
      const dir = folder()
      const format = kill % 2 === 0 ? 'json' : 'pino'
      await runAndKill(dir, Math.random() ** 2 * 200, format, [1, 20, 2000][kill % 3] as number)
      // By the next start, which is killed in turn, or by the command.
      if (kill % 2 === 0) await runAndKill(dir, Math.random() * 20, format, 20, '{}', 'b')
      const { code, out } = recover(join(dir, '.fapilog'))
      t.is(code, 0, out)
      const found = compare(dir)
      events += found.events
      t.like(found, CLEAN, dir)
      t.true(found.events >= found.acked)
      if (kill % 2 === 0) t.like(compare(dir, 'b'), CLEAN, dir)
      t.deepEqual(rings(dir), [])
      remove(dir)
    }
    t.true(events > 1000)
  },
)

unix('two processes with the same settings, killed, and two that recover', async (t) => {
  const dir = folder()
  const children = await Promise.all(['a', 'b'].map((tag) => start(dir, 'json', 20, '{}', tag)))
  t.is(rings(dir).length, 2)
  t.is(recover(join(dir, '.fapilog')).out.match(/: live/g)?.length, 2)
  await new Promise((resolve) => setTimeout(resolve, 200))
  for (const { child } of children) child.kill('SIGKILL')
  await Promise.all(children.map(({ ended }) => ended))
  await Promise.all([
    runAndKill(dir, 10, 'json', 20, '{}', 'c'),
    runAndKill(dir, 10, 'json', 20, '{}', 'd'),
  ])
  recover(join(dir, '.fapilog'))
  for (const tag of ['a', 'b', 'c', 'd'])
    t.like(compare(dir, tag), { lost: 0, duplicated: 0, disorder: 0 }, tag)
  t.deepEqual(rings(dir), [])
  remove(dir)
})

unix('a clean end leaves no ring, and files are for their owner alone', async (t) => {
  const dir = folder()
  const log = createLogger(options(dir, { name: 'my app/1' }))
  for (let n = 0; n < 1000; n++) log.info({ n }, 'event')
  const [ring] = rings(dir) as [string]
  t.regex(ring, /my_app_1\.[0-9a-f-]{36}\.ring$/)
  t.is(statSync(ring).mode & 0o777, 0o600)
  t.is(statSync(join(dir, '.fapilog')).mode & 0o777, 0o700)
  const { complete } = await log.close()
  t.true(complete)
  t.deepEqual(rings(dir), [])
  t.is(lines(dir).lines.length, 1000)
  // Without close: when the process ends by itself, and by process.exit.
  for (const end of ['', 'process.exit(3)']) {
    const code = `import { createLogger } from 'fapilog'
      const log = createLogger(${JSON.stringify(options(dir))})
      for (let n = 0; n < 1000; n++) log.info({ n }, 'event')
      ${end}`
    const cwd = new URL('..', import.meta.url).pathname
    try {
      execFileSync(process.execPath, ['--input-type=module', '-e', code], { cwd })
    } catch (error) {
      t.is((error as { status: number }).status, 3)
    }
    t.deepEqual(rings(dir), [], end)
  }
  t.is(lines(dir).lines.length, 3000)
  remove(dir)
})

const signalled = fileURLToPath(new URL('./fixtures/signal.mjs', import.meta.url))
const CRASH_SAFE = JSON.stringify({ durability: 'crash-safe' })

unix('a signal that ends the process leaves no ring and no event behind', async (t) => {
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) {
    const ways = ['itself, at once', 'from outside, idle', 'from outside, blocked for ever']
    for (const how of ways) {
      const dir = folder()
      const ended = await run(
        process.execPath,
        [signalled, how, signal, '5000', join(dir, 'app.log'), CRASH_SAFE],
        { meanwhile: (child) => child.stderr?.once('data', () => child.kill(signal)) },
      )
      t.is(ended.signal, signal, ended.stderr)
      t.is(lines(dir).lines.length, 5000, how)
      t.deepEqual(rings(dir), [], `${signal} ${how}`)
      remove(dir)
    }
  }
})

unix('20 signals to a program that logs for ever lose nothing', async (t) => {
  t.timeout(120_000)
  for (let round = 0; round < 20; round++) {
    const dir = folder()
    const { child, ended } = await start(dir, 'pino', [1, 2000][round % 2] as number)
    await new Promise((resolve) => setTimeout(resolve, Math.random() * 100))
    child.kill('SIGTERM')
    t.like(await ended, { signal: 'SIGTERM' })
    recover(join(dir, '.fapilog'))
    t.like(compare(dir), CLEAN, dir)
    t.deepEqual(rings(dir), [])
    remove(dir)
  }
})

/** A program that has `log`, crash-safe in `dir`, and `burst(from, count)`. */
const program = (dir: string, text: string, ...flags: string[]) =>
  run(process.execPath, [
    ...flags,
    '--input-type=module',
    '-e',
    `import { createLogger } from 'fapilog'
    const options = ${JSON.stringify(options(dir))}
    const log = createLogger(options)
    const burst = (from, count) => {
      for (let n = from; n < from + count; n++) log.info({ n, t: 'x'.repeat(n % 200) }, 'event')
    }
    ${text}`,
  ])

const numbersIn = (dir: string) =>
  lines(dir).lines.map((line) => (JSON.parse(line) as { n: number }).n)

const upTo = (count: number) => Array.from({ length: count }, (_, n) => n)

unix('abort, the end of the heap and a fault in native code lose nothing', async (t) => {
  const endings: [text: string, signal: string][] = [
    ['process.abort()', 'SIGABRT'],
    ['const all = []; for (;;) all.push(new Array(10000).fill({}))', 'SIGABRT'],
    ["process.kill(process.pid, 'SIGSEGV')", 'SIGSEGV'],
  ]
  for (const [text, signal] of endings) {
    const dir = folder()
    const ended = await program(dir, `burst(0, 20000); ${text}`, '--max-old-space-size=40')
    t.is(ended.signal, signal, ended.stderr)
    t.is(recover(join(dir, '.fapilog')).code, 0)
    t.deepEqual(numbersIn(dir), upTo(20_000), text)
    remove(dir)
  }
})

unix('a worker that is terminated leaves its events and no ring', async (t) => {
  const dir = folder()
  const ended = await program(
    dir,
    `import { Worker } from 'node:worker_threads'
    await log.close()
    const shared = new Int32Array(new SharedArrayBuffer(4))
    const worker = new Worker(\`
      import { createLogger } from 'fapilog'
      import { workerData } from 'node:worker_threads'
      const { options, shared } = workerData
      const log = createLogger({ ...options, queue: { overflow: 'block', blockTimeoutMs: '1m' } })
      for (let n = 0; ; n++) { log.info({ n }); Atomics.store(shared, 0, n + 1) }
    \`, { eval: true, workerData: { options, shared } })
    while (Atomics.load(shared, 0) < 5000) await new Promise((resolve) => setTimeout(resolve, 1))
    await worker.terminate()
    console.log(Atomics.load(shared, 0))`,
  )
  t.is(ended.code, 0, ended.stderr)
  const logged = Number(ended.stdout)
  const found = numbersIn(dir)
  t.true(found.length === logged || found.length === logged + 1, `${found.length} of ${logged}`)
  t.deepEqual(found, upTo(found.length))
  t.deepEqual(rings(dir), [])
  remove(dir)
})

linux(
  'a read-only folder is an error that says what to do, and leaves nothing behind',
  async (t) => {
    const dir = folder()
    const locked = join(dir, 'locked')
    mkdirSync(locked)
    try {
      execFileSync('mount', ['-t', 'tmpfs', '-o', 'ro', 'tmpfs', locked], { stdio: 'ignore' })
    } catch {
      t.log('SKIPPED: mounting a tmpfs needs root')
      remove(dir)
      t.pass()
      return
    }
    try {
      const error = t.throws(() => createLogger(options(dir, { crashSafeDir: locked })), {
        instanceOf: PipelineError,
        code: 'FAPILOG_RING_FILE',
      })
      t.regex(error.message, /locked'; make the folder writable .*Read-only file system/)
    } finally {
      execFileSync('umount', ['-l', locked])
      remove(dir)
    }
  },
)

linux(
  'what close could not write in time is kept, said to be, and written by the next start',
  async (t) => {
    const dir = folder()
    const disk = join(dir, 'disk')
    mkdirSync(disk)
    try {
      execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', disk], { stdio: 'ignore' })
    } catch {
      t.log('SKIPPED: mounting a tmpfs needs root')
      remove(dir)
      t.pass()
      return
    }
    try {
      const ended = await run(process.execPath, [
        '--input-type=module',
        '-e',
        `import { createLogger } from 'fapilog'
      import { writeFileSync } from 'node:fs'
      const log = createLogger(${JSON.stringify(
        options(dir, {
          crashSafeDir: join(dir, '.fapilog'),
          sinks: [{ type: 'file', path: join(disk, 'app.log') }, 'null'],
        }),
      )})
      for (let n = 0; n < 1000; n++) log.info({ n }, 'event')
      await log.flush()
      writeFileSync('${disk}/filler', 'x'.repeat(900 << 10))
      for (let n = 1000; n < 5000; n++) log.info({ n, t: 'x'.repeat(100) }, 'event')
      const receipt = await log.close(300)
      console.log(JSON.stringify([receipt, log.metrics()]))`,
      ])
      t.is(ended.code, 0, ended.stderr)
      t.regex(ended.stderr, /unwritten events in file .*; the next start writes what files lack/)
      const [receipt, metrics] = JSON.parse(ended.stdout) as [Receipt, Metrics]
      const [file, other] = receipt.sinks
      t.false(receipt.complete)
      t.is(file?.dropped, 0)
      t.true((file?.kept ?? 0) > 1000)
      t.is((file?.written ?? 0) + (file?.kept ?? 0), 5000)
      t.is(other?.kept, 0)
      t.is(metrics.sinks['file']?.kept.INFO, file?.kept)
      t.is(metrics.inFlight, 0)
      rmSync(join(disk, 'filler'))
      const { code, out } = recover(join(dir, '.fapilog'))
      t.is(code, 0, out)
      t.regex(out, new RegExp(`recovered events=${file?.kept} `))
      t.deepEqual(numbersIn(disk), upTo(5000))
    } finally {
      execFileSync('umount', ['-l', disk])
      remove(dir)
    }
  },
)

linux(
  'a ring whose file somebody cuts off ends the process with SIGBUS, and only then',
  async (t) => {
    const dir = folder()
    // The place is taken in advance, so that a full disk cannot do the same.
    const log = createLogger(options(dir))
    const [living] = rings(dir) as [string]
    const { blocks, size } = statSync(living)
    t.true(blocks * 512 >= size, `${blocks} blocks of ${size} bytes`)
    await log.close()
    const { child, ended } = await start(dir, 'pino', 20)
    const [ring] = rings(dir) as [string]
    truncateSync(ring, 0)
    t.like(await ended, { signal: 'SIGBUS' })
    t.false(child.connected)
    // What had been written stays; what was in the ring is gone with it, and the next start is not kept from anything.
    t.like(compare(dir), { duplicated: 0, disorder: 0 })
    t.regex(recover(join(dir, '.fapilog')).out, /foreign/)
    const next = createLogger(options(dir))
    next.info('works')
    t.true((await next.close()).complete)
    remove(dir)
  },
)

linux('a ring whose file is removed goes on as if it were in memory', async (t) => {
  const dir = folder()
  const log = createLogger(options(dir))
  for (let n = 0; n < 500; n++) log.info({ n }, 'event')
  rmSync(join(dir, '.fapilog'), { recursive: true })
  for (let n = 500; n < 1000; n++) log.info({ n }, 'event')
  t.true((await log.close()).complete)
  t.is(lines(dir).lines.length, 1000)
  remove(dir)
})

unix('more events than the ring holds go through it', async (t) => {
  const dir = folder()
  const log = createLogger(
    options(dir, {
      queue: { ringBytes: '64 KB', overflow: 'block', blockTimeoutMs: '30s' },
      sinks: [
        { type: 'file', path: join(dir, 'app.log') },
        // Takes almost nothing, and must not hold the ring.
        { type: 'file', path: join(dir, 'errors.log'), level: 'ERROR' },
        'null',
      ],
    }),
  )
  for (let n = 0; n < 50_000; n++) log[n % 20_000 === 0 ? 'error' : 'info']({ n }, 'event')
  const { complete } = await log.close()
  t.true(complete)
  t.is(lines(dir).lines.length, 50_000)
  t.is(readFileSync(join(dir, 'errors.log'), 'utf8').split('\n').length, 4)
  t.deepEqual(rings(dir), [])
  remove(dir)
})

unix('a dry run changes nothing, and says what would be done', async (t) => {
  const dir = folder()
  const ring = await deadRing(dir)
  const state = () => [readFileSync(ring), lines(dir).lines.length, rings(dir)]
  const before = state()
  const { code, out } = recover(join(dir, '.fapilog'), '--dry-run')
  t.is(code, 0)
  t.regex(out, /recovered events=\d+ damagedBytes=0 droppedBeforeCrash=0 pid=\d+/)
  t.deepEqual(state(), before)
  const announced = Number(/events=(\d+)/.exec(out)?.[1])
  t.is(recover(join(dir, '.fapilog')).code, 0)
  t.is(lines(dir).lines.length, (before[1] as number) + announced)
  const [summary] = lines(dir).summaries.slice(-1)
  t.like(JSON.parse(summary as string), { level: 40, recovered: announced, damagedBytes: 0 })
  remove(dir)
})

unix('a damaged ring loses the damaged events and says so', async (t) => {
  const dir = folder()
  const ring = await deadRing(dir)
  const whole = readFileSync(ring)
  const base = lines(dir).lines
  const HEADER = 4096 + (1 << 20)
  const head = whole.readUInt32LE(64)
  const capacity = whole.readUInt32LE(8) / 8
  // Near the end, which no sink has seen yet.
  const place = HEADER + ((head - 40) & (capacity - 1)) * 8
  const file = openSync(ring, 'r+')
  writeSync(file, Buffer.alloc(256, 0xff), 0, 256, Math.min(place, HEADER + capacity * 8 - 256))
  const { code, out } = recover(join(dir, '.fapilog'))
  t.is(code, 0, out)
  t.true(Number(/damagedBytes=(\d+)/.exec(out)?.[1]) > 0, out)
  const after = lines(dir).lines
  t.true(after.length > base.length)
  const numbers = after.flatMap((line) => {
    try {
      return [(JSON.parse(line) as { n: number }).n]
    } catch {
      return []
    }
  })
  t.deepEqual(new Set(numbers).size, numbers.length)
  t.true(numbers.length > acked(dir) - 100)
  remove(dir)
})

unix('what is no ring is left alone, what is a broken one is put aside', async (t) => {
  const dir = folder()
  const ring = await deadRing(dir)
  const whole = readFileSync(ring)
  const place = join(dir, 'rings')
  mkdirSync(place)
  const put = (name: string, change: (bytes: Buffer) => Buffer) =>
    writeFileSync(join(place, `${name}.ring`), change(Buffer.from(whole)))
  put('empty', () => Buffer.alloc(0))
  put('zeros', (bytes) => bytes.fill(0))
  put('garbage', (bytes) => bytes.fill(0xff))
  put('text', () => Buffer.from('hello\n'.repeat(2000)))
  put('newer', (bytes) => {
    bytes.writeUInt32LE(999, 4)
    return bytes
  })
  put('cut', (bytes) => bytes.subarray(0, bytes.length - 8192))
  put('sizes', (bytes) => {
    bytes.writeUInt32LE(12345, 8)
    return bytes
  })
  put('ends', (bytes) => {
    bytes.writeUInt32LE(bytes.readUInt32LE(64) + 0x1000_0000, 128)
    return bytes
  })
  const { code, out } = recover(place)
  t.is(code, 1)
  for (const name of ['empty', 'zeros', 'garbage', 'text', 'newer']) {
    t.regex(out, new RegExp(`${name}\\.ring: foreign`))
    t.true(existsSync(join(place, `${name}.ring`)))
  }
  for (const name of ['cut', 'sizes', 'ends']) {
    t.regex(out, new RegExp(`${name}\\.ring: quarantined`))
    t.true(existsSync(join(place, `${name}.ring.bad`)))
  }
  remove(dir)
})

unix('any bit flipped or byte cut off ends neither the recovery nor what it wrote', async (t) => {
  t.timeout(120_000)
  const dir = folder()
  const ring = await deadRing(dir)
  const whole = readFileSync(ring)
  const place = join(dir, 'rings')
  mkdirSync(place)
  for (let round = 0; round < 40; round++) {
    const bytes = Buffer.from(whole)
    const from = [0, 4096, bytes.length - 12_288, 4096 + (1 << 20)][round % 4] as number
    for (let flips = 0; flips < 8; flips++) {
      const at = from + Math.floor(Math.random() * (from === 0 ? 4096 : 8192))
      bytes[at] = (bytes[at] as number) ^ (1 << Math.floor(Math.random() * 8))
    }
    const copy = join(place, `${round}.ring`)
    writeFileSync(copy, bytes)
    if (round % 5 === 0) truncateSync(copy, Math.floor(Math.random() * bytes.length))
  }
  const { code, out } = recover(place, '--dry-run')
  t.true(code === 0 || code === 1, out)
  t.is(out.trim().split('\n').length, 40)
  remove(dir)
})

unix('a recovery that ended three times is not tried again', async (t) => {
  const dir = folder()
  const ring = await deadRing(dir)
  const file = openSync(ring, 'r+')
  const journal = 4096 + (1 << 20) + (1 << 20)
  writeSync(file, Buffer.from([3, 0, 0, 0, 0, 0, 0, 0]), 0, 8, journal + 32)
  t.regex(recover(join(dir, '.fapilog')).out, /quarantined .*never ended/)
  t.true(existsSync(`${ring}.bad`))
  remove(dir)
})

unix('a killed process does not count by its id', async (t) => {
  const dir = folder()
  const ring = await deadRing(dir)
  const file = openSync(ring, 'r+')
  const pid = Buffer.alloc(8)
  // This process lives; in a container it might well have the id of the one that is gone.
  pid.writeUInt32LE(process.pid)
  writeSync(file, pid, 0, 8, 4096 + (1 << 20) + (1 << 20) + 16)
  t.regex(recover(join(dir, '.fapilog')).out, new RegExp(`recovered .*pid=${process.pid}`))
  t.like(compare(dir), CLEAN)
  remove(dir)
})

unix('what cannot be written stays for the next attempt', async (t) => {
  const dir = folder()
  const ring = await deadRing(dir)
  const before = lines(dir).lines.length
  const log = join(dir, 'app.log')
  const aside = join(dir, 'aside')
  copyFileSync(log, aside)
  execFileSync('rm', [log])
  mkdirSync(log)
  for (let attempt = 0; attempt < 5; attempt++) {
    const { code, out } = recover(join(dir, '.fapilog'))
    t.is(code, 1)
    t.regex(out, /failed .*directory/)
  }
  t.true(existsSync(ring))
  execFileSync('rmdir', [log])
  execFileSync('mv', [aside, log])
  t.is(recover(join(dir, '.fapilog')).code, 0)
  t.true(lines(dir).lines.length > before)
  remove(dir)
})

unix('the settings are checked', (t) => {
  const dir = folder()
  const wrong = (more: LoggerOptions, says: RegExp) =>
    t.regex(
      t.throws(() => createLogger(options(dir, more)), { instanceOf: ConfigurationError }).message,
      says,
    )
  wrong({ sinks: ['null'] }, /durability .*sinks of type file, not 0/)
  wrong(
    { sinks: [{ type: 'file', path: join(dir, 'a'), whenFull: 'drop-oldest' }] },
    /sinks\[0\]\.whenFull/,
  )
  remove(dir)
})

unix('a folder that cannot be used is an error that says what to do', (t) => {
  const dir = folder()
  writeFileSync(join(dir, 'file'), '')
  const open = (crashSafeDir: string, more: LoggerOptions = {}) =>
    t.throws(() => createLogger(options(dir, { crashSafeDir, ...more })), {
      instanceOf: PipelineError,
      code: 'FAPILOG_RING_FILE',
    })
  t.regex(
    open(join(dir, 'file')).message,
    /cannot keep a crash-safe ring in '.*file'; make the folder/,
  )
  if (process.getuid?.() !== 0) {
    mkdirSync(join(dir, 'locked'))
    chmodSync(join(dir, 'locked'), 0o500)
    t.regex(open(join(dir, 'locked')).message, /crashSafeDir/)
  }
  remove(dir)
})

linux('a full disk is found out when the ring is made', (t) => {
  const dir = folder()
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=4m', 'tmpfs', dir], { stdio: 'ignore' })
  } catch {
    t.log('needs the right to mount')
    remove(dir)
    t.pass()
    return
  }
  try {
    const error = t.throws(() => createLogger(options(dir)), {
      instanceOf: PipelineError,
      code: 'FAPILOG_RING_FILE',
    })
    t.regex(error.message, /free some space/)
    t.deepEqual(rings(dir), [])
  } finally {
    execFileSync('umount', ['-l', dir])
    remove(dir)
  }
})

unix('the command says what is wrong with the call', (t) => {
  t.is(recover('/nowhere/at/all').code, 0)
  t.is(recover('/tmp', '--wet-run').code, 2)
  t.regex(recover('/tmp', 'more').out, /recover takes one folder/)
})
