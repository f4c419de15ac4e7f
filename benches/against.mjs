/**
 * Two builds of fapilog in turns, as every change to the path of a log call is judged:
 *
 *   node benches/against.mjs ../before/dist/index.mjs [--workloads request,deep] [--rounds 7] [--subject 'fapilog json']
 *
 * Prints for each workload the medians of both and the median of the ratios, round by round, of this build to the
 * other one: below 1 is cheaper than before. In the figures a call costs (`call`), what the main thread pays in all
 * (`main`), what the slowest of a thousand calls takes (`p99.9`), time until on file and peak memory.
 */

import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { entry } from './lib/fapilog.mjs'
import { median } from './lib/stats.mjs'
import { workloads } from './lib/workloads.mjs'

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    workloads: {
      type: 'string',
      default: 'message,hello,child,child-once,request,deep,mixed,error',
    },
    rounds: { type: 'string', default: '7' },
    subject: { type: 'string', default: 'fapilog' },
  },
})
const [other] = positionals
if (other === undefined) {
  console.error(
    'which build is this one compared with? (node benches/against.mjs path/to/index.mjs)',
  )
  process.exit(2)
}

const FIGURES = {
  call: (result) => result.call.p50,
  main: (result) => result.main,
  'p99.9': (result) => result.single.p999,
  'on file': (result) => result.onFile,
  'RSS MB': (result) => result.rss / 1e6,
}
const worker = fileURLToPath(new URL('worker.mjs', import.meta.url))
const folder = mkdtempSync(join(tmpdir(), 'fapilog-against-'))

const measure = (build, workload) => {
  const file = join(folder, 'out.log')
  const { n } = workloads[workload]
  const text = execFileSync(
    process.execPath,
    ['--expose-gc', worker, values.subject, workload, String(n), file],
    { env: { ...process.env, BENCH_ENTRY: build }, encoding: 'utf8' },
  )
  rmSync(file, { force: true })
  return JSON.parse(text)
}

const show = (value) => (value < 100 ? value.toFixed(1) : value.toFixed(0))
const head = Object.keys(FIGURES).map((name) => name.padStart(26))
console.log(`${'this / other: ratio'.padEnd(20)}${head.join('')}`)
for (const workload of values.workloads.split(',')) {
  const rounds = Array.from({ length: Number(values.rounds) }, (_, round) => {
    const builds = [entry, resolve(other)]
    if (round % 2 === 1) builds.reverse()
    const results = builds.map((build) => measure(build, workload))
    return round % 2 === 1 ? results.reverse() : results
  })
  const cells = Object.values(FIGURES).map((figure) => {
    const mine = rounds.map(([result]) => figure(result))
    const others = rounds.map(([, result]) => figure(result))
    const ratio = median(mine.map((value, round) => value / others[round]))
    return `${show(median(mine))} / ${show(median(others))}: ${ratio.toFixed(3)}`.padStart(26)
  })
  console.log(`${workload.padEnd(20)}${cells.join('')}`)
}
rmSync(folder, { recursive: true, force: true })
