// One line a second on standard error while the load runs.
import { performance } from 'node:perf_hooks'
import { painter, whole } from './paint.mjs'

const { cyan, dim } = painter(process.stderr)

/** How often the ring is looked at; the line tells the most that was seen. */
const LOOK_EVERY_MS = 20

/** Starts printing; `stop()` ends it. `served` tells the requests answered so far. */
export function startProgress(log, served) {
  const started = performance.now()
  let last = { at: started, submitted: 0, served: 0 }
  let depth = 0
  const look = setInterval(() => {
    depth = Math.max(depth, log.metrics().ring.depthBytes)
  }, LOOK_EVERY_MS)
  const tick = setInterval(() => {
    const { submitted, ring, sinks } = log.metrics()
    const now = { at: performance.now(), submitted, served: served() }
    const rate = (name) => whole(((now[name] - last[name]) * 1000) / (now.at - last.at)).padStart(7)
    const elapsed = ((now.at - started) / 1000).toFixed(0).padStart(3)
    const full = ((depth / ring.capacityBytes) * 100).toFixed(1)
    process.stderr.write(
      `${cyan(`──${elapsed} s  ${rate('served')} requests/s  ${rate('submitted')} events/s`)}` +
        `${dim(`   ring up to ${full} % full, rotations: ${sinks.file.rotations}`)}\n`,
    )
    last = now
    depth = 0
  }, 1000)
  return {
    stop() {
      clearInterval(look)
      clearInterval(tick)
    },
  }
}
