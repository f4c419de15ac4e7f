// A container bundles what one logger and its children share: the native pipeline, the ring of this thread
// and its encoder. Two containers share nothing.

import binding from '../native/binding.cjs'
import { ActiveSpan } from './context/active-span.js'
import { AsyncContext } from './context/context.js'
import { ErrorReports } from './error-reports.js'
import { ConfigurationError, PipelineError, SinkError } from './errors.js'
import { requireLevel } from './levels.js'
import { onProcessExit } from './lifecycle.js'
import type { Metrics, Receipt } from './metrics.js'
import { type OverflowPolicy, RingProducer } from './ring/producer.js'
import { nativeDocument } from './settings/document.js'
import { ringBytes } from './settings/ring-bytes.js'
import type { ResolvedSettings } from './settings/schema.js'
import { onSignals } from './signals.js'
import { Encoder } from './wire/encoder.js'

const { NativePipeline } = binding

/** The running parts behind a logger. */
export class Container {
  readonly encoder: Encoder
  readonly context: AsyncContext
  readonly shutdownTimeoutMs: number
  /** Every call returns only after its line was written. */
  sync: boolean
  closed = false

  private readonly pipeline: binding.NativePipeline
  private readonly forgetExit: () => void
  private readonly forgetSignals: (() => void) | undefined
  private readonly errors: ErrorReports | undefined
  private flushing: Promise<Receipt> | undefined
  private nextFlush: Promise<Receipt> | undefined
  private closing: Promise<Receipt> | undefined

  constructor(settings: ResolvedSettings) {
    this.shutdownTimeoutMs = settings.shutdownTimeoutMs
    this.sync = settings.sync
    // First, since it may throw.
    const span = settings.otel ? new ActiveSpan() : undefined
    const dataBytes = ringBytes(settings)
    this.pipeline = open(() => new NativePipeline(nativeDocument(settings)))
    const native = open(() => this.pipeline.attachRing(dataBytes, (Math.random() * 0xffffffff) | 0))
    const memory = native.memory()
    const producer = new RingProducer(
      memory.buffer,
      {
        dataBytes,
        maxEventBytes: settings.queue.maxEventBytes & ~7,
        overflow: settings.queue.overflow as OverflowPolicy,
        blockTimeoutMs: settings.queue.blockTimeoutMs,
        protectedLevel: requireLevel(settings.queue.protectedLevel, 'queue.protectedLevel'),
      },
      native,
    )
    this.encoder = new Encoder(producer, () => false)
    this.context = new AsyncContext(this.encoder, span)
    if (settings.onError !== undefined) {
      const { pipeline } = this
      this.errors = new ErrorReports(() => pipeline.takeDiagnostics(), settings.onError)
    }
    this.forgetExit = onProcessExit(this)
    if (settings.handleSignals)
      this.forgetSignals = onSignals(this.pipeline, settings.shutdownTimeoutMs)
  }

  metrics(): Metrics {
    const metrics = JSON.parse(this.pipeline.metrics()) as Metrics
    const diagnostics = {
      ...metrics.diagnostics,
      thrown: this.errors?.thrown ?? 0,
      otel: this.context.failures,
    }
    return { ...metrics, diagnostics }
  }

  /** Resolves when everything logged before the call was dealt with. Calls in flight share one native flush. */
  flush(timeoutMs: number): Promise<Receipt> {
    if (this.closing !== undefined) return this.closing
    if (this.flushing === undefined) {
      this.flushing = this.pipeline
        .flush(timeoutMs)
        .then((text) => JSON.parse(text) as Receipt)
        .finally(() => {
          this.flushing = undefined
          this.errors?.deliver()
        })
      return this.flushing
    }
    // The one in flight may have started before the last event; the next one covers all callers until then.
    this.nextFlush ??= this.flushing
      .catch(() => undefined)
      .then(() => {
        this.nextFlush = undefined
        return this.flush(timeoutMs)
      })
    return this.nextFlush
  }

  flushSync(timeoutMs: number): Receipt {
    return JSON.parse(this.pipeline.flushSync(timeoutMs)) as Receipt
  }

  lastFlushSync(timeoutMs: number): Receipt {
    return JSON.parse(this.pipeline.lastFlushSync(timeoutMs)) as Receipt
  }

  /** Removes the file of a crash-safe ring, if everything in it was written. */
  finish(): void {
    this.pipeline.finishRing()
  }

  close(timeoutMs: number): Promise<Receipt> {
    if (this.closing === undefined) {
      this.closed = true
      this.encoder.ring.close()
      this.forgetExit()
      // Until then a signal waits for what is still being written.
      this.closing = this.pipeline
        .close(timeoutMs)
        .then((text) => JSON.parse(text) as Receipt)
        .finally(() => {
          this.forgetSignals?.()
          this.errors?.close()
        })
    }
    return this.closing
  }

  reportUnwritten(text: string): void {
    this.pipeline.reportUnwritten(text)
  }

  /** Tells `onError` at once what there is. */
  deliverErrors(): void {
    this.errors?.deliver()
  }

  reopen(): void {
    this.pipeline.reopen()
  }

  lines(name: string, take: boolean): string[] {
    const text = this.pipeline.memory(name, take)
    if (text === null) {
      throw ConfigurationError.of([
        { path: 'name', value: name, expected: 'the name of a memory sink of this logger' },
      ])
    }
    return text === '' ? [] : text.slice(0, -1).split('\n')
  }
}

function open<T>(create: () => T): T {
  try {
    return create()
  } catch (error) {
    const text = error instanceof Error ? error.message : String(error)
    const match = /^(FAPILOG_[A-Z_]+): ([\s\S]*)$/.exec(text)
    const code = match?.[1] ?? 'FAPILOG_PIPELINE'
    const message = match?.[2] ?? text
    if (code === 'FAPILOG_SINK_OPEN') throw new SinkError(code, message, { cause: error })
    if (code === 'FAPILOG_SETTING_INVALID')
      throw new ConfigurationError(message, [], { cause: error })
    throw new PipelineError(code, message, { cause: error })
  }
}
