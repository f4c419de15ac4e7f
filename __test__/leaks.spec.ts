// What a container takes it gives back: memory, files, threads and listeners stay flat over many lifecycles.
// FAPILOG_LEAK_ROUNDS sets how many there are, for a quicker look or a longer one.

import { fileURLToPath } from 'node:url'
import test from 'ava'
import { run } from './support/child.ts'

const fixture = fileURLToPath(new URL('./fixtures/lifecycles.mjs', import.meta.url))
const { FAPILOG_LEAK_ROUNDS } = process.env
const ROUNDS = Number(FAPILOG_LEAK_ROUNDS ?? 10_000)
const PLUGIN_ROUNDS = Number(FAPILOG_LEAK_ROUNDS ?? 2000)
const MB = 1 << 20

interface Sample {
  readonly at: number
  readonly rss: number
  readonly heapUsed: number
  readonly fds: number
  readonly threads: number
  readonly listeners: number
  readonly handles: number
}

// A container's ring alone has 8 MB: one in fifty that stays would be found.
const rounds: readonly [what: string, count: number, rssMb: number, heapMb: number][] = [
  ['containers', ROUNDS, 64, 8],
  ['plugins', PLUGIN_ROUNDS, 64, 8],
  ['children', 10_000, 32, 8],
]

for (const [what, count, rssMb, heapMb] of rounds) {
  const only = process.platform === 'linux' ? test.serial : test.serial.skip
  only(`${count} lifecycles of ${what} leave nothing behind`, async (t) => {
    t.timeout(900_000)
    const { code, stdout, stderr } = await run(
      process.execPath,
      ['--expose-gc', fixture, what, String(count)],
      { timeoutMs: 890_000 },
    )
    t.is(code, 0, stderr)
    const lines = stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as unknown)
    t.deepEqual(lines.pop(), { written: count + 1 })
    // The first third warms up.
    const samples = (lines as Sample[]).slice(3)
    const [first, last] = [samples[0], samples.at(-1)] as [Sample, Sample]
    t.log(first, last)
    t.is(last.at, count)
    t.true(last.fds <= first.fds + 1, 'files')
    t.true(last.threads <= first.threads + 1, 'threads')
    t.is(last.listeners, first.listeners, 'listeners')
    t.is(last.handles, first.handles, 'handles')
    t.true(last.rss - first.rss < rssMb * MB, 'resident memory')
    t.true(last.heapUsed - first.heapUsed < heapMb * MB, 'heap')
  })
}
