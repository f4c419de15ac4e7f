/**
 * Events a second until on file, with the event of three numbers that C++ loggers publish figures for:
 *
 *   node benches/throughput.mjs [--rounds 5] [--n 1000000] [--subjects a,b]
 *
 * From the first call until the file is closed and holds every line; a fresh process each, rounds interleaved.
 */

import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { isBuilt, missing } from './lib/fapilog.mjs'
import { summary } from './lib/stats.mjs'
import { subjects } from './lib/subjects.mjs'

/** The rate to reach. Quill (C++) prints a figure of this kind, but is in no package registry reachable here. */
const wanted = 4.5e6

const worker = fileURLToPath(new URL('worker.mjs', import.meta.url))

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '5' },
    n: { type: 'string', default: '1000000' },
    subjects: { type: 'string', default: 'fapilog,fapilog json,pino sync,pino async' },
  },
})
const names = values.subjects.split(',').filter((name) => isBuilt() || !name.startsWith('fapilog'))
if (!isBuilt()) console.error(missing)
const dir = mkdtempSync(join(tmpdir(), 'fapilog-throughput-'))
const rates = Object.fromEntries(names.map((name) => [name, []]))
try {
  for (let round = 0; round < Number(values.rounds); round++) {
    for (const name of names) {
      const file = join(dir, 'bench.log')
      const n = Math.round(Number(values.n) * subjects[name].share)
      const args = ['--expose-gc', worker, name, 'numbers', String(n), file]
      const result = JSON.parse(
        execFileSync(process.execPath, args, { encoding: 'utf8', timeout: 120_000 }),
      )
      rmSync(file, { force: true })
      if (result.lines !== result.expected) {
        throw new Error(`${name}: ${result.lines} lines of ${result.expected}`)
      }
      rates[name].push(1e9 / result.onFile)
    }
  }
} finally {
  rmSync(dir, { recursive: true, force: true })
}

const millions = (rate) => (rate / 1e6).toFixed(2)
for (const name of names) {
  const s = summary(rates[name])
  console.log(
    `${name.padEnd(14)} ${millions(s.median)} M events/s  [${millions(s.min)}..${millions(s.max)}]`,
  )
}
if (rates.fapilog) {
  const rate = summary(rates.fapilog).median
  console.log(
    `${rate >= wanted ? 'PASS' : 'FAIL'}  ${millions(rate)} M/s against ${millions(wanted)} M/s`,
  )
}
