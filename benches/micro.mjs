/**
 * Operations a second of single log calls, driven by `benchmark` (Benchmark.js):
 *
 *   node benches/micro.mjs [--time 0.5] [--filter text] [--json out.json]
 *
 * fapilog writes to a file (cut to nothing between cycles) with a ring that blocks when it is full, so its
 * native threads are part of the figure; pino writes to /dev/null.
 */

import { mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { devNull, tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import pino from 'pino'
import { isBuilt, load, missing, settings } from './lib/fapilog.mjs'
import { workloads } from './lib/workloads.mjs'

const Benchmark = createRequire(import.meta.url)('benchmark')

const { values } = parseArgs({
  options: {
    time: { type: 'string', default: '0.5' },
    filter: { type: 'string', default: '' },
    json: { type: 'string' },
  },
})

const dir = mkdtempSync(join(tmpdir(), 'fapilog-micro-'))
const file = join(dir, 'micro.log')
const loggers = {}
if (isBuilt()) loggers.fapilog = (await load()).createLogger(settings(file))
else console.error(missing)
loggers.pino = pino(pino.destination({ dest: devNull, sync: true, minLength: 4096 }))

const results = []
for (const [workload, { title, prepare }] of Object.entries(workloads)) {
  if (!workload.includes(values.filter)) continue
  const suite = new Benchmark.Suite()
  for (const [name, log] of Object.entries(loggers)) {
    const call = prepare('pino', log)
    let i = 0
    suite.add(name, () => call(log, i++), {
      maxTime: Number(values.time),
      minSamples: 10,
      onCycle: () => name === 'fapilog' && truncateSync(file),
    })
  }
  console.log(`${workload}: ${title}`)
  await new Promise((resolve, reject) => {
    suite
      .on('cycle', ({ target }) => {
        console.log(`  ${String(target)}`)
        results.push({
          workload,
          subject: target.name,
          opsPerSecond: target.hz,
          ns: 1e9 / target.hz,
          margin: target.stats.rme,
          samples: target.stats.sample.length,
        })
      })
      .on('error', ({ target }) => reject(target.error))
      .on('complete', resolve)
      .run({ async: true })
  })
  const of = (name) => results.find((r) => r.workload === workload && r.subject === name)
  if (loggers.fapilog) {
    console.log(
      `  fapilog / pino: ${(of('fapilog').opsPerSecond / of('pino').opsPerSecond).toFixed(1)} x`,
    )
  }
}
await loggers.fapilog?.close()
rmSync(dir, { recursive: true, force: true })
if (values.json) writeFileSync(values.json, `${JSON.stringify(results, null, 2)}\n`)
