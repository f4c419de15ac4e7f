// The end of a process: everything that was logged is written, and the process ends as it would without us.

import { spawn } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import test from 'ava'
import type { Metrics } from 'fapilog'
import type { Json } from './support/capture.ts'

const fixture = (name: string) => fileURLToPath(new URL(`./fixtures/${name}.mjs`, import.meta.url))
const folder = mkdtempSync(join(tmpdir(), 'fapilog-process-'))
test.after.always(() => rmSync(folder, { recursive: true, force: true }))

interface Ended {
  readonly code: number | null
  readonly signal: string | null
  readonly stdout: string
  readonly stderr: string
  readonly ms: number
}

/** Runs a command to its end; it is killed after a minute, which then fails the test. */
function run(command: string, args: readonly string[]): Promise<Ended> {
  const start = performance.now()
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, {
      stdio: ['ignore', 'pipe', 'pipe'],
      timeout: 60_000,
      cwd: fileURLToPath(new URL('..', import.meta.url)),
    })
    const out: Buffer[] = []
    const error: Buffer[] = []
    child.stdout.on('data', (chunk: Buffer) => out.push(chunk))
    child.stderr.on('data', (chunk: Buffer) => error.push(chunk))
    child.on('error', reject)
    child.on('close', (code, signal) =>
      resolve({
        code,
        signal,
        stdout: Buffer.concat(out).toString(),
        stderr: Buffer.concat(error).toString(),
        ms: performance.now() - start,
      }),
    )
  })
}

const numbers = (text: string): unknown[] =>
  text
    .split('\n')
    .slice(0, -1)
    .map((line) => (JSON.parse(line) as Json)['n'])

const upTo = (count: number) => Array.from({ length: count }, (_, i) => i)

const COUNT = 5000
const endings: [how: string, events: number, code: number, stderr?: RegExp][] = [
  ['normal end', COUNT, 0],
  ['end of later work', COUNT, 0],
  ['process.exit in a burst', COUNT, 7],
  ['process.exitCode', COUNT, 3],
  ['process.exit in a getter', COUNT, 9],
  ['uncaught exception', COUNT, 1, /crash in the fixture/],
  ['unhandled rejection', COUNT, 1, /rejected in the fixture/],
  ['handled exception', COUNT + 1, 4],
  ['logging in an exit listener', 2 * COUNT, 0],
  ['logging in an early exit listener', 2 * COUNT, 0],
  ['a throwing exit listener', 2 * COUNT, 1, /thrown at exit/],
  ['logging in beforeExit', 2 * COUNT, 0],
  ['close and end', COUNT, 0],
  ['no event at all', 0, 0],
]

for (const [how, events, code, stderr] of endings) {
  test(`${how}: every event is on file, and the exit code is ${code}`, async (t) => {
    const path = join(folder, `${how}.log`)
    const ended = await run(process.execPath, [fixture('ending'), how, path, String(COUNT)])
    t.is(ended.code, code, ended.stderr)
    t.is(ended.signal, null)
    t.deepEqual(numbers(existsSync(path) ? readFileSync(path, 'utf8') : ''), upTo(events))
    if (stderr === undefined) t.is(ended.stderr, '')
    else t.regex(ended.stderr, stderr)
  })
}

test.serial(
  'a logger that is not closed delays the end of the process by less than half a second',
  async (t) => {
    const base = await run(process.execPath, ['--input-type=module', '-e', "import 'fapilog'"])
    const idle = await run(process.execPath, [
      fixture('ending'),
      'no event at all',
      join(folder, 'idle.log'),
    ])
    t.is(idle.code, 0)
    t.true(idle.ms - base.ms < 500, `${idle.ms} ms instead of ${base.ms} ms`)
  },
)

test('an idle logger keeps no handle that holds the event loop', async (t) => {
  const { code, stdout, stderr } = await run(process.execPath, [
    '--input-type=module',
    '-e',
    `import { createLogger } from 'fapilog'
    const before = process.getActiveResourcesInfo()
    const listeners = process.listenerCount('exit')
    const log = createLogger({ sinks: ['null'] })
    log.info('m')
    log.flushSync()
    const added = process.getActiveResourcesInfo().slice(before.length)
    console.log(JSON.stringify(added), process.listenerCount('exit') - listeners, process.listenerCount('SIGTERM'))
    await log.close()
    console.log(process.listenerCount('exit') - listeners)`,
  ])
  t.is(code, 0, stderr)
  t.is(stdout, '[] 1 0\n0\n')
})

const linux = process.platform === 'linux' ? test : test.skip

linux('35: an idle logger hardly ever wakes', async (t) => {
  const { code, stdout, stderr } = await run(process.execPath, [
    '--input-type=module',
    '-e',
    `import { readdirSync, readFileSync } from 'node:fs'
    import { setTimeout as sleep } from 'node:timers/promises'
    import { createLogger } from 'fapilog'
    const log = createLogger({ sinks: ['null', { type: 'memory' }] })
    log.info('m')
    log.flushSync()
    const wakeUps = () => readdirSync('/proc/self/task').flatMap((task) => {
      const read = (name) => readFileSync('/proc/self/task/' + task + '/' + name, 'latin1')
      return read('comm').startsWith('fapilog:') ? [Number(/^voluntary.*:\\s+(\\d+)/m.exec(read('status'))[1])] : []
    })
    // The native thread looks for more every few milliseconds for a second or so.
    await sleep(2000)
    const before = wakeUps()
    await sleep(2000)
    const after = wakeUps()
    console.log(JSON.stringify(after.map((count, at) => count - before[at])))`,
  ])
  t.is(code, 0, stderr)
  const counts = JSON.parse(stdout) as number[]
  t.true(counts.length >= 3, stdout)
  // Who looks every millisecond wakes 2,000 times in two seconds.
  for (const count of counts) t.true(count < 50, stdout)
})

test('a flush that nobody awaits does not keep the process from ending', async (t) => {
  const { code, stderr } = await run(process.execPath, [
    '--input-type=module',
    '-e',
    `import { createLogger } from 'fapilog'
    const log = createLogger({ sinks: ['null'] })
    log.info('m')
    log.flush()
    log.close()`,
  ])
  t.is(code, 0, stderr)
})

test('50,000 events to a pipe all arrive', async (t) => {
  const ended = await run(process.execPath, [fixture('stdout'), '50000'])
  t.is(ended.code, 0)
  t.deepEqual(numbers(ended.stdout), upTo(50_000))
})

test('3: with overflow block a burst of errors waits for a slow reader, and none is lost', async (t) => {
  const code = `
    import { createLogger } from 'fapilog'
    const log = createLogger({
      format: 'pino', sinks: [{ type: 'stdout', queueBytes: '64 KB' }], shutdownTimeoutMs: '1m',
      queue: { overflow: 'block', blockTimeoutMs: '1m', ringBytes: '64 KB' },
    })
    for (let n = 0; n < 5000; n++) log.error({ n, text: 'x'.repeat(200) })
    const { complete } = await log.close()
    const { written, dropped } = log.metrics()
    process.stderr.write(JSON.stringify({ complete, written, dropped }))`
  const { stdout, stderr } = await run('sh', [
    '-c',
    `"$0" --input-type=module -e "$1" | { sleep 0.5; cat; }`,
    process.execPath,
    code,
  ])
  t.deepEqual(numbers(stdout), upTo(5000))
  t.deepEqual(JSON.parse(stderr), { complete: true, written: 5000, dropped: {} })
})

test('a slow reader of a pipe gets every event', async (t) => {
  const ended = await run('sh', [
    '-c',
    `"$0" "$1" 20000 2>/dev/null | { sleep 0.3; cat; }`,
    process.execPath,
    fixture('stdout'),
  ])
  t.deepEqual(numbers(ended.stdout), upTo(20_000))
})

test('a reader that goes away crashes nothing and is counted', async (t) => {
  const status = join(folder, 'status')
  const ended = await run('sh', [
    '-c',
    `{ "$0" "$1" 50000 2>"$2.metrics"; echo $? >"$2"; } | head -1`,
    process.execPath,
    fixture('stdout'),
    status,
  ])
  t.is(ended.stdout.split('\n').length, 2)
  t.is(readFileSync(status, 'utf8').trim(), '0')
  const [said, counted] = readFileSync(`${status}.metrics`, 'utf8').split('\n')
  t.regex(
    said as string,
    /^fapilog: sink stdout \(standard output\) has lost its reader: Broken pipe/,
  )
  const metrics = JSON.parse(counted as string) as Metrics
  const sink = metrics.sinks['stdout']
  t.is(metrics.submitted, 50_000)
  t.is((sink?.written ?? 0) + (sink?.droppedByReason.failed ?? 0), 50_000)
})

test('with sync lines interleave with console.log in the order of the program', async (t) => {
  const ended = await run(process.execPath, [fixture('stdout'), '500', 'sync'])
  const lines = ended.stdout.split('\n').slice(0, -1)
  t.is(lines.length, 1000)
  const wrong = lines.filter((line, i) =>
    i % 2 === 0 ? (JSON.parse(line) as Json)['n'] !== i / 2 : line !== `console ${(i - 1) / 2}`,
  )
  t.deepEqual(wrong, [])
})

test('the CommonJS entry is the same logger', async (t) => {
  const { code, stdout, stderr } = await run(process.execPath, [
    '-e',
    `const { createLogger } = require('fapilog')
    const log = createLogger({ format: 'pino', sinks: ['stdout'] })
    log.info({ n: 0 })`,
  ])
  t.is(code, 0, stderr)
  t.deepEqual(numbers(stdout), [0])
})
