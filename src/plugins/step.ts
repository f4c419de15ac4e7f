// One plugin at work on a batch: calls it, checks what it gives back, contains what goes wrong.

import type { PluginMetrics } from '../metrics.js'
import { Breaker } from './breaker.js'
import {
  DEFAULT_TIMEOUT_MS,
  type Enrichment,
  type Plugin,
  type PluginEvent,
  type Processor,
} from './contracts.js'
import { failureText } from './failure-text.js'
import { isThenable, TimedOut, within } from './timeout.js'
import type { Traveller } from './traveller.js'

/** Tells somebody what went wrong. */
export type Report = (message: string, cause: unknown) => void

/** Events that are on their way together, and those of them that must be withheld. */
export interface Batch {
  readonly travellers: readonly Traveller[]
  readonly withheld: Set<Traveller>
}

const DEFAULT_MAX_FAILURES = 5
const DEFAULT_COOLDOWN_MS = 30_000

/** A plugin that is not a sink. */
export type InlinePlugin = Exclude<Plugin, { kind: 'sink' }>

/** Calls a plugin and keeps its counters. */
export class Step {
  enabled = true
  /** Its `start` has failed: it is never asked. */
  broken = false
  /** It has returned a promise: what it logs later has to be told from what others log. */
  isAsync = false
  private readonly breaker: Breaker
  private readonly timeoutMs: number
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
  ) {
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
    }
  }

  /** Shows the events of a batch to the plugin; a promise if it works asynchronously. Never throws or rejects. */
  run(batch: Batch): void | Promise<void> {
    if (!this.enabled) {
      for (const traveller of batch.travellers) if (!traveller.ended) this.skipped++
      return undefined
    }
    if (this.plugin.kind === 'processor' && this.plugin.processBatch !== undefined)
      return this.runWhole(this.plugin, batch)
    return this.runEach(batch, 0)
  }

  private runEach(batch: Batch, from: number): void | Promise<void> {
    const { travellers } = batch
    for (let at = from; at < travellers.length; at++) {
      const traveller = travellers[at] as Traveller
      if (traveller.ended) continue
      if (!this.mayAsk()) {
        this.skip(traveller, batch)
        continue
      }
      this.events++
      let result: unknown
      try {
        const event = traveller.event()
        result = this.call(event)
        // The most common answers first; asking a proxy whether it is a promise takes longer than all the rest.
        if (result === event) result = undefined
        if (result === undefined || !isThenable(result)) {
          this.settle(traveller, result)
          this.worked()
          continue
        }
      } catch (error) {
        this.failed(traveller, batch, error)
        continue
      }
      return this.runAsync(batch, at, result)
    }
    return undefined
  }

  /** Goes on after the event at `at`, whose result is a promise; several events at once if the plugin allows it. */
  private async runAsync(batch: Batch, at: number, first: PromiseLike<unknown>): Promise<void> {
    this.isAsync = true
    const concurrency = this.plugin.concurrency ?? 1
    const pending = new Set<Promise<void>>()
    const begin = (traveller: Traveller, result: PromiseLike<unknown>): void => {
      const done = within(result, this.timeoutMs)
        .then((value) => {
          this.settle(traveller, value)
          this.worked()
        })
        .catch((error: unknown) => this.failed(traveller, batch, error))
        .then(() => {
          pending.delete(done)
        })
      pending.add(done)
    }
    begin(batch.travellers[at] as Traveller, first)
    for (const traveller of batch.travellers.slice(at + 1)) {
      if (pending.size >= concurrency) await Promise.race(pending)
      if (traveller.ended) continue
      if (!this.mayAsk()) {
        this.skip(traveller, batch)
        continue
      }
      this.events++
      try {
        const result = this.call(traveller.event())
        if (isThenable(result)) {
          begin(traveller, result)
          continue
        }
        this.settle(traveller, result)
        this.worked()
      } catch (error) {
        this.failed(traveller, batch, error)
      }
    }
    await Promise.all(pending)
  }

  private runWhole(plugin: Processor, batch: Batch): void | Promise<void> {
    const shown = batch.travellers.filter((traveller) => !traveller.ended)
    if (shown.length === 0) return undefined
    if (!this.mayAsk()) {
      for (const traveller of shown) this.skip(traveller, batch)
      return undefined
    }
    this.events += shown.length
    const fail = (error: unknown): void => {
      this.failed(shown[0] as Traveller, batch, error, shown)
    }
    try {
      const results: unknown = plugin.processBatch?.(shown.map((traveller) => traveller.event()))
      this.isAsync ||= isThenable(results)
      if (isThenable(results))
        return within(results, this.timeoutMs).then(
          (value) => this.settleAll(shown, batch, value),
          fail,
        )
      this.settleAll(shown, batch, results)
    } catch (error) {
      fail(error)
    }
    return undefined
  }

  private settleAll(shown: readonly Traveller[], batch: Batch, results: unknown): void {
    if (results !== undefined && !(Array.isArray(results) && results.length === shown.length)) {
      const got = Array.isArray(results) ? `${results.length} results` : typeof results
      const error = new TypeError(`processBatch must return ${shown.length} results, not ${got}`)
      this.failed(shown[0] as Traveller, batch, error, shown)
      return
    }
    shown.forEach((traveller, at) => {
      try {
        this.settle(traveller, (results as unknown[] | undefined)?.[at])
        this.worked()
      } catch (error) {
        this.failed(traveller, batch, error)
      }
    })
  }

  private call(event: PluginEvent): unknown {
    const { plugin } = this
    switch (plugin.kind) {
      case 'enricher':
        return plugin.enrich(event)
      case 'filter':
        return plugin.filter(event)
      case 'redactor':
        return plugin.redact(event)
      default:
        return plugin.process?.(event)
    }
  }

  /** Applies what the plugin gave back. @throws {TypeError} when it makes no sense */
  private settle(traveller: Traveller, result: unknown): void {
    switch (this.plugin.kind) {
      case 'enricher':
        if (result !== undefined && !traveller.is(result)) merge(traveller, result)
        break
      case 'filter':
        if (typeof result !== 'boolean') throw new TypeError(`filter must return a boolean`)
        // Not its place to change anything.
        traveller.undo()
        if (!result) this.end(traveller)
        return
      case 'processor':
        if (result === null) {
          this.end(traveller)
          return
        }
        if (result !== undefined) adopt(traveller, result)
        break
      default:
        if (result !== undefined) adopt(traveller, result)
    }
    traveller.keep()
  }

  private end(traveller: Traveller): void {
    this.dropped++
    traveller.ended = true
  }

  private mayAsk(): boolean {
    return !this.broken && this.breaker.allows()
  }

  private skip(traveller: Traveller, batch: Batch): void {
    this.skipped++
    this.withhold(traveller, batch)
  }

  private worked(): void {
    if (this.breaker.succeeded()) this.report(`plugin ${this.plugin.name} works again`, undefined)
  }

  private failed(
    traveller: Traveller,
    batch: Batch,
    error: unknown,
    travellers: readonly Traveller[] = [traveller],
  ): void {
    this.failures += travellers.length
    if (error instanceof TimedOut) this.timeouts += travellers.length
    for (const one of travellers) {
      one.undo()
      this.withhold(one, batch)
    }
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
  private withhold(traveller: Traveller, batch: Batch): void {
    if (this.plugin.kind !== 'redactor') return
    this.withheld++
    batch.withheld.add(traveller)
    traveller.ended = true
  }
}

const SECTIONS = ['context', 'diagnostics', 'data'] as const

function merge(traveller: Traveller, result: unknown): void {
  if (typeof result !== 'object' || result === null)
    throw new TypeError(`enrich must return an object of sections, not ${typeof result}`)
  const event = traveller.load()
  for (const section of SECTIONS) {
    const more = (result as Enrichment)[section]
    if (more === undefined) continue
    if (typeof more !== 'object' || more === null)
      throw new TypeError(`enrich: ${section} must be an object`)
    event[section] = { ...event[section], ...more }
  }
}

/** Takes what a plugin returned for an event in the place of that event. */
function adopt(traveller: Traveller, result: unknown): void {
  if (traveller.is(result)) return
  const event = result as PluginEvent
  const sound =
    typeof result === 'object' &&
    result !== null &&
    typeof event.message === 'string' &&
    SECTIONS.every((section) => typeof event[section] === 'object' && event[section] !== null)
  if (!sound) throw new TypeError('what was returned is not an event')
  traveller.replace(event)
}

/** Longest text of a failure that is kept. */
const MAX_FAILURE_TEXT = 500

function describe(error: unknown): string {
  const text = failureText(error)
  return text.length > MAX_FAILURE_TEXT ? `${text.slice(0, MAX_FAILURE_TEXT)}…` : text
}
