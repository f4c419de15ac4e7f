// A plugin that is a destination: gets lines from the thread of its native sink, which waits for the answer and
// tries again when it is a failure.

import type { PluginMetrics } from '../metrics.js'
import { DEFAULT_TIMEOUT_MS, type PluginEvent, type Sink } from './contracts.js'
import { failureText } from './failure-text.js'
import type { PluginPort } from './port.js'
import type { Report } from './step.js'

/** Calls a sink and keeps its counters. What was written and dropped is counted by the native sink. */
export class SinkStep {
  enabled = true
  /** Its `start` has failed: every write fails. */
  broken = false
  /** A write is under way. */
  busy = false
  /** It has returned a promise: what it logs later has to be told from what others log. */
  private isAsync = false
  private hold: NodeJS.Timeout | undefined
  private events = 0
  private failures = 0
  private skipped = 0
  private lastError: string | null = null

  constructor(
    readonly plugin: Sink,
    private readonly native: PluginPort,
    private readonly report: Report,
    /** Runs a call as a plugin's: what it logs is marked. The second argument: what it awaits, too. */
    private readonly asPlugin: <T>(call: () => T, awaits: boolean) => T,
  ) {}

  metrics(): PluginMetrics {
    const { events, failures, skipped, enabled, lastError } = this
    return {
      kind: 'sink',
      events,
      dropped: 0,
      failures,
      timeouts: 0,
      skipped,
      withheld: 0,
      breaker: 'closed',
      enabled,
      lastError,
    }
  }

  /** Writes what waits, if anything does; `again` is called when it could be time for more. */
  work(again: () => void): boolean {
    if (this.busy) return false
    const { name } = this.plugin
    const offer = this.native.takeLines(name)
    if (offer === null) return false
    const answer = (error: string | null): void => {
      if (error !== null) this.failed(error)
      this.native.answerLines(name, offer.id, error)
    }
    if (!this.enabled) {
      this.skipped++
      answer(null)
      return true
    }
    if (this.broken) {
      answer('its start failed')
      return true
    }
    try {
      const result: unknown = this.asPlugin(() => this.write(offer.lines), this.isAsync)
      if (!(result instanceof Promise)) {
        answer(null)
        return true
      }
      this.busy = true
      this.isAsync = true
      // Keeps the process alive while the plugin is awaited, for as long as the native side waits for it.
      this.hold = setTimeout(() => undefined, this.plugin.timeoutMs ?? DEFAULT_TIMEOUT_MS)
      result
        .then(
          () => answer(null),
          (error: unknown) => answer(failureText(error)),
        )
        .finally(() => {
          this.release()
          this.busy = false
          again()
        })
    } catch (error) {
      answer(failureText(error))
    }
    return true
  }

  /** Lets the process end, whatever the plugin is still at. */
  release(): void {
    clearTimeout(this.hold)
  }

  private write(lines: string): unknown {
    const { plugin } = this
    if (plugin.writeLines !== undefined) {
      this.events++
      return plugin.writeLines(lines)
    }
    const events = lines
      .slice(0, -1)
      .split('\n')
      .map((line) => JSON.parse(line) as PluginEvent)
    this.events += events.length
    return plugin.write?.(events)
  }

  private failed(error: string): void {
    this.failures++
    if (this.lastError === null)
      this.report(`plugin ${this.plugin.name} failed: ${error}; it is tried again`, error)
    this.lastError = error
  }
}
