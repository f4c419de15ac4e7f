// A container bundles what one logger and its children share: the native pipeline, the ring of this thread
// and its encoder. Two containers share nothing.

import { isMainThread } from 'node:worker_threads'
import binding from '../native/binding.cjs'
import { ActiveSpan } from './context/active-span.js'
import { AsyncContext } from './context/context.js'
import { ErrorReports } from './error-reports.js'
import {
  ConfigurationError,
  type ConfigurationProblem,
  type FapilogError,
  PipelineError,
  SinkError,
} from './errors.js'
import { LevelTable } from './levels.js'
import { onProcessExit } from './lifecycle.js'
import type { LiveSettings } from './live-settings.js'
import { NativeLogger } from './logger.js'
import type { Health, Metrics, PluginMetrics, Receipt } from './metrics.js'
import type { PluginHealth } from './plugins/contracts.js'
import { PluginHost } from './plugins/host.js'
import { WithheldKeys, type WithheldNames } from './redact/key-name.js'
import { type Hides, remembering } from './redact/shown-in-text.js'
import { Retained, retroactiveClass } from './retroactive.js'
import { type OverflowPolicy, RingProducer, THRESHOLD } from './ring/producer.js'
import { changeable, nativeDocument } from './settings/document.js'
import { ringBytes } from './settings/ring-bytes.js'
import type { ResolvedSettings } from './settings/schema.js'
import { onSignals } from './signals.js'
import { Thresholds } from './thresholds.js'
import { Encoder } from './wire/encoder.js'
import { FLAG_PLUGIN } from './wire/layout.js'

const { NativePipeline, NativePlugins, joinPipeline } = binding

/** What async_hooks are shown of the way in which this thread is told of work for plugins: it keeps no process alive. */
const UNREFERENCED = { hasRef: () => false }

/** A pipeline that another thread, or another part of this one, has started. */
interface SharedPipeline {
  readonly id: string
  readonly pipeline: binding.NativePipeline
}

/** The running parts behind a logger, as far as one thread has them. */
export class Container {
  readonly encoder: Encoder
  readonly context: AsyncContext
  readonly thresholds: Thresholds
  /** Class of its loggers, with the methods of the application's own levels. */
  readonly LoggerClass: typeof NativeLogger
  readonly shutdownTimeoutMs: number
  /** Every call returns only after its line was written. */
  sync: boolean
  closed = false
  /** Settings that can change, once the first logger is there. */
  live: LiveSettings | undefined

  private readonly retained: Retained | undefined
  private readonly pipeline: binding.NativePipeline
  private readonly native: binding.NativeRing
  readonly settings: ResolvedSettings
  /** Whether the pipeline is another container's. */
  private readonly joined: boolean
  private sharedId: string | undefined
  private readonly forgetExit: () => void
  private readonly forgetSignals: (() => void) | undefined
  private readonly errors: ErrorReports | undefined
  private readonly plugins: PluginHost | undefined
  /** Names of keys that the encoder masks, as JSON. */
  private withheld: string | null
  /** The settings of redaction, as JSON. */
  private redaction: string | undefined
  /** What is not to be in the text that a message's placeholders make of objects; undefined if all may be. */
  hides: Hides | undefined
  private flushing: Promise<Receipt> | undefined
  private nextFlush: Promise<Receipt> | undefined
  private closing: Promise<Receipt> | undefined
  private reportPlugin: (message: string) => void = () => undefined

  /** Starts a pipeline of its own. */
  static start(settings: ResolvedSettings): Container {
    return new Container(settings)
  }

  /** Joins the pipeline that a logger of this process shares under `id`. @throws {PipelineError} */
  static join(id: string): Container {
    const found = joinPipeline(id)
    if (found === null) {
      throw new PipelineError(
        'FAPILOG_NOT_SHARED',
        `no open logger of this process has the containerId ${JSON.stringify(id)}: it was closed, or the id comes from another process`,
      )
    }
    const settings = JSON.parse(found.settings()) as ResolvedSettings
    if (settings.durability === 'crash-safe') {
      const expected = "'memory' or 'fsync' for a logger that is joined"
      throw ConfigurationError.of([{ path: 'durability', value: settings.durability, expected }])
    }
    return new Container(settings, { id, pipeline: found.pipeline() })
  }

  private constructor(settings: ResolvedSettings, shared?: SharedPipeline) {
    this.settings = settings
    this.shutdownTimeoutMs = settings.shutdownTimeoutMs
    this.sync = settings.sync
    // First, since these may throw.
    const span = settings.otel ? new ActiveSpan() : undefined
    const custom = settings.customLevels
    const levels = new LevelTable(custom)
    const LoggerClass = NativeLogger.withLevels(Object.keys(custom), levels.levels)
    const base = levels.require(settings.level, 'level').value
    const { retroactive } = settings
    const keptFrom = retroactive && levels.require(retroactive.level, 'retroactive.level').value
    const protectedFrom = levels.require(settings.queue.protectedLevel, 'queue.protectedLevel')
    const dataBytes = ringBytes(settings)
    const salt = (Math.random() * 0xffffffff) | 0
    this.joined = shared !== undefined
    this.sharedId = shared?.id
    this.pipeline =
      shared?.pipeline ??
      open(() => new NativePipeline(nativeDocument(settings, levels, binding.isTerminal)))
    this.native = open(() =>
      this.joined
        ? this.pipeline.joinRing(dataBytes, salt, settings.shutdownTimeoutMs)
        : this.pipeline.attachRing(dataBytes, salt),
    )
    const memory = open(() => this.native.memory())
    const producer = new RingProducer(
      memory.buffer,
      {
        dataBytes,
        maxEventBytes: settings.queue.maxEventBytes & ~7,
        overflow: settings.queue.overflow as OverflowPolicy,
        blockTimeoutMs: settings.queue.blockTimeoutMs,
        protectedLevels: levels.levels.map(({ value }) => value >= protectedFrom.value),
      },
      this.native,
    )
    this.withheld = this.pipeline.withheldNames()
    this.redaction = JSON.stringify(settings.redact)
    const keys = keysOf(this.withheld)
    this.hides = hidesOf(keys, settings)
    this.encoder = new Encoder(producer, maskOf(keys))
    this.context = new AsyncContext(this.encoder, span)
    this.context.correlates = settings.enrich.correlation
    this.thresholds = new Thresholds({
      levels,
      base,
      name: settings.name,
      rules: settings.levels,
      keptFrom,
      shared: {
        cell: producer.words.subarray(THRESHOLD, THRESHOLD + 1),
        set: (value) => this.pipeline.setThreshold(value),
        isSet: this.joined,
      },
    })
    if (retroactive === undefined) {
      this.LoggerClass = LoggerClass
    } else {
      const trigger = levels.require(retroactive.trigger, 'retroactive.trigger').value
      this.retained = new Retained(this.encoder, { ...retroactive, trigger })
      this.context.hasTrails = true
      this.LoggerClass = retroactiveClass(LoggerClass, this.retained)
    }
    if (this.joined) {
      // In other threads the native side does what is to be done at the end.
      this.forgetExit = isMainThread ? onProcessExit(this) : () => undefined
      return
    }
    if (settings.onError !== undefined) {
      const { pipeline } = this
      this.errors = new ErrorReports(() => pipeline.takeDiagnostics(), settings.onError)
    }
    if (settings.plugins.length > 0) this.plugins = this.host(settings, levels)
    this.forgetExit = onProcessExit(this)
    if (settings.handleSignals)
      this.forgetSignals = onSignals(this.pipeline, settings.shutdownTimeoutMs)
  }

  /** A text by which other threads of this process find the pipeline, while it is open. */
  get id(): string {
    if (this.sharedId === undefined) {
      this.sharedId = crypto.randomUUID()
      // Plugins run in this thread alone, and what they hold has no text.
      const settings = JSON.stringify({ ...this.settings, plugins: [] })
      if (!this.closed) this.pipeline.share(this.sharedId, settings)
    }
    return this.sharedId
  }

  metrics(): Metrics {
    const metrics = JSON.parse(this.pipeline.metrics()) as Metrics
    const diagnostics = {
      ...metrics.diagnostics,
      thrown: this.errors?.thrown ?? 0,
      otel: this.context.failures,
    }
    const { kept = 0, replayed = 0 } = this.retained ?? {}
    const plugins: Record<string, PluginMetrics> = this.plugins?.metrics() ?? {}
    for (const [name, counters] of Object.entries(plugins)) {
      // Whether a sink is tried is known to its own thread.
      const breaker = counters.kind === 'sink' ? metrics.sinks[name]?.state : undefined
      if (breaker !== undefined) plugins[name] = { ...counters, breaker }
    }
    return { ...metrics, diagnostics, plugins, retroactive: { kept, replayed } }
  }

  /** What the plugins of this thread say of themselves. */
  async pluginHealth(): Promise<Record<string, PluginHealth>> {
    return (await this.plugins?.health()) ?? {}
  }

  /** Turns a plugin on or off. @throws {ConfigurationError} when there is none of this name */
  enablePlugin(name: string, enabled: boolean): void {
    if (this.plugins?.enable(name, enabled) === true) return
    const candidates = Object.keys(this.plugins?.metrics() ?? {})
    throw ConfigurationError.of([
      {
        path: 'name',
        value: name,
        expected:
          candidates.length === 0
            ? 'a plugin, but there is none'
            : `one of ${candidates.join(', ')}`,
        candidates,
      },
    ])
  }

  private host(settings: ResolvedSettings, levels: LevelTable): PluginHost {
    const { encoder, context } = this
    return new PluginHost(
      (onWork) => {
        const native = new NativePlugins(this.pipeline, onWork, UNREFERENCED)
        this.reportPlugin = (message) => native.report(message)
        return native
      },
      settings.plugins,
      {
        markOwn: (own) => {
          encoder.origin = own ? FLAG_PLUGIN : 0
        },
        markOwnAsync: (call) => context.runMarked(FLAG_PLUGIN, call),
        logged: () => encoder.ring.next,
        report: (message) => this.reportPlugin(message),
        isLevel: (name) => (levels.find(name)?.index ?? -1) >= 0,
      },
      () => this.flush(settings.shutdownTimeoutMs),
    )
  }

  health(): Health {
    return JSON.parse(this.pipeline.health()) as Health
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
    const left = this.plugins?.drainSync(timeoutMs, false) ?? timeoutMs
    return JSON.parse(this.pipeline.flushSync(left)) as Receipt
  }

  lastFlushSync(timeoutMs: number): Receipt {
    const left = this.plugins?.drainSync(timeoutMs, true) ?? timeoutMs
    return JSON.parse(this.pipeline.lastFlushSync(left)) as Receipt
  }

  /** Removes the file of a crash-safe ring, if everything in it was written. */
  finish(): void {
    this.pipeline.finishRing()
  }

  close(timeoutMs: number): Promise<Receipt> {
    if (this.closing === undefined) {
      this.closed = true
      this.live?.close()
      this.encoder.ring.close()
      if (this.joined) {
        this.forgetExit()
        this.closing = this.native.leave(timeoutMs).then((text) => JSON.parse(text) as Receipt)
        return this.closing
      }
      this.pipeline.unshare()
      // Until then a signal, and the end of the process, wait for what is still being written.
      this.closing = this.pipeline
        .close(timeoutMs)
        .then(async (text) => {
          await this.plugins?.stop()
          return JSON.parse(text) as Receipt
        })
        .finally(() => {
          this.forgetExit()
          this.forgetSignals?.()
          this.errors?.close()
        })
    }
    return this.closing
  }

  /** Tells the application of an error that no native thread saw. */
  report(error: FapilogError): void {
    if (this.errors !== undefined) this.errors.tell(error)
    else process.emitWarning(error.message, { type: 'FapilogWarning', code: error.code })
  }

  reportUnwritten(text: string): void {
    this.pipeline.reportUnwritten(text)
  }

  /** Tells `onError` at once what there is. */
  deliverErrors(): void {
    this.errors?.deliver()
  }

  /**
   * Puts the stages and the routing of other settings in force for every call from now on, without losing an event;
   * all the rest of them stays as it is. Whether the drain thread has got there, or a sink holds it up. @throws {ConfigurationError} in crash-safe mode, where nothing of it can change
   */
  reconfigure(settings: ResolvedSettings): boolean {
    // What is on its way to plugins goes the old way, and only this thread can bring it back.
    this.plugins?.drainSync(this.shutdownTimeoutMs, false)
    const done = open(() => this.pipeline.reconfigure(JSON.stringify(changeable(settings))))
    const withheld = this.pipeline.withheldNames()
    if (withheld !== this.withheld) {
      this.withheld = withheld
      this.encoder.withhold(maskOf(keysOf(withheld)))
    }
    const redaction = JSON.stringify(settings.redact)
    if (redaction !== this.redaction) {
      this.redaction = redaction
      this.hides = hidesOf(keysOf(withheld), settings)
      // What was kept for later was encoded by the old rules, and would be written by the new ones.
      this.retained?.forget()
    }
    return done
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

/** What redaction says of keys by their names alone, as the native side gives it. */
function keysOf(names: string | null): WithheldKeys | undefined {
  return names === null ? undefined : new WithheldKeys(JSON.parse(names) as WithheldNames)
}

/** Which keys the encoder masks: those that a rule of redaction names, and nothing but the mask is asked for. */
function maskOf(keys: WithheldKeys | undefined): (name: string) => string | undefined {
  return (name) => keys?.mask(name)
}

/** Which keys have no place in text: all that a rule names, since there the others could not be told any more. */
function hidesOf(keys: WithheldKeys | undefined, { redact }: ResolvedSettings): Hides | undefined {
  if (keys === undefined || redact === undefined) return undefined
  return remembering((name) =>
    keys.rule(name) === undefined ? undefined : (keys.mask(name) ?? redact.mask),
  )
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
    if (code === 'FAPILOG_SETTING_INVALID') {
      if (message.startsWith('[{'))
        throw ConfigurationError.of(JSON.parse(message) as ConfigurationProblem[])
      throw new ConfigurationError(message, [], { cause: error })
    }
    throw new PipelineError(code, message, { cause: error })
  }
}
