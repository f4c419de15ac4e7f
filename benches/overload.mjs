// More than a sink can take, for minutes: a loop that never waits logs into a rotating file, so that the ring is full and
// events are dropped all the time. Prints the memory of the process once a minute, and in the end its drift: the median
// of the last minute beside that of the minute after the first. Ends with status 1 when an event is unaccounted for or
// the drift is 5 % or more.
// node benches/overload.mjs [minutes=10]
//
// The loop makes an object for each event, and V8 doubles the space for young objects whenever it sees fit, up to
// 3 x 16 MB and at any minute; the script starts with that space at a fixed size, so that what drifts is the logger.

import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createLogger } from '../dist/index.mjs'
import { show, verdict } from './lib/targets.mjs'

const minutes = Number(process.argv[2] ?? 10)
if (!process.execArgv.some((flag) => flag.startsWith('--max-semi-space-size'))) {
  const flags = ['--min-semi-space-size=8', '--max-semi-space-size=8']
  const { status } = spawnSync(process.execPath, [...flags, ...process.argv.slice(1)], {
    stdio: 'inherit',
  })
  process.exit(status ?? 1)
}
const dir = mkdtempSync(join(tmpdir(), 'fapilog-overload-'))
const log = createLogger({
  format: 'json',
  sinks: [
    { type: 'file', path: join(dir, 'app.log'), rotate: { maxBytes: '256 MB', keepFiles: 1 } },
  ],
})

const MB = 1024 * 1024
const median = (values) => [...values].sort((a, b) => a - b)[values.length >> 1]
const samples = []
const end = performance.now() + minutes * 60_000
let nextSample = performance.now() + 1000
let n = 0
while (performance.now() < end) {
  for (let i = 0; i < 2000; i++) {
    log.info(
      { id: n++, path: '/api/v1/orders/42', user: `user-${n % 1000}`, ms: n / 7 },
      'overload',
    )
  }
  await new Promise((resolve) => setImmediate(resolve))
  if (performance.now() < nextSample) continue
  nextSample += 1000
  samples.push(process.memoryUsage.rss() / MB)
  if (samples.length % 60 === 0) {
    const minute = samples.slice(-60)
    const { submitted, dropped } = log.metrics()
    const lost = Object.values(dropped).reduce((sum, count) => sum + count, 0)
    console.log(
      `minute ${samples.length / 60}: RSS ${Math.min(...minute).toFixed(1)} to ${Math.max(...minute).toFixed(1)} MB, ${submitted} submitted, ${lost} dropped`,
    )
  }
}
const receipt = await log.close(60_000)
const { submitted, written, dropped, inFlight } = log.metrics()
const lost = Object.values(dropped).reduce((sum, count) => sum + count, 0)
rmSync(dir, { recursive: true })
/** The minute that the drift is measured from: the one after the first, or the first where there is no other. */
const first = median(samples.length > 60 ? samples.slice(60, 120) : samples)
const drift = (median(samples.slice(-60)) / first - 1) * 100
console.log(
  JSON.stringify({
    minutes,
    submitted,
    written,
    dropped: lost,
    complete: receipt.complete,
    rssSecondMinuteMB: Number(first.toFixed(1)),
    rssLargestMB: Number(Math.max(...samples).toFixed(1)),
    driftPercent: Number(drift.toFixed(2)),
  }),
)
const exact = submitted === written + lost && inFlight === 0
show([
  verdict('submitted = written + dropped', exact, `${submitted} = ${written} + ${lost}`),
  verdict(
    'RSS flat: < 5 % drift after the first minute',
    samples.length > 120 ? Math.abs(drift) < 5 : null,
    samples.length > 120 ? `${drift.toFixed(1)} %` : 'takes three minutes at least',
  ),
])
if (!exact || Math.abs(drift) >= 5) process.exitCode = 1
