// The memory that JavaScript and the native side share: it outlives whoever is still using it.

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Worker } from 'node:worker_threads'
import test from 'ava'

const fixture = (name: string) => fileURLToPath(new URL(`./fixtures/${name}.mjs`, import.meta.url))
const folder = mkdtempSync(join(tmpdir(), 'fapilog-ring-'))
test.after.always(() => rmSync(folder, { recursive: true, force: true }))

interface Ended {
  readonly code: number | null
  readonly signal: string | null
  readonly result: unknown
  readonly stderr: string
}

/** Runs node to its end; what it prints is JSON. */
async function node(...args: string[]): Promise<Ended> {
  const child = spawn(process.execPath, args, {
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: 90_000,
    cwd: fileURLToPath(new URL('..', import.meta.url)),
  })
  let stdout = ''
  let stderr = ''
  child.stdout.on('data', (chunk) => {
    stdout += String(chunk)
  })
  child.stderr.on('data', (chunk) => {
    stderr += String(chunk)
  })
  const [code, signal] = (await once(child, 'close')) as [number | null, string | null]
  return { code, signal, result: stdout === '' ? undefined : JSON.parse(stdout), stderr }
}

/** The numbers of the lines `INFO <number>`; fails when there is anything else in the file. */
function numbers(path: string): number[] {
  if (!existsSync(path)) return []
  const text = readFileSync(path, 'utf8')
  if (text !== '' && !text.endsWith('\n')) throw new Error(`${path} ends inside a line`)
  return text
    .split('\n')
    .slice(0, -1)
    .map((line) => {
      const match = /^INFO (\d+)$/.exec(line)
      if (match === null) throw new Error(`${path}: ${line}`)
      return Number(match[1])
    })
}

const upTo = (count: number) => Array.from({ length: count }, (_, i) => i)

test('the ring lives as long as a child logger, whatever is collected', async (t) => {
  const { code, result, stderr } = await node('--expose-gc', fixture('ring-gc'), 'child-only')
  t.deepEqual(
    { code, result, stderr },
    { code: 0, result: { submitted: 10_000, written: 10_000, inFlight: 0 }, stderr: '' },
  )
})

test('calls after the close are counted, however often memory is collected', async (t) => {
  const { code, result, stderr } = await node('--expose-gc', fixture('ring-gc'), 'after-close')
  t.deepEqual(
    { code, result, stderr },
    {
      code: 0,
      result: {
        complete: true,
        submitted: 1100,
        written: 100,
        inFlight: 0,
        dropped: { INFO: 1000 },
      },
      stderr: '',
    },
  )
})

test('loggers that are neither closed nor held do no harm', async (t) => {
  const { code, signal, stderr } = await node('--expose-gc', fixture('ring-gc'), 'dropped')
  t.deepEqual({ code, signal, stderr }, { code: 0, signal: null, stderr: '' })
})

test('closed loggers give their memory back', async (t) => {
  const { code, result } = await node('--expose-gc', fixture('ring-gc'), 'many')
  t.is(code, 0)
  const { grownMb } = result as { grownMb: number }
  t.true(grownMb < 40, `160 loggers that were closed have left ${grownMb} MB behind`)
})

test('workers that are terminated in the middle of a burst harm nobody', async (t) => {
  const times = 50
  const at = join(folder, 'terminated')
  const { code, signal, result, stderr } = await node(fixture('ring-workers'), at, String(times))
  t.deepEqual({ code, signal, stderr }, { code: 0, signal: null, stderr: '' })
  t.true((result as { complete: boolean }).complete)
  t.deepEqual(numbers(join(at, 'main.log')), upTo(times))
  let logged = 0
  for (const name of readdirSync(at)) {
    const written = numbers(join(at, name))
    t.deepEqual(written, upTo(written.length), name)
    logged += written.length
  }
  t.true(logged > 10_000, `only ${logged} events: the workers were terminated before their burst`)
})

for (const ending of ['end', 'close', 'exit', 'throw']) {
  test(`everything a worker has logged is on file when it has ended by ${ending}`, async (t) => {
    for (const count of [1, 20_000]) {
      for (let round = 0; round < 3; round++) {
        const path = join(folder, `${ending}-${count}-${round}.log`)
        const worker = new Worker(fixture('ring-worker'), {
          workerData: { path, count, ending },
          execArgv: [],
        })
        const failures: unknown[] = []
        worker.on('error', (error) => failures.push(error))
        await new Promise((resolve) => worker.on('exit', resolve))
        t.deepEqual(numbers(path), upTo(count))
        t.is(failures.length, ending === 'throw' ? 1 : 0)
      }
    }
  })
}
