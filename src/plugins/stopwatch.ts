// How long a plugin takes: a histogram in JavaScript, with the bounds of those that the native side keeps
// (crates/core/src/pipeline/histogram.rs).

import type { HistogramMetrics } from '../metrics.js'

/** Upper bounds of the buckets that are shown, in seconds. */
const BOUNDS = [
  1e-4, 2.5e-4, 5e-4, 1e-3, 2.5e-3, 5e-3, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 25, 50,
  100,
]
/** Buckets of a decade, each a tenth wider than the one before. */
const PER_DECADE = 25
/** Decades above one microsecond. */
const DECADES = 8
const BUCKETS = PER_DECADE * DECADES

/** Counts latencies. */
export class Stopwatch {
  /** Bucket `i` holds what takes at most `10 ** (i / PER_DECADE)` microseconds. */
  private readonly fine = new Uint32Array(BUCKETS + 1)
  private readonly shown = new Uint32Array(BOUNDS.length)
  private count = 0
  private sum = 0
  private max = 0

  /** Counts what has begun at a reading of `performance.now()`. */
  record(startedMs: number): void {
    const seconds = (performance.now() - startedMs) / 1000
    this.count++
    this.sum += seconds
    if (seconds > this.max) this.max = seconds
    const bucket = Math.ceil(Math.log10(seconds * 1e6) * PER_DECADE)
    const at = Math.min(BUCKETS, Math.max(0, bucket))
    this.fine[at] = (this.fine[at] as number) + 1
    const shown = BOUNDS.findIndex((bound) => seconds <= bound)
    if (shown !== -1) this.shown[shown] = (this.shown[shown] as number) + 1
  }

  /** What was counted so far. */
  metrics(): HistogramMetrics {
    const { count, sum, max } = this
    let below = 0
    const buckets = BOUNDS.map((bound, at) => {
      below += this.shown[at] as number
      return [bound, below] as const
    })
    const [p50, p90, p99, p999] = [0.5, 0.9, 0.99, 0.999].map((share) => this.quantile(share))
    return {
      count,
      sum,
      max,
      p50: p50 as number,
      p90: p90 as number,
      p99: p99 as number,
      p999: p999 as number,
      buckets,
    }
  }

  private quantile(share: number): number {
    const wanted = Math.ceil(this.count * share)
    let below = 0
    for (const [at, here] of this.fine.entries()) {
      below += here
      if (below >= wanted && here > 0)
        return Math.min(this.max, at === BUCKETS ? this.max : 10 ** (at / PER_DECADE) / 1e6)
    }
    return 0
  }
}
