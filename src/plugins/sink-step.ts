// A plugin that is a destination: gets lines from the thread of its native sink, which waits for the answer and
// tries again when it is a failure.

import type { PluginMetrics } from '../metrics.js'
import { DEFAULT_TIMEOUT_MS, type PluginEvent, type Sink } from './contracts.js'
import { failureText } from './failure-text.js'
import type { LinesOutcome, PluginPort } from './port.js'
import type { Report } from './step.js'
import { Stopwatch } from './stopwatch.js'
import { isThenable, TimedOut, within } from './timeout.js'

/** Longest delay of a timer; nothing happens then. */
const NEVER_MS = 2 ** 31 - 1

/** Calls a sink and keeps its counters. What was written and dropped is counted by the native sink. */
export class SinkStep {
  enabled = true
  /** Its `start` has failed: what it gets is lost, and counted. */
  broken = false
  /** A write is under way. */
  busy = false
  private hold: NodeJS.Timeout | undefined
  /** Lines of which a part was written, event by event, before one failed. */
  private unfinished: { readonly lines: string; readonly done: Set<number> } | undefined
  private readonly timeoutMs: number
  private readonly stopwatch = new Stopwatch()
  private events = 0
  private failures = 0
  private timeouts = 0
  private skipped = 0
  private lastError: string | null = null

  constructor(
    readonly plugin: Sink,
    private readonly native: PluginPort,
    private readonly report: Report,
    /** Runs a call as a plugin's: what it logs is marked. */
    private readonly asPlugin: <T>(call: () => T) => T,
  ) {
    this.timeoutMs = plugin.timeoutMs ?? DEFAULT_TIMEOUT_MS
  }

  /** Its counters. The breaker is that of the native sink. */
  metrics(): PluginMetrics {
    const { events, failures, timeouts, skipped, enabled, lastError } = this
    return {
      kind: 'sink',
      events,
      dropped: 0,
      failures,
      timeouts,
      skipped,
      withheld: 0,
      breaker: 'closed',
      enabled,
      lastError,
      latency: this.stopwatch.metrics(),
    }
  }

  /** Writes what waits, if anything does; `again` is called when it could be time for more. */
  work(again: () => void): boolean {
    if (this.busy) return false
    const { name } = this.plugin
    const offer = this.native.takeLines(name)
    if (offer === null) return false
    const started = performance.now()
    const answer = (outcome: LinesOutcome, why: string | null = null): void => {
      this.native.answerLines(name, offer.id, outcome, why)
    }
    const written = (): void => {
      this.stopwatch.record(started)
      answer('written')
    }
    const fail = (error: unknown): void => {
      this.stopwatch.record(started)
      answer('failed', this.failed(error))
    }
    if (!this.enabled) {
      this.skipped += countLines(offer.lines)
      answer('skipped')
      return true
    }
    if (this.broken) {
      answer('gone', 'its start failed')
      return true
    }
    try {
      const result: unknown = this.asPlugin(() => this.write(offer.lines))
      if (!isThenable(result)) {
        written()
        return true
      }
      this.busy = true
      // Keeps the process alive while the plugin is awaited.
      this.hold = setInterval(() => undefined, NEVER_MS)
      result.then(written, fail).then(() => {
        this.release()
        this.busy = false
        again()
      })
    } catch (error) {
      fail(error)
    }
    return true
  }

  /** Lets the process end, whatever the plugin is still at. */
  release(): void {
    clearInterval(this.hold)
  }

  private write(lines: string): unknown {
    const { plugin } = this
    if (plugin.writeLines !== undefined) {
      this.events += countLines(lines)
      return this.timed(plugin.writeLines(lines))
    }
    const events = lines
      .slice(0, -1)
      .split('\n')
      .map((line) => JSON.parse(line) as PluginEvent)
    if (plugin.write === undefined) return this.writeEach(lines, events)
    this.events += events.length
    return this.timed(plugin.write(events))
  }

  /** A promise that ends in time for the promise of a plugin; what is none as it is. */
  private timed(result: unknown): unknown {
    return isThenable(result) ? within(result, this.timeoutMs, false) : result
  }

  /** Writes events one by one, without those that were written when the same lines were tried before. */
  private writeEach(lines: string, events: readonly PluginEvent[]): unknown {
    const done = this.unfinished?.lines === lines ? this.unfinished.done : new Set<number>()
    this.unfinished = { lines, done }
    for (let at = 0; at < events.length; at++) {
      if (done.has(at)) continue
      const result = this.writeEvent(events[at] as PluginEvent)
      if (isThenable(result)) return this.writeRest(events, done, at, result)
      done.add(at)
    }
    this.unfinished = undefined
    return undefined
  }

  /** Goes on after the event at `at`, whose result is a promise; several events at once if the plugin allows it. */
  private async writeRest(
    events: readonly PluginEvent[],
    done: Set<number>,
    at: number,
    first: PromiseLike<unknown>,
  ): Promise<void> {
    const concurrency = this.plugin.concurrency ?? 1
    const failures: unknown[] = []
    const pending = new Set<Promise<unknown>>()
    const begin = (index: number, result: unknown): void => {
      const one = Promise.resolve(result)
        .then(
          () => done.add(index),
          (error: unknown) => failures.push(error),
        )
        .finally(() => pending.delete(one))
      pending.add(one)
    }
    begin(at, first)
    for (let next = at + 1; next < events.length; next++) {
      if (pending.size >= concurrency) await Promise.race(pending)
      if (failures.length > 0) break
      if (done.has(next)) continue
      try {
        begin(next, this.writeEvent(events[next] as PluginEvent))
      } catch (error) {
        failures.push(error)
      }
    }
    await Promise.all(pending)
    if (failures.length > 0) throw failures[0]
    this.unfinished = undefined
  }

  private writeEvent(event: PluginEvent): unknown {
    this.events++
    return this.timed(this.plugin.writeEvent?.(event))
  }

  /** Counts a failed write; what to say of it. */
  private failed(error: unknown): string {
    this.failures++
    if (error instanceof TimedOut) this.timeouts++
    const text = failureText(error)
    if (this.lastError === null)
      this.report(`plugin ${this.plugin.name} failed: ${text}; it is tried again`, error)
    this.lastError = text
    return text
  }
}

function countLines(lines: string): number {
  let count = 0
  for (let at = lines.indexOf('\n'); at !== -1; at = lines.indexOf('\n', at + 1)) count++
  return count
}
