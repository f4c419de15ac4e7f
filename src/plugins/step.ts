// One plugin at work on a batch: calls it, checks what it gives back, contains what goes wrong.

import type { PluginMetrics } from '../metrics.js'
import { type Batch, DROP, isSection, View, WITHHOLD } from './batch.js'
import { Breaker } from './breaker.js'
import {
  DEFAULT_COOLDOWN_MS,
  DEFAULT_MAX_FAILURES,
  DEFAULT_TIMEOUT_MS,
  type Enrichment,
  type Plugin,
  type PluginEvent,
} from './contracts.js'
import { failureText } from './failure-text.js'
import { Stopwatch } from './stopwatch.js'
import { isThenable, TimedOut, within } from './timeout.js'

/** Tells somebody what went wrong. */
export type Report = (message: string, cause: unknown) => void

/** A plugin that is not a sink. */
export type InlinePlugin = Exclude<Plugin, { kind: 'sink' }>

/** Calls a plugin and keeps its counters. */
export class Step {
  enabled = true
  /** Its `start` has failed: it is never asked. */
  broken = false
  private readonly breaker: Breaker
  private readonly stopwatch = new Stopwatch()
  private readonly timeoutMs: number
  /** Its method for all events of a batch, if it has one. */
  private readonly whole: ((events: PluginEvent[]) => unknown) | undefined
  private events = 0
  private dropped = 0
  private failures = 0
  private timeouts = 0
  private skipped = 0
  private withheld = 0
  private lastError: string | null = null

  constructor(
    readonly plugin: InlinePlugin,
    private readonly report: Report,
    /** Whether a text is the name of a level. */
    private readonly isLevel: (name: string) => boolean,
  ) {
    this.whole = wholeOf(plugin)
    this.timeoutMs = plugin.timeoutMs ?? DEFAULT_TIMEOUT_MS
    this.breaker = new Breaker(
      plugin.maxFailures ?? DEFAULT_MAX_FAILURES,
      plugin.cooldownMs ?? DEFAULT_COOLDOWN_MS,
    )
  }

  metrics(): PluginMetrics {
    const { events, dropped, failures, timeouts, skipped, withheld, enabled, lastError } = this
    return {
      kind: this.plugin.kind,
      events,
      dropped,
      failures,
      timeouts,
      skipped,
      withheld,
      breaker: this.breaker.state,
      enabled,
      lastError,
      latency: this.stopwatch.metrics(),
    }
  }

  /** Shows the events of a batch to the plugin; a promise if it works asynchronously. Never throws or rejects. */
  run(batch: Batch): void | Promise<void> {
    if (!this.enabled) {
      for (let index = 0; index < batch.length; index++) if (batch.isOpen(index)) this.skipped++
      return undefined
    }
    const started = performance.now()
    const pending =
      this.whole === undefined ? this.runEach(batch) : this.runWhole(this.whole, batch)
    if (pending !== undefined) return pending.then(() => this.stopwatch.record(started))
    this.stopwatch.record(started)
    return undefined
  }

  private runEach(batch: Batch): void | Promise<void> {
    for (let index = 0; index < batch.length; index++) {
      if (!this.takes(batch, index)) continue
      const view = new View(batch, index)
      const event = view.event()
      let result: unknown
      try {
        result = this.call(event)
        // The most common answers first; asking a proxy whether it is a promise takes longer than all the rest.
        if (result === event) result = undefined
        if (result === undefined || !isThenable(result)) {
          this.settle(batch, view, result)
          this.worked()
          continue
        }
      } catch (error) {
        this.failed(batch, [index], error)
        continue
      }
      return this.runAsync(batch, view, event, result)
    }
    return undefined
  }

  /** Whether the plugin is to be asked about an event; counts what follows from that. */
  private takes(batch: Batch, index: number): boolean {
    if (!batch.isOpen(index)) return false
    if (!this.mayAsk()) {
      this.skip(batch, index)
      return false
    }
    this.events++
    return true
  }

  /** Goes on after the first event whose result is a promise; several events at once if the plugin allows it. */
  private async runAsync(
    batch: Batch,
    first: View,
    firstEvent: PluginEvent,
    promise: PromiseLike<unknown>,
  ): Promise<void> {
    const concurrency = this.plugin.concurrency ?? 1
    const pending = new Set<Promise<void>>()
    const begin = (view: View, event: PluginEvent, result: PromiseLike<unknown>): void => {
      const done = within(result, this.timeoutMs)
        .then((value) => {
          this.settle(batch, view, value === event ? undefined : value)
          this.worked()
        })
        .catch((error: unknown) => this.failed(batch, [view.index], error))
        .then(() => {
          pending.delete(done)
        })
      pending.add(done)
    }
    begin(first, firstEvent, promise)
    // One event alone shows whether a plugin that has failed too often works again.
    const most = () => (this.breaker.state === 'half-open' ? 1 : concurrency)
    for (let index = first.index + 1; index < batch.length; index++) {
      while (pending.size >= most()) await Promise.race(pending)
      if (!this.takes(batch, index)) continue
      const view = new View(batch, index)
      const event = view.event()
      try {
        const result = this.call(event)
        if (result !== event && isThenable(result)) {
          begin(view, event, result)
          continue
        }
        this.settle(batch, view, result === event ? undefined : result)
        this.worked()
      } catch (error) {
        this.failed(batch, [index], error)
      }
    }
    await Promise.all(pending)
  }

  private runWhole(whole: (events: PluginEvent[]) => unknown, batch: Batch): void | Promise<void> {
    const shown: number[] = []
    for (let index = 0; index < batch.length; index++) if (batch.isOpen(index)) shown.push(index)
    if (shown.length === 0) return undefined
    if (!this.mayAsk()) {
      for (const index of shown) this.skip(batch, index)
      return undefined
    }
    this.events += shown.length
    const views = shown.map((index) => new View(batch, index))
    const events = views.map((view) => view.event())
    const settle = (results: unknown): void => {
      if (results !== undefined && !(Array.isArray(results) && results.length === shown.length)) {
        const got = Array.isArray(results) ? `${results.length} results` : typeof results
        const error = new TypeError(`a batch must return ${shown.length} results, not ${got}`)
        this.failed(batch, shown, error)
        return
      }
      views.forEach((view, at) => {
        try {
          const result = (results as unknown[] | undefined)?.[at]
          this.settle(batch, view, result === events[at] ? undefined : result)
          this.worked()
        } catch (error) {
          this.failed(batch, [view.index], error)
        }
      })
    }
    const fail = (error: unknown): void => this.failed(batch, shown, error)
    try {
      const results = whole([...events])
      if (isThenable(results)) return within(results, this.timeoutMs).then(settle).catch(fail)
      settle(results)
    } catch (error) {
      fail(error)
    }
    return undefined
  }

  private call(event: PluginEvent): unknown {
    const { plugin } = this
    switch (plugin.kind) {
      case 'enricher':
        return plugin.enrich?.(event)
      case 'filter':
        return plugin.filter?.(event)
      case 'redactor':
        return plugin.redact?.(event)
      default:
        return plugin.process?.(event)
    }
  }

  /** Applies what the plugin gave back, `undefined` for the event itself. @throws {TypeError} when it makes no sense */
  private settle(batch: Batch, view: View, result: unknown): void {
    switch (this.plugin.kind) {
      case 'enricher':
        if (result !== undefined) merge(view, result)
        break
      case 'filter':
        if (typeof result !== 'boolean') throw new TypeError(`filter must return a boolean`)
        if (!result) this.drop(batch, view)
        // Not its place to change anything.
        return
      case 'processor':
        if (result === null) {
          this.drop(batch, view)
          return
        }
        if (result !== undefined) adopt(view, result)
        break
      default:
        if (result !== undefined) adopt(view, result)
    }
    view.keep(this.isLevel)
  }

  private drop(batch: Batch, view: View): void {
    this.dropped++
    batch.end(view.index, DROP)
  }

  private mayAsk(): boolean {
    return !this.broken && this.breaker.allows()
  }

  private skip(batch: Batch, index: number): void {
    this.skipped++
    this.withhold(batch, index)
  }

  private worked(): void {
    if (this.breaker.succeeded()) this.report(`plugin ${this.plugin.name} works again`, undefined)
  }

  private failed(batch: Batch, indexes: readonly number[], error: unknown): void {
    this.failures += indexes.length
    if (error instanceof TimedOut) this.timeouts += indexes.length
    for (const index of indexes) this.withhold(batch, index)
    const first = this.lastError === null
    this.lastError = describe(error)
    const opened = this.breaker.failed()
    if (!first && !opened) return
    const consequence =
      this.plugin.kind === 'redactor'
        ? 'events go on without message and fields'
        : 'events go on without it'
    const pause = opened ? '; it is not asked for a while' : ''
    this.report(
      `plugin ${this.plugin.name} failed: ${this.lastError}; ${consequence}${pause}`,
      error,
    )
  }

  /** A redactor fails closed. */
  private withhold(batch: Batch, index: number): void {
    if (this.plugin.kind !== 'redactor') return
    this.withheld++
    batch.end(index, WITHHOLD)
  }
}

const SECTIONS = ['context', 'diagnostics', 'data'] as const

/** What an enricher may give back: sections, or a whole event, of which the sections count. */
const ENRICHMENT: readonly string[] = [...SECTIONS, 'timestamp', 'level', 'message', 'logger']

function merge(view: View, result: unknown): void {
  if (!isSection(result))
    throw new TypeError(`enrich must return an object of sections, not ${typeof result}`)
  const odd = Object.keys(result).find((key) => !ENRICHMENT.includes(key))
  if (odd !== undefined)
    throw new TypeError(`enrich: there is no section ${odd}: it belongs in context or data`)
  const event = view.show()
  for (const section of SECTIONS) {
    const more = (result as Enrichment)[section]
    if (more === undefined) continue
    if (!isSection(more)) throw new TypeError(`enrich: ${section} must be an object`)
    event[section] = { ...event[section], ...more }
  }
}

/** Takes what a plugin returned for an event in the place of that event. */
function adopt(view: View, result: unknown): void {
  if (!isSection(result)) throw new TypeError('what was returned is not an event')
  view.replace(result as unknown as PluginEvent)
}

function wholeOf(plugin: InlinePlugin): ((events: PluginEvent[]) => unknown) | undefined {
  switch (plugin.kind) {
    case 'enricher':
      return plugin.enrichBatch?.bind(plugin)
    case 'filter':
      return plugin.filterBatch?.bind(plugin)
    case 'redactor':
      return plugin.redactBatch?.bind(plugin)
    default:
      return plugin.processBatch?.bind(plugin)
  }
}

/** Longest text of a failure that is kept. */
const MAX_FAILURE_TEXT = 500

function describe(error: unknown): string {
  const text = failureText(error)
  return text.length > MAX_FAILURE_TEXT ? `${text.slice(0, MAX_FAILURE_TEXT)}…` : text
}
