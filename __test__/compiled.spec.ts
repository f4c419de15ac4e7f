// Code that is made for the objects of a place writes what is written without it, whatever comes along there.

import { fileURLToPath } from 'node:url'
import test from 'ava'
import type { Json } from './support/capture.ts'
import { run } from './support/child.ts'

const PLACES = 40

interface Printed {
  readonly functions: number
  readonly reads: number
  readonly submitted: Json
  readonly dropped: Json
  readonly lines: readonly string[]
}

async function logged(seed: number, flags: readonly string[]): Promise<Printed> {
  const program = fileURLToPath(new URL('fixtures/places.mjs', import.meta.url))
  const args = [...flags, program, String(seed), String(PLACES)]
  const ended = await run(process.execPath, args, { timeoutMs: 90_000 })
  if (ended.code !== 0) throw new Error(ended.stderr)
  return JSON.parse(ended.stdout) as Printed
}

/** A line without what differs from process to process; of a shared object any path is right. */
function stable(line: string): string {
  const { time, pid, ...rest } = JSON.parse(line) as Json
  return JSON.stringify(rest)
    .replace(/\[Circular: [^"]*\]/g, '[Circular]')
    .replace(/\\n {4}at [^"]*/g, '')
}

const isCut = (line: string) => /\[Truncated\]|\[truncated /.test(line)

for (const seed of [11, 12, 13]) {
  test.serial(
    `objects of ${PLACES} places are written alike with and without code of their own (${seed})`,
    async (t) => {
      const [made, general] = await Promise.all([
        logged(seed, []),
        logged(seed, ['--disallow-code-generation-from-strings']),
      ])
      t.true(made.functions > PLACES, `${made.functions} functions`)
      t.is(general.functions, 0)
      t.is(made.reads, general.reads)
      t.deepEqual(made.submitted, general.submitted)
      t.deepEqual(made.dropped, general.dropped)
      t.is(made.lines.length, general.lines.length)
      let whole = 0
      for (const [i, line] of made.lines.entries()) {
        const other = general.lines[i] as string
        // Where exactly a record ends depends on which of its strings travelled as numbers.
        if (isCut(line) && isCut(other)) continue
        whole++
        if (stable(line) !== stable(other)) t.is(stable(line), stable(other), `line ${i}`)
      }
      t.true(whole > made.lines.length * 0.9)
    },
  )
}
