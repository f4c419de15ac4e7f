// Processes that write and rotate the same file: every line is whole, in exactly one file, once.

import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import test from 'ava'
import { isReport } from './support/capture.ts'
import { run } from './support/child.ts'

const fixture = fileURLToPath(new URL('./fixtures/cluster-writer.mjs', import.meta.url))
const folder = mkdtempSync(join(tmpdir(), 'fapilog-cluster-'))
test.after.always(() => rmSync(folder, { recursive: true, force: true }))

interface Counted {
  readonly writer: number
  readonly complete: boolean
  readonly submitted: number
  readonly written: number
  readonly rotations: number
}

for (const [how, what] of [
  ['cluster', 'four processes of node:cluster'],
  ['fork', 'a process and three children of node:child_process'],
] as const)
  test(`${what} rotate one file under load: no line lost, doubled or torn`, async (t) => {
    const processes = 4
    const events = 8000
    const own = join(folder, how)
    const path = join(own, 'app.log')
    const args = [fixture, path, `${processes}`, `${events}`, how]
    const ended = await run(process.execPath, args, { timeoutMs: 100_000 })
    t.is(ended.stderr, '')
    const { codes, counters } = JSON.parse(ended.stdout) as { codes: number[]; counters: Counted[] }
    t.deepEqual(codes, how === 'fork' ? [0, 0, 0] : [0, 0, 0, 0])
    t.is(counters.length, processes)
    for (const { complete, submitted, written } of counters)
      t.deepEqual(
        { complete, submitted, written },
        { complete: true, submitted: events, written: events },
      )

    const files = readdirSync(own).filter((name) => /^app.*\.log$/.test(name))
    const rotations = counters.reduce((sum, one) => sum + one.rotations, 0)
    t.is(files.length, rotations + 1, files.join(' '))
    t.true(rotations >= 10, `only ${rotations} rotations`)
    t.true(counters.filter((one) => one.rotations > 0).length > 1, 'one process alone has rotated')

    const seen = Array.from({ length: processes }, () => new Uint8Array(events))
    let lines = 0
    for (const name of files) {
      const file = join(own, name)
      // What others append in the same instant may come on top.
      t.true(statSync(file).size <= 1024 * 1024, `${name} has ${statSync(file).size} bytes`)
      const text = readFileSync(file, 'utf8')
      t.true(text === '' || text.endsWith('\n'), `${name} ends inside a line`)
      const last = new Map<number, number>()
      for (const line of text.split('\n').slice(0, -1)) {
        const { message, data } = JSON.parse(line)
        t.false(isReport(message), line)
        lines++
        const counts = seen[data.writer] as Uint8Array
        counts[data.n] = (counts[data.n] as number) + 1
        if (data.n <= (last.get(data.writer) ?? -1)) t.fail(`${name}: ${line} is out of order`)
        last.set(data.writer, data.n)
      }
    }
    t.is(lines, processes * events)
    for (const counts of seen) t.true(counts.every((count) => count === 1))
  })
