// Every ending of a process: nothing is lost that could be written, and the status is what it would have been.

import { execFileSync } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import test from 'ava'
import { numbers, type RunOptions, run, upTo } from './support/child.ts'

const fixture = fileURLToPath(new URL('./fixtures/signal.mjs', import.meta.url))
const folder = mkdtempSync(join(tmpdir(), 'fapilog-exits-'))
test.after.always(() => rmSync(folder, { recursive: true, force: true }))

const COUNT = 20_000
type Signal = 'SIGTERM' | 'SIGINT' | 'SIGHUP'
const SIGNALS: readonly Signal[] = ['SIGTERM', 'SIGINT', 'SIGHUP']

/** Sends `signals` when the child says that it is ready. */
const sending = (...signals: Signal[]): RunOptions['meanwhile'] => {
  return (child, mark) => {
    child.stderr?.once('data', () => {
      mark()
      signals.forEach((signal, i) => void setTimeout(() => child.kill(signal), i * 200))
    })
  }
}

const content = (path: string) => (existsSync(path) ? readFileSync(path, 'utf8') : '')

// How, events that are on file afterwards.
const ways: [how: string, events: number][] = [
  ['itself, at once', COUNT],
  ['from outside, idle', COUNT],
  ['from outside, blocked for ever', COUNT],
  ['with a listener', 2 * COUNT],
  ['with a listener that stays', COUNT],
  ['with once, then itself', 2 * COUNT],
  ['another listener removed', COUNT],
  ['after close', COUNT],
]

for (const signal of SIGNALS) {
  for (const [how, events] of ways) {
    test.serial(
      `${signal}, ${how}: every event is on file, and the status is as without a logger`,
      async (t) => {
        const path = join(folder, `${signal} ${how}.log`)
        const meanwhile = sending(signal)
        const args = (log: string) => [fixture, how, signal, String(COUNT), log]
        const without = await run(process.execPath, args(''), { meanwhile })
        const ended = await run(process.execPath, args(path), { meanwhile })
        t.deepEqual([ended.code, ended.signal], [without.code, without.signal], ended.stderr)
        t.is(ended.stderr, without.stderr)
        t.deepEqual(numbers(content(path)), upTo(events))
      },
    )
  }

  test.serial(
    `${signal} while the program logs for ever ends it at once, with all that came before`,
    async (t) => {
      const path = join(folder, `${signal} for ever.log`)
      const ended = await run(
        process.execPath,
        [
          fixture,
          'from outside, logging for ever',
          signal,
          '1000',
          path,
          '{"queue":{"overflow":"block"}}',
        ],
        { meanwhile: sending(signal) },
      )
      t.is(ended.signal, signal)
      t.true(ended.sinceMark < 2000, `${ended.sinceMark} ms`)
      const found = numbers(content(path).replace(/[^\n]*$/, ''))
      t.true(found.length >= 1000, `${found.length} lines`)
      t.deepEqual(found, upTo(found.length))
    },
  )
}

test.serial('a signal waits for a stalled sink only as long as it may, and says so', async (t) => {
  const ended = await run(
    process.execPath,
    [fixture, 'from outside, idle', 'SIGTERM', '20000', 'stdout', '{"shutdownTimeoutMs":700}'],
    { deaf: true, meanwhile: sending('SIGTERM') },
  )
  t.is(ended.signal, 'SIGTERM')
  t.true(ended.sinceMark >= 650 && ended.sinceMark < 1200, `${ended.sinceMark} ms`)
  t.regex(ended.stderr, /fapilog: SIGTERM: 700 ms were over with unwritten events in stdout/)
})

test.serial('a second signal ends a process at once that still drains', async (t) => {
  for (const second of ['SIGTERM', 'SIGINT'] as const) {
    const ended = await run(
      process.execPath,
      [fixture, 'from outside, idle', 'SIGTERM', '20000', 'stdout', '{"shutdownTimeoutMs":9000}'],
      { deaf: true, meanwhile: sending('SIGTERM', second) },
    )
    t.is(ended.signal, second)
    t.true(ended.sinceMark >= 150 && ended.sinceMark < 1000, `${ended.sinceMark} ms`)
  }
})

test.serial('handleSignals: false leaves signals alone', async (t) => {
  const ended = await run(
    process.execPath,
    [
      fixture,
      'from outside, idle',
      'SIGTERM',
      '20000',
      'stdout',
      '{"shutdownTimeoutMs":9000,"handleSignals":false}',
    ],
    { deaf: true, meanwhile: sending('SIGTERM') },
  )
  t.is(ended.signal, 'SIGTERM')
  t.true(ended.sinceMark < 500, `${ended.sinceMark} ms`)
})

/** Runs a program that has `createLogger`, `path` and `burst(log, from, count)`. */
const program = (text: string, path: string, options: RunOptions = {}) =>
  run(
    process.execPath,
    [
      '--input-type=module',
      '-e',
      `import { createLogger } from 'fapilog'
      const path = process.argv[1]
      const burst = (log, from, count) => {
        for (let n = from; n < from + count; n++) log.info({ n, t: 'x'.repeat(n % 300) })
      }
      ${text}`,
      path,
    ],
    options,
  )

const file = `createLogger({ format: 'pino', sinks: [{ type: 'file', path }], queue: { ringBytes: '16 MB' } })`

// The other endings without a signal are in process.spec.ts.
const endings: [how: string, text: string, events: number, code: number][] = [
  ['a normal end', '', COUNT, 0],
  ['process.exit', 'process.exit(7)', COUNT, 7],
  ['an uncaught exception', 'throw new Error("thrown")', COUNT, 1],
  ['an unhandled rejection', 'Promise.reject(new Error("rejected"))', COUNT, 1],
  ['logging when exiting', 'process.on("exit", () => burst(log, 20000, 20000))', 2 * COUNT, 0],
  ['a second close', 'await log.close(); await log.close()', COUNT, 0],
  ['two closes at once', 'await Promise.all([log.close(), log.close(), log.flush()])', COUNT, 0],
  ['exit while closing', 'log.close(); process.exit(3)', COUNT, 3],
]
for (const [how, text, events, code] of endings) {
  test.serial(
    `${how} after a burst: every event is on file, and the exit code is ${code}`,
    async (t) => {
      const path = join(folder, `${how}.log`)
      const ended = await program(`const log = ${file}; burst(log, 0, ${COUNT}); ${text}`, path)
      t.deepEqual([ended.code, ended.signal], [code, null], ended.stderr)
      t.deepEqual(numbers(content(path)), upTo(events))
    },
  )
}

test.serial('every close resolves with the receipt of the first', async (t) => {
  const ended = await program(
    `const log = ${file}
    burst(log, 0, 1000)
    const receipts = await Promise.all([log.close(), log.close()])
    receipts.push(await log.close())
    console.log(new Set(receipts).size, receipts[0].complete)`,
    join(folder, 'receipts.log'),
  )
  t.is(ended.stdout, '1 true\n', ended.stderr)
})

test.serial('logging after close neither throws nor writes, and is counted', async (t) => {
  const path = join(folder, 'after close.log')
  const ended = await program(
    `const log = ${file}
    burst(log, 0, 100)
    await log.close()
    burst(log, 100, 50)
    const { submitted, droppedByReason, dropped } = log.metrics()
    console.log(JSON.stringify({ submitted, closed: droppedByReason.closed, dropped }))`,
    path,
  )
  t.deepEqual(JSON.parse(ended.stdout), { submitted: 150, closed: 50, dropped: { INFO: 50 } })
  t.deepEqual(numbers(content(path)), upTo(100))
})

test.serial('exit at a stalled sink ends in time, with its code, and says so', async (t) => {
  const ended = await program(
    `const log = createLogger({ sinks: ['stdout'], shutdownTimeoutMs: 600 })
    burst(log, 0, 20000)
    process.exit(8)`,
    '',
    { deaf: true },
  )
  t.is(ended.code, 8)
  t.true(ended.ms < 600 + 1500, `${ended.ms} ms with the start of the process`)
  t.regex(ended.stderr, /^fapilog: exit after 600 ms with unwritten events in stdout/)
})

test.serial(
  'process.abort keeps what native threads had written, in order and without torn lines',
  async (t) => {
    const path = join(folder, 'abort.log')
    const ended = await program(
      `const log = ${file}
    burst(log, 0, 10000)
    log.flushSync()
    burst(log, 10000, 10000)
    process.abort()`,
      path,
    )
    t.is(ended.signal, 'SIGABRT')
    // What was flushed is guaranteed; of the rest, whatever had been written by then.
    const whole = content(path).replace(/[^\n]*$/, '')
    const found = numbers(whole)
    t.true(found.length >= 10_000, `${found.length}`)
    t.deepEqual(found, upTo(found.length))
  },
)

test.serial(
  'a worker that is terminated in mid-burst leaves what it had logged, and the process unharmed',
  async (t) => {
    const path = join(folder, 'worker.log')
    const ended = await program(
      `import { Worker } from 'node:worker_threads'
    const shared = new Int32Array(new SharedArrayBuffer(4))
    const worker = new Worker(\`
      import { createLogger } from 'fapilog'
      import { workerData } from 'node:worker_threads'
      const { path, shared } = workerData
      const log = createLogger({ format: 'pino', sinks: [{ type: 'file', path }],
        queue: { overflow: 'block', blockTimeoutMs: '1m' } })
      for (let n = 0; ; n++) { log.info({ n }); Atomics.store(shared, 0, n + 1) }
    \`, { eval: true, workerData: { path, shared } })
    while (Atomics.load(shared, 0) < 5000) await new Promise((resolve) => setTimeout(resolve, 1))
    console.log(await worker.terminate(), Atomics.load(shared, 0))
    process.exitCode = 11`,
      path,
    )
    t.is(ended.code, 11, ended.stderr)
    const logged = Number(ended.stdout.split(' ')[1])
    const found = numbers(content(path))
    t.true(logged >= 5000)
    // The call that was interrupted may have been complete already.
    t.true(found.length === logged || found.length === logged + 1, `${found.length} of ${logged}`)
    t.deepEqual(found, upTo(found.length))
  },
)

test.serial('a worker that signals its process ends it, with every event of both', async (t) => {
  for (const signal of SIGNALS) {
    const path = join(folder, `${signal} worker.log`)
    const ended = await program(
      `import { Worker } from 'node:worker_threads'
      const log = ${file}
      burst(log, 0, 5000)
      new Worker(\`
        import { createLogger } from 'fapilog'
        import { workerData } from 'node:worker_threads'
        const log = createLogger({ format: 'pino', sinks: [{ type: 'file', path: workerData }] })
        for (let n = 0; n < 5000; n++) log.info({ n })
        process.kill(process.pid, '${signal}')
      \`, { eval: true, workerData: path + '.worker' })
      setTimeout(() => {}, 20000)`,
      path,
    )
    t.deepEqual([ended.code, ended.signal], [null, signal], ended.stderr)
    t.deepEqual(numbers(content(path)), upTo(5000))
    t.deepEqual(numbers(content(`${path}.worker`)), upTo(5000))
  }
})

/** Runs the signal fixture below `prefix`, sends `signals` to what the prefix has started. */
const below = (prefix: readonly string[], how: string, signal: Signal, path: string) => {
  const [command, ...args] = [...prefix, process.execPath, fixture, how, signal, '5000', path]
  return run(command as string, args, {
    meanwhile: (child) => {
      child.stderr?.once('data', () => {
        const { pid } = child
        const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim()
        process.kill(Number(children === '' ? pid : children.split(' ')[0]), signal)
      })
    },
  })
}

const linux = process.platform === 'linux' ? test.serial : test.skip

linux('a signal that the parent ignored does what it does without a logger', async (t) => {
  for (const [signal, name] of [
    ['SIGTERM', 'TERM'],
    ['SIGINT', 'INT'],
    ['SIGHUP', 'HUP'],
  ] as const) {
    const path = join(folder, `${signal} ignored.log`)
    const prefix = ['sh', '-c', `trap '' ${name}; exec "$0" "$@"`]
    const without = await below(prefix, 'from outside, then the end', signal, '')
    const ended = await below(prefix, 'from outside, then the end', signal, path)
    t.deepEqual([ended.code, ended.signal], [without.code, without.signal], ended.stderr)
    // Node gives inherited signals their default action.
    t.is(ended.signal, signal)
    t.deepEqual(numbers(content(path)), upTo(5000))
  }
})

linux('the first process of a container survives what it survives without a logger', async (t) => {
  try {
    execFileSync('unshare', ['-pf', 'true'], { stdio: 'ignore' })
  } catch {
    t.log('SKIPPED: a namespace of processes needs root')
    t.pass()
    return
  }
  for (const signal of SIGNALS) {
    for (const how of ['itself, then the end', 'from outside, then the end']) {
      const path = join(folder, `${signal} first ${how}.log`)
      const prefix = ['unshare', '-pf', '--kill-child']
      const without = await below(prefix, how, signal, '')
      const ended = await below(prefix, how, signal, path)
      t.deepEqual([ended.code, ended.signal], [without.code, without.signal], ended.stderr)
      t.deepEqual(numbers(content(path)), upTo(ended.code === 44 ? 10_000 : 5000), how)
    }
  }
})
